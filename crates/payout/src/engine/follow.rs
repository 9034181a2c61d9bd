//! Following the payer's history: what is proven settles slots, and brings new coins.

use std::time::Duration;

use obyte::UnitHash;
use obyte::compose::Coin;
use obyte::unit::CoinId;

use super::addresses::spending_reserve;
use super::recent::Recent;
use super::{Engine, Outbox};
use crate::{
    Action, Alarm, AskHistory, AskId, Change, Origin, SeenUnit, Snapshot, Standing, Timestamp, VersionId,
    VersionStatus,
};

/// How many times as long as a history took no other is asked for; and the same after one of many units:
/// the next would have ever more of them, and take ever more memory.
const REST: u32 = 9;
const REST_OF_MANY: u32 = 3;
const MANY: usize = 80;

/// Where following stands.
#[derive(Debug)]
pub(super) struct Follow {
    synced_mci: u64,
    /// Whether a history was proven since the start.
    synced: bool,
    /// Nothing is composed before a history that was asked for from now on.
    must_see: bool,
    /// The question on its way.
    asked: Option<AskId>,
    /// Something is new, as far as a hub says.
    wanted: bool,
    /// Not before this time, after a failure.
    not_before: Timestamp,
    /// Not before this time, unless something must be seen.
    rest_until: Timestamp,
    last: Option<Timestamp>,
    settled_units: Recent<UnitHash>,
    credited_coins: Recent<CoinId>,
}

impl Follow {
    pub(super) fn new(snapshot: &Snapshot) -> Self {
        let mut credited_coins: Recent<CoinId> = snapshot.credited_coins.iter().copied().collect();
        // What is in hand was credited, however long ago.
        let versions = snapshot.slots.iter().flat_map(|slot| &slot.versions);
        for coin in snapshot.refills.iter().chain(versions.flat_map(|version| &version.inputs)) {
            credited_coins.insert(coin.id);
        }
        Self {
            synced_mci: snapshot.synced_mci,
            synced: false,
            must_see: false,
            asked: None,
            wanted: false,
            not_before: Timestamp::default(),
            rest_until: Timestamp::default(),
            last: None,
            settled_units: snapshot.settled_units.iter().copied().collect(),
            credited_coins,
        }
    }

    pub(super) const fn is_synced(&self) -> bool {
        self.synced
    }

    /// Whether as much was seen as must be before something is composed.
    pub(super) const fn has_seen(&self) -> bool {
        self.synced && !self.must_see
    }

    pub(super) const fn want(&mut self) {
        self.wanted = true;
    }

    /// Whatever failed before: whoever is asked from now on may know.
    pub(super) fn ask_at_once(&mut self) {
        self.wanted = true;
        self.not_before = Timestamp::default();
    }

    /// Our picture may be wrong: a history asked for before now does not mend it.
    pub(super) const fn must_see(&mut self) {
        self.must_see = true;
        self.wanted = true;
        self.asked = None;
    }

    /// No answer will come.
    pub(super) const fn forget_question(&mut self) {
        self.asked = None;
    }

    /// Whether this was the question, which is answered now.
    pub(super) fn take(&mut self, ask: AskId) -> bool {
        self.asked.take_if(|asked| *asked == ask).is_some()
    }

    /// Stock was taken where no history can be had.
    pub(super) const fn saw_all_there_is(&mut self, not_before: Timestamp) {
        self.synced = true;
        self.must_see = false;
        // From now on there may be one, and with it the hub watches the addresses; but not while what came
        // in masses is not stable, so it is not asked for at once.
        self.wanted = true;
        self.not_before = not_before;
    }

    /// All that restoring a wallet needs was seen.
    pub(super) const fn saw_all(&mut self, now: Timestamp) {
        self.synced = true;
        self.must_see = false;
        self.wanted = false;
        self.last = Some(now);
    }

    /// A question is wanted, not before that time.
    pub(super) const fn ask_at(&mut self, not_before: Timestamp) {
        self.wanted = true;
        self.not_before = not_before;
    }

