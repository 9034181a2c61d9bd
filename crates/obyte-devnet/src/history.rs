//! Histories and link proofs for light clients (6.4, section 7).
//!
//! What goes into an answer is chosen under the lock of the state, as numbers and places; the units are
//! read from the journal and the text is put together without the lock, since an answer may have
//! megabytes while payments go on.

mod chain;
mod links;
mod request;

use std::io;

use obyte::{BallHash, Unit, UnitHash};
use serde_json::json;

use crate::dag::{Dag, Id};
use crate::journal::{Place, Reader};
use crate::state::State;

pub(crate) use links::link_proofs;
pub(crate) use request::Request;

/// The most units in an answer.
const MAX_UNITS: usize = 2000;
/// Up to so many units of the main chain are sent from its tip down, as a hub of the reference does.
/// Longer stretches are cut down to where the proof starts: nothing above it proves anything.
const MAX_UNSTABLE: usize = 12;

/// A unit to be sent.
#[derive(Clone, Debug)]
pub(crate) struct JointPlan {
    place: Place,
    mci: Option<u32>,
    actual_tps_fee: Option<u64>,
    ball: Option<BallHash>,
    skiplist: Vec<UnitHash>,
    /// Whether the unit is void and its content dropped.
    is_stripped: bool,
}

impl JointPlan {
    /// A unit with its ball, where it is stable.
    pub(crate) fn new(dag: &Dag, id: Id) -> Self {
        let node = dag.node(id);
        let is_stripped = dag.is_stripped(id);
        let skiplist = if node.is_stable && !is_stripped { dag.skiplist(id).collect() } else { Vec::new() };
        let mut skiplist: Vec<_> = skiplist.into_iter().map(|unit: Id| dag.node(unit).hash()).collect();
        skiplist.sort_unstable();
        Self {
            place: node.place,
            mci: node.mci,
            actual_tps_fee: node.actual_tps_fee.map(obyte::Bytes::get),
            ball: node.ball(),
            skiplist,
            is_stripped,
        }
    }

    /// As it stands among the units of the main chain that prove something: without ball even where it is
    /// stable, but with the skiplist.
    fn above_proof(dag: &Dag, id: Id) -> Self {
        Self { ball: None, ..Self::new(dag, id) }
    }

    /// As `get_joint` answers it: units above the last ball of the newest stable unit are served without
    /// ball, so that full nodes do not take it before they have the balls below.
    pub(crate) fn retrieved(dag: &Dag, id: Id) -> Self {
        if dag.node(id).is_at_or_below(dag.retrievable_mci()) {
            Self::new(dag, id)
        } else {
            Self { ball: None, skiplist: Vec::new(), ..Self::new(dag, id) }
        }
    }

    /// How long the text will be, roughly.
    pub(crate) fn len(&self) -> usize {
        self.place.json_len() + 300
    }

    /// Appends the joint.
    pub(crate) fn write(&self, reader: &Reader, out: &mut String) -> io::Result<()> {
        let mut unit = reader.json(self.place)?;
        if self.is_stripped {
            unit = stripped(&unit).ok_or(io::ErrorKind::InvalidData)?;
        }
        let body = unit.strip_suffix('}').ok_or(io::ErrorKind::InvalidData)?;
        out.push_str("{\"unit\":");
        out.push_str(body);
        push_hint(out, "main_chain_index", self.mci.map(u64::from));
        push_hint(out, "actual_tps_fee", self.actual_tps_fee);
        out.push('}');
        if let Some(ball) = self.ball {
            out.push_str(",\"ball\":\"");
            out.push_str(ball.as_str());
            out.push('"');
        }
        push_list(out, "skiplist_units", self.skiplist.iter().map(UnitHash::as_str));
        out.push('}');
        Ok(())
    }
}

/// What is left of a void unit (7.5).
fn stripped(json: &str) -> Option<String> {
    let unit = Unit::from_json(serde_json::from_str(json).ok()?).ok()?;
    let authors: Vec<_> = unit.authors().iter().map(|author| json!({"address": author.address})).collect();
    let mut fields = json!({"content_hash": unit.content_hash(), "authors": authors});
    for name in ["unit", "version", "alt", "timestamp", "parent_units", "last_ball", "last_ball_unit"] {
        fields[name] = unit.fields().get(name)?.clone();
    }
    Some(fields.to_string())
}

fn push_hint(out: &mut String, name: &str, value: Option<u64>) {
    use std::fmt::Write;

    match value {
        Some(value) => write!(out, ",\"{name}\":{value}"),
        None => write!(out, ",\"{name}\":null"),
    }
    .expect("a String takes all");
}

/// A field with a list of hashes, left out where the list is empty.
fn push_list<'a>(out: &mut String, name: &str, hashes: impl Iterator<Item = &'a str>) {
    let hashes: Vec<_> = hashes.collect();
    if !hashes.is_empty() {
        let list = hashes.join("\",\"");
        for part in [",\"", name, "\":[\"", &list, "\"]"] {
            out.push_str(part);
        }
    }
}

