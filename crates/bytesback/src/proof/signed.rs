//! What can be said of a unit that is not proven: that it obeys the rules that need no other unit, and that
//! its authors have signed it (4.7).
//!
//! Whether its coins are there is another question ([`super::coins`]).

use std::collections::BTreeMap;

use obyte::definition::{Definition, chash};
use obyte::validate::{Rules, authors, format, messages, outputs_present, parents, recipients};
use obyte::{Address, Unit};
use obyte_hub::{Hub, HubError};
use serde_json::Value;

use super::ProofTrust;

/// The definitions of the authors who do not reveal theirs in this unit, as far as the hub knows them. They
/// hash to the addresses, so the hub cannot make them up.
pub(super) async fn missing_definitions(
    hub: &Hub,
    unit: &Unit,
) -> Result<BTreeMap<Address, Value>, HubError> {
    let mut definitions = BTreeMap::new();
    for author in unit.authors().iter().filter(|author| author.definition.is_none()) {
        if let Some(definition) = hub.definition(author.address).await? {
            definitions.insert(author.address, definition);
        }
    }
    Ok(definitions)
}

/// Checks structure and signatures; says in a few words what is wrong.
pub(super) fn check(
    unit: &Unit,
    definitions: &BTreeMap<Address, Value>,
    trust: &ProofTrust,
    now: u64,
) -> Result<(), &'static str> {
    let rules = Rules { network: trust.network, genesis: trust.genesis, now: Some(now) };
    let obeys = || {
        recipients(unit)?;
        parents(unit)?;
        format(unit)?;
        outputs_present(unit)?;
        authors(unit)?;
        messages(unit, &rules)
    };
    obeys().map_err(|_| "it breaks the rules of the network")?;
    let hash = unit.hash_to_sign().ok_or("it has no messages")?;
    for author in unit.authors() {
        let definition = author.definition.as_ref().or_else(|| definitions.get(&author.address));
        let definition = definition.ok_or("the definition of an author is not known")?;
        if chash(definition) != Ok(author.address) {
            return Err("an author has changed its definition");
        }
        let definition = Definition::parse(definition).map_err(|_| "a definition is too special")?;
        definition.verify(&hash, &author.authentifiers).map_err(|_| "a signature is wrong")?;
    }
    Ok(())
}
