//! Rules about the payloads of applications (4.2), as far as the unit alone tells.
//!
//! Definitions of assets and agents, votes in polls, and who may be an order provider need the DAG;
//! here their form is judged.

use serde_json::{Map, Value};

use super::fields::Fields;
use super::js::{has_only, is_address, is_hash_length, is_positive_integer, nonempty_array, nonempty_object};
use super::messages::Seen;
use super::{Checked, Invalid, Rules};
use crate::canonical::{json_source_string, length, text_length};
use crate::definition::chash;
use crate::hash::sha256_base64;
use crate::unit::integer;

/// How long the data of `temp_data` must be there, in seconds.
const TEMP_DATA_LIFE: u64 = 24 * 3600;
const MAX_CHOICES: usize = 128;
const MAX_CHOICE: u64 = 64;
const MAX_FEEDS: usize = 1024;
const MAX_FEED_TEXT: u64 = 64;
const VOTED: [&str; 5] = ["op_list", "threshold_size", "base_tps_fee", "tps_interval", "tps_fee_multiplier"];

type Object = Map<String, Value>;

/// The inline payload of any application but payments.
pub(super) fn payload(
    unit: Fields<'_>,
    app: &str,
    payload: &Value,
    rules: &Rules,
    seen: &mut Seen,
) -> Checked {
    let once = |seen: &mut Seen, what: &str| {
        if seen.apps.insert(app.to_owned()) {
            Ok(())
        } else {
            Err(Invalid::unit(format!("can be only one {what}")))
        }
    };
    match app {
        "text" if payload.is_string() => Ok(()),
        "text" => Err(Invalid::unit("payload must be string")),
        "address_definition_change" => definition_change(unit, payload, seen),
        "definition" => definition(payload),
        "poll" => once(seen, "poll").and_then(|()| poll(payload)),
        "vote" => once(seen, "vote").and_then(|()| vote(payload)),
        "system_vote" => once(seen, "system vote").and_then(|()| system_vote(payload, rules)),
        "system_vote_count" => {
            once(seen, "system vote count")?;
            if payload.as_str().is_some_and(|subject| VOTED.contains(&subject)) {
                Ok(())
            } else {
                Err(Invalid::unit("unknown subject in vote count"))
            }
        }
        "data_feed" => once(seen, "data feed").and_then(|()| data_feed(unit, payload)),
        "profile" => {
            if unit.authors().len() != 1 {
                return Err(Invalid::unit("profile must be single-authored"));
            }
            once(seen, "profile")?;
            data(app, payload)
        }
        "data" => data(app, payload),
        "temp_data" => temp_data(unit, payload, rules),
        "definition_template" => {
            once(seen, "definition template")?;
            match payload.as_array() {
                Some(array) if array.len() == 2 => Ok(()),
                _ => Err(Invalid::unit("definition_template payload must be array of two elements")),
            }
        }
        "attestation" => attestation(unit, payload),
        "asset" => {
            once(seen, "asset definition")?;
            object(payload, "asset definition must be a non-empty object").map(drop)
        }
        "asset_attestors" => {
            if is_hash_length(payload.get("asset")) {
                Ok(())
            } else {
                Err(Invalid::unit("invalid asset in attestor list update"))
            }
        }
        _ => Err(Invalid::unit(format!("unknown app: {app}"))),
    }
}

fn object<'a>(payload: &'a Value, otherwise: &str) -> Result<&'a Object, Invalid> {
    nonempty_object(Some(payload)).ok_or_else(|| Invalid::unit(otherwise))
}

const NO_OBJECT: &str = "payload must be a non empty object";

fn known_only(payload: &Object, known: &[&str], app: &str) -> Checked {
    if has_only(payload, known) { Ok(()) } else { Err(Invalid::unit(format!("unknown fields in {app}"))) }
}

fn definition_change(unit: Fields<'_>, payload: &Value, seen: &mut Seen) -> Checked {
    let payload = object(payload, NO_OBJECT)?;
    known_only(payload, &["definition_chash", "address"], "address_definition_change")?;
    let address = match (unit.single_author(), payload.get("address")) {
        (Some(author), None) => author.to_owned(),
        (Some(_), Some(_)) => return Err(Invalid::unit("when single-authored, must not indicate address")),
        (None, address) => {
            if !is_address(address) {
                return Err(Invalid::unit("when multi-authored, must indicate address"));
            }
            let address = address.and_then(Value::as_str).unwrap_or_default();
            if !unit.is_author(address) {
                return Err(Invalid::unit("foreign address"));
            }
            address.to_owned()
        }
    };
    if !seen.apps.insert(format!("address_definition_change {address}")) {
        return Err(Invalid::unit("can be only one definition change per address"));
    }
    if is_address(payload.get("definition_chash")) {
        Ok(())
    } else {
        Err(Invalid::unit("bad new definition_chash"))
    }
}

