//! Restoring: the network has units of the wallet that no journal holds. The database is new, or older than
//! the network shows; or somebody else used the wallet, and the operator has ended that.
//!
//! What was signed before and did not surface still may, and pay an order that is reported again. All that it
//! can spend is what it could see, or what such units made. So first the wallet *looks*: the histories of all
//! its addresses are asked for, and of every unit of its own also the units that made what it spends, so that
//! no hub can leave one out that a later one builds on. Then it *sweeps*: units of the line that pay nobody
//! spend every coin found, to a fresh address. When they are proven, whatever was signed before is proven to be
//! listed or dead, and paying goes on. If one of them is not taken the wallet looks again.

mod look;
mod sweep;
mod take;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use obyte::UnitHash;
use obyte::compose::Coin;
use obyte::unit::CoinId;

use super::{Engine, Outbox};
use crate::keyring::{DepositNo, Place};
use crate::{Action, Alarm, Change, RestoreCause, Snapshot, Timestamp};

/// So many addresses behind the last one that was used are looked at.
const GAP: Place = 20;
/// The histories of so many addresses are asked for at once, unless they are too large.
const AT_ONCE: Place = 20;
/// So often a hub may tell nothing of the unit that was seen before. It may have vanished.
const IN_VAIN: u32 = 20;

/// Where restoring stands.
#[derive(Debug)]
pub(super) struct Restoring {
    phase: Phase,
    /// Why the wallet is restored.
    cause: RestoreCause,
    /// Units of the wallet that no journal held when they were seen.
    foreign: HashSet<UnitHash>,
    /// Good units that were told.
    seen: HashSet<UnitHash>,
    /// Units that made what a unit of the wallet spent, and that were not told.
    missing: BTreeSet<UnitHash>,
    /// What good units of the wallet spent.
    spent: HashSet<CoinId>,
    /// How many addresses were used, as far as was seen.
    used: Place,
    /// How many deposit addresses were.
    deposits: DepositNo,
    /// How many may have been used, once all was seen: the coins go to the next.
    places: Option<Place>,
    /// The coins that must be spent.
    old: BTreeMap<CoinId, Coin>,
    /// Whether something was found since these were listed.
    found: bool,
    /// Whether it was told what became of such a unit; and how often in a row all was looked at in vain.
    evidence: bool,
    in_vain: u32,
    /// Whether the beginning of the histories is not to be trusted, since indexes are not proven: all of them is
    /// looked at.
    from_start: bool,
}

#[derive(Debug)]
enum Phase {
    Looking(Look),
    /// All was seen, at that time.
    Sweeping(Timestamp),
}

/// Where a look stands.
#[derive(Clone, Copy, Debug)]
struct Look {
    /// The first address that is asked for next.
    from: Place,
    /// How many are asked for at once.
    at_once: Place,
    /// Something was seen that is not proven.
    is_open: bool,
}

impl Look {
    const BEGIN: Self = Self { from: 0, at_once: AT_ONCE, is_open: false };
}

impl Restoring {
    /// As the store knows it, if the wallet was being restored.
    pub(super) fn of(snapshot: &Snapshot) -> Option<Self> {
        let cause = snapshot.restoring?;
        Some(Self {
            foreign: snapshot.foreign_units.iter().copied().collect(),
            evidence: !snapshot.foreign_units.is_empty() || cause == RestoreCause::Declared,
            places: Some(snapshot.places).filter(|places| *places > 0),
            ..Self::begin(cause)
        })
    }

    fn begin(cause: RestoreCause) -> Self {
        Self {
            phase: Phase::Looking(Look::BEGIN),
            cause,
            foreign: HashSet::new(),
            seen: HashSet::new(),
            missing: BTreeSet::new(),
            spent: HashSet::new(),
            used: 0,
            deposits: 0,
            places: None,
            old: BTreeMap::new(),
            found: true,
            evidence: false,
            in_vain: 0,
            from_start: false,
        }
    }

    const fn is_sweeping(&self) -> bool {
        matches!(self.phase, Phase::Sweeping(_))
    }

    /// Whoever is asked from now on may know more.
    pub(super) const fn look_again(&mut self) {
        self.phase = Phase::Looking(Look::BEGIN);
    }

    /// What was seen cannot be all.
    pub(super) const fn look_at_everything(&mut self) {
        self.look_again();
        self.from_start = true;
    }

    /// Whether a good unit of the wallet spent it, as far as was seen.
    pub(super) fn is_spent(&self, coin: &Coin) -> bool {
        self.spent.contains(&coin.id)
    }
}

impl Engine {
    /// Whether the wallet is being restored, so that nobody is paid.
    pub const fn is_restoring(&self) -> bool {
        self.restoring.is_some()
    }

    pub(super) fn begin_restoring(&mut self, now: Timestamp, unit: UnitHash, out: &mut Outbox) {
        if self.restoring.is_some() {
            return;
        }
        let cause = RestoreCause::Seen(unit);
        self.restoring = Some(Restoring::begin(cause));
        self.asking = None;
        self.follow.ask_at_once();
        out.persist(Change::RestoreBegun { cause, at: now });
        out.push(Action::Alarm(Alarm::Restoring));
    }

    /// Once nothing is left that a unit signed before could spend, another engine begins from the store. Tells
    /// whether it is so.
    pub(super) fn end_restoring(&self, now: Timestamp, out: &mut Outbox) -> bool {
        let is_done = self.may_sweep() && self.slots.is_empty() && self.to_sweep().is_empty();
        if is_done {
            out.persist(Change::Restored { at: now });
            out.push(Action::BeginAnew);
        }
        is_done
    }
}
