//! The main chain: from the best free unit along best parents.

use std::cmp::Reverse;

use super::{Dag, Id, Mci};

impl Dag {
    /// The best of some units (`determineBestParent` of the reference): the highest witnessed level,
    /// then the shortest way down to it, then an order provider's, then the lowest hash.
    pub(crate) fn best_parent(&self, parents: &[Id]) -> Option<Id> {
        parents.iter().copied().min_by_key(|&parent| {
            let node = self.node(parent);
            (
                Reverse(node.witnessed_level),
                node.level - node.witnessed_level,
                Reverse(node.is_from_order_provider),
                node.hash(),
            )
        })
    }

    /// The witnessed level of a child with this best parent: with one order provider, the level of the
    /// nearest of its units along best parents.
    pub(crate) fn witnessed_level_over(&self, best_parent: Id) -> u32 {
        let best = self.node(best_parent);
        if best.is_from_order_provider { best.level } else { best.witnessed_level }
    }

    /// Leads the main chain to the best free unit and gives the unstable units their indexes anew from
    /// where it forked off.
    pub(super) fn update_main_chain(&mut self) {
        let mut unit = self.best_parent(&self.free);
        let mut new_chain = Vec::new();
        while let Some(id) = unit.filter(|&id| !self.node(id).is_on_main_chain) {
            new_chain.push(id);
            unit = self.node(id).best_parent;
        }
        let fork = unit.and_then(|id| self.node(id).mci);
        if new_chain.is_empty() {
            // The new unit does not touch the main chain; only its own place is unknown.
            self.update_limcis(fork);
            return;
        }
        self.forget_indexes_above(fork);
        for id in new_chain.into_iter().rev() {
            let mci = Mci::try_from(self.main_chain.len()).expect("fewer indexes than numbers");
            self.main_chain.push(id);
            self.node_mut(id).is_on_main_chain = true;
            self.index_past(id, mci);
        }
        self.update_limcis(fork);
    }

    fn forget_indexes_above(&mut self, fork: Option<Mci>) {
        self.main_chain.truncate(fork.map_or(0, |mci| mci as usize + 1));
        for index in 0..self.unstable.len() {
            let node = self.node_mut(self.unstable[index]);
            if fork.is_none_or(|fork| !node.is_at_or_below(fork)) {
                node.mci = None;
                node.is_on_main_chain = false;
            }
        }
    }

    /// Gives the index to a unit of the main chain and to all before it that have none yet.
    fn index_past(&mut self, id: Id, mci: Mci) {
        let mut open = vec![id];
        while let Some(unit) = open.pop() {
            let node = self.node_mut(unit);
            if node.mci.is_none() {
                node.mci = Some(mci);
                open.extend_from_slice(&self.nodes[unit as usize].parents);
            }
        }
    }

    /// Finds the newest index in the past of every unit above the fork.
    fn update_limcis(&mut self, fork: Option<Mci>) {
        for index in 0..self.unstable.len() {
            let id = self.unstable[index];
            if fork.is_some_and(|fork| self.node(id).is_at_or_below(fork)) {
                continue;
            }
            let included = |&parent: &Id| {
                let parent = self.node(parent);
                if parent.is_on_main_chain { parent.mci } else { parent.limci }
            };
            let limci = self.node(id).parents.iter().filter_map(included).max();
            self.node_mut(id).limci = limci;
        }
    }
}
