//! The line of slots: where it ends, what is to be posted again, how a slot is settled.

use obyte::compose::Coin;

use super::{Engine, Outbox};
use crate::{Action, Change, FirstUnit, Settlement, SlotNo, Timestamp, Version, VersionId, VersionStatus};

impl Engine {
    pub(super) fn version(&self, id: VersionId) -> Option<&Version> {
        let slot = self.slots.iter().find(|slot| slot.no == id.slot)?;
        slot.versions.iter().find(|version| version.id == id)
    }

    pub(super) fn version_mut(&mut self, id: VersionId) -> Option<&mut Version> {
        let slot = self.slots.iter_mut().find(|slot| slot.no == id.slot)?;
        slot.versions.iter_mut().find(|version| version.id == id)
    }

    /// The coin that the next new slot spends first.
    pub(super) fn next_anchor(&self) -> Option<Coin> {
        match self.slots.back() {
            Some(slot) => Some(slot.head().change),
            None => self.anchor.or_else(|| self.refills.values().max_by_key(|coin| coin.amount).copied()),
        }
    }

    /// Posts what is to be posted again: after a start or a new connection everything that is open, in
    /// the order of the line, later what is not proven for long (8.4).
    pub(super) fn post_again(&mut self, now: Timestamp, out: &mut Outbox) {
        let due: Vec<VersionId> = self
            .open_versions()
            .filter(|version| self.repost_time(version).is_some_and(|at| at <= now))
            .map(|version| version.id)
            .collect();
        for id in due {
            self.post(now, id, out);
        }
    }

    pub(super) fn next_repost(&self) -> Option<Timestamp> {
        self.open_versions().filter_map(|version| self.repost_time(version)).min()
    }

    pub(super) fn post(&mut self, now: Timestamp, id: VersionId, out: &mut Outbox) {
        let Some(json) = self.version(id).map(|version| version.json.clone()) else { return };
        self.posting.insert(id);
        self.posted.insert(id, now);
        self.repost_at.remove(&id);
        out.push(Action::Post { version: id, json });
    }

    /// When a version is to be posted (again). One that the hub refused is not: its slot gets another
    /// version.
    fn repost_time(&self, version: &Version) -> Option<Timestamp> {
        let alive = matches!(
            version.status,
            VersionStatus::Journaled | VersionStatus::Unknown | VersionStatus::Accepted
        );
        if !alive || self.posting.contains(&version.id) {
            return None;
        }
        let usual = self.posted.get(&version.id).map(|at| at.plus(self.settings.repost_every));
        let sooner = self.repost_at.get(&version.id).copied();
        Some(sooner.or(usual).unwrap_or_default())
    }

    fn open_versions(&self) -> impl Iterator<Item = &Version> {
        self.slots.iter().flat_map(|slot| &slot.versions)
    }

    /// A proof showed which version of a slot is good for ever.
    pub(super) fn settle(&mut self, settlement: Settlement, out: &mut Outbox) {
        let Some(index) = self.slots.iter().position(|slot| slot.no == settlement.version.slot) else {
            return;
        };
        let slot = self.slots.remove(index).expect("the index was just found");
        for version in &slot.versions {
            self.forget_posts(version.id);
            self.follow.remember_unit(version.unit);
            // What only losing versions spent is free again.
            self.refills.extend(
                version
                    .inputs
                    .iter()
                    .filter(|coin| !settlement.spent.contains(coin))
                    .map(|coin| (coin.id, *coin)),
            );
        }
        let freed = slot.payouts.iter().filter(|payout| settlement.freed.contains(&payout.id));
        self.return_to_queue(freed.copied().collect());
        self.first_unit = self
            .first_unit
            .filter(|first| first.main_chain_index.is_some())
            .or(Some(FirstUnit { unit: settlement.unit, main_chain_index: settlement.main_chain_index }));
        let (no, change) = (settlement.version.slot, settlement.change);
        let at = settlement.at;
        out.persist(Change::Settled(settlement));
        self.drop_descendants_not_on(no, change, at, out);
        if self.slots.is_empty() {
            self.anchor = Some(change);
        }
    }

    /// Slots that were chained on another version's change are dead with it: that change never existed.
    fn drop_descendants_not_on(&mut self, settled: SlotNo, change: Coin, at: Timestamp, out: &mut Outbox) {
        let Some(index) = self.slots.iter().position(|slot| slot.no == settled.next()) else { return };
        if self.slots[index].anchor == change {
            return;
        }
        let dead: Vec<_> = self.slots.drain(index..).collect();
        self.anchor = Some(change);
        self.asking = None;
        for slot in dead.into_iter().rev() {
            for version in &slot.versions {
                self.forget_posts(version.id);
                self.follow.remember_unit(version.unit);
                let others = version.inputs.iter().filter(|coin| **coin != slot.anchor);
                self.refills.extend(others.map(|coin| (coin.id, *coin)));
            }
            self.return_to_queue(slot.payouts);
            out.persist(Change::SlotDied { slot: slot.no, at });
        }
    }

    fn forget_posts(&mut self, id: VersionId) {
        self.posting.remove(&id);
        self.posted.remove(&id);
        self.repost_at.remove(&id);
    }

    fn return_to_queue(&mut self, payouts: Vec<crate::Payout>) {
        self.queue.extend(payouts);
        self.queue.make_contiguous().sort_by_key(|payout| (payout.queued_at, payout.id));
    }
}
