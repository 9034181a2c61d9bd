//! CoinPaprika's ticker of GBYTE.
//!
//! `{"id":"gbyte-obyte",…,"last_updated":"2026-11-23T10:47:48Z","quotes":{"USD":{"price":7.53,…},"BTC":{…}}}`.
//!
//! What a GBYTE costs in dollars over what it costs in bitcoins is the price of a bitcoin: so one answer tells
//! both, and bitcoins have a third source.

use program::{Pair, Rate};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Quote, SourceError, date};

/// The address that is asked.
pub(super) const URL: &str = "https://api.coinpaprika.com/v1/tickers/gbyte-obyte?quotes=USD,BTC";

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
    /// Not there where the address that is asked names no bitcoins.
    #[serde(borrow, rename = "BTC")]
    btc: Option<Price<'a>>,
}

#[derive(Deserialize)]
struct Price<'a> {
    #[serde(borrow)]
    price: &'a RawValue,
}

/// Reads the price of a GBYTE, and of a bitcoin where it is told.
pub(super) fn read(answer: &[u8]) -> Result<Vec<Quote>, SourceError> {
    let ticker: Ticker<'_> =
        serde_json::from_slice(answer).map_err(|_| SourceError::Malformed("it is no ticker"))?;
    if ticker.id != "gbyte-obyte" {
        return Err(SourceError::Malformed("it is the ticker of something else"));
    }
    let at = date::time(ticker.last_updated)?;
    let usd = ticker.quotes.usd.rate()?;
    let btc = ticker.quotes.btc.map(|price| price.rate()).transpose()?;
    let cross = btc.and_then(|btc| usd.over(btc)).map(|rate| (Pair::BtcUsd, rate));
    let prices = std::iter::once((Pair::GbyteUsd, usd)).chain(cross);
    Ok(prices.map(|(pair, rate)| Quote { pair, rate, at }).collect())
}

impl Price<'_> {
    fn rate(&self) -> Result<Rate, SourceError> {
        self.price.get().parse().map_err(|_| SourceError::Malformed("a price is no number above zero"))
    }
}
