//! Whole numbers wide enough for the exact products of this crate.

/// A whole number below two to the power of 320, about 2e96; the last limb is the most significant.
///
/// The largest product of this crate has 90 digits (see [`crate::Worth`]), so nothing is ever lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wide([u64; LIMBS]);

const LIMBS: usize = 5;

impl Wide {
    /// This number.
    pub(crate) const fn of(number: u64) -> Self {
        Self([number, 0, 0, 0, 0])
    }

    /// This many times the number.
    ///
    /// # Panics
    /// At two to the power of 320.
    #[must_use]
    pub(crate) fn times(self, factor: u64) -> Self {
        let mut limbs = self.0;
        let mut carry = 0u64;
        for limb in &mut limbs {
            let product = u128::from(*limb) * u128::from(factor) + u128::from(carry);
            *limb = u64::try_from(product & u128::from(u64::MAX)).expect("masked to 64 bits");
            carry = u64::try_from(product >> 64).expect("the upper half of a product");
        }
        assert_eq!(carry, 0, "products of this crate stay below 2^320");
        Self(limbs)
    }

    /// The number with that many zeros behind it.
    ///
    /// # Panics
    /// At two to the power of 320.
    #[must_use]
    pub(crate) fn times_power_of_ten(self, zeros: u32) -> Self {
        (0..zeros).fold(self, |number, _| number.times(10))
    }

    /// How often `divisor` goes into this number, if at most `limit` times.
    ///
    /// # Panics
    /// Where the divisor is zero, or `limit + 1` times the divisor is not below 2^320.
    pub(crate) fn divided_by(self, divisor: Self, limit: u64) -> Option<u64> {
        assert_ne!(divisor, Self::of(0), "nothing is divided by zero");
        if divisor.times(limit + 1) <= self {
            return None;
        }
        // Invariant: `low` times fits, `high` times does not.
        let (mut low, mut high) = (0, limit + 1);
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if divisor.times(middle) <= self { low = middle } else { high = middle }
        }
        Some(low)
    }
}

impl Ord for Wide {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.iter().rev().cmp(other.0.iter().rev())
    }
}

impl PartialOrd for Wide {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wide(number: u128) -> Wide {
        let low = u64::try_from(number & u128::from(u64::MAX)).expect("masked to 64 bits");
        let high = u64::try_from(number >> 64).expect("the upper half");
        Wide([low, high, 0, 0, 0])
    }

    #[test]
    fn the_largest_numbers_compare_and_divide() {
        let large = Wide::of(1).times_power_of_ten(96);
        assert!(large > Wide::of(u64::MAX).times_power_of_ten(76));
        assert_eq!(large.divided_by(Wide::of(1).times_power_of_ten(80), 10u64.pow(16)), Some(10u64.pow(16)));
        assert_eq!(large.divided_by(Wide::of(2).times_power_of_ten(80), 1), None);
    }

    proptest! {
        #[test]
        fn products_agree_with_the_machine(one in any::<u64>(), other in any::<u64>()) {
            prop_assert_eq!(Wide::of(one).times(other), wide(u128::from(one) * u128::from(other)));
        }

        #[test]
        fn order_agrees_with_the_machine(one in any::<u128>(), other in any::<u128>()) {
            prop_assert_eq!(wide(one).cmp(&wide(other)), one.cmp(&other));
        }

        #[test]
        fn quotients_agree_with_the_machine(
            number in any::<u128>(),
            divisor in 1..u128::MAX,
            limit in 0..u64::MAX,
            shift in 0u32..127,
        ) {
            let divisor = (divisor >> shift).max(1);
            let expected = u64::try_from(number / divisor).ok().filter(|times| *times <= limit);
            prop_assert_eq!(wide(number).divided_by(wide(divisor), limit), expected);
        }
    }
}
