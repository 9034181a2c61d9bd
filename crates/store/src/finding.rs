//! Textcoins that units of a lost database gave: finding them again.

use std::ops::Range;
use std::time::Duration;

use async_trait::async_trait;
use obyte::compose::Coin;
use obyte::{Address, UnitHash};
use payout::{OpenTextcoin, PayoutId, Search, TextcoinNo, Timestamp};

use crate::{Endpoint, PayerLock, Recalled, StoreError, TextcoinEnd, TextcoinState};

/// What the search for textcoins is to try next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchTask {
    /// Where it stands.
    pub search: Search,
    /// The counters that it tries with this, all in the generation of its next number.
    pub counters: Range<u32>,
    /// Those of these numbers whose addresses are wanted: the others are payouts of this database, or found already.
    pub numbers: Vec<TextcoinNo>,
}

/// The answer to a [`SearchTask`].
#[derive(Clone, Debug)]
pub struct Tried {
    /// The task.
    pub task: SearchTask,
    /// The addresses of its numbers; nothing for those that are skipped.
    pub addresses: Vec<(TextcoinNo, Address)>,
    /// How long who was sent a textcoin has to claim it, from when its unit was made.
    pub expiry: Duration,
    /// When.
    pub at: Timestamp,
}

/// A textcoin that a unit of a lost database gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundTextcoin {
    /// Which, as in the links of its mails.
    pub no: TextcoinNo,
    /// The coin.
    pub coin: Coin,
    /// The order that counts as paid by it, if an operator has said so.
    pub payout: Option<PayoutId>,
    /// When it was found.
    pub found_at: Timestamp,
    /// Until when it can be claimed.
    pub expires_at: Timestamp,
    /// When an operator wanted it back before.
    pub recalled_at: Option<Timestamp>,
    /// A unit that claims it, as far as a hub tells; not proven.
    pub claim_seen: Option<UnitHash>,
    /// How it ended, by which unit, and when; proven.
    pub ended: Option<(TextcoinEnd, UnitHash, Timestamp)>,
}

impl FoundTextcoin {
    /// Where it stands at this moment; nothing while it is there to be claimed.
    pub fn state(&self, now: Timestamp) -> Option<TextcoinState> {
        match self.ended {
            Some((TextcoinEnd::Claimed, ..)) => Some(TextcoinState::Claimed),
            Some((TextcoinEnd::TakenBack, ..)) => Some(TextcoinState::TakenBack),
            None if self.claim_seen.is_some() => Some(TextcoinState::ClaimSeen),
            None if self.expires_at <= now || self.recalled_at.is_some() => Some(TextcoinState::Expired),
            None => None,
        }
    }
}

/// Found textcoins that are open, or those of them that were found lately.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OpenFound {
    /// They, with all that was signed to take them back.
    pub textcoins: Vec<OpenTextcoin>,
    /// Whatever is found later comes behind this.
    pub through: i64,
}

/// Finds textcoins again that units of a lost database gave, and tells of them. What becomes of them is kept by
/// [`Keeping`](crate::Keeping) like that of any other.
#[async_trait]
pub trait Finding: Send + Sync {
    /// What is to be tried next, at most so many numbers; nothing while the wallet is being restored, and where units of
    /// no journal paid nobody for whom the search is not over.
    async fn search_task(&self, endpoint: Endpoint, most: u32) -> Result<Option<SearchTask>, StoreError>;

    /// Keeps what was found with a task, and goes on behind it. Tells how many were found. A task that is not the next
    /// one any more changes nothing.
    ///
    /// # Errors
    /// [`StoreError::Superseded`] when another has taken the right to pay.
    async fn keep_tried(&self, lock: &PayerLock, tried: Tried) -> Result<u32, StoreError>;

    /// Those that are neither proven claimed nor taken back, found behind `after`.
    async fn open_found(&self, endpoint: Endpoint, after: i64) -> Result<OpenFound, StoreError>;

    /// All that were found, by their numbers: at most `limit` behind the number `after`.
    async fn found_textcoins(
        &self,
        endpoint: Endpoint,
        after: Option<TextcoinNo>,
        limit: u32,
    ) -> Result<Vec<FoundTextcoin>, StoreError>;

    /// The one with this number.
    async fn found_textcoin(
        &self,
        endpoint: Endpoint,
        no: TextcoinNo,
    ) -> Result<Option<FoundTextcoin>, StoreError>;

    /// An operator wants it back before its time.
    async fn recall_found(
        &self,
        endpoint: Endpoint,
        no: TextcoinNo,
        at: Timestamp,
    ) -> Result<Recalled, StoreError>;
}
