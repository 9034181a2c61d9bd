//! Joints and balls: a unit with what a hub adds to it, and its place in the stable past (7.2).

use serde_json::{Map, Value, json};

use super::fields::{integer, list, object, only, optional, parsed};
use super::{Unit, UnitFormError};
use crate::canonical::{CanonicalError, source_string};
use crate::{BallHash, UnitHash};

/// A unit as it travels.
#[derive(Clone, Debug, PartialEq)]
pub struct Joint {
    /// The unit.
    pub unit: Unit,
    /// Its ball, where the sender calls it stable. Proven by nothing here.
    pub ball: Option<BallHash>,
    /// The units that its ball skips to, where the sender calls it stable.
    pub skiplist_units: Vec<UnitHash>,
    /// What the hub says about the unit.
    pub hints: HubHints,
}

/// What a hub says about a unit. No hash covers it, no proof confirms it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HubHints {
    /// Its main chain index, once it has one.
    pub main_chain_index: Option<u64>,
    /// The TPS fee that was charged, once it is stable.
    pub actual_tps_fee: Option<u64>,
}

impl Joint {
    /// A unit to post: nothing beside it.
    pub const fn posting(unit: Unit) -> Self {
        Self {
            unit,
            ball: None,
            skiplist_units: Vec::new(),
            hints: HubHints { main_chain_index: None, actual_tps_fee: None },
        }
    }

    /// Reads a joint: an object with `unit`, and perhaps `ball` and `skiplist_units`.
    pub fn from_json(mut value: Value) -> Result<Self, UnitFormError> {
        only(object(&value, "joint")?, &["unit", "ball", "skiplist_units"], "joint")?;
        let unit = value["unit"].take();
        let (ball, skiplist_units) = stable_parts(object(&value, "joint")?)?;
        Ok(Self { ball, skiplist_units, ..Self::of_unit_json(unit)? })
    }

    /// Reads a joint whose fields and hashes a validator has checked. What is refused is given back.
    pub(crate) fn of_checked(
        unit: Map<String, Value>,
        hash: UnitHash,
        envelope: &Map<String, Value>,
        hints: HubHints,
    ) -> Result<Self, (UnitFormError, Map<String, Value>)> {
        let (ball, skiplist_units) = match stable_parts(envelope) {
            Ok(parts) => parts,
            Err(error) => return Err((error, unit)),
        };
        Ok(Self { unit: Unit::parse_hashed(unit, hash)?, ball, skiplist_units, hints })
    }

    /// Reads a unit and splits off what the hub added to its fields.
    pub(super) fn of_unit_json(value: Value) -> Result<Self, UnitFormError> {
        let Value::Object(mut raw) = value else { return Err(UnitFormError::Field("unit")) };
        let hints = HubHints::split_off(&mut raw);
        Ok(Self { hints, ..Self::posting(Unit::parse(raw)?) })
    }

    /// The JSON form: exactly `{"unit": …}` for a unit without ball. Hints are left out.
    pub fn to_json(&self) -> Value {
        let mut joint = json!({"unit": self.unit.to_json()});
        if let Some(ball) = self.ball {
            joint["ball"] = json!(ball);
        }
        if !self.skiplist_units.is_empty() {
            joint["skiplist_units"] = json!(self.skiplist_units);
        }
        joint
    }
}

/// What a hub adds to joints that it calls stable.
fn stable_parts(envelope: &Map<String, Value>) -> Result<(Option<BallHash>, Vec<UnitHash>), UnitFormError> {
    let ball = optional(envelope, "ball", parsed)?;
    let skiplist_units = match envelope.get("skiplist_units") {
        Some(units) => {
            list(units, "skiplist_units", |unit| parsed(unit).ok_or(UnitFormError::Field("skiplist_units")))?
        }
        None => Vec::new(),
    };
    Ok((ball, skiplist_units))
}

impl HubHints {
    /// Takes the hub's own fields out of a unit.
    pub(crate) fn split_off(unit: &mut Map<String, Value>) -> Self {
        let mut hint = |name| unit.remove(name).as_ref().and_then(integer);
        Self { main_chain_index: hint("main_chain_index"), actual_tps_fee: hint("actual_tps_fee") }
    }
}

/// The place of a stable unit in the past, as proofs list it (7.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ball {
    /// The unit.
    pub unit: UnitHash,
    /// The balls of its parents, ascending; empty only for a genesis unit.
    pub parent_balls: Vec<BallHash>,
    /// The balls that it skips to, ascending.
    pub skiplist_balls: Vec<BallHash>,
    /// Whether the unit is final-bad.
    pub is_nonserial: bool,
}

impl Ball {
    /// The hash of this ball.
    pub fn hash(&self) -> BallHash {
        let (parents, skipped) = (json!(self.parent_balls), json!(self.skiplist_balls));
        ball_hash(&json!(self.unit), Some(&parents), Some(&skipped), self.is_nonserial)
            .expect("hashes are plain texts")
    }

    /// The JSON form, with its own hash.
    pub fn to_json(&self) -> Value {
        let mut ball = json!({"unit": self.unit, "ball": self.hash()});
        if !self.parent_balls.is_empty() {
            ball["parent_balls"] = json!(self.parent_balls);
        }
        if !self.skiplist_balls.is_empty() {
            ball["skiplist_balls"] = json!(self.skiplist_balls);
        }
        if self.is_nonserial {
            ball["is_nonserial"] = true.into();
        }
        ball
    }
}

/// The hash of a ball from its parts as received; empty lists count as absent.
pub fn ball_hash(
    unit: &Value,
    parent_balls: Option<&Value>,
    skiplist_balls: Option<&Value>,
    is_nonserial: bool,
) -> Result<BallHash, CanonicalError> {
    let mut ball = json!({"unit": unit});
    let lists = [("parent_balls", parent_balls), ("skiplist_balls", skiplist_balls)];
    for (name, list) in lists {
        if let Some(list) = list.filter(|list| list.as_array().is_none_or(|balls| !balls.is_empty())) {
            ball[name] = list.clone();
        }
    }
    if is_nonserial {
        ball["is_nonserial"] = true.into();
    }
    source_string(&ball).map(|source| BallHash::of(&source))
}
