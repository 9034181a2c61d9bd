//! Reading of fields from JSON as JavaScript sees them.

use std::str::FromStr;

use serde_json::{Map, Value};

use super::parse::UnitFormError;
use crate::Bytes;

/// A non-negative whole number, however it is written: `1e3` is one as well.
pub(crate) fn integer(value: &Value) -> Option<u64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let number = value.as_number()?;
    if let Some(integer) = number.as_u64() {
        return Some(integer);
    }
    let double = number.as_f64()?;
    let whole = (0.0..=EXACT).contains(&double) && double.fract() == 0.0;
    // The range check makes the conversion exact.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    whole.then_some(double as u64)
}

pub(super) fn amount(value: &Value) -> Option<Bytes> {
    integer(value).and_then(|bytes| Bytes::new(bytes).ok())
}

pub(super) fn positive_amount(value: &Value) -> Option<Bytes> {
    amount(value).filter(|amount| !amount.is_zero())
}

pub(super) fn index(value: &Value) -> Option<u32> {
    integer(value).and_then(|index| u32::try_from(index).ok())
}

pub(super) fn parsed<T: FromStr>(value: &Value) -> Option<T> {
    value.as_str()?.parse().ok()
}

/// A field that must be there.
pub(super) fn required<T>(
    object: &Map<String, Value>,
    name: &'static str,
    read: impl FnOnce(&Value) -> Option<T>,
) -> Result<T, UnitFormError> {
    object.get(name).and_then(read).ok_or(UnitFormError::Field(name))
}

/// A field that may be absent, but not malformed.
pub(super) fn optional<T>(
    object: &Map<String, Value>,
    name: &'static str,
    read: impl FnOnce(&Value) -> Option<T>,
) -> Result<Option<T>, UnitFormError> {
    object.get(name).map(|value| read(value).ok_or(UnitFormError::Field(name))).transpose()
}

/// A non-empty list, each of whose elements must read.
pub(super) fn list<T>(
    value: &Value,
    name: &'static str,
    read: impl FnMut(&Value) -> Result<T, UnitFormError>,
) -> Result<Vec<T>, UnitFormError> {
    match value.as_array() {
        Some(elements) if !elements.is_empty() => elements.iter().map(read).collect(),
        _ => Err(UnitFormError::Field(name)),
    }
}

pub(super) fn object<'a>(
    value: &'a Value,
    name: &'static str,
) -> Result<&'a Map<String, Value>, UnitFormError> {
    value.as_object().filter(|object| !object.is_empty()).ok_or(UnitFormError::Field(name))
}

/// Refuses fields that nobody knows.
pub(super) fn only(
    object: &Map<String, Value>,
    known: &[&str],
    name: &'static str,
) -> Result<(), UnitFormError> {
    if object.keys().all(|key| known.contains(&key.as_str())) {
        Ok(())
    } else {
        Err(UnitFormError::UnknownField(name))
    }
}
