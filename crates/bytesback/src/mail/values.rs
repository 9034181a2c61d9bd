//! What templates can say: the facts of a letter as texts.

use minijinja::Value;
use obyte::{Bytes, Network};
use program::{Currency, CurrencyAmount};

use super::clean::one_line;
use super::habits::{Habits, iso};
use super::letter::{Kind, Letter};

/// The longest name of a shop that is shown, in characters.
const SHOP_MAX: usize = 80;
const NANO: u64 = 1_000_000_000;

/// The names of all variables of a template; docs/mail.md explains them.
pub(super) const NAMES: [&str; 12] = [
    "language",
    "test_network",
    "shop",
    "amount_gbyte",
    "amount_bytes",
    "bytes",
    "about",
    "expires",
    "expires_iso",
    "days_left",
    "link",
    "qr",
];

/// The values of [`NAMES`]; nothing where the date has no name, or the link is none.
pub(super) fn values(letter: &Letter, language: &str, habits: &Habits, qr: &str) -> Option<Value> {
    let days_left = match letter.kind {
        Kind::Textcoin => 0,
        Kind::Reminder { days_left } => days_left,
    };
    let about = letter.about.map(|about| money(about, habits)).unwrap_or_default();
    // It holds nothing that HTML would have to escape, so that it stays the same text everywhere.
    let link = is_link(&letter.link).then(|| Value::from_safe_string(letter.link.to_string()))?;
    let values: [Value; 12] = [
        language.into(),
        test_network(letter.network).into(),
        one_line(&letter.shop, SHOP_MAX).into(),
        habits.number(&gbyte(letter.amount)).into(),
        habits.number(&letter.amount.to_string()).into(),
        letter.amount.get().into(),
        about.into(),
        habits.moment(letter.expires)?.into(),
        iso(letter.expires)?.into(),
        days_left.into(),
        link,
        Value::from_safe_string(qr.to_owned()),
    ];
    Some(Value::from_pairs(NAMES.into_iter().zip(values)))
}

/// The name of a network whose coins are no money; empty for the livenet.
pub(super) fn test_network(network: Network) -> String {
    if network == Network::Livenet { String::new() } else { network.to_string() }
}

/// Billions of bytes, exactly, without zeros at the end.
pub(super) fn gbyte(amount: Bytes) -> String {
    let (whole, rest) = (amount.get() / NANO, amount.get() % NANO);
    if rest == 0 {
        return whole.to_string();
    }
    format!("{whole}.{}", format!("{rest:09}").trim_end_matches('0'))
}

/// An amount with its currency, which stays on the line of its number.
fn money(about: CurrencyAmount, habits: &Habits) -> String {
    let code = match about.currency {
        // The code that roubles have had since 1998.
        Currency::Rur => "RUB",
        other => other.code(),
    };
    format!("{}\u{a0}{code}", habits.number(&about.amount.to_string()))
}

/// A web address of characters that mean nothing to HTML.
fn is_link(link: &str) -> bool {
    (link.starts_with("https://") || link.starts_with("http://"))
        && link.len() <= 500
        && link.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$()*+,;=%".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gbytes_are_exact() {
        for (bytes, text) in [
            (0, "0"),
            (1, "0.000000001"),
            (62_500_000, "0.0625"),
            (1_000_000_000, "1"),
            (Bytes::MAX.get(), "9000000"),
            (8_999_999_999_999_999, "8999999.999999999"),
        ] {
            assert_eq!(gbyte(Bytes::literal(bytes)), text);
        }
    }

    proptest::proptest! {
        #[test]
        fn gbytes_read_back_as_the_same_bytes(bytes in 0..=Bytes::MAX.get()) {
            let text = gbyte(Bytes::literal(bytes));
            let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
            let fraction: u64 = format!("{fraction:0<9}").parse().expect("nine digits");
            proptest::prop_assert_eq!(whole.parse::<u64>().expect("digits") * NANO + fraction, bytes);
        }
    }

    #[test]
    fn money_is_written_as_the_language_does() {
        let about =
            |amount: &str, currency| CurrencyAmount { amount: amount.parse().expect("an amount"), currency };
        assert_eq!(money(about("1250.50", Currency::Eur), &Habits::english()), "1,250.5\u{a0}EUR");
        assert_eq!(money(about("1250.50", Currency::Rur), &Habits::russian()), "1\u{a0}250,5\u{a0}RUB");
    }

    #[test]
    fn a_link_is_a_web_address_that_html_need_not_escape() {
        assert!(is_link("https://obyte.org/#textcoin?a-b-c"));
        assert!(is_link("http://127.0.0.1:8080/claim/x"));
        for bad in [
            "",
            "javascript:alert(1)",
            "https://x.org/\"",
            "https://x.org/\r\n",
            "https://x.org/<b>",
            "https://x.org/&",
            "https://x.org/я",
        ] {
            assert!(!is_link(bad), "{bad}");
        }
    }
}
