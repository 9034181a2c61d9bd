//! What a GBYTE, a bitcoin, a euro and a rouble cost in dollars.
//!
//! For now from two sources: fixed rates of the configuration, and the endpoint's hub. A fixed rate
//! goes before the hub's.

mod hub;

use std::sync::{Arc, RwLock};
use std::time::Duration;

use payout::Timestamp;
use program::{Pair, Rate, RateTable};

pub use hub::follow_hub;

use crate::clock::Clock;

/// A rate of a hub is not used when it is older (10): hubs refresh theirs every five minutes.
const AGE_MAX: Duration = Duration::from_secs(30 * 60);

/// The rates that one endpoint uses.
#[derive(Clone)]
pub struct Rates {
    fixed: RateTable,
    heard: Arc<RwLock<Heard>>,
    clock: Arc<dyn Clock>,
}

/// What a hub said, and when.
#[derive(Clone, Copy, Debug, Default)]
struct Heard {
    table: RateTable,
    at: Timestamp,
}

impl Rates {
    /// Rates of the configuration; what a hub says is added.
    pub fn new(fixed: RateTable, clock: Arc<dyn Clock>) -> Self {
        Self { fixed, heard: Arc::default(), clock }
    }

    /// The prices that may be used now.
    pub fn current(&self) -> RateTable {
        let heard = *self.heard.read().expect("nobody panics while holding the lock");
        let mut table = self.fixed;
        if self.clock.now().since(heard.at) <= AGE_MAX {
            for pair in Pair::ALL {
                table.set(pair, self.fixed.get(pair).or(heard.table.get(pair)));
            }
        }
        table
    }

    /// A hub said its rates. What it does not name any more is gone.
    fn hear(&self, table: RateTable) {
        let heard = Heard { table, at: self.clock.now() };
        *self.heard.write().expect("nobody panics while holding the lock") = heard;
    }
}

/// A rate as JSON writes it; one with more digits than a [`Rate`] keeps, or none above zero, is not used.
fn rate_of_number(text: &str) -> Option<Rate> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[derive(Default)]
    struct Hands(AtomicU64);

    impl Clock for Hands {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(self.0.load(Ordering::Relaxed))
        }
    }

    fn rate(text: &str) -> Rate {
        text.parse().expect("a rate")
    }

    #[test]
    fn fixed_rates_go_before_those_of_the_hub() {
        let rates = Rates::new(RateTable::new().with(Pair::GbyteUsd, rate("20")), Arc::new(Hands::default()));
        rates.hear(RateTable::new().with(Pair::GbyteUsd, rate("7")).with(Pair::BtcUsd, rate("90000")));
        assert_eq!(rates.current().get(Pair::GbyteUsd), Some(rate("20")));
        assert_eq!(rates.current().get(Pair::BtcUsd), Some(rate("90000")));
        assert_eq!(rates.current().get(Pair::EurUsd), None);
    }

    #[test]
    fn a_rate_of_the_hub_is_not_used_when_it_is_stale() {
        let clock = Arc::new(Hands::default());
        let rates = Rates::new(RateTable::new(), Arc::clone(&clock) as Arc<dyn Clock>);
        rates.hear(RateTable::new().with(Pair::GbyteUsd, rate("7")));
        clock.0.store(30 * 60 * 1000, Ordering::Relaxed);
        assert!(rates.current().get(Pair::GbyteUsd).is_some());
        clock.0.store(30 * 60 * 1000 + 1, Ordering::Relaxed);
        assert_eq!(rates.current().get(Pair::GbyteUsd), None);
    }

    #[test]
    fn the_numbers_of_a_hub_are_read_exactly() {
        assert_eq!(rate_of_number("7.53"), Some(rate("7.53")));
        assert_eq!(rate_of_number("1e-7"), Some(rate("0.0000001")));
        assert_eq!(rate_of_number("0"), None);
    }
}
