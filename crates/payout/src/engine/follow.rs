//! Following the payer's history: what is proven settles slots, and brings new coins.

use obyte::UnitHash;
use obyte::compose::Coin;
use obyte::unit::CoinId;

use super::{Engine, Outbox, Recent};
use crate::{
    Action, Alarm, AskHistory, AskId, Change, PaidOutput, SeenUnit, Settlement, Standing, Timestamp, Version,
    VersionId, VersionStatus,
};

/// Where following stands.
#[derive(Debug)]
pub(super) struct Follow {
    synced_mci: u64,
    /// Whether a history was proven since the start.
    synced: bool,
    /// The question on its way.
    asked: Option<AskId>,
    /// Something is new, as far as a hub says.
    wanted: bool,
    /// Not before this time, after a failure.
    not_before: Timestamp,
    last: Option<Timestamp>,
    settled_units: Recent<UnitHash>,
    credited_coins: Recent<CoinId>,
}

impl Follow {
    pub(super) fn new(synced_mci: u64, settled_units: Vec<UnitHash>, credited_coins: Vec<CoinId>) -> Self {
        Self {
            synced_mci,
            synced: false,
            asked: None,
            wanted: false,
            not_before: Timestamp::default(),
            last: None,
            settled_units: settled_units.into_iter().collect(),
            credited_coins: credited_coins.into_iter().collect(),
        }
    }

    pub(super) const fn is_synced(&self) -> bool {
        self.synced
    }

    pub(super) const fn want(&mut self) {
        self.wanted = true;
    }

    pub(super) const fn forget_question(&mut self) {
        self.asked = None;
    }

    pub(super) fn failed(&mut self, ask: AskId, not_before: Timestamp) {
        if self.asked.take_if(|asked| *asked == ask).is_some() {
            self.wanted = true;
            self.not_before = not_before;
        }
    }

    pub(super) fn remember_unit(&mut self, unit: UnitHash) {
        self.settled_units.insert(unit);
    }
}

impl Engine {
    pub(super) fn history_due(&self) -> Option<Timestamp> {
        if self.follow.asked.is_some() {
            return None;
        }
        let every = if self.slots.is_empty() { self.settings.look_every } else { self.settings.follow_every };
        let usual = self.follow.last.map(|last| last.plus(every)).unwrap_or_default();
        let due = if self.follow.wanted { Timestamp::default() } else { usual };
        Some(due.max(self.follow.not_before))
    }

    pub(super) fn ask_history(&mut self, now: Timestamp, out: &mut Outbox) {
        if self.history_due().is_none_or(|due| due > now) {
            return;
        }
        let ask = self.new_ask();
        self.follow.asked = Some(ask);
        self.follow.wanted = false;
        self.follow.last = Some(now);
        out.push(Action::AskHistory(AskHistory {
            ask,
            address: self.address(),
            units: self.slots.iter().flat_map(|slot| slot.versions.iter().map(|v| v.unit)).collect(),
            min_mci: self.follow.synced_mci,
        }));
    }

    pub(super) fn on_history(&mut self, now: Timestamp, ask: AskId, units: &[SeenUnit], out: &mut Outbox) {
        if self.follow.asked.take_if(|asked| *asked == ask).is_none() {
            return;
        }
        self.follow.synced = true;
        // Slots are settled in the order of the line, whatever order the hub lists units in.
        let mut own: Vec<(VersionId, &SeenUnit)> =
            units.iter().filter_map(|seen| Some((self.version_with(&seen.unit)?, seen))).collect();
        own.sort_by_key(|(id, _)| *id);
        for (id, seen) in own {
            self.on_own(now, id, seen, out);
        }
        for seen in units {
            self.on_other(now, seen, out);
        }
        self.advance(units, out);
    }

    fn version_with(&self, unit: &UnitHash) -> Option<VersionId> {
        self.slots.iter().find_map(|slot| slot.version_of(unit)).map(|version| version.id)
    }

    fn on_own(&mut self, now: Timestamp, id: VersionId, seen: &SeenUnit, out: &mut Outbox) {
        // Settling an earlier slot may have ended this one.
        let Some(version) = self.version(id).cloned() else { return };
        match seen.standing {
            Standing::FinalGood => {
                let settlement = self.settlement(now, &version, seen);
                if version.status != VersionStatus::Accepted {
                    self.accept(id, out);
                }
                self.settle(settlement, out);
            }
            Standing::FinalBad => self.note(now, &version, VersionStatus::Dead, "proven bad", out),
            Standing::Unstable => {
                let alive = matches!(
                    version.status,
                    VersionStatus::Journaled | VersionStatus::Unknown | VersionStatus::Refused
                );
                if alive {
                    self.accept(id, out);
                    self.note(now, &version, VersionStatus::Accepted, "listed as good", out);
                }
            }
        }
    }

    fn note(
        &mut self,
        now: Timestamp,
        version: &Version,
        status: VersionStatus,
        answer: &str,
        out: &mut Outbox,
    ) {
        if version.status != status {
            self.set_status(version.id, status);
            out.persist(Change::Answered { version: version.id, status, answer: answer.to_owned(), at: now });
        }
    }

    fn settlement(&self, now: Timestamp, version: &Version, seen: &SeenUnit) -> Settlement {
        let slot = self.slots.iter().find(|slot| slot.no == version.id.slot);
        let slot = slot.expect("the version was found in its slot");
        let freed = slot.payouts.iter().filter(|payout| !version.pays(payout.id));
        Settlement {
            version: version.id,
            unit: version.unit,
            paid: version.outputs.iter().map(|PaidOutput { payout, .. }| *payout).collect(),
            freed: freed.map(|payout| payout.id).collect(),
            spent: version.inputs.clone(),
            change: version.change,
            main_chain_index: seen.main_chain_index,
            charged_tps_fee: seen.charged_tps_fee,
            at: now,
        }
    }

    /// A unit that is no version of an open slot.
    fn on_other(&mut self, now: Timestamp, seen: &SeenUnit, out: &mut Outbox) {
        if self.follow.settled_units.contains(&seen.unit) || self.version_with(&seen.unit).is_some() {
            return;
        }
        match (seen.is_own, seen.standing) {
            // It never existed.
            (_, Standing::FinalBad) | (false, Standing::Unstable) => {}
            (true, _) => {
                if self.paused.is_none() {
                    self.pause(Alarm::ForeignUnit(seen.unit), out);
                }
            }
            (false, Standing::FinalGood) => {
                for coin in &seen.coins {
                    self.credit(now, *coin, out);
                }
            }
        }
    }

    fn credit(&mut self, now: Timestamp, coin: Coin, out: &mut Outbox) {
        if self.follow.credited_coins.insert(coin.id) {
            self.refills.insert(coin.id, coin);
            out.persist(Change::CoinProven { coin, at: now });
        }
    }

    /// Everything below the highest proven unit was in this history, so the next one may begin there.
    fn advance(&mut self, units: &[SeenUnit], out: &mut Outbox) {
        let proven = units.iter().filter(|seen| seen.standing == Standing::FinalGood);
        let Some(highest) = proven.filter_map(|seen| seen.main_chain_index).max() else { return };
        if highest > self.follow.synced_mci {
            self.follow.synced_mci = highest;
            out.persist(Change::Synced { main_chain_index: highest });
        }
    }
}
