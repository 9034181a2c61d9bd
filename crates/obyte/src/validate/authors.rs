//! Rules about the authors of a unit that is to be posted.

use serde_json::Value;

use super::fields::Fields;
use super::js::{has_only, nonempty_array, nonempty_object};
use super::{Checked, Invalid};
use crate::canonical::text_length;
use crate::definition::Definition;
use crate::unit::{Author, Unit};

/// The most authors of a unit.
const MAX_AUTHORS: usize = 16;
/// The longest authentifier.
const MAX_AUTHENTIFIER: u64 = 4096;

/// Authors are few, in order, and signed with something.
pub fn authors(unit: &Unit) -> Checked {
    check_authors(unit.into())
}

pub(super) fn check_authors(unit: Fields<'_>) -> Checked {
    let authors = unit.authors();
    if authors.len() > MAX_AUTHORS {
        return Err(Invalid::unit("too many authors"));
    }
    let addresses: Vec<_> = unit.addresses().collect();
    if !addresses.windows(2).all(|pair| pair[0] < pair[1]) {
        return Err(Invalid::unit("author addresses not sorted"));
    }
    authors.iter().try_for_each(|author| signed(author, unit.is_stripped()))
}

fn signed(author: &Value, is_stripped: bool) -> Checked {
    let known = ["address", "authentifiers", "definition"];
    if !author.as_object().is_some_and(|author| has_only(author, &known)) {
        return Err(Invalid::unit("unknown fields in author"));
    }
    let authentifiers = nonempty_object(author.get("authentifiers"));
    if authentifiers.is_none() && !is_stripped {
        return Err(Invalid::unit("no authentifiers"));
    }
    for authentifier in authentifiers.into_iter().flat_map(|authentifiers| authentifiers.values()) {
        let text = authentifier.as_str().filter(|text| !text.is_empty());
        let text = text.ok_or_else(|| Invalid::unit("authentifiers must be nonempty strings"))?;
        if text_length(text) > MAX_AUTHENTIFIER {
            return Err(Invalid::unit("authentifier too long"));
        }
    }
    match author.get("definition") {
        Some(definition) if nonempty_array(Some(definition)).is_none() => {
            Err(Invalid::unit("bad type of definition"))
        }
        Some(definition) if definition[0] == "autonomous agent" => {
            Err(Invalid::unit("AA cannot be defined in authors"))
        }
        _ => Ok(()),
    }
}

/// The author's signatures satisfy the definition that its address has at the last ball.
pub fn authentifiers(unit: &Unit, author: &Author, definition: &Definition) -> Checked {
    let hash = unit.hash_to_sign().ok_or_else(|| Invalid::unit("no authentifiers"))?;
    definition.verify(&hash, &author.authentifiers).map_err(|error| Invalid::unit(error.to_string()))
}
