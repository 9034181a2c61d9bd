//! Currencies, and amounts of them.

use std::fmt;
use std::str::FromStr;

use crate::decimal::{Decimal, DecimalError};

/// A currency in which a purchase may be reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Currency {
    /// Dollars of the United States.
    Usd,
    /// Euros.
    Eur,
    /// Russian roubles; `RUB` is read as the same.
    Rur,
    /// Billions of bytes.
    Gbyte,
    /// Bitcoins.
    Btc,
}

/// The text names no supported currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("currency is not supported, use one of USD, EUR, RUR (RUB), GBYTE, BTC")]
pub struct UnknownCurrency;

impl Currency {
    /// All of them, in the order in which errors name them.
    pub const ALL: [Self; 5] = [Self::Usd, Self::Eur, Self::Rur, Self::Gbyte, Self::Btc];

    /// The stable code: upper case, `RUR` for roubles.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Usd => "USD",
            Self::Eur => "EUR",
            Self::Rur => "RUR",
            Self::Gbyte => "GBYTE",
            Self::Btc => "BTC",
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl FromStr for Currency {
    type Err = UnknownCurrency;

    /// Reads a code in any case, with white space around it.
    fn from_str(text: &str) -> Result<Self, UnknownCurrency> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("RUB") {
            return Ok(Self::Rur);
        }
        let named = |currency: &Self| text.eq_ignore_ascii_case(currency.code());
        Self::ALL.into_iter().find(named).ok_or(UnknownCurrency)
    }
}

/// How much of a currency: an exact decimal above 0 and up to 1e15, with at most 18 digits that count
/// and at most 24 decimals.
///
/// Amounts are equal if their values are, however they were written. [`fmt::Display`] gives the
/// canonical text, without exponent and without needless zeros, which reads back as the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(Decimal);

/// Why a text is no amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Not a decimal.
    #[error("currency_amount is not a number, write it like 12.50")]
    NotANumber,
    /// Zero or below.
    #[error("currency_amount must be above zero")]
    NotPositive,
    /// A comma that may part thousands.
    #[error("currency_amount has an ambiguous comma, write it like 1234.50")]
    AmbiguousComma,
    /// More digits than are kept exactly.
    #[error("currency_amount has too many digits, at most 18 and at most 24 decimals are read")]
    TooManyDigits,
    /// Above 1e15.
    #[error("currency_amount is too large")]
    TooLarge,
}

impl Amount {
    pub(crate) const fn decimal(self) -> Decimal {
        self.0
    }
}

impl FromStr for Amount {
    type Err = AmountError;

    /// Reads `12.50`, `60`, `.5`, `6.0E-5` (as PHP prints small numbers) or `12,50`, with white space
    /// around it. Nothing is rounded. A comma must be unambiguous: no point, no other comma, not
    /// exactly three digits behind it.
    fn from_str(text: &str) -> Result<Self, AmountError> {
        match Decimal::parse(text) {
            Ok(value) if value.is_zero() => Err(AmountError::NotPositive),
            Ok(value) => Ok(Self(value)),
            Err(DecimalError::NotANumber) => Err(AmountError::NotANumber),
            Err(DecimalError::Negative) => Err(AmountError::NotPositive),
            Err(DecimalError::AmbiguousComma) => Err(AmountError::AmbiguousComma),
            Err(DecimalError::TooManyDigits) => Err(AmountError::TooManyDigits),
            Err(DecimalError::TooLarge) => Err(AmountError::TooLarge),
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An amount with its currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CurrencyAmount {
    /// How much.
    pub amount: Amount,
    /// Of what.
    pub currency: Currency,
}

impl fmt::Display for CurrencyAmount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.currency)
    }
}
