//! Following textcoins until they are claimed or taken back.

use async_trait::async_trait;
use payout::{OpenTextcoin, PayoutId, SlotNo, SweepChange, TextcoinNo, Timestamp};

use crate::{Endpoint, PayerLock, StoreError};

/// Textcoins that are open, or those of them that opened lately.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenTextcoins {
    /// They, with all that was signed to take them back.
    pub textcoins: Vec<OpenTextcoin>,
    /// The last slot that is settled: whatever opens later is of a slot behind it.
    pub through: Option<SlotNo>,
}

/// What became of a wish to take a textcoin back before its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recalled {
    /// It will be taken back, unless it is claimed first.
    Noted,
    /// It was wished before.
    Already,
    /// There is no textcoin for this payout: it is not paid by one, or no hub has accepted its unit yet.
    NoTextcoin,
    /// It was claimed.
    Claimed,
    /// It was taken back.
    TakenBack,
}

/// How many textcoins stand how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TextcoinCounts {
    /// Accepted by a hub, and neither claimed nor taken back as far as is proven.
    pub open: u64,
    /// Of those, the ones whose time is over, or that an operator wants back.
    pub expired: u64,
    /// Of those, the ones with a unit that takes them back.
    pub swept: u64,
    /// Proven claimed.
    pub claimed: u64,
    /// Proven taken back.
    pub taken_back: u64,
    /// Of all these, the ones that units of a lost database gave.
    pub found: u64,
    /// How many corrections of mistyped mailboxes wait for their coins, or for what it takes to give them anew.
    pub corrections: u64,
}

/// Keeps what becomes of textcoins.
///
/// That one came back is kept by [`Store::apply`](crate::Store::apply), with the coin that brought it: a credited coin
/// of a unit that is kept here is no refill of the fund, but returns to those who gave.
#[async_trait]
pub trait Keeping: Send + Sync {
    /// Textcoins of payouts whose slot is settled and that are neither proven claimed nor taken back; those of slots behind
    /// `after` only.
    async fn open_textcoins(
        &self,
        endpoint: Endpoint,
        after: Option<SlotNo>,
    ) -> Result<OpenTextcoins, StoreError>;

    /// Which open ones an operator wants back before their time.
    async fn recalled(&self, endpoint: Endpoint) -> Result<Vec<TextcoinNo>, StoreError>;

    /// An operator wants the textcoin of a payout back before its time.
    async fn recall(
        &self,
        endpoint: Endpoint,
        payout: PayoutId,
        at: Timestamp,
    ) -> Result<Recalled, StoreError>;

    /// Keeps what the keeper wants kept, in this order, all of it or nothing; and books what follows from it.
    ///
    /// # Errors
    /// [`StoreError::Superseded`] when another has taken the right to pay; [`StoreError::Violation`] for what would
    /// break an invariant. Neither goes away by repeating.
    async fn keep_sweeps(&self, lock: &PayerLock, changes: Vec<SweepChange>) -> Result<(), StoreError>;

    /// How many textcoins stand how.
    async fn textcoin_counts(&self, endpoint: Endpoint, now: Timestamp)
    -> Result<TextcoinCounts, StoreError>;
}
