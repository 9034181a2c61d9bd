//! What stands behind the API: the server implements it, tests fake it.

use std::sync::Arc;

use async_trait::async_trait;
use ledger::PartnerId;
use obyte::{Bytes, UnitHash};
use program::PartnerTerms;
use tokio::time::Instant;

use super::error_text::ErrorText;
use super::inquiry::Inquiry;
use super::purchase::Purchase;
use super::refund::Refund;
use super::textcoin::{Correction, TextcoinStanding, WhichPurchase};
use crate::claim::ClaimPages;
use crate::endpoint::Endpoint;

/// Decides purchases.
#[async_trait]
pub trait Cashier: Send + Sync + 'static {
    /// The partner whose name and key these are.
    ///
    /// Takes the same time whether the name is unknown or the key is wrong. Both may be empty: a
    /// request without them is asked for all the same, so that it takes as long.
    async fn authenticate(&self, name: &str, key: &str) -> Result<Option<Partner>, Unavailable>;

    /// Pays the cashback for a purchase, or says why not. Never fails: what goes wrong is an answer.
    ///
    /// The time in which an answer is due begins with `received`, when the request was read. It runs to
    /// its end even when the client has hung up.
    async fn purchase(
        &self,
        endpoint: Endpoint,
        partner: &Partner,
        purchase: Purchase,
        received: Instant,
    ) -> Answer;

    /// What a purchase would get now, or why it would get nothing. Changes nothing.
    async fn quote(
        &self,
        endpoint: Endpoint,
        partner: &Partner,
        inquiry: Inquiry,
    ) -> Result<program::Quote, ErrorText>;

    /// Charges a partner for a purchase that was returned, or says why not. Like [`Cashier::purchase`].
    async fn refund(
        &self,
        endpoint: Endpoint,
        partner: &Partner,
        refund: Refund,
        received: Instant,
    ) -> RefundAnswer;

    /// Where the cashback of a mailbox stands.
    async fn textcoin(
        &self,
        endpoint: Endpoint,
        partner: &Partner,
        which: WhichPurchase,
    ) -> Result<TextcoinStanding, ErrorText>;

    /// Sends its mail once more, or says why not.
    async fn resend(
        &self,
        endpoint: Endpoint,
        partner: &Partner,
        which: WhichPurchase,
    ) -> Result<(), ErrorText>;

    /// Has it go to another mailbox, or says why not. Tells whether that was asked for before.
    async fn correct(
        &self,
        endpoint: Endpoint,
        partner: &Partner,
        correction: Correction,
    ) -> Result<bool, ErrorText>;

    /// Where customers get their textcoins, if not by the words in their mails.
    fn claim_pages(&self) -> Option<Arc<ClaimPages>> {
        None
    }

    /// What must work for purchases to be taken, each with what to do when it does not.
    async fn readiness(&self) -> Vec<Check>;
}

/// Who reports a purchase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partner {
    /// The number in the book.
    pub id: PartnerId,
    /// The name that requests carry.
    pub name: Box<str>,
    /// What it is.
    pub kind: PartnerKind,
    /// What holds for it instead of the programme's rules.
    pub terms: PartnerTerms,
}

/// The two kinds of partners.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PartnerKind {
    /// Reports its own sales.
    Merchant,
    /// Reports for many merchants, which it must name.
    Processor,
}

/// The partners cannot be asked right now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the partners cannot be looked up right now")]
pub struct Unavailable;

/// What became of a purchase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The cashback is in a unit that the hub has accepted.
    Ok(Paid),
    /// The cashback is owed, and its unit not known yet.
    Pending,
    /// The cashback is owed, and not paid before an operator has looked at it.
    Held,
    /// Nothing was paid for this request.
    Error(ErrorText),
}

impl Answer {
    /// An error.
    pub fn error(text: impl Into<ErrorText>) -> Self {
        Self::Error(text.into())
    }
}

/// A cashback that was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paid {
    /// All shares together.
    pub cashback_amount: Bytes,
    /// The unit that pays it.
    pub unit: UnitHash,
    /// Whether an earlier request was answered so already.
    pub replayed: bool,
    /// Whether an earlier answer named another unit, since proven dead.
    pub replaced: bool,
}

/// What became of a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundAnswer {
    /// The partner is charged.
    Ok(Refunded),
    /// Nothing is charged for this request.
    Error(ErrorText),
}

/// What a partner is charged for a purchase that was returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refunded {
    /// All of it.
    pub refund_amount: Bytes,
    /// What its deposit paid.
    pub from_deposit: Bytes,
    /// What it owed then; its next deposits settle it first.
    pub receivable: Bytes,
    /// Whether an earlier request was answered so already.
    pub replayed: bool,
}

/// One thing that must work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What: "database", "hub of the test endpoint".
    pub name: String,
    /// How it is.
    pub health: Health,
    /// What to do when it does not work well; no secrets, anybody may read it.
    pub what_to_do: String,
}

/// How something is that must work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Health {
    /// Well.
    Works,
    /// Purchases are paid, and somebody should look all the same.
    Degraded,
    /// Purchases cannot be paid now.
    Broken,
}

impl Health {
    /// Well, or not at all.
    pub const fn works_if(works: bool) -> Self {
        if works { Self::Works } else { Self::Broken }
    }
}
