//! Looking at the network: as a hub sees it, and as it is.

use std::collections::{BTreeMap, BTreeSet};

use obyte::compose::Coin;
use obyte::unit::CoinId;
use obyte::{Address, Bytes, UnitHash};
use payout::{AskHistory, AskStock, Moves, SeenUnit, Standing, Stock};

use super::{Chain, Fate, Held, NEVER};

/// Through which hub one looks, and what it noticed last: a hub that stands still lives in the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Eye {
    /// The hub.
    pub hub: usize,
    /// Nothing later is seen.
    pub until: u64,
}

impl Eye {
    /// A hub that is awake.
    pub const fn of(hub: usize) -> Self {
        Self { hub, until: u64::MAX }
    }
}

impl Chain {
    pub(super) fn sees(&self, eye: Eye, unit: &UnitHash) -> bool {
        let seen = |held: &Held| held.seen[eye.hub] != NEVER && held.seen[eye.hub] <= eye.until;
        self.units.get(unit).is_some_and(seen)
    }

    pub(super) fn fate_seen(&self, eye: Eye, unit: &UnitHash) -> Fate {
        let stable = self.units.get(unit).filter(|held| held.stable_at <= eye.until);
        stable.map_or(Fate::Unstable, |held| held.fate)
    }

    /// The highest stable main chain index that a hub knows.
    pub(super) fn mci_at(&self, eye: Eye) -> u64 {
        let reached = self.reached.partition_point(|at| *at <= eye.until);
        (reached as u64).saturating_sub(1)
    }

    /// What a hub tells about the payer, with a proof for all that is stable.
    pub fn history(&self, eye: Eye, question: &AskHistory) -> Vec<SeenUnit> {
        let mut seen = Vec::new();
        for (hash, held) in self.units.iter().filter(|(hash, _)| self.sees(eye, hash)) {
            let (standing, mci) = match self.fate_seen(eye, hash) {
                Fate::Good(mci) => (Standing::FinalGood, Some(mci)),
                Fate::Bad(mci) => (Standing::FinalBad, Some(mci)),
                Fate::Unstable if self.is_clean(eye, hash) => (Standing::Unstable, None),
                Fate::Unstable => continue,
            };
            let is_new = mci.is_none_or(|mci| mci >= question.min_mci) && concerns(held, question);
            if question.units.contains(hash) || is_new {
                seen.push(self.seen_by(*hash, held, question, standing, mci));
            }
        }
        seen
    }

    /// The coins of the payer that a hub finds, with a proof for all that are stable.
    pub fn stock(&self, eye: Eye, question: &AskStock) -> Stock {
        let AskStock { ask, addresses, units, known, also } = question.clone();
        let question = AskHistory { ask, addresses, units, min_mci: 0, also, moves: true };
        let is_known = |coin: &Coin| known.iter().any(|known| known.id == coin.id);
        let is_spent = |coin: &Coin| {
            let spenders = self.spenders.get(&coin.id).into_iter().flatten();
            spenders.into_iter().any(|unit| self.sees(eye, unit) && self.is_clean(eye, unit))
        };
        let mut units = self.history(eye, &question);
        units.retain(|seen| {
            let is_news = |coin: &Coin| !is_known(coin) && !is_spent(coin);
            question.units.contains(&seen.unit)
                || seen.standing == Standing::FinalGood && seen.coins.iter().any(is_news)
        });
        Stock { main_chain_index: self.mci_at(eye), units, flooded: Vec::new() }
    }

