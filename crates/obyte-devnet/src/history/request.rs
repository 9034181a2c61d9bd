//! What a client asks a history for.

use std::collections::HashSet;
use std::io;

use obyte::validate::context::DagView as _;
use obyte::{Address, UnitHash};
use serde_json::Value;

use crate::dag::Id;
use crate::state::State;

/// The most elements of each list of a request.
const MAX_ASKED: usize = 2000;

/// A valid request for a history.
#[derive(Debug)]
pub(crate) struct Request {
    witnesses: Vec<Value>,
    pub(crate) addresses: Vec<Address>,
    pub(crate) requested_joints: Vec<UnitHash>,
    known_stable_units: Vec<UnitHash>,
    min_mci: u32,
}

impl Request {
    /// Reads the parameters of `light/get_history`, with the errors of the reference.
    pub(crate) fn read(params: Option<&Value>) -> Result<Self, &'static str> {
        let params = params.filter(|params| !params.is_null()).ok_or("no history request")?;
        let field = |name: &str| params.get(name).filter(|value| !value.is_null());
        let (addresses, joints) = (field("addresses"), field("requested_joints"));
        if addresses.is_none() && joints.is_none() {
            return Err("neither addresses nor joints requested");
        }
        let addresses =
            list(addresses, ["no addresses", "too many addresses", "some addresses are not valid"])?;
        let requested_joints =
            list(joints, ["no requested joints", "too many requested joints", "invalid requested joints"])?;
        let witnesses = field("witnesses").and_then(Value::as_array);
        let witnesses = witnesses.filter(|list| list.len() == 1).ok_or("wrong number of witnesses")?;
        let min_mci =
            field("min_mci").filter(|mci| **mci != "").map(|mci| mci.as_u64().ok_or(())).transpose();
        let min_mci = min_mci.map_err(|()| "min_mci should be non negative integer")?.unwrap_or(0);
        let known_stable_units = list(
            field("known_stable_units"),
            [
                "known_stable_units must be non-empty array",
                "too many known stable units",
                "invalid known stable units",
            ],
        )?;
        Ok(Self {
            witnesses: witnesses.clone(),
            addresses,
            requested_joints,
            known_stable_units,
            min_mci: u32::try_from(min_mci).unwrap_or(u32::MAX),
        })
    }

    /// Whether all that the client pins are addresses.
    pub(super) fn names_addresses(&self) -> bool {
        let mut texts = self.witnesses.iter().map(Value::as_str);
        texts.all(|text| text.is_some_and(|text| text.parse::<Address>().is_ok()))
    }

    /// Whether the client pins the order provider of this network.
    pub(super) fn trusts(&self, state: &State) -> bool {
        self.witnesses.iter().all(|witness| witness.as_str() == Some(state.facts.order_provider.as_str()))
    }

    /// The units to answer with, newest first; those without an index come last.
    pub(super) fn units(&self, state: &State) -> io::Result<Vec<Id>> {
        let dag = state.dag();
        let mut units = HashSet::new();
        for address in &self.addresses {
            let touching = state.units_of(address)?.into_iter();
            let is_asked = |&id: &Id| dag.node(id).mci.is_none_or(|mci| mci >= self.min_mci);
            // What is stripped has no receivers any more.
            let touches = |&id: &Id| !dag.is_stripped(id) || state.authors(id).contains(address);
            units.extend(touching.filter(is_asked).filter(touches));
        }
        units.extend(self.requested_joints.iter().filter_map(|hash| dag.find(hash)));
        units.retain(|&id| dag.node(id).is_good() || dag.node(id).is_stable);
        for known in self.known_stable_units.iter().filter_map(|hash| dag.find(hash)) {
            units.remove(&known);
        }
        let mut units: Vec<_> = units.into_iter().collect();
        units.sort_unstable_by_key(|&id| std::cmp::Reverse((dag.node(id).mci, dag.node(id).level, id)));
        Ok(units)
    }
}

/// A list that is absent, or neither empty nor too long nor with a wrong element.
fn list<T: std::str::FromStr>(
    value: Option<&Value>,
    [empty, long, wrong]: [&'static str; 3],
) -> Result<Vec<T>, &'static str> {
    let Some(value) = value else { return Ok(Vec::new()) };
    let elements = value.as_array().filter(|elements| !elements.is_empty()).ok_or(empty)?;
    if elements.len() > MAX_ASKED {
        return Err(long);
    }
    elements.iter().map(|element| element.as_str()?.parse().ok()).collect::<Option<_>>().ok_or(wrong)
}
