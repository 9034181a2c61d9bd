//! The state as a validator sees it.

use obyte::fee::ThresholdSize;
use obyte::validate::context::{DagView, KnownOutput, KnownUnit, Sequence};
use obyte::{Address, Bytes, CoinId, UnitHash};
use serde_json::Value;

use super::{State, THRESHOLD};
use crate::dag::{Id, Mci};

/// An index as the graph counts it; one beyond all indexes stands for what is larger.
fn index(mci: u64) -> Mci {
    Mci::try_from(mci).unwrap_or(Mci::MAX)
}

impl DagView for State {
    type Id = Id;

    fn find(&self, hash: &UnitHash) -> Option<Id> {
        self.dag().find(hash)
    }

    fn unit(&self, id: Id) -> KnownUnit {
        let node = self.dag().node(id);
        KnownUnit {
            hash: node.hash(),
            timestamp: node.timestamp,
            mci: node.mci.map(u64::from),
            latest_included_mci: node.limci.map(u64::from),
            witnessed_level: node.witnessed_level.into(),
            last_ball_mci: self.dag().last_ball_mci(id).into(),
            is_on_main_chain: node.is_on_main_chain,
            ball: node.ball(),
            sequence: node.sequence,
        }
    }

    fn authors(&self, id: Id) -> Vec<Address> {
        let authors = self.dag().node(id).authors.iter();
        authors.map(|&author| self.facts.people.person(author).address).collect()
    }

    fn known_bad(&self, hash: &UnitHash) -> Option<String> {
        self.bad.unit(hash.as_str()).map(str::to_owned)
    }

    fn is_included(&self, id: Id, units: &[Id]) -> bool {
        self.dag().past(units).contains(id)
    }

    fn is_stable_in(&self, id: Id, units: &[Id]) -> bool {
        self.dag().is_stable_in(id, &self.dag().past(units))
    }

    fn best_parent(&self, parents: &[Id]) -> Option<(Id, u64)> {
        let best = self.dag().best_parent(parents)?;
        Some((best, self.dag().witnessed_level_over(best).into()))
    }

    fn is_order_provider(&self, address: &Address) -> bool {
        *address == self.facts.order_provider
    }

    fn threshold_size(&self, _last_ball_mci: u64) -> ThresholdSize {
        THRESHOLD
    }

    fn local_tps_fee(&self, best_parent: Id, last_ball_unit: Id, timestamp: u64) -> Bytes {
        self.dag().local_tps_fee(best_parent, last_ball_unit, timestamp)
    }

    fn acceptable_tps_fee(&self) -> f64 {
        // What another hub took once is not too cheap for this one.
        if self.is_relaying { 0.0 } else { self.dag().acceptable_tps_fee(self.now_ms()) }
    }

    fn tps_fees_balance(&self, address: &Address, mci: u64) -> i64 {
        let payer = self.facts.people.find(address);
        payer.map_or(0, |payer| self.dag().tps_fees_balance(payer, index(mci)))
    }

    fn definition(&self, address: &Address, mci: u64) -> Option<Value> {
        let person = self.facts.people.get(address)?;
        let is_settled = |&id: &Id| {
            let node = self.dag().node(id);
            node.is_stable && node.is_good() && node.is_at_or_below(index(mci))
        };
        person.revealed_in.iter().find(|id| is_settled(id))?;
        serde_json::from_str(person.definition()?).ok()
    }

    fn units_above(&self, address: &Address, mci: Option<u64>) -> Vec<Id> {
        let Some(person) = self.facts.people.get(address) else { return Vec::new() };
        let is_settled = |&id: &Id| mci.is_some_and(|mci| self.dag().node(id).is_at_or_below(index(mci)));
        let is_void = |id: &Id| self.dag().node(*id).sequence == Sequence::FinalBad;
        let living = person.units.iter().rev().copied().filter(|id| !is_void(id));
        if person.is_forked {
            return living.filter(|id| !is_settled(id)).collect();
        }
        // Units in one line: those before a settled one are settled, too.
        living.take_while(|id| !is_settled(id)).collect()
    }

    fn output(&self, coin: &CoinId) -> KnownOutput {
        let Some(id) = self.dag().find(&coin.unit) else { return KnownOutput::NoUnit };
        if self.dag().node(id).message_index != coin.message_index {
            return KnownOutput::NoOutput;
        }
        self.read_output(id, coin.output_index).map_or(KnownOutput::NoOutput, KnownOutput::Output)
    }

    fn spenders(&self, coin: &CoinId) -> Vec<Id> {
        let source = self.dag().find(&coin.unit);
        source.map_or_else(Vec::new, |source| self.dag().spenders(source, coin.output_index).collect())
    }
}
