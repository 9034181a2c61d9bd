//! The JSON of a unit whose integrity was checked, with what its rules ask for again and again.

use serde_json::{Map, Value};

use crate::UnitHash;
use crate::unit::{Unit, integer};

/// A unit by its fields. It may be malformed in ways that the rules are about to name.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    pub(super) all: &'a Map<String, Value>,
    pub(super) hash: UnitHash,
}

impl<'a> Fields<'a> {
    pub(super) fn authors(self) -> &'a [Value] {
        self.all.get("authors").and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    /// The address of each author. Addresses are valid where a unit is posted.
    pub(super) fn addresses(self) -> impl Iterator<Item = &'a str> {
        self.authors().iter().map(|author| author["address"].as_str().unwrap_or_default())
    }

    /// The only author, where there is one.
    pub(super) fn single_author(self) -> Option<&'a str> {
        if self.authors().len() == 1 { self.addresses().next() } else { None }
    }

    pub(super) fn is_author(self, address: &str) -> bool {
        self.addresses().any(|author| author == address)
    }

    pub(super) fn is_stripped(self) -> bool {
        self.all.contains_key("content_hash")
    }

    pub(super) fn timestamp(self) -> u64 {
        self.all.get("timestamp").and_then(integer).unwrap_or_default()
    }
}

impl<'a> From<&'a Unit> for Fields<'a> {
    fn from(unit: &'a Unit) -> Self {
        Self { all: unit.fields(), hash: unit.hash() }
    }
}