    pub(super) const fn not_before(&self) -> Timestamp {
        self.not_before
    }

    /// When a history is due again that is asked for so often.
    pub(super) fn usual(&self, every: Duration) -> Timestamp {
        self.last.map(|last| last.plus(every)).unwrap_or_default()
    }

    pub(super) fn knows(&self, unit: &UnitHash) -> bool {
        self.settled_units.contains(unit)
    }

    pub(super) fn has_credited(&self, coin: &CoinId) -> bool {
        self.credited_coins.contains(coin)
    }

    pub(super) const fn synced_mci(&self) -> u64 {
        self.synced_mci
    }

    /// The next history begins there.
    pub(super) fn sync(&mut self, main_chain_index: u64, out: &mut Outbox) {
        if main_chain_index != self.synced_mci {
            self.synced_mci = main_chain_index;
            out.persist(Change::Synced { main_chain_index });
        }
    }

    pub(super) fn failed(&mut self, ask: AskId, not_before: Timestamp) {
        if self.take(ask) {
            self.wanted = true;
            self.not_before = not_before;
        }
    }

    /// After a history the hub has several times as long as it took for other things: the more is going on,
    /// the larger a history is, and posting comes first. What is not proven yet comes again with each, so
    /// few histories are less work than many.
    fn rest(&mut self, now: Timestamp, times: u32, at_most: Duration) {
        let took = self.last.map(|asked| now.since(asked)).unwrap_or_default();
        self.rest_until = now.plus((took * times).min(at_most));
    }

    pub(super) fn remember_unit(&mut self, unit: UnitHash) {
        self.settled_units.insert(unit);
    }

    /// The clock was set back to this time.
    pub(super) fn not_after(&mut self, now: Timestamp) {
        self.not_before = self.not_before.min(now);
        self.rest_until = self.rest_until.min(now);
        self.last = self.last.map(|at| at.min(now));
    }
}

impl Engine {
    pub(super) fn history_due(&self) -> Option<Timestamp> {
        if self.follow.asked.is_some() || self.stocktaking.replaces_history() {
            return None;
        }
        if self.restoring.is_some() {
            return self.look_due();
        }
        let every = if self.slots.is_empty() { self.settings.look_every } else { self.settings.follow_every };
        let usual = self.follow.usual(every);
        let due = if self.follow.wanted { Timestamp::default() } else { usual };
        let rested = if self.follow.must_see { Timestamp::default() } else { self.follow.rest_until };
        Some(due.max(self.follow.not_before).max(rested))
    }

    pub(super) fn ask_history(&mut self, now: Timestamp, out: &mut Outbox) {
        if self.history_due().is_none_or(|due| due > now) {
            return;
        }
        let ask = self.new_ask();
        self.follow.asked = Some(ask);
        self.follow.wanted = false;
        self.follow.last = Some(now);
        let question = if self.restoring.is_some() { self.look(now, ask) } else { self.news(ask) };
        out.push(Action::AskHistory(question));
    }

    /// The question for what is new.
    fn news(&self, ask: AskId) -> AskHistory {
        AskHistory {
            ask,
            addresses: self.watched(),
            units: self.open_units(),
            min_mci: self.follow.synced_mci,
            also: Vec::new(),
            moves: false,
        }
    }

    pub(super) fn on_history(&mut self, now: Timestamp, ask: AskId, units: &[SeenUnit], out: &mut Outbox) {
        if !self.follow.take(ask) {
            return;
        }
        if self.restoring.is_some() {
            return self.on_look(now, units, out);
        }
        let is_start = !std::mem::replace(&mut self.follow.synced, true);
        self.follow.must_see = false;
        if self.see(now, units, is_start, out) {
            self.advance(units, out);
        }
        let times = if units.len() > MANY { REST_OF_MANY } else { REST };
        self.follow.rest(now, times, self.settings.follow_every);
    }

