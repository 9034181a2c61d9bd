//! Percentages, exactly.

use std::fmt;
use std::str::FromStr;

use crate::decimal::{Decimal, DecimalError};

/// Decimals of a percentage that are kept.
const DECIMALS: u32 = 6;
const MILLION: u32 = 1_000_000;

/// Between 0 and 100 percent, in steps of a millionth of a percent.
///
/// [`fmt::Display`] gives the canonical text, `2.5` without a sign behind it, which reads back as the
/// same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percentage {
    millionths: u32,
}

/// Why a text is no percentage, in words that stand behind the name of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PercentageError {
    /// Not a decimal.
    #[error("is not a number, write it like 2.5")]
    NotANumber,
    /// Below 0 or above 100.
    #[error("must be between 0 and 100")]
    OutOfRange,
    /// More digits than are kept exactly.
    #[error("has too many digits, at most 6 decimals are read")]
    TooManyDigits,
}

impl Percentage {
    /// Nothing: what a missing or empty field means.
    pub const ZERO: Self = Self { millionths: 0 };
    /// All of it.
    pub const HUNDRED: Self = Self::whole(100);
    /// How many millionths of a percent are the whole.
    pub(crate) const UNIT: u64 = 100 * MILLION as u64;

    /// A whole percentage written in the source.
    ///
    /// # Panics
    /// Above 100; in a constant that is an error of compilation.
    pub const fn whole(percent: u8) -> Self {
        assert!(percent <= 100, "a percentage is at most 100");
        Self { millionths: percent as u32 * MILLION }
    }

    /// In millionths of a percent.
    pub(crate) const fn millionths(self) -> u32 {
        self.millionths
    }

    /// Whether this is nothing.
    pub const fn is_zero(self) -> bool {
        self.millionths == 0
    }
}

impl FromStr for Percentage {
    type Err = PercentageError;

    /// Reads a decimal in any form that [`crate::Amount`] reads, with at most 6 decimals. What an
    /// empty text means is the caller's business.
    fn from_str(text: &str) -> Result<Self, PercentageError> {
        let value = Decimal::parse(text).map_err(|error| match error {
            DecimalError::NotANumber | DecimalError::AmbiguousComma => PercentageError::NotANumber,
            DecimalError::Negative | DecimalError::TooLarge => PercentageError::OutOfRange,
            DecimalError::TooManyDigits => PercentageError::TooManyDigits,
        })?;
        if value > Decimal::literal(100, 0) {
            return Err(PercentageError::OutOfRange);
        }
        let zeros = DECIMALS.checked_sub(value.scale()).ok_or(PercentageError::TooManyDigits)?;
        let millionths = value.mantissa() * 10u64.pow(zeros);
        Ok(Self { millionths: u32::try_from(millionths).expect("at most a hundred millions") })
    }
}

impl fmt::Display for Percentage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Decimal::literal(self.millionths.into(), DECIMALS).fmt(f)
    }
}
