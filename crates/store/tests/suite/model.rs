//! Random lives of an endpoint, beside a model that keeps what the engine would know.

use std::collections::BTreeMap;

use ledger::Account;
use obyte::Bytes;
use obyte::compose::Coin;
use payout::{
    Change, FirstUnit, Payout, Settlement, Slot, SlotNo, Snapshot, Timestamp, Version, VersionId,
    VersionStatus,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use store::{Endpoint, PayoutState};

use super::Backend;
use super::units::{fees, settled, slot, version};
use super::world::{World, answered, coin, credited};

/// Something that happens. Numbers choose among what there is.
#[derive(Clone, Debug)]
enum Step {
    Buy { base: u64, clock: u64 },
    Credit { amount: u64 },
    Open { payouts: usize, refills: usize },
    Replace { appended: usize, refills: usize, omit: bool },
    Answer { slot: usize, version: usize, status: usize },
    Settle { version: usize, charged: bool },
    Sync { mci: u64 },
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (1u64..2_000, 0u64..50).prop_map(|(base, clock)| Step::Buy { base, clock }),
        2 => (1u64..60_000).prop_map(|amount| Step::Credit { amount }),
        5 => (1usize..4, 0usize..2).prop_map(|(payouts, refills)| Step::Open { payouts, refills }),
        4 => (0usize..3, 0usize..2, any::<bool>())
            .prop_map(|(appended, refills, omit)| Step::Replace { appended, refills, omit }),
        3 => (0usize..8, 0usize..8, 0usize..4)
            .prop_map(|(slot, version, status)| Step::Answer { slot, version, status }),
        2 => (0usize..8, any::<bool>()).prop_map(|(version, charged)| Step::Settle { version, charged }),
        1 => (0u64..1_000).prop_map(|mci| Step::Sync { mci }),
        1 => Just(Step::Reopen),
    ];
    prop::collection::vec(step, 20..80)
}

/// What the engine knows, kept the simple way.
#[derive(Default)]
struct Model {
    snapshot: Snapshot,
    /// The fate of every payout by the order that it was accepted for.
    paid: BTreeMap<String, Payout>,
    orders: BTreeMap<String, Payout>,
    last_change: Option<Coin>,
    /// Slots that are not dead.
    slots: u64,
    /// TPS fees paid in advance by settled slots and not charged.
    prepaid: i64,
    seen: Seen,
}

/// How often things happened.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    replaced: u32,
    settled: u32,
    lost: u32,
    died: u32,
}

impl Model {
    fn apply(&mut self, change: &Change) {
        match change {
            Change::VersionAdded { .. } => self.seen.replaced += 1,
            Change::Settled(settlement) => {
                self.seen.settled += 1;
                self.seen.lost += u32::from(!settlement.freed.is_empty());
            }
            Change::SlotDied { .. } => self.seen.died += 1,
            _ => {}
        }
        match change {
            Change::SlotOpened(slot) => {
                self.snapshot.next_slot += 1;
                self.slots += 1;
                self.journal(&slot.versions[0], &slot.payouts);
                self.snapshot.slots.push(slot.clone());
            }
            Change::VersionAdded { version, appended } => {
                self.journal(version, appended);
                let slot = self.slot_mut(version.id.slot);
                slot.payouts.extend(appended);
                slot.versions.push(version.clone());
            }
            Change::Answered { version, status, .. } => {
                let slot = self.slot_mut(version.slot);
                slot.versions.iter_mut().find(|one| one.id == *version).expect("it is open").status = *status;
            }
            Change::Settled(settlement) => self.settle(settlement),
            Change::SlotDied { slot, .. } => {
                let slot = self.take(*slot);
                self.slots -= 1;
                self.release(&slot, &[slot.anchor], &[]);
            }
            Change::Parked { payout, .. } => self.snapshot.queue.retain(|queued| queued.id != *payout),
            Change::CoinProven { coin, .. } => {
                self.snapshot.refills.push(*coin);
                self.snapshot.credited_coins.push(coin.id);
            }
            Change::Synced { main_chain_index } => {
                self.snapshot.synced_mci = *main_chain_index;
            }
            Change::RestoreBegun { .. }
            | Change::ForeignUnit { .. }
            | Change::CoinLost { .. }
            | Change::Reached { .. }
            | Change::Restored { .. } => unreachable!("nothing is lost here"),
        }
        self.snapshot.home_slots = self.slots;
        self.snapshot.home_prepaid = Bytes::literal(u64::try_from(self.prepaid).unwrap_or_default());
        self.snapshot.anchor = if self.snapshot.slots.is_empty() { self.last_change } else { None };
    }

