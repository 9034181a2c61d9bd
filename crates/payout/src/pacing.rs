//! When to send, and how much TPS fee to pay for it.
//!
//! The TPS fee grows exponentially with units per second (4.10), so payouts gather into batches. A batch
//! leaves when it is full, or when waiting a little longer would save less fee than that waiting is
//! worth. After a quiet second a lone payout leaves at once.

use std::time::Duration;

use obyte::Bytes;
use obyte::fee::{Load, TpsLaw};

use crate::Timestamp;

/// In what steps waiting is weighed.
const STEP: Duration = Duration::from_millis(10);
/// Nobody waits longer for company than this.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Beside the change, 128 outputs are the limit (1.1).
const BATCH_MAX: usize = 127;

/// How paying is paced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pacing {
    /// What one second of waiting is worth, in bytes of fee.
    pub price_per_second: Bytes,
    /// How many payouts fill a batch, at least 1 and at most 127.
    pub batch: usize,
}

impl Default for Pacing {
    fn default() -> Self {
        Self { price_per_second: Bytes::literal(200), batch: BATCH_MAX }
    }
}

impl Pacing {
    /// The least time between two units that are not full, under this law.
    ///
    /// Between units that follow each other after a gap the load is one unit per gap. The gap is long
    /// enough when one more step of it would save less than the price of that step.
    pub fn gap(&self, law: &TpsLaw) -> Duration {
        let price_of_step = self.price_per_second.get() * millis(STEP) / 1000;
        // From the longest wait downwards: for very short gaps the law asks more than can be told apart.
        let mut gap = LONGEST_WAIT;
        let mut fee = fee_after(law, gap);
        while gap > STEP {
            let fee_before = fee_after(law, gap - STEP);
            if fee_before.saturating_sub(fee).get() > price_of_step {
                return gap;
            }
            (gap, fee) = (gap - STEP, fee_before);
        }
        // Without fees there is nothing to wait for.
        Duration::ZERO
    }

    /// How many payouts fill a batch, whatever was configured.
    pub(crate) fn batch_size(&self) -> usize {
        self.batch.clamp(1, BATCH_MAX)
    }

    /// When a batch of so many payouts may leave: now where it is full.
    pub fn send_at(
        &self,
        gap: Duration,
        queued: usize,
        last_sent: Option<Timestamp>,
        now: Timestamp,
    ) -> Timestamp {
        match last_sent {
            Some(last) if queued < self.batch_size() => last.plus(gap).max(now),
            _ => now,
        }
    }
}

/// The TPS fee of a unit that comes a gap after the one before.
fn fee_after(law: &TpsLaw, gap: Duration) -> Bytes {
    // So many units in so many seconds, both taken a thousandfold.
    law.charged(Load::of(1000, millis(gap)), 0)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).expect("waiting is short")
}

/// Ceilings on the TPS fee that is paid in advance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FeeLimits {
    /// At most so much for each payout in a unit.
    pub per_payout: Bytes,
    /// At most so much for one unit.
    pub per_unit: Bytes,
    /// At most so much within a day.
    pub per_day: Bytes,
}

impl Default for FeeLimits {
    fn default() -> Self {
        Self { per_payout: Bytes::literal(1_000), per_unit: Bytes::literal(50_000), per_day: Bytes::GBYTE }
    }
}

impl FeeLimits {
    /// The most that a unit with so many payouts may pay, when `spent` was paid within the last day.
    pub fn ceiling(&self, payouts: usize, spent: Bytes) -> Bytes {
        let payouts = u64::try_from(payouts).expect("a unit has at most 128 outputs");
        let by_payouts = self.per_payout.checked_mul(payouts).unwrap_or(Bytes::MAX);
        by_payouts.min(self.per_unit).min(self.per_day.saturating_sub(spent))
    }

    /// What has to be set aside when one payout is accepted, so that it can always leave, even alone:
    /// its TPS fee at the ceiling and the size of a unit with one payout, change and definition.
    pub fn reserve(&self) -> Bytes {
        self.per_payout.checked_add(LONE_UNIT).expect("ceilings are far below the cap")
    }
}

/// The size of a unit that pays one output and change from one coin and shows its definition, on the
/// network with the longest version (4.5), with one more coin to top up.
const LONE_UNIT: Bytes = Bytes::literal(468 + 3 + 116 + 2 * 89 + 2 * 53);

#[cfg(test)]
mod tests {
    use super::*;

    const LAWS: [TpsLaw; 2] = [TpsLaw::DEFAULT, TpsLaw::DEVNET];

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn a_lone_payout_after_a_quiet_second_leaves_at_once() {
        for law in LAWS {
            let gap = Pacing::default().gap(&law);
            assert!(gap <= LONGEST_WAIT, "{gap:?}");
            assert_eq!(Pacing::default().send_at(gap, 1, Some(at(0)), at(1000)), at(1000));
            assert_eq!(Pacing::default().send_at(gap, 1, None, at(5)), at(5));
        }
    }

    #[test]
    fn a_full_batch_never_waits() {
        let pacing = Pacing::default();
        assert_eq!(pacing.send_at(pacing.gap(&LAWS[0]), 127, Some(at(10)), at(10)), at(10));
    }

    #[test]
    fn units_that_are_not_full_keep_a_gap_that_grows_with_the_fee() {
        let pacing = Pacing::default();
        let (livenet, devnet) = (pacing.gap(&LAWS[0]), pacing.gap(&LAWS[1]));
        assert!(livenet > devnet, "{livenet:?} {devnet:?}");
        assert_eq!(pacing.send_at(devnet, 126, Some(at(100)), at(101)), at(100).plus(devnet));
    }

    #[test]
    fn without_fees_nobody_waits() {
        let free = TpsLaw { base_fee: 0.0, ..TpsLaw::DEFAULT };
        assert_eq!(Pacing::default().gap(&free), Duration::ZERO);
    }

    #[test]
    fn the_ceiling_is_the_lowest_of_the_three() {
        let limits = FeeLimits::default();
        assert_eq!(limits.ceiling(1, Bytes::ZERO), Bytes::literal(1_000));
        assert_eq!(limits.ceiling(127, Bytes::ZERO), Bytes::literal(50_000));
        assert_eq!(limits.ceiling(127, Bytes::GBYTE), Bytes::ZERO);
    }

    #[test]
    fn the_reserve_covers_a_unit_of_any_number_of_payouts() {
        let limits = FeeLimits::default();
        for payouts in 1..=127u64 {
            let size = LONE_UNIT.get() + 53 * (payouts - 1);
            let tps = limits.ceiling(usize::try_from(payouts).expect("small"), Bytes::ZERO).get();
            assert!(size + tps <= limits.reserve().get() * payouts, "{payouts}");
        }
    }
}
