//! What a GBYTE, a bitcoin, a euro and a rouble cost in dollars.
//!
//! [`Source`]s are asked again and again, each at its own pace, and what they tell stands on a [`Board`].
//! Whoever needs prices gets what the guard (`program::Guard`) makes of the board at that moment
//! ([`Rates::prices`]); a price that the operator has fixed goes before all of that.
//!
//! Sources of the web are asked once for both endpoints, which share a board; the hub is each endpoint's own.

mod board;
mod cbr;
mod coingecko;
mod coinpaprika;
mod config;
mod date;
mod ecb;
mod hub;
mod poll;
mod prices;
mod settings;
mod source;
mod web;
mod xml;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use payout::Timestamp;
use program::{Guard, Moment, Pair, Reading, Unusable};
use store::{Endpoint, Store, StoreError};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

pub use self::board::{Board, SourceHealth};
pub use self::config::RatesConfig;
pub use self::hub::HubSource;
pub use self::poll::{Pace, ask, follow};
pub(crate) use self::prices::codes;
pub use self::prices::{Prices, Verdict};
pub use self::settings::{RatesSettings, SourceSettings};
pub use self::source::{Quote, Source, SourceError};
pub use self::web::{Web, read_answer, web_source};
use crate::clock::Clock;

/// How often somebody looks, so that the log tells of a price that grows old without purchases.
const LOOK_EVERY: Duration = Duration::from_secs(15);
/// How long the start waits for sources.
const SETTLE: Duration = Duration::from_secs(5);

/// A price that was used longer ago says little of what it should be now.
const REMEMBERED: Duration = Duration::from_secs(24 * 60 * 60);

/// A guard that judges the first prices after a start by those that purchases were valued at last.
///
/// # Errors
/// Those of the store.
pub async fn remembering(store: &dyn Store, endpoint: Endpoint, now: Timestamp) -> Result<Guard, StoreError> {
    let since = now.as_millis().saturating_sub(u64::try_from(REMEMBERED.as_millis()).unwrap_or(u64::MAX));
    let used = store.rates_used(endpoint, Timestamp::from_millis(since)).await?;
    Ok(Guard::resumed(used.into_iter().map(|kept| (kept.pair, kept.rate))))
}

/// The prices that one endpoint uses.
#[derive(Clone)]
pub struct Rates(Arc<Inner>);

struct Inner {
    endpoint: Endpoint,
    settings: RatesSettings,
    boards: Vec<Arc<Board>>,
    seen: Mutex<Seen>,
    clock: Arc<dyn Clock>,
}

/// What was seen before.
struct Seen {
    guard: Guard,
    prices: Option<Prices>,
}

impl Rates {
    /// Prices of these boards, and those that the settings fix. `guard` knows what was used before.
    pub fn new(
        endpoint: Endpoint,
        settings: RatesSettings,
        boards: Vec<Arc<Board>>,
        guard: Guard,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let seen = Mutex::new(Seen { guard, prices: None });
        Self(Arc::new(Inner { endpoint, settings, boards, seen, clock }))
    }

    /// The prices of now.
    pub fn prices(&self) -> Prices {
        let Inner { endpoint, settings, boards, seen, clock } = &*self.0;
        // The guard is a value that is replaced as a whole price at a time; a panic leaves a good one.
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Moment::from_millis(clock.now().as_millis());
        let verdict = |pair| match settings.fixed.get(pair) {
            Some(rate) => Verdict::Fixed(rate),
            None => {
                let readings: Vec<Reading> = boards.iter().flat_map(|board| board.readings(pair)).collect();
                Verdict::Guarded(seen.guard.judge(&settings.guard, pair, &readings, now))
            }
        };
        let prices = Prices::new(Pair::ALL.map(verdict));
        if settings.asks_anybody() && seen.prices.as_ref() != Some(&prices) {
            prices.log_changes(*endpoint, seen.prices.as_ref());
            seen.prices = Some(prices.clone());
        }
        prices
    }

    /// The prices that some source should tell, and that cannot be used, with the reason.
    pub fn missing(&self) -> Vec<(Pair, Unusable)> {
        let prices = self.prices();
        let reason = |(pair, verdict): (Pair, &Verdict)| match verdict {
            Verdict::Guarded(Err(why)) => Some((pair, why.clone())),
            Verdict::Fixed(_) | Verdict::Guarded(Ok(_)) => None,
        };
        let missing = prices.iter().filter_map(reason);
        missing.filter(|(pair, _)| self.0.settings.tells(*pair)).collect()
    }

    /// Whether there is any source that is asked.
    pub fn asks_anybody(&self) -> bool {
        self.0.settings.asks_anybody()
    }

    /// How the sources of this endpoint do.
    pub fn sources(&self) -> Vec<SourceHealth> {
        self.0.boards.iter().flat_map(|board| board.health()).collect()
    }

    /// Waits until every source was asked once, but not for long: a till that reports a purchase right after
    /// the start should not hear that there is no rate.
    pub async fn settle(&self) {
        let asked = |health: &SourceHealth| health.answers + health.failures > 0;
        let deadline = Instant::now() + SETTLE;
        while !self.sources().iter().all(asked) && Instant::now() < deadline {
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Looks at the prices now and then, until `stop`.
    pub async fn watch(self, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(LOOK_EVERY) => drop(self.prices()),
            }
        }
    }
}
