//! A store in memory: applies changes as the real one must, and refuses what it must refuse.

use std::collections::{BTreeMap, BTreeSet};

use obyte::compose::Coin;
use obyte::unit::{CoinId, Output};
use obyte::{Address, Bytes, UnitHash};
use payout::{
    Change, FirstUnit, Issue, Payee, Payout, PayoutId, RestoreCause, Settlement, Slot, SlotNo, Snapshot,
    TextcoinNo, Timestamp, Version, VersionId, VersionNo, VersionStatus,
};

use crate::broken::{Broken, hold};

/// No textcoin holds more above the cashback.
const CLAIM_RESERVE_MAX: u64 = 3_000;

/// Where a slot stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Not settled.
    Open,
    /// This version is good for ever.
    Settled(VersionNo),
    /// Its anchor never existed.
    Dead,
}

/// The unit that is answered for a payout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The unit first accepted that is not proven dead.
    pub unit: UnitHash,
    /// Whether another one was accepted before, which is dead.
    pub replaced: bool,
}

/// What the store holds.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    /// All that was ever owed.
    pub payouts: BTreeMap<PayoutId, Payout>,
    /// What is owed and in no slot.
    pub queue: BTreeSet<(Timestamp, PayoutId)>,
    /// What is never paid, since its payee is an agent.
    pub parked: BTreeSet<PayoutId>,
    /// What waits for the operator, since a unit that is not in the journal may have paid it.
    pub held: BTreeSet<PayoutId>,
    /// What the operator found paid by such a unit.
    pub rejected: BTreeSet<PayoutId>,
    /// What is paid for ever, and by which unit.
    pub paid: BTreeMap<PayoutId, UnitHash>,
    /// All slots.
    pub slots: BTreeMap<SlotNo, (Slot, State)>,
    units: BTreeMap<UnitHash, VersionId>,
    /// In the order in which they were accepted first.
    accepted: Vec<VersionId>,
    tries: BTreeMap<PayoutId, Vec<VersionId>>,
    coins: BTreeMap<CoinId, (Coin, Option<SlotNo>)>,
    first_units: BTreeMap<Address, FirstUnit>,
    synced_mci: u64,
    prepaid: Vec<(Timestamp, Bytes)>,
    /// Coins that units which are not in the journal have spent.
    lost: BTreeSet<CoinId>,
    /// Such units.
    foreign: BTreeSet<UnitHash>,
    /// What they paid, as far as it explains no order.
    unexplained: Vec<Output>,
    restoring: Option<RestoreCause>,
    places: u32,
    /// How many deposit addresses partners were given.
    pub deposits: u32,
    next_textcoin: TextcoinNo,
}

impl Journal {
    /// A payout is owed from now on.
    pub fn accept(&mut self, payout: Payout) -> Result<(), Broken> {
        let is_new = self.payouts.insert(payout.id, payout).is_none();
        hold!(SameAnswer, is_new, "payout {} is accepted twice", payout.id);
        if self.may_be_paid(&payout) {
            self.held.insert(payout.id);
        } else {
            self.queue.insert((payout.queued_at, payout.id));
        }
        Ok(())
    }

    /// Whether the wallet is being restored.
    pub(crate) const fn is_restoring(&self) -> bool {
        self.restoring.is_some()
    }

    /// The operator says that nothing has paid what is held; tells what waits in the queue now.
    pub fn let_go(&mut self, id: PayoutId) -> Option<Payout> {
        self.decide(id, None)
    }

    /// The operator decides about a payout that is held: this output has paid it, or nothing has.
    pub(crate) fn decide(&mut self, id: PayoutId, paid_by: Option<Output>) -> Option<Payout> {
        let payout = *self.payouts.get(&id).filter(|_| self.held.remove(&id))?;
        if let Some(paid_by) = paid_by {
            self.rejected.insert(id);
            let place = self.unexplained.iter().position(|output| *output == paid_by)?;
            self.unexplained.remove(place);
        } else {
            self.queue.insert((payout.queued_at, id));
        }
        Some(payout)
    }

