//! Rates of an endpoint's preferred hub.

use std::time::Duration;

use obyte_hub::{ExchangeRates, Hubs};
use program::{Pair, RateTable};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{Rates, rate_of_number};

/// How often the hub is asked; it refreshes its rates every five minutes.
const EVERY: Duration = Duration::from_secs(120);
/// How soon it is asked again where it did not answer.
const RETRY: Duration = Duration::from_secs(5);

/// Asks the preferred hub for its rates again and again, until `stop`.
pub async fn follow_hub(rates: Rates, hubs: Hubs, stop: CancellationToken) {
    loop {
        let pause = match hubs.preferred().exchange_rates().await {
            Ok(said) => {
                rates.hear(table_of(&said));
                EVERY
            }
            Err(error) => {
                tracing::debug!(%error, "the hub did not tell its rates");
                RETRY
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep(pause) => {}
        }
    }
}

fn table_of(said: &ExchangeRates) -> RateTable {
    let mut table = RateTable::new();
    for pair in Pair::ALL {
        table.set(pair, said.get(pair.code()).and_then(|number| rate_of_number(&number)));
    }
    table
}
