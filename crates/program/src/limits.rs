//! What may be given, to whom, and within what time.
//!
//! Limits count what the distribution fund gives: base share and match. [`LimitRules`] are the limits of a
//! partner or merchant, made of the defaults and of what an operator has set ([`LimitSetting`]); from them, a
//! purchase ([`Asked`]) and what was given before ([`Standing`]) follows whether it is allowed
//! ([`LimitRules::judge`]). Days are days of universal time.

mod judge;
mod rules;
mod setting;

use std::fmt;
use std::str::FromStr;

pub use judge::{Asked, History, Judgement, Retry, Spent, Standing, Stop};
pub use rules::LimitRules;
pub use setting::{LimitSetting, LimitSettingError};

/// A limit of the programme. All of them but [`Limit::Proportion`] are amounts of the distribution fund.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Limit {
    /// A purchase out of all proportion to those before it.
    Proportion,
    /// For one purchase.
    Purchase,
    /// To one recipient within a day.
    RecipientDay,
    /// To one recipient in total.
    RecipientTotal,
    /// To one customer within a day.
    CustomerDay,
    /// To one customer in total.
    CustomerTotal,
    /// For one merchant of a payment processor within a day.
    MerchantDay,
    /// For one merchant of a payment processor in total.
    MerchantTotal,
    /// For one partner within a day.
    PartnerDay,
    /// For one partner in total.
    PartnerTotal,
    /// In orders of one partner that are held at a time; what goes beyond is refused.
    PartnerHeld,
    /// For everybody within a day.
    FundDay,
    /// What stays in the fund.
    FundReserve,
}

/// The text names no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no limit of this name")]
pub struct UnknownLimit;

impl Limit {
    /// All of them, in the order in which they are looked at.
    pub const ALL: [Self; 13] = [
        Self::Proportion,
        Self::Purchase,
        Self::RecipientDay,
        Self::RecipientTotal,
        Self::CustomerDay,
        Self::CustomerTotal,
        Self::MerchantDay,
        Self::MerchantTotal,
        Self::PartnerDay,
        Self::PartnerTotal,
        Self::PartnerHeld,
        Self::FundDay,
        Self::FundReserve,
    ];

    /// The stable code, such as `recipient_day`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Purchase => "purchase",
            Self::Proportion => "proportion",
            Self::RecipientDay => "recipient_day",
            Self::RecipientTotal => "recipient_total",
            Self::CustomerDay => "customer_day",
            Self::CustomerTotal => "customer_total",
            Self::MerchantDay => "merchant_day",
            Self::MerchantTotal => "merchant_total",
            Self::PartnerDay => "partner_day",
            Self::PartnerTotal => "partner_total",
            Self::PartnerHeld => "partner_held",
            Self::FundDay => "fund_day",
            Self::FundReserve => "fund_reserve",
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl FromStr for Limit {
    type Err = UnknownLimit;

    fn from_str(code: &str) -> Result<Self, UnknownLimit> {
        Self::ALL.into_iter().find(|limit| limit.code() == code).ok_or(UnknownLimit)
    }
}

/// What guests and careless shops send where a customer has no name (C17, C19).
const NOBODY: [&str; 6] = ["0", "none", "null", "guest", "undefined", "-"];

/// Whether a customer, as a partner names it, is somebody whose purchases belong together.
///
/// Some shops send a new random text for each purchase, which nobody can tell from a name: limits by
/// recipient hold there, too.
pub fn names_somebody(customer: &str) -> bool {
    let customer = customer.trim();
    !customer.is_empty() && !NOBODY.iter().any(|nobody| customer.eq_ignore_ascii_case(nobody))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_read_back_from_its_code() {
        for limit in Limit::ALL {
            assert_eq!(limit.code().parse(), Ok(limit));
        }
        assert_eq!("Purchase".parse::<Limit>(), Err(UnknownLimit));
    }

    #[test]
    fn guests_are_nobody() {
        for guest in ["", " ", "0", "None", "NULL", "guest"] {
            assert!(!names_somebody(guest), "{guest:?}");
        }
        for somebody in ["1", "00", "Ann Example 7", "x"] {
            assert!(names_somebody(somebody), "{somebody:?}");
        }
    }
}
