//! Random graphs of a few addresses that often do not know of their own units.

use super::*;

/// Adds a unit as a validator would let it in: with the rivals that it does not include, and as bad as
/// these and the unit whose output it spends make it.
fn insert(dag: &mut Dag, spent: &mut Vec<(Id, Id)>, parents: Vec<Id>, is_witness: bool) {
    let last_ball = last_ball(dag, &parents);
    let included: HashSet<Id> =
        parents.iter().flat_map(|&parent| ancestors(dag, parent).into_iter().chain([parent])).collect();
    let author = if is_witness { 1 } else { 2 + u32::try_from(dag.len() % 3).expect("small") };
    let ids = (1..dag.len()).map(|id| Id::try_from(id).expect("small"));
    let rivals: Vec<Id> = ids
        .filter(|&id| dag.node(id).authors.contains(&author) && dag.node(id).sequence != Sequence::FinalBad)
        .filter(|id| !included.contains(id))
        .collect();
    let source = parents[0];
    let is_spent = spent.iter().any(|(other, spender)| *other == source && included.contains(spender));
    let spends = if is_spent || is_witness { Vec::new() } else { vec![(source, 0)] };
    let mut sequence = match rivals.iter().any(|&rival| dag.node(rival).is_stable) {
        true => Sequence::FinalBad,
        false if rivals.is_empty() => Sequence::Good,
        false => Sequence::TempBad,
    };
    if !spends.is_empty() && sequence != Sequence::FinalBad && !dag.node(source).is_good() {
        sequence = dag.node(source).sequence;
    }
    let unit = unit(dag, parents, is_witness, Some(last_ball));
    let spending = spends.clone();
    let id = dag.insert(NewUnit { authors: vec![author], spends, sequence, rivals, ..unit });
    spent.extend(spending.into_iter().map(|(source, _)| (source, id)));
}

fn stable(dag: &Dag) -> Vec<(usize, Sequence, Option<obyte::BallHash>)> {
    let stable = dag.nodes.iter().enumerate().filter(|(_, node)| node.is_stable);
    stable.map(|(id, node)| (id, node.sequence, node.ball())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn of_units_in_conflict_one_at_most_is_good_and_all_is_decided_for_ever(steps in steps()) {
        let (mut dag, mut spent) = (Dag::new(TpsLaw::DEVNET), Vec::new());
        dag.insert(unit(&dag, Vec::new(), true, None));
        for step in steps {
            let Some(parents) = parents(&dag, &step) else { continue };
            let before = stable(&dag);
            insert(&mut dag, &mut spent, parents, step.is_witness);
            let after = stable(&dag);
            prop_assert!(before.iter().all(|entry| after.contains(entry)), "what is stable stays");
        }
        for _ in 0..8 {
            let parents = dag.free().to_vec();
            insert(&mut dag, &mut spent, parents, true);
        }
        let ids = (0..dag.len()).map(|id| Id::try_from(id).expect("small"));
        let decided: Vec<Id> = ids.filter(|&id| dag.node(id).is_stable).collect();
        let has_bad_source = |id: Id| {
            let mut sources = spent.iter().filter(|(_, spender)| *spender == id);
            sources.any(|(source, _)| !dag.node(*source).is_good())
        };
        for &id in &decided {
            let node = dag.node(id);
            prop_assert!(node.sequence != Sequence::TempBad, "unit {} is not decided", id);
            let is_rival = |other: Id| {
                let same_author = dag.node(other).authors == node.authors && other != id && other != 0;
                same_author && !ancestors(&dag, id).contains(&other) && !ancestors(&dag, other).contains(&id)
            };
            let rivals: Vec<_> = decided.iter().copied().filter(|&other| is_rival(other)).collect();
            if node.is_good() {
                prop_assert!(rivals.iter().all(|&rival| !dag.node(rival).is_good()), "rivals of {}", id);
                prop_assert!(!has_bad_source(id), "unit {} spends what is void", id);
            } else {
                let place = |id: Id| (dag.node(id).mci, dag.node(id).hash());
                let is_beaten = rivals.iter().any(|&rival| place(rival) < place(id));
                prop_assert!(is_beaten || has_bad_source(id), "unit {} is void without a reason", id);
            }
        }
    }
}
