//! What an operator may look at.

use ledger::{CommandId, Purse};
use obyte::compose::Coin;
use obyte::{Bytes, UnitHash};
use payout::{Fees, Payout, SlotNo, Timestamp, Version, VersionNo, VersionStatus};

use crate::{HeldBacklog, Pause, PayerReport, PurchaseKey, PurchaseRecord, Repost};

/// How an endpoint stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overview {
    /// What the payer last said of itself, if there ever was one.
    pub report: Option<PayerReport>,
    /// The pauses that nobody has ended, oldest first.
    pub pauses: Vec<Pause>,
    /// What is to be posted again, oldest first.
    pub reposts: Vec<Repost>,
    /// Payouts that are owed and in no slot, but for those that are held.
    pub queued: u64,
    /// When the oldest of them was accepted.
    pub oldest_queued: Option<Timestamp>,
    /// What is held for review.
    pub held: HeldBacklog,
    /// Whether the wallet is being restored.
    pub restoring: bool,
    /// Slots that are not settled.
    pub open_slots: u64,
    /// When the first version of the oldest of them was signed.
    pub oldest_open: Option<Timestamp>,
    /// TPS fees paid in advance, of each slot the dearest version.
    pub prepaid: Bytes,
    /// The slot that was settled last.
    pub last_settled: Option<SlotLine>,
}

/// Which slots to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhichSlots {
    /// Those that are not settled.
    Open,
    /// All there ever were.
    All,
}

/// Where a slot stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotState {
    /// Nothing is proven yet.
    Open,
    /// One version is proven good for ever.
    Settled {
        /// Which.
        winner: VersionNo,
        /// Its main chain index, as the hub told it.
        main_chain_index: Option<u64>,
        /// The TPS fee finally charged, as the hub told it.
        charged_tps_fee: Option<Bytes>,
        /// When it was proven.
        at: Timestamp,
    },
    /// Its anchor is proven never to have existed; its payouts went back to the queue.
    Dead {
        /// When that was proven.
        at: Timestamp,
    },
}

impl SlotState {
    /// A stable code: `open`, `settled` or `dead`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Settled { .. } => "settled",
            Self::Dead { .. } => "dead",
        }
    }
}

/// A slot in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotLine {
    /// Its number.
    pub no: SlotNo,
    /// Where it stands.
    pub state: SlotState,
    /// When its first version was signed.
    pub opened_at: Timestamp,
    /// How many versions it has.
    pub versions: u32,
    /// The unit of the good version, or else of the newest; what follows is about this one.
    pub unit: UnitHash,
    /// What became of it.
    pub status: VersionStatus,
    /// How many payouts it pays.
    pub payouts: u32,
    /// How much they are together.
    pub amount: Bytes,
    /// What it costs.
    pub fees: Fees,
}

/// All that is known of a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotRecord {
    /// Its number.
    pub no: SlotNo,
    /// Where it stands.
    pub state: SlotState,
    /// The coin that every version of it spends.
    pub anchor: Coin,
    /// Its versions, oldest first.
    pub versions: Vec<VersionRecord>,
    /// The payouts of all its versions, in the order of their numbers.
    pub payouts: Vec<SlotPayout>,
}

/// A version, and what hubs said to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionRecord {
    /// The version.
    pub version: Version,
    /// The last answers, oldest first.
    pub answers: Vec<HubAnswer>,
}

/// What a hub said to a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubAnswer {
    /// Its words, or what a proof showed.
    pub answer: String,
    /// When it said so first.
    pub first_at: Timestamp,
    /// When it said so last, without anything else in between.
    pub last_at: Timestamp,
    /// How often.
    pub times: u32,
}

/// What a payout is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaidFor {
    /// A purchase.
    Purchase(PurchaseKey),
    /// A withdrawal.
    Withdrawal {
        /// What names it.
        command: CommandId,
        /// Whose bytes it takes.
        purse: Purse,
    },
}

/// A payout of a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotPayout {
    /// The payout.
    pub payout: Payout,
    /// What it is for.
    pub paid_for: PaidFor,
    /// The slot that holds it now: this one, or another one; nothing while it waits in the queue, and when
    /// it is parked or held.
    pub slot: Option<SlotNo>,
    /// Whether it is never paid, since the payee is an autonomous agent.
    pub is_parked: bool,
    /// Whether it is held for review, or was rejected then.
    pub is_held: bool,
}

/// Where a payout stands and stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PayoutTrail {
    /// The purchase, its payout, and where it stands.
    pub record: PurchaseRecord,
    /// The slots with a version that pays it, oldest first.
    pub slots: Vec<SlotNo>,
}
