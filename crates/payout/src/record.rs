//! What the engine remembers: payouts, slots and their versions.
//!
//! These are the values that the store keeps. A [`Version`] is journaled whole, before its unit is
//! posted, and never altered but for what became of it.

use std::sync::Arc;

use obyte::compose::Coin;
use obyte::unit::CoinId;
use obyte::{Address, Bytes, UnitHash};
use serde::{Deserialize, Serialize};

use crate::{Payee, PayoutId, SlotNo, TextcoinNo, Timestamp, VersionId, VersionNo};

/// One cashback that is owed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payout {
    /// Its name.
    pub id: PayoutId,
    /// Who receives it.
    pub payee: Payee,
    /// How much; never changes. A textcoin holds more ([`Issue::reserve`](crate::Issue::reserve)).
    pub amount: Bytes,
    /// When it was accepted.
    pub queued_at: Timestamp,
}

/// What a unit costs, in bytes (4.5, 4.6, 4.10).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fees {
    /// Headers and payload commission and oversize fee.
    pub size: Bytes,
    /// The TPS fee paid in advance.
    pub tps: Bytes,
}

impl Fees {
    /// Both together.
    pub fn total(self) -> Bytes {
        self.size.checked_add(self.tps).expect("the fees of one unit are far below the cap")
    }
}

/// What became of a version, as far as is known.
///
/// Only [`Final`](Self::Final) and [`Dead`](Self::Dead) rest on a proof; the others are what a hub said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VersionStatus {
    /// Journaled; no answer of a hub is known.
    Journaled,
    /// Posted, and the answer leaves open whether the hub has it.
    Unknown,
    /// The hub has it and finds it good.
    Accepted,
    /// The hub refused it. It may still surface (8.5).
    Refused,
    /// Proven stable and good.
    Final,
    /// Proven that it can never become good.
    Dead,
}

impl VersionStatus {
    /// Every status with the code that the store keeps.
    const CODES: [(Self, &'static str); 6] = [
        (Self::Journaled, "journaled"),
        (Self::Unknown, "unknown"),
        (Self::Accepted, "accepted"),
        (Self::Refused, "refused"),
        (Self::Final, "final"),
        (Self::Dead, "dead"),
    ];

    /// The stable code for the database.
    pub fn code(self) -> &'static str {
        Self::CODES
            .into_iter()
            .find_map(|(status, code)| (status == self).then_some(code))
            .expect("every status has a code")
    }

    /// The status of a code, if it is one.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::CODES.into_iter().find_map(|(status, known)| (known == code).then_some(status))
    }
}

/// A payout in a unit, and which output pays it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaidOutput {
    /// The payout.
    pub payout: PayoutId,
    /// The index of its output in the unit's payment, after sorting.
    pub output_index: u32,
}

/// One signed unit for a slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Which slot, and which version of it.
    pub id: VersionId,
    /// The hash of the unit.
    pub unit: UnitHash,
    /// The unit exactly as it is posted, every time.
    pub json: Arc<str>,
    /// The coins that it spends; the slot's anchor is the first.
    pub inputs: Vec<Coin>,
    /// The payouts that it pays.
    pub outputs: Vec<PaidOutput>,
    /// The change, which is the anchor of the next slot.
    pub change: Coin,
    /// What it costs.
    pub fees: Fees,
    /// When it was signed.
    pub signed_at: Timestamp,
    /// What became of it.
    pub status: VersionStatus,
}

impl Version {
    /// Whether this version pays `payout`.
    pub fn pays(&self, payout: PayoutId) -> bool {
        self.outputs.iter().any(|output| output.payout == payout)
    }
}

/// A place in the line of units that is not settled yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    /// Its number.
    pub no: SlotNo,
    /// The coin that every version of this slot spends.
    pub anchor: Coin,
    /// The payouts assigned to this slot: those of all its versions.
    pub payouts: Vec<Payout>,
    /// Its versions, oldest first; never empty.
    pub versions: Vec<Version>,
}

impl Slot {
    /// Whether it was opened to pull the slot before it in, and may still be settled without any payout.
    pub fn is_pull(&self) -> bool {
        self.versions.iter().any(|version| version.outputs.is_empty())
    }

    /// The newest version.
    pub fn head(&self) -> &Version {
        self.versions.last().expect("a slot is made with its first version")
    }

    /// The number that the next version of this slot would have.
    pub fn next_version(&self) -> VersionId {
        let count = u32::try_from(self.versions.len()).expect("a slot never has 2^32 versions");
        VersionId { slot: self.no, version: VersionNo::new(count) }
    }

    /// The version whose unit this is.
    pub fn version_of(&self, unit: &UnitHash) -> Option<&Version> {
        self.versions.iter().find(|version| version.unit == *unit)
    }
}

/// The first good unit of one of the payer's addresses, which decides whether its definition must be repeated
/// (4.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FirstUnit {
    /// The unit.
    pub unit: UnitHash,
    /// Its main chain index, once the unit is proven stable.
    pub main_chain_index: Option<u64>,
}

impl FirstUnit {
    /// Whether another unit of the address came before this one, as far as indexes tell.
    pub fn is_behind(&self, other: &Self) -> bool {
        let index = |of: &Self| of.main_chain_index.unwrap_or(u64::MAX);
        index(other) < index(self)
    }
}

/// Why a wallet is restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RestoreCause {
    /// The operator says that it was used before.
    Declared,
    /// This unit of it was seen, and no journal holds it.
    Seen(UnitHash),
}

/// All that the engine needs to go on after a start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// What is owed and in no slot, oldest first.
    pub queue: Vec<Payout>,
    /// The slots that are not settled, in their order.
    pub slots: Vec<Slot>,
    /// The number of the next new slot.
    pub next_slot: u64,
    /// The change of the last settled slot, when no slot is open.
    pub anchor: Option<Coin>,
    /// Proven coins that no open slot spends, the anchor apart.
    pub refills: Vec<Coin>,
    /// The first good unit of each of the payer's addresses that has one.
    pub first_units: Vec<(Address, FirstUnit)>,
    /// How many slots began at the address at which the line stands now.
    pub home_slots: u64,
    /// What was paid there in advance for TPS fees and is not charged, as far as hubs tell.
    pub home_prepaid: Bytes,
    /// The highest main chain index up to which the payer's history is known and proven.
    pub synced_mci: u64,
    /// TPS fees paid in advance lately: when, and how much.
    pub prepaid: Vec<(Timestamp, Bytes)>,
    /// Units of settled slots, all versions of the last thousand slots, and those that no journal held and
    /// that are known since, so that their return in a history is no alarm.
    pub settled_units: Vec<UnitHash>,
    /// The coins that were credited last, some thousands, spent or not, so that none is taken for new when
    /// a history shows it again.
    pub credited_coins: Vec<CoinId>,
    /// In which life of the wallet textcoins are given now, and the counter of the next one.
    pub textcoins: TextcoinNo,
    /// Why the wallet is being restored, while it is.
    pub restoring: Option<RestoreCause>,
    /// So many addresses of the line may have been used, whatever the slots say. While the wallet is being
    /// restored: all but the one to which the coins go.
    pub places: u32,
    /// How many deposit addresses partners were given, or may have been.
    pub deposits: u32,
    /// Units of the wallet that no journal held, while it is being restored; they are among
    /// [`settled_units`](Self::settled_units), too.
    pub foreign_units: Vec<UnitHash>,
}
