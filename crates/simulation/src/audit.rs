//! The auditor: keeps books of its own, and knows what really happened on the network.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use obyte::unit::{CoinId, Output};
use obyte::{Address, Bytes, Unit, UnitHash};
use payout::{
    Change, FeeLimits, Payout, PayoutId, Settlement, Slot, SlotNo, Timestamp, Version, VersionStatus,
};

use crate::broken::{Broken, Promise, hold};
use crate::chain::{Chain, Fate};
use crate::journal::Journal;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Judges what the engine keeps, posts and tells.
#[derive(Debug)]
pub struct Auditor {
    limits: FeeLimits,
    inputs: BTreeMap<UnitHash, Vec<CoinId>>,
    holders: BTreeMap<PayoutId, BTreeSet<UnitHash>>,
    /// Which payouts each unit pays.
    pays: BTreeMap<UnitHash, Vec<PayoutId>>,
    /// Units that a hub accepted, or listed as good, as far as the engine was told.
    vouched: BTreeSet<UnitHash>,
    /// By which good unit of the network each payout is paid.
    received: BTreeMap<PayoutId, UnitHash>,
    /// When each unit of a slot was signed, and the TPS fee that it pays.
    prepaid: BTreeMap<SlotNo, Vec<(Timestamp, Bytes)>>,
    /// Units whose journal was lost, and what they pay to others.
    lost: BTreeMap<UnitHash, Vec<Payout>>,
    /// The addresses of textcoins, each with the good unit that gives it.
    textcoins: BTreeMap<Address, Option<UnitHash>>,
}

impl Auditor {
    pub(crate) const fn new(limits: FeeLimits) -> Self {
        Self {
            limits,
            inputs: BTreeMap::new(),
            holders: BTreeMap::new(),
            pays: BTreeMap::new(),
            vouched: BTreeSet::new(),
            received: BTreeMap::new(),
            prepaid: BTreeMap::new(),
            lost: BTreeMap::new(),
            textcoins: BTreeMap::new(),
        }
    }

    /// The database is lost; there is an older one, or none. Its payouts begin anew with the number behind its
    /// last.
    pub(crate) fn lose(&mut self, before: &Journal, older: &Journal) {
        for (slot, _) in before.slots.values() {
            for version in slot.versions.iter().filter(|version| older.version_of(&version.unit).is_none()) {
                let paid = version.outputs.iter().filter_map(|output| before.payouts.get(&output.payout));
                self.lost.insert(version.unit, paid.copied().collect());
                self.pays.remove(&version.unit);
            }
        }
        self.holders.retain(|payout, _| older.payouts.contains_key(payout));
        self.received.retain(|payout, _| older.payouts.contains_key(payout));
        let kept = |slot: &Slot| slot.versions.iter().map(|one| (one.signed_at, one.fees.tps)).collect();
        self.prepaid = older.slots.values().map(|(slot, _)| (slot.no, kept(slot))).collect();
    }

    /// What good units paid whose journal was lost.
    fn paid_by_lost<'a>(&'a self, chain: &'a Chain) -> impl Iterator<Item = &'a Payout> {
        let is_good = |unit: &UnitHash| matches!(chain.fate(unit), Some(Fate::Good(_)));
        self.lost.iter().filter(move |(unit, _)| is_good(unit)).flat_map(|(_, paid)| paid)
    }

    /// By which output a unit has paid an order whose journal was lost, if one has.
    pub(crate) fn paid_before(&self, payout: &Payout, chain: &Chain) -> Option<Output> {
        self.paid_by_lost(chain).find(|paid| is_same_order(paid, payout))?.output()
    }

    pub(crate) const fn set_limits(&mut self, limits: FeeLimits) {
        self.limits = limits;
    }

    pub(crate) fn vouch(&mut self, unit: UnitHash) {
        self.vouched.insert(unit);
    }