    /// Keeps a change, or says why it must not.
    pub fn apply(&mut self, change: &Change) -> Result<(), Broken> {
        match change {
            Change::SlotOpened(slot) => self.open(slot),
            Change::VersionAdded { version, appended } => self.add(version, appended),
            Change::Answered { version, status, .. } => self.answered_by_hub(*version, *status),
            Change::Settled(settlement) => self.settle(settlement),
            Change::SlotDied { slot, .. } => self.bury(*slot),
            Change::CoinProven { coin, .. } => {
                let before = self.coins.insert(coin.id, (*coin, None));
                hold!(Books, before.is_none(), "a coin of {} is credited twice", coin.amount);
                hold!(Books, !self.units.contains_key(&coin.id.unit), "change is credited");
                Ok(())
            }
            Change::RestoreBegun { cause, .. } => {
                self.restoring = Some(*cause);
                self.places = 0;
                Ok(())
            }
            Change::ForeignUnit { unit, main_chain_index, authors, paid, .. } => {
                let first = FirstUnit { unit: *unit, main_chain_index: *main_chain_index };
                for author in authors {
                    let known = self.first_units.entry(*author).or_insert(first);
                    *known = if known.is_behind(&first) { first } else { *known };
                }
                self.take_foreign(*unit, paid)
            }
            Change::CoinLost { coin, .. } => self.lose(coin),
            Change::Reached { places, deposits } => {
                self.places = *places;
                self.deposits = self.deposits.max(*deposits);
                Ok(())
            }
            Change::Restored { .. } => {
                self.restoring = None;
                self.next_textcoin = TextcoinNo { generation: self.places, counter: 0 };
                self.hold_unexplained();
                Ok(())
            }
            Change::Parked { payout, .. } => self.park(*payout),
            Change::Synced { main_chain_index } => {
                self.synced_mci = *main_chain_index;
                Ok(())
            }
        }
    }

    fn take_foreign(&mut self, unit: UnitHash, paid: &[Coin]) -> Result<(), Broken> {
        hold!(Books, !self.units.contains_key(&unit), "{unit} is called foreign, and is journaled");
        hold!(Books, self.foreign.insert(unit), "{unit} is found twice");
        self.unexplained
            .extend(paid.iter().map(|coin| Output { address: coin.address, amount: coin.amount }));
        Ok(())
    }

    /// Nobody can know which textcoin was given for which order.
    fn may_be_paid(&self, payout: &Payout) -> bool {
        let amount = payout.amount.get();
        self.unexplained.iter().any(|paid| match payout.payee {
            Payee::Address(address) => *paid == Output { address, amount: payout.amount },
            Payee::Textcoin(_) => (amount..=amount + CLAIM_RESERVE_MAX).contains(&paid.amount.get()),
        })
    }

    fn hold_unexplained(&mut self) {
        let may_be_paid = |id: &PayoutId| self.may_be_paid(&self.payouts[id]);
        let waiting: Vec<_> = self.queue.iter().filter(|(_, id)| may_be_paid(id)).copied().collect();
        for place in waiting {
            self.queue.remove(&place);
            self.held.insert(place.1);
        }
    }

    /// A coin that is free, or the anchor, turns out to be spent.
    fn lose(&mut self, coin: &Coin) -> Result<(), Broken> {
        let snapshot = self.snapshot();
        let is_held = snapshot.refills.iter().chain(&snapshot.anchor).any(|held| held == coin);
        hold!(Books, is_held, "a coin of {} is lost that was not there", coin.amount);
        self.lost.insert(coin.id);
        Ok(())
    }

    fn park(&mut self, id: PayoutId) -> Result<(), Broken> {
        let queued = self.payouts.get(&id).map(|payout| (payout.queued_at, id));
        let was_queued = queued.is_some_and(|place| self.queue.remove(&place));
        hold!(PaidOnce, was_queued, "payout {id} is parked and does not come from the queue");
        self.parked.insert(id);
        Ok(())
    }

