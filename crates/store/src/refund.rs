//! Purchases that were returned.

use obyte::Bytes;
use payout::Timestamp;
use program::{Amount, Currency, Percentage};

use crate::PurchaseKey;

/// A partner's report that a purchase was returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundOrder {
    /// Which purchase.
    pub key: PurchaseKey,
    /// How much of its price was returned; without it, all.
    pub returned: Option<Amount>,
    /// In which currency the partner counts, if it says so.
    pub currency: Option<Currency>,
    /// Which share of what the fund gave is charged.
    pub share: Percentage,
    /// When.
    pub at: Timestamp,
}

/// A refund as it was booked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefundRecord {
    /// How much of the price was returned.
    pub returned: Amount,
    /// Which share of what the fund gave is charged, by the rules of that day.
    pub share: Percentage,
    /// What the partner was charged.
    pub claim: Bytes,
    /// What of that its deposit paid at once. The rest it owes.
    pub from_deposit: Bytes,
    /// When.
    pub at: Timestamp,
}

impl RefundRecord {
    /// What the partner owed for this purchase when it was returned.
    pub const fn receivable(&self) -> Bytes {
        self.claim.saturating_sub(self.from_deposit)
    }
}

/// What became of a [`RefundOrder`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundVerdict {
    /// The partner is charged.
    Booked(RefundRecord),
    /// The same was reported before. Nothing has changed.
    Replay(RefundRecord),
    /// Another amount was reported before. Nothing has changed.
    Conflict,
    /// No such purchase was accepted. Nothing has changed.
    UnknownOrder,
    /// Its cashback is not paid and never will be, so nothing was given that could be charged. What was to be given
    /// anew to another mailbox is not.
    NeverPaid,
    /// More was returned than was paid. Nothing has changed.
    MoreThanPaid,
    /// The purchase was paid in another currency. Nothing has changed.
    OtherCurrency(Currency),
}