    /// Judges a change when it is committed, before and beside the journal.
    pub(crate) fn check(&mut self, change: &Change, journal: &Journal, chain: &Chain) -> Result<(), Broken> {
        match change {
            Change::SlotOpened(slot) => match slot.versions.first() {
                Some(version) => self.check_new(version, &slot.payouts, chain),
                None => Err(Broken::new(Promise::Sound, "a slot without any version")),
            },
            Change::VersionAdded { version, appended } => {
                let held = journal.slots.get(&version.id.slot).map_or(&[][..], |(slot, _)| &slot.payouts);
                let payouts: Vec<_> = held.iter().chain(appended).copied().collect();
                self.check_new(version, &payouts, chain)
            }
            Change::Settled(settlement) => self.check_settlement(settlement, chain),
            Change::SlotDied { slot, .. } => match journal.slots.get(slot) {
                Some((slot, _)) => self.check_death(slot, chain),
                None => Err(Broken::new(Promise::Sound, "a slot dies that never was")),
            },
            Change::CoinProven { coin, .. } => {
                let is_good = matches!(chain.fate(&coin.id.unit), Some(Fate::Good(_)));
                hold!(Proven, is_good, "a coin of {} is credited without a proof", coin.amount);
                Ok(())
            }
            Change::Answered { version, status: VersionStatus::Dead, .. } => {
                let dead = journal.version(*version).is_none_or(|version| self.is_dead(&version.unit, chain));
                hold!(Proven, dead, "{version} is called dead without a proof");
                Ok(())
            }
            Change::Parked { payout, .. } => self.check_parked(*payout, journal, chain),
            Change::ForeignUnit { unit, .. } => {
                let is_good = matches!(chain.fate(unit), Some(Fate::Good(_)));
                hold!(Proven, is_good && self.lost.contains_key(unit), "{unit} is taken in without a proof");
                Ok(())
            }
            Change::CoinLost { coin, .. } => {
                let is_spent = chain.spender(&coin.id).is_some_and(|unit| self.lost.contains_key(&unit));
                hold!(Proven, is_spent, "a coin of {} is called lost without a proof", coin.amount);
                Ok(())
            }
            Change::Restored { .. } => self.check_restored(chain),
            Change::RestoreBegun { .. } | Change::Reached { .. } => Ok(()),
            Change::Answered { .. } | Change::Synced { .. } => Ok(()),
        }
    }

    /// Whatever was signed before the loss is good or can never be.
    fn check_restored(&self, chain: &Chain) -> Result<(), Broken> {
        for unit in self.lost.keys() {
            let is_over = matches!(chain.fate(unit), Some(Fate::Good(_))) || self.is_dead(unit, chain);
            hold!(Conflicting, is_over, "restored, and {unit} may still surface");
        }
        Ok(())
    }

    /// Whether at most one of two units can become good: one is dead, or they or their sources spend the same.
    fn exclude(&self, one: &UnitHash, other: &UnitHash, chain: &Chain) -> bool {
        if self.is_dead(one, chain) || self.is_dead(other, chain) {
            return true;
        }
        let (ours, theirs) = (self.spenders_behind(one, chain), self.spenders_behind(other, chain));
        ours.iter().any(|(coin, unit)| theirs.get(coin).is_some_and(|other| other != unit))
    }

    /// Which coins a unit spends, and those of its sources that are not good for ever.
    fn spenders_behind(&self, unit: &UnitHash, chain: &Chain) -> BTreeMap<CoinId, UnitHash> {
        let (mut spent, mut waiting) = (BTreeMap::new(), vec![*unit]);
        while let Some(unit) = waiting.pop() {
            for coin in self.inputs.get(&unit).into_iter().flatten() {
                spent.insert(*coin, unit);
                if !matches!(chain.fate(&coin.unit), Some(Fate::Good(_))) {
                    waiting.push(coin.unit);
                }
            }
        }
        spent
    }

    /// No unit whose journal was lost pays the same, or at most one of the two can become good.
    fn check_against_lost(&self, version: &Version, payouts: &[Payout], chain: &Chain) -> Result<(), Broken> {
        for payout in payouts.iter().filter(|payout| version.pays(payout.id)) {
            let pays_it = |paid: &[Payout]| paid.iter().any(|paid| is_same_order(paid, payout));
            for (unit, _) in self.lost.iter().filter(|(_, paid)| pays_it(paid)) {
                let is_safe = self.exclude(&version.unit, unit, chain);
                hold!(Conflicting, is_safe, "{} pays what {unit} may pay, which was lost", version.id);
            }
        }
        Ok(())
    }

    /// Only what goes to an agent is given up, and only while no unit can pay it any more.
    fn check_parked(&self, id: PayoutId, journal: &Journal, chain: &Chain) -> Result<(), Broken> {
        let is_to_agent = journal.payouts.get(&id).and_then(|payout| payout.payee.address());
        let is_to_agent = is_to_agent.is_some_and(|address| chain.is_agent(&address));
        hold!(InTime, is_to_agent, "payout {id} is given up, and goes to no agent");
        let mut holders = self.known_holders(&id);
        let is_free = holders.all(|holder| self.is_dead(holder, chain));
        hold!(Conflicting, is_free, "payout {id} is given up, and may be paid");
        Ok(())
    }

    /// The units that pay a payout, but for those whose journal was lost: nobody can know of them.
    fn known_holders(&self, payout: &PayoutId) -> impl Iterator<Item = &UnitHash> {
        let holders = self.holders.get(payout).into_iter().flatten();
        holders.filter(|holder| !self.lost.contains_key(*holder))
    }

