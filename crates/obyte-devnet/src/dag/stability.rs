//! What can no longer change (`determineIfStableInLaterUnits` of the reference), for one order provider.

use super::graph::Past;
use super::{Dag, Id};

impl Dag {
    /// Whether a unit is stable in view of some later units: on the main chain, and no branch that
    /// these units include can ever draw the chain away from it.
    pub(crate) fn is_stable_in(&self, unit: Id, later: &Past<'_>) -> bool {
        let node = self.node(unit);
        let Some(best_parent) = node.best_parent else { return true };
        let (true, Some(mci)) = (node.is_on_main_chain && !node.is_free, node.mci) else { return false };
        if later.limci().is_none_or(|limci| limci < mci) {
            return false;
        }
        let mut chain = vec![unit];
        self.collect_best_children(&mut chain, later);
        let witnessed = chain.iter().map(|&id| self.node(id));
        let witnessed = witnessed.filter(|node| node.is_from_order_provider);
        let Some(min_witnessed_level) = witnessed.map(|node| node.witnessed_level).max() else {
            return false;
        };
        if min_witnessed_level < node.level {
            return false;
        }
        let mut branches: Vec<_> =
            self.best_children(best_parent).filter(|&id| id != unit && later.contains(id)).collect();
        self.collect_best_children(&mut branches, later);
        let highest = branches.iter().filter_map(|&id| self.level_of_rise(id)).max();
        branches.is_empty() || min_witnessed_level >= highest.unwrap_or(node.level)
    }

    /// The level of the best parent, where the unit has a higher witnessed level than it.
    fn level_of_rise(&self, id: Id) -> Option<u32> {
        let best = self.node(self.node(id).best_parent?);
        (best.witnessed_level < self.node(id).witnessed_level).then_some(best.level)
    }

    fn best_children(&self, parent: Id) -> impl Iterator<Item = Id> + '_ {
        let first = self.node(parent).first_best_child;
        std::iter::successors(first, |&child| self.node(child).next_best_child)
    }

    /// Extends the list by all that descend from it along best parents within the past.
    fn collect_best_children(&self, found: &mut Vec<Id>, within: &Past<'_>) {
        let mut next = 0;
        while let Some(&parent) = found.get(next) {
            found.extend(self.best_children(parent).filter(|&child| within.contains(child)));
            next += 1;
        }
    }

    /// Makes stable whatever is stable in view of all free units.
    pub(super) fn advance_stability(&mut self) {
        loop {
            let next = if self.last_stable_units.is_empty() { 0 } else { self.last_stable_mci() + 1 };
            let Some(&unit) = self.main_chain.get(next as usize) else { return };
            if !self.is_stable_in(unit, &self.past(&self.free)) {
                return;
            }
            self.make_stable(next);
        }
    }

    /// Makes everything up to a unit of the main chain stable. The caller knows that it is stable in
    /// view of some units, though perhaps not of all that are free.
    pub(crate) fn advance_stability_to(&mut self, unit: Id) {
        let Some(mci) = self.node(unit).mci.filter(|_| self.node(unit).is_on_main_chain) else { return };
        while self.last_stable_mci() < mci {
            self.make_stable(self.last_stable_mci() + 1);
        }
    }

    fn make_stable(&mut self, mci: super::Mci) {
        let (mut stable, unstable): (Vec<_>, Vec<_>) =
            self.unstable.iter().copied().partition(|&id| self.node(id).mci == Some(mci));
        self.unstable = unstable;
        // Balls need the balls of parents, which have lower levels.
        stable.sort_by_key(|&id| (self.node(id).level, self.node(id).hash()));
        for &id in &stable {
            self.node_mut(id).is_stable = true;
        }
        self.decide(&stable);
        for &id in &stable {
            self.make_ball(id);
        }
        self.last_stable_units.clone_from(&stable);
        self.charge_fees(mci, &stable);
    }
}
