//! CoinGecko's simple price.
//!
//! `{"bitcoin":{"usd":91000.5,"eur":…,"rub":…,"last_updated_at":1795430868},"byteball":{…}}`.
//!
//! Bitcoin is asked for beside GBYTE (`byteball`): it is traded every second, so its price is fresh when
//! that of GBYTE is hours old, and the cross of its prices in two currencies is exact to more digits. So it
//! tells BTC_USD, EUR_USD and RUB_USD even on a quiet day of GBYTE.

use program::{Moment, Pair, Rate};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Quote, SourceError};

/// The address that is asked.
pub(super) const URL: &str = "https://api.coingecko.com/api/v3/simple/price?ids=byteball,bitcoin\
    &vs_currencies=usd,eur,rub&include_last_updated_at=true&precision=8";

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    byteball: Option<Coin<'a>>,
    #[serde(borrow)]
    bitcoin: Option<Coin<'a>>,
}

/// What one coin costs; a price that is not known is missing, or null.
#[derive(Deserialize)]
struct Coin<'a> {
    #[serde(borrow)]
    usd: Option<&'a RawValue>,
    #[serde(borrow)]
    eur: Option<&'a RawValue>,
    #[serde(borrow)]
    rub: Option<&'a RawValue>,
    last_updated_at: u64,
}

/// Reads all prices that it tells.
pub(super) fn read(answer: &[u8]) -> Result<Vec<Quote>, SourceError> {
    let answer: Answer<'_> =
        serde_json::from_slice(answer).map_err(|_| SourceError::Malformed("it is no list of prices"))?;
    let mut quotes = Vec::new();
    if let Some(gbyte) = &answer.byteball {
        quotes.extend(quote(Pair::GbyteUsd, price(gbyte.usd)?, gbyte));
    }
    if let Some(bitcoin) = &answer.bitcoin {
        let usd = price(bitcoin.usd)?;
        quotes.extend(quote(Pair::BtcUsd, usd, bitcoin));
        for (pair, other) in [(Pair::EurUsd, bitcoin.eur), (Pair::RubUsd, bitcoin.rub)] {
            let cross = usd.zip(price(other)?).and_then(|(usd, other)| usd.over(other));
            quotes.extend(quote(pair, cross, bitcoin));
        }
    }
    if quotes.is_empty() { Err(SourceError::Malformed("it names no price")) } else { Ok(quotes) }
}

fn quote(pair: Pair, rate: Option<Rate>, coin: &Coin<'_>) -> Option<Quote> {
    let at = Moment::from_millis(coin.last_updated_at.saturating_mul(1000));
    rate.map(|rate| Quote { pair, rate, at })
}

fn price(text: Option<&RawValue>) -> Result<Option<Rate>, SourceError> {
    let rate = text.map(|text| text.get().parse()).transpose();
    rate.map_err(|_| SourceError::Malformed("a price is no number above zero"))
}
