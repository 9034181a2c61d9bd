//! The sizes that a unit pays for (4.5): one byte of commission for each byte of size.
//!
//! Sizes are computed from the JSON object, since they count fields of every application. A unit
//! that is not signed yet has the same size when each signature is a placeholder of the same length.

use serde_json::{Map, Value};

use crate::canonical::length;
use crate::unit::{Unit, hashes::format_of, integer};

/// What any number of parents counts for.
const PARENTS_SIZE: u64 = 2 * 44;
/// The name of the field of parents, where names count.
const PARENTS_KEY_SIZE: u64 = "parent_units".len() as u64;
/// The name of the field whose value temporary data leaves out of the size.
const DATA_KEY_SIZE: u64 = "data".len() as u64;
/// The most that headers and payload may measure together (1.1).
pub const MAX_UNIT_SIZE: u64 = 5_000_000;

type Object = Map<String, Value>;

/// The headers commission of the unit with these fields.
pub fn headers_size(unit: &Object) -> u64 {
    let format = format_of(unit);
    let with_keys = format.counts_keys();
    let counted = unit.iter().filter(|(key, _)| match key.as_str() {
        "unit" | "headers_commission" | "payload_commission" | "oversize_fee" | "actual_tps_fee"
        | "main_chain_index" | "messages" | "parent_units" => false,
        "timestamp" => format.hashes_json(),
        _ => true,
    });
    let fields: u64 = counted
        .map(|(key, value)| length(value, with_keys) + if with_keys { key.len() as u64 } else { 0 })
        .sum();
    fields + PARENTS_SIZE + if with_keys { PARENTS_KEY_SIZE } else { 0 }
}

/// The payload commission of the unit with these fields.
pub fn payload_size(unit: &Object) -> u64 {
    let with_keys = format_of(unit).counts_keys();
    let messages = unit.get("messages").unwrap_or(&Value::Null);
    let unpaid: u64 = each_temp_data(unit)
        .filter_map(|payload| payload.get("data").filter(|data| is_truthy(data)))
        .map(|data| length(data, with_keys) + if with_keys { DATA_KEY_SIZE } else { 0 })
        .sum();
    let key = if with_keys { "messages".len() as u64 } else { 0 };
    key + length(messages, with_keys) - unpaid + temp_data_fee(unit)
}

/// What the temporary data of a unit costs: half a byte for each byte. It is part of the payload
/// commission, but not of the size that pays the oversize fee (4.6).
pub fn temp_data_fee(unit: &Object) -> u64 {
    let lengths = each_temp_data(unit).filter_map(|payload| payload.get("data_length").and_then(integer));
    lengths.fold(0, |sum: u64, length| sum.saturating_add(length.saturating_add(DATA_KEY_SIZE))).div_ceil(2)
}

/// The payloads of temporary data that say how long their data is; others count like any payload.
fn each_temp_data(unit: &Object) -> impl Iterator<Item = &Object> {
    let messages = unit.get("messages").and_then(Value::as_array).into_iter().flatten();
    messages
        .filter(|message| message.get("app").and_then(Value::as_str) == Some("temp_data"))
        .filter_map(|message| message.get("payload").and_then(Value::as_object))
        .filter(|payload| payload.get("data_length").is_some_and(Value::is_number))
}

/// Empty and zero values stay in the size: the reference drops only what JavaScript calls true.
fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(_) | Value::Object(_) => true,
    }
}

/// The size that pays the oversize fee: both commissions without temporary data.
pub fn size_for_oversize(unit: &Unit) -> u64 {
    (unit.headers_commission().get() + unit.payload_commission().get())
        .saturating_sub(temp_data_fee(unit.fields()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::unit::hashes;
    use serde_json::json;

    fn unit(version: &str, data: Option<Value>) -> Object {
        let mut payload = json!({"data_length": 21, "data_hash": "x".repeat(44)});
        if let Some(data) = data {
            payload["data"] = data;
        }
        let message = |app: &str, payload: Value| {
            json!({
                "app": app, "payload_location": "inline", "payload_hash": "h".repeat(44), "payload": payload,
            })
        };
        let unit = json!({
            "version": version,
            "alt": "3",
            "timestamp": 1,
            "authors": [{"address": "A".repeat(32), "authentifiers": {"r": "-".repeat(88)}}],
            "parent_units": ["a".repeat(44)],
            "last_ball": "b".repeat(44),
            "last_ball_unit": "c".repeat(44),
            "messages": [message("temp_data", payload), message("text", json!("hi"))],
        });
        unit.as_object().expect("an object").clone()
    }

    /// The figures are those of the reference implementation for these very units.
    #[test]
    fn sizes_and_hashes_of_every_version_are_those_of_the_reference() {
        let known = [
            ("1.0dev", 303, 180, "HVXF1rkGpUbyDQtwfzjR2KRU5lesmJCPLdvpxiOL2B8="),
            ("2.0dev", 311, 180, "fELpDTnesO5RWzRv3/bGxQKeK8Qxf696bn//2doEgPo="),
            ("3.0dev", 393, 284, "1yArB0xW2J0jEWqvgiCrbQZFW3be63sW6IOsBs4mY7Q="),
            ("4.0dev", 393, 284, "nG/qTwwC6lJnetk1dHcVJzrwfx6YHX+FhiOi7kzB6Cw="),
        ];
        for (version, headers, payload, hash) in known {
            let unit = unit(version, None);
            assert_eq!(headers_size(&unit), headers, "{version}");
            assert_eq!(payload_size(&unit), payload, "{version}");
            assert_eq!(hashes::unit_hash(&unit).expect("canonical").as_str(), hash, "{version}");
        }
    }

    #[test]
    fn temporary_data_costs_half_whether_it_is_still_there_or_not() {
        for data in [None, Some(json!({"a": "é😀", "b": [1, true]})), Some(json!("text"))] {
            assert_eq!(payload_size(&unit("4.0dev", data.clone())), 284);
            assert_eq!(payload_size(&unit("2.0dev", data)), 180);
        }
        assert_eq!(temp_data_fee(&unit("4.0dev", None)), 13);
    }

    /// So the reference counts: it only takes out what JavaScript calls true.
    #[test]
    fn empty_temporary_data_stays_in_the_size() {
        assert_eq!(payload_size(&unit("4.0dev", Some(json!("")))), 288);
        assert_eq!(payload_size(&unit("4.0dev", Some(json!(0)))), 296);
        assert_eq!(payload_size(&unit("1.0dev", Some(json!(0)))), 188);
    }
}
