//! What an operator and a payer have to tell each other, and what an operator may look at.

use async_trait::async_trait;
use obyte::UnitHash;
use payout::{Alarm, Payout, PayoutId, SlotNo, Timestamp, VersionId};

use crate::oversight::{Overview, PayoutTrail, SlotLine, SlotRecord, WhichSlots};
use crate::{Endpoint, OrderId, PayerLock, StoreError};

/// The number of a pause; later ones have higher numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PauseNo(i64);

/// The number of a wish to post again; later ones have higher numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RepostNo(i64);

impl PauseNo {
    /// The pause with this number.
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl RepostNo {
    /// The wish with this number.
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> i64 {
        self.0
    }
}

/// A reason for which paying is stopped. It stays until an operator ends it, over restarts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// Its number.
    pub no: PauseNo,
    /// Why: the operator's words, or the engine's alarm.
    pub why: Alarm,
    /// Since when.
    pub since: Timestamp,
}

/// An operator's wish that units are posted again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repost {
    /// Its number.
    pub no: RepostNo,
    /// Of which open slot; of all where it is none.
    pub slot: Option<SlotNo>,
    /// Since when it waits.
    pub asked_at: Timestamp,
}

/// What a payer has to obey.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// The pauses that nobody has ended, oldest first. While there is one, no unit is made.
    pub pauses: Vec<Pause>,
    /// What is to be posted again, oldest first.
    pub reposts: Vec<Repost>,
    /// Payouts that came into the queue beside the payer and that none has taken up: those that were held and are
    /// released, withdrawals, and what is given anew, in the order of their acceptance.
    pub released: Vec<Payout>,
}

/// What a payer says of itself, for operators who look at the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayerReport {
    /// When.
    pub at: Timestamp,
    /// Whether it goes on; a payer that dies cannot say that it does not.
    pub running: bool,
    /// The hub that it asks.
    pub hub: String,
    /// Whether that hub is connected.
    pub connected: bool,
    /// Whether the wallet's history was proven since the start.
    pub synced: bool,
    /// The ceiling on TPS fees paid in advance within a day.
    pub tps_fee_per_day_max: obyte::Bytes,
    /// The last alarm since its start, and when.
    pub alarm: Option<(String, Timestamp)>,
}

/// How operators and payers meet: in the database, so that a wish outlives both, and reaches a payer that
/// runs as well as one that is started later.
#[async_trait]
pub trait Operations: Send + Sync {
    /// Stops paying for a reason. While there is an open pause for the same reason, that one is answered and
    /// nothing changes.
    ///
    /// # Errors
    /// [`StoreError::NulInText`].
    async fn pause(&self, endpoint: Endpoint, why: &Alarm, at: Timestamp) -> Result<Pause, StoreError>;

    /// Ends the pauses up to this one, not those that came after it: an operator ends only what it has seen.
    async fn resume(&self, endpoint: Endpoint, through: PauseNo, at: Timestamp) -> Result<(), StoreError>;

    /// Wants the units of an open slot posted again, or those of all open slots.
    async fn ask_repost(
        &self,
        endpoint: Endpoint,
        slot: Option<SlotNo>,
        at: Timestamp,
    ) -> Result<Repost, StoreError>;

    /// What the payer has to obey.
    ///
    /// # Errors
    /// [`StoreError::Superseded`].
    async fn wishes(&self, lock: &PayerLock) -> Result<Wishes, StoreError>;

    /// Takes note that everything that was wanted posted up to this wish was posted.
    ///
    /// # Errors
    /// [`StoreError::Superseded`].
    async fn reposted(&self, lock: &PayerLock, through: RepostNo, at: Timestamp) -> Result<(), StoreError>;

    /// Keeps what a hub said to a version, where that changes nothing about it; what does change something
    /// comes as a [`Change`](payout::Change) and is kept with it. The last 20 answers to a version are
    /// kept, the same words in a row counted as one. For a version that does not exist nothing is kept.
    ///
    /// # Errors
    /// [`StoreError::Superseded`].
    async fn heard(
        &self,
        lock: &PayerLock,
        version: VersionId,
        answer: &str,
        at: Timestamp,
    ) -> Result<(), StoreError>;

    /// Keeps what the payer says of itself, instead of what it said before.
    ///
    /// # Errors
    /// [`StoreError::Superseded`].
    async fn report(&self, lock: &PayerLock, report: PayerReport) -> Result<(), StoreError>;

    /// How an endpoint stands; TPS fees paid in advance are summed since `fees_since`.
    async fn overview(&self, endpoint: Endpoint, fees_since: Timestamp) -> Result<Overview, StoreError>;

    /// The slots of an endpoint, newest first, at most `limit`.
    async fn slots(
        &self,
        endpoint: Endpoint,
        which: WhichSlots,
        limit: u32,
    ) -> Result<Vec<SlotLine>, StoreError>;

    /// All that is known of a slot.
    async fn slot(&self, endpoint: Endpoint, slot: SlotNo) -> Result<Option<SlotRecord>, StoreError>;

    /// The slot of which this unit is a version.
    async fn slot_of_unit(&self, endpoint: Endpoint, unit: UnitHash) -> Result<Option<SlotNo>, StoreError>;

    /// Where a payout stands and stood.
    async fn trail(&self, endpoint: Endpoint, payout: PayoutId) -> Result<Option<PayoutTrail>, StoreError>;

    /// The payouts of all purchases with this order id, of any partner and merchant, oldest first; of one whose
    /// cashback was given anew, the newest. Reads the order ids of all purchases.
    async fn payouts_of_order(
        &self,
        endpoint: Endpoint,
        order: &OrderId,
    ) -> Result<Vec<PayoutId>, StoreError>;
}
