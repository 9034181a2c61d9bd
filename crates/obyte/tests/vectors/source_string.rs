use std::collections::BTreeMap;

use obyte::canonical::{json_source_string, json_source_string_allow_empty, source_string};
use obyte::hash::sha256_base64;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::javascript::{self, Literal};
use crate::read;

const FILE: &str = "source_string.json";

/// The fields stay raw, since some expected strings hold lone surrogates, which no Rust string can.
type Item<'a> = BTreeMap<String, &'a RawValue>;

#[derive(Deserialize)]
struct Vectors<'a> {
    #[serde(borrow)]
    items: Vec<Item<'a>>,
}

/// What became of one vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// Both canonical strings, or their absence, are as in the reference.
    Compared,
    /// The reference refuses the value, and our model cannot even hold it.
    RefusedByBoth(&'static str),
    /// The reference makes a string of it, and our model cannot hold the value.
    RefusedByUs(&'static str),
    /// An expression that the little reader of JavaScript does not read.
    Skipped,
}

fn text(item: &Item, field: &str) -> Option<String> {
    let raw = item.get(field)?.get();
    Some(serde_json::from_str(raw).unwrap_or_else(|error| panic!("{field} is {raw}: {error}")))
}

fn input(item: &Item) -> Option<Literal> {
    if let Some(expression) = item.get("input_js") {
        return match serde_json::from_str::<String>(expression.get()) {
            Ok(expression) => javascript::read(&expression),
            Err(_) => Some(Literal::Foreign(javascript::LONE_SURROGATE)),
        };
    }
    let raw = item.get("input").expect("a vector has input or input_js").get();
    match serde_json::from_str::<Value>(raw) {
        Ok(value) => Some(Literal::Value(value)),
        // All else that Rust refuses to read, JSON does not have.
        Err(error) => {
            assert!(raw.to_lowercase().contains("\\ud"), "{raw}: {error}");
            Some(Literal::Foreign(javascript::LONE_SURROGATE))
        }
    }
}

fn check(item: &Item) -> Outcome {
    let refused = item.contains_key("source_error") && item.contains_key("json_error");
    let value = match input(item) {
        None => return Outcome::Skipped,
        Some(Literal::Foreign(reason)) if refused => return Outcome::RefusedByBoth(reason),
        Some(Literal::Foreign(reason)) => return Outcome::RefusedByUs(reason),
        Some(Literal::Value(value)) => value,
    };
    let source = source_string(&value).ok();
    assert_eq!(source, text(item, "source_string"), "{value}");
    assert_eq!(source.is_none(), item.contains_key("source_error"), "{value}");
    assert_eq!(source.as_deref().map(sha256_base64), text(item, "sha256_base64"), "{value}");

    let json = json_source_string(&value).ok();
    assert_eq!(json, text(item, "json_source_string"), "{value}");
    assert_eq!(json.is_none(), item.contains_key("json_error"), "{value}");
    assert_eq!(json.as_deref().map(sha256_base64), text(item, "json_sha256_base64"), "{value}");

    let allow_empty = json_source_string_allow_empty(&value).ok();
    assert_eq!(allow_empty, text(item, "json_source_string_allow_empty").or(json), "{value}");
    Outcome::Compared
}

#[test]
fn canonical_strings_are_those_of_the_reference() {
    let file = read(FILE);
    let vectors: Vectors = serde_json::from_str(&file).unwrap_or_else(|error| panic!("{FILE}: {error}"));
    assert!(!vectors.items.is_empty(), "{FILE} has no vectors under items");
    let mut outcomes = BTreeMap::<Outcome, usize>::new();
    for item in &vectors.items {
        let outcome = check(item);
        if outcome != Outcome::Compared {
            println!("{outcome:?}: {:?}", item.get("input_js").or(item.get("input")).map(|raw| raw.get()));
        }
        *outcomes.entry(outcome).or_default() += 1;
    }
    println!("{outcomes:?}");
    let only_lone_surrogates = |outcome: &Outcome| match outcome {
        Outcome::RefusedByUs(reason) => *reason == javascript::LONE_SURROGATE,
        _ => true,
    };
    assert!(outcomes.keys().all(only_lone_surrogates), "{outcomes:?}");
    let skipped = outcomes.get(&Outcome::Skipped).copied().unwrap_or(0);
    assert!(skipped * 20 <= vectors.items.len(), "too many vectors were skipped: {outcomes:?}");
}
