//! What the keeper remembers: open textcoins, and the units that take them back.

use std::sync::Arc;

use obyte::compose::Coin;
use obyte::{Bytes, UnitHash};

use crate::engine::CRUMB;
use crate::{Fees, TextcoinNo, Timestamp, VersionNo, VersionStatus};

/// A textcoin whose unit is proven good, and of which nobody has proven yet that it was claimed or taken back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenTextcoin {
    /// Which.
    pub no: TextcoinNo,
    /// The coin that was given.
    pub coin: Coin,
    /// The most that taking it back may cost, fees of any kind together.
    pub fees_max: Bytes,
    /// From then on it is taken back.
    pub expires_at: Timestamp,
    /// Whether an operator wants it back before.
    pub recalled: bool,
    /// A unit of somebody else that spends it, as far as a hub tells: it is not taken back while that lasts.
    pub claim: Option<UnitHash>,
    /// The units that were signed to take it back, oldest first. All spend the coin, so at most one can become good.
    pub sweeps: Vec<Sweep>,
}

/// A signed unit that takes a textcoin back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sweep {
    /// Which of those for its textcoin, from 0.
    pub version: VersionNo,
    /// The hash of the unit.
    pub unit: UnitHash,
    /// The unit exactly as it is posted, every time.
    pub json: Arc<str>,
    /// What comes back: its only output, at an address of the wallet's line.
    pub coin: Coin,
    /// What it costs.
    pub fees: Fees,
    /// When it was signed.
    pub signed_at: Timestamp,
    /// What became of it, as far as is known.
    pub status: VersionStatus,
}

impl OpenTextcoin {
    /// The most that taking one back may cost that a unit of a lost database gave: it brings the partner's share, if an
    /// order counts as paid by it, and more than it takes to spend what it brings.
    pub fn fees_max_of_found(amount: Bytes, share: Bytes) -> Bytes {
        amount.saturating_sub(share).saturating_sub(CRUMB)
    }
}

impl Sweep {
    /// Whether a hub may have it or take it.
    pub const fn is_alive(&self) -> bool {
        matches!(self.status, VersionStatus::Journaled | VersionStatus::Unknown | VersionStatus::Accepted)
    }
}

/// One thing about a textcoin for the store to keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SweepChange {
    /// A unit that takes it back, before it is posted.
    Signed {
        /// The textcoin.
        no: TextcoinNo,
        /// The unit.
        sweep: Sweep,
    },
    /// What a hub made of such a unit; or [`VersionStatus::Dead`], when a proof showed it bad. That one is good for
    /// ever comes with the coin that it brings back ([`crate::Change::CoinProven`]).
    Answered {
        /// The textcoin.
        no: TextcoinNo,
        /// Which unit.
        version: VersionNo,
        /// What is known now.
        status: VersionStatus,
        /// The hub's words, for the operator; bounded and without secrets.
        answer: String,
        /// When.
        at: Timestamp,
    },
    /// A unit of somebody else spends the coin, as far as a hub tells; or none does any more. Nothing is proven.
    ClaimSeen {
        /// The textcoin.
        no: TextcoinNo,
        /// The unit.
        claim: Option<UnitHash>,
    },
    /// A unit of somebody else that spends the coin is proven good.
    Claimed {
        /// The textcoin.
        no: TextcoinNo,
        /// The unit.
        unit: UnitHash,
        /// When.
        at: Timestamp,
    },
}
