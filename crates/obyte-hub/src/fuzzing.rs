//! Doors into the readers of this crate for those who throw hostile bytes at them. No part of the API.

use std::collections::BTreeMap;

use obyte::unit::Joint;
use obyte::{Address, CoinId};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::frame::{self, Frame};
use crate::requests::{parents, post, read};
use crate::session::{bad_units, check_version};
use crate::{AddressBalance, DefinitionForAddress, ExchangeRates, HubError, HubText, StableUnitProps};

/// What a message of a hub is taken for.
#[derive(Debug)]
pub enum Heard {
    /// The hub says something: what would stand in the log, and the error that ends the connection.
    Said(HubText, Option<HubError>),
    /// The hub asks something, and this frame would be the answer.
    Asked(String),
    /// The hub answers, with this JSON text.
    Answered(Option<String>),
    /// Nothing that is known.
    Other,
}

/// Reads one message as a session does.
///
/// # Errors
/// As a session would end by it.
pub fn message(text: &str) -> Result<Heard, HubError> {
    Ok(match Frame::parse(text)? {
        Frame::JustSaying(said) => {
            let body = said.body.map(RawValue::get);
            let text = body.unwrap_or_default();
            // All readers, whatever the subject says.
            let _ = (bad_units(text), ExchangeRates::parse(text));
            let _ = serde_json::from_str::<crate::SystemVars>(text);
            Heard::Said(HubText::new(text), check_version(obyte::Network::Devnet, body).err())
        }
        Frame::Request(request) => Heard::Asked(frame::response(&request, Some("unknown command"))),
        Frame::Response(response) => Heard::Answered(response.response.map(|json| json.get().to_owned())),
        Frame::Other => Heard::Other,
    })
}

/// Reads the JSON text of an answer as the answer to each of the requests, and gives what went wrong.
pub fn answer(json: &str) -> Vec<HubError> {
    let Ok(raw) = serde_json::from_str::<&RawValue>(json) else { return Vec::new() };
    let raw = Some(raw);
    let joint = read::<Value>("joint", raw).map(|joint| drop(Joint::from_json(joint)));
    let results = [
        post::reply(raw).map(drop),
        parents::read(raw).map(drop),
        joint,
        read::<Vec<Address>>("witnesses", raw).map(drop),
        read::<u64>("mci", raw).map(drop),
        read::<StableUnitProps>("props", raw).map(drop),
        read::<DefinitionForAddress>("definition", raw).map(drop),
        read::<BTreeMap<Address, AddressBalance>>("balances", raw).map(drop),
        read::<CoinId>("coin", raw).map(drop),
    ];
    results.into_iter().filter_map(Result::err).collect()
}
