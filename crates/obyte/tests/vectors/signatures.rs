use obyte::{PublicKey, SecretKey, Signature};
use serde_json::Value;

use crate::{flag, hex, hex32, list, load, text};

const FILE: &str = "signatures.json";

/// As units of others are verified: keys are 44 characters, signatures may be written leniently.
/// Nothing where the key or the hash already has the wrong form.
fn is_valid(vector: &Value) -> Option<bool> {
    let key: PublicKey = text(vector, "pubkey").parse().ok()?;
    let hash = hex(vector, "hash_hex").try_into().ok()?;
    Some(key.verify_text(&hash, text(vector, "signature")))
}

/// As everything else is verified: both texts are canonical base64.
fn is_strictly_valid(vector: &Value) -> bool {
    let signature = text(vector, "signature").parse::<Signature>();
    let key = data_encoding::BASE64.decode(text(vector, "pubkey").as_bytes());
    signature.is_ok() && key.is_ok() && is_valid(vector) == Some(true)
}

#[test]
fn signing_gives_the_signature_of_the_reference() {
    for vector in list(&load(FILE), FILE, "signatures") {
        let key = SecretKey::from_bytes(&hex32(vector, "priv_hex")).expect("a secret key");
        assert_eq!(key.public_key().as_str(), text(vector, "pubkey"), "{vector}");
        let (hash, expected) = (hex32(vector, "hash_hex"), text(vector, "signature"));
        let signature = key.sign(&hash);
        assert_eq!(signature.as_str(), expected, "{vector}");
        assert_eq!(expected.parse(), Ok(signature));
        assert!(key.public_key().verify(&hash, &signature), "{vector}");
    }
}

#[test]
fn what_the_reference_refuses_is_refused() {
    for vector in list(&load(FILE), FILE, "invalid") {
        assert!(!flag(vector, "verify"), "{vector}");
        assert!(!is_valid(vector).unwrap_or(false), "{vector}");
        assert!(!is_strictly_valid(vector), "{vector}");
    }
}

/// The reference takes them, so units of others with them are valid; a strict reader refuses the form.
#[test]
fn what_the_reference_tolerates_is_tolerated_only_in_units_of_others() {
    for vector in list(&load(FILE), FILE, "lenient") {
        assert!(flag(vector, "verify"), "{vector}");
        assert_ne!(is_valid(vector), Some(false), "{vector}");
        assert!(!is_strictly_valid(vector), "{vector}");
    }
}
