//! Exchange rates, which of them may be used, and what an amount is worth in bytes.
//!
//! Sources tell [`Reading`]s of a [`Pair`]; the [`Guard`] makes of them one [`Rate`] that may be used, or
//! says why there is none; a [`RateTable`] of such rates is what a purchase is valued by.

mod guard;
mod moment;
mod rate;
mod reading;
mod settings;

use std::fmt;
use std::str::FromStr;

pub use self::guard::{Guard, GuardedRate, Unusable};
pub use self::moment::Moment;
pub use self::rate::{Rate, RateError};
pub use self::reading::{RateSource, Reading, UnknownSource};
pub use self::settings::{GuardSettings, PairSettings};
use crate::Currency;

/// A price in dollars that the programme needs, by the name that hubs and configuration use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pair {
    /// Dollars per GBYTE.
    GbyteUsd,
    /// Dollars per bitcoin.
    BtcUsd,
    /// Dollars per euro.
    EurUsd,
    /// Dollars per rouble.
    RubUsd,
}

/// The text names no pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the pair is unknown, use one of GBYTE_USD, BTC_USD, EUR_USD, RUB_USD")]
pub struct UnknownPair;

impl Pair {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::GbyteUsd, Self::BtcUsd, Self::EurUsd, Self::RubUsd];

    /// The stable code, such as `GBYTE_USD`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::GbyteUsd => "GBYTE_USD",
            Self::BtcUsd => "BTC_USD",
            Self::EurUsd => "EUR_USD",
            Self::RubUsd => "RUB_USD",
        }
    }

    const fn index(self) -> usize {
        match self {
            Self::GbyteUsd => 0,
            Self::BtcUsd => 1,
            Self::EurUsd => 2,
            Self::RubUsd => 3,
        }
    }
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl FromStr for Pair {
    type Err = UnknownPair;

    fn from_str(text: &str) -> Result<Self, UnknownPair> {
        Self::ALL.into_iter().find(|pair| pair.code() == text).ok_or(UnknownPair)
    }
}

impl Currency {
    /// The prices that make GBYTE of an amount: one multiplies it, one divides it.
    pub(crate) const fn prices(self) -> (Option<Pair>, Option<Pair>) {
        match self {
            Self::Gbyte => (None, None),
            Self::Usd => (None, Some(Pair::GbyteUsd)),
            Self::Eur => (Some(Pair::EurUsd), Some(Pair::GbyteUsd)),
            Self::Rur => (Some(Pair::RubUsd), Some(Pair::GbyteUsd)),
            Self::Btc => (Some(Pair::BtcUsd), Some(Pair::GbyteUsd)),
        }
    }

    /// The prices that an amount of it takes; none for GBYTE.
    pub fn pairs(self) -> impl Iterator<Item = Pair> {
        let (factor, divisor) = self.prices();
        factor.into_iter().chain(divisor)
    }
}

/// The prices that are known and may be used now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateTable([Option<Rate>; Pair::ALL.len()]);

/// A price that is needed is not in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no rate for {currency} right now, please repeat later")]
pub struct NoRate {
    /// The currency of the purchase.
    pub currency: Currency,
    /// The price that is missing.
    pub missing: Pair,
}

impl RateTable {
    /// A table without prices: only purchases in GBYTE can be quoted.
    pub fn new() -> Self {
        Self::default()
    }

    /// The table with this price added or replaced.
    #[must_use]
    pub fn with(mut self, pair: Pair, rate: Rate) -> Self {
        self.set(pair, Some(rate));
        self
    }

    /// Replaces a price, or takes it away.
    pub fn set(&mut self, pair: Pair, rate: Option<Rate>) {
        self.0[pair.index()] = rate;
    }

    /// A price, if it is known.
    pub const fn get(&self, pair: Pair) -> Option<Rate> {
        self.0[pair.index()]
    }
}