    /// Takes in what is proven. Whether all is well: no unit is somebody else's. If one is, the wallet is
    /// restored at a start; later somebody else uses it.
    pub(super) fn see(
        &mut self,
        now: Timestamp,
        units: &[SeenUnit],
        is_start: bool,
        out: &mut Outbox,
    ) -> bool {
        self.see_open(now, units, out);
        let foreign = units.iter().find(|seen| self.is_foreign(seen)).map(|seen| seen.unit);
        for seen in units.iter().filter(|seen| !seen.is_own && seen.standing == Standing::FinalGood) {
            for coin in &seen.coins {
                self.credit(now, *coin, Origin::Others, out);
            }
        }
        match foreign {
            Some(unit) if is_start => self.begin_restoring(now, unit, out),
            // The next history shows it again, until the operator has seen it.
            Some(unit) if self.paused.is_none() => self.pause(Alarm::ForeignUnit(unit), out),
            _ => {}
        }
        foreign.is_none()
    }

    /// What is proven of the units of open slots.
    pub(super) fn see_open(&mut self, now: Timestamp, units: &[SeenUnit], out: &mut Outbox) {
        // Slots are settled in the order of the line, whatever order the hub lists units in.
        let mut own: Vec<(VersionId, &SeenUnit)> =
            units.iter().filter_map(|seen| Some((self.version_with(&seen.unit)?, seen))).collect();
        own.sort_by_key(|(id, _)| *id);
        for (id, seen) in own {
            self.on_own(now, id, seen, out);
        }
    }

    /// A unit that spends from the payer's address, and that no journal holds.
    fn is_foreign(&self, seen: &SeenUnit) -> bool {
        // What is proven bad never existed.
        let exists = seen.standing != Standing::FinalBad;
        let known = || self.follow.knows(&seen.unit) || self.version_with(&seen.unit).is_some();
        seen.is_own && exists && !known()
    }

    /// All units of open slots.
    pub(super) fn open_units(&self) -> Vec<UnitHash> {
        self.slots.iter().flat_map(|slot| slot.versions.iter().map(|version| version.unit)).collect()
    }

    pub(super) fn version_with(&self, unit: &UnitHash) -> Option<VersionId> {
        self.slots.iter().find_map(|slot| slot.version_of(unit)).map(|version| version.id)
    }

    fn on_own(&mut self, now: Timestamp, id: VersionId, seen: &SeenUnit, out: &mut Outbox) {
        // Settling an earlier slot may have ended this one.
        let Some(version) = self.version(id) else { return };
        let change = version.change;
        match (seen.standing, version.status) {
            (Standing::FinalGood, _) => {
                self.accept(now, id, "proven good", out);
                self.settle_through(now, id, seen, out);
            }
            (Standing::FinalBad, _) => {
                self.note(now, id, VersionStatus::Dead, "proven bad", out);
                self.posting.forget(id);
                self.drop_behind(change, now, out);
            }
            // Against a proof no hub's word counts.
            (Standing::Unstable, VersionStatus::Final | VersionStatus::Dead) => {}
            (Standing::Unstable, _) => self.accept(now, id, "listed as good", out),
        }
    }

    pub(super) fn credit(&mut self, now: Timestamp, coin: Coin, origin: Origin, out: &mut Outbox) {
        if self.follow.credited_coins.insert(coin.id) {
            self.refills.insert(coin.id, coin);
            self.compose_at = self.compose_at.min(now);
            out.persist(Change::CoinProven { coin, origin, reserve: spending_reserve(coin.amount), at: now });
        }
    }

    /// Everything below the highest proven unit was in this history, so the next one may begin there.
    fn advance(&mut self, units: &[SeenUnit], out: &mut Outbox) {
        let places = |standing| {
            let standing = move |seen: &&SeenUnit| seen.standing == standing;
            units.iter().filter(standing).filter_map(|seen| seen.main_chain_index)
        };
        let Some(highest) = places(Standing::FinalGood).max() else { return };
        // What is not proven yet must be seen again.
        let highest = places(Standing::Unstable).min().map_or(highest, |unproven| highest.min(unproven));
        if highest > self.follow.synced_mci {
            self.follow.sync(highest, out);
        }
    }
}
