//! The addresses of the line: where it stands, when it moves on, and coins that lie elsewhere.
//!
//! A slot is authored by the address of its anchor. After many slots the change of one goes to the next
//! address, so that the history of no address becomes too long for a hub to tell (6.4). Coins at other
//! addresses of the wallet, such as what comes later to the published one, come along in a unit of the
//! line, of which their address is then an author too. So there is only one line, and all that holds for
//! it holds for these coins.

use std::collections::{BTreeMap, BTreeSet};

use obyte::compose::{self, Coin, Payer, definition_needed};
use obyte::unit::CoinId;
use obyte::{Address, Bytes, UnitHash};

use super::Engine;
use super::composing::Plan;
use super::making::Found;
use crate::keyring::Place;
use crate::{
    FirstUnit, Keyring, Payee, Payout, Settings, Settlement, Slot, Snapshot, Version, VersionStatus,
};

/// So many addresses ahead of the line are watched, and at most so many behind it.
pub(super) const AHEAD: Place = 2;
const BEHIND: Place = 1_000;
/// So many places the line leaves out at most. A restore looks at more behind the last one that was used.
const LEAP: Place = 10;
/// A TPS fee paid in advance that may be left behind at an address.
const LITTLE: Bytes = Bytes::literal(1_000);
/// What spending a coin costs at most: the coin among the inputs, and its owner among the authors with a
/// definition (4.5). A coin that holds no more is not worth being brought along.
pub(crate) const CRUMB: Bytes = Bytes::literal(500);
/// So many coins come along in one unit without need. A full batch with them is below the size from which
/// units pay more.
const ALONG: usize = 16;
/// So many come along at most where they are needed, from so many other addresses.
const NEEDED: usize = 60;
const OTHERS: usize = 15;
/// What a unit costs beside its payouts, estimated with much to spare: its size and its TPS fee.
const UNIT_COST: u64 = 60_000;
/// What one more payout costs.
const OUTPUT_COST: u64 = 53;

/// What the line has done at one of its addresses.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stay {
    /// How many slots began there.
    slots: u64,
    /// TPS fees paid there in advance and not charged.
    prepaid: Bytes,
}

/// What is set aside of a coin from outside, so that a fund that is promised to the last byte can still be
/// spent, in however many crumbs it came.
pub(super) fn spending_reserve(amount: Bytes) -> Bytes {
    amount.min(CRUMB)
}

/// Derives the keys of all coins in hand. The line moves at most once with each slot, from where it stood when
/// it was restored.
pub(super) fn derive(keyring: &mut Keyring, snapshot: &Snapshot) {
    keyring.reach_deposits(snapshot.deposits + super::DEPOSITS_AHEAD);
    let moves = Place::try_from(snapshot.next_slot).unwrap_or(Place::MAX);
    let up_to = moves.saturating_add(snapshot.places).min(Place::MAX - 1).saturating_add(1);
    let versions = snapshot.slots.iter().flat_map(|slot| &slot.versions);
    let coins = versions.flat_map(|version| version.inputs.iter().chain([&version.change]));
    for coin in coins.chain(&snapshot.anchor).chain(&snapshot.refills) {
        if keyring.number(&coin.address).is_none() {
            keyring.find(&coin.address, up_to);
        }
    }
    let home = home(keyring, snapshot.slots.last(), snapshot.anchor);
    keyring.reach(home.max(snapshot.places).max(snapshot.textcoins.generation) + AHEAD);
}

/// What is known of the address at which the line stands. The keys are derived.
pub(super) fn stays(keyring: &Keyring, snapshot: &Snapshot) -> BTreeMap<Address, Stay> {
    let home = home(keyring, snapshot.slots.last(), snapshot.anchor);
    let stay = Stay { slots: snapshot.home_slots, prepaid: snapshot.home_prepaid };
    BTreeMap::from([(keyring.address(home), stay)])
}

/// The place of the coin behind which the line goes on.
fn home(keyring: &Keyring, last: Option<&Slot>, anchor: Option<Coin>) -> Place {
    let end = last.map(|slot| slot.head().change).or(anchor);
    end.and_then(|coin| keyring.place(&coin.address)).unwrap_or_default()
}

impl Engine {
    /// The place at which the line stands.
    pub(super) fn home(&self) -> Place {
        home(&self.keyring, self.slots.back(), self.anchor)
    }

    /// The addresses of which news may come: the published one, those of the line, and those for deposits.
    pub(super) fn watched(&self) -> Vec<Address> {
        let home = self.home();
        let first = home.saturating_sub(BEHIND).max(1);
        let line = [0].into_iter().chain(first..=home + AHEAD).map(|place| self.keyring.address(place));
        line.chain(self.keyring.deposits(self.deposits)).collect()
    }

