//! Ceilings: what a hub can make us prepay at most.

use obyte::Bytes;

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

    /// What has to be set aside when one payout is accepted, so that it can always leave, even alone: its
    /// TPS fee at the ceiling and the size of a unit with one payout, change and definition; and the same
    /// again for a unit that pulls it in.
    pub fn reserve(&self) -> Bytes {
        self.pull().checked_mul(2).expect("ceilings are far below the cap")
    }

    /// What a unit that pays nobody costs at most.
    pub fn pull(&self) -> Bytes {
        self.per_payout.checked_add(LONE_UNIT).expect("ceilings are far below the cap")
    }
}

/// The size of a unit that pays one output and change from one coin and shows its definition, on the
/// network with the longest version (4.5), with one more coin to top up.
const LONE_UNIT: Bytes = Bytes::literal(468 + 3 + 116 + 2 * 89 + 2 * 53);

#[cfg(test)]
mod tests {
    use super::*;

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
            let pull = limits.pull().get();
            assert!(size + tps + pull <= limits.reserve().get() * payouts, "{payouts}");
        }
    }
}
