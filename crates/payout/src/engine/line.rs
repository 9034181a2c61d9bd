//! The line of slots: where it goes on, how a slot is settled, what dies with a unit.

use obyte::Bytes;
use obyte::compose::Coin;

use super::{Engine, Outbox};
use crate::{Change, PaidOutput, Payout, SeenUnit, Settlement, Slot, SlotNo, Timestamp};
use crate::{Version, VersionId, VersionStatus};

/// What the line needs next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// Another version of this slot: all that it has were refused, are lost or dead.
    Version(SlotNo),
    /// A new slot on this coin, if there is any coin.
    Slot(Option<Coin>),
}

/// Where a slot stands, by what is known of its versions.
enum Hold {
    /// The hub has exactly one of them: the line goes on behind its change.
    Firm(Coin),
    /// It is open whether the hub has one, or which.
    Open,
    /// The hub has none, and takes none.
    Lost,
}

impl Engine {
    pub(super) fn version(&self, id: VersionId) -> Option<&Version> {
        let slot = self.slots.iter().find(|slot| slot.no == id.slot)?;
        slot.versions.iter().find(|version| version.id == id)
    }

    pub(super) fn version_mut(&mut self, id: VersionId) -> Option<&mut Version> {
        let slot = self.slots.iter_mut().find(|slot| slot.no == id.slot)?;
        slot.versions.iter_mut().find(|version| version.id == id)
    }

    /// What the line needs next; nothing while something else has to happen first.
    ///
    /// A slot in the middle may have lost its unit, if the hub forgot it. Then it gets another version,
    /// and the slots behind it wait for the proof which of the two is good: they hang on the first.
    pub(super) fn need(&self) -> Option<Need> {
        let mut end = None;
        for slot in &self.slots {
            if end.is_some_and(|end: Coin| end != slot.anchor) {
                return None;
            }
            match self.hold(slot) {
                Hold::Firm(change) => end = Some(change),
                Hold::Open => return None,
                Hold::Lost => return Some(Need::Version(slot.no)),
            }
        }
        if self.restoring.is_some() {
            return self.need_to_sweep();
        }
        let first = || self.anchor.or_else(|| self.refills.values().max_by_key(|coin| coin.amount).copied());
        Some(Need::Slot(end.or_else(first)))
    }

    fn hold(&self, slot: &Slot) -> Hold {
        let mut firm = None;
        for version in &slot.versions {
            match version.status {
                VersionStatus::Journaled | VersionStatus::Unknown => return Hold::Open,
                VersionStatus::Accepted | VersionStatus::Final => {
                    if !self.posting.is_lost(version.id) && firm.replace(version.change).is_some() {
                        return Hold::Open;
                    }
                }
                VersionStatus::Refused | VersionStatus::Dead => {}
            }
        }
        firm.map_or(Hold::Lost, Hold::Firm)
    }

    /// A version is proven good for ever: its slot is settled, and every slot before it, since a good
    /// unit spends only what good units made.
    pub(super) fn settle_through(
        &mut self,
        now: Timestamp,
        id: VersionId,
        seen: &SeenUnit,
        out: &mut Outbox,
    ) {
        while let Some(front) = self.slots.front()
            && front.no < id.slot
        {
            let next = self.slots.get(1).map(|slot| slot.anchor);
            let spent = front.versions.iter().find(|version| Some(version.change) == next);
            let winner = spent.expect("a slot spends the change of a version of the slot before").id;
            self.settle_front(now, winner, None, out);
        }
        if self.slots.front().is_some_and(|front| front.no == id.slot) {
            self.settle_front(now, id, Some(seen), out);
        }
    }

    fn settle_front(&mut self, now: Timestamp, id: VersionId, seen: Option<&SeenUnit>, out: &mut Outbox) {
        let slot = self.slots.pop_front().expect("the caller looked at it");
        let winner = slot.versions.iter().find(|version| version.id == id).expect("the caller found it");
        self.proof_took = Some(now.since(winner.signed_at));
        let mut settlement = settlement(now, &slot, winner, seen);
        if self.slots.front().is_some_and(|next| next.anchor == winner.change && next.is_pull()) {
            settlement.kept = self.settings.limits.pull();
        }
        for version in &slot.versions {
            self.forget(version);
            // What only losing versions spent is free again.
            let spared = version.inputs.iter().filter(|coin| !winner.inputs.contains(coin));
            self.refills.extend(spared.map(|coin| (coin.id, *coin)));
        }
        for payout in &settlement.paid {
            self.owed.remove(payout);
        }
        let freed = slot.payouts.iter().filter(|payout| settlement.freed.contains(&payout.id));
        self.return_to_queue(freed.copied());
        self.note_settled(&settlement, winner.fees.tps);
        self.compose_at = Timestamp::default();
        let change = settlement.change;
        out.persist(Change::Settled(settlement));
        self.park_queued(now, out);
        if self.slots.front().is_some_and(|next| next.anchor != change) {
            self.drop_from(0, now, out);
        }
        if self.slots.is_empty() {
            self.anchor = Some(change);
        }
    }

    /// A version is proven bad: what hangs on its change is dead with it.
    pub(super) fn drop_behind(&mut self, change: Coin, now: Timestamp, out: &mut Outbox) {
        if let Some(index) = self.slots.iter().position(|slot| slot.anchor == change) {
            self.drop_from(index, now, out);
        }
    }

    /// Slots whose anchor is proven never to have existed, or is spent by others, the last one first.
    pub(super) fn drop_from(&mut self, index: usize, now: Timestamp, out: &mut Outbox) {
        let dead: Vec<Slot> = self.slots.drain(index..).collect();
        self.compose_at = Timestamp::default();
        for slot in dead.into_iter().rev() {
            for version in &slot.versions {
                self.forget(version);
                let others = version.inputs.iter().filter(|coin| **coin != slot.anchor);
                self.refills.extend(others.map(|coin| (coin.id, *coin)));
            }
            self.return_to_queue(slot.payouts.iter().copied());
            out.persist(Change::SlotDied { slot: slot.no, at: now });
        }
        self.park_queued(now, out);
    }

    /// Nothing is done about this version any more, and its return in a history is no alarm.
    fn forget(&mut self, version: &Version) {
        self.posting.forget(version.id);
        self.follow.remember_unit(version.unit);
    }

    fn return_to_queue(&mut self, payouts: impl Iterator<Item = Payout>) {
        let before = self.queue.len();
        self.queue.extend(payouts);
        if self.queue.len() > before {
            self.queue.make_contiguous().sort_by_key(|payout| (payout.queued_at, payout.id));
        }
    }
}

fn settlement(now: Timestamp, slot: &Slot, winner: &Version, seen: Option<&SeenUnit>) -> Settlement {
    let freed = slot.payouts.iter().filter(|payout| !winner.pays(payout.id));
    Settlement {
        version: winner.id,
        unit: winner.unit,
        paid: winner.outputs.iter().map(|PaidOutput { payout, .. }| *payout).collect(),
        freed: freed.map(|payout| payout.id).collect(),
        kept: Bytes::ZERO,
        spent: winner.inputs.clone(),
        change: winner.change,
        main_chain_index: seen.and_then(|seen| seen.main_chain_index),
        charged_tps_fee: seen.and_then(|seen| seen.charged_tps_fee),
        at: now,
    }
}
