//! Correcting a mistyped mailbox: the textcoin is taken back, and its cashback given anew to the right one.
//!
//! What is given anew is a payout of its own, accepted in a transaction of its own, and never before the textcoin of the
//! payout before it is proven taken back; so at any time at most one payout of a purchase is not. The first payout stays
//! what the partner is told of when it repeats the purchase.

use std::sync::Arc;

use async_trait::async_trait;
use obyte::Bytes;
use payout::{Payout, PayoutId, Timestamp};
use program::{EmailAddress, Limit, LimitRules, Stop};

use crate::{Asker, Endpoint, PayerLock, PurchaseKey, StoreError};

/// The number of a correction; later ones have higher numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CorrectionNo(i64);

impl CorrectionNo {
    /// Of a row.
    pub(crate) const fn new(number: i64) -> Self {
        Self(number)
    }

    /// As it is kept.
    pub const fn get(self) -> i64 {
        self.0
    }
}

/// That the cashback of a purchase go to another mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorrectionOrder {
    /// Of which purchase.
    pub key: PurchaseKey,
    /// To which mailbox.
    pub mailbox: EmailAddress,
    /// Who asks. An operator is bound by nothing of what follows.
    pub by: Asker,
    /// How often a partner may correct one purchase.
    pub most: u32,
    /// The limits that hold where an operator has set no others; without them nothing is limited. Here that of the
    /// recipient is asked, and all when the cashback is given anew.
    pub limits: Option<Arc<LimitRules>>,
    /// When.
    pub at: Timestamp,
}

/// What became of a [`CorrectionOrder`]. But for the first nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CorrectionVerdict {
    /// The textcoin is to come back, if it has not yet; then its cashback is given anew. What was to be corrected before
    /// and waits is replaced.
    Noted,
    /// This was asked for before, and waits or was done.
    Replay,
    /// There is no such purchase, or it is not paid by a textcoin.
    NoTextcoin,
    /// The cashback goes there already.
    SameMailbox,
    /// No hub has accepted the unit that gives the textcoin, so nobody has it yet.
    WaitsForUnit,
    /// Nothing is ever paid for this purchase.
    NeverPaid,
    /// The textcoin was claimed.
    Claimed,
    /// The purchase was returned.
    Returned,
    /// The partner has corrected it too often.
    TooOften,
    /// The mailbox has got as much as a limit allows.
    Stopped(Stop),
}

/// For what a correction waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CorrectionWait {
    /// The textcoin is not proven taken back.
    Return,
    /// Nothing: it is given anew within seconds, by a server that runs.
    Nothing,
    /// The fund lacks so much.
    Fund(Bytes),
    /// The deposit of the partner lacks so much.
    Deposit(Bytes),
    /// This limit allows no more now.
    Limit(Limit),
}

/// How a correction stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CorrectionState {
    /// It waits.
    Waits(CorrectionWait),
    /// The cashback is given anew by this payout.
    Given(PayoutId),
    /// The textcoin was claimed before it could be taken back.
    Claimed,
    /// Another mailbox was named before it was done.
    Replaced,
    /// The purchase was returned before it was done.
    Returned,
    /// An operator has rejected the payout before it was done.
    Rejected,
}

impl CorrectionState {
    /// Whether it is still to be done.
    pub const fn is_waiting(self) -> bool {
        matches!(self, Self::Waits(_))
    }

    /// The stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Waits(CorrectionWait::Return) => "waits_for_return",
            Self::Waits(CorrectionWait::Nothing) => "is_given",
            Self::Waits(CorrectionWait::Fund(_)) => "waits_for_fund",
            Self::Waits(CorrectionWait::Deposit(_)) => "waits_for_deposit",
            Self::Waits(CorrectionWait::Limit(_)) => "waits_for_limit",
            Self::Given(_) => "given",
            Self::Claimed => "claimed_first",
            Self::Replaced => "replaced",
            Self::Returned => "purchase_returned",
            Self::Rejected => "payout_rejected",
        }
    }
}

/// A correction as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorrectionRecord {
    /// Which.
    pub no: CorrectionNo,
    /// The payout whose textcoin is to come back.
    pub payout: PayoutId,
    /// To which mailbox.
    pub mailbox: EmailAddress,
    /// Who has asked for it.
    pub asked_by: Asker,
    /// When.
    pub asked_at: Timestamp,
    /// How it stands.
    pub state: CorrectionState,
    /// Since when it waits no more.
    pub ended_at: Option<Timestamp>,
}

/// That what came back be given anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivingOrder {
    /// By which correction.
    pub correction: CorrectionNo,
    /// What is set aside for fees, as for any mailbox to which cashback is promised now: what was enough when the
    /// purchase was accepted need not be.
    pub fee_reserve: Bytes,
    /// The limits that hold for what a partner has asked for, but those of a single sale; without them nothing is
    /// limited.
    pub limits: Option<Arc<LimitRules>>,
    /// When.
    pub at: Timestamp,
}

/// What became of a correction whose textcoin has come back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GivenAnew {
    /// The cashback is owed anew. Its payout is told to the payer with [`Wishes`](crate::Wishes).
    Queued(Payout),
    /// It is owed anew, and held until somebody has looked at it.
    Held(Payout),
    /// Not now; it is tried again.
    Waits(CorrectionWait),
}

/// Corrects mailboxes.
#[async_trait]
pub trait Corrections: Send + Sync {
    /// Notes that the cashback of a purchase is to go to another mailbox, and has its textcoin taken back.
    async fn correct(
        &self,
        endpoint: Endpoint,
        order: CorrectionOrder,
    ) -> Result<CorrectionVerdict, StoreError>;

    /// The corrections whose textcoins are proven taken back and that were not tried within the last five seconds, those
    /// first that were never tried; at most a hundred.
    async fn due_corrections(
        &self,
        endpoint: Endpoint,
        now: Timestamp,
    ) -> Result<Vec<CorrectionNo>, StoreError>;

    /// Accepts the cashback of a purchase anew: as much, from fund and deposit in the same shares.
    ///
    /// # Errors
    /// [`StoreError::Superseded`] when another has taken the right to pay; [`StoreError::Unknown`] for a correction that
    /// does not wait; [`StoreError::Violation`] while any textcoin of the purchase is not proven taken back.
    async fn give_anew(&self, lock: &PayerLock, order: GivingOrder) -> Result<GivenAnew, StoreError>;
}
