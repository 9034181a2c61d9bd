//! The hashes of a unit (4.9), computed from its JSON object.
//!
//! These work on any object, so that a validator can hash what it has not yet judged. What is
//! missing where a hash needs it counts as `null`, which no hash covers.

use serde_json::{Map, Value, json};

use super::Format;
use crate::canonical::{CanonicalError, json_source_string, source_string};
use crate::hash::{sha256, sha256_base64};
use crate::{PayloadHash, UnitHash};

/// What no hash covers; payloads are covered through their payload hashes.
const UNHASHED: [&str; 6] = [
    "unit",
    "headers_commission",
    "payload_commission",
    "oversize_fee",
    "actual_tps_fee",
    "main_chain_index",
];

type Object = Map<String, Value>;

/// The unit hash.
pub fn unit_hash(unit: &Object) -> Result<UnitHash, CanonicalError> {
    let hashed = if is_stripped(unit) { naked(unit, true) } else { stripped(unit)? };
    source(unit, &hashed).map(|source| UnitHash::of(&source))
}

/// The hash of the unit with its signatures, but without payloads.
pub fn content_hash(unit: &Object) -> Result<String, CanonicalError> {
    source(unit, &naked(unit, true)).map(|source| sha256_base64(&source))
}

/// What the authors sign.
pub fn hash_to_sign(unit: &Object) -> Result<[u8; 32], CanonicalError> {
    source(unit, &naked(unit, false)).map(|source| sha256(source.as_bytes()))
}

/// The hash of a message's payload; `app` because the data of `temp_data` has a hash of its own.
pub fn payload_hash(format: Format, app: &str, payload: &Value) -> Result<PayloadHash, CanonicalError> {
    let source = |payload: &Value| match format.hashes_json() {
        true => json_source_string(payload),
        false => source_string(payload),
    };
    let hashed = match payload {
        Value::Object(fields) if app == "temp_data" && fields.contains_key("data") => {
            source(&Value::Object(without(fields, &["data"])))?
        }
        other => source(other)?,
    };
    Ok(PayloadHash::of(&hashed))
}

/// Whether the unit has lost its messages.
fn is_stripped(unit: &Object) -> bool {
    unit.get("content_hash").and_then(Value::as_str).is_some_and(|hash| !hash.is_empty())
}

/// Units of format 1.0 differ in everything that is hashed; any other text counts as newer.
pub(crate) fn format_of(unit: &Object) -> Format {
    let version = unit.get("version").and_then(Value::as_str).unwrap_or_default();
    Format::of_version(version).map_or(Format::V4, |(format, _)| format)
}

fn source(unit: &Object, hashed: &Value) -> Result<String, CanonicalError> {
    if format_of(unit).hashes_json() { json_source_string(hashed) } else { source_string(hashed) }
}

fn naked(unit: &Object, with_authentifiers: bool) -> Value {
    let mut naked = Object::new();
    for (key, value) in unit {
        let value = match key.as_str() {
            key if UNHASHED.contains(&key) => continue,
            "timestamp" if format_of(unit) == Format::V1 => continue,
            "messages" => each(value, &["payload", "payload_uri"]),
            "authors" if !with_authentifiers => each(value, &["authentifiers"]),
            _ => value.clone(),
        };
        naked.insert(key.clone(), value);
    }
    Value::Object(naked)
}

fn stripped(unit: &Object) -> Result<Value, CanonicalError> {
    let field = |name: &str| unit.get(name).cloned().unwrap_or(Value::Null);
    let authors: Vec<_> = match unit.get("authors") {
        Some(Value::Array(authors)) => {
            authors.iter().map(|author| json!({"address": author.get("address")})).collect()
        }
        _ => return Err(CanonicalError::Null),
    };
    let mut stripped = Object::new();
    stripped.insert("content_hash".into(), content_hash(unit)?.into());
    stripped.insert("version".into(), field("version"));
    stripped.insert("alt".into(), field("alt"));
    stripped.insert("authors".into(), authors.into());
    if let Some(key) = ["witness_list_unit", "witnesses"].into_iter().find(|key| unit.contains_key(*key)) {
        stripped.insert(key.into(), field(key));
    }
    if unit.contains_key("parent_units") {
        for key in ["parent_units", "last_ball", "last_ball_unit"] {
            stripped.insert(key.into(), field(key));
        }
    }
    if format_of(unit) != Format::V1 {
        stripped.insert("timestamp".into(), field("timestamp"));
    }
    Ok(Value::Object(stripped))
}

fn each(list: &Value, dropped: &[&str]) -> Value {
    match list {
        Value::Array(elements) => elements
            .iter()
            .map(|element| match element {
                Value::Object(fields) => Value::Object(without(fields, dropped)),
                other => other.clone(),
            })
            .collect(),
        other => other.clone(),
    }
}

fn without(fields: &Object, dropped: &[&str]) -> Object {
    let kept = fields.iter().filter(|(key, _)| !dropped.contains(&key.as_str()));
    kept.map(|(key, value)| (key.clone(), value.clone())).collect()
}
