//! Sweeping: every coin that was found moves to a fresh address, in units of the line that pay nobody.

use std::collections::{BTreeMap, BTreeSet};

use obyte::compose::Coin;
use obyte::unit::CoinId;

use crate::engine::Engine;
use crate::engine::addresses::CRUMB;
use crate::engine::composing::Plan;
use crate::engine::line::Need;
use crate::keyring::Place;
use crate::{Payout, Slot};

/// So many coins are spent by one unit beside its anchor, of so many other addresses (1.1).
const COINS: usize = 90;
const OTHERS: usize = 15;

impl Engine {
    /// Lists what must be spent: all coins in hand, but those that lie at the fresh address, and crumbs, which
    /// pay for no unit.
    pub(super) fn list_old(&mut self, places: Place) {
        let is_old = |coin: &Coin| self.keyring.place(&coin.address).is_none_or(|place| place < places);
        let free = self.refills.values().filter(|coin| coin.amount > CRUMB);
        let old = free.chain(&self.anchor).filter(|coin| is_old(coin)).map(|coin| (coin.id, *coin)).collect();
        if let Some(restoring) = &mut self.restoring {
            restoring.old = old;
        }
    }

    /// What is not spent yet of that, as far as no slot spends it.
    pub(super) fn to_sweep(&self) -> Vec<Coin> {
        let Some(restoring) = &self.restoring else { return Vec::new() };
        let is_free = |coin: &&Coin| self.refills.contains_key(&coin.id) || self.anchor == Some(**coin);
        restoring.old.values().filter(is_free).copied().collect()
    }

    /// What the line needs next while the wallet is being restored, if none of its slots has lost its unit.
    pub(in crate::engine) fn need_to_sweep(&self) -> Option<Need> {
        if !self.slots.is_empty() {
            return None;
        }
        let coins = self.to_sweep();
        let largest = coins.iter().max_by_key(|coin| coin.amount)?;
        Some(Need::Slot(Some(self.anchor.unwrap_or(*largest))))
    }

    /// Whether as much was seen as must be before coins are moved.
    pub(in crate::engine) fn may_sweep(&self) -> bool {
        self.restoring.as_ref().is_some_and(super::Restoring::is_sweeping)
    }

    /// A unit that pays nobody, for a new slot or the next version of an open one.
    pub(in crate::engine) fn plan_sweep(&self, anchor: Coin, slot: Option<&Slot>) -> Option<Plan> {
        let restoring = self.restoring.as_ref()?;
        let in_slot = slot.into_iter().flat_map(|slot| &slot.versions).flat_map(|version| &version.inputs);
        let shared = in_slot.filter(|coin| !restoring.is_spent(coin)).copied();
        let coins: BTreeMap<CoinId, Coin> = shared
            .chain(self.to_sweep())
            .filter(|coin| *coin != anchor)
            .map(|coin| (coin.id, coin))
            .collect();
        let change = self.keyring.address(restoring.places?);
        Some(Plan {
            replaces: slot.map(|slot| slot.no),
            anchor,
            along: together(&anchor, coins.into_values()),
            change,
            held: Vec::<Payout>::new(),
            joining: Vec::new(),
            offered: Vec::new(),
        })
    }
}

/// The largest coins that fit into one unit.
fn together(anchor: &Coin, coins: impl Iterator<Item = Coin>) -> Vec<Coin> {
    let mut coins: Vec<Coin> = coins.collect();
    coins.sort_by_key(|coin| std::cmp::Reverse(coin.amount));
    let mut others = BTreeSet::new();
    coins.retain(|coin| {
        let fits = coin.address == anchor.address || others.contains(&coin.address) || others.len() < OTHERS;
        if fits && coin.address != anchor.address {
            others.insert(coin.address);
        }
        fits
    });
    coins.truncate(COINS);
    coins
}
