//! Devices that logged in, and the keys that they publish for messages to them (6.2).
//!
//! Messages themselves are not delivered: nothing that a payer needs is told by them.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use obyte::canonical::text_length;
use obyte::{PublicKey, canonical::source_string, hash::sha256};
use serde_json::Value;

use super::queries;

/// All devices since the start of the devnet, by their public key.
#[derive(Debug, Default)]
pub(crate) struct Devices(Mutex<HashMap<String, Option<Value>>>);

/// The length of a public key as text.
const KEY: u64 = 44;
/// The length of a signature as text.
const SIGNATURE: u64 = 88;

impl Devices {
    fn all(&self) -> MutexGuard<'_, HashMap<String, Option<Value>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes in who logged in. Tells whether the device is new.
    pub(super) fn register(&self, key: &str) -> bool {
        let mut devices = self.all();
        let is_new = !devices.contains_key(key);
        devices.entry(key.to_owned()).or_default();
        is_new
    }

    /// Answers `hub/temp_pubkey`: keeps the key to which a device wants messages encrypted.
    pub(super) fn publish(&self, device: Option<&str>, params: Option<&Value>) -> Result<Value, String> {
        let fail = |text: &str| Err(text.to_owned());
        let Some(device) = device else { return fail("please log in first") };
        let given =
            |name| params.and_then(|params| params.get(name)).filter(|value| !queries::is_false(value));
        let (Some(temp), Some(key), Some(signature)) =
            (given("temp_pubkey"), given("pubkey"), given("signature"))
        else {
            return fail("no temp_pubkey params");
        };
        if params.and_then(Value::as_object).is_none_or(|fields| fields.len() > 3) {
            return fail("unexpected fields in temp_pubkey package");
        }
        if !is_text_of(temp, KEY) {
            return fail("wrong temp_pubkey length");
        }
        if !is_text_of(key, KEY) {
            return fail("wrong pubkey length");
        }
        if key.as_str() != Some(device) {
            return fail("signed by another pubkey");
        }
        let package = params.cloned().unwrap_or_default();
        let is_signed = signature.as_str().is_some_and(|signature| is_signed(&package, device, signature));
        if !is_signed {
            return fail("wrong signature");
        }
        self.all().insert(device.to_owned(), Some(package));
        Ok("updated".into())
    }

    /// Answers `hub/get_temp_pubkey`.
    pub(super) fn published(&self, key: Option<&Value>) -> Result<Value, String> {
        let Some(key) = key.filter(|key| is_text_of(key, KEY)).and_then(Value::as_str) else {
            return Err("wrong permanent_pubkey length".to_owned());
        };
        match self.all().get(key) {
            None => Err("device with this pubkey is not registered here".to_owned()),
            Some(None) => Err("temp pub key not set yet".to_owned()),
            Some(Some(package)) => Ok(package.clone()),
        }
    }
}

/// Whether a value is a text of so many UTF-16 code units.
fn is_text_of(value: &Value, length: u64) -> bool {
    value.as_str().is_some_and(|text| text_length(text) == length)
}

/// Whether a device signed a message of which the signature is a part.
fn is_signed(message: &Value, key: &str, signature: &str) -> bool {
    let mut message = message.clone();
    if let Some(fields) = message.as_object_mut() {
        fields.remove("signature");
    }
    let key: Result<PublicKey, _> = key.parse();
    let (Ok(source), Ok(key)) = (source_string(&message), key) else { return false };
    text_length(signature) == SIGNATURE && key.verify_text(&sha256(source.as_bytes()), signature)
}

/// Answers `hub/deliver`: nobody's messages are kept here.
pub(super) fn deliver(params: Option<&Value>) -> String {
    let field = |path: &str| params.and_then(|params| params.pointer(path));
    let is_missing = |path: &&str| field(path).is_none_or(queries::is_false);
    let needed = [
        "/signature",
        "/pubkey",
        "/to",
        "/encrypted_package/dh/sender_ephemeral_pubkey",
        "/encrypted_package/dh/recipient_ephemeral_pubkey",
        "/encrypted_package/encrypted_message",
        "/encrypted_package/iv",
        "/encrypted_package/authtag",
    ];
    if needed.iter().any(is_missing) {
        return "missing fields".to_owned();
    }
    let to = field("/to").and_then(Value::as_str).filter(|to| to.parse::<obyte::DeviceAddress>().is_ok());
    match to {
        Some(to) => format!("address {to} not registered here"),
        None => "invalid to address".to_owned(),
    }
}
