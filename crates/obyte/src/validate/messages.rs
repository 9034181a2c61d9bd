//! Rules about messages: what they may hold, and which may stand together (4.2).

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::fields::Fields;
use super::js::{has_only, is_base64, is_hash_length};
use super::{Checked, Invalid, Rules, apps, payment};
use crate::canonical::text_length;
use crate::hash::sha256_base64;
use crate::unit::Unit;

/// The most spend proofs of a message.
const MAX_SPEND_PROOFS: usize = 128;
/// The longest URI of a payload.
const MAX_URI: u64 = 500;
/// Applications whose payload must stand in the unit.
const INLINE_ONLY: [&str; 12] = [
    "address_definition_change",
    "data_feed",
    "definition_template",
    "asset",
    "asset_attestors",
    "attestation",
    "poll",
    "vote",
    "definition",
    "system_vote",
    "system_vote_count",
    "temp_data",
];

type Object = Map<String, Value>;

/// What the messages judged so far have used up.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Coins, earnings and spend proofs that are spent.
    pub(super) inputs: BTreeSet<String>,
    /// Applications that may stand once.
    pub(super) apps: BTreeSet<String>,
    pub(super) has_base_payment: bool,
}

/// All messages of a unit; payments are judged first, bytes before assets, as the network does.
pub fn messages(unit: &Unit, rules: &Rules) -> Checked {
    check_messages(unit.into(), rules)
}

pub(super) fn check_messages(unit: Fields<'_>, rules: &Rules) -> Checked {
    if unit.is_stripped() {
        return Ok(());
    }
    let messages = unit.all.get("messages").and_then(Value::as_array);
    let mut sorted: Vec<&Object> = messages.into_iter().flatten().filter_map(Value::as_object).collect();
    sorted.sort_by_key(|message| {
        let payload = message.get("payload");
        match message.get("app").and_then(Value::as_str) {
            Some("payment") if payload.is_none() => 2,
            Some("payment") if payload.is_some_and(|payload| payload.get("asset").is_some()) => 1,
            Some("payment") => 0,
            _ => 3,
        }
    });
    let mut seen = Seen::default();
    sorted.into_iter().try_for_each(|message| judge(unit, message, rules, &mut seen))?;
    if seen.has_base_payment { Ok(()) } else { Err(Invalid::unit("no base payment message")) }
}

fn judge(unit: Fields<'_>, message: &Object, rules: &Rules, seen: &mut Seen) -> Checked {
    let app = message.get("app").and_then(Value::as_str).ok_or_else(|| Invalid::unit("no app"))?;
    let known = [
        "app",
        "payload_hash",
        "payload_location",
        "payload",
        "payload_uri",
        "payload_uri_hash",
        "spend_proofs",
    ];
    if !has_only(message, &known) {
        return Err(Invalid::unit("unknown fields in message"));
    }
    let location = message.get("payload_location").and_then(Value::as_str).unwrap_or_default();
    spend_proofs(unit, message, app, location, seen)?;
    uri(message, location)?;
    if app == "payment" {
        if location != "inline" && location != "none" {
            return Err(Invalid::unit("payment location must be inline or none"));
        }
        if location == "none" && !message.contains_key("spend_proofs") {
            return Err(Invalid::unit("private payment must come with spend proof(s)"));
        }
    }
    if INLINE_ONLY.contains(&app) && location != "inline" {
        return Err(Invalid::unit(format!("{app} must be inline")));
    }
    match message.get("payload") {
        Some(payload) if app == "payment" => payment::payment(unit, payload, rules, seen),
        Some(payload) => apps::payload(unit, app, payload, rules, seen),
        None => {
            let hash = message.get("payload_hash").and_then(Value::as_str).unwrap_or_default();
            if is_base64(hash) { Ok(()) } else { Err(Invalid::unit("wrong payload hash")) }
        }
    }
}

fn spend_proofs(unit: Fields<'_>, message: &Object, app: &str, location: &str, seen: &mut Seen) -> Checked {
    let Some(proofs) = message.get("spend_proofs") else { return Ok(()) };
    if app != "payment" {
        return Err(Invalid::unit("spend proofs in non-payment message"));
    }
    if location != "none" {
        return Err(Invalid::unit("spend proofs in message with payload"));
    }
    let proofs = proofs.as_array().filter(|proofs| (1..=MAX_SPEND_PROOFS).contains(&proofs.len()));
    let proofs = proofs.ok_or_else(|| {
        Invalid::unit(format!("spend_proofs must be non-empty array max {MAX_SPEND_PROOFS} elements"))
    })?;
    proofs.iter().try_for_each(|proof| spend_proof(unit, proof, seen))
}

fn spend_proof(unit: Fields<'_>, proof: &Value, seen: &mut Seen) -> Checked {
    let fields = proof.as_object().ok_or_else(|| Invalid::unit("spend_proof must be object"))?;
    if !has_only(fields, &["spend_proof", "address"]) {
        return Err(Invalid::unit("unknown fields in spend_proof"));
    }
    let hash = fields.get("spend_proof").and_then(Value::as_str).filter(|hash| hash.len() == 44);
    let hash = hash.filter(|hash| is_base64(hash)).ok_or_else(|| {
        let printed = super::js::print(fields.get("spend_proof"));
        Invalid::unit(format!("spend proof {printed} is not a valid base64"))
    })?;
    let address = fields.get("address").map(|address| address.as_str().unwrap_or_default());
    match (unit.authors().len(), address) {
        (1, None) => {}
        (1, Some(_)) => {
            return Err(Invalid::unit("when single-authored, must not put address in spend proof"));
        }
        (_, None) => return Err(Invalid::unit("when multi-authored, must put address in spend_proofs")),
        (_, Some(address)) => {
            if !unit.is_author(address) {
                return Err(Invalid::unit(format!("spend proof address {address} is not an author")));
            }
        }
    }
    if seen.inputs.insert(hash.to_owned()) {
        Ok(())
    } else {
        Err(Invalid::unit(format!("spend proof {hash} already used")))
    }
}

fn uri(message: &Object, location: &str) -> Checked {
    let has = |field| message.contains_key(field);
    if location == "none" && (has("payload") || has("payload_uri") || has("payload_uri_hash")) {
        return Err(Invalid::joint("must be no payload"));
    }
    if location != "uri" {
        if has("payload_uri_hash") {
            return Err(Invalid::unit("must not contain payload_uri_hash"));
        }
        if has("payload_uri") {
            return Err(Invalid::joint("must not contain payload_uri"));
        }
        return Ok(());
    }
    let uri = message.get("payload_uri").and_then(Value::as_str);
    let uri = uri.ok_or_else(|| Invalid::joint("no payload uri"))?;
    if uri != uri.trim() {
        return Err(Invalid::joint("payload uri must be trimmed"));
    }
    if !is_hash_length(message.get("payload_uri_hash")) {
        return Err(Invalid::unit("wrong length of payload uri hash"));
    }
    if text_length(uri) > MAX_URI {
        return Err(Invalid::joint("payload_uri too long"));
    }
    // A bare text, so its typed source string is `s`, NUL, the text (3.1).
    if message["payload_uri_hash"] != sha256_base64(&format!("s\0{uri}")) {
        return Err(Invalid::joint("wrong payload_uri hash"));
    }
    Ok(())
}
