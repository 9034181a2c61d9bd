//! `history.json`, tampered with by ourselves: one thing at a time, everywhere in every answer.
//!
//! Of many alike, such as the hashes of balls, some are tried.

use serde_json::Value;

use crate::history::{check, each};
use crate::one_change::some_of_each_kind;
use crate::one_change::{self, Change, branches, changed, is_covered_by_nothing, leaves, removed, repeated};

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
    assert!(tampered(branches, repeated, |_| true) > 100);
}
