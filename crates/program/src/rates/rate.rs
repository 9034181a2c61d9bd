//! A price, exactly.

use std::fmt;
use std::str::FromStr;

use crate::Percentage;
use crate::decimal::{Decimal, DecimalError};
use crate::wide::Wide;

/// A price: an exact decimal above 0 and up to 1e15, with at most 18 digits that count and at most 24
/// decimals. [`fmt::Display`] gives the canonical text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(Decimal);

/// The text is no rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a rate is a number above zero like 20.35, with at most 18 digits and up to 1e15")]
pub struct RateError;

impl FromStr for Rate {
    type Err = RateError;

    /// Reads the text of a JSON number, or any other that [`crate::Amount`] reads, but no comma.
    fn from_str(text: &str) -> Result<Self, RateError> {
        match Decimal::parse(text) {
            Ok(value) if !value.is_zero() && !text.contains(',') => Ok(Self(value)),
            Ok(_)
            | Err(
                DecimalError::NotANumber
                | DecimalError::Negative
                | DecimalError::AmbiguousComma
                | DecimalError::TooManyDigits
                | DecimalError::TooLarge,
            ) => Err(RateError),
        }
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Rate {
    pub(crate) const fn decimal(self) -> Decimal {
        self.0
    }

    /// This price over another, cut to 18 digits that count and 24 decimals; nothing where that is no rate.
    ///
    /// With one thing in two currencies it tells what one of these is worth in the other.
    pub fn over(self, other: Self) -> Option<Self> {
        let (one, other) = (self.0, other.0);
        let numerator = Wide::of(one.mantissa()).times_power_of_ten(other.scale());
        let denominator = Wide::of(other.mantissa()).times_power_of_ten(one.scale());
        Decimal::quotient(numerator, denominator).filter(|value| !value.is_zero()).map(Self)
    }

    /// Half way between two prices, cut as by [`Self::over`]; never outside of them.
    #[must_use]
    pub fn between(self, other: Self) -> Self {
        let scale = self.0.scale().max(other.0.scale());
        let aligned = |value: Decimal| Wide::of(value.mantissa()).times_power_of_ten(scale - value.scale());
        let sum = aligned(self.0).plus(aligned(other.0));
        let middle = Decimal::quotient(sum, Wide::of(2).times_power_of_ten(scale));
        Self(middle.expect("what lies between two rates is a rate"))
    }

    /// Whether the higher of two prices is at most this percentage above the lower one.
    pub fn is_near(self, other: Self, percentage: Percentage) -> bool {
        let (low, high) = if self <= other { (self.0, other.0) } else { (other.0, self.0) };
        let most = Percentage::UNIT + u64::from(percentage.millionths());
        let is = Wide::of(high.mantissa()).times_power_of_ten(low.scale()).times(Percentage::UNIT);
        let may_be = Wide::of(low.mantissa()).times_power_of_ten(high.scale()).times(most);
        is <= may_be
    }
}
