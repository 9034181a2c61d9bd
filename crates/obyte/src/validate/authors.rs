//! Rules about the authors of a unit that is to be posted.

use super::{Checked, Invalid};
use crate::canonical::text_length;
use crate::definition::{Definition, is_autonomous_agent};
use crate::unit::{Author, Unit};

/// The most authors of a unit.
const MAX_AUTHORS: usize = 16;
/// The longest authentifier.
const MAX_AUTHENTIFIER: u64 = 4096;

/// Authors are few, in order, and signed with something.
pub fn authors(unit: &Unit) -> Checked {
    let authors = unit.authors();
    if authors.len() > MAX_AUTHORS {
        return Err(Invalid::unit("too many authors"));
    }
    if !authors.windows(2).all(|pair| pair[0].address < pair[1].address) {
        return Err(Invalid::unit("author addresses not sorted"));
    }
    authors.iter().try_for_each(|author| signed(author, unit.is_stripped()))
}

fn signed(author: &Author, is_stripped: bool) -> Checked {
    if author.authentifiers.is_empty() && !is_stripped {
        return Err(Invalid::unit("no authentifiers"));
    }
    for authentifier in author.authentifiers.values() {
        if authentifier.is_empty() {
            return Err(Invalid::unit("authentifiers must be nonempty strings"));
        }
        if text_length(authentifier) > MAX_AUTHENTIFIER {
            return Err(Invalid::unit("authentifier too long"));
        }
    }
    match &author.definition {
        Some(definition) if definition.as_array().is_none_or(Vec::is_empty) => {
            Err(Invalid::unit("bad type of definition"))
        }
        Some(definition) if definition[0] == "autonomous agent" || is_autonomous_agent(definition) => {
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
