//! The rules of the cashback programme, pure.
//!
//! From a purchase to bytes: [`CurrencyAmount`] and [`Percentage`] are read exactly from text, [`quote`]
//! values the amount by a [`RateTable`] as an exact rational number, and takes the shares of it by the [`Rules`].
//! There are no floats, and the only rounding is that of each share,
//! down to whole bytes, at the very end.
//!
//! The texts of all errors here are answered by the API: at most 100 ASCII characters in one line,
//! never a copy of the input (C12 of the clients' notes).

mod about;
mod currency;
mod day;
mod decimal;
mod dollars;
mod email;
mod explain;
mod language;
mod limits;
mod percentage;
mod purchase_unit;
mod quote;
mod rates;
mod recipient;
mod refund;
mod rules;
mod tiers;
mod value;
mod wide;

pub use about::about;
pub use currency::{Amount, AmountError, Currency, CurrencyAmount, UnknownCurrency};
pub use day::{Day, DayError};
pub use dollars::{Dollars, DollarsError, Turnover};
pub use email::{EmailAddress, EmailError};
pub use language::{Language, LanguageError};
pub use limits::{
    Asked, History, Judgement, Limit, LimitRules, LimitSetting, LimitSettingError, Retry, Spent, Standing,
    Stop, UnknownLimit, names_somebody,
};
pub use percentage::{Percentage, PercentageError};
pub use purchase_unit::{Payees, UnitClaim, UnitFault, UnitProof, UnitRules};
pub use quote::{BaseShare, Quote, QuoteError, Sale, quote};
pub use rates::{
    Guard, GuardSettings, GuardedRate, Moment, NoRate, Pair, PairSettings, Rate, RateError, RateSource,
    RateTable, Reading, UnknownPair, UnknownSource, Unusable,
};
pub use recipient::{Recipient, RecipientCodeError};
pub use refund::refund_claim;
pub use rules::{PartnerTerms, Rules};
pub use tiers::{PeriodTiers, Tier, Tiers, TiersError};