    fn check_new(&mut self, version: &Version, payouts: &[Payout], chain: &Chain) -> Result<(), Broken> {
        let json = serde_json::from_str(&version.json).ok();
        let Some(unit) = json.and_then(|json| Unit::from_json(json).ok()) else {
            return Err(Broken::new(Promise::Sound, format!("what {} holds is no unit", version.id)));
        };
        hold!(Sound, unit.hash() == version.unit, "{} has another name than its unit", version.id);
        let spent: Vec<CoinId> = unit.spent_coins().collect();
        let says = version.inputs.iter().map(|coin| &coin.id);
        hold!(Books, spent.iter().eq(says), "{} spends other coins than it says", version.id);
        check_outputs(&unit, version, payouts)?;
        self.check_fee(version)?;
        self.inputs.insert(version.unit, spent);
        for output in &version.outputs {
            let others = self.holders.entry(output.payout).or_default().clone();
            for other in others {
                let is_safe = self.share_input(&version.unit, &other)
                    || self.is_dead(&other, chain)
                    || (self.lost.contains_key(&other) && self.exclude(&version.unit, &other, chain));
                hold!(
                    Conflicting,
                    is_safe,
                    "payout {} could be paid twice, by {}",
                    output.payout,
                    version.id
                );
            }
            self.holders.entry(output.payout).or_default().insert(version.unit);
        }
        for issue in payouts.iter().filter_map(|payout| payout.payee.issue()) {
            self.textcoins.entry(issue.address).or_default();
        }
        self.pays.insert(version.unit, version.outputs.iter().map(|output| output.payout).collect());
        self.check_against_lost(version, payouts, chain)
    }

    fn check_fee(&mut self, version: &Version) -> Result<(), Broken> {
        let (tps, now) = (version.fees.tps, version.signed_at);
        let ceiling = self.limits.ceiling(version.outputs.len().max(1), Bytes::ZERO);
        hold!(Ceiling, tps <= ceiling, "{} pays {tps} in advance, above {ceiling}", version.id);
        self.prepaid.entry(version.id.slot).or_default().push((now, tps));
        let day: u64 = self.prepaid.values().map(|versions| of_day(versions, now)).sum();
        let ceiling = self.limits.per_day.get();
        hold!(Ceiling, day <= ceiling, "with {} {day} are paid within a day, above {ceiling}", version.id);
        Ok(())
    }

    fn share_input(&self, one: &UnitHash, other: &UnitHash) -> bool {
        self.inputs[one].iter().any(|coin| self.inputs[other].contains(coin))
    }

    /// Whether a unit can never become good, by what is stable on the network.
    pub(crate) fn is_dead(&self, unit: &UnitHash, chain: &Chain) -> bool {
        match chain.fate(unit) {
            Some(Fate::Bad(_)) => return true,
            Some(Fate::Good(_)) => return false,
            _ => {}
        }
        let Some(inputs) = self.inputs.get(unit) else { return false };
        inputs.iter().any(|coin| {
            chain.spender(coin).is_some_and(|spender| spender != *unit) || self.is_dead(&coin.unit, chain)
        })
    }

    fn check_settlement(&self, settlement: &Settlement, chain: &Chain) -> Result<(), Broken> {
        let is_good = matches!(chain.fate(&settlement.unit), Some(Fate::Good(_)));
        hold!(Proven, is_good, "{} is settled without a proof", settlement.version);
        for payout in &settlement.freed {
            let mut holders = self.known_holders(payout);
            let is_free = holders.all(|holder| self.is_dead(holder, chain));
            hold!(Conflicting, is_free, "payout {payout} is freed, and may be paid");
        }
        Ok(())
    }

    fn check_death(&self, slot: &Slot, chain: &Chain) -> Result<(), Broken> {
        for version in &slot.versions {
            let is_dead = self.is_dead(&version.unit, chain);
            hold!(Conflicting, is_dead, "slot {} is given up, and {} may be alive", slot.no, version.id);
        }
        Ok(())
    }

    /// Who waits is told of a unit only if it is kept and vouched for.
    pub(crate) fn check_told(
        &self,
        payouts: &[PayoutId],
        unit: &UnitHash,
        journal: &Journal,
    ) -> Result<(), Broken> {
        hold!(Accepted, self.vouched.contains(unit), "told of {unit} without a word of a hub");
        let version = journal.version_of(unit);
        let is_kept = version
            .is_some_and(|version| matches!(version.status, VersionStatus::Accepted | VersionStatus::Final));
        hold!(Accepted, is_kept, "told of {unit} before its acceptance is kept");
        for payout in payouts {
            let pays = self.holders.get(payout).is_some_and(|holders| holders.contains(unit));
            hold!(Accepted, pays, "told of {unit}, which does not pay payout {payout}");
        }
        Ok(())
    }

