//! The auditor: keeps books of its own, and knows what really happened on the network.

use std::collections::{BTreeMap, BTreeSet};

use obyte::unit::CoinId;
use obyte::{Bytes, Unit, UnitHash};
use payout::{Change, Payout, PayoutId, Settlement, Slot, Version};

use super::chain::{Chain, Fate};
use super::journal::Journal;

#[derive(Debug, Default)]
pub(crate) struct Auditor {
    inputs: BTreeMap<UnitHash, Vec<CoinId>>,
    holders: BTreeMap<PayoutId, BTreeSet<UnitHash>>,
    /// Units that a hub accepted, or listed as good, as far as the engine was told.
    pub(crate) vouched: BTreeSet<UnitHash>,
}

impl Auditor {
    /// Judges changes when they are committed, before and beside the journal.
    pub(crate) fn check(&mut self, changes: &[Change], journal: &Journal, chain: &Chain) {
        for change in changes {
            match change {
                Change::SlotOpened(slot) => self.check_new(&slot.versions[0], &slot.payouts, chain),
                Change::VersionAdded { version, appended } => {
                    let held = &journal.slots[&version.id.slot].0.payouts;
                    let payouts: Vec<_> = held.iter().chain(appended).copied().collect();
                    self.check_new(version, &payouts, chain);
                }
                Change::Settled(settlement) => self.check_settlement(settlement, chain),
                Change::SlotDied { slot, .. } => self.check_death(&journal.slots[slot].0, chain),
                Change::CoinProven { coin, .. } => {
                    let fate = chain.fate(&coin.id.unit);
                    assert!(matches!(fate, Some(Fate::Good(_))), "only what is proven is credited");
                }
                Change::Answered { .. } | Change::Synced { .. } => {}
            }
        }
    }

    fn check_new(&mut self, version: &Version, payouts: &[Payout], chain: &Chain) {
        let json = serde_json::from_str(&version.json).expect("a unit is JSON");
        let unit = Unit::from_json(json).expect("a journaled unit is one");
        assert_eq!(unit.hash(), version.unit);
        let spent: Vec<CoinId> = unit.spent_coins().collect();
        assert!(spent.iter().eq(version.inputs.iter().map(|coin| &coin.id)), "it spends what it says");
        check_outputs(&unit, version, payouts);
        self.inputs.insert(version.unit, spent);
        for output in &version.outputs {
            let others = self.holders.entry(output.payout).or_default().clone();
            for other in others {
                let safe = self.share_input(&version.unit, &other) || self.is_dead(&other, chain);
                assert!(safe, "payout {} could be paid twice", output.payout);
            }
            self.holders.entry(output.payout).or_default().insert(version.unit);
        }
    }

    fn share_input(&self, one: &UnitHash, other: &UnitHash) -> bool {
        self.inputs[one].iter().any(|coin| self.inputs[other].contains(coin))
    }

    /// Whether a unit can never become good, by what is stable on the network.
    fn is_dead(&self, unit: &UnitHash, chain: &Chain) -> bool {
        if let Some(Fate::Bad(_)) = chain.fate(unit) {
            return true;
        }
        let Some(inputs) = self.inputs.get(unit) else { return false };
        inputs.iter().any(|coin| {
            chain.spender(coin).is_some_and(|spender| spender != *unit) || self.is_dead(&coin.unit, chain)
        })
    }

    fn check_settlement(&self, settlement: &Settlement, chain: &Chain) {
        let fate = chain.fate(&settlement.unit);
        assert!(matches!(fate, Some(Fate::Good(_))), "final is only what is proven");
        for payout in &settlement.freed {
            for holder in &self.holders[payout] {
                assert!(self.is_dead(holder, chain), "payout {payout} was freed, and may be paid");
            }
        }
    }

    fn check_death(&self, slot: &Slot, chain: &Chain) {
        for version in &slot.versions {
            assert!(self.is_dead(&version.unit, chain), "slot {} died, and may be alive", slot.no);
        }
    }

    /// Who waits is told of a unit only if it is kept and vouched for.
    pub(crate) fn check_told(&self, payouts: &[PayoutId], unit: &UnitHash) {
        assert!(self.vouched.contains(unit), "accepted without a word of the hub");
        for payout in payouts {
            assert!(self.holders[payout].contains(unit), "told of a unit that does not pay it");
        }
    }

    /// When everything is over.
    pub(crate) fn check_rest(&self, journal: &Journal, chain: &Chain) {
        assert!(journal.queue.is_empty(), "somebody still waits");
        assert_eq!(journal.open_slots().count(), 0, "a slot is still open");
        let mut paid: Vec<_> = chain.paid().iter().map(|coin| (coin.amount, coin.address)).collect();
        let mut owed: Vec<_> = journal.payouts.values().map(|owed| (owed.amount, owed.address)).collect();
        paid.sort_unstable();
        owed.sort_unstable();
        assert_eq!(paid, owed, "everybody is paid exactly once, and nobody else is");
        let snapshot = journal.snapshot();
        let booked: BTreeSet<_> =
            snapshot.refills.iter().chain(&snapshot.anchor).map(|coin| coin.id).collect();
        assert_eq!(booked, chain.purse(), "the coins in the books are the coins on the network");
    }
}

fn check_outputs(unit: &Unit, version: &Version, payouts: &[Payout]) {
    let made: BTreeMap<u32, _> = unit.outputs().map(|(id, output)| (id.output_index, output)).collect();
    assert_eq!(made.len(), version.outputs.len() + 1, "payouts and change, nothing else");
    for paid in &version.outputs {
        let payout = payouts.iter().find(|payout| payout.id == paid.payout).expect("it is in the slot");
        let output = made[&paid.output_index];
        assert_eq!((output.address, output.amount), (payout.address, payout.amount));
    }
    let change = made[&version.change.id.output_index];
    assert_eq!((change.address, change.amount), (version.change.address, version.change.amount));
    let sum = |amounts: &mut dyn Iterator<Item = Bytes>| amounts.map(Bytes::get).sum::<u64>();
    let spent = sum(&mut version.inputs.iter().map(|coin| coin.amount));
    let left = sum(&mut made.values().map(|output| output.amount)) + version.fees.total().get();
    assert_eq!(spent, left, "inputs are outputs and fees");
}
