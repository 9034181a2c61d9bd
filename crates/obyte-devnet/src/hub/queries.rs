//! Questions that the state answers at once (6.4). All answers are a hub's opinion.

use std::collections::BTreeSet;

use obyte::validate::context::DagView as _;
use obyte::{Address, UnitHash};
use serde_json::{Value, json};

use super::coins::{balances, pick_coins};
use super::data_feed;
use super::frame::Answer;
use crate::dag::Id;
use crate::state::State;

/// The most addresses in a question for balances or profiles.
const MAX_ADDRESSES: usize = 100;
/// The most authors of a unit.
pub(super) const MAX_AUTHORS: usize = 16;
/// The most outputs that a client may name when it asks for parents.
const MAX_OUTPUT_ADDRESSES: usize = 200;

pub(super) type Result<T> = std::result::Result<T, String>;

/// Answers a question, or is silent about one that nobody knows.
pub(super) fn answer(state: &State, command: &str, params: Option<&Value>) -> Answer {
    let params = params.filter(|params| !is_false(params));
    let known = match command {
        "light/get_parents_and_last_ball_and_witness_list_unit" => parents(state, params),
        "get_last_stable_unit_props" => last_stable_unit(state),
        "light/get_definition" => definition(state, params),
        "light/get_definition_chash" => definition_chash(params),
        "light/get_definition_for_address" => definition_for_address(state, params),
        "light/get_balances" => balances(state, params),
        "light/pick_divisible_coins_for_amount" => pick_coins(state, params),
        "light/get_attestation" => attestation(state, params),
        "light/get_attestations" => attestations(state, params),
        "light/get_profile_units" => profile_units(state, params),
        "light/get_data_feed" => data_feed::answer(params),
        _ => return Answer::Silence,
    };
    known.into()
}

/// Whether a value is a hash in base64.
pub(super) fn is_hash(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.parse::<UnitHash>().is_ok())
}

/// What JavaScript takes for false.
pub(super) fn is_false(value: &Value) -> bool {
    matches!(value, Value::Null | Value::Bool(false)) || *value == json!(0) || *value == json!("")
}

pub(super) fn fail<T>(text: &str) -> Result<T> {
    Err(text.to_owned())
}

fn address(value: Option<&Value>) -> Option<Address> {
    value.and_then(Value::as_str).and_then(|text| text.parse().ok())
}

/// A list of addresses, none of them wrong.
pub(super) fn addresses(value: &Value) -> Option<Vec<Address>> {
    value.as_array()?.iter().map(|element| address(Some(element))).collect()
}

fn parents(state: &State, params: Option<&Value>) -> Result<Value> {
    let Some(params) = params else {
        return fail("no params in get_parents_and_last_ball_and_witness_list_unit");
    };
    let field = |name: &str| params.get(name).filter(|value| !is_false(value));
    if let Some(witnesses) = field("witnesses") {
        if witnesses.as_array().is_none_or(|list| list.len() != 1) {
            return fail("wrong number of witnesses");
        }
        if addresses(witnesses).is_none() {
            return fail("bad witness addresses");
        }
    }
    if field("max_aa_responses").is_some_and(|count| count.as_u64().is_none_or(|count| count > 10)) {
        return fail("bad max_aa_responses");
    }
    let in_range = |list: &Vec<Address>, most: usize| (1..=most).contains(&list.len());
    let from = field("from_addresses").and_then(addresses).filter(|list| in_range(list, MAX_AUTHORS));
    let Some(from) = from else { return fail("bad from addresses") };
    let Some(outputs) = field("output_addresses") else { return fail("no output addresses") };
    let outputs = addresses(outputs).filter(|list| in_range(list, MAX_OUTPUT_ADDRESSES));
    let Some(outputs) = outputs else { return fail("bad output addresses") };
    let agents: BTreeSet<_> = outputs.iter().filter(|to| state.agents.contains_key(to)).collect();
    let picked = state.parents_for(&from).map_err(|error| format!("unable to find parents: {error}"))?;
    let parents = picked.parents;
    Ok(json!({
        "timestamp": parents.timestamp,
        "parent_units": parents.parent_units,
        "last_stable_mc_ball": parents.last_ball,
        "last_stable_mc_ball_unit": parents.last_ball_unit,
        "last_stable_mc_ball_mci": parents.last_ball_mci,
        "tps_fee": parents.tps_fee,
        "count_primary_aa_triggers": agents.len(),
    }))
}

fn last_stable_unit(state: &State) -> Result<Value> {
    let dag = state.dag();
    let mci = dag.last_stable_mci();
    let node = dag.node(dag.main_chain()[mci as usize]);
    Ok(json!({"unit": node.hash(), "main_chain_index": mci, "timestamp": node.timestamp}))
}

