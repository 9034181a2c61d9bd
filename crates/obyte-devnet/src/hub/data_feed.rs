//! Questions for data feeds (6.4). None are kept: every valid question is answered as one for a feed that
//! nobody posted.

use serde_json::Value;

use super::queries::{Result, addresses, fail};

/// The most oracles in a question.
const MAX_ORACLES: usize = 10;

/// Answers `light/get_data_feed`, with the errors of the reference.
pub(super) fn answer(params: Option<&Value>) -> Result<Value> {
    let Some(params) = params.filter(|params| params.as_object().is_some_and(|fields| !fields.is_empty()))
    else {
        return fail("no params in light/get_data_feed");
    };
    if params.get("max_mci").is_some_and(|mci| mci.as_u64().is_none_or(|mci| mci == 0)) {
        return fail("max_mci must be positive integer");
    }
    let Some(oracles) = params.get("oracles").and_then(Value::as_array).filter(|list| !list.is_empty())
    else {
        return fail("oracles must be non-empty array");
    };
    if params.get("oracles").and_then(addresses).is_none() {
        return fail("some oracle addresses are not valid");
    }
    if oracles.len() > MAX_ORACLES {
        return fail("too many oracles");
    }
    let Some(feed) = params.get("feed_name").and_then(Value::as_str).filter(|name| !name.is_empty()) else {
        return fail("empty feed_name or not a string");
    };
    let whole = |value: &Value| value.is_u64();
    let one_of = |allowed: [&'static str; 2]| {
        move |value: &Value| value.as_str().is_some_and(|text| allowed.contains(&text))
    };
    check(params, "feed_value", "feed_value", is_scalar)?;
    check(params, "min_mci", "min_mci", whole)?;
    check(params, "ifseveral", "ifseveral", one_of(["abort", "last"]))?;
    check(params, "what", "what", one_of(["unit", "value"]))?;
    check(params, "type", "df type", one_of(["string", "auto"]))?;
    check(params, "ifnone", "ifnone", is_scalar)?;
    match params.get("ifnone") {
        Some(value) => Ok(value.clone()),
        None => fail(&format!("data feed {feed} not found")),
    }
}

fn is_scalar(value: &Value) -> bool {
    value.is_string() || value.is_boolean() || value.is_number()
}

/// Checks a field that may be absent.
fn check(params: &Value, field: &str, name: &str, is_good: impl Fn(&Value) -> bool) -> Result<()> {
    match params.get(field) {
        Some(value) if !is_good(value) => fail(&format!("bad {name}: {}", as_javascript_text(value))),
        _ => Ok(()),
    }
}

/// How JavaScript puts a value into a text.
fn as_javascript_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(elements) => {
            let texts: Vec<_> = elements.iter().map(as_javascript_text).collect();
            texts.join(",")
        }
        Value::Object(_) => "[object Object]".to_owned(),
        other => other.to_string(),
    }
}
