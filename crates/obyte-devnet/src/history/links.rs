//! Proofs that units include each other (7.6).

use obyte::UnitHash;
use serde_json::Value;

use super::{JointPlan, ball_json, chain};
use crate::dag::{Dag, Id};
use crate::journal::Reader;
use crate::state::State;

/// An element of a chain.
enum Link {
    Joint(JointPlan),
    Ball(String),
}

/// The answer to `light/get_link_proofs`, as text. Units come latest first.
pub(crate) fn link_proofs(state: &State, params: &Value, reader: &Reader) -> Result<String, String> {
    let units = params.as_array().filter(|units| !units.is_empty()).ok_or("no units array")?;
    if units.len() == 1 {
        return Err("chain of one element".to_owned());
    }
    let hashes: Option<Vec<_>> =
        units.iter().map(|unit| unit.as_str().filter(|text| !text.is_empty())).collect();
    let hashes = hashes.ok_or("units must be non-empty strings")?;
    let mut links = Vec::new();
    for pair in hashes.windows(2) {
        link(state.dag(), pair[0], pair[1], &mut links)?;
    }
    let mut out = String::from("[");
    for (index, link) in links.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        match link {
            Link::Joint(joint) => joint.write(reader, &mut out).map_err(|error| error.to_string())?,
            Link::Ball(ball) => out.push_str(ball),
        }
    }
    out.push(']');
    Ok(out)
}

fn link(dag: &Dag, later: &str, earlier: &str, links: &mut Vec<Link>) -> Result<(), String> {
    let find = |text: &str| text.parse().ok().and_then(|hash: UnitHash| dag.find(&hash));
    let later = find(later).ok_or("later unit not found")?;
    let node = dag.node(later);
    if node.best_parent.is_none() {
        return Err("later unit is genesis".to_owned());
    }
    links.push(Link::Joint(JointPlan::new(dag, later)));
    let earlier = find(earlier).ok_or("earlier unit not found")?;
    let earlier_mci = dag.node(earlier).mci;
    if let (Some(later_mci), Some(earlier_mci)) = (node.mci, earlier_mci)
        && later_mci < earlier_mci
    {
        return Err("not included".to_owned());
    }
    let last_ball_mci = dag.last_ball_mci(later);
    if let Some(mci) = earlier_mci.filter(|&mci| mci <= last_ball_mci) {
        let balls = chain::proof_chain(dag, last_ball_mci + 1, mci, earlier);
        links.extend(balls.into_iter().map(|ball| Link::Ball(ball_json(dag, ball))));
        return Ok(());
    }
    if later == earlier || !dag.past(&[later]).contains(earlier) {
        return Err("not included".to_owned());
    }
    path(dag, later, earlier, links);
    Ok(())
}

/// The units on a way along parents, from a child of `later` to a child of `earlier`.
fn path(dag: &Dag, later: Id, earlier: Id, links: &mut Vec<Link>) {
    let mut at = later;
    loop {
        let parents = dag.node(at).parents.iter().copied();
        let next = parents.filter(|&parent| parent == earlier || dag.past(&[parent]).contains(earlier)).max();
        match next {
            Some(parent) if parent != earlier && !dag.node(at).parents.contains(&earlier) => {
                links.push(Link::Joint(JointPlan::new(dag, parent)));
                at = parent;
            }
            _ => return,
        }
    }
}
