//! Which parents and last ball a new unit gets (6.4), and what congestion costs it.

use std::collections::BTreeSet;

use obyte::Address;
use obyte::compose::Parents;

use super::State;
use crate::dag::{AuthorId, Id, required_fee};

/// The most parents of a unit (1.1).
const MAX_PARENTS: usize = 16;
/// A tip must have paid so many times the current fee to become a parent (4.10).
const PARENTABLE: f64 = 3.0;

/// Parents and last ball of a new unit.
#[derive(Debug)]
pub(crate) struct Picked {
    /// What to compose with. Its TPS fee is the hard minimum without the payer's balance.
    pub(crate) parents: Parents,
    pub(crate) ids: Vec<Id>,
}

impl State {
    /// Picks parents for a unit of these addresses, with the TPS fee that the network recommends to the
    /// first of them.
    pub(crate) fn parents_for(&self, from: &[Address]) -> Result<Picked, String> {
        let mut picked = self.pick_parents(from, false)?;
        let recommended = self.dag().recommended_tps_fee(self.now_ms());
        picked.parents.tps_fee = picked.parents.tps_fee.max(recommended);
        self.subtract_balance(&mut picked.parents, from);
        Ok(picked)
    }

    /// The same for the order provider: with the least TPS fee that is valid, and also over units in
    /// conflict, which nobody else builds upon, so that they get stable and are decided.
    pub(crate) fn witness_parents_for(&self, from: &[Address]) -> Result<Picked, String> {
        let mut picked = self.pick_parents(from, true)?;
        self.subtract_balance(&mut picked.parents, from);
        Ok(picked)
    }

    fn subtract_balance(&self, parents: &mut Parents, from: &[Address]) {
        let payer = from.first().and_then(|payer| self.facts.people.find(payer));
        let mci = u32::try_from(parents.last_ball_mci).expect("the index is of this graph");
        let balance = payer.map_or(0, |payer| self.dag().tps_fees_balance(payer, mci));
        parents.tps_fee = required_fee(parents.tps_fee, balance);
    }

    fn pick_parents(&self, from: &[Address], adopts_bad: bool) -> Result<Picked, String> {
        let dag = self.dag();
        let timestamp = self.now();
        let mut tips: Vec<_> =
            dag.free().iter().copied().filter(|&id| dag.node(id).timestamp <= timestamp).collect();
        if tips.is_empty() {
            return Err("no usable free units".to_owned());
        }
        let from: Vec<_> = from.iter().filter_map(|address| self.facts.people.find(address)).collect();
        self.choose_first(&mut tips, &from);
        tips.truncate(MAX_PARENTS);
        let mut ids = self.without_underpaying(tips, &from)?;
        ids.truncate(MAX_PARENTS);
        if adopts_bad {
            self.adopt_bad(&mut ids, timestamp);
        }
        ids.sort_by_key(|&id| dag.node(id).hash());
        let last_ball_unit =
            self.last_ball_for(&ids).ok_or("failed to find parents, OP list didn't change")?;
        let last_ball = dag.node(last_ball_unit);
        let best = dag.best_parent(&ids).expect("there are parents");
        let parents = Parents {
            timestamp,
            parent_units: ids.iter().map(|&id| dag.node(id).hash()).collect(),
            last_ball: last_ball.ball().expect("only stable units are last balls"),
            last_ball_unit: last_ball.hash(),
            last_ball_mci: last_ball.mci.expect("stable units have an index").into(),
            tps_fee: dag.local_tps_fee(best, last_ball_unit, timestamp),
        };
        Ok(Picked { parents, ids })
    }

    /// Sorts tips: first those that include the newest units of the new unit's authors, since without
    /// them the new unit would be in conflict with its predecessors; then those with new last balls.
    fn choose_first(&self, tips: &mut [Id], from: &[AuthorId]) {
        let dag = self.dag();
        let newest = from.iter().filter_map(|&author| {
            let units = &self.facts.people.person(author).units;
            units.iter().rev().find(|&&id| dag.node(id).is_good())
        });
        let newest: Vec<_> = newest.filter(|&&id| !dag.node(id).is_stable).collect();
        let is_needed = |tip: Id| {
            let past = dag.past(&[tip]);
            newest.iter().any(|&&id| past.contains(id))
        };
        tips.sort_by_cached_key(|&id| (!is_needed(id), std::cmp::Reverse(dag.last_ball_mci(id))));
    }

