//! CoinPaprika's ticker of GBYTE.
//!
//! `{"id":"gbyte-obyte",…,"last_updated":"2026-11-23T10:47:48Z","quotes":{"USD":{"price":7.53,…}}}`.

use program::Pair;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Quote, SourceError, date};

/// The address that is asked.
pub(super) const URL: &str = "https://api.coinpaprika.com/v1/tickers/gbyte-obyte";

#[derive(Deserialize)]
struct Ticker<'a> {
    id: &'a str,
    last_updated: &'a str,
    #[serde(borrow)]
    quotes: Quotes<'a>,
}

#[derive(Deserialize)]
struct Quotes<'a> {
    #[serde(borrow, rename = "USD")]
    usd: Price<'a>,
}

#[derive(Deserialize)]
struct Price<'a> {
    #[serde(borrow)]
    price: &'a RawValue,
}

/// Reads the price of a GBYTE.
pub(super) fn read(answer: &[u8]) -> Result<Vec<Quote>, SourceError> {
    let ticker: Ticker<'_> =
        serde_json::from_slice(answer).map_err(|_| SourceError::Malformed("it is no ticker"))?;
    if ticker.id != "gbyte-obyte" {
        return Err(SourceError::Malformed("it is the ticker of something else"));
    }
    let rate = ticker.quotes.usd.price.get().parse();
    let rate = rate.map_err(|_| SourceError::Malformed("the price is no number above zero"))?;
    Ok(vec![Quote { pair: Pair::GbyteUsd, rate, at: date::time(ticker.last_updated)? }])
}