/// The definition that an address ever revealed.
fn revealed(state: &State, address: &Address) -> Option<Value> {
    if let Some(agent) = state.agents.get(address) {
        return Some(agent.clone());
    }
    let text = state.facts.people.get(address)?.definition()?;
    serde_json::from_str(text).ok()
}

fn definition(state: &State, params: Option<&Value>) -> Result<Value> {
    let Some(params) = params else { return fail("no params in light/get_definition") };
    let Some(address) = address(Some(params)) else { return fail("address not valid") };
    Ok(revealed(state, &address).unwrap_or(Value::Null))
}

fn definition_chash(params: Option<&Value>) -> Result<Value> {
    let Some(params) = params else { return fail("no params in light/get_definition_chash") };
    let Some(address) = address(params.get("address")) else { return fail("address not valid") };
    let max_mci = params.get("max_mci").filter(|mci| !is_false(mci));
    if max_mci.is_some_and(|mci| mci.as_u64().is_none()) {
        return fail("max_mci not a positive integer");
    }
    // Definitions never change here.
    Ok(json!(address))
}

fn definition_for_address(state: &State, params: Option<&Value>) -> Result<Value> {
    let Some(params) = params else { return fail("no params in light/get_definition_for_address") };
    let Some(address) = address(params.get("address")) else { return fail("address not valid") };
    let Some(definition) = revealed(state, &address) else {
        return Ok(json!({"definition_chash": address, "is_stable": true}));
    };
    let is_stable = state.definition(&address, u64::MAX).is_some();
    Ok(json!({"definition_chash": address, "definition": definition, "is_stable": is_stable}))
}

/// A list of 1 to 100 addresses.
pub(super) fn address_list(params: &Value) -> Result<Vec<Address>> {
    let Some(list) = params.as_array().filter(|list| !list.is_empty()) else {
        return fail("addresses must be non-empty array");
    };
    let Some(valid) = addresses(params) else { return fail("some addresses are not valid") };
    if list.len() > MAX_ADDRESSES { fail("too many addresses") } else { Ok(valid) }
}

/// Nodes find what a unit says as long as they keep its content: also while it is in conflict, and no more
/// once it is void for good.
fn has_content(state: &State, id: Id) -> bool {
    !state.dag().is_stripped(id)
}

fn attestation(state: &State, params: Option<&Value>) -> Result<Value> {
    let Some(params) = params else { return fail("no params in light/get_attestation") };
    let field = |name: &str| params.get(name).filter(|value| !is_false(value));
    let (Some(attestor), Some(name), Some(value)) =
        (field("attestor_address"), field("field"), field("value"))
    else {
        return fail("missing params in light/get_attestation");
    };
    let Some(attestor) = address(Some(attestor)) else {
        return fail("invalid attestor_address in light/get_attestation");
    };
    let Some(name) = name.as_str().filter(|name| name.len() <= 50) else {
        return fail("invalid field in light/get_attestation");
    };
    let Some(value) = value.as_str().filter(|value| value.len() <= 100) else {
        return fail("invalid value in light/get_attestation");
    };
    // What has spaces around it is not looked up by any node.
    let can_be_found = name == name.trim() && value == value.trim();
    let newest = state.facts.people.all_attestations().into_iter().rev().find(|&id| {
        can_be_found
            && has_content(state, id)
            && state.authors(id).contains(&attestor)
            && state.read_attestations(id).iter().any(|payload| payload["profile"][name] == value)
    });
    Ok(json!(newest.map_or_else(String::new, |id| state.dag().node(id).hash().to_string())))
}

fn attestations(state: &State, params: Option<&Value>) -> Result<Value> {
    let Some(params) = params else { return fail("no params in light/get_attestations") };
    let Some(about) = address(params.get("address")) else {
        return fail("invalid address in light/get_attestations");
    };
    let mut found = Vec::new();
    let attesting = state.facts.people.attestations(&about).iter().filter(|&&id| has_content(state, id));
    for &id in attesting {
        let attestor = state.authors(id).first().copied();
        let payloads = state.read_attestations(id).into_iter();
        found.extend(payloads.filter(|payload| payload["address"] == json!(about)).map(|payload| {
            json!({
                "unit": state.dag().node(id).hash(),
                "attestor_address": attestor,
                "profile": payload["profile"],
            })
        }));
    }
    Ok(json!(found))
}

fn profile_units(state: &State, params: Option<&Value>) -> Result<Value> {
    let Some(params) = params else { return fail("no params in light/get_profiles_units") };
    let list = address_list(params)?;
    let mut units: Vec<_> =
        list.iter().flat_map(|address| state.facts.people.profiles(address)).copied().collect();
    units.retain(|&id| has_content(state, id));
    units.sort_unstable();
    units.dedup();
    Ok(units.into_iter().map(|id| json!(state.dag().node(id).hash())).collect())
}
