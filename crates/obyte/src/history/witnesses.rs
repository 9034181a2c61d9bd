//! The unstable main chain, walked from its tip backwards (7.4, steps 2 and 3).

use std::collections::{BTreeSet, HashSet};

use serde_json::{Map, Value};

use super::{HistoryError, OrderProviders};
use crate::unit::hashes;
use crate::{Address, BallHash, UnitHash};

const PART: &str = "unstable_mc_joints";

/// What the walk found.
pub(super) struct Chain<'a> {
    /// Units by order providers, newest first.
    pub(super) witnessed: Vec<&'a Map<String, Value>>,
    /// Last balls that a majority of order providers stands behind.
    pub(super) last_balls: HashSet<BallHash>,
}

pub(super) fn walk<'a>(
    joints: &'a [Value],
    order_providers: &OrderProviders,
) -> Result<Chain<'a>, HistoryError> {
    let mut found = BTreeSet::new();
    let mut chain = Chain { witnessed: Vec::new(), last_balls: HashSet::new() };
    let mut expected_parents: Option<&Vec<Value>> = None;
    for joint in joints {
        if joint.get("ball").is_some() {
            return Err(HistoryError::UnstableWithBall);
        }
        let unit = unit_of(joint, PART)?;
        check_hash(unit, PART)?;
        if expected_parents.is_some_and(|parents| !parents.contains(&unit["unit"])) {
            return Err(HistoryError::NotInParents);
        }
        let mut signed: Vec<_> =
            addresses(unit)?.into_iter().filter(|author| order_providers.contains(author)).collect();
        if !signed.is_empty() {
            chain.witnessed.push(unit);
        }
        found.extend(signed.drain(..));
        let parents = unit.get("parent_units").and_then(Value::as_array);
        expected_parents = Some(parents.ok_or(HistoryError::Shape(PART))?);
        let _: UnitHash = parsed(unit.get("last_ball_unit")).ok_or(HistoryError::Shape(PART))?;
        if found.len() >= order_providers.majority() {
            let ball = parsed(unit.get("last_ball")).ok_or(HistoryError::Shape(PART))?;
            chain.last_balls.insert(ball);
        }
    }
    if found.len() < order_providers.majority() {
        return Err(HistoryError::TooFewOrderProviders {
            found: found.len(),
            needed: order_providers.majority(),
        });
    }
    Ok(chain)
}

pub(super) fn unit_of<'a>(
    joint: &'a Value,
    part: &'static str,
) -> Result<&'a Map<String, Value>, HistoryError> {
    joint.get("unit").and_then(Value::as_object).ok_or(HistoryError::Shape(part))
}

pub(super) fn check_hash(unit: &Map<String, Value>, part: &'static str) -> Result<(), HistoryError> {
    let hash = hashes::unit_hash(unit)?;
    match unit.get("unit").and_then(Value::as_str) {
        Some(named) if named == hash.as_str() => Ok(()),
        _ => Err(HistoryError::UnitHash(part)),
    }
}

/// The authors of a unit.
pub(super) fn addresses(unit: &Map<String, Value>) -> Result<Vec<Address>, HistoryError> {
    let authors = unit.get("authors").and_then(Value::as_array).ok_or(HistoryError::Shape("authors"))?;
    let addresses = authors.iter().map(|author| parsed(author.get("address")));
    addresses.collect::<Option<_>>().ok_or(HistoryError::Shape("authors"))
}

pub(super) fn parsed<T: std::str::FromStr>(value: Option<&Value>) -> Option<T> {
    value?.as_str()?.parse().ok()
}
