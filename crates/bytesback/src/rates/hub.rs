//! The rates of an endpoint's preferred hub (10).

use async_trait::async_trait;
use obyte_hub::{ExchangeRates, Hubs};
use program::{Moment, RateSource};

use super::settings::told_by;
use super::{Quote, Source, SourceError};

/// The hub that is asked at the moment. It names no time, so what it tells holds from when it was asked; and
/// of the prices that it names only those are taken that a hub knows: a bank is better asked for a currency.
pub struct HubSource(pub Hubs);

#[async_trait]
impl Source for HubSource {
    fn id(&self) -> RateSource {
        RateSource::Hub
    }

    async fn read(&self, now: Moment) -> Result<Vec<Quote>, SourceError> {
        quotes(&self.0.preferred().exchange_rates().await?, now)
    }
}

/// A hub that has no rates has told that: one that is catching up, or one of a devnet.
fn quotes(said: &ExchangeRates, now: Moment) -> Result<Vec<Quote>, SourceError> {
    let named = told_by(RateSource::Hub).iter().filter_map(|pair| Some((*pair, said.get(pair.code())?)));
    named
        .map(|(pair, number)| match number.parse() {
            Ok(rate) => Ok(Quote { pair, rate, at: now }),
            Err(_) => Err(SourceError::Malformed("a rate is no number above zero")),
        })
        .collect()
}