/// A ball as proofs list it.
fn ball_json(dag: &Dag, id: Id) -> String {
    let ball = dag.ball(id);
    let own = dag.node(id).ball().expect("only stable units are in proofs");
    let mut out = format!("{{\"unit\":\"{}\",\"ball\":\"{own}\"", ball.unit);
    push_list(&mut out, "parent_balls", ball.parent_balls.iter().map(BallHash::as_str));
    push_list(&mut out, "skiplist_balls", ball.skiplist_balls.iter().map(BallHash::as_str));
    if ball.is_nonserial {
        out.push_str(",\"is_nonserial\":true");
    }
    out.push('}');
    out
}

/// What an answer to `light/get_history` holds.
#[derive(Debug, Default)]
pub(crate) struct History {
    unstable_mc_joints: Vec<JointPlan>,
    definition_joints: Vec<JointPlan>,
    joints: Vec<JointPlan>,
    proofchain_balls: Vec<String>,
}

impl History {
    /// Chooses what to answer. The error is for the client.
    pub(crate) fn plan(state: &State, request: &Request) -> Result<Self, String> {
        let units = request.units(state).map_err(|error| error.to_string())?;
        if units.is_empty() {
            return Ok(Self::default());
        }
        state.note_history(units.len());
        if units.len() > MAX_UNITS {
            return Err("your history is too large, consider switching to a full client".to_owned());
        }
        if !request.names_addresses() {
            return Err("invalid witness addresses".to_owned());
        }
        let dag = state.dag();
        let start = state.facts.newest_witness();
        let start = start.filter(|_| request.trusts(state)).ok_or_else(|| {
            "your witness list might be too much off, too few witness authored units".to_owned()
        })?;
        let proven_mci = dag.last_ball_mci(start);
        let mut proofchain_balls = Vec::new();
        let mut later = proven_mci + 1;
        for &id in &units {
            if let Some(mci) = dag.node(id).mci.filter(|&mci| mci <= proven_mci) {
                let chain = chain::proof_chain(dag, later, mci, id);
                proofchain_balls.extend(chain.into_iter().map(|ball| ball_json(dag, ball)));
                later = mci;
            }
        }
        Ok(Self {
            unstable_mc_joints: unstable_main_chain(dag, start)
                .into_iter()
                .map(|id| JointPlan::above_proof(dag, id))
                .collect(),
            definition_joints: definition_units(state).map(|id| JointPlan::new(dag, id)).collect(),
            joints: units.into_iter().map(|id| JointPlan::new(dag, id)).collect(),
            proofchain_balls,
        })
    }

    /// The text of the answer.
    pub(crate) fn render(&self, reader: &Reader) -> io::Result<String> {
        if self.joints.is_empty() {
            return Ok("{}".to_owned());
        }
        let joints = self.unstable_mc_joints.iter().chain(&self.definition_joints).chain(&self.joints);
        let balls: usize = self.proofchain_balls.iter().map(|ball| ball.len() + 1).sum();
        let mut out = String::with_capacity(joints.map(JointPlan::len).sum::<usize>() + balls + 200);
        out.push_str("{\"unstable_mc_joints\":");
        write_joints(&self.unstable_mc_joints, reader, &mut out)?;
        if !self.definition_joints.is_empty() {
            out.push_str(",\"witness_change_and_definition_joints\":");
            write_joints(&self.definition_joints, reader, &mut out)?;
        }
        out.push_str(",\"joints\":");
        write_joints(&self.joints, reader, &mut out)?;
        if !self.proofchain_balls.is_empty() {
            out.push_str(",\"proofchain_balls\":[");
            out.push_str(&self.proofchain_balls.join(","));
            out.push(']');
        }
        out.push('}');
        Ok(out)
    }
}

fn write_joints(joints: &[JointPlan], reader: &Reader, out: &mut String) -> io::Result<()> {
    out.push('[');
    for (index, joint) in joints.iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        joint.write(reader, out)?;
    }
    out.push(']');
    Ok(())
}

/// The main chain from its tip down to the last ball of the newest stable unit, or only the unit from
/// which the proof starts where that is long.
fn unstable_main_chain(dag: &Dag, start: Id) -> Vec<Id> {
    let stable = dag.main_chain()[dag.last_stable_mci() as usize];
    let lowest = dag.last_ball_mci(stable) as usize;
    let chain = &dag.main_chain()[lowest + 1..];
    if chain.len() > MAX_UNSTABLE { vec![start] } else { chain.iter().rev().copied().collect() }
}

/// The stable units in which the order provider reveals its definition.
fn definition_units(state: &State) -> impl Iterator<Item = Id> + '_ {
    let provider = state.facts.people.get(&state.facts.order_provider);
    let units = provider.map_or(&[][..], |person| &person.revealed_in);
    units.iter().copied().filter(|&id| state.dag().node(id).is_stable)
}
