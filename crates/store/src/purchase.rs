//! Purchases: their names and terms, and what is remembered of those that were accepted.

use std::fmt;

use ledger::PartnerId;
use obyte::{Address, Bytes, UnitHash};
use payout::{Payout, Timestamp, VersionStatus};
use program::{CurrencyAmount, Percentage, Quote, Recipient};

use crate::{Explanation, HoldReason, KeptRate};

/// Why a text identifies nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// Nothing there.
    #[error("an identity is never empty")]
    Empty,
    /// Longer than [`OrderId::MAX_CHARS`] characters.
    #[error("an identity has at most {max} characters", max = OrderId::MAX_CHARS)]
    TooLong,
    /// With the character U+0000, which not every database keeps.
    #[error("an identity has no character U+0000")]
    Nul,
}

macro_rules! identity {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// 1 to 255 characters without U+0000. Two are the same if their bytes are.
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// The most characters.
            pub const MAX_CHARS: usize = 255;

            /// An identity.
            ///
            /// # Errors
            /// Any [`IdentityError`].
            pub fn new(text: impl Into<String>) -> Result<Self, IdentityError> {
                let text = text.into();
                if text.is_empty() {
                    Err(IdentityError::Empty)
                } else if text.contains('\0') {
                    Err(IdentityError::Nul)
                } else if text.chars().count() > Self::MAX_CHARS {
                    Err(IdentityError::TooLong)
                } else {
                    Ok(Self(text))
                }
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
    };
}

identity! {
    /// What the partner calls the purchase.
    OrderId
}
identity! {
    /// The merchant within a payment processor, whose order ids are its own.
    MerchantScope
}

/// What names a purchase within its endpoint, for ever.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PurchaseKey {
    /// Who reported it.
    pub partner: PartnerId,
    /// For a payment processor: which merchant's it is. Nothing for merchants.
    pub merchant: Option<MerchantScope>,
    /// What the partner, or that merchant, calls it.
    pub order_id: OrderId,
}

/// What must be the same when a purchase is reported again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Who receives the cashback.
    pub recipient: Recipient,
    /// What was paid for the purchase.
    pub price: CurrencyAmount,
    /// The share that the partner gives.
    pub percentage: Percentage,
    /// The unit that proves the purchase.
    pub purchase_unit: Option<UnitHash>,
}

/// One of the terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Term {
    /// [`Terms::recipient`].
    Address,
    /// The currency of [`Terms::price`].
    Currency,
    /// The amount of [`Terms::price`].
    CurrencyAmount,
    /// [`Terms::percentage`].
    Percentage,
    /// [`Terms::purchase_unit`].
    PurchaseUnit,
}

impl Term {
    /// The name of the field in the API.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Currency => "currency",
            Self::CurrencyAmount => "currency_amount",
            Self::Percentage => "partner_cashback_percentage",
            Self::PurchaseUnit => "purchase_unit",
        }
    }
}

impl Terms {
    /// The first of the terms that is not the same in `other`.
    pub fn differs_in(&self, other: &Self) -> Option<Term> {
        if self.recipient != other.recipient {
            Some(Term::Address)
        } else if self.price.currency != other.price.currency {
            Some(Term::Currency)
        } else if self.price.amount != other.price.amount {
            Some(Term::CurrencyAmount)
        } else if self.percentage != other.percentage {
            Some(Term::Percentage)
        } else if self.purchase_unit != other.purchase_unit {
            Some(Term::PurchaseUnit)
        } else {
            None
        }
    }
}

/// What is remembered of a purchase and never compared. Free text, without U+0000.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// Who bought, as the partner says it.
    pub customer: String,
    /// Where, as the partner says it.
    pub merchant: String,
    /// What.
    pub description: String,
}

/// The three shares of a cashback.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shares {
    /// From the fund.
    pub base: Bytes,
    /// From the partner's deposit.
    pub partner: Bytes,
    /// From the fund.
    pub matched: Bytes,
}

impl Shares {
    /// The cashback; nothing if it is above [`Bytes::MAX`].
    pub fn total(&self) -> Option<Bytes> {
        Bytes::checked_sum([self.base, self.partner, self.matched])
    }
}

