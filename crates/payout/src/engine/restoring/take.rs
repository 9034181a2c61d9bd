//! Taking in what is proven while the wallet is being restored.

use obyte::compose::Coin;
use obyte::{Address, UnitHash};

use super::Phase;
use crate::engine::{Engine, Outbox};
use crate::{Change, FirstUnit, Moves, Origin, SeenUnit, Standing, Timestamp};

impl Engine {
    pub(super) fn take_in(&mut self, now: Timestamp, units: &[SeenUnit], out: &mut Outbox) {
        self.note_places(units);
        let good = || units.iter().filter(|seen| seen.standing == Standing::FinalGood);
        for seen in good() {
            self.note_moves(seen);
        }
        self.lose_slots(now, out);
        for seen in good().filter(|seen| seen.is_own) {
            self.take_foreign(now, seen, out);
        }
        for seen in good() {
            self.find_coins(now, seen, out);
        }
        self.lose_coins(now, out);
    }

    /// Whether a unit is one of the journal: what it spent and made is booked.
    fn is_journaled(&self, unit: &UnitHash) -> bool {
        let is_foreign = || self.restoring.as_ref().is_some_and(|restoring| restoring.foreign.contains(unit));
        self.version_with(unit).is_some() || (self.follow.knows(unit) && !is_foreign())
    }

    /// How far the line had come; and whether something is still to be proven.
    fn note_places(&mut self, units: &[SeenUnit]) {
        let (mut used, mut deposits, mut is_open, mut evidence) = (0, 0, false, false);
        for seen in units.iter().filter(|seen| !self.is_journaled(&seen.unit)) {
            let places = seen.coins.iter().filter_map(|coin| self.keyring.place(&coin.address));
            used = places.map(|place| place + 1).fold(used, u32::max);
            let numbers = seen.coins.iter().filter_map(|coin| self.keyring.number(&coin.address));
            deposits = numbers.fold(deposits, u32::max);
            let is_stable = seen.standing != Standing::Unstable;
            is_open |= seen.is_own && !is_stable;
            evidence |= seen.is_own && is_stable;
        }
        let Some(restoring) = &mut self.restoring else { return };
        restoring.evidence |= evidence;
        restoring.used = restoring.used.max(used);
        restoring.deposits = restoring.deposits.max(deposits);
        if let Phase::Looking(look) = &mut restoring.phase {
            look.is_open |= is_open;
        }
    }

    /// What a unit spent, and which unit made that: it must be seen, too.
    fn note_moves(&mut self, seen: &SeenUnit) {
        let is_known = |coin: &obyte::CoinId| self.follow.has_credited(coin) || self.is_journaled(&coin.unit);
        let spent = seen.moves.iter().flat_map(|moves| &moves.spent);
        let unknown: Vec<UnitHash> =
            spent.clone().filter(|coin| !is_known(coin)).map(|coin| coin.unit).collect();
        let Some(restoring) = &mut self.restoring else { return };
        restoring.seen.insert(seen.unit);
        restoring.missing.remove(&seen.unit);
        if seen.is_own {
            restoring.spent.extend(spent.copied());
            let missing = unknown.into_iter().filter(|unit| !restoring.seen.contains(unit));
            restoring.missing.extend(missing);
        }
    }

    /// A unit that no journal holds is known from now on.
    fn take_foreign(&mut self, now: Timestamp, seen: &SeenUnit, out: &mut Outbox) {
        let (unit, Some(Moves { authors, paid, made_at, .. })) = (seen.unit, &seen.moves) else { return };
        if self.is_journaled(&unit) {
            return;
        }
        let Some(restoring) = &mut self.restoring else { return };
        if !restoring.foreign.insert(unit) {
            return;
        }
        restoring.found = true;
        self.follow.remember_unit(unit);
        let main_chain_index = seen.main_chain_index;
        self.note_authors(FirstUnit { unit, main_chain_index }, authors);
        let (authors, paid, made_at) = (authors.clone(), paid.clone(), *made_at);
        out.persist(Change::ForeignUnit { unit, main_chain_index, authors, paid, made_at, at: now });
    }

    /// These addresses were defined at the latest by this unit.
    fn note_authors(&mut self, first: FirstUnit, authors: &[Address]) {
        for author in authors {
            let known = self.first_units.entry(*author).or_insert(first);
            if known.is_behind(&first) {
                *known = first;
            }
        }
    }

    /// Slots whose anchor such a unit spent.
    fn lose_slots(&mut self, now: Timestamp, out: &mut Outbox) {
        let Some(restoring) = &self.restoring else { return };
        let Some(index) = self.slots.iter().position(|slot| restoring.is_spent(&slot.anchor)) else { return };
        let anchor = self.slots[index].anchor;
        self.drop_from(index, now, out);
        if index == 0 {
            out.persist(Change::CoinLost { coin: anchor, at: now });
        }
    }

    fn find_coins(&mut self, now: Timestamp, seen: &SeenUnit, out: &mut Outbox) {
        if self.is_journaled(&seen.unit) {
            return;
        }
        let origin = if seen.is_own { Origin::ForeignUnit } else { Origin::Others };
        let is_spent =
            |coin: &Coin| self.restoring.as_ref().is_some_and(|restoring| restoring.is_spent(coin));
        let (spent, unspent): (Vec<Coin>, Vec<Coin>) = seen.coins.iter().partition(|coin| is_spent(coin));
        for coin in unspent {
            self.credit(now, coin, origin, out);
        }
        // What others sent is booked in any case, so that no history shows it as new again.
        for coin in spent.into_iter().filter(|_| origin == Origin::Others) {
            self.credit(now, coin, origin, out);
        }
    }

    /// Coins that were taken for free, or for the end of the line.
    fn lose_coins(&mut self, now: Timestamp, out: &mut Outbox) {
        let Some(restoring) = &mut self.restoring else { return };
        let free = self.refills.values().copied();
        let lost: Vec<Coin> = free.chain(self.anchor).filter(|coin| restoring.is_spent(coin)).collect();
        restoring.found |= !lost.is_empty();
        for coin in lost {
            self.refills.remove(&coin.id);
            self.anchor.take_if(|anchor| *anchor == coin);
            out.persist(Change::CoinLost { coin, at: now });
        }
    }
}
