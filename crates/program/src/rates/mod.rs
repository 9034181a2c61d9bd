//! Exchange rates, which of them may be used, and what an amount is worth in bytes.
//!
//! Sources tell [`Reading`]s of a [`Pair`]; the [`Guard`] makes of them one [`Rate`] that may be used, or
//! says why there is none; a [`RateTable`] of such rates makes an amount worth an exact number of bytes.

mod guard;
mod moment;
mod rate;
mod reading;
mod settings;

use std::fmt;
use std::str::FromStr;

use obyte::Bytes;

pub use self::guard::{Guard, GuardedRate, Unusable};
pub use self::moment::Moment;
pub use self::rate::{Rate, RateError};
pub use self::reading::{RateSource, Reading, UnknownSource};
pub use self::settings::{GuardSettings, PairSettings};
use crate::decimal::Decimal;
use crate::wide::Wide;
use crate::{Currency, CurrencyAmount, Percentage};

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

    /// What an amount is worth in bytes, exactly.
    ///
    /// # Errors
    /// [`NoRate`] if a price that this takes is not in the table. GBYTE takes none.
    pub fn worth(&self, purchase: CurrencyAmount) -> Result<Worth, NoRate> {
        let currency = purchase.currency;
        let price = |missing| self.get(missing).ok_or(NoRate { currency, missing });
        let (factor, divisor) = currency.prices();
        let mut worth = Worth::of_gbytes(purchase.amount.decimal());
        if let Some(pair) = factor {
            worth = worth.times(price(pair)?.decimal());
        }
        if let Some(pair) = divisor {
            worth = worth.over(price(pair)?.decimal());
        }
        Ok(worth)
    }
}

/// An exact number of bytes, as a rational: `numerator / denominator`.
///
/// It is made of an amount, at most one factor and at most one divisor, each of at most 18 digits and
/// 24 decimals. A share multiplies by at most 1e8 and divides by 1e8. The numerator is then below
/// 10^(18 + 9 + 18 + 24 + 8 + 1) = 10^78, and the denominator below 10^(24 + 24 + 18 + 9) = 10^75;
/// a quotient up to [`Bytes::MAX`] times the latter is below 10^91. 448 bits hold 10^134.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Worth {
    numerator: Wide,
    denominator: Wide,
}

impl Worth {
    fn of_gbytes(amount: Decimal) -> Self {
        Self {
            numerator: Wide::of(amount.mantissa()).times(Bytes::GBYTE.get()),
            denominator: Wide::of(1).times_power_of_ten(amount.scale()),
        }
    }

    fn times(self, factor: Decimal) -> Self {
        Self {
            numerator: self.numerator.times(factor.mantissa()),
            denominator: self.denominator.times_power_of_ten(factor.scale()),
        }
    }

    fn over(self, divisor: Decimal) -> Self {
        Self {
            numerator: self.numerator.times_power_of_ten(divisor.scale()),
            denominator: self.denominator.times(divisor.mantissa()),
        }
    }

    /// All of it, rounded down to whole bytes; nothing if that is above [`Bytes::MAX`].
    pub fn floor(self) -> Option<Bytes> {
        self.share(Percentage::HUNDRED)
    }

    /// A percentage of it, rounded down to whole bytes; nothing if that is above [`Bytes::MAX`].
    pub fn share(self, percentage: Percentage) -> Option<Bytes> {
        let part = self.numerator.times(percentage.millionths().into());
        let whole = self.denominator.times(Percentage::UNIT);
        let bytes = part.divided_by(whole, Bytes::MAX.get())?;
        Some(Bytes::new(bytes).expect("the quotient is at most the limit"))
    }
}
