//! Amounts of bytes, the base currency.

use std::fmt;
use std::iter::Sum;

use serde::{Deserialize, Deserializer, Serialize};

/// A whole number of bytes between 0 and [`Bytes::MAX`].
///
/// Arithmetic is checked: there is no `+` that could wrap. 1 GBYTE is 1e9 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Bytes(u64);

/// An amount is outside of what the network can express.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the amount is not between 0 and {max} bytes", max = Bytes::MAX)]
pub struct AmountError;

impl Bytes {
    /// No bytes at all.
    pub const ZERO: Self = Self(0);
    /// The most that one output, and one sum of outputs, may hold (`MAX_CAP`, section 1).
    pub const MAX: Self = Self(9_000_000_000_000_000);
    /// One GBYTE.
    pub const GBYTE: Self = Self(1_000_000_000);

    /// An amount, if it is at most [`Bytes::MAX`].
    pub const fn new(bytes: u64) -> Result<Self, AmountError> {
        if bytes <= Self::MAX.0 { Ok(Self(bytes)) } else { Err(AmountError) }
    }

    /// An amount written in the source.
    ///
    /// # Panics
    /// Above [`Bytes::MAX`]; in a constant that is an error of compilation.
    pub const fn literal(bytes: u64) -> Self {
        assert!(bytes <= Self::MAX.0, "the amount is above the cap");
        Self(bytes)
    }

    /// The number of bytes.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// Whether this is nothing.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The sum, if it is in range.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).and_then(|sum| Self::new(sum).ok())
    }

    /// The difference, if it is not negative.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.0.checked_sub(other.0).map(Self)
    }

    /// The difference, or nothing where it would be negative.
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// This amount `times` over, if it is in range.
    pub fn checked_mul(self, times: u64) -> Option<Self> {
        self.0.checked_mul(times).and_then(|product| Self::new(product).ok())
    }

    /// The sum of many, if it is in range.
    pub fn checked_sum(amounts: impl IntoIterator<Item = Self>) -> Option<Self> {
        amounts.into_iter().try_fold(Self::ZERO, Self::checked_add)
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<u64> for Bytes {
    type Error = AmountError;

    fn try_from(bytes: u64) -> Result<Self, Self::Error> {
        Self::new(bytes)
    }
}

impl TryFrom<i64> for Bytes {
    type Error = AmountError;

    fn try_from(bytes: i64) -> Result<Self, Self::Error> {
        u64::try_from(bytes).map_err(|_| AmountError).and_then(Self::new)
    }
}

impl From<Bytes> for i64 {
    fn from(amount: Bytes) -> Self {
        i64::try_from(amount.0).expect("the cap fits into an i64")
    }
}

impl From<Bytes> for i128 {
    fn from(amount: Bytes) -> Self {
        i128::from(amount.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = u64::deserialize(deserializer)?;
        Self::new(bytes).map_err(serde::de::Error::custom)
    }
}

/// For sums that are known to be in range.
///
/// # Panics
/// Where the sum is above [`Bytes::MAX`]; use [`Bytes::checked_sum`] for anything from outside.
impl Sum for Bytes {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        Self::checked_sum(iter).expect("the sum of known amounts is in range")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_above_the_cap_is_refused() {
        assert_eq!(Bytes::new(Bytes::MAX.get()), Ok(Bytes::MAX));
        assert_eq!(Bytes::new(Bytes::MAX.get() + 1), Err(AmountError));
        assert_eq!(Bytes::try_from(-1i64), Err(AmountError));
        assert!(serde_json::from_str::<Bytes>("9000000000000001").is_err());
        assert!(serde_json::from_str::<Bytes>("1.5").is_err());
    }

    #[test]
    fn sums_and_differences_stay_in_range() {
        assert_eq!(Bytes::MAX.checked_add(Bytes::literal(1)), None);
        assert_eq!(Bytes::ZERO.checked_sub(Bytes::literal(1)), None);
        assert_eq!(Bytes::checked_sum([Bytes::MAX, Bytes::ZERO]), Some(Bytes::MAX));
    }
}
