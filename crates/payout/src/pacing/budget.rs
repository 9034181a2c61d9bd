//! What was paid in advance within the last day.

use std::collections::VecDeque;
use std::time::Duration;

use obyte::Bytes;

use crate::Timestamp;

/// How long a fee counts.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Fees of so long a time are kept as one, and count until the last of them is a day old.
const GRAIN: Duration = Duration::from_secs(60);

/// The TPS fees that were paid in advance within the last day.
///
/// Each counts until it is a day old, or up to a minute longer where others followed at once; so there
/// are never more than some thousand figures, however many units leave in a day.
#[derive(Clone, Debug, Default)]
pub struct DailyBudget {
    /// Since when fees are gathered, until when, and how much; oldest first.
    grains: VecDeque<Grain>,
}

#[derive(Clone, Copy, Debug)]
struct Grain {
    from: Timestamp,
    to: Timestamp,
    fees: Bytes,
}

impl Grain {
    /// Until the last fee in it is a whole day old.
    fn counts(&self, now: Timestamp) -> bool {
        now.since(self.to) < DAY
    }
}

impl DailyBudget {
    /// Notes a fee.
    pub fn note(&mut self, at: Timestamp, fee: Bytes) {
        if fee.is_zero() {
            return;
        }
        while self.grains.front().is_some_and(|grain| !grain.counts(at)) {
            self.grains.pop_front();
        }
        match self.grains.back_mut().filter(|grain| at.since(grain.from) < GRAIN) {
            Some(grain) => {
                // After the clock was set back it counts as long as what came before.
                grain.to = grain.to.max(at);
                grain.fees = grain.fees.checked_add(fee).unwrap_or(Bytes::MAX);
            }
            None => self.grains.push_back(Grain { from: at, to: at, fees: fee }),
        }
    }

    /// How much counts at this time.
    pub fn spent(&self, now: Timestamp) -> Bytes {
        let counting = self.grains.iter().filter(|grain| grain.counts(now));
        Bytes::checked_sum(counting.map(|grain| grain.fees)).unwrap_or(Bytes::MAX)
    }

    /// When so much will be left of a ceiling, if nothing more is paid; never where the ceiling is lower.
    pub fn left_at(&self, fee: Bytes, per_day: Bytes, now: Timestamp) -> Option<Timestamp> {
        let fits = |spent: Bytes| spent.checked_add(fee).is_some_and(|sum| sum <= per_day);
        let ends = self.grains.iter().map(|grain| grain.to.plus(DAY)).filter(|end| *end > now);
        std::iter::once(now).chain(ends).find(|at| fits(self.spent(*at)))
    }
}

impl FromIterator<(Timestamp, Bytes)> for DailyBudget {
    fn from_iter<I: IntoIterator<Item = (Timestamp, Bytes)>>(fees: I) -> Self {
        let mut budget = Self::default();
        for (at, fee) in fees {
            budget.note(at, fee);
        }
        budget
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3_600_000;
    const PER_DAY: Bytes = Bytes::literal(1_000);

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn budget(fees: &[(u64, u64)]) -> DailyBudget {
        fees.iter().map(|&(time, fee)| (at(time), Bytes::literal(fee))).collect()
    }

    fn spent(budget: &DailyBudget, time: u64) -> u64 {
        budget.spent(at(time)).get()
    }

    #[test]
    fn a_fee_counts_until_it_is_a_day_old() {
        let budget = budget(&[(5, 600), (HOUR, 300)]);
        assert_eq!(spent(&budget, HOUR), 900);
        assert_eq!(spent(&budget, 24 * HOUR + 4), 900);
        assert_eq!(spent(&budget, 24 * HOUR + 5), 300);
        assert_eq!(spent(&budget, 25 * HOUR - 1), 300);
        assert_eq!(spent(&budget, 25 * HOUR), 0);
    }

    #[test]
    fn it_tells_when_enough_will_be_left() {
        let budget = budget(&[(5, 600), (HOUR, 300)]);
        let left_at = |fee| budget.left_at(Bytes::literal(fee), PER_DAY, at(HOUR)).map(Timestamp::as_millis);
        assert_eq!(left_at(100), Some(HOUR));
        assert_eq!(left_at(101), Some(24 * HOUR + 5));
        assert_eq!(left_at(700), Some(24 * HOUR + 5));
        assert_eq!(left_at(701), Some(25 * HOUR));
        assert_eq!(left_at(1_000), Some(25 * HOUR));
        assert_eq!(left_at(1_001), None);
    }

    #[test]
    fn fees_of_a_minute_count_until_the_last_of_them_is_a_day_old() {
        let budget = budget(&[(0, 1), (59_999, 2), (60_000, 4)]);
        assert_eq!(budget.grains.len(), 2);
        assert_eq!(spent(&budget, 24 * HOUR + 59_998), 7);
        assert_eq!(spent(&budget, 24 * HOUR + 59_999), 4);
        assert_eq!(spent(&budget, 24 * HOUR + 60_000), 0);
    }

    #[test]
    fn a_week_of_units_is_kept_in_little_room() {
        let mut budget = DailyBudget::default();
        for second in 0..7 * 24 * 3_600 {
            budget.note(at(second * 1000), Bytes::literal(1));
        }
        assert!(budget.grains.len() <= 24 * 60 + 1, "{}", budget.grains.len());
        let spent = spent(&budget, 7 * 24 * HOUR);
        assert!((24 * 3_600..=24 * 3_600 + 60).contains(&spent), "{spent}");
    }

    #[test]
    fn a_clock_that_is_set_back_sets_nothing_free() {
        let mut budget = budget(&[(10 * HOUR, 600)]);
        budget.note(at(9 * HOUR), Bytes::literal(300));
        assert_eq!(spent(&budget, 9 * HOUR), 900);
        assert_eq!(spent(&budget, 34 * HOUR - 1), 900);
    }
}
