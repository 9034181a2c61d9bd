//! Whole numbers wide enough for the exact products of this crate.

/// A whole number below two to the power of 448, about 7e134; the last limb is the most significant.
///
/// The largest product of this crate has 128 digits (see [`crate::value::Value`]), so nothing is ever lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wide([u64; LIMBS]);

const LIMBS: usize = 7;
/// As many zeros as one limb of decimal digits has.
const LIMB_DIGITS: usize = 19;

impl Wide {
    /// This number.
    pub(crate) const fn of(number: u64) -> Self {
        let mut limbs = [0; LIMBS];
        limbs[0] = number;
        Self(limbs)
    }

    /// Nothing.
    pub(crate) const ZERO: Self = Self::of(0);

    /// The sum of both.
    ///
    /// # Panics
    /// At two to the power of 448.
    #[must_use]
    pub(crate) fn plus(self, other: Self) -> Self {
        let mut limbs = self.0;
        let mut carry = false;
        for (limb, more) in limbs.iter_mut().zip(other.0) {
            (*limb, carry) = limb.carrying_add(more, carry);
        }
        assert!(!carry, "sums of this crate stay below 2^448");
        Self(limbs)
    }

    /// What is left when `other` is taken away; nothing where that is more.
    #[must_use]
    pub(crate) fn minus(self, other: Self) -> Self {
        if self <= other {
            return Self::ZERO;
        }
        let mut limbs = self.0;
        let mut borrow = false;
        for (limb, less) in limbs.iter_mut().zip(other.0) {
            (*limb, borrow) = limb.borrowing_sub(less, borrow);
        }
        Self(limbs)
    }

    /// This many times the number.
    ///
    /// # Panics
    /// At two to the power of 448.
    #[must_use]
    pub(crate) fn times(self, factor: u64) -> Self {
        let mut limbs = self.0;
        let mut carry = 0u64;
        for limb in &mut limbs {
            let product = u128::from(*limb) * u128::from(factor) + u128::from(carry);
            *limb = u64::try_from(product & u128::from(u64::MAX)).expect("masked to 64 bits");
            carry = u64::try_from(product >> 64).expect("the upper half of a product");
        }
        assert_eq!(carry, 0, "products of this crate stay below 2^448");
        Self(limbs)
    }

    /// The number with that many zeros behind it.
    ///
    /// # Panics
    /// At two to the power of 448.
    #[must_use]
    pub(crate) fn times_power_of_ten(self, zeros: u32) -> Self {
        (0..zeros).fold(self, |number, _| number.times(10))
    }

    /// How often `divisor` goes into this number, if at most `limit` times.
    ///
    /// # Panics
    /// Where the divisor is zero, or `limit + 1` times the divisor is not below 2^448.
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

    /// The decimal digits, without leading zeros; `0` for nothing.
    pub(crate) fn digits(self) -> String {
        const TEN_POWER: u64 = 10u64.pow(LIMB_DIGITS as u32);
        let (mut rest, mut groups) = (self, Vec::new());
        while rest != Self::ZERO {
            let mut remainder = 0u64;
            for limb in rest.0.iter_mut().rev() {
                let dividend = (u128::from(remainder) << 64) | u128::from(*limb);
                let divisor = u128::from(TEN_POWER);
                *limb = u64::try_from(dividend / divisor).expect("the remainder is below the divisor");
                remainder = u64::try_from(dividend % divisor).expect("below the divisor");
            }
            groups.push(format!("{remainder:019}"));
        }
        groups.reverse();
        let digits = groups.concat();
        let digits = digits.trim_start_matches('0');
        if digits.is_empty() { "0".to_owned() } else { digits.to_owned() }
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
        Wide([low, high, 0, 0, 0, 0, 0])
    }

    #[test]
    fn the_largest_numbers_compare_and_divide() {
        let large = Wide::of(1).times_power_of_ten(134);
        assert!(large > Wide::of(u64::MAX).times_power_of_ten(114));
        assert_eq!(large.divided_by(Wide::of(1).times_power_of_ten(118), 10u64.pow(16)), Some(10u64.pow(16)));
        assert_eq!(large.divided_by(Wide::of(2).times_power_of_ten(118), 1), None);
        assert_eq!(large.digits(), format!("1{}", "0".repeat(134)));
        assert_eq!(large.minus(Wide::of(1)).digits(), "9".repeat(134));
        assert_eq!(large.minus(Wide::of(1)).plus(Wide::of(1)), large);
    }

    proptest! {
        #[test]
        fn products_agree_with_the_machine(one in any::<u64>(), other in any::<u64>()) {
            prop_assert_eq!(Wide::of(one).times(other), wide(u128::from(one) * u128::from(other)));
        }

        #[test]
        fn sums_and_differences_agree_with_the_machine(one in 0..u128::MAX / 2, other in 0..u128::MAX / 2) {
            prop_assert_eq!(wide(one).plus(wide(other)), wide(one + other));
            prop_assert_eq!(wide(one).minus(wide(other)), wide(one.saturating_sub(other)));
        }

        #[test]
        fn digits_agree_with_the_machine(number in any::<u128>(), shift in 0u32..128) {
            prop_assert_eq!(wide(number >> shift).digits(), (number >> shift).to_string());
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