    fn open(&mut self, slot: &Slot) -> Result<(), Broken> {
        hold!(Sound, slot.no.get() == self.slots.len() as u64, "slot {} comes out of turn", slot.no);
        hold!(Sound, slot.versions.len() == 1, "slot {} opens with one version", slot.no);
        let is_lost = |coin: &Coin| self.lost.contains(&coin.id);
        let ends = self.slots.values().rev().find(|(_, state)| *state != State::Dead).map(|(last, _)| {
            let alive = last.versions.iter().filter(|version| version.status != VersionStatus::Dead);
            alive.map(|version| version.change).filter(|change| !is_lost(change)).collect::<Vec<_>>()
        });
        let is_in_line = match ends.filter(|ends| !ends.is_empty()) {
            Some(ends) => ends.contains(&slot.anchor),
            None => self.coins.contains_key(&slot.anchor.id),
        };
        hold!(Conflicting, is_in_line, "slot {} does not begin at the end of the line", slot.no);
        self.assign(&slot.payouts)?;
        self.spend(&slot.versions[0], slot)?;
        self.slots.insert(slot.no, (slot.clone(), State::Open));
        Ok(())
    }

    fn add(&mut self, version: &Version, appended: &[Payout]) -> Result<(), Broken> {
        self.assign(appended)?;
        let slot = self.open_slot(version.id.slot)?.clone();
        hold!(Sound, slot.next_version() == version.id, "version {} comes out of turn", version.id);
        self.spend(version, &slot)?;
        if let Some((slot, _)) = self.slots.get_mut(&version.id.slot) {
            slot.payouts.extend(appended);
            slot.versions.push(version.clone());
        }
        Ok(())
    }

    fn open_slot(&mut self, no: SlotNo) -> Result<&mut Slot, Broken> {
        match self.slots.get_mut(&no) {
            Some((slot, State::Open)) => Ok(slot),
            other => Err(Broken::new(
                crate::Promise::Proven,
                format!("slot {no} is changed while it is {:?}", other.map(|(_, state)| *state)),
            )),
        }
    }

    fn assign(&mut self, payouts: &[Payout]) -> Result<(), Broken> {
        for payout in payouts {
            self.issue(payout)?;
            let was_queued = self.queue.remove(&(payout.queued_at, payout.id));
            hold!(PaidOnce, was_queued, "payout {} does not come from the queue", payout.id);
        }
        Ok(())
    }

    /// A payout enters a slot as it was accepted, but for its textcoin: that gets a number of its own, once.
    fn issue(&mut self, payout: &Payout) -> Result<(), Broken> {
        let known = self.payouts.get(&payout.id).copied();
        if known == Some(*payout) {
            hold!(TextcoinOnce, payout.output().is_some(), "textcoin {} has no number", payout.id);
            return Ok(());
        }
        let before = known.map(|known| Payout { payee: payout.payee, ..known });
        hold!(PaidOnce, before == Some(*payout), "payout {} is none that is owed", payout.id);
        let new = match (known.map(|known| known.payee), payout.payee) {
            (Some(Payee::Textcoin(None)), Payee::Textcoin(new)) => new,
            _ => None,
        };
        let is_next = new.is_some_and(|new| new.no >= self.next_textcoin);
        hold!(TextcoinOnce, is_next, "the textcoin of payout {} was given before", payout.id);
        if let Some(Issue { no, .. }) = new {
            self.next_textcoin = TextcoinNo { counter: no.counter + 1, ..no };
        }
        self.payouts.insert(payout.id, *payout);
        Ok(())
    }

