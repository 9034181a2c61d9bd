//! From the last balls back to every proven unit (7.4, step 7).

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::HistoryError;
use super::witnesses::parsed;
use crate::unit::ball_hash;
use crate::{BallHash, UnitHash};

const PART: &str = "proofchain_balls";

/// The proven units, each with whether it is bad.
pub(super) type Proven = HashMap<UnitHash, bool>;

pub(super) fn follow(
    mut known: HashSet<BallHash>,
    balls: &[Value],
    genesis: Option<UnitHash>,
) -> Result<Proven, HistoryError> {
    let mut proven = Proven::new();
    for ball in balls {
        let unit: UnitHash = parsed(ball.get("unit")).ok_or(HistoryError::Shape(PART))?;
        let is_nonserial = match ball.get("is_nonserial") {
            None => false,
            Some(Value::Bool(true)) => true,
            Some(_) => return Err(HistoryError::Shape(PART)),
        };
        if !known.contains(&checked_hash(ball, is_nonserial)?) {
            return Err(HistoryError::BallNotKnown);
        }
        let parents = references(ball, "parent_balls")?;
        if parents.is_none() && genesis != Some(unit) {
            return Err(HistoryError::Shape(PART));
        }
        known.extend(parents.into_iter().flatten());
        known.extend(references(ball, "skiplist_balls")?.into_iter().flatten());
        if proven.insert(unit, is_nonserial).is_some_and(|before| before != is_nonserial) {
            return Err(HistoryError::Contradiction(unit));
        }
    }
    Ok(proven)
}

/// The hash of a ball, computed over its lists as received.
pub(super) fn checked_hash(ball: &Value, is_nonserial: bool) -> Result<BallHash, HistoryError> {
    let hash = ball_hash(&ball["unit"], ball.get("parent_balls"), ball.get("skiplist_balls"), is_nonserial)?;
    if parsed(ball.get("ball")) == Some(hash) { Ok(hash) } else { Err(HistoryError::BallHash) }
}

/// A list of balls, which is not empty where it is there.
pub(super) fn references(ball: &Value, field: &str) -> Result<Option<Vec<BallHash>>, HistoryError> {
    let Some(balls) = ball.get(field) else { return Ok(None) };
    let balls = balls.as_array().filter(|balls| !balls.is_empty()).ok_or(HistoryError::Shape(PART))?;
    let hashes: Option<Vec<_>> = balls.iter().map(|ball| parsed(Some(ball))).collect();
    hashes.map(Some).ok_or(HistoryError::Shape(PART))
}
