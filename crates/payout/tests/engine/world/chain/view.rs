//! Looking at the network: as a hub tells it, and as it is.

use std::collections::BTreeSet;

use obyte::compose::Coin;
use obyte::unit::CoinId;
use obyte::{Bytes, UnitHash};
use payout::{AskHistory, SeenUnit, Standing};

use super::{Chain, Fate, Held};

impl Chain {
    /// What a hub tells about the payer, with a proof for all that is stable.
    pub(crate) fn history(&self, question: &AskHistory) -> Vec<SeenUnit> {
        let asked: BTreeSet<_> = question.units.iter().collect();
        let mut seen = Vec::new();
        for (hash, held) in &self.units {
            let (standing, mci) = match held.fate {
                Fate::Good(mci) => (Standing::FinalGood, Some(mci)),
                Fate::Bad(mci) => (Standing::FinalBad, Some(mci)),
                Fate::Unstable if self.is_clean(hash) => (Standing::Unstable, None),
                Fate::Unstable => continue,
            };
            if asked.contains(hash) || mci.is_none_or(|mci| mci >= question.min_mci) {
                seen.push(self.seen(*hash, held, standing, mci));
            }
        }
        seen
    }

    fn seen(&self, unit: UnitHash, held: &Held, standing: Standing, mci: Option<u64>) -> SeenUnit {
        SeenUnit {
            unit,
            standing,
            is_own: held.is_own,
            coins: held.outputs.iter().filter(|coin| coin.address == self.payer).copied().collect(),
            main_chain_index: mci,
            charged_tps_fee: mci.map(|_| Bytes::literal(1)),
        }
    }

    /// Unstable, and in no conflict, nor behind one.
    fn is_clean(&self, hash: &UnitHash) -> bool {
        let held = &self.units[hash];
        match held.fate {
            Fate::Good(_) => true,
            Fate::Bad(_) => false,
            Fate::Unstable => {
                self.rivals(hash, held).next().is_none()
                    && held.inputs.iter().all(|coin| self.is_clean(&coin.unit))
            }
        }
    }

    pub(crate) fn mci_of(&self, unit: &UnitHash) -> Option<u64> {
        match self.units.get(unit)?.fate {
            Fate::Good(mci) | Fate::Bad(mci) => Some(mci),
            Fate::Unstable => None,
        }
    }

    pub(crate) fn fate(&self, unit: &UnitHash) -> Option<Fate> {
        self.units.get(unit).map(|held| held.fate)
    }

    /// The good unit that spends a coin.
    pub(crate) fn spender(&self, coin: &CoinId) -> Option<UnitHash> {
        let good = self.units.iter().filter(|(_, held)| matches!(held.fate, Fate::Good(_)));
        good.filter(|(_, held)| held.inputs.contains(coin)).map(|(hash, _)| *hash).next()
    }

    /// Outputs of good units of the payer to others.
    pub(crate) fn paid(&self) -> Vec<Coin> {
        let own = self.units.values().filter(|held| held.is_own && matches!(held.fate, Fate::Good(_)));
        own.flat_map(|held| &held.outputs).filter(|coin| coin.address != self.payer).copied().collect()
    }

    /// Good coins of the payer that no good unit spends.
    pub(crate) fn purse(&self) -> BTreeSet<CoinId> {
        let good = self.units.values().filter(|held| matches!(held.fate, Fate::Good(_)));
        let coins = good.flat_map(|held| &held.outputs).filter(|coin| coin.address == self.payer);
        coins.map(|coin| coin.id).filter(|coin| self.spender(coin).is_none()).collect()
    }
}
