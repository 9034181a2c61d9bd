//! The login of a device (6.2), which gets exchange rates pushed.

use obyte::PublicKey;
use obyte::canonical::{source_string, text_length};
use obyte::hash::sha256;
use serde_json::{Value, json};

use super::connection::Connection;

/// Verifies a login and answers it.
pub(super) fn login(connection: &Connection, body: Value) {
    if let Err(error) = verify(&connection.challenge, body) {
        return connection.send_error(&error);
    }
    connection.send_system_vars();
    let project = json!({"projectNumber": 0, "hasKeyId": false});
    connection.outbox.say("hub/push_project_number", Some(&project));
    connection.outbox.say("exchange_rates", Some(&json!(connection.core.exchange_rates)));
    connection.outbox.say("info", Some(&json!("address created")));
}

fn verify(challenge: &str, mut body: Value) -> Result<(), String> {
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
    let Some(fields) = body.as_object_mut() else { return Err("wrong challenge".to_owned()) };
    fields.remove("signature");
    let source = source_string(&body).map_err(|error| format!("message hash failed: Error: {error}"))?;
    let key: Result<PublicKey, _> = key.parse();
    if key.is_ok_and(|key| key.verify_text(&sha256(source.as_bytes()), &signature)) {
        Ok(())
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
        assert_eq!(verify("abc", body.clone()), Ok(()));
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
        assert_eq!(with("more", json!(1)), Err("wrong signature".into()));
    }
}
