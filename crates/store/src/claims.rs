//! Textcoins as those see them who are to claim them.

use async_trait::async_trait;
use payout::{Payout, TextcoinNo, Timestamp};

use crate::{Endpoint, StoreError, TextcoinEnd};

/// A textcoin that a hub has accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimRecord {
    /// The payout that gives it.
    pub payout: Payout,
    /// Where the purchase was made: the merchant as a payment processor has reported it, or the partner's name. A text
    /// from outside.
    pub shop: String,
    /// Until when it can be claimed.
    pub expires_at: Timestamp,
    /// How it ended; proven.
    pub ended: Option<TextcoinEnd>,
}

/// Finds textcoins by their numbers.
#[async_trait]
pub trait Claims: Send + Sync {
    /// The textcoin with this number; nothing while no hub has accepted a unit that gives it.
    async fn claim(&self, endpoint: Endpoint, no: TextcoinNo) -> Result<Option<ClaimRecord>, StoreError>;
}
