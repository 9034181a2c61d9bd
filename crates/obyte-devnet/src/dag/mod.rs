//! The graph of units: parents, levels, the main chain and what is stable.
//!
//! Units are numbered in the order in which they came, so that parents always have smaller numbers
//! than their children. Everything here follows from the sequence of insertions alone, neither from
//! the clock nor from chance: a devnet that reads its journal again gets the same graph.

mod balls;
mod conflicts;
mod graph;
mod load;
mod main_chain;
mod stability;

use std::collections::HashMap;

use obyte::fee::TpsLaw;
use obyte::validate::context::Sequence;
use obyte::{BallHash, Bytes, UnitHash};

use crate::journal::Place;

pub(crate) use load::{Share, required_fee};

/// The number of a unit, in the order of arrival.
pub(crate) type Id = u32;
/// The number of an author's address.
pub(crate) type AuthorId = u32;
/// A main chain index.
pub(crate) type Mci = u32;

/// What the graph must know about a unit that comes in.
#[derive(Clone, Debug)]
pub(crate) struct NewUnit {
    pub(crate) hash: UnitHash,
    pub(crate) parents: Vec<Id>,
    pub(crate) last_ball_unit: Option<Id>,
    pub(crate) timestamp: u64,
    pub(crate) authors: Vec<AuthorId>,
    /// Whether the order provider is among the authors.
    pub(crate) is_from_order_provider: bool,
    pub(crate) tps_fee: Bytes,
    /// Who pays for congestion, with shares in percent.
    pub(crate) shares: Vec<Share>,
    pub(crate) place: Place,
    /// Which message the payment is.
    pub(crate) message_index: u32,
    /// How many outputs it has.
    pub(crate) outputs: u32,
    /// Which outputs of which units it spends.
    pub(crate) spends: Vec<(Id, u32)>,
    /// Whether it is good, as it comes in.
    pub(crate) sequence: Sequence,
    /// Units of its authors that it does not include.
    pub(crate) rivals: Vec<Id>,
}

/// A unit in the graph.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    digest: [u8; 32],
    ball: [u8; 32],
    pub(crate) parents: Box<[Id]>,
    pub(crate) authors: Box<[AuthorId]>,
    pub(crate) shares: Box<[Share]>,
    pub(crate) best_parent: Option<Id>,
    pub(crate) last_ball_unit: Option<Id>,
    first_best_child: Option<Id>,
    next_best_child: Option<Id>,
    pub(crate) level: u32,
    pub(crate) witnessed_level: u32,
    pub(crate) mci: Option<Mci>,
    /// The newest main chain index in the unit's past; none for the genesis unit.
    pub(crate) limci: Option<Mci>,
    pub(crate) timestamp: u64,
    pub(crate) tps_fee: Bytes,
    pub(crate) actual_tps_fee: Option<Bytes>,
    pub(crate) place: Place,
    pub(crate) message_index: u32,
    pub(crate) outputs: u32,
    pub(crate) sequence: Sequence,
    pub(crate) is_on_main_chain: bool,
    pub(crate) is_stable: bool,
    pub(crate) is_free: bool,
    pub(crate) is_from_order_provider: bool,
}

impl Node {
    pub(crate) fn hash(&self) -> UnitHash {
        UnitHash::from_digest(&self.digest)
    }

    /// The ball, once the unit is stable.
    pub(crate) fn ball(&self) -> Option<BallHash> {
        self.is_stable.then(|| BallHash::from_digest(&self.ball))
    }

    /// Whether no conflict is known, or it was won.
    pub(crate) fn is_good(&self) -> bool {
        self.sequence == Sequence::Good
    }

    /// Whether the unit has an index of at most `mci`.
    pub(crate) fn is_at_or_below(&self, mci: Mci) -> bool {
        self.mci.is_some_and(|own| own <= mci)
    }
}

