//! Signatures of the network (section 5): ECDSA over secp256k1, deterministic (RFC 6979), low-S,
//! 64 bytes in base64. What is signed is a hash of 32 bytes, without any prefix or further hashing.

mod base64;
mod unreduced;

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use data_encoding::BASE64;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use self::base64::decode_like_node;

/// How many characters a public key has in definitions (1.1).
const PUBLIC_KEY_LEN: usize = 44;
/// How many characters a signature has (1.1).
const SIGNATURE_LEN: usize = 88;

/// The text is neither a public key nor a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// A public key with other than 44 characters of ASCII, or with U+0000.
    #[error("wrong pubkey length")]
    PublicKeyLength,
    /// A signature that is not 64 bytes in 88 characters of base64.
    #[error("a signature has 88 characters of base64")]
    SignatureForm,
    /// Zero, or not below the order of the curve.
    #[error("the number is no secret key of secp256k1")]
    SecretKey,
}

/// A public key as definitions hold it: 44 characters of text.
///
/// The network counts only the characters. A text that encodes no compressed point of the curve may
/// stand in a valid definition, and no signature is ever valid for it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; PUBLIC_KEY_LEN]);

impl PublicKey {
    /// The base64 text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("the text was checked to be ASCII")
    }

    /// Whether `signature` is this key's signature of the hash.
    pub fn verify(&self, hash: &[u8; 32], signature: &Signature) -> bool {
        self.verify_text(hash, signature.as_str())
    }

    /// Whether the text is this key's signature of the hash, read as leniently as the reference reads it.
    ///
    /// The reference decodes like Node.js does: the URL-safe alphabet, missing padding and characters
    /// that are not base64 at all are tolerated. What validates units of others must agree with it;
    /// everything else parses a [`Signature`] first.
    pub fn verify_text(&self, hash: &[u8; 32], text: &str) -> bool {
        let Ok(compact) = <[u8; 64]>::try_from(decode_like_node(text)) else { return false };
        let Ok(signature) = secp256k1::ecdsa::Signature::from_compact(&compact) else { return false };
        self.point().is_some_and(|point| {
            secp256k1::ecdsa::verify(&signature, secp256k1::Message::from_digest(*hash), &point).is_ok()
        })
    }

    pub(crate) fn of_point(point: &secp256k1::PublicKey) -> Self {
        let mut text = [0; PUBLIC_KEY_LEN];
        BASE64.encode_mut(&point.serialize(), &mut text);
        Self(text)
    }

    fn point(&self) -> Option<secp256k1::PublicKey> {
        let compressed: [u8; 33] = decode_like_node(self.as_str()).try_into().ok()?;
        secp256k1::PublicKey::from_byte_array_compressed(compressed).ok()
    }
}

impl FromStr for PublicKey {
    type Err = SignatureError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let characters = text.as_bytes().try_into().map_err(|_| SignatureError::PublicKeyLength)?;
        // No unit and no definition with U+0000 has a hash.
        let is_plain = text.is_ascii() && !text.contains('\0');
        if is_plain { Ok(Self(characters)) } else { Err(SignatureError::PublicKeyLength) }
    }
}

/// A signature in its one form: 88 characters of base64.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signature([u8; SIGNATURE_LEN]);

impl Signature {
    /// How many characters a signature has, which is also what it counts in sizes.
    pub const LEN: usize = SIGNATURE_LEN;

    /// The base64 text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("base64 is ASCII")
    }

    fn of_compact(compact: &[u8; 64]) -> Self {
        let mut text = [0; SIGNATURE_LEN];
        BASE64.encode_mut(compact, &mut text);
        Self(text)
    }
}

impl FromStr for Signature {
    type Err = SignatureError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let decoded = crate::base64::decode(text).ok_or(SignatureError::SignatureForm)?;
        let compact = decoded.try_into().map_err(|_| SignatureError::SignatureForm)?;
        Ok(Self::of_compact(&compact))
    }
}

macro_rules! as_text {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.as_str())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
as_text!(PublicKey);
as_text!(Signature);

