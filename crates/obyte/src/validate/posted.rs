//! What is asked of a joint because somebody posts it, before it is validated (13.1).

use serde_json::{Map, Value};

use super::integrity::authors;
use super::js::nonempty_object;
use super::{Checked, Invalid, nesting};
use crate::unit::Format;

/// The request to relay a joint, in the order in which a hub looks at it.
pub(super) fn request(joint: &Value) -> Checked {
    let unit = joint.get("unit").and_then(Value::as_object).ok_or_else(|| Invalid::request("no unit"))?;
    let hash = unit.get("unit").and_then(Value::as_str).unwrap_or_default();
    if hash.is_empty() {
        return Err(Invalid::request("no unit"));
    }
    if joint.get("ball").is_some() {
        return Err(Invalid::request("no ball via post_joint"));
    }
    if joint.as_object().is_some_and(|fields| nesting::is_too_deep(fields.values())) {
        return Err(Invalid::request("joint is too deeply nested or has too many nodes"));
    }
    if joint.get("unsigned").is_some() {
        return Err(Invalid::request("unsigned unit"));
    }
    if joint.get("aa").is_some() {
        return Err(Invalid::request("AA unit cannot be broadcast"));
    }
    let version = unit.get("version").and_then(Value::as_str);
    let version = version.ok_or_else(|| Invalid::request("invalid version"))?;
    match Format::of_version(version) {
        Some((Format::V1 | Format::V2 | Format::V3, _)) => Err(Invalid::transient("version is too old")),
        _ => Ok(()),
    }
}

/// Units of autonomous agents have no signatures; nobody can post them.
pub(super) fn possible_agent(unit: &Map<String, Value>) -> Checked {
    let unsigned = authors(unit).all(|author| nonempty_object(author.get("authentifiers")).is_none());
    if authors(unit).count() == 1 && unsigned && !unit.contains_key("content_hash") {
        return Err(Invalid::transient("possible AA"));
    }
    Ok(())
}
