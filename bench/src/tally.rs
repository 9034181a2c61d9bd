//! What is counted while a row runs, and exact percentiles.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use obyte::UnitHash;

use crate::shop::Answer;

/// The answers of one row.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// From when each purchase was due to its answer; of those that were paid or are pending.
    pub latencies: Vec<Duration>,
    /// How many payouts each unit carries, of those that the server named.
    pub units: HashMap<UnitHash, u64>,
    /// Purchases paid in the answer.
    pub paid: u64,
    /// Purchases that were pending in the answer, by their numbers.
    pub pending: Vec<u64>,
    /// Those of them that were paid when asked again.
    pub paid_late: u64,
    /// How often each failure came.
    pub failures: BTreeMap<String, u64>,
    /// From the row's beginning to the last answer.
    pub until: Duration,
}

impl Tally {
    /// Counts an answer: to which purchase, how long after it was due, how long after the row began.
    pub fn count(&mut self, number: u64, answer: Answer, latency: Duration, at: Duration) {
        self.until = self.until.max(at);
        match answer {
            Answer::Paid(unit) => {
                self.paid += 1;
                self.latencies.push(latency);
                *self.units.entry(unit).or_default() += 1;
            }
            Answer::Pending => {
                self.latencies.push(latency);
                self.pending.push(number);
            }
            Answer::Failed(text) => *self.failures.entry(text).or_default() += 1,
        }
    }

    /// Counts a pending purchase that turned out to be paid.
    pub fn count_late(&mut self, unit: UnitHash) {
        self.paid_late += 1;
        *self.units.entry(unit).or_default() += 1;
    }

    /// Counts what another client counted.
    pub fn add(&mut self, other: Self) {
        self.latencies.extend(other.latencies);
        for (unit, payouts) in other.units {
            *self.units.entry(unit).or_default() += payouts;
        }
        self.paid += other.paid;
        self.pending.extend(other.pending);
        self.paid_late += other.paid_late;
        for (text, times) in other.failures {
            *self.failures.entry(text).or_default() += times;
        }
        self.until = self.until.max(other.until);
    }

    /// Answers that paid nothing, or not yet.
    pub fn errors(&self) -> u64 {
        self.pending.len() as u64 + self.failures.values().sum::<u64>()
    }

    /// Payouts that are known to be in units.
    pub fn payouts(&self) -> u64 {
        self.units.values().sum()
    }
}

/// The smallest value that at least `percent` of the sorted values do not exceed.
pub fn percentile(sorted: &[Duration], percent: usize) -> Option<Duration> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(values: impl IntoIterator<Item = u64>) -> Vec<Duration> {
        values.into_iter().map(Duration::from_millis).collect()
    }

    #[test]
    fn percentiles_are_values_that_occurred() {
        let hundred = millis(1..=100);
        assert_eq!(percentile(&hundred, 50), Some(Duration::from_millis(50)));
        assert_eq!(percentile(&hundred, 99), Some(Duration::from_millis(99)));
        assert_eq!(percentile(&hundred, 100), Some(Duration::from_millis(100)));
        let three = millis([1, 2, 9]);
        assert_eq!(percentile(&three, 50), Some(Duration::from_millis(2)));
        assert_eq!(percentile(&three, 99), Some(Duration::from_millis(9)));
        assert_eq!(percentile(&millis([7]), 1), Some(Duration::from_millis(7)));
        assert_eq!(percentile(&[], 50), None);
    }

    #[test]
    fn a_pending_purchase_is_an_error_even_when_it_is_paid_later() {
        let (unit, second) = (UnitHash::of("1"), Duration::from_secs(1));
        let mut tally = Tally::default();
        tally.count(1, Answer::Paid(unit), second, second);
        tally.count(2, Answer::Pending, 4 * second, 5 * second);
        tally.count(3, Answer::failed("no"), second, 2 * second);
        tally.count_late(unit);
        assert_eq!((tally.paid, tally.paid_late, tally.errors(), tally.payouts()), (1, 1, 2, 2));
        assert_eq!(tally.latencies, [second, 4 * second], "a refusal is quick, and would flatter");
        assert_eq!(tally.until, 5 * second);
    }
}
