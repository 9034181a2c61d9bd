//! What is to be persisted, in the order given, in one transaction.

use obyte::compose::Coin;
use obyte::{Address, Bytes, UnitHash};

use crate::record::{Payout, RestoreCause, Slot, Version, VersionStatus};
use crate::{PayoutId, SlotNo, Timestamp, VersionId};

/// One thing for the store to keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A slot with its first version, before that is posted. Its payouts leave the queue.
    SlotOpened(Slot),
    /// A further version of an open slot, before it is posted. `appended` are payouts that it pays and
    /// no version before it did; they leave the queue.
    VersionAdded {
        /// The version.
        version: Version,
        /// The payouts that are new in the slot.
        appended: Vec<Payout>,
    },
    /// What a hub made of a version; or [`VersionStatus::Dead`], when a proof showed it bad.
    Answered {
        /// The version.
        version: VersionId,
        /// What is known now.
        status: VersionStatus,
        /// The hub's words, for the operator; bounded and without secrets.
        answer: String,
        /// When.
        at: Timestamp,
    },
    /// A proof settled a slot: one version is good for ever and the others are dead. Slots are settled in
    /// their order.
    Settled(Settlement),
    /// A slot whose anchor is proven never to have existed, as the version that made it is dead, or hangs on
    /// one that is; or whose anchor is [lost](Self::CoinLost). Its payouts return to the queue.
    SlotDied {
        /// The slot.
        slot: SlotNo,
        /// When.
        at: Timestamp,
    },
    /// A coin of the payer that no unit of the journal made, proven stable and good. Credited exactly once.
    CoinProven {
        /// The coin.
        coin: Coin,
        /// Who made it.
        origin: Origin,
        /// What is set aside of it for the fees of spending it.
        reserve: Bytes,
        /// When.
        at: Timestamp,
    },
    /// A payout is never paid, for its payee is an autonomous agent (8.8). It stood in the queue; no version
    /// that may still become good pays it. Its shares and its reserve return, its order id stays claimed.
    Parked {
        /// The payout.
        payout: PayoutId,
        /// When.
        at: Timestamp,
    },
    /// The wallet is being restored, until [`Restored`](Self::Restored): the network has units of it that no
    /// journal holds, and there may be more that are signed and did not surface.
    RestoreBegun {
        /// Why.
        cause: RestoreCause,
        /// When.
        at: Timestamp,
    },
    /// A unit of the wallet that no journal holds, proven stable and good. It is known from now on; and since
    /// it may have paid an order that was lost with a database, orders that come with the address and the amount
    /// of an output are held.
    ForeignUnit {
        /// The unit.
        unit: UnitHash,
        /// The main chain index that the hub tells, which no proof covers.
        main_chain_index: Option<u64>,
        /// Which of the payer's addresses sign it, so that they are defined on the network.
        authors: Vec<Address>,
        /// What it pays to others.
        paid: Vec<Coin>,
        /// When it was made, as it says itself.
        made_at: Option<Timestamp>,
        /// When.
        at: Timestamp,
    },
    /// A coin that the payer held is spent by a [foreign unit](Self::ForeignUnit): it was free, or the anchor.
    CoinLost {
        /// The coin.
        coin: Coin,
        /// When.
        at: Timestamp,
    },
    /// So many addresses of the line, and so many deposit addresses, may have been used, whatever the journal says.
    Reached {
        /// How many of the line.
        places: u32,
        /// How many deposit addresses.
        deposits: u32,
    },
    /// All coins that a unit signed before could spend are at a fresh address, proven. What is in the queue and
    /// may have been paid by a [foreign unit](Self::ForeignUnit) is held.
    Restored {
        /// When.
        at: Timestamp,
    },
    /// The payer's history is known up to here, as far as indexes that no proof covers can tell. It may lie
    /// below what was told before, where that was a lie.
    Synced {
        /// A main chain index.
        main_chain_index: u64,
    },
}

/// Who made a coin of the payer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Somebody sent it.
    Others,
    /// A unit of the wallet itself that no journal holds.
    ForeignUnit,
}

/// How a slot was settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    /// The version that is proven stable and good.
    pub version: VersionId,
    /// Its unit.
    pub unit: UnitHash,
    /// Its payouts: paid for ever.
    pub paid: Vec<PayoutId>,
    /// Payouts of the slot that only dead versions hold: they return to the queue.
    pub freed: Vec<PayoutId>,
    /// What stays set aside of its reserves for the slot behind it, which was opened to pull it in and is
    /// settled next.
    pub kept: Bytes,
    /// The coins it spent.
    pub spent: Vec<Coin>,
    /// Its change: the anchor of the next slot.
    pub change: Coin,
    /// The main chain index that the hub tells, which no proof covers.
    pub main_chain_index: Option<u64>,
    /// The TPS fee finally charged, as the hub tells it; no proof covers it.
    pub charged_tps_fee: Option<Bytes>,
    /// When it was proven.
    pub at: Timestamp,
}
