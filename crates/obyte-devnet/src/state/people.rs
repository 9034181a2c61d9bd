//! Addresses that sign: their units and definitions, and what they say about themselves and others.

use std::collections::HashMap;

use obyte::Address;

use crate::dag::{AuthorId, Id};
use crate::record::Record;

/// Addresses that signed units or pay fees. Those that only receive are not among them.
#[derive(Debug, Default)]
pub(crate) struct People {
    numbers: HashMap<Address, AuthorId>,
    people: Vec<Person>,
    /// Units with a profile, by author.
    profiles: HashMap<Address, Vec<Id>>,
    /// Units that attest something about an address.
    attestations: HashMap<Address, Vec<Id>>,
}

/// An address that signs.
#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) address: Address,
    /// Its units, oldest first.
    pub(crate) units: Vec<Id>,
    /// Whether some of its units were in conflict with each other.
    pub(crate) is_forked: bool,
    /// The JSON of its definition.
    definition: Option<Box<str>>,
    /// The units that reveal the definition, oldest first.
    pub(crate) revealed_in: Vec<Id>,
}

impl Person {
    /// The JSON of the definition, once some unit revealed it.
    pub(crate) fn definition(&self) -> Option<&str> {
        self.definition.as_deref()
    }
}

impl People {
    /// The number of an address, which gets one now if it has none.
    pub(super) fn number(&mut self, address: Address) -> AuthorId {
        let next = AuthorId::try_from(self.people.len()).expect("fewer addresses than numbers");
        let number = *self.numbers.entry(address).or_insert(next);
        if number == next {
            let units = Vec::new();
            self.people.push(Person {
                address,
                units,
                is_forked: false,
                definition: None,
                revealed_in: Vec::new(),
            });
        }
        number
    }

    /// The number of an address that signed already.
    pub(crate) fn find(&self, address: &Address) -> Option<AuthorId> {
        self.numbers.get(address).copied()
    }

    /// Somebody by number.
    pub(crate) fn person(&self, number: AuthorId) -> &Person {
        &self.people[number as usize]
    }

    /// Somebody by address.
    pub(crate) fn get(&self, address: &Address) -> Option<&Person> {
        self.find(address).map(|number| self.person(number))
    }

    /// The units in which an address published a profile.
    pub(crate) fn profiles(&self, address: &Address) -> &[Id] {
        self.profiles.get(address).map_or(&[], Vec::as_slice)
    }

    /// The units that attest something about an address.
    pub(crate) fn attestations(&self, address: &Address) -> &[Id] {
        self.attestations.get(address).map_or(&[], Vec::as_slice)
    }

    /// All units with attestations, oldest first.
    pub(crate) fn all_attestations(&self) -> Vec<Id> {
        let mut units: Vec<_> = self.attestations.values().flatten().copied().collect();
        units.sort_unstable();
        units.dedup();
        units
    }

    pub(super) fn note_unit(&mut self, id: Id, record: &Record) {
        for author in &record.authors {
            let number = self.number(author.address);
            let person = &mut self.people[number as usize];
            person.units.push(id);
            person.is_forked |= !record.rivals.is_empty();
            if let Some(definition) = &author.definition {
                person.definition.get_or_insert_with(|| definition.as_str().into());
                person.revealed_in.push(id);
            }
            if record.profile {
                self.profiles.entry(author.address).or_default().push(id);
            }
        }
        for address in &record.attested {
            self.attestations.entry(*address).or_default().push(id);
        }
    }
}
