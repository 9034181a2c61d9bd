//! Definitions of the order providers and their signatures (7.4, steps 4 to 6).

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use serde_json::{Map, Value};

use super::witnesses::{Chain, addresses, check_hash, parsed, unit_of};
use super::{HistoryError, OrderProviders};
use crate::definition::{self, Authentifiers, Definition};
use crate::hash::sha256_base64;
use crate::unit::{hashes, integer};
use crate::{Address, BallHash, canonical};

const PART: &str = "witness_change_and_definition_joints";

type Object = Map<String, Value>;

/// Checks the signature of every order provider, and gives the newest timestamp that one of them
/// signed in the unstable main chain.
pub(super) fn check(
    chain: &Chain<'_>,
    definition_joints: &[Value],
    order_providers: &OrderProviders,
) -> Result<u64, HistoryError> {
    let mut known = Definitions::of(order_providers);
    let units = definition_joints.iter().map(|joint| checked_unit(joint, order_providers));
    // All are checked before any of them is believed.
    for unit in units.collect::<Result<Vec<_>, _>>()? {
        let revealed = known.verify(unit)?;
        let changed = known.change(unit)?;
        if !revealed && !changed {
            return Err(HistoryError::NeitherDefinitionNorChange);
        }
    }
    for unit in chain.witnessed.iter().rev() {
        known.verify(unit)?;
    }
    let timestamps = chain.witnessed.iter().filter_map(|unit| unit.get("timestamp").and_then(integer));
    timestamps.max().ok_or(HistoryError::Shape("timestamp"))
}

/// A stable unit by an order provider, with all its messages.
fn checked_unit<'a>(joint: &'a Value, order_providers: &OrderProviders) -> Result<&'a Object, HistoryError> {
    let _: BallHash = parsed(joint.get("ball")).ok_or(HistoryError::Shape(PART))?;
    let unit = unit_of(joint, PART)?;
    check_hash(unit, PART)?;
    messages(unit)?.iter().try_for_each(|message| check_payload(unit, message))?;
    if addresses(unit)?.iter().any(|author| order_providers.contains(author)) {
        Ok(unit)
    } else {
        Err(HistoryError::ForeignDefinition)
    }
}

fn messages(unit: &Object) -> Result<&Vec<Value>, HistoryError> {
    let messages = unit.get("messages").and_then(Value::as_array);
    let whole = |messages: &&Vec<Value>| {
        !messages.is_empty()
            && messages.iter().all(|message| message.as_object().is_some_and(|m| !m.is_empty()))
    };
    messages.filter(whole).ok_or(HistoryError::Shape(PART))
}

fn check_payload(unit: &Object, message: &Value) -> Result<(), HistoryError> {
    let wrong = HistoryError::PayloadHash(PART);
    let payload = message.get("payload");
    if message["payload_location"] != "inline" {
        return if payload.is_none() { Ok(()) } else { Err(wrong) };
    }
    let payload = payload.ok_or(HistoryError::Shape(PART))?;
    let app = message["app"].as_str().unwrap_or_default();
    let hash = hashes::payload_hash(hashes::format_of(unit), app, payload)?;
    if message["payload_hash"] != hash.as_str() {
        return Err(wrong);
    }
    match payload.get("data") {
        Some(data) if app == "temp_data" => {
            let hash = sha256_base64(&canonical::json_source_string(data)?);
            if payload["data_hash"] == hash { Ok(()) } else { Err(wrong) }
        }
        _ => Ok(()),
    }
}

/// The definitions of order providers, as far as they are revealed.
struct Definitions {
    chashes: HashMap<Address, Address>,
    revealed: HashMap<Address, Definition>,
}

impl Definitions {
    fn of(order_providers: &OrderProviders) -> Self {
        let addresses = order_providers.addresses().iter();
        Self { chashes: addresses.map(|address| (*address, *address)).collect(), revealed: HashMap::new() }
    }

    /// Verifies the signatures of all order providers among the authors. Tells whether a definition was
    /// revealed.
    fn verify(&mut self, unit: &Object) -> Result<bool, HistoryError> {
        let hash = hashes::hash_to_sign(unit)?;
        let mut reveals = false;
        for author in unit.get("authors").and_then(Value::as_array).into_iter().flatten() {
            let Some(address) = parsed(author.get("address")) else { continue };
            let Some(&chash) = self.chashes.get(&address) else { continue };
            if let Some(definition) = author.get("definition") {
                self.reveal(address, chash, definition)?;
                reveals = true;
            }
            let definition = self.revealed.get(&chash).ok_or(HistoryError::DefinitionNotFound(address))?;
            definition
                .verify(&hash, &authentifiers(author)?)
                .map_err(|error| HistoryError::Signature { address, error })?;
        }
        Ok(reveals)
    }

    fn reveal(&mut self, address: Address, chash: Address, definition: &Value) -> Result<(), HistoryError> {
        if definition::chash(definition)? != chash {
            return Err(HistoryError::WrongDefinition(address));
        }
        if let Entry::Vacant(place) = self.revealed.entry(chash) {
            let definition = Definition::parse(definition);
            place.insert(definition.map_err(|error| HistoryError::Definition { address, error })?);
        }
        Ok(())
    }

    /// Follows changes of definitions. Tells whether there was one.
    fn change(&mut self, unit: &Object) -> Result<bool, HistoryError> {
        let authors = addresses(unit)?;
        let mut changes = false;
        for author in
            authors.iter().filter(|author| self.chashes.contains_key(author)).copied().collect::<Vec<_>>()
        {
            for message in messages(unit)? {
                let payload = message.get("payload");
                let concerned = payload
                    .is_some_and(|payload| payload["address"] == author.as_str() || authors.len() == 1);
                if message["app"] != "address_definition_change" || !concerned {
                    continue;
                }
                let chash = payload.and_then(|payload| parsed(payload.get("definition_chash")));
                self.chashes.insert(author, chash.ok_or(HistoryError::Shape(PART))?);
                changes = true;
            }
        }
        Ok(changes)
    }
}

fn authentifiers(author: &Value) -> Result<Authentifiers, HistoryError> {
    let authentifiers = author.get("authentifiers").and_then(Value::as_object).into_iter().flatten();
    let texts = authentifiers.map(|(path, text)| Some((path.clone(), text.as_str()?.to_owned())));
    texts.collect::<Option<_>>().ok_or(HistoryError::Shape("authentifiers"))
}
