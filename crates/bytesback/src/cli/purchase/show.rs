//! `purchase show`: an accepted purchase, and how its cashback came about.

use std::io::Write;

use anyhow::Context;
use payout::Timestamp;
use store::{Explanation, KeptRate, PayoutState, PurchaseRecord, RefundRecord, RulesRecord, TextcoinRecord};

use super::review::{OrderArgs, find};
use crate::cli::people::{date, in_groups, plain};
use crate::clock::{Clock, SystemClock};
use crate::rates::codes;
use crate::textcoin_words;

pub(super) async fn show(args: &OrderArgs) -> anyhow::Result<()> {
    let (store, key) = find(args).await?;
    let record = store.purchase(args.endpoint, &key).await?;
    let record = record
        .with_context(|| format!("{} has no such order at the {} endpoint", args.partner, args.endpoint))?;
    let returned = store.refunded(args.endpoint, &key).await?;
    let returned = returned.map(|refund| returned_line(&refund, &record)).unwrap_or_default();
    let textcoin = store.textcoin(args.endpoint, &key).await?;
    let now = SystemClock.now();
    let mailed = textcoin.map(|record| mailbox_lines(&record, now));
    let mailed = mailed.unwrap_or_default();
    let rules = store.rules().await?;
    let explained = explained(&record.explanation, &rules);
    Ok(write!(std::io::stdout(), "{}{mailed}{returned}{explained}", text(&record))?)
}

/// Where its textcoin stands, and how its mailbox was corrected.
fn mailbox_lines(record: &TextcoinRecord, now: Timestamp) -> String {
    let corrected = record.corrections.iter();
    let corrected: String =
        corrected.map(|one| format!("corrected {}\n", textcoin_words::correction(one))).collect();
    format!("mailbox   {}, {}\n{corrected}", record.recipient, textcoin_words::state(record, now))
}

/// What the partner was charged, and how that came about.
fn returned_line(refund: &RefundRecord, purchase: &PurchaseRecord) -> String {
    let RefundRecord { returned, share, claim, from_deposit, at } = refund;
    let currency = purchase.terms.price.currency;
    format!(
        "returned  {returned} {currency}, {}: charged {share} % of base and match in proportion, {} bytes; \
         {} from the deposit, {} owed\n",
        date(*at),
        in_groups(*claim),
        in_groups(*from_deposit),
        in_groups(refund.receivable())
    )
}

fn text(record: &PurchaseRecord) -> String {
    let PurchaseRecord { key, terms, shares, payout, .. } = record;
    let merchant = key.merchant.as_ref().map(|merchant| format!(" for {}", plain(merchant.as_str())));
    let mut lines = vec![
        format!("order {}{}", plain(key.order_id.as_str()), merchant.unwrap_or_default()),
        format!("accepted  {}", date(payout.queued_at)),
        format!("purchase  {}, partner's share {} %", terms.price, terms.percentage),
    ];
    lines.extend(terms.purchase_unit.map(|unit| format!("paid by   {unit}")));
    lines.extend(record.rates.iter().map(rate));
    lines.push(format!(
        "cashback  {} bytes: base {}, partner {}, match {}",
        in_groups(payout.amount),
        in_groups(shares.base),
        in_groups(shares.partner),
        in_groups(shares.matched)
    ));
    lines.push(format!("payee     {}", payout.payee));
    lines.extend(
        record
            .attested
            .map(|attested| format!("attested  in unit {}, by {}", attested.unit, attested.attestor)),
    );
    lines.push(format!("payout    {}", state(&record.state)));
    lines.into_iter().map(|line| line + "\n").collect()
}

/// How the cashback came about, by the rules of its day.
fn explained(explanation: &Explanation, rules: &[RulesRecord]) -> String {
    let Some(version) = explanation.rules else {
        return "explained not: it was accepted before explanations were kept\n".to_owned();
    };
    let indented = |lines: &mut dyn Iterator<Item = &str>| -> String {
        lines.map(|line| format!("  {}\n", plain(line))).collect()
    };
    let lines = indented(&mut explanation.lines.iter().map(String::as_str));
    let known = rules.iter().find(|record| record.version == version);
    let since = known.map(|record| format!(", in force since {}", date(record.since))).unwrap_or_default();
    let text = known.map(|record| indented(&mut record.text.lines())).unwrap_or_default();
    format!("explained\n{lines}rules     number {version}{since}\n{text}")
}