/// A secret key of secp256k1. Overwritten when dropped, and never shown.
#[derive(Clone)]
pub struct SecretKey {
    secret: secp256k1::SecretKey,
    /// Computed when it is asked for first, which takes as long as a signature; clones know it too.
    public: OnceLock<PublicKey>,
}

impl SecretKey {
    const fn new(secret: secp256k1::SecretKey) -> Self {
        Self { secret, public: OnceLock::new() }
    }

    /// The key of 32 bytes, big-endian.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, SignatureError> {
        secp256k1::SecretKey::from_secret_bytes(*bytes).map(Self::new).map_err(|_| SignatureError::SecretKey)
    }

    /// The 32 bytes, for those who derive from the key.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.secret.as_secret_bytes()
    }

    /// The public key that belongs to it.
    pub fn public_key(&self) -> PublicKey {
        *self.public.get_or_init(|| PublicKey::of_point(&self.point()))
    }

    /// Signs a hash. The same key and hash always give the same signature.
    pub fn sign(&self, hash: &[u8; 32]) -> Signature {
        let signature = if unreduced::is_reduced(hash) {
            unreduced::sign(hash, &self.secret)
        } else {
            secp256k1::ecdsa::sign(secp256k1::Message::from_digest(*hash), &self.secret)
        };
        Signature::of_compact(&signature.serialize_compact())
    }

    pub(crate) fn point(&self) -> secp256k1::PublicKey {
        secp256k1::PublicKey::from_secret_key(&self.secret)
    }

    /// The key plus a number, modulo the order of the curve, as children are derived (2.2).
    pub(crate) fn add(&self, number: &[u8; 32]) -> Option<Self> {
        let number = secp256k1::Scalar::from_be_bytes(*number).ok()?;
        self.secret.add_tweak(&number).ok().map(Self::new)
    }
}

impl Drop for SecretKey {
    fn drop(&mut self) {
        self.secret.non_secure_erase();
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> SecretKey {
        SecretKey::from_bytes(&[7; 32]).expect("below the order of the curve")
    }

    #[test]
    fn a_signature_is_valid_for_its_hash_and_key_only() {
        let signature = key().sign(&[1; 32]);
        assert_eq!(key().sign(&[1; 32]), signature);
        assert!(key().public_key().verify(&[1; 32], &signature));
        assert!(!key().public_key().verify(&[2; 32], &signature));
        let other = SecretKey::from_bytes(&[8; 32]).expect("below the order of the curve");
        assert!(!other.public_key().verify(&[1; 32], &signature));
    }

    #[test]
    fn text_that_is_no_point_of_the_curve_never_verifies() {
        let no_point: PublicKey = "A".repeat(44).parse().expect("44 characters");
        assert!(!no_point.verify(&[1; 32], &key().sign(&[1; 32])));
        assert_eq!("A".repeat(43).parse::<PublicKey>(), Err(SignatureError::PublicKeyLength));
        assert_eq!("A\0".repeat(22).parse::<PublicKey>(), Err(SignatureError::PublicKeyLength));
        assert_eq!("é".repeat(22).parse::<PublicKey>(), Err(SignatureError::PublicKeyLength));
    }

    #[test]
    fn only_canonical_base64_is_a_signature() {
        let text = key().sign(&[1; 32]).to_string();
        assert_eq!(text.parse(), Ok(key().sign(&[1; 32])));
        let url_safe = text.replace('+', "-").replace('/', "_").replace('=', "");
        assert_eq!(url_safe.parse::<Signature>(), Err(SignatureError::SignatureForm));
        assert!(key().public_key().verify_text(&[1; 32], &url_safe));
        assert_eq!("".parse::<Signature>(), Err(SignatureError::SignatureForm));
        // 32 bytes, and 32 more.
        let two = format!("{}A=", "A".repeat(42)).repeat(2);
        assert_eq!(two.parse::<Signature>(), Err(SignatureError::SignatureForm));
    }

    #[test]
    fn a_secret_key_is_in_range_and_never_shown() {
        assert!(SecretKey::from_bytes(&[0; 32]).is_err());
        assert!(SecretKey::from_bytes(&[0xff; 32]).is_err());
        assert_eq!(format!("{:?}", key()), "SecretKey(..)");
    }
}