    /// Where the change of a new slot on this anchor goes. A life of the wallet that began without coins has moved none
    /// to the place after which its textcoins are named; its first slot does, so that no later life takes that for new.
    pub(super) fn change_of_new(&self, anchor: &Coin) -> Address {
        let most = self.settings.slots_per_address;
        let stay = self.stays.get(&anchor.address).copied().unwrap_or_default();
        let moves =
            stay.slots >= most.saturating_add(most / 2) || (stay.slots >= most && stay.prepaid <= LITTLE);
        match self.keyring.place(&anchor.address) {
            Some(place) if place < self.mint.generation() => {
                self.keyring.address(self.mint.generation().min(place.saturating_add(LEAP)))
            }
            Some(place) if moves => self.keyring.address(place + 1),
            Some(_) => anchor.address,
            // The line never stands where deposits come.
            None => self.fund_address(),
        }
    }

    /// A slot was opened at the address of its anchor, and its change goes there.
    pub(super) fn note_opened(&mut self, anchor: Address, change: Address) {
        self.stays.entry(anchor).or_default().slots += 1;
        if let Some(place) = self.keyring.place(&change) {
            self.keyring.reach(place + AHEAD);
        }
    }

    /// A slot is settled: its authors are known on the network from now on.
    pub(super) fn note_settled(&mut self, settlement: &Settlement, tps_fee: Bytes) {
        let first = FirstUnit { unit: settlement.unit, main_chain_index: settlement.main_chain_index };
        for coin in &settlement.spent {
            self.first_units.entry(coin.address).or_insert(first);
        }
        if let Some(anchor) = settlement.spent.first() {
            let stay = self.stays.entry(anchor.address).or_default();
            let more = stay.prepaid.checked_add(tps_fee).unwrap_or(Bytes::MAX);
            stay.prepaid = more.saturating_sub(settlement.charged_tps_fee.unwrap_or_default());
        }
    }

    /// What another version of a slot spends beside the anchor from other addresses: the same as the one
    /// before, and more where fees have risen.
    pub(super) fn coins_along_again(&self, slot: &Slot, payouts: &[Payout]) -> Vec<Coin> {
        let versions = slot.versions.iter().flat_map(|version| version.inputs.iter().copied());
        let free = self.refills_at(&slot.anchor.address);
        let near: BTreeMap<CoinId, Coin> = versions.chain(free).map(|coin| (coin.id, coin)).collect();
        let have: u64 = near.values().map(|coin| coin.amount.get()).sum();
        let missing = self.outlay(payouts).saturating_sub(have);
        let spent = slot.head().inputs.iter().filter(|coin| coin.address != slot.anchor.address);
        spent.copied().chain(self.coins_needed(&slot.anchor, missing)).collect()
    }

    /// The coins from elsewhere that come along in a new slot; and small ones of the same address, so that
    /// they become few.
    pub(super) fn coins_along(&self, anchor: &Coin, payouts: &[Payout]) -> Vec<Coin> {
        // The line may begin with one of them.
        let others = self.refills_at(&anchor.address).filter(|coin| coin.id != anchor.id);
        let mut near: Vec<Coin> = others.collect();
        let have: u64 = near.iter().chain([anchor]).map(|coin| coin.amount.get()).sum();
        let missing = self.outlay(payouts).saturating_sub(have);
        if missing > 0 {
            return self.coins_needed(anchor, missing);
        }
        let mut along: Vec<Coin> = self.best_elsewhere(anchor).into_iter().flatten().collect();
        near.sort_by_key(|coin| coin.amount);
        along.extend(near);
        along.retain(|coin| coin.amount > CRUMB);
        along.truncate(ALONG);
        along
    }

    /// What a unit with these payouts takes, estimated with much to spare.
    fn outlay(&self, payouts: &[Payout]) -> u64 {
        let Settings { limits, network, .. } = self.settings;
        let on_top = |payout: &Payout| match payout.payee {
            Payee::Address(_) => 0,
            Payee::Textcoin(_) => limits.claim_reserve(network).get(),
        };
        let owed: u64 = payouts.iter().map(|payout| payout.amount.get() + on_top(payout) + OUTPUT_COST).sum();
        owed.saturating_add(UNIT_COST)
    }

    fn refills_at<'a>(&'a self, address: &'a Address) -> impl Iterator<Item = Coin> + 'a {
        self.refills.values().filter(move |coin| coin.address == *address).copied()
    }

    /// The coins at the one other address that holds most.
    fn best_elsewhere(&self, anchor: &Coin) -> Option<Vec<Coin>> {
        let others: BTreeSet<Address> = self.elsewhere(anchor).map(|coin| coin.address).collect();
        let worth = |address: &Address| self.refills_at(address).map(|coin| coin.amount.get()).sum::<u64>();
        let best = others.into_iter().max_by_key(worth)?;
        let mut coins: Vec<Coin> = self.refills_at(&best).collect();
        coins.sort_by_key(|coin| std::cmp::Reverse(coin.amount));
        Some(coins)
    }

