//! The units that were asked for (7.4, step 8).

use std::collections::HashSet;

use serde_json::{Map, Value};

use super::balls::Proven;
use super::witnesses::parsed;
use super::{Asked, HistoryError, ProvenUnit, State};
use crate::unit::{Payload, Unit, integer};
use crate::validate::{self, Rules};
use crate::{Address, UnitHash};

pub(super) fn read(
    joints: &[Value],
    asked: &Asked<'_>,
    proven: &Proven,
    rules: &Rules,
) -> Result<Vec<ProvenUnit>, HistoryError> {
    let addresses: HashSet<_> = asked.addresses.iter().collect();
    let by_name: HashSet<_> = asked.joints.iter().collect();
    let mut seen = HashSet::new();
    let read = |joint| {
        let joint = validate::light(joint, rules).map_err(HistoryError::Joint)?;
        let (unit, hash) = (&joint.unit, joint.unit.hash());
        if !seen.insert(hash) {
            return Err(HistoryError::Duplicate(hash));
        }
        if !by_name.contains(&hash) && !touches(unit, &addresses) {
            return Err(HistoryError::NotAskedFor(hash));
        }
        let state = match proven.get(&hash) {
            Some(true) => State::FinalBad,
            Some(false) => State::FinalGood,
            None => State::Unstable,
        };
        if unit.is_stripped() && state != State::FinalBad {
            return Err(HistoryError::Stripped(hash));
        }
        Ok(ProvenUnit { unit: joint.unit, state, hints: joint.hints })
    };
    joints.iter().map(read).collect()
}

/// Whether an address authored the unit or is paid by it, in bytes or in an asset.
fn touches(unit: &Unit, addresses: &HashSet<&Address>) -> bool {
    let authored = unit.authors().iter().any(|author| addresses.contains(&author.address));
    authored
        || unit.messages().iter().any(|message| match &message.payload {
            Payload::Payment(payment) => {
                payment.outputs.iter().any(|output| addresses.contains(&output.address))
            }
            Payload::Inline(payload) if message.app == "payment" => {
                let outputs = payload.get("outputs").and_then(Value::as_array).into_iter().flatten();
                let mut paid = outputs.filter_map(|output| parsed::<Address>(output.get("address")));
                paid.any(|address| addresses.contains(&address))
            }
            _ => false,
        })
}

/// Responses of autonomous agents: proven by nothing, and yet they must be to units that are there.
pub(super) fn check_aa_responses(
    response: &Map<String, Value>,
    units: &[ProvenUnit],
) -> Result<(), HistoryError> {
    let Some(responses) = response.get("aa_responses") else { return Ok(()) };
    let responses = responses.as_array().filter(|list| !list.is_empty()).ok_or(HistoryError::AaResponse)?;
    let units: HashSet<_> = units.iter().map(|proven| proven.unit.hash()).collect();
    let sound = |response: &Value| {
        response.get("mci").and_then(integer).is_some_and(|mci| mci > 0)
            && parsed::<Address>(response.get("trigger_address")).is_some()
            && parsed::<Address>(response.get("aa_address")).is_some()
            && parsed::<UnitHash>(response.get("trigger_unit")).is_some_and(|unit| units.contains(&unit))
            && response.get("bounced").and_then(integer).is_some_and(|bounced| bounced <= 1)
            && response.get("response").and_then(Value::as_str).is_some_and(is_json)
            && response.get("response_unit").is_none_or(|unit| parsed::<UnitHash>(Some(unit)).is_some())
    };
    if responses.iter().all(sound) { Ok(()) } else { Err(HistoryError::AaResponse) }
}

fn is_json(text: &str) -> bool {
    serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}
