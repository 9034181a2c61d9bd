//! `history.json`, tampered with by ourselves: one thing at a time, everywhere in every answer.
//!
//! Of many alike, such as the hashes of balls, three are tried; with `BYTESBACK_LONG_TESTS=1` fifty.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::history::{check, each};
use crate::one_change::{self, branches, changed, is_covered_by_nothing, leaves, removed};

/// A change at a path.
type Change = fn(&mut Value, &str);

/// How many are tried of those that differ only in where in a list they stand.
fn of_each_kind() -> usize {
    if std::env::var_os("BYTESBACK_LONG_TESTS").is_some_and(|long| long == "1") { 50 } else { 3 }
}

/// The first, the last and some between them of those that differ only in where in a list they stand.
fn some_of_each_kind(paths: Vec<String>) -> Vec<String> {
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

/// Tries the change at each of the paths that `find` finds in each answer; gives how many these were.
fn tampered(find: fn(&Value) -> Vec<String>, change: Change, may_pass: fn(&str) -> bool) -> usize {
    let mut tried = 0;
    each("items", |vectors, item, name| {
        let honest = check(vectors, item).expect("honest");
        for path in some_of_each_kind(find(&item["response"])) {
            let mut lie = item.clone();
            change(&mut lie["response"], &path);
            one_change::check(&format!("{name}: {path}"), &honest, check(vectors, &lie), may_pass(&path));
            tried += 1;
        }
    });
    tried
}

#[test]
fn no_changed_value_is_believed() {
    assert!(tampered(leaves, changed, is_covered_by_nothing) > 300);
}

#[test]
fn no_missing_value_is_believed() {
    assert!(tampered(leaves, removed, is_covered_by_nothing) > 300);
}

/// What a hub leaves out stays unknown or unstable; nothing else is proven by its absence.
#[test]
fn what_is_left_out_proves_nothing() {
    assert!(tampered(branches, removed, |_| true) > 100);
}

#[test]
fn what_comes_twice_proves_nothing_more() {
    let twice: Change = |answer, path| {
        let (list, place) = path.rsplit_once('/').expect("paths begin with a slash");
        if let Some(Value::Array(elements)) = answer.pointer_mut(list) {
            elements.push(elements[place.parse::<usize>().expect("an index")].clone());
        }
    };
    assert!(tampered(branches, twice, |_| true) > 100);
}