    fn slot_mut(&mut self, no: SlotNo) -> &mut Slot {
        self.snapshot.slots.iter_mut().find(|slot| slot.no == no).expect("it is open")
    }

    fn take(&mut self, no: SlotNo) -> Slot {
        let index = self.snapshot.slots.iter().position(|slot| slot.no == no).expect("it is open");
        let slot = self.snapshot.slots.remove(index);
        self.snapshot.settled_units.extend(slot.versions.iter().map(|version| version.unit));
        slot
    }

    fn journal(&mut self, version: &Version, payouts: &[Payout]) {
        self.snapshot.refills.retain(|coin| !version.inputs.contains(coin));
        self.snapshot.queue.retain(|queued| !payouts.contains(queued));
        let before = self.snapshot.slots.iter().filter(|slot| slot.no == version.id.slot);
        let dearest = before.flat_map(|slot| &slot.versions).map(|version| version.fees.tps).max();
        let more = version.fees.tps.saturating_sub(dearest.unwrap_or_default());
        if !more.is_zero() {
            self.snapshot.prepaid.push((version.signed_at, more));
        }
    }

    fn settle(&mut self, settlement: &Settlement) {
        let slot = self.take(settlement.version.slot);
        self.release(&slot, &settlement.spent, &settlement.paid);
        let paid = self.orders.iter().filter(|(_, payout)| settlement.paid.contains(&payout.id));
        self.paid.extend(paid.map(|(order, payout)| (order.clone(), *payout)));
        let first = FirstUnit { unit: settlement.unit, main_chain_index: settlement.main_chain_index };
        for coin in &settlement.spent {
            if self.snapshot.first_units.iter().all(|(address, _)| *address != coin.address) {
                self.snapshot.first_units.push((coin.address, first));
            }
        }
        let tps_fee = slot.version_of(&settlement.unit).map(|winner| winner.fees.tps).unwrap_or_default();
        self.prepaid += i64::from(tps_fee) - settlement.charged_tps_fee.map_or(0, i64::from);
        self.last_change = Some(settlement.change);
    }

    /// All but what was spent and paid is free again.
    fn release(&mut self, slot: &Slot, spent: &[Coin], paid: &[payout::PayoutId]) {
        for coin in slot.versions.iter().flat_map(|version| &version.inputs) {
            if !spent.contains(coin) && !self.snapshot.refills.contains(coin) {
                self.snapshot.refills.push(*coin);
            }
        }
        self.snapshot.queue.extend(slot.payouts.iter().filter(|payout| !paid.contains(&payout.id)));
        self.snapshot.queue.sort_by_key(|payout| (payout.queued_at, payout.id));
    }

    /// With everything whose order means nothing in one order.
    fn normal(mut snapshot: Snapshot) -> Snapshot {
        snapshot.refills.sort_by_key(|coin| coin.id);
        snapshot.settled_units.sort_unstable();
        snapshot.prepaid.sort_unstable();
        snapshot
    }

    fn anchor(&self) -> Option<Coin> {
        let open = self.snapshot.slots.last().map(|slot| slot.head().change);
        open.or(self.last_change).or_else(|| self.snapshot.refills.first().copied())
    }

