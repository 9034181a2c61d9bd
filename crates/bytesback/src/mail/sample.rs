//! A letter to look at.

use obyte::{Bytes, Network};
use payout::Timestamp;
use program::{Currency, CurrencyAmount};

use super::Language;
use super::letter::{Kind, Letter, LetterId};

/// Twelve words whose checksum is wrong, so that no wallet takes them.
const LINK: &str = "https://obyte.org/#textcoin?\
    abandon-ability-able-about-above-absent-absorb-abstract-absurd-abuse-access-accident";
/// 2026-11-23 13:25:59 UTC
const DATE: u64 = 1_795_440_359_000;
const WEEK: u64 = 7 * 24 * 60 * 60 * 1000;

/// A letter such as a customer gets. Its link leads to no money.
pub fn sample(kind: Kind, language: Language) -> Letter {
    let (shop, amount, currency) = match language.as_str() {
        "ru" => ("Кофейня «Ромашка»", "98.73", Currency::Rur),
        _ => ("Corner Coffee", "1.25", Currency::Usd),
    };
    Letter {
        kind,
        language,
        recipient: "customer@example.org".parse().expect("an address in the source"),
        shop: shop.into(),
        network: Network::Livenet,
        amount: Bytes::literal(62_500_000),
        about: Some(CurrencyAmount { amount: amount.parse().expect("an amount in the source"), currency }),
        expires: Timestamp::from_millis(DATE + WEEK),
        link: LINK.to_owned().into(),
        id: LetterId::of(&format!("sample/{}", kind.name())),
        date: Timestamp::from_millis(DATE),
    }
}

/// Letters that differ in what a template may ask for.
pub(super) fn samples(kind: Kind, language: &Language) -> [Letter; 4] {
    let full = sample(kind, language.clone());
    let bare = Letter { shop: String::new(), about: None, ..sample(kind, language.clone()) };
    let many = match kind {
        Kind::Textcoin => Kind::Textcoin,
        Kind::Reminder { .. } => Kind::Reminder { days_left: 5 },
    };
    let large = Letter { amount: Bytes::literal(8_999_999_999_999_999), ..sample(many, language.clone()) };
    let test = Letter { network: Network::Testnet, ..sample(kind, language.clone()) };
    [full, bare, large, test]
}