fn definition(payload: &Value) -> Checked {
    let payload = object(payload, NO_OBJECT)?;
    if !has_only(payload, &["address", "definition"]) {
        return Err(Invalid::unit("unknown fields in app definition"));
    }
    let definition = payload.get("definition").ok_or_else(|| Invalid::unit("bad definition"))?;
    let address = chash(definition).map_err(|_| Invalid::unit("bad definition"))?;
    if payload.get("address").and_then(Value::as_str) == Some(address.as_str()) {
        Ok(())
    } else {
        Err(Invalid::unit("definition doesn't match the chash"))
    }
}

fn poll(payload: &Value) -> Checked {
    let payload = object(payload, "poll payload must be a non empty object")?;
    known_only(payload, &["question", "choices"], "poll")?;
    let question = payload.get("question").and_then(Value::as_str);
    let question = question.ok_or_else(|| Invalid::unit("no question in poll"))?;
    if question != question.trim() {
        return Err(Invalid::unit("question must be trimmed"));
    }
    let choices =
        nonempty_array(payload.get("choices")).ok_or_else(|| Invalid::unit("no choices in poll"))?;
    if choices.len() > MAX_CHOICES {
        return Err(Invalid::unit("too many choices in poll"));
    }
    let mut seen = std::collections::BTreeSet::new();
    for choice in choices {
        let choice = choice.as_str().ok_or_else(|| Invalid::unit("all choices must be strings"))?;
        if choice.trim().is_empty() {
            return Err(Invalid::unit("all choices must be longer than 0 chars"));
        }
        if text_length(choice) > MAX_CHOICE {
            return Err(Invalid::unit(format!("all choices must be {MAX_CHOICE} chars or less")));
        }
        if !seen.insert(choice) {
            return Err(Invalid::unit("all choices must be different"));
        }
    }
    Ok(())
}

fn vote(payload: &Value) -> Checked {
    let payload = object(payload, NO_OBJECT)?;
    if !is_hash_length(payload.get("unit")) {
        return Err(Invalid::unit("invalid unit in vote"));
    }
    if !payload.get("choice").is_some_and(Value::is_string) {
        return Err(Invalid::unit("choice must be string"));
    }
    known_only(payload, &["unit", "choice"], "vote")
}

fn system_vote(payload: &Value, rules: &Rules) -> Checked {
    let payload = object(payload, NO_OBJECT)?;
    known_only(payload, &["subject", "value"], "system_vote")?;
    let subject = payload.get("subject").and_then(Value::as_str);
    let subject = subject.ok_or_else(|| Invalid::unit("subject must be string"))?;
    let value = payload.get("value").ok_or_else(|| Invalid::unit("no value in system_vote"))?;
    match subject {
        "op_list" => order_providers(value, rules),
        "threshold_size" => match integer(value).filter(|&size| size > 0) {
            None => Err(Invalid::unit("threshold_size must be a positive integer")),
            Some(1000..) => Ok(()),
            Some(_) => Err(Invalid::unit("threshold_size must be at least 1000")),
        },
        "base_tps_fee" | "tps_interval" | "tps_fee_multiplier" => figure(subject, value),
        _ => Err(Invalid::unit(format!("unknown subject: {subject}"))),
    }
}

fn order_providers(value: &Value, rules: &Rules) -> Checked {
    let count = rules.network.order_provider_count();
    let list = value.as_array().filter(|list| list.len() == count);
    let list = list.ok_or_else(|| Invalid::unit(format!("OP list must be an array of {count}")))?;
    if !list.iter().all(|address| is_address(Some(address))) {
        return Err(Invalid::unit("all OPs must be valid addresses"));
    }
    let addresses: Vec<_> = list.iter().filter_map(Value::as_str).collect();
    if addresses.windows(2).all(|pair| pair[0] < pair[1]) {
        Ok(())
    } else {
        Err(Invalid::unit("OP list must be sorted and unique"))
    }
}