    /// A unit of the payer is good for ever: each of its outputs pays an order that no other unit pays.
    pub(crate) fn check_good(&mut self, unit: &UnitHash, chain: &Chain) -> Result<(), Broken> {
        if !chain.is_own(unit) || !matches!(chain.fate(unit), Some(Fate::Good(_))) {
            return Ok(());
        }
        self.check_given(unit, chain)?;
        if self.lost.contains_key(unit) {
            return Ok(());
        }
        let Some(payouts) = self.pays.get(unit) else {
            return Err(Broken::new(Promise::JournaledFirst, format!("{unit} is good and in no journal")));
        };
        let outputs = chain.outputs(unit).len();
        hold!(PaidOnce, outputs == payouts.len() + 1, "{unit} pays more than its payouts and change");
        for payout in payouts {
            let before = self.received.insert(*payout, *unit);
            hold!(PaidOnce, before.is_none(), "payout {payout} is paid for the second time");
        }
        Ok(())
    }

    /// No textcoin is given by two good units, whatever databases were lost.
    fn check_given(&mut self, unit: &UnitHash, chain: &Chain) -> Result<(), Broken> {
        for coin in chain.outputs(unit) {
            let Some(giver) = self.textcoins.get_mut(&coin.address) else { continue };
            let before = giver.replace(*unit);
            hold!(TextcoinOnce, before.is_none(), "{unit} gives a textcoin that was given before");
        }
        Ok(())
    }

    /// When everything is over.
    pub(crate) fn check_rest(&self, journal: &Journal, chain: &Chain) -> Result<(), Broken> {
        hold!(InTime, journal.queue.is_empty(), "somebody still waits");
        hold!(InTime, journal.open_slots().next().is_none(), "a slot is still open");
        let mut paid: Vec<_> = chain.paid().iter().map(|coin| (coin.amount, coin.address)).collect();
        hold!(InTime, journal.held.is_empty(), "somebody is still held");
        let is_given_up = |id: &PayoutId| journal.parked.contains(id) || journal.rejected.contains(id);
        let owed =
            journal.payouts.values().filter(|payout| !is_given_up(&payout.id)).filter_map(Payout::output);
        let owed = owed.chain(self.paid_by_lost(chain).filter_map(Payout::output));
        let mut owed: Vec<_> = owed.map(|owed| (owed.amount, owed.address)).collect();
        paid.sort_unstable();
        owed.sort_unstable();
        hold!(PaidOnce, paid == owed, "paid is {paid:?}, owed was {owed:?}");
        let snapshot = journal.snapshot();
        let booked: BTreeSet<_> =
            snapshot.refills.iter().chain(&snapshot.anchor).map(|coin| coin.id).collect();
        hold!(Books, booked == chain.purse_ids(), "the coins in the store are not those on the network");
        Ok(())
    }
}

/// Whether two payouts are of the same order, in lives of the database that know nothing of each other: amounts tell
/// orders apart.
fn is_same_order(one: &Payout, other: &Payout) -> bool {
    one.amount == other.amount && one.payee.address() == other.payee.address()
}

/// What a slot pays in advance within a day: of its units the dearest counts, without what an older one
/// paid already.
fn of_day(versions: &[(Timestamp, Bytes)], now: Timestamp) -> u64 {
    let dearest = |of: &mut dyn Iterator<Item = &(Timestamp, Bytes)>| of.map(|(_, fee)| fee.get()).max();
    let all = dearest(&mut versions.iter()).unwrap_or_default();
    let old = dearest(&mut versions.iter().filter(|(at, _)| now.since(*at) >= DAY)).unwrap_or_default();
    all.saturating_sub(old)
}

fn check_outputs(unit: &Unit, version: &Version, payouts: &[Payout]) -> Result<(), Broken> {
    let id = version.id;
    let made: BTreeMap<u32, _> = unit.outputs().map(|(coin, output)| (coin.output_index, output)).collect();
    hold!(PaidOnce, made.len() == version.outputs.len() + 1, "{id} pays more than payouts and change");
    for paid in &version.outputs {
        let payout = payouts.iter().find(|payout| payout.id == paid.payout);
        let owed = payout.and_then(Payout::output).map(|owed| (owed.address, owed.amount));
        let output = made.get(&paid.output_index).map(|output| (output.address, output.amount));
        hold!(PaidOnce, owed.is_some() && owed == output, "{id} does not pay payout {} as owed", paid.payout);
    }
    let change = made.get(&version.change.id.output_index).map(|output| (output.address, output.amount));
    let says = Some((version.change.address, version.change.amount));
    hold!(Books, change == says, "{id} has another change than it says");
    let sum = |amounts: &mut dyn Iterator<Item = Bytes>| amounts.map(Bytes::get).sum::<u64>();
    let spent = sum(&mut version.inputs.iter().map(|coin| coin.amount));
    let left = sum(&mut made.values().map(|output| output.amount)) + version.fees.total().get();
    hold!(Books, spent == left, "{id} spends {spent}, and its outputs and fees are {left}");
    Ok(())
}
