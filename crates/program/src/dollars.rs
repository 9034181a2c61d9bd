//! Dollars, in which the rules name their amounts.

use std::fmt;
use std::str::FromStr;

use crate::Amount;
use crate::decimal::Decimal;
use crate::value::Part;

/// An amount of dollars in the rules: an exact decimal above 0 and up to 1e15. [`fmt::Display`] gives
/// `12.5 USD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Dollars(Amount);

/// The text is no amount of dollars.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an amount of dollars is a number above zero like 12.50, with at most 18 digits and up to 1e15")]
pub struct DollarsError;

impl Dollars {
    /// The number alone.
    pub const fn amount(self) -> Amount {
        self.0
    }

    /// In whole cents, rounded down.
    pub fn turnover(self) -> Turnover {
        Part::of(self.decimal()).turnover()
    }

    pub(crate) const fn decimal(self) -> Decimal {
        self.0.decimal()
    }
}

impl FromStr for Dollars {
    type Err = DollarsError;

    /// Reads what [`Amount`] reads, without a unit.
    fn from_str(text: &str) -> Result<Self, DollarsError> {
        text.parse().map(Self).map_err(|_| DollarsError)
    }
}

impl fmt::Display for Dollars {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} USD", self.0)
    }
}

/// How much a shop has sold: whole cents of dollars, each purchase rounded down, at the prices of its day.
/// The most that is counted is [`Turnover::MAX`], more than anybody ever sells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Turnover(u64);

impl Turnover {
    /// Nothing sold.
    pub const ZERO: Self = Self(0);
    /// As many cents as a signed number of 64 bits holds, since databases have no other.
    pub const MAX: Self = Self(i64::MAX as u64);

    /// So many cents, [`Turnover::MAX`] at the most.
    pub const fn of_cents(cents: u64) -> Self {
        if cents > Self::MAX.0 { Self::MAX } else { Self(cents) }
    }

    /// In cents.
    pub const fn cents(self) -> u64 {
        self.0
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self::of_cents(self.0.saturating_add(other.0))
    }
}

impl fmt::Display for Turnover {
    /// `1234.50 USD`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02} USD", self.0 / 100, self.0 % 100)
    }
}
