//! The kind of an answer: what stays the same when the same is said on another network.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// Fields that depend on how far the network got by then, and on whether others paid before.
const PASSING: [&str; 4] = ["skiplist_units", "skiplist_balls", "proofchain_balls", "definition"];
/// Numbers that are not there yet at first.
const LATER: [&str; 2] = ["main_chain_index", "actual_tps_fee"];

/// Field names, and types for values that are not texts with a meaning.
pub(super) fn of(value: &Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(of_fields(fields)),
        Value::Array(elements) => {
            let kinds: BTreeSet<String> = elements.iter().map(|element| of(element).to_string()).collect();
            json!(kinds)
        }
        Value::String(text) => json!(of_text(text)),
        Value::Number(_) => json!("a number"),
        other => other.clone(),
    }
}

fn of_fields(fields: &Map<String, Value>) -> Map<String, Value> {
    let lasting = fields.iter().filter(|(name, _)| !PASSING.contains(&name.as_str()));
    let kinds = lasting.map(|(name, value)| {
        let kind = if LATER.contains(&name.as_str()) { json!("a number, later") } else { of(value) };
        (name.clone(), kind)
    });
    kinds.collect()
}

/// Texts of people stay; hashes, keys, addresses and random texts are known by their length.
fn of_text(text: &str) -> String {
    let is_code = text.len() >= 32 && !text.contains(' ');
    if is_code { format!("{} characters", text.len()) } else { text.to_owned() }
}

#[test]
fn kinds_tell_texts_and_fields_apart_but_not_hashes() {
    let unit = |hash: &str, text: &str| json!({"unit": hash.repeat(44), "error": text, "mci": 5});
    assert_eq!(of(&unit("a", "known")), of(&unit("b", "known")));
    assert_ne!(of(&unit("a", "known")), of(&unit("a", "known bad")));
    assert_ne!(of(&json!({"a": 1})), of(&json!({"a": 1, "b": 2})));
    assert_ne!(of(&json!({"a": 1})), of(&json!({"a": "1"})));
}