impl From<&Quote> for Shares {
    fn from(quote: &Quote) -> Self {
        Self { base: quote.base(), partner: quote.partner(), matched: quote.matched() }
    }
}

/// Where the payout of a purchase stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayoutState {
    /// Owed, and in no unit.
    Queued,
    /// In a slot that is not settled.
    InUnit {
        /// The newest unit of the slot that pays it.
        unit: UnitHash,
        /// What became of that unit, as far as is known.
        status: VersionStatus,
    },
    /// Never paid, since the payee is an autonomous agent (8.8). The shares returned; the order id stays
    /// claimed.
    Parked,
    /// Owed, and not paid before somebody has looked at it. Shares and fee reserve stay set aside.
    Held {
        /// Why.
        reason: HoldReason,
        /// Since when.
        since: Timestamp,
    },
    /// Never paid, since an operator has said so. The shares returned; the order id stays claimed.
    Rejected {
        /// Why it was held.
        reason: HoldReason,
        /// When it was rejected.
        at: Timestamp,
    },
    /// Proven paid.
    Final {
        /// The unit.
        unit: UnitHash,
    },
}

/// The unit that is answered to who asks for a purchase: the first one accepted by a hub that is not
/// proven dead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnsweredUnit {
    /// The unit.
    pub unit: UnitHash,
    /// Whether another may have been answered before, which is proven dead.
    pub replaced: bool,
}

/// A wallet address of who has a mailbox, as an attestor has said in public.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttestedPayee {
    /// The address, which is paid.
    pub address: Address,
    /// The final unit of the attestation.
    pub unit: UnitHash,
    /// Who has signed it.
    pub attestor: Address,
}

/// An accepted purchase and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PurchaseRecord {
    /// Its name.
    pub key: PurchaseKey,
    /// On what terms it was accepted.
    pub terms: Terms,
    /// What else was said when it was accepted.
    pub details: Details,
    /// Where the cashback came from.
    pub shares: Shares,
    /// The prices that it was valued at.
    pub rates: Vec<KeptRate>,
    /// How the shares came about.
    pub explanation: Explanation,
    /// The wallet address that is paid in place of the mailbox that is the recipient.
    pub attested: Option<AttestedPayee>,
    /// What was set aside for its network fees.
    pub fee_reserve: Bytes,
    /// Its payout: the cashback is its amount, [`Payout::queued_at`] is when the purchase was accepted.
    pub payout: Payout,
    /// Where the payout stands.
    pub state: PayoutState,
    /// The unit to answer with; nothing while no hub has accepted one that is not proven dead.
    pub answered: Option<AnsweredUnit>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_is_any_short_text_without_nul() {
        for text in
            ["1", " ", "23-11-2019 10:00 7", "\u{437}\u{430}\u{43a}\u{430}\u{437} 5", &"\u{e9}".repeat(255)]
        {
            assert_eq!(OrderId::new(text).map(|id| id.to_string()), Ok(text.to_owned()));
        }
        assert_eq!(OrderId::new(""), Err(IdentityError::Empty));
        assert_eq!(OrderId::new("a\0"), Err(IdentityError::Nul));
        assert_eq!(MerchantScope::new("\u{e9}".repeat(256)), Err(IdentityError::TooLong));
    }

    #[test]
    fn amounts_of_the_same_value_are_the_same_terms() {
        let terms = |amount: &str, percentage: &str| Terms {
            recipient: Address::of_source("somebody").into(),
            price: CurrencyAmount {
                amount: amount.parse().expect("an amount"),
                currency: program::Currency::Usd,
            },
            percentage: percentage.parse().expect("a percentage"),
            purchase_unit: None,
        };
        assert_eq!(terms("12.50", "2.0").differs_in(&terms("1.25E1", "2")), None);
        assert_eq!(terms("12.50", "2").differs_in(&terms("12.51", "2")), Some(Term::CurrencyAmount));
        assert_eq!(terms("12.50", "2").differs_in(&terms("12.50", "3")), Some(Term::Percentage));
    }
}