    /// The slot for the next so many payouts, if the coins suffice.
    fn open(&self, payouts: usize, refills: usize) -> Option<Slot> {
        let payouts: Vec<_> = self.snapshot.queue.iter().take(payouts).copied().collect();
        let anchor = self.anchor()?;
        let others = self.snapshot.refills.iter().filter(|coin| **coin != anchor).take(refills);
        let inputs: Vec<_> = std::iter::once(&anchor).chain(others).copied().collect();
        let first = super::units::id(self.snapshot.next_slot, 0);
        let good = !payouts.is_empty() && suffices(first, &inputs, &payouts);
        good.then(|| slot(self.snapshot.next_slot, &inputs, &payouts))
    }

    /// Another version of the last slot, which may leave out its first payout.
    fn replace(&self, appended: usize, refills: usize, omit: bool) -> Option<(Version, Vec<Payout>)> {
        let slot = self.snapshot.slots.last()?;
        let appended: Vec<_> = self.snapshot.queue.iter().take(appended).copied().collect();
        let kept = slot.payouts.iter().skip(usize::from(omit));
        let payouts: Vec<_> = kept.chain(&appended).copied().collect();
        let inputs: Vec<_> =
            std::iter::once(slot.anchor).chain(self.snapshot.refills.iter().take(refills).copied()).collect();
        let good = !payouts.is_empty() && suffices(slot.next_version(), &inputs, &payouts);
        good.then(|| (version(slot.next_version(), &inputs, &payouts), appended))
    }

    /// The settlement of the first open slot by one of its versions, with what dies of it.
    fn finish(&self, choice: usize, charged: bool) -> Option<Vec<Change>> {
        let slot = self.snapshot.slots.first()?;
        let winner = &slot.versions[choice % slot.versions.len()];
        if winner.status == VersionStatus::Dead {
            return None;
        }
        let change = super::units::altered(settled(slot, winner), |settlement| {
            if !charged {
                settlement.charged_tps_fee = None;
                settlement.main_chain_index = None;
            }
        });
        let next = self.snapshot.slots.get(1);
        let dead = if next.is_some_and(|next| next.anchor != winner.change) { 1.. } else { usize::MAX.. };
        let dead = self.snapshot.slots.get(dead).unwrap_or_default().iter().rev();
        let died = dead.map(|slot| Change::SlotDied { slot: slot.no, at: Timestamp::from_millis(30_000) });
        Some(std::iter::once(change).chain(died).collect())
    }

    fn answer(&self, slot: usize, version: usize, status: usize) -> Option<Change> {
        let slot = self.snapshot.slots.get(slot % self.snapshot.slots.len().max(1))?;
        let version = &slot.versions[version % slot.versions.len()];
        let status =
            [VersionStatus::Unknown, VersionStatus::Accepted, VersionStatus::Refused, VersionStatus::Dead]
                [status];
        // The engine gives a dead head another version before anything else; here, only others die.
        let may_die = slot.versions.len() > 1 && version.id != slot.head().id && slot.no == self.last();
        let good = version.status != VersionStatus::Dead && (status != VersionStatus::Dead || may_die);
        good.then(|| answered(version.id, status))
    }

    fn last(&self) -> SlotNo {
        self.snapshot.slots.last().map_or(SlotNo::new(0), |slot| slot.no)
    }
}

fn suffices(id: VersionId, inputs: &[Coin], payouts: &[Payout]) -> bool {
    let spent: Bytes = inputs.iter().map(|coin| coin.amount).sum();
    let paid: Bytes = payouts.iter().map(|payout| payout.amount).sum();
    spent
        .checked_sub(paid)
        .and_then(|left| left.checked_sub(fees(id).total()))
        .is_some_and(|left| !left.is_zero())
}

