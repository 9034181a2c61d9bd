//! What may be given, to whom, and within what time.

use std::fmt;
use std::str::FromStr;

/// A limit of the programme. All of them but [`Limit::Proportion`] are amounts of the distribution fund: the
/// base share and the match together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Limit {
    /// For one purchase.
    Purchase,
    /// A purchase out of all proportion to those before it.
    Proportion,
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
    /// For everybody within a day.
    FundDay,
    /// What the fund keeps.
    FundReserve,
}

/// The text names no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no limit of this name")]
pub struct UnknownLimit;

impl Limit {
    /// All of them, in the order in which they are looked at.
    pub const ALL: [Self; 12] = [
        Self::Purchase,
        Self::Proportion,
        Self::RecipientDay,
        Self::RecipientTotal,
        Self::CustomerDay,
        Self::CustomerTotal,
        Self::MerchantDay,
        Self::MerchantTotal,
        Self::PartnerDay,
        Self::PartnerTotal,
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
}
