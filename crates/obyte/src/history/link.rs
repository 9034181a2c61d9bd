//! Proofs that one unit lies in the past of another (7.6). They say nothing about finality.

use std::collections::HashSet;

use serde_json::Value;

use super::HistoryError;
use super::balls::{checked_hash, references};
use super::witnesses::{check_hash, parsed};
use crate::{BallHash, UnitHash};

/// An answer to `light/get_link_proofs` does not link the units.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// Fewer than two units were asked for, or the chain is no list of joints and balls.
    #[error("the chain of links is missing or malformed")]
    Shape,
    /// The chain does not begin with the latest unit.
    #[error("the chain of links does not begin with the latest unit")]
    Start,
    /// An element is not what its hash says.
    #[error("an element of the chain of links: {0}")]
    Element(#[from] HistoryError),
    /// An element is reached from nowhere.
    #[error("an element of the chain of links is not reached from those before")]
    NotKnown,
    /// A unit is not reached.
    #[error("the unit {0} is not in the past of the latest")]
    NotLinked(UnitHash),
}

/// Verifies that each of the `units`, latest first, is in the past of the first.
pub fn verify_links(chain: &Value, units: &[UnitHash]) -> Result<(), LinkError> {
    let chain = chain.as_array().filter(|chain| !chain.is_empty()).ok_or(LinkError::Shape)?;
    let [latest, _, ..] = units else { return Err(LinkError::Shape) };
    if parsed(chain[0].pointer("/unit/unit")) != Some(*latest) {
        return Err(LinkError::Start);
    }
    let mut known = Known { units: HashSet::from([*latest]), balls: HashSet::new() };
    for element in chain {
        match element.get("unit") {
            Some(Value::Object(_)) => known.joint(element)?,
            Some(Value::String(_)) => known.ball(element)?,
            _ => return Err(LinkError::Shape),
        }
    }
    match units.iter().find(|unit| !known.units.contains(unit)) {
        Some(unit) => Err(LinkError::NotLinked(*unit)),
        None => Ok(()),
    }
}

struct Known {
    units: HashSet<UnitHash>,
    balls: HashSet<BallHash>,
}

impl Known {
    fn joint(&mut self, element: &Value) -> Result<(), LinkError> {
        let unit = element["unit"].as_object().ok_or(LinkError::Shape)?;
        let hash: UnitHash = parsed(unit.get("unit")).ok_or(LinkError::Shape)?;
        if !self.units.contains(&hash) {
            return Err(LinkError::NotKnown);
        }
        check_hash(unit, "link proof")?;
        let Some(parents) = unit.get("parent_units").and_then(Value::as_array) else { return Ok(()) };
        let parents: Option<Vec<UnitHash>> = parents.iter().map(|parent| parsed(Some(parent))).collect();
        self.units.extend(parents.ok_or(LinkError::Shape)?);
        self.units.insert(parsed(unit.get("last_ball_unit")).ok_or(LinkError::Shape)?);
        self.balls.insert(parsed(unit.get("last_ball")).ok_or(LinkError::Shape)?);
        Ok(())
    }

    fn ball(&mut self, element: &Value) -> Result<(), LinkError> {
        let is_nonserial = match element.get("is_nonserial") {
            None => false,
            Some(Value::Bool(true)) => true,
            Some(_) => return Err(LinkError::Shape),
        };
        let hash: BallHash = parsed(element.get("ball")).ok_or(LinkError::Shape)?;
        if !self.balls.contains(&hash) {
            return Err(LinkError::NotKnown);
        }
        checked_hash(element, is_nonserial)?;
        self.balls.extend(references(element, "parent_balls")?.into_iter().flatten());
        self.balls.extend(references(element, "skiplist_balls")?.into_iter().flatten());
        self.units.insert(parsed(element.get("unit")).ok_or(LinkError::Shape)?);
        Ok(())
    }
}
