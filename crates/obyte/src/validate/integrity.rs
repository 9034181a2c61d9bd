//! Whether a joint is what it says: hashes, sizes, fields (7.5).

use serde_json::{Map, Value};

use super::authors::check_authors;
use super::fields::Fields;
use super::js::{
    has_only, is_address, is_hash_length, is_nonnegative_integer, is_positive_integer, nonempty_array,
    nonempty_object,
};
use super::messages::check_messages;
use super::rules::check_recipients;
use super::{Checked, Invalid, Rules, header, nesting, posted};
use crate::canonical::CanonicalError;
use crate::unit::{Format, HubHints, Joint, STRIPPED_FIELDS, UNIT_FIELDS, hashes, integer};
use crate::{UnitHash, size};

/// The most messages of a unit.
const MAX_MESSAGES: usize = 128;
/// The most responses of autonomous agents that a unit pays for.
const MAX_AA_RESPONSES: u64 = 10;

/// Where a joint comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Somebody wants it relayed: it must be current, without ball, and signed.
    Posted,
    /// A hub served it: it may be of any age, and stripped where it is final-bad.
    Received,
}

type Object = Map<String, Value>;

/// Checks everything that follows from the joint alone, up to the form of parents and last ball, and
/// reads it. What hubs add beside the unit's own fields is split off.
pub fn integrity(joint: &Value, rules: &Rules, origin: Origin) -> Result<Joint, Invalid> {
    if origin == Origin::Posted {
        posted::request(joint)?;
    }
    let envelope = joint.as_object().ok_or_else(|| Invalid::request("no unit"))?;
    let unit = envelope.get("unit").and_then(Value::as_object);
    let mut unit = unit.cloned().ok_or_else(|| Invalid::request("no unit"))?;
    let hints = HubHints::split_off(&mut unit);
    let hash = unit_hash(&unit)?;
    if origin == Origin::Posted {
        posted::possible_agent(&unit)?;
    }
    if nesting::is_too_deep(unit.values()) {
        return Err(Invalid::joint("unit is too deeply nested"));
    }
    well_formed(envelope)?;
    joint_fields(envelope)?;
    if unit.contains_key("content_hash") {
        stripped(&unit, envelope)?;
    } else {
        full(&unit, envelope, rules, &hash)?;
    }
    header::header(&unit, rules, &hash)?;
    if origin == Origin::Posted && !authors(&unit).all(|author| is_address(author.get("address"))) {
        return Err(Invalid::unit("invalid author address"));
    }
    Joint::of_checked(unit, hash, envelope, hints)
        .map_err(|(error, unit)| explain(Fields { all: &unit, hash }, rules, &error.to_string()))
}

/// What the rules say about a unit that has no typed form.
fn explain(unit: Fields<'_>, rules: &Rules, otherwise: &str) -> Invalid {
    let checked =
        check_recipients(unit).and_then(|()| check_authors(unit)).and_then(|()| check_messages(unit, rules));
    checked.err().unwrap_or_else(|| Invalid::unit(otherwise))
}

fn unit_hash(unit: &Object) -> Result<UnitHash, Invalid> {
    if !is_hash_length(unit.get("unit")) {
        return Err(Invalid::joint("wrong unit length"));
    }
    let named = unit["unit"].as_str().unwrap_or_default();
    let hash = hashes::unit_hash(unit)
        .map_err(|error| Invalid::joint(format!("failed to calc unit hash: Error: {error}")))?;
    if hash.as_str() == named {
        Ok(hash)
    } else {
        Err(Invalid::joint(format!("wrong unit hash: {hash} != {named}")))
    }
}

pub(super) fn authors(unit: &Object) -> impl Iterator<Item = &Value> {
    unit.get("authors").and_then(Value::as_array).into_iter().flatten()
}

fn well_formed(joint: &Object) -> Checked {
    fn holds_nul(value: &Value) -> bool {
        match value {
            Value::String(text) => text.contains('\0'),
            Value::Array(elements) => elements.iter().any(holds_nul),
            Value::Object(fields) => in_object(fields),
            _ => false,
        }
    }
    fn in_object(fields: &Object) -> bool {
        fields.iter().any(|(key, value)| key.contains('\0') || holds_nul(value))
    }
    if in_object(joint) {
        return Err(Invalid::joint("unit contains invalid string (lone surrogate or null byte)"));
    }
    Ok(())
}

fn joint_fields(joint: &Object) -> Checked {
    if !joint.contains_key("ball") {
        return if has_only(joint, &["unit"]) {
            Ok(())
        } else {
            Err(Invalid::joint("unknown fields in unit-joint"))
        };
    }
    if !is_hash_length(joint.get("ball")) {
        return Err(Invalid::joint("wrong ball length"));
    }
    if !has_only(joint, &["unit", "ball", "skiplist_units"]) {
        return Err(Invalid::joint("unknown fields in ball-joint"));
    }
    if joint.contains_key("skiplist_units") && nonempty_array(joint.get("skiplist_units")).is_none() {
        return Err(Invalid::joint("missing or empty skiplist array"));
    }
    Ok(())
}

fn stripped(unit: &Object, joint: &Object) -> Checked {
    if !is_hash_length(unit.get("content_hash")) {
        return Err(Invalid::unit("wrong content_hash length"));
    }
    if !has_only(unit, &STRIPPED_FIELDS) {
        return Err(Invalid::joint("unknown fields in nonserial unit"));
    }
    if !joint.contains_key("ball") {
        return Err(Invalid::joint("content_hash allowed only in finished ball"));
    }
    Ok(())
}