/// A price that was used, who told it, and since when it held.
fn rate(kept: &KeptRate) -> String {
    let KeptRate { pair, rate, sources, at } = kept;
    let from = if sources.is_empty() { "sources not kept".to_owned() } else { codes(sources) };
    let since = at.map(|at| format!(", since {}", date(at))).unwrap_or_default();
    format!("rate      {pair} {rate} ({from}{since})")
}

fn state(state: &PayoutState) -> String {
    match state {
        PayoutState::Queued => "waits for a unit".to_owned(),
        PayoutState::InUnit { unit, status } => format!("in unit {unit}, {}", status.code()),
        PayoutState::Parked => "never paid: the payee is an autonomous agent".to_owned(),
        PayoutState::Held { reason, since } => format!("held since {}: {reason}", date(*since)),
        PayoutState::Rejected { .. } => "never paid: it was rejected".to_owned(),
        PayoutState::Final { unit } => format!("paid in unit {unit}, proven"),
    }
}

#[cfg(test)]
mod tests {
    use ledger::PartnerId;
    use obyte::{Address, Bytes, UnitHash};
    use payout::{Payee, Payout, PayoutId};
    use program::{Currency, CurrencyAmount, Pair, RateSource};
    use store::{AttestedPayee, Details, OrderId, PurchaseKey, RulesVersion, Shares, Terms};

    use super::*;

    #[test]
    fn a_purchase_is_explained_by_the_rules_of_its_day() {
        let record = |version, text: &str| RulesRecord {
            version: RulesVersion::new(version),
            text: text.to_owned(),
            since: Timestamp::from_millis(1_795_430_868_000),
        };
        let rules = [record(1, "base = 10\nmatch = 5"), record(2, "base = 5")];
        let lines = vec!["worth 10 bytes".to_owned(), "cashback: 1 bytes".to_owned()];
        let explanation = Explanation { rules: Some(RulesVersion::new(1)), lines };
        assert_eq!(
            explained(&explanation, &rules),
            "explained\n  worth 10 bytes\n  cashback: 1 bytes\n\
             rules     number 1, in force since 2026-11-23T10:47:48Z\n  base = 10\n  match = 5\n"
        );
        let old = explained(&Explanation::default(), &rules);
        assert_eq!(old, "explained not: it was accepted before explanations were kept\n");
    }

    #[test]
    fn a_wallet_that_was_attested_is_shown_with_its_attestation() {
        let [wallet, attestor] = ["a wallet", "an attestor"].map(Address::of_source);
        let unit = UnitHash::of("an attestation");
        let at = Timestamp::from_millis(1_795_430_868_000);
        let record = PurchaseRecord {
            key: PurchaseKey {
                partner: PartnerId::new(1),
                merchant: None,
                order_id: OrderId::new("1").expect("an id"),
            },
            terms: Terms {
                recipient: "a@example.org".parse().expect("a mailbox"),
                price: CurrencyAmount { amount: "1".parse().expect("an amount"), currency: Currency::Usd },
                percentage: "0".parse().expect("a percentage"),
                purchase_unit: None,
            },
            details: Details::default(),
            shares: Shares::default(),
            rates: Vec::new(),
            explanation: Explanation::default(),
            attested: Some(AttestedPayee { address: wallet, unit, attestor }),
            fee_reserve: Bytes::ZERO,
            payout: Payout {
                id: PayoutId::new(1),
                payee: Payee::Address(wallet),
                amount: Bytes::literal(5),
                queued_at: at,
            },
            state: PayoutState::Queued,
            answered: None,
        };
        let shown = text(&record);
        let wanted = format!("payee     {wallet}\nattested  in unit {unit}, by {attestor}\npayout  ");
        assert!(shown.contains(&wanted), "{shown}");
        assert!(!text(&PurchaseRecord { attested: None, ..record }).contains("attested"));
    }

    #[test]
    fn a_rate_is_shown_with_its_sources_and_its_time() {
        let text = "7.5".parse().expect("a rate");
        let told = KeptRate {
            pair: Pair::GbyteUsd,
            rate: text,
            sources: vec![RateSource::Hub, RateSource::CoinGecko],
            at: Some(Timestamp::from_millis(1_795_430_868_000)),
        };
        assert_eq!(rate(&told), "rate      GBYTE_USD 7.5 (hub, coingecko, since 2026-11-23T10:47:48Z)");
        assert_eq!(rate(&KeptRate::fixed(Pair::EurUsd, text)), "rate      EUR_USD 7.5 (fixed)");
        let old = KeptRate { sources: Vec::new(), at: None, ..told };
        assert_eq!(rate(&old), "rate      GBYTE_USD 7.5 (sources not kept)");
    }
}
