//! Textcoins as those see them who are to claim them.

use async_trait::async_trait;
use obyte::{Address, Bytes};
use payout::{TextcoinNo, Timestamp};

use crate::{Endpoint, StoreError, TextcoinEnd};

/// A textcoin that a hub has accepted, or that was found again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimRecord {
    /// Where it lies.
    pub address: Address,
    /// What the customer gets. Of one that a unit of a lost database gave all that lies there, as nobody knows how much of
    /// it is for the fees of claiming it.
    pub amount: Bytes,
    /// Where the purchase was made: the merchant as a payment processor has reported it, or the partner's name. A text
    /// from outside; empty where it is lost.
    pub shop: String,
    /// Until when it can be claimed.
    pub expires_at: Timestamp,
    /// How it ended; proven.
    pub ended: Option<TextcoinEnd>,
}

/// Finds textcoins by their numbers.
#[async_trait]
pub trait Claims: Send + Sync {
    /// The textcoin with this number; nothing while no hub has accepted a unit that gives it. One of a
    /// lost database is there once it was found.
    async fn claim(&self, endpoint: Endpoint, no: TextcoinNo) -> Result<Option<ClaimRecord>, StoreError>;
}