    /// The largest coins elsewhere, until they hold this much.
    fn coins_needed(&self, anchor: &Coin, missing: u64) -> Vec<Coin> {
        let mut coins: Vec<Coin> = self.elsewhere(anchor).filter(|coin| coin.amount > CRUMB).collect();
        coins.sort_by_key(|coin| std::cmp::Reverse(coin.amount));
        let (mut addresses, mut have, mut along) = (BTreeSet::new(), 0u64, Vec::new());
        for coin in coins {
            if have >= missing || along.len() == NEEDED {
                break;
            }
            if addresses.contains(&coin.address) || addresses.len() < OTHERS {
                addresses.insert(coin.address);
                have = have.saturating_add(coin.amount.get());
                along.push(coin);
            }
        }
        along
    }

    fn elsewhere(&self, anchor: &Coin) -> impl Iterator<Item = Coin> + '_ {
        let home = anchor.address;
        self.refills.values().filter(move |coin| coin.address != home).copied()
    }

    /// Who pays for a plan: the owners of the anchor and of what comes along. A hub may have seen it the
    /// other way round whether the owner of the anchor has to reveal its definition.
    pub(super) fn payers(&self, plan: &Plan, found: &Found, wish: Option<bool>) -> Vec<Payer> {
        let payer = |author: &Address| {
            let wish = wish.filter(|_| *author == plan.anchor.address);
            let reveals = wish.unwrap_or_else(|| self.reveals(author, found));
            Some(Payer::new(self.keyring.key(author)?.public_key(), reveals))
        };
        plan.authors().iter().filter_map(payer).collect()
    }

    fn reveals(&self, author: &Address, found: &Found) -> bool {
        let known = self.first_units.get(author).and_then(|first| first.main_chain_index);
        let first = match (known, self.to_look_up(author)) {
            (Some(index), _) => compose::FirstUnit::At(index),
            (None, Some(unit)) => match found.looked_up.get(&unit) {
                Some(index) => compose::FirstUnit::At(*index),
                None => compose::FirstUnit::Unplaced,
            },
            (None, None) => compose::FirstUnit::None,
        };
        definition_needed(first, found.parents.last_ball_mci, self.settings.network)
    }

    /// The unit of this author whose main chain index decides about the definition, where it is not known.
    pub(super) fn to_look_up(&self, author: &Address) -> Option<UnitHash> {
        match self.first_units.get(author) {
            Some(first) => first.main_chain_index.is_none().then_some(first.unit),
            None => self.first_open_unit(author),
        }
    }

    fn first_open_unit(&self, author: &Address) -> Option<UnitHash> {
        let is_by = |version: &&Version| version.inputs.iter().any(|coin| coin.address == *author);
        let mut versions = self.slots.iter().flat_map(|slot| &slot.versions).filter(is_by);
        versions.find(|version| version.status == VersionStatus::Accepted).map(|version| version.unit)
    }
}

#[cfg(test)]
mod tests {
    use obyte::Network;
    use obyte::compose::{Parents, Payment, Spend, compose};
    use obyte::fee::ThresholdSize;
    use obyte::{BallHash, SecretKey, UnitHash};

    use super::*;

    /// The size of a unit with these owners of a coin each.
    fn size(owners: &[Payer]) -> u64 {
        let coins: Vec<Coin> = (0..).zip(owners).map(|(n, owner)| coin(n, owner.address())).collect();
        let parents = Parents {
            timestamp: 1_750_000_000,
            parent_units: vec![UnitHash::of("parent")],
            last_ball: BallHash::of("ball"),
            last_ball_unit: UnitHash::of("ball unit"),
            last_ball_mci: 1,
            tps_fee: Bytes::ZERO,
        };
        let payment = Payment {
            network: Network::Devnet,
            parents: &parents,
            threshold: ThresholdSize::DEFAULT,
            payers: owners,
            mandatory: &coins,
            candidates: &[],
            outputs: &[],
            spend: Spend::AsNeeded { change: owners[0].address(), least_change: Bytes::ZERO },
            notes: &[],
        };
        compose(&payment).expect("there is enough").fees.for_size().get()
    }

    fn coin(n: u32, address: Address) -> Coin {
        let id = CoinId { unit: UnitHash::of("source"), message_index: 0, output_index: n };
        Coin { id, amount: Bytes::GBYTE, address }
    }

    #[test]
    fn the_reserve_of_a_coin_covers_bringing_it_along() {
        let owner = |n| Payer::new(SecretKey::from_bytes(&[n; 32]).expect("in range").public_key(), true);
        let cost = size(&[owner(1), owner(2)]) - size(&[owner(1)]);
        assert!((300..=CRUMB.get()).contains(&cost), "{cost}");
    }
}