fn full(unit: &Object, joint: &Object, rules: &Rules, hash: &UnitHash) -> Checked {
    if !has_only(unit, &UNIT_FIELDS) {
        return Err(Invalid::unit("unknown fields in unit"));
    }
    fees(unit, joint)?;
    let messages = nonempty_array(unit.get("messages"))
        .ok_or_else(|| Invalid::unit("missing or empty messages array"))?;
    if messages.len() > MAX_MESSAGES && !rules.is_genesis(hash) {
        return Err(Invalid::unit("too many messages"));
    }
    if !messages.iter().all(|message| nonempty_object(Some(message)).is_some()) {
        return Err(Invalid::unit("all messages must be non-empty objects"));
    }
    messages.iter().try_for_each(|message| payload(message, hashes::format_of(unit)))?;
    if !messages.iter().all(is_payment_in_form) {
        return Err(Invalid::unit("invalid payment message"));
    }
    commissions(unit, rules, hash)
}

fn fees(unit: &Object, joint: &Object) -> Checked {
    for field in ["headers_commission", "payload_commission"] {
        if !unit.get(field).is_some_and(Value::is_number) {
            return Err(Invalid::joint(format!("no {field}")));
        }
    }
    let wrong = |field: &str, is_right: fn(Option<&Value>) -> bool| {
        unit.contains_key(field) && !is_right(unit.get(field))
    };
    if wrong("oversize_fee", is_positive_integer) {
        return Err(Invalid::joint("bad oversize_fee"));
    }
    if wrong("tps_fee", is_nonnegative_integer) {
        return Err(Invalid::unit("bad tps_fee"));
    }
    if wrong("burn_fee", is_positive_integer) {
        return Err(Invalid::unit("bad burn_fee"));
    }
    let Some(responses) = unit.get("max_aa_responses") else { return Ok(()) };
    match integer(responses) {
        None => Err(Invalid::unit("bad max_aa_responses")),
        Some(responses) if responses > MAX_AA_RESPONSES => {
            Err(Invalid::transient("max_aa_responses too large"))
        }
        Some(0) if !joint.contains_key("ball") => {
            Err(Invalid::transient("max_aa_responses=0 not allowed in new units"))
        }
        Some(_) => Ok(()),
    }
}

fn payload(message: &Value, format: Format) -> Checked {
    let location = message.get("payload_location").and_then(Value::as_str);
    let location = location.ok_or_else(|| Invalid::unit("bad payload_location"))?;
    if !["inline", "none", "uri"].contains(&location) {
        return Err(Invalid::unit(format!("invalid payload_location: {location}")));
    }
    if !is_hash_length(message.get("payload_hash")) {
        return Err(Invalid::unit("wrong payload hash size"));
    }
    let payload = message.get("payload");
    if location != "inline" {
        return match payload {
            Some(_) => Err(Invalid::joint("payload must be absent when payload_location is not inline")),
            None => Ok(()),
        };
    }
    let payload =
        payload.filter(|payload| !payload.is_null()).ok_or_else(|| Invalid::joint("missing payload"))?;
    let app = message.get("app").and_then(Value::as_str).unwrap_or_default();
    let expected = hashes::payload_hash(format, app, payload).map_err(|error: CanonicalError| {
        Invalid::joint(format!("failed to calc payload hash: Error: {error}"))
    })?;
    match message["payload_hash"].as_str() {
        Some(hash) if hash == expected.as_str() => Ok(()),
        hash => Err(Invalid::joint(format!(
            "wrong payload hash: expected {expected}, got {}",
            hash.unwrap_or_default()
        ))),
    }
}

fn is_payment_in_form(message: &Value) -> bool {
    let Some(payload) = message.get("payload").filter(|_| message["app"] == "payment") else { return true };
    let is_output = |output: &Value| {
        nonempty_object(Some(output)).is_some()
            && is_address(output.get("address"))
            && is_positive_integer(output.get("amount"))
    };
    let is_input = |input: &Value| {
        let kind = input.get("type").map(Value::as_str);
        let known = [Some("issue"), Some("headers_commission"), Some("witnessing")];
        nonempty_object(Some(input)).is_some() && kind.is_none_or(|kind| known.contains(&kind))
    };
    nonempty_array(payload.get("outputs")).is_some_and(|outputs| outputs.iter().all(is_output))
        && payload.get("asset").is_none_or(|asset| is_hash_length(Some(asset)))
        && nonempty_array(payload.get("inputs")).is_some_and(|inputs| inputs.iter().all(is_input))
}

fn commissions(unit: &Object, rules: &Rules, hash: &UnitHash) -> Checked {
    let headers = size::headers_size(unit);
    if integer(&unit["headers_commission"]) != Some(headers) {
        return Err(Invalid::joint(format!("wrong headers commission, expected {headers}")));
    }
    let payload = size::payload_size(unit);
    if integer(&unit["payload_commission"]) != Some(payload) {
        return Err(Invalid::joint(format!("wrong payload commission, unit {hash}, expected {payload}")));
    }
    if headers.saturating_add(payload) > size::MAX_UNIT_SIZE && !rules.is_genesis(hash) {
        return Err(Invalid::unit("unit too large"));
    }
    Ok(())
}
