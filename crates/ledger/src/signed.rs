//! Bytes with a sign.

use std::fmt;

use obyte::Bytes;

/// A change of an account, or its balance: bytes that may be negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SignedBytes(i64);

impl SignedBytes {
    /// No bytes at all.
    pub const ZERO: Self = Self(0);

    /// A number of bytes as the database holds it.
    pub const fn new(bytes: i64) -> Self {
        Self(bytes)
    }

    /// The number of bytes.
    pub const fn get(self) -> i64 {
        self.0
    }

    /// Whether this is nothing.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// Whether this is below zero.
    pub const fn is_negative(self) -> bool {
        self.0 < 0
    }

    /// The sum, if an `i64` holds it.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// As an amount, if it is not negative and at most [`Bytes::MAX`].
    pub fn to_bytes(self) -> Option<Bytes> {
        Bytes::try_from(self.0).ok()
    }
}

impl From<Bytes> for SignedBytes {
    fn from(amount: Bytes) -> Self {
        Self(amount.into())
    }
}

impl From<SignedBytes> for i128 {
    fn from(amount: SignedBytes) -> Self {
        amount.0.into()
    }
}

impl fmt::Display for SignedBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_not_negative_is_an_amount() {
        assert_eq!(SignedBytes::from(Bytes::MAX).to_bytes(), Some(Bytes::MAX));
        assert_eq!(SignedBytes::new(-1).to_bytes(), None);
        assert_eq!(SignedBytes::new(i64::MAX).to_bytes(), None);
    }

    #[test]
    fn a_sum_that_does_not_fit_is_nothing() {
        assert_eq!(SignedBytes::new(i64::MAX).checked_add(SignedBytes::new(1)), None);
        assert_eq!(SignedBytes::new(2).checked_add(SignedBytes::new(-3)), Some(SignedBytes::new(-1)));
    }
}
