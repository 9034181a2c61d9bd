//! Chains of balls from a proven ball back to a unit (`proof_chain.js` of the reference).

use crate::dag::{Dag, Id, Mci};

/// The balls that lead from below index `later` to a stable unit with index `earlier`: along the main
/// chain with the help of skiplists, then from the unit of the main chain to its ancestor.
pub(super) fn proof_chain(dag: &Dag, later: Mci, earlier: Mci, unit: Id) -> Vec<Id> {
    let mut chain = Vec::new();
    let mut next = later;
    while next > earlier {
        let id = dag.main_chain()[next as usize - 1];
        chain.push(id);
        if next - 1 == earlier {
            break;
        }
        let skipped = dag.skiplist(id).filter_map(|id| dag.node(id).mci);
        let lowest = skipped.filter(|&mci| mci >= earlier).min();
        // The element after this one has the index `next - 1` of then.
        next = lowest.map_or(next - 1, |mci| mci + 1);
    }
    last_mile(dag, earlier, unit, &mut chain);
    chain
}

/// From the unit of the main chain down to a unit with the same index.
fn last_mile(dag: &Dag, mci: Mci, unit: Id, chain: &mut Vec<Id>) {
    let mut at = dag.main_chain()[mci as usize];
    while at != unit {
        let parents = dag.node(at).parents.iter().copied();
        let parent = parents
            .filter(|&parent| dag.node(parent).mci == Some(mci))
            .find(|&parent| parent == unit || dag.past(&[parent]).contains(unit));
        let Some(parent) = parent else { return };
        chain.push(parent);
        at = parent;
    }
}
