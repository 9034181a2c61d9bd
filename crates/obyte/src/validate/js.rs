//! The questions that JavaScript asks about values.

use serde_json::{Map, Value};

use crate::canonical::text_length;
use crate::unit::integer;

pub(super) fn is_text_of(value: Option<&Value>, characters: u64) -> bool {
    value.and_then(Value::as_str).is_some_and(|text| text_length(text) == characters)
}

/// Length of every hash.
pub(super) fn is_hash_length(value: Option<&Value>) -> bool {
    is_text_of(value, 44)
}

pub(super) fn is_positive_integer(value: Option<&Value>) -> bool {
    value.and_then(integer).is_some_and(|integer| integer > 0)
}

pub(super) fn is_nonnegative_integer(value: Option<&Value>) -> bool {
    value.and_then(integer).is_some()
}

pub(super) fn nonempty_array(value: Option<&Value>) -> Option<&Vec<Value>> {
    value.and_then(Value::as_array).filter(|array| !array.is_empty())
}

pub(super) fn nonempty_object(value: Option<&Value>) -> Option<&Map<String, Value>> {
    value.and_then(Value::as_object).filter(|object| !object.is_empty())
}

pub(super) fn has_only(object: &Map<String, Value>, known: &[&str]) -> bool {
    object.keys().all(|key| known.contains(&key.as_str()))
}

pub(super) fn is_address(value: Option<&Value>) -> bool {
    value.and_then(Value::as_str).is_some_and(|text| text.parse::<crate::Address>().is_ok())
}

/// Base64 in its one form; 44 characters of it are 32 bytes.
pub(super) fn is_base64(text: &str) -> bool {
    crate::base64::decode(text).is_some()
}

/// What `JSON.stringify` prints, and `undefined` for what is absent.
pub(super) fn print(value: Option<&Value>) -> String {
    value.map_or_else(|| "undefined".to_owned(), Value::to_string)
}
