//! The header that full and stripped units have in common: version, time and place in the graph.

use serde_json::{Map, Value};

use super::js::{is_hash_length, is_positive_integer, nonempty_array};
use super::{Checked, Invalid, Rules};
use crate::UnitHash;
use crate::unit::{Format, hashes, integer};

/// How far ahead of the validator's clock a unit may be, in seconds.
const SECONDS_AHEAD: u64 = 5;

type Object = Map<String, Value>;

/// Authors are there, and the unit names this network, a time and what it stands on.
pub(super) fn header(unit: &Object, rules: &Rules, hash: &UnitHash) -> Checked {
    if nonempty_array(unit.get("authors")).is_none() {
        return Err(Invalid::unit("missing or empty authors array"));
    }
    let version = unit.get("version").and_then(Value::as_str).unwrap_or_default();
    if !rules.network.accepts_version(version) {
        return Err(Invalid::unit("wrong version"));
    }
    if unit.get("alt").and_then(Value::as_str) != Some(rules.network.alt()) {
        return Err(Invalid::unit("wrong alt"));
    }
    if hashes::format_of(unit) != Format::V1 {
        timestamp(unit, version, rules)?;
    }
    if rules.is_genesis(hash) {
        genesis(unit)?
    } else {
        ancestors(unit)?
    }
    if unit.contains_key("witness_list_unit") && unit.contains_key("witnesses") {
        return Err(Invalid::unit("ambiguous witnesses"));
    }
    if !is_positive_integer(unit.get("timestamp")) {
        return Err(Invalid::joint("bad timestamp"));
    }
    Ok(())
}

fn timestamp(unit: &Object, version: &str, rules: &Rules) -> Checked {
    let timestamp = unit.get("timestamp").and_then(integer).filter(|&timestamp| timestamp > 0);
    let timestamp =
        timestamp.ok_or_else(|| Invalid::unit(format!("timestamp required in version {version}")))?;
    if rules.now.is_some_and(|now| timestamp > now.saturating_add(SECONDS_AHEAD)) {
        return Err(Invalid::transient("timestamp is too far into the future"));
    }
    Ok(())
}

fn genesis(unit: &Object) -> Checked {
    if unit.contains_key("oversize_fee") {
        return Err(Invalid::joint("oversize_fee in genesis"));
    }
    let absent = ["tps_fee", "burn_fee", "max_aa_responses", "parent_units", "last_ball", "last_ball_unit"];
    match absent.into_iter().find(|field| unit.contains_key(*field)) {
        Some(field) => Err(Invalid::unit(format!("{field} in genesis"))),
        None => Ok(()),
    }
}

fn ancestors(unit: &Object) -> Checked {
    let parents = nonempty_array(unit.get("parent_units"))
        .ok_or_else(|| Invalid::unit("missing or empty parent units array"))?;
    if !parents.iter().all(|parent| is_hash_length(Some(parent))) {
        return Err(Invalid::unit("wrong length of parent unit"));
    }
    if !is_hash_length(unit.get("last_ball")) {
        return Err(Invalid::unit("wrong length of last ball"));
    }
    if !is_hash_length(unit.get("last_ball_unit")) {
        return Err(Invalid::unit("wrong length of last ball unit"));
    }
    Ok(())
}
