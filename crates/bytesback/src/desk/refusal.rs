//! Why a purchase is not paid, in the words of the API.

use program::{Currency, NoRate, Pair, QuoteError, Stop, UnitFault};
use store::{IdentityError, MerchantRefusal, StoreError, Term};

use crate::rates::{Prices, Verdict};

/// Why a purchase was not accepted, or is not paid. The order id stays as free as it was, but for
/// [`Agent`](Self::Agent) and [`Rejected`](Self::Rejected).
///
/// The texts are answered: at most 100 ASCII characters, without a copy of the input.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// A mailbox, and the server sends no mail.
    #[error("this server sends no cashback by e-mail; send the customer's Obyte address")]
    NoMail,
    /// A mailbox of a domain to which the operator sends nothing.
    #[error("no cashback is sent to the domain of this e-mail address; send another address")]
    BlockedMailbox,
    /// A proof of payment that proves nothing.
    #[error(transparent)]
    Unit(#[from] UnitFault),
    /// One of the server's own addresses.
    #[error("address belongs to this cashback server; send the customer's own address")]
    OwnWallet,
    /// An address that runs code. This is seen only once the purchase was accepted, so its order id stays
    /// claimed.
    #[error("address is an autonomous agent and is not paid; use a wallet address and a new order_id")]
    Agent,
    /// An operator has looked at the held order and said no. Its order id stays claimed.
    #[error("rejected after review: this order is never paid, and its order_id stays taken")]
    Rejected,
    /// Too much is waiting.
    #[error("too many purchases are waiting to be paid, please repeat later")]
    Busy,
    /// Another process has taken the right to pay, and would not hear of the purchase.
    #[error("this server does not pay any more; please tell its operator")]
    Superseded,
    /// No cashback by the rules.
    #[error(transparent)]
    Quote(#[from] QuoteError),
    /// A price that this takes may not be used now.
    #[error("no rate for {currency} now ({pair}: {why}), please repeat later")]
    NoRate {
        /// The currency of the purchase.
        currency: Currency,
        /// The price.
        pair: Pair,
        /// The reason, in a few words.
        why: &'static str,
    },
    /// The order id belongs to another purchase.
    #[error("order_id was used before, with another {}", .0.field())]
    Conflict(Term),
    /// More than a limit allows.
    #[error("{0}")]
    Limit(Stop),
    /// The merchant of a payment processor.
    #[error("merchant {0}; please ask the operator")]
    Merchant(MerchantRefusal),
    /// Nothing left to give.
    #[error("the distribution fund is too low at the moment, please repeat later")]
    FundTooLow,
    /// The partner has not deposited enough.
    #[error("the partner's deposit is too low for this partner_cashback_percentage")]
    DepositTooLow,
    /// An identity that the store does not keep.
    #[error("order_id or merchant cannot be used: {0}")]
    Identity(#[from] IdentityError),
    /// The store refused; what it says is for the log.
    #[error("internal error, please repeat later; repeating is safe")]
    Store(#[from] StoreError),
    /// The store takes longer than the answer may; it may still accept the purchase.
    #[error("the server is busy; please repeat the same request, it is paid once")]
    Late,
    /// What cannot be.
    #[error("internal error, please repeat later; repeating is safe")]
    Internal,
}

impl Refusal {
    /// The same, with the reason for a price that is missing.
    pub fn of_quote(error: QuoteError, prices: &Prices) -> Self {
        match error {
            QuoteError::NoRate(NoRate { currency, missing }) => match prices.of(missing) {
                Verdict::Guarded(Err(why)) => Self::NoRate { currency, pair: missing, why: why.brief() },
                Verdict::Fixed(_) | Verdict::Guarded(Ok(_)) => error.into(),
            },
            other => other.into(),
        }
    }

    /// What the operator should read in the log.
    pub fn cause(&self) -> Option<String> {
        match self {
            Self::Store(error) => Some(error.to_string()),
            Self::Late => Some("the database did not answer before the answer was due".to_owned()),
            Self::Internal => Some("an accepted purchase is not in the store".to_owned()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use program::{Limit, Moment, Rate, Retry, Unusable};

    use super::*;
    use crate::http::{ERROR_TEXT_MAX, ErrorText};

    fn rate() -> Rate {
        "20".parse().expect("a rate")
    }

    #[test]
    fn every_refusal_fits_into_an_answer() {
        let terms =
            [Term::Address, Term::Currency, Term::CurrencyAmount, Term::Percentage, Term::PurchaseUnit];
        let mut refusals: Vec<Refusal> = terms.into_iter().map(Refusal::Conflict).collect();
        refusals.extend([
            Refusal::NoMail,
            Refusal::BlockedMailbox,
            Refusal::OwnWallet,
            Refusal::Agent,
            Refusal::Rejected,
            Refusal::Merchant(MerchantRefusal::NotListed),
            Refusal::Merchant(MerchantRefusal::Blocked),
            Refusal::Limit(Stop { limit: Limit::Purchase, retry: Retry::Never }),
            Refusal::Limit(Stop { limit: Limit::RecipientTotal, retry: Retry::Never }),
            Refusal::Busy,
            Refusal::Superseded,
            Refusal::FundTooLow,
            Refusal::DepositTooLow,
            Refusal::Late,
            Refusal::Internal,
            Refusal::Store(StoreError::DiskFull),
        ]);
        let why = [
            Unusable::Silent,
            Unusable::Stale { over: Duration::ZERO },
            Unusable::Ahead { by: Duration::ZERO },
            Unusable::TooFew { fresh: 1, needed: 2 },
            Unusable::Disagree { low: rate(), high: rate() },
            Unusable::Jumped { from: rate(), to: rate(), until: Moment::default() },
        ];
        for why in why {
            let why = why.brief();
            refusals.push(Refusal::NoRate { currency: Currency::Gbyte, pair: Pair::GbyteUsd, why });
        }
        refusals.extend(
            [
                UnitFault::Unchecked,
                UnitFault::NotFound,
                UnitFault::OtherPayee,
                UnitFault::NotForwarded,
                UnitFault::NotJudged,
                UnitFault::HubsDisagree,
                UnitFault::NotFinal,
                UnitFault::OtherCurrency,
                UnitFault::NoPayee,
                UnitFault::AboveTrusted,
                UnitFault::Void,
                UnitFault::TooOld,
                UnitFault::FromServer,
                UnitFault::FromPartner,
                UnitFault::TooLittle,
                UnitFault::FarTooLittle,
                UnitFault::FarTooMuch,
                UnitFault::Used,
            ]
            .map(Refusal::Unit),
        );
        for refusal in refusals {
            let text = refusal.to_string();
            assert!(text.len() <= ERROR_TEXT_MAX, "{text}");
            assert_eq!(ErrorText::from(text.clone()).as_str(), text);
        }
    }

    #[test]
    fn what_the_store_says_is_not_told_to_clients() {
        assert!(!Refusal::Store(StoreError::Corrupt("at page 7".into())).to_string().contains('7'));
    }
}