    /// Replaces tips that are in conflict or paid too little for the load of the moment by their parents,
    /// except those of the new unit's own authors, which must not be forked off.
    fn without_underpaying(&self, mut tips: Vec<Id>, from: &[AuthorId]) -> Result<Vec<Id>, String> {
        let dag = self.dag();
        #[expect(clippy::cast_precision_loss, reason = "amounts are below 2^53")]
        let least = dag.current_tps_fee(self.now_ms()).get() as f64 * PARENTABLE;
        loop {
            let is_eligible = |&id: &Id| {
                let (is_good, authors) = (dag.node(id).is_good(), &dag.node(id).authors);
                is_good
                    && (dag.paid_tps_fee(id) >= least || authors.iter().any(|author| from.contains(author)))
            };
            let (mut kept, excluded): (Vec<_>, Vec<_>) = tips.into_iter().partition(is_eligible);
            let added = self.replacements(&mut kept, &excluded);
            if !added {
                return if kept.is_empty() {
                    Err("all potential parents underpay the tps fee".to_owned())
                } else {
                    Ok(kept)
                };
            }
            tips = kept;
        }
    }

    /// Adds tips in conflict as far as a unit can have them as parents, the first that came first: no two
    /// parents are of one author.
    fn adopt_bad(&self, ids: &mut Vec<Id>, timestamp: u64) {
        let dag = self.dag();
        let is_bad = |&id: &Id| !dag.node(id).is_good() && dag.node(id).timestamp <= timestamp;
        let mut bad: Vec<_> = dag.free().iter().copied().filter(is_bad).collect();
        bad.sort_unstable();
        for tip in bad {
            let past = dag.past(&[tip]);
            let mut adopted: Vec<_> = ids.iter().copied().filter(|&id| !past.contains(id)).collect();
            let authors = &dag.node(tip).authors;
            let shares_author =
                adopted.iter().any(|&id| dag.node(id).authors.iter().any(|author| authors.contains(author)));
            adopted.push(tip);
            // The main chain stays with those who were first.
            let leads = adopted.len() > 1 && dag.best_parent(&adopted) == Some(tip);
            let is_possible = !shares_author && adopted.len() <= MAX_PARENTS && !self.retreats(&adopted);
            if is_possible && !leads {
                *ids = adopted;
            }
        }
    }

    /// Whether a child of these units would have a lower witnessed level than one of them.
    fn retreats(&self, parents: &[Id]) -> bool {
        let dag = self.dag();
        let highest = parents.iter().map(|&id| dag.node(id).witnessed_level).max();
        let own = dag.best_parent(parents).map(|best| dag.witnessed_level_over(best));
        own < highest
    }

    /// Adds the parents of excluded tips, as far as nothing else includes them.
    fn replacements(&self, kept: &mut Vec<Id>, excluded: &[Id]) -> bool {
        let dag = self.dag();
        let limci = kept.iter().filter_map(|&id| dag.node(id).limci).max();
        let parents: BTreeSet<Id> =
            excluded.iter().flat_map(|&id| dag.node(id).parents.iter().copied()).collect();
        let is_new = |&id: &Id| limci.is_none_or(|limci| !dag.node(id).is_at_or_below(limci));
        let candidates: Vec<_> = parents.into_iter().filter(is_new).collect();
        let before = kept.len();
        for &candidate in &candidates {
            let others = kept.iter().chain(&candidates).copied().filter(|&other| other != candidate);
            let others: Vec<_> = others.collect();
            if !kept.contains(&candidate) && !dag.past(&others).contains(candidate) {
                kept.push(candidate);
            }
        }
        kept.len() > before
    }

    /// The newest unit of the stable main chain that is stable in view of the parents and lets the
    /// witnessed level not retreat.
    fn last_ball_for(&self, parents: &[Id]) -> Option<Id> {
        let dag = self.dag();
        let past = dag.past(parents);
        let oldest = parents.iter().map(|&id| dag.last_ball_mci(id)).max()?;
        let newest = past.limci().unwrap_or(0).min(dag.last_stable_mci());
        if self.retreats(parents) {
            return None;
        }
        let candidates = (oldest..=newest).rev().map(|mci| (mci, dag.main_chain()[mci as usize]));
        candidates
            .into_iter()
            .find(|&(mci, id)| mci == oldest || (dag.node(id).is_good() && dag.is_stable_in(id, &past)))
            .map(|(_, id)| id)
    }
}