    fn spend(&mut self, version: &Version, slot: &Slot) -> Result<(), Broken> {
        let id = version.id;
        hold!(Accepted, version.status == VersionStatus::Journaled, "{id} is answered before it is posted");
        hold!(
            Conflicting,
            version.inputs.first() == Some(&slot.anchor),
            "{id} does not spend the anchor of its slot"
        );
        let is_new = self.units.insert(version.unit, id).is_none();
        hold!(Sound, is_new, "the unit of {id} is journaled twice");
        for coin in &version.inputs {
            match self.coins.get_mut(&coin.id) {
                Some((credited, user)) => {
                    hold!(Books, credited == coin, "a coin of {id} has another amount than it had");
                    let is_free = user.is_none_or(|user| user == slot.no) && !self.lost.contains(&coin.id);
                    hold!(Conflicting, is_free, "{id} spends a coin of another slot");
                    *user = Some(slot.no);
                }
                None => hold!(Proven, *coin == slot.anchor, "{id} spends a coin that is not proven"),
            }
        }
        for output in &version.outputs {
            self.tries.entry(output.payout).or_default().push(id);
        }
        self.prepaid.push((version.signed_at, version.fees.tps));
        Ok(())
    }

    fn answered_by_hub(&mut self, id: VersionId, status: VersionStatus) -> Result<(), Broken> {
        let slot = self.open_slot(id.slot)?;
        let version = slot.versions.iter_mut().find(|version| version.id == id);
        let Some(version) = version else {
            return Err(Broken::new(crate::Promise::JournaledFirst, format!("{id} is not journaled")));
        };
        hold!(Proven, version.status != VersionStatus::Dead, "{id} is dead, and answered");
        hold!(Proven, status != VersionStatus::Final, "{id} is called final without a settlement");
        version.status = status;
        if status == VersionStatus::Accepted {
            self.number_acceptance(id);
        }
        Ok(())
    }

    fn number_acceptance(&mut self, id: VersionId) {
        if !self.accepted.contains(&id) {
            self.accepted.push(id);
        }
    }

    fn settle(&mut self, settlement: &Settlement) -> Result<(), Broken> {
        let id = settlement.version;
        let mut earlier = self.slots.range(..id.slot);
        let is_next = earlier.all(|(_, (_, state))| *state != State::Open);
        hold!(Sound, is_next, "slot {} is settled before an earlier one", id.slot);
        let slot = self.open_slot(id.slot)?;
        for version in &mut slot.versions {
            let won = version.id == id;
            hold!(Proven, !won || version.status != VersionStatus::Dead, "{id} is dead, and wins");
            version.status = if won { VersionStatus::Final } else { VersionStatus::Dead };
        }
        let slot = slot.clone();
        self.check_winner(&slot, settlement)?;
        for payout in &slot.payouts {
            if settlement.paid.contains(&payout.id) {
                let before = self.paid.insert(payout.id, settlement.unit);
                hold!(PaidOnce, before.is_none(), "payout {} is paid for the second time", payout.id);
            } else {
                self.queue.insert((payout.queued_at, payout.id));
            }
        }
        if let Some((_, state)) = self.slots.get_mut(&id.slot) {
            *state = State::Settled(id.version);
        }
        self.number_acceptance(id);
        self.release(id.slot, &settlement.spent);
        let (unit, main_chain_index) = (settlement.unit, settlement.main_chain_index);
        for coin in &settlement.spent {
            self.first_units.entry(coin.address).or_insert(FirstUnit { unit, main_chain_index });
        }
        Ok(())
    }

    fn check_winner(&self, slot: &Slot, settlement: &Settlement) -> Result<(), Broken> {
        let winner = slot.version_of(&settlement.unit).filter(|version| version.id == settlement.version);
        let Some(winner) = winner else {
            return Err(Broken::new(crate::Promise::JournaledFirst, "the winner is not journaled"));
        };
        hold!(Books, winner.change == settlement.change, "the change of {} is another", winner.id);
        hold!(Books, winner.inputs == settlement.spent, "{} spent other coins", winner.id);
        for payout in &slot.payouts {
            let says = (settlement.paid.contains(&payout.id), settlement.freed.contains(&payout.id));
            let is = (winner.pays(payout.id), !winner.pays(payout.id));
            hold!(PaidOnce, says == is, "payout {} is paid, freed: {says:?} instead of {is:?}", payout.id);
        }
        Ok(())
    }