/// The figures of the TPS fee are the one thing that the network counts in fractions.
fn figure(subject: &str, value: &Value) -> Checked {
    let figure = value.as_f64().filter(|figure| figure.is_finite() && *figure > 0.0);
    let figure = figure.ok_or_else(|| Invalid::unit(format!("{subject} must be a positive number")))?;
    match subject {
        "tps_interval" if figure < 0.1 => Err(Invalid::unit("tps_interval must be at least 0.1")),
        "base_tps_fee" if figure > 1e8 => Err(Invalid::unit("base_tps_fee must be at most 1e8")),
        "tps_fee_multiplier" if !(1.0..=1000.0).contains(&figure) => {
            Err(Invalid::unit("tps_fee_multiplier must be between 1 and 1000"))
        }
        _ => Ok(()),
    }
}

fn data_feed(unit: Fields<'_>, payload: &Value) -> Checked {
    let payload = object(payload, "data feed payload must be non-empty object")?;
    if payload.len() * unit.authors().len() > MAX_FEEDS {
        return Err(Invalid::unit("too many data feeds in message"));
    }
    for (name, value) in payload {
        if text_length(name) > MAX_FEED_TEXT {
            return Err(Invalid::unit(format!("feed name {name} too long")));
        }
        if name.contains('\n') {
            return Err(Invalid::unit(format!("feed name {name} contains \\n")));
        }
        match value {
            Value::String(text) if text_length(text) > MAX_FEED_TEXT => {
                return Err(Invalid::unit(format!("data feed value too long: {text}")));
            }
            Value::String(text) if text.contains('\n') => {
                return Err(Invalid::unit(format!("value {text} of feed name {name} contains \\n")));
            }
            Value::String(_) => {}
            Value::Number(number) if number.as_f64().is_some_and(|number| number.fract() == 0.0) => {}
            Value::Number(_) => {
                return Err(Invalid::unit("fractional numbers not allowed in data feeds"));
            }
            _ => return Err(Invalid::unit(format!("data feed {name} must be string or number"))),
        }
    }
    Ok(())
}

fn data(app: &str, payload: &Value) -> Checked {
    if payload.is_object() || payload.is_array() {
        Ok(())
    } else {
        Err(Invalid::unit(format!("{app} payload must be object")))
    }
}

fn temp_data(unit: Fields<'_>, payload: &Value, rules: &Rules) -> Checked {
    let fields = match payload {
        Value::Object(fields) => fields,
        Value::Array(_) => return Err(Invalid::unit("temp_data payload must not be an array")),
        _ => return Err(Invalid::unit("temp_data payload must be an object")),
    };
    known_only(fields, &["data_length", "data_hash", "data"], "temp_data")?;
    if !is_positive_integer(fields.get("data_length")) {
        return Err(Invalid::unit("bad data_length"));
    }
    let hash = fields.get("data_hash").and_then(Value::as_str).filter(|hash| super::js::is_base64(hash));
    let hash = hash.ok_or_else(|| Invalid::unit("bad data_hash"))?;
    let Some(data) = fields.get("data") else {
        let age = rules.now.map(|now| now.saturating_sub(unit.timestamp()));
        return match age {
            Some(age) if age < TEMP_DATA_LIFE => Err(Invalid::transient("data not found in temp_data")),
            _ => Ok(()),
        };
    };
    if data.is_null() {
        return Err(Invalid::joint("null data"));
    }
    let expected = fields.get("data_length").and_then(integer).unwrap_or_default();
    let found = length(data, true);
    if found != expected {
        return Err(Invalid::joint(format!("data_length mismatch, expected {expected}, got {found}")));
    }
    let source = json_source_string(data)
        .map_err(|error| Invalid::joint(format!("invalid temp data: Error: {error}")))?;
    let found = sha256_base64(&source);
    if found != hash {
        return Err(Invalid::joint(format!("data_hash mismatch, expected {hash}, got {found}")));
    }
    Ok(())
}

fn attestation(unit: Fields<'_>, payload: &Value) -> Checked {
    if unit.authors().len() != 1 {
        return Err(Invalid::unit("attestation must be single-authored"));
    }
    let payload = object(payload, NO_OBJECT)?;
    known_only(payload, &["address", "profile"], "attestation")?;
    if !is_address(payload.get("address")) {
        return Err(Invalid::unit("attesting an invalid address"));
    }
    if nonempty_object(payload.get("profile")).is_none() {
        return Err(Invalid::unit("attested profile must be non empty object"));
    }
    Ok(())
}
