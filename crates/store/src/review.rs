//! Orders that are held until somebody has looked at them.
//!
//! A held order is accepted in all but being paid: its id is claimed for good, its quote and its rates are
//! kept, and its shares and its fee reserve stay set aside, so that a release can never fail for lack of
//! money. A release puts its payout into the queue, as it was accepted. A rejection books shares and reserve
//! back to where they came from, and is for good. An order that is held since a unit of no journal may have paid
//! it is rejected for having been paid: it counts in the totals, and only its reserve returns.

use std::fmt;
use std::str::FromStr;

use async_trait::async_trait;
use payout::{PayoutId, Timestamp};
use program::Limit;

use crate::{Endpoint, PayerLock, PurchaseKey, PurchaseRecord, StoreError};

/// Why an order is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HoldReason {
    /// It would have passed this limit.
    Limit(Limit),
    /// An outgoing output of this wallet that the book does not explain has the same address and amount:
    /// perhaps it was paid before.
    Unexplained,
}

/// The text names no reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no such reason to hold an order")]
pub struct UnknownHoldReason;

/// Before the code of a limit.
const LIMIT: &str = "limit:";
const UNEXPLAINED: &str = "unexplained";

impl fmt::Display for HoldReason {
    /// The stable code: `limit:recipient_day`, `unexplained`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Limit(limit) => write!(f, "{LIMIT}{limit}"),
            Self::Unexplained => f.write_str(UNEXPLAINED),
        }
    }
}

impl FromStr for HoldReason {
    type Err = UnknownHoldReason;

    fn from_str(code: &str) -> Result<Self, UnknownHoldReason> {
        match code.strip_prefix(LIMIT) {
            Some(limit) => limit.parse().map(Self::Limit).map_err(|_| UnknownHoldReason),
            None if code == UNEXPLAINED => Ok(Self::Unexplained),
            None => Err(UnknownHoldReason),
        }
    }
}

/// What became of a release or a rejection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reviewed {
    /// It is done; this is how the purchase stands now.
    Done(Box<PurchaseRecord>),
    /// The purchase is not held: nothing has changed. This is how it stands.
    NotHeld(Box<PurchaseRecord>),
}

/// How much waits for a decision: orders, and withdrawals.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeldBacklog {
    /// How many payouts are held.
    pub payouts: u64,
    /// Since when the oldest of them is.
    pub oldest: Option<Timestamp>,
}

/// What an operator decides about orders that are held.
#[async_trait]
pub trait Review: Send + Sync {
    /// The purchases that are held, those held first in front.
    async fn held(&self, endpoint: Endpoint) -> Result<Vec<PurchaseRecord>, StoreError>;

    /// How much is held, withdrawals included.
    async fn held_backlog(&self, endpoint: Endpoint) -> Result<HeldBacklog, StoreError>;

    /// Lets a held order be paid: its payout joins the queue, and the payer finds it among its
    /// [`Wishes`](crate::Wishes).
    ///
    /// # Errors
    /// [`StoreError::Unknown`] for a purchase that does not exist.
    async fn release(
        &self,
        endpoint: Endpoint,
        key: &PurchaseKey,
        at: Timestamp,
    ) -> Result<Reviewed, StoreError>;

    /// Has a held order never be paid: its shares and its fee reserve return, its order id stays claimed.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] for a purchase that does not exist.
    async fn reject(
        &self,
        endpoint: Endpoint,
        key: &PurchaseKey,
        at: Timestamp,
    ) -> Result<Reviewed, StoreError>;

    /// Takes note that the payer has these payouts in hand, which it found among its
    /// [`Wishes`](crate::Wishes).
    ///
    /// # Errors
    /// [`StoreError::Superseded`].
    async fn taken_up(&self, lock: &PayerLock, payouts: &[PayoutId], at: Timestamp)
    -> Result<(), StoreError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_read_back_from_its_code() {
        let reasons = Limit::ALL.into_iter().map(HoldReason::Limit).chain([HoldReason::Unexplained]);
        for reason in reasons {
            assert_eq!(reason.to_string().parse(), Ok(reason));
        }
        for code in ["", "limit:", "limit:unexplained", "Unexplained"] {
            assert_eq!(code.parse::<HoldReason>(), Err(UnknownHoldReason), "{code}");
        }
    }
}
