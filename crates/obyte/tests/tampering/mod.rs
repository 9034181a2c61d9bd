//! One change at a time to a history, and what may go unnoticed.

use std::collections::BTreeMap;

use obyte::history::{HistoryError, State, VerifiedHistory};
use serde_json::{Value, json};

/// A change at a path.
#[allow(dead_code, reason = "not every test that tampers takes its changes from a list")]
pub(crate) type Change = fn(&mut Value, &str);

/// The paths of all texts, numbers and truths.
pub(crate) fn leaves(value: &Value) -> Vec<String> {
    let mut paths = Vec::new();
    collect(value, String::new(), &mut |path, value| {
        if !value.is_array() && !value.is_object() {
            paths.push(path);
        }
    });
    paths
}

/// The paths of all lists and objects, but for the whole.
#[allow(dead_code, reason = "not every test that tampers takes whole branches away")]
pub(crate) fn branches(value: &Value) -> Vec<String> {
    let mut paths = Vec::new();
    collect(value, String::new(), &mut |path, value| {
        if !path.is_empty() && (value.is_array() || value.is_object()) {
            paths.push(path);
        }
    });
    paths
}

fn collect(value: &Value, path: String, found: &mut impl FnMut(String, &Value)) {
    found(path.clone(), value);
    match value {
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                collect(element, format!("{path}/{index}"), found);
            }
        }
        Value::Object(fields) => {
            for (key, field) in fields {
                collect(field, format!("{path}/{key}"), found);
            }
        }
        _ => {}
    }
}

/// Another value of the same kind.
pub(crate) fn changed(answer: &mut Value, path: &str) {
    let value = answer.pointer_mut(path).expect("it was found there");
    *value = match value {
        Value::String(text) => {
            let first = if text.starts_with('A') { "B" } else { "A" };
            json!(format!("{first}{}", text.chars().skip(1).collect::<String>()))
        }
        Value::Number(number) => match number.as_u64() {
            Some(number) => json!(number + 1),
            None => json!(7),
        },
        Value::Bool(flag) => json!(!*flag),
        _ => json!(1),
    };
}

/// Nothing in its place.
pub(crate) fn removed(answer: &mut Value, path: &str) {
    let (parent, last) = path.rsplit_once('/').expect("paths begin with a slash");
    match answer.pointer_mut(parent).expect("it was found there") {
        Value::Array(elements) => drop(elements.remove(last.parse().expect("an index"))),
        Value::Object(fields) => drop(fields.remove(last)),
        _ => unreachable!("only these have parts"),
    }
}

/// The same once more, at the end of its list.
#[allow(dead_code, reason = "not every test that tampers repeats")]
pub(crate) fn repeated(answer: &mut Value, path: &str) {
    let (list, place) = path.rsplit_once('/').expect("paths begin with a slash");
    if let Some(Value::Array(elements)) = answer.pointer_mut(list) {
        elements.push(elements[place.parse::<usize>().expect("an index")].clone());
    }
}

/// How many are tried of those that differ only in where in a list they stand: three; with
/// `BYTESBACK_LONG_TESTS=1` fifty.
#[allow(dead_code, reason = "used by the next")]
fn of_each_kind() -> usize {
    if std::env::var_os("BYTESBACK_LONG_TESTS").is_some_and(|long| long == "1") { 50 } else { 3 }
}

/// The first, the last and some between them of those that differ only in where in a list they stand.
#[allow(dead_code, reason = "not every test that tampers has more than it can try")]
pub(crate) fn some_of_each_kind(paths: Vec<String>) -> Vec<String> {
    let mut kinds: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in paths {
        let is_name = |part: &&str| part.parse::<usize>().is_err();
        let kind = path.split('/').map(|part| if is_name(&part) { part } else { "*" });
        kinds.entry(kind.collect::<Vec<_>>().join("/")).or_default().push(path);
    }
    let chosen = kinds.into_values().flat_map(|mut paths| {
        let (last, count) = (paths.len() - 1, of_each_kind());
        let mut places: Vec<_> = (0..count).map(|number| number * last / (count - 1)).collect();
        places.dedup();
        places.into_iter().map(|place| std::mem::take(&mut paths[place])).collect::<Vec<_>>()
    });
    chosen.collect()
}

/// The answer is refused, or what is left of it is true, with nothing proven that was not proven before;
/// and only what `may_pass` goes unnoticed.
pub(crate) fn check(
    path: &str,
    honest: &VerifiedHistory,
    tampered: Result<VerifiedHistory, HistoryError>,
    may_pass: bool,
) {
    let Ok(history) = tampered else { return };
    assert!(may_pass, "{path}: the change was not noticed");
    for proven in &history.units {
        let known = honest.units.iter().find(|known| known.unit.hash() == proven.unit.hash());
        let known = known.unwrap_or_else(|| panic!("{path}: another unit was believed"));
        let is_same = proven.state == known.state;
        assert!(is_same || proven.state == State::Unstable, "{path}: another state was believed");
        let (unit, original) = (&proven.unit, &known.unit);
        assert!(unit.messages() == original.messages(), "{path}: other messages were believed");
        assert!(unit.authors() == original.authors(), "{path}: other authors were believed");
        assert!(unit.timestamp() == original.timestamp(), "{path}: another time was believed");
    }
    let newest = history.newest_order_provider_timestamp;
    assert!(newest <= honest.newest_order_provider_timestamp, "{path}: a later time was believed");
}

/// What no hash covers and no verdict depends on: hints, oversize fees, what the proof units cost, and the
/// payloads of those whose messages are not looked at.
pub(crate) fn is_covered_by_nothing(path: &str) -> bool {
    let ends = |names: &[&str]| names.iter().any(|name| path.ends_with(name));
    let is_hint = ends(&["/main_chain_index", "/actual_tps_fee"]);
    let is_cost = ends(&["/headers_commission", "/payload_commission", "/oversize_fee"]);
    match path.split('/').nth(1) {
        Some("joints") => {
            is_hint
                || path.ends_with("/oversize_fee")
                || path.ends_with("/ball")
                || path.contains("/skiplist_units/")
        }
        // Stable units stand here with their skiplist, but without the ball that would cover it.
        Some("unstable_mc_joints") => {
            is_hint || is_cost || path.contains("/payload") || path.contains("/skiplist_units/")
        }
        Some("witness_change_and_definition_joints") => {
            is_hint || is_cost || path.ends_with("/ball") || path.contains("/skiplist_units/")
        }
        _ => false,
    }
}
