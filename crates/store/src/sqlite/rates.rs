//! Kept prices as text: `GBYTE_USD=20.35;hub,coingecko;1790000000000`, with spaces between.
//!
//! Sources and time (milliseconds since 1970) are missing in rows of before they were kept, and the time
//! where the price was fixed.

use std::collections::BTreeMap;

use payout::Timestamp;
use program::{Pair, RateSource};
use rusqlite::Connection;

use crate::sqlite::codec::Fields;
use crate::{Endpoint, KeptRate, StoreError};

/// All of them.
pub(super) fn write(rates: &[KeptRate]) -> String {
    rates.iter().map(write_one).collect::<Vec<_>>().join(" ")
}

fn write_one(kept: &KeptRate) -> String {
    let sources: Vec<_> = kept.sources.iter().map(|source| source.code()).collect();
    let at = kept.at.map(|at| at.as_millis().to_string()).unwrap_or_default();
    format!("{}={};{};{at}", kept.pair, kept.rate, sources.join(","))
}

/// The same again; nothing if the text is none of this kind.
fn read(text: &str) -> Option<Vec<KeptRate>> {
    text.split_whitespace().map(read_one).collect()
}

fn read_one(text: &str) -> Option<KeptRate> {
    let mut parts = text.split(';');
    let (pair, rate) = parts.next()?.split_once('=')?;
    let sources = parts.next().unwrap_or_default();
    let at = parts.next().unwrap_or_default();
    let sources = sources.split(',').filter(|code| !code.is_empty()).map(str::parse::<RateSource>);
    Some(KeptRate {
        pair: pair.parse().ok()?,
        rate: rate.parse().ok()?,
        sources: sources.collect::<Result<_, _>>().ok()?,
        at: if at.is_empty() { None } else { Some(Timestamp::from_millis(at.parse().ok()?)) },
    })
}

/// The newest of each price, from the newest purchase back to those of before `since`.
pub(super) fn used(
    connection: &Connection,
    endpoint: Endpoint,
    since: Timestamp,
) -> Result<Vec<KeptRate>, StoreError> {
    // All endpoints are read, so that one without purchases does not lead through all of the other's.
    let mut statement = connection.prepare_cached(
        "SELECT purchases.id, purchases.endpoint, rates, queued_at
         FROM purchases JOIN payouts ON payouts.id = purchases.payout ORDER BY purchases.id DESC",
    )?;
    let mut rows = statement.query([])?;
    let mut newest = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let fields = Fields::new("purchases", row);
        if fields.time("queued_at")? < since || newest.len() == Pair::ALL.len() {
            break;
        }
        if fields.plain::<String>("endpoint")? != endpoint.code() {
            continue;
        }
        for kept in of_row(&fields)?.into_iter().filter(is_told) {
            newest.entry(kept.pair).or_insert(kept);
        }
    }
    Ok(newest.into_values().collect())
}

/// The prices in a row of purchases.
pub(super) fn of_row(fields: &Fields<'_>) -> Result<Vec<KeptRate>, StoreError> {
    read(&fields.plain::<String>("rates")?).ok_or_else(|| fields.bad("rates", "not pairs and their rates"))
}

/// Whether sources have told it.
fn is_told(kept: &KeptRate) -> bool {
    !kept.sources.is_empty() && !kept.sources.contains(&RateSource::Fixed)
}

#[cfg(test)]
mod tests {
    use program::Pair;

    use super::*;

    fn kept(pair: Pair, sources: &[RateSource], at: Option<u64>) -> KeptRate {
        let rate = "20.35".parse().expect("a rate");
        KeptRate { pair, rate, sources: sources.to_vec(), at: at.map(Timestamp::from_millis) }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let rates = [
            kept(Pair::GbyteUsd, &[RateSource::Hub, RateSource::CoinGecko], Some(1_790_000_000_000)),
            KeptRate::fixed(Pair::EurUsd, "1.1".parse().expect("a rate")),
        ];
        let text = write(&rates);
        assert_eq!(text, "GBYTE_USD=20.35;hub,coingecko;1790000000000 EUR_USD=1.1;fixed;");
        assert_eq!(read(&text), Some(rates.to_vec()));
        assert_eq!(read(""), Some(Vec::new()));
    }

    #[test]
    fn rows_of_before_sources_were_kept_are_read() {
        let old = [kept(Pair::GbyteUsd, &[], None), kept(Pair::BtcUsd, &[], None)];
        assert_eq!(read("GBYTE_USD=20.35 BTC_USD=20.35"), Some(old.to_vec()));
    }

    #[test]
    fn what_is_no_rate_is_not_read() {
        for wrong in ["x", "GBYTE_USD=", "GBYTE_USD=1;nobody;", "GBYTE_USD=1;hub;soon", "XAU_USD=1"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
