//! A store in memory: applies changes as the real one must, and refuses what it must refuse.

use std::collections::{BTreeMap, BTreeSet};

use obyte::compose::Coin;
use obyte::unit::CoinId;
use obyte::{Bytes, UnitHash};
use payout::{
    Change, FirstUnit, Payout, PayoutId, Settlement, Slot, SlotNo, Snapshot, Timestamp, Version, VersionId,
    VersionNo, VersionStatus,
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Open,
    Settled(VersionNo),
    Dead,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Journal {
    pub(crate) payouts: BTreeMap<PayoutId, Payout>,
    pub(crate) queue: BTreeSet<(Timestamp, PayoutId)>,
    pub(crate) paid: BTreeMap<PayoutId, UnitHash>,
    pub(crate) slots: BTreeMap<SlotNo, (Slot, State)>,
    coins: BTreeMap<CoinId, (Coin, Option<SlotNo>)>,
    first_unit: Option<FirstUnit>,
    synced_mci: u64,
    prepaid: Vec<(Timestamp, Bytes)>,
}

impl Journal {
    pub(crate) fn accept(&mut self, payout: Payout) {
        assert!(self.payouts.insert(payout.id, payout).is_none(), "a payout is accepted once");
        self.queue.insert((payout.queued_at, payout.id));
    }

    pub(crate) fn apply(&mut self, changes: &[Change]) {
        for change in changes {
            match change {
                Change::SlotOpened(slot) => self.open(slot),
                Change::VersionAdded { version, appended } => self.add(version, appended),
                Change::Answered { version, status, .. } => self.answered(*version, *status),
                Change::Settled(settlement) => self.settle(settlement),
                Change::SlotDied { slot, .. } => self.bury(*slot),
                Change::CoinProven { coin, .. } => {
                    let before = self.coins.insert(coin.id, (*coin, None));
                    assert!(before.is_none(), "a coin is credited once");
                }
                Change::Synced { main_chain_index } => {
                    assert!(*main_chain_index > self.synced_mci, "what is known is never forgotten");
                    self.synced_mci = *main_chain_index;
                }
            }
        }
    }

    fn open(&mut self, slot: &Slot) {
        assert_eq!(slot.no.get(), self.slots.len() as u64, "slots are numbered without gaps");
        assert_eq!(slot.versions.len(), 1, "a slot opens with one version");
        let in_line = match self.slots.values().rev().find(|(_, state)| *state != State::Dead) {
            Some((last, _)) => last
                .versions
                .iter()
                .any(|version| version.change == slot.anchor && version.status != VersionStatus::Dead),
            None => self.coins.contains_key(&slot.anchor.id),
        };
        assert!(in_line, "slot {} goes on from the end of the line", slot.no);
        self.assign(&slot.payouts);
        self.spend(&slot.versions[0], slot);
        self.slots.insert(slot.no, (slot.clone(), State::Open));
    }

    fn add(&mut self, version: &Version, appended: &[Payout]) {
        self.assign(appended);
        let (slot, state) = &self.slots[&version.id.slot];
        assert_eq!(*state, State::Open, "only an open slot gets another version");
        assert_eq!(slot.next_version(), version.id, "versions are numbered without gaps");
        let slot = slot.clone();
        self.spend(version, &slot);
        let (slot, _) = self.slots.get_mut(&version.id.slot).expect("just found");
        slot.payouts.extend(appended);
        slot.versions.push(version.clone());
    }

    fn assign(&mut self, payouts: &[Payout]) {
        for payout in payouts {
            assert_eq!(self.payouts.get(&payout.id), Some(payout), "a payout keeps address and amount");
            let queued = self.queue.remove(&(payout.queued_at, payout.id));
            assert!(queued, "payout {} comes from the queue", payout.id);
        }
    }

    fn spend(&mut self, version: &Version, slot: &Slot) {
        assert_eq!(version.status, VersionStatus::Journaled, "a new version was answered by nobody");
        assert_eq!(version.inputs.first(), Some(&slot.anchor), "a version spends its anchor first");
        let known = self.slots.values().flat_map(|(slot, _)| &slot.versions);
        assert!(known.into_iter().all(|other| other.unit != version.unit), "a unit is journaled once");
        for coin in &version.inputs {
            match self.coins.get_mut(&coin.id) {
                Some((credited, user)) => {
                    assert_eq!(credited, coin, "a coin keeps its amount");
                    assert!(user.is_none_or(|user| user == slot.no), "a coin belongs to one slot");
                    *user = Some(slot.no);
                }
                None => assert_eq!(*coin, slot.anchor, "only proven coins are spent beside the anchor"),
            }
        }
        self.prepaid.push((version.signed_at, version.fees.tps));
    }

    fn answered(&mut self, id: VersionId, status: VersionStatus) {
        let (slot, state) = self.slots.get_mut(&id.slot).expect("the slot is journaled");
        assert_eq!(*state, State::Open, "a closed slot is closed");
        let version = slot.versions.iter_mut().find(|version| version.id == id).expect("journaled");
        assert_ne!(version.status, VersionStatus::Dead, "dead is for ever");
        assert_ne!(status, VersionStatus::Final, "good for ever comes as a settlement");
        version.status = status;
    }

    fn settle(&mut self, settlement: &Settlement) {
        let no = settlement.version.slot;
        let earlier = self.slots.range(..no).all(|(_, (_, state))| *state != State::Open);
        assert!(earlier, "slots are settled in the order of the line");
        let (slot, state) = self.slots.get_mut(&no).expect("the slot is journaled");
        assert_eq!(*state, State::Open, "a slot is settled once");
        *state = State::Settled(settlement.version.version);
        for version in &mut slot.versions {
            let won = version.id == settlement.version;
            assert!(!won || version.status != VersionStatus::Dead, "dead is for ever");
            version.status = if won { VersionStatus::Final } else { VersionStatus::Dead };
        }
        let slot = slot.clone();
        let winner = slot.version_of(&settlement.unit).expect("a version of the slot wins");
        assert_eq!(winner.id, settlement.version);
        assert_eq!(winner.change, settlement.change);
        assert_eq!(winner.inputs, settlement.spent);
        for payout in &slot.payouts {
            let (paid, freed) = (settlement.paid.contains(&payout.id), settlement.freed.contains(&payout.id));
            assert_eq!((paid, freed), (winner.pays(payout.id), !winner.pays(payout.id)));
            if paid {
                assert!(self.paid.insert(payout.id, settlement.unit).is_none(), "paid once");
            } else {
                self.queue.insert((payout.queued_at, payout.id));
            }
        }
        self.release(no, &settlement.spent);
        self.first_unit.get_or_insert(FirstUnit {
            unit: settlement.unit,
            main_chain_index: settlement.main_chain_index,
        });
    }

    fn bury(&mut self, no: SlotNo) {
        let (slot, state) = self.slots.get_mut(&no).expect("the slot is journaled");
        assert_eq!(*state, State::Open, "a slot dies once");
        *state = State::Dead;
        for version in &mut slot.versions {
            version.status = VersionStatus::Dead;
        }
        self.queue.extend(slot.payouts.iter().map(|payout| (payout.queued_at, payout.id)));
        self.release(no, &[]);
    }

    fn release(&mut self, no: SlotNo, spent: &[Coin]) {
        for (coin, user) in self.coins.values_mut() {
            if *user == Some(no) && !spent.contains(coin) {
                *user = None;
            }
        }
    }

    pub(crate) fn open_slots(&self) -> impl Iterator<Item = &Slot> {
        self.slots.values().filter(|(_, state)| *state == State::Open).map(|(slot, _)| slot)
    }

    pub(crate) fn version(&self, id: VersionId) -> Option<&Version> {
        self.slots.get(&id.slot)?.0.versions.iter().find(|version| version.id == id)
    }

    fn versions_of_closed(&self) -> impl Iterator<Item = &Version> {
        let closed = self.slots.values().filter(|(_, state)| *state != State::Open);
        closed.flat_map(|(slot, _)| &slot.versions)
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let last = self.slots.values().rev().find_map(|(slot, state)| match state {
            State::Settled(version) => slot.versions.iter().find(|other| other.id.version == *version),
            _ => None,
        });
        let slots: Vec<Slot> = self.open_slots().cloned().collect();
        Snapshot {
            queue: self.queue.iter().map(|(_, id)| self.payouts[id]).collect(),
            anchor: last.filter(|_| slots.is_empty()).map(|version| version.change),
            slots,
            next_slot: self.slots.len() as u64,
            refills: self.coins.values().filter(|(_, user)| user.is_none()).map(|(coin, _)| *coin).collect(),
            first_unit: self.first_unit,
            synced_mci: self.synced_mci,
            prepaid: self.prepaid.clone(),
            settled_units: self.versions_of_closed().map(|version| version.unit).collect(),
            credited_coins: self.coins.keys().copied().collect(),
        }
    }
}
