//! What a device signs: messages, and the login at a hub (6.2).

use serde::Serialize;
use serde_json::Value;

use crate::canonical::{CanonicalError, source_string};
use crate::hash::sha256;
use crate::keys::DeviceKey;
use crate::signature::{PublicKey, Signature};

/// The hash that the sender of a device message signs: over the whole message without `signature` and
/// without fields that are null.
pub fn message_hash(message: &Value) -> Result<[u8; 32], CanonicalError> {
    let mut naked = message.clone();
    if let Some(fields) = naked.as_object_mut() {
        fields.remove("signature");
    }
    remove_nulls(&mut naked);
    Ok(sha256(source_string(&naked)?.as_bytes()))
}

/// A null inside an array stays, and then there is no hash, as in the reference.
fn remove_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, field| !field.is_null());
            fields.values_mut().for_each(remove_nulls);
        }
        Value::Array(elements) => elements.iter_mut().for_each(remove_nulls),
        _ => {}
    }
}

/// The body of `hub/login`, the answer to a hub's challenge.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Login {
    challenge: String,
    pubkey: PublicKey,
    signature: Signature,
}

impl Login {
    /// Answers the challenge, which may not hold U+0000.
    pub fn new(challenge: &str, key: &DeviceKey) -> Result<Self, CanonicalError> {
        let pubkey = key.public_key();
        let hash = message_hash(&serde_json::json!({"challenge": challenge, "pubkey": pubkey}))?;
        Ok(Self { challenge: challenge.to_owned(), pubkey, signature: key.sign(&hash) })
    }
}

/// Whether the `signature` in a login's body is that of its `pubkey`.
///
/// False for anything that is not a login. Whether the challenge is the right one is not looked at.
pub fn is_signed(login: &Value) -> bool {
    let text = |field: &str| login.get(field).and_then(Value::as_str);
    let (Some(key), Some(signature)) = (text("pubkey"), text("signature")) else { return false };
    let (Ok(key), Ok(signature)) = (key.parse::<PublicKey>(), signature.parse()) else { return false };
    message_hash(login).is_ok_and(|hash| key.verify(&hash, &signature))
}

#[cfg(test)]
mod tests {
    use data_encoding::HEXLOWER;
    use serde_json::json;

    use super::*;
    use crate::mnemonic::Mnemonic;

    fn device_key() -> DeviceKey {
        let words =
            "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";
        DeviceKey::new(&words.parse::<Mnemonic>().expect("valid").to_seed(""))
    }

    #[test]
    fn the_worked_example_of_section_6_2_holds() {
        let login = Login::new("abc", &device_key()).expect("canonical");
        let body = serde_json::to_value(&login).expect("JSON");
        assert_eq!(
            HEXLOWER.encode(&message_hash(&body).expect("canonical")),
            "5de6f9c170cc7922b147cad1b8dea421059f7920ba8ddebadde1c8e93bb9780f"
        );
        assert_eq!(
            body["signature"],
            "Myg0tmz5DrLveLNfi7H5319tgiZOpcySeb4yvSAI6bIOd+R5+iHzX7RDj9Kzbtbx8irIzrLPZjlX4U2b6oC1mQ=="
        );
        assert!(is_signed(&body));
    }

    #[test]
    fn a_changed_login_is_not_signed() {
        let body = serde_json::to_value(Login::new("abc", &device_key()).expect("canonical")).expect("JSON");
        let changed = |field: &str, value: Value| {
            let mut body = body.clone();
            body[field] = value;
            body
        };
        assert!(!is_signed(&changed("challenge", json!("abd"))));
        assert!(!is_signed(&changed("max_message_count", json!(5))));
        assert!(!is_signed(&changed("signature", Value::Null)));
        assert!(!is_signed(&json!([])));
        assert!(is_signed(&changed("max_message_count", Value::Null)));
    }

    #[test]
    fn nulls_count_as_absent_except_in_arrays() {
        let plain = message_hash(&json!({"a": {"b": 1}, "list": [{"c": 2}]}));
        let nulls = json!({"a": {"b": 1, "x": null}, "list": [{"c": 2, "y": null}], "z": null});
        assert_eq!(message_hash(&nulls), plain);
        assert_eq!(message_hash(&json!({"list": [1, null]})), Err(CanonicalError::Null));
    }
}