    fn seen_by(
        &self,
        unit: UnitHash,
        held: &Held,
        question: &AskHistory,
        standing: Standing,
        mci: Option<u64>,
    ) -> SeenUnit {
        let is_payers =
            |address: &Address| question.addresses.contains(address) || question.also.contains(address);
        let is_own = held.authors.iter().any(|(author, _)| is_payers(author));
        let to_others = held.outputs.iter().filter(|coin| !self.own.contains(&coin.address));
        let authors = held.authors.iter().map(|(author, _)| *author);
        let moves = || Moves {
            authors: authors.filter(is_payers).collect(),
            spent: held.inputs.clone(),
            paid: to_others.copied().collect(),
            made_at: None,
        };
        SeenUnit {
            unit,
            standing,
            is_own,
            coins: held.outputs.iter().filter(|coin| is_payers(&coin.address)).copied().collect(),
            main_chain_index: mci,
            charged_tps_fee: mci.map(|_| Bytes::literal(1)),
            moves: (is_own && question.moves).then(moves),
        }
    }

    /// Unstable, and in no conflict, nor behind one, as far as the hub sees.
    fn is_clean(&self, eye: Eye, hash: &UnitHash) -> bool {
        let Some(held) = self.units.get(hash) else { return false };
        match self.fate_seen(eye, hash) {
            Fate::Good(_) => true,
            Fate::Bad(_) => false,
            Fate::Unstable => {
                !self.rivals(hash, held).any(|(rival, _)| self.sees(eye, rival))
                    && held.inputs.iter().all(|coin| self.is_clean(eye, &coin.unit))
            }
        }
    }

    /// The main chain index of a unit, once a hub sees it as stable.
    pub fn mci_of(&self, eye: Eye, unit: &UnitHash) -> Option<u64> {
        match self.fate_seen(eye, unit) {
            Fate::Good(mci) | Fate::Bad(mci) => Some(mci),
            Fate::Unstable => None,
        }
    }

    /// The same of those that have one.
    pub fn mcis_of(&self, eye: Eye, units: &[UnitHash]) -> BTreeMap<UnitHash, u64> {
        units.iter().filter_map(|unit| Some((*unit, self.mci_of(eye, unit)?))).collect()
    }

    /// What really became of a unit that is there.
    pub fn fate(&self, unit: &UnitHash) -> Option<Fate> {
        self.units.get(unit).map(|held| held.fate)
    }

    pub(crate) fn is_own(&self, unit: &UnitHash) -> bool {
        self.units.get(unit).is_some_and(Held::is_own)
    }

    pub(crate) fn outputs(&self, unit: &UnitHash) -> &[Coin] {
        self.units.get(unit).map_or(&[], |held| &held.outputs)
    }

    /// The units of the payer that are not stable.
    pub(crate) fn unstable_own(&self) -> Vec<UnitHash> {
        self.unstable.iter().filter(|hash| self.units[*hash].is_own()).copied().collect()
    }

    /// The good unit that spends a coin.
    pub(crate) fn spender(&self, coin: &CoinId) -> Option<UnitHash> {
        let mut spenders = self.spenders.get(coin)?.iter();
        spenders.find(|hash| matches!(self.units[*hash].fate, Fate::Good(_))).copied()
    }

    fn good(&self) -> impl Iterator<Item = &Held> {
        self.units.values().filter(|held| matches!(held.fate, Fate::Good(_)))
    }

    /// Outputs of good units of the payer to others.
    pub(crate) fn paid(&self) -> Vec<Coin> {
        let outputs = self.good().filter(|held| held.is_own()).flat_map(|held| &held.outputs);
        outputs.filter(|coin| !self.own.contains(&coin.address)).copied().collect()
    }

    /// Good coins of the payer that no good unit spends.
    pub(crate) fn purse(&self) -> Vec<Coin> {
        let coins =
            self.good().flat_map(|held| &held.outputs).filter(|coin| self.own.contains(&coin.address));
        coins.filter(|coin| self.spender(&coin.id).is_none()).copied().collect()
    }

    /// The same by name.
    pub(crate) fn purse_ids(&self) -> BTreeSet<CoinId> {
        self.purse().iter().map(|coin| coin.id).collect()
    }
}

fn concerns(held: &Held, question: &AskHistory) -> bool {
    held.authors.iter().any(|(author, _)| question.addresses.contains(author))
        || held.outputs.iter().any(|coin| question.addresses.contains(&coin.address))
}
