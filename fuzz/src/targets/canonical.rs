//! The canonical strings of any value.

use obyte::canonical::{
    json_source_string, json_source_string_allow_empty, length, source_string, text_length,
};
use serde_json::Value;

use super::{check_error, json};

/// A value, and the strings over which hashes are made.
pub(super) fn canonical(data: &[u8]) {
    let Some(value) = json(data) else { return };
    match json_source_string(&value) {
        Ok(text) => {
            let again: Value = serde_json::from_str(&text).expect("a canonical string is JSON");
            assert_eq!(json_source_string(&again).as_deref(), Ok(&*text), "canonical twice");
            assert_eq!(json_source_string_allow_empty(&value).as_deref(), Ok(&*text), "nothing empty in it");
            assert_eq!(length(&again, true), length(&value, true), "the size of the same value");
        }
        Err(error) => check_error(error),
    }
    if let Err(error) = source_string(&value) {
        check_error(error);
    }
    assert!(length(&value, false) <= length(&value, true), "keys make nothing smaller");
    // A number counts for eight bytes, and may be written as one.
    let most = 8 * text_length(&value.to_string());
    assert!(length(&value, true) <= most, "a size beyond the value");
}
