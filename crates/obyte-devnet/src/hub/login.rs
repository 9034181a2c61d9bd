//! The login of a device (6.2), which gets exchange rates pushed.

use obyte::PublicKey;
use obyte::canonical::{source_string, text_length};
use obyte::hash::sha256;
use serde_json::{Value, json};

use super::connection::Connection;
use super::queries;

/// The most messages that a device may ask for at once.
const MAX_MESSAGES: u64 = 100;

/// Verifies a login and answers it.
pub(super) fn login(connection: &Connection, body: Value) {
    let key = match verify(&connection.challenge, body) {
        Ok(key) => key,
        Err(error) => return connection.send_error(&error),
    };
    connection.send_system_vars();
    let project = json!({"projectNumber": 0, "hasKeyId": false});
    connection.outbox.say("hub/push_project_number", Some(&project));
    connection.outbox.say("exchange_rates", Some(&json!(connection.core.exchange_rates)));
    if connection.core.devices.register(&key) {
        connection.outbox.say("info", Some(&json!("address created")));
    } else {
        send_stored_messages(connection);
    }
    connection.set_device(key);
}

/// Sends the messages that came for the device: there are none.
pub(super) fn send_stored_messages(connection: &Connection) {
    connection.outbox.say("info", Some(&json!("0 messages sent")));
    connection.outbox.say("hub/message_box_status", Some(&json!("empty")));
}

/// A field that must be a positive whole number up to a limit where it is there.
fn is_number_up_to(body: &Value, name: &str, most: u64) -> bool {
    let given = body.get(name).filter(|value| !queries::is_false(value));
    given.is_none_or(|value| value.as_u64().is_some_and(|number| (1..=most).contains(&number)))
}

/// Gives the public key that signed the challenge.
fn verify(challenge: &str, mut body: Value) -> Result<String, String> {
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    if text("challenge") != challenge {
        return Err("wrong challenge".to_owned());
    }
    let (key, signature) = (text("pubkey").to_owned(), text("signature").to_owned());
    if key.is_empty() || signature.is_empty() {
        return Err("no login params".to_owned());
    }
    if text_length(&key) != 44 {
        return Err("wrong pubkey length".to_owned());
    }
    if text_length(&signature) != 88 {
        return Err("wrong signature length".to_owned());
    }
    if !is_number_up_to(&body, "max_message_length", u64::MAX) {
        return Err("max_message_length must be an integer".to_owned());
    }
    if !is_number_up_to(&body, "max_message_count", MAX_MESSAGES) {
        return Err("max_message_count must be an integer > 0 and <= 100".to_owned());
    }
    let Some(fields) = body.as_object_mut() else { return Err("wrong challenge".to_owned()) };
    fields.remove("signature");
    let source = source_string(&body).map_err(|error| format!("message hash failed: Error: {error}"))?;
    let parsed: Result<PublicKey, _> = key.parse();
    if parsed.is_ok_and(|key| key.verify_text(&sha256(source.as_bytes()), &signature)) {
        Ok(key)
    } else {
        Err("wrong signature".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of section 6.2.
    #[test]
    fn a_signed_challenge_logs_in() {
        let body = json!({
            "challenge": "abc",
            "pubkey": "A7UYSlJtrGq9o9jVSlQUcc6D6MImDVZwYFPieAkiMZ9e",
            "signature":
                "Myg0tmz5DrLveLNfi7H5319tgiZOpcySeb4yvSAI6bIOd+R5+iHzX7RDj9Kzbtbx8irIzrLPZjlX4U2b6oC1mQ==",
        });
        assert_eq!(verify("abc", body.clone()).as_deref().ok(), body["pubkey"].as_str());
        assert_eq!(verify("abd", body.clone()), Err("wrong challenge".into()));
        let with = |name: &str, value: Value| {
            let mut body = body.clone();
            body[name] = value;
            verify("abc", body)
        };
        assert_eq!(with("signature", Value::Null), Err("no login params".into()));
        assert_eq!(with("pubkey", json!("A7UY")), Err("wrong pubkey length".into()));
        assert_eq!(with("signature", json!("A7UY")), Err("wrong signature length".into()));
        assert_eq!(with("signature", json!("A".repeat(88))), Err("wrong signature".into()));
        let count = Err("max_message_count must be an integer > 0 and <= 100".into());
        assert_eq!(with("max_message_count", json!(101)), count);
        let length = Err("max_message_length must be an integer".into());
        assert_eq!(with("max_message_length", json!("5")), length);
        assert_eq!(with("more", json!(1)), Err("wrong signature".into()));
    }
}
