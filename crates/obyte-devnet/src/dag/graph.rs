//! Who is in whose past.

use std::collections::HashSet;

use super::{Dag, Id, Mci};

/// The past of some units, themselves included.
pub(crate) struct Past<'a> {
    dag: &'a Dag,
    /// Everything up to this index is in the past.
    limci: Option<Mci>,
    /// What else is.
    above: HashSet<Id>,
}

impl Past<'_> {
    /// Whether a unit is in the past, or is one of the units themselves.
    pub(crate) fn contains(&self, id: Id) -> bool {
        self.is_below(id) || self.above.contains(&id)
    }

    /// The newest main chain index in the past of the units.
    pub(crate) fn limci(&self) -> Option<Mci> {
        self.limci
    }

    fn is_below(&self, id: Id) -> bool {
        self.limci.is_some_and(|limci| self.dag.node(id).is_at_or_below(limci))
    }
}

impl Dag {
    /// The past of some units.
    pub(crate) fn past(&self, units: &[Id]) -> Past<'_> {
        let limci = units.iter().filter_map(|&unit| self.node(unit).limci).max();
        let mut past = Past { dag: self, limci, above: HashSet::new() };
        let mut open = units.to_vec();
        while let Some(unit) = open.pop() {
            if !past.is_below(unit) && past.above.insert(unit) {
                open.extend_from_slice(&self.node(unit).parents);
            }
        }
        past
    }
}
