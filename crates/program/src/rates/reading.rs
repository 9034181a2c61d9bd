//! What sources tell.

use std::fmt;
use std::str::FromStr;

use super::{Moment, Rate};

/// Who tells prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RateSource {
    /// The operator, in the configuration.
    Fixed,
    /// The hub that the endpoint asks (10).
    Hub,
    /// CoinGecko's simple price.
    CoinGecko,
    /// CoinPaprika's tickers.
    CoinPaprika,
    /// The European Central Bank's daily reference rates.
    Ecb,
    /// The Bank of Russia's daily official rates.
    Cbr,
}

/// The text names no source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the source is unknown, use some of hub, coingecko, coinpaprika, ecb, cbr")]
pub struct UnknownSource;

impl RateSource {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Fixed, Self::Hub, Self::CoinGecko, Self::CoinPaprika, Self::Ecb, Self::Cbr];

    /// The stable code, such as `coingecko`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Fixed => "fixed",
            Self::Hub => "hub",
            Self::CoinGecko => "coingecko",
            Self::CoinPaprika => "coinpaprika",
            Self::Ecb => "ecb",
            Self::Cbr => "cbr",
        }
    }

    /// Whether it tells one price a working day, which holds until the next one.
    pub const fn is_daily(self) -> bool {
        matches!(self, Self::Ecb | Self::Cbr)
    }
}

impl fmt::Display for RateSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl FromStr for RateSource {
    type Err = UnknownSource;

    fn from_str(text: &str) -> Result<Self, UnknownSource> {
        Self::ALL.into_iter().find(|source| source.code() == text).ok_or(UnknownSource)
    }
}

/// A price as one source told it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reading {
    /// Since when the price holds, as the source says; where it does not say, when it was asked.
    pub at: Moment,
    /// Who told it.
    pub source: RateSource,
    /// The price.
    pub rate: Rate,
}