/// The graph.
#[derive(Debug)]
pub(crate) struct Dag {
    nodes: Vec<Node>,
    by_digest: HashMap<[u8; 32], Id>,
    /// Units without children.
    free: Vec<Id>,
    /// Units that are not stable, in the order of arrival.
    unstable: Vec<Id>,
    /// The main chain by its index, stable or not.
    main_chain: Vec<Id>,
    /// Units of the last stable index, for the load of the network.
    last_stable_units: Vec<Id>,
    law: TpsLaw,
    balances: load::Balances,
    conflicts: conflicts::Conflicts,
}

impl Dag {
    /// An empty graph.
    pub(crate) fn new(law: TpsLaw) -> Self {
        Self {
            law,
            nodes: Vec::new(),
            by_digest: HashMap::new(),
            free: Vec::new(),
            unstable: Vec::new(),
            main_chain: Vec::new(),
            last_stable_units: Vec::new(),
            balances: load::Balances::default(),
            conflicts: conflicts::Conflicts::default(),
        }
    }

    /// The number of a unit.
    pub(crate) fn find(&self, hash: &UnitHash) -> Option<Id> {
        self.by_digest.get(&hash.digest()).copied()
    }

    /// A unit.
    pub(crate) fn node(&self, id: Id) -> &Node {
        &self.nodes[id as usize]
    }

    fn node_mut(&mut self, id: Id) -> &mut Node {
        &mut self.nodes[id as usize]
    }

    /// How many units there are.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The units without children.
    pub(crate) fn free(&self) -> &[Id] {
        &self.free
    }

    /// The main chain from index 0 to its tip.
    pub(crate) fn main_chain(&self) -> &[Id] {
        &self.main_chain
    }

    /// The last stable index.
    pub(crate) fn last_stable_mci(&self) -> Mci {
        let first = self.last_stable_units.first().expect("the genesis unit is stable from the start");
        self.node(*first).mci.expect("stable units have an index")
    }

    /// The index of the last ball of a unit; 0 for the genesis unit.
    pub(crate) fn last_ball_mci(&self, id: Id) -> Mci {
        let last_ball = self.node(id).last_ball_unit;
        last_ball.and_then(|unit| self.node(unit).mci).unwrap_or(0)
    }

    /// Adds a unit that was validated, and moves the main chain and what is stable.
    pub(crate) fn insert(&mut self, unit: NewUnit) -> Id {
        let id = Id::try_from(self.nodes.len()).expect("fewer units than numbers");
        let digest = unit.hash.digest();
        let best_parent = self.best_parent(&unit.parents);
        let level = unit.parents.iter().map(|&parent| self.node(parent).level + 1).max().unwrap_or(0);
        for &parent in &unit.parents {
            self.node_mut(parent).is_free = false;
        }
        let free = std::mem::take(&mut self.free);
        self.free = free.into_iter().filter(|&id| self.node(id).is_free).chain([id]).collect();
        self.unstable.push(id);
        self.by_digest.insert(digest, id);
        let witnessed_level = best_parent.map_or(0, |best| self.witnessed_level_over(best));
        let next_best_child = best_parent.and_then(|best| self.node_mut(best).first_best_child.replace(id));
        self.nodes.push(Node {
            digest,
            ball: [0; 32],
            parents: unit.parents.into(),
            authors: unit.authors.into(),
            shares: unit.shares.into(),
            best_parent,
            last_ball_unit: unit.last_ball_unit,
            first_best_child: None,
            next_best_child,
            level,
            witnessed_level,
            mci: None,
            limci: None,
            timestamp: unit.timestamp,
            tps_fee: unit.tps_fee,
            actual_tps_fee: None,
            place: unit.place,
            message_index: unit.message_index,
            outputs: unit.outputs,
            sequence: unit.sequence,
            is_on_main_chain: false,
            is_stable: false,
            is_free: true,
            is_from_order_provider: unit.is_from_order_provider,
        });
        self.note_conflicts(id, &unit.spends, &unit.rivals);
        self.update_main_chain();
        self.advance_stability();
        id
    }
}

#[cfg(test)]
mod tests;