/// What a step makes the engine keep, as far as it is possible now.
fn changes(model: &Model, step: &Step, number: usize) -> Vec<Change> {
    match *step {
        Step::Credit { amount } => vec![credited(coin(&format!("coin {number}"), amount))],
        Step::Open { payouts, refills } => {
            model.open(payouts, refills).map(Change::SlotOpened).into_iter().collect()
        }
        Step::Replace { appended, refills, omit } => model
            .replace(appended, refills, omit)
            .map(|(version, appended)| Change::VersionAdded { version, appended })
            .into_iter()
            .collect(),
        Step::Answer { slot, version, status } => model.answer(slot, version, status).into_iter().collect(),
        Step::Settle { version, charged } => model.finish(version, charged).unwrap_or_default(),
        Step::Sync { mci } => vec![Change::Synced { main_chain_index: mci }],
        Step::Buy { .. } | Step::Reopen => Vec::new(),
    }
}

async fn live(backend: &impl Backend, steps: &[Step]) -> Seen {
    let mut world = World::poor(backend).await;
    let mut model = Model::default();
    for (number, step) in steps.iter().enumerate() {
        match step {
            Step::Buy { base, clock } => {
                buy(&world, &mut model, &format!("order {number}"), *base, *clock).await
            }
            Step::Reopen => world = world.restart(backend).await,
            _ => {}
        }
        let changes = changes(&model, step, number);
        changes.iter().for_each(|change| model.apply(change));
        world.apply(changes).await.expect("a good change");
        let expected = Model::normal(model.snapshot.clone());
        assert_eq!(Model::normal(world.snapshot().await), expected, "after step {number}: {step:?}");
    }
    check_end(&world, &model).await;
    model.seen
}

async fn buy(world: &World, model: &mut Model, order: &str, base: u64, clock: u64) {
    let mut purchase = world.purchase(order, base);
    // Clocks go back at times.
    purchase.at = Timestamp::from_millis(clock);
    match world.accept(purchase).await {
        store::Verdict::Accepted(record) => {
            model.orders.insert(order.to_owned(), record.payout);
            model.snapshot.queue.push(record.payout);
            model.snapshot.queue.sort_by_key(|payout| (payout.queued_at, payout.id));
        }
        store::Verdict::FundTooLow { .. } => {}
        other => panic!("the order is new: {other:?}"),
    }
}

/// The book is sound, every payout stands where the model has it, and at rest the coins are what the book
/// expects.
async fn check_end(world: &World, model: &Model) {
    world.check_book().await;
    for (order, payout) in &model.orders {
        let record = world.record(order).await;
        assert_eq!(record.payout, *payout);
        let is_final = matches!(record.state, PayoutState::Final { .. });
        assert_eq!(is_final, model.paid.contains_key(order), "{order}");
        let queued = model.snapshot.queue.contains(payout);
        assert_eq!(record.state == PayoutState::Queued, queued, "{order}");
    }
    let book = world.store.balances(Endpoint::Test).await.expect("a sound book");
    let paid: Bytes = model.paid.values().map(|payout| payout.amount).sum();
    assert_eq!((book.total(), book.balance(Account::Paid).to_bytes()), (0, Some(paid)));
    if model.snapshot.slots.is_empty() {
        let coins = model.snapshot.refills.iter().chain(&model.last_change).map(|coin| coin.amount).sum();
        assert_eq!(book.coins_expected(), Ok(coins));
    }
}

/// Always the same lives; proptest makes them, and a failing one is named by its number.
pub(crate) async fn random_lives_agree_with_the_model<B: Backend>(_: &B) {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut all = Seen::default();
    for life in 0..40 {
        let steps = steps().new_tree(&mut runner).expect("the strategy never refuses").current();
        println!("life {life}: {steps:?}");
        let seen = live(&B::fresh(), &steps).await;
        all.replaced += seen.replaced;
        all.settled += seen.settled;
        all.lost += seen.lost;
        all.died += seen.died;
    }
    // Otherwise these lives would prove little.
    println!("{all:?}");
    assert!(all.replaced > 100 && all.settled > 50 && all.lost > 5 && all.died > 5, "{all:?}");
}
