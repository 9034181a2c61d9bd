//! SHA-256 hashes as the network writes them: 44 characters of base64.

use std::fmt;
use std::str::FromStr;

use data_encoding::BASE64;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

/// The SHA-256 of some bytes.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// The SHA-256 of a text in base64, as the reference's `getBase64Hash` gives it (3.4).
pub fn sha256_base64(text: &str) -> String {
    BASE64.encode(&sha256(text.as_bytes()))
}

/// The text is not the base64 form of 32 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a hash has 44 characters of base64")]
pub struct HashError;

const LEN: usize = 44;

fn parse(text: &str) -> Result<[u8; LEN], HashError> {
    let characters: [u8; LEN] = text.as_bytes().try_into().map_err(|_| HashError)?;
    // The decoder alone would also take several padded texts in a row; otherwise it is strict, so every
    // hash has one form.
    let is_padded_once = characters.iter().position(|&c| c == b'=') == Some(LEN - 1);
    let mut decoded = [0; 33];
    match BASE64.decode_mut(&characters, &mut decoded) {
        Ok(32) if is_padded_once => Ok(characters),
        _ => Err(HashError),
    }
}

macro_rules! text_hash {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// Kept in its text form, since the network orders hashes by their text (3.3).
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name([u8; LEN]);

        impl $name {
            /// The hash of 32 bytes of digest.
            pub fn from_digest(digest: &[u8; 32]) -> Self {
                let mut text = [0; LEN];
                BASE64.encode_mut(digest, &mut text);
                Self(text)
            }

            /// The hash of a canonical string (3.4).
            pub fn of(source: &str) -> Self {
                Self::from_digest(&sha256(source.as_bytes()))
            }

            /// The 32 bytes behind the text.
            pub fn digest(&self) -> [u8; 32] {
                let bytes = BASE64.decode(&self.0).expect("the text was checked when it was parsed");
                bytes.try_into().expect("44 characters of base64 are 32 bytes")
            }

            /// The 44 characters.
            pub fn as_str(&self) -> &str {
                std::str::from_utf8(&self.0).expect("base64 is ASCII")
            }
        }

        impl FromStr for $name {
            type Err = HashError;

            fn from_str(text: &str) -> Result<Self, HashError> {
                parse(text).map(Self)
            }
        }

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

text_hash! {
    /// The hash that names a unit (4.9).
    UnitHash
}
text_hash! {
    /// The hash of a ball: a stable unit with its place in the past (7.2).
    BallHash
}
text_hash! {
    /// The hash of a message's payload (4.2).
    PayloadHash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_has_exactly_one_text() {
        let text = "oj8yEksX9Ubq7lLc+p6F2uyHUuynugeVq4+ikT67X6E=";
        let hash: UnitHash = text.parse().expect("the livenet's genesis");
        assert_eq!(hash.to_string(), text);
        assert_eq!(UnitHash::from_digest(&hash.digest()), hash);
        for bad in ["", "oj8y", &text[..43], "oj8yEksX9Ubq7lLc+p6F2uyHUuynugeVq4+ikT67X6F="] {
            assert_eq!(bad.parse::<UnitHash>(), Err(HashError), "{bad}");
        }
        // 2 bytes, and 30 more.
        for bad in [format!("AAA={}", "A".repeat(40)), format!("{}AA==AAAA", "A".repeat(36))] {
            assert_eq!(bad.parse::<UnitHash>(), Err(HashError), "{bad}");
        }
    }

    #[test]
    fn hashes_are_ordered_by_their_text() {
        let plus: UnitHash = "+AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".parse().expect("valid");
        let letter: UnitHash = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".parse().expect("valid");
        assert!(plus < letter);
    }
}
