//! What clients say without wanting an answer (6.2, 6.3).

use obyte::{Address, Network};
use serde_json::{Value, json};

use super::connection::Connection;
use super::{login, queries, requests};

/// Handles a message.
pub(super) fn listen(connection: &Connection, subject: &str, body: Value) {
    match subject {
        "version" => version(connection, &body),
        "hub/login" if !body.is_null() => login::login(connection, body),
        "hub/refresh" if connection.device().is_none() => connection.send_error("please log in first"),
        "hub/refresh" => login::send_stored_messages(connection),
        "hub/delete" => delete_message(connection, &body),
        "hub/repeat_challenge" => connection.outbox.say("hub/challenge", Some(&json!(connection.challenge))),
        "light/new_address_to_watch" => match body.as_str().and_then(|text| text.parse().ok()) {
            Some(address) => {
                connection.core.watchers.watch_addresses(connection.id, &[address]);
                connection.outbox.say("info", Some(&json!(format!("now watching {address}"))));
            }
            None => connection.send_error("address not valid"),
        },
        "light/new_aa_to_watch" if !queries::is_false(&body) => watch_agent(connection, &body),
        "watch_system_vars" => connection.send_system_vars(),
        // What only hubs say to light clients.
        "light/have_updates"
        | "light/sequence_became_bad"
        | "light/aa_request"
        | "light/aa_definition"
        | "light/aa_response"
        | "light/aa_definition_saved"
        | "system_var_vote" => connection.send_error("I'm not light"),
        "joint" => connection.send_error(joint(&body)),
        "private_payment" => {
            connection.send_error("direct sending of private payments disabled, use chat instead");
        }
        _ => {}
    }
}

/// There are no messages to delete, since none are ever delivered.
fn delete_message(connection: &Connection, hash: &Value) {
    if queries::is_false(hash) {
        connection.send_error("no message hash");
    } else if !queries::is_hash(hash) {
        connection.send_error("invalid message hash");
    } else if connection.device().is_none() {
        connection.send_error("please log in first");
    } else {
        let text = format!("deleted message {}", hash.as_str().unwrap_or_default());
        connection.outbox.say("info", Some(&json!(text)));
    }
}

/// There are no autonomous agents here.
fn watch_agent(connection: &Connection, body: &Value) {
    let address = |name: &str| -> Option<Address> { body.get(name)?.as_str()?.parse().ok() };
    let Some(agent) = address("aa") else { return connection.send_error("invalid AA") };
    let is_for_one = body.get("address").is_some_and(|address| !queries::is_false(address));
    if is_for_one && address("address").is_none() {
        return connection.send_error("invalid address");
    }
    connection.send_error(&format!("not an AA: {agent}"));
}

/// Why a unit that is not posted but told as full nodes do is not taken.
fn joint(body: &Value) -> &'static str {
    match body.get("unit").and_then(|unit| unit.get("unit")) {
        None => "no unit",
        Some(hash) if queries::is_false(hash) => "no unit",
        Some(_) if body.get("unsigned").is_some() => "unsigned unit",
        Some(hash) if !queries::is_hash(hash) => "invalid unit",
        Some(_) => "I serve light clients only, post the joint instead",
    }
}

/// Checks that the client is of this network and not too old (6.2).
fn version(connection: &Connection, body: &Value) {
    if body.is_null() {
        return;
    }
    let fail = |text: &str, reason| {
        connection.send_error(text);
        connection.outbox.close(reason);
    };
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let Some(library) = text("library_version") else {
        return fail("invalid library_version", "invalid library_version");
    };
    let Some(protocol) = text("protocol_version") else {
        return fail("invalid protocol_version", "invalid protocol_version");
    };
    let Some(alt) = text("alt") else { return fail("invalid alt", "invalid alt") };
    let number = version_number(library);
    if number < version_number("0.4.0") {
        connection.outbox.say("upgrade_required", None);
        connection.outbox.say("old core", None);
        return connection.outbox.close("old core");
    }
    connection.set_old_core(number < version_number(requests::LEAST_LIBRARY));
    if !Network::Devnet.accepts_version(protocol) {
        let text =
            format!("Incompatible versions, I support 1.0dev, 2.0dev, 3.0dev, 4.0dev, yours {protocol}");
        return fail(&text, "incompatible versions");
    }
    if alt != Network::Devnet.alt() {
        let text = format!("Incompatible alts, mine {}, yours {alt}", Network::Devnet.alt());
        fail(&text, "incompatible alts");
    }
}

/// The parts of a version, for comparison. What is no number counts as nothing.
fn version_number(version: &str) -> [u64; 3] {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(0));
    [(); 3].map(|()| parts.next().unwrap_or(0))
}
