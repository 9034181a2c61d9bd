//! Random graphs against the definitions, computed the slow way.

mod conflicts;

use std::collections::HashSet;

use obyte::fee::TpsLaw;
use obyte::validate::context::Sequence;
use obyte::{Bytes, UnitHash};
use proptest::prelude::*;

use super::{Dag, Id, NewUnit};
use crate::journal::Place;

/// One unit to add: who posts, and which of the tips become parents.
#[derive(Clone, Debug)]
struct Step {
    is_witness: bool,
    tips: Vec<prop::sample::Index>,
    /// Whether a parent behind the tips is taken instead.
    behind: Option<prop::sample::Index>,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let index = any::<prop::sample::Index>;
    let tips = prop::collection::vec(index(), 1..4);
    let step = (prop::bool::weighted(0.35), tips, prop::option::weighted(0.3, index()));
    let step = step.prop_map(|(is_witness, tips, behind)| Step { is_witness, tips, behind });
    prop::collection::vec(step, 1..40)
}

fn unit(dag: &Dag, parents: Vec<Id>, is_witness: bool, last_ball_unit: Option<Id>) -> NewUnit {
    NewUnit {
        hash: UnitHash::of(&dag.len().to_string()),
        parents,
        last_ball_unit,
        timestamp: 1_795_400_000 + dag.len() as u64,
        authors: vec![u32::from(is_witness)],
        is_from_order_provider: is_witness,
        tps_fee: Bytes::ZERO,
        shares: vec![(0, 100)],
        place: Place::nowhere(),
        message_index: 0,
        outputs: 1,
        spends: Vec::new(),
        sequence: Sequence::Good,
        rivals: Vec::new(),
    }
}

/// All ancestors, by following parents and nothing else.
fn ancestors(dag: &Dag, unit: Id) -> HashSet<Id> {
    let mut found = HashSet::new();
    let mut open = dag.node(unit).parents.to_vec();
    while let Some(id) = open.pop() {
        if found.insert(id) {
            open.extend_from_slice(&dag.node(id).parents);
        }
    }
    found
}

/// The parents of a step, if the network would take them: unrelated, and no retreat of the level.
fn parents(dag: &Dag, step: &Step) -> Option<Vec<Id>> {
    let mut parents: Vec<Id> = match &step.behind {
        // The order provider's units are in one line, so it never goes behind the tips.
        Some(behind) if !step.is_witness => vec![Id::try_from(behind.index(dag.len())).expect("small")],
        _ if step.is_witness => dag.free().to_vec(),
        _ => step.tips.iter().map(|tip| dag.free()[tip.index(dag.free().len())]).collect(),
    };
    parents.sort_unstable();
    parents.dedup();
    parents.truncate(16);
    let is_related = |a: Id, b: Id| a != b && ancestors(dag, a).contains(&b);
    if parents.iter().any(|&a| parents.iter().any(|&b| is_related(a, b))) {
        return None;
    }
    let level = dag.witnessed_level_over(dag.best_parent(&parents)?);
    parents.iter().all(|&parent| dag.node(parent).witnessed_level <= level).then_some(parents)
}

/// The newest unit of the main chain that is stable in view of the parents.
fn last_ball(dag: &Dag, parents: &[Id]) -> Id {
    let past = dag.past(parents);
    let chain = dag.main_chain().iter().rev().copied();
    let mut stable = chain.filter(|&id| dag.node(id).is_stable && past.contains(id));
    stable.find(|&id| dag.is_stable_in(id, &past)).expect("the genesis unit is stable")
}

fn check(dag: &Dag) -> Result<(), TestCaseError> {
    let ids = || (0..dag.len()).map(|id| Id::try_from(id).expect("small"));
    let chain = dag.main_chain();
    for pair in chain.windows(2) {
        prop_assert_eq!(dag.node(pair[1]).best_parent, Some(pair[0]));
    }
    for id in ids() {
        let node = dag.node(id);
        let past = ancestors(dag, id);
        let including = |mci: usize| id == chain[mci] || ancestors(dag, chain[mci]).contains(&id);
        let mci = (0..chain.len()).find(|&mci| including(mci));
        prop_assert_eq!(node.mci.map(|mci| mci as usize), mci, "the index of unit {}", id);
        prop_assert_eq!(node.is_on_main_chain, chain.contains(&id));
        let limci = (0..chain.len()).rev().find(|&mci| past.contains(&chain[mci]));
        prop_assert_eq!(node.limci.map(|mci| mci as usize), limci, "what unit {} includes", id);
        let level = node.parents.iter().map(|&parent| dag.node(parent).level + 1).max().unwrap_or(0);
        prop_assert_eq!(node.level, level);
        let view = dag.past(&[id]);
        for other in ids() {
            prop_assert_eq!(
                view.contains(other),
                other == id || past.contains(&other),
                "{} in {}",
                other,
                id
            );
        }
        if node.is_stable {
            prop_assert!(node.parents.iter().all(|&parent| dag.node(parent).is_stable));
            prop_assert_eq!(Some(dag.ball(id).hash()), node.ball());
        }
        let has_child = ids().any(|other| dag.node(other).parents.contains(&id));
        prop_assert_eq!(node.is_free, !has_child);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn indexes_levels_and_pasts_are_what_they_are_defined_to_be(steps in steps()) {
        let mut dag = Dag::new(TpsLaw::DEVNET);
        dag.insert(unit(&dag, Vec::new(), true, None));
        let mut stable = vec![(0, dag.node(0).mci, dag.node(0).ball())];
        for step in steps {
            let Some(parents) = parents(&dag, &step) else { continue };
            let last_ball = last_ball(&dag, &parents);
            dag.insert(unit(&dag, parents, step.is_witness, Some(last_ball)));
            // What was stable is as it was.
            for &(id, mci, ball) in &stable {
                prop_assert_eq!((dag.node(id).mci, dag.node(id).ball()), (mci, ball));
            }
            let ids = (0..dag.len()).map(|id| Id::try_from(id).expect("small"));
            stable = ids.filter(|&id| dag.node(id).is_stable)
                .map(|id| (id, dag.node(id).mci, dag.node(id).ball()))
                .collect();
        }
        check(&dag)?;
    }

    #[test]
    fn witness_units_over_everything_make_everything_stable(steps in steps()) {
        let mut dag = Dag::new(TpsLaw::DEVNET);
        dag.insert(unit(&dag, Vec::new(), true, None));
        for step in steps {
            let Some(parents) = parents(&dag, &step) else { continue };
            let last_ball = last_ball(&dag, &parents);
            dag.insert(unit(&dag, parents, step.is_witness, Some(last_ball)));
        }
        let before = dag.len();
        for _ in 0..8 {
            let parents = dag.free().to_vec();
            let last_ball = last_ball(&dag, &parents);
            dag.insert(unit(&dag, parents, true, Some(last_ball)));
        }
        let last = dag.last_ball_mci(Id::try_from(dag.len() - 1).expect("small"));
        let unproven = (0..before).filter(|&id| !dag.nodes[id].is_at_or_below(last)).count();
        prop_assert_eq!(unproven, 0, "all are below the last ball of the newest witness unit");
    }
}