    fn bury(&mut self, no: SlotNo) -> Result<(), Broken> {
        let slot = self.open_slot(no)?;
        for version in &mut slot.versions {
            version.status = VersionStatus::Dead;
        }
        let freed: Vec<_> = slot.payouts.iter().map(|payout| (payout.queued_at, payout.id)).collect();
        self.queue.extend(freed);
        if let Some((_, state)) = self.slots.get_mut(&no) {
            *state = State::Dead;
        }
        self.release(no, &[]);
        Ok(())
    }

    fn release(&mut self, no: SlotNo, spent: &[Coin]) {
        for (coin, user) in self.coins.values_mut() {
            if *user == Some(no) && !spent.contains(coin) {
                *user = None;
            }
        }
    }

    /// The slots that are not settled, in their order.
    pub fn open_slots(&self) -> impl Iterator<Item = &Slot> {
        self.slots.values().filter(|(_, state)| *state == State::Open).map(|(slot, _)| slot)
    }

    /// A version, if it is journaled.
    pub fn version(&self, id: VersionId) -> Option<&Version> {
        self.slots.get(&id.slot)?.0.versions.iter().find(|version| version.id == id)
    }

    /// The version whose unit this is.
    pub fn version_of(&self, unit: &UnitHash) -> Option<&Version> {
        self.version(*self.units.get(unit)?)
    }

    /// What is answered to who asks for a payout: the unit first accepted that is not proven dead.
    pub fn answered(&self, payout: PayoutId) -> Option<Answered> {
        let tries = self.tries.get(&payout)?;
        let accepted = self.accepted.iter().filter(|id| tries.contains(id));
        let mut accepted = accepted.filter_map(|id| self.version(*id)).enumerate();
        let (position, version) = accepted.find(|(_, version)| version.status != VersionStatus::Dead)?;
        Some(Answered { unit: version.unit, replaced: position > 0 })
    }

    fn versions_of_closed(&self) -> impl Iterator<Item = &Version> {
        let closed = self.slots.values().filter(|(_, state)| *state != State::Open);
        closed.flat_map(|(slot, _)| &slot.versions)
    }

    /// How many slots began at the address to which the change of the last one goes.
    fn home_slots(&self) -> u64 {
        let alive = || self.slots.values().filter(|(_, state)| *state != State::Dead).map(|(slot, _)| slot);
        let home = alive().next_back().map(|slot| slot.head().change.address);
        alive().filter(|slot| Some(slot.anchor.address) == home).count() as u64
    }

    /// What an engine begins with.
    pub fn snapshot(&self) -> Snapshot {
        let last = self.slots.values().rev().find_map(|(slot, state)| match state {
            State::Settled(version) => slot.versions.iter().find(|other| other.id.version == *version),
            _ => None,
        });
        let slots: Vec<Slot> = self.open_slots().cloned().collect();
        let is_lost = |coin: &Coin| self.lost.contains(&coin.id);
        let free = self.coins.values().filter(|(coin, user)| user.is_none() && !is_lost(coin));
        let closed = self.versions_of_closed().map(|version| version.unit);
        Snapshot {
            queue: self.queue.iter().map(|(_, id)| self.payouts[id]).collect(),
            anchor: last
                .filter(|_| slots.is_empty())
                .map(|version| version.change)
                .filter(|end| !is_lost(end)),
            slots,
            next_slot: self.slots.len() as u64,
            refills: free.map(|(coin, _)| *coin).collect(),
            first_units: self.first_units.clone().into_iter().collect(),
            home_slots: self.home_slots(),
            home_prepaid: Bytes::ZERO,
            synced_mci: self.synced_mci,
            prepaid: self.prepaid.clone(),
            settled_units: closed.chain(self.foreign.iter().copied()).collect(),
            credited_coins: self.coins.keys().copied().collect(),
            restoring: self.restoring,
            places: self.places,
            deposits: self.deposits,
            textcoins: self.next_textcoin,
            foreign_units: self.foreign.iter().copied().filter(|_| self.restoring.is_some()).collect(),
        }
    }
}
