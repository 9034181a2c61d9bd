//! Addresses: the chash160 of a definition (2.4, 2.5), and device addresses (2.6).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::chash::{chash160, is_valid_chash160};

const LEN: usize = 32;

/// An address of a wallet, its checksum verified.
///
/// Kept in its text form, since the network orders addresses by their text (3.3).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address([u8; LEN]);

/// The text is no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// Not 32 characters of `A-Z2-7`.
    #[error("an address has 32 characters, A to Z and 2 to 7")]
    Form,
    /// Some character is wrong.
    #[error("the checksum of the address is wrong")]
    Checksum,
}

impl Address {
    /// The address of a text, which is a definition's canonical string.
    pub fn of_source(source: &str) -> Self {
        let text = chash160(source);
        Self(text.as_bytes().try_into().expect("a chash160 has 32 characters"))
    }

    /// The 32 characters.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("base32 is ASCII")
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let characters: [u8; LEN] = text.as_bytes().try_into().map_err(|_| AddressError::Form)?;
        if is_valid_chash160(text) {
            return Ok(Self(characters));
        }
        let is_base32 = characters.iter().all(|c| matches!(c, b'A'..=b'Z' | b'2'..=b'7'));
        Err(if is_base32 { AddressError::Checksum } else { AddressError::Form })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({})", self.as_str())
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The address of a device, which signs messages and never holds coins.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeviceAddress(Address);

impl DeviceAddress {
    /// The device address of a compressed public key in base64.
    pub fn of_public_key(base64: &str) -> Self {
        Self(Address::of_source(&format!("s\0{base64}")))
    }
}

impl FromStr for DeviceAddress {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        text.strip_prefix('0').ok_or(AddressError::Form)?.parse().map(Self)
    }
}

impl fmt::Display for DeviceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "0{}", self.0)
    }
}

impl fmt::Debug for DeviceAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeviceAddress({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worked_example_of_section_2_5_holds() {
        let source = "[\0s\0sig\0pubkey\0s\0A6rrUt10lMNhBJ3mfMaA6D68u72+sTY32SzYRfcDCK9e\0]";
        assert_eq!(Address::of_source(source).to_string(), "QZAB2MYRLRVUNITTOOCF5ZE3AG4TCJDD");
    }

    #[test]
    fn form_and_checksum_are_told_apart() {
        assert_eq!("QZAB2MYRLRVUNITTOOCF5ZE3AG4TCJDE".parse::<Address>(), Err(AddressError::Checksum));
        for bad in [
            "",
            "qzab2myrlrvunittoocf5ze3ag4tcjdd",
            "0BQHH2EQ754G2WF4O5IQACV7KEOWHT3YY",
            "QZAB2MYRLRVUNITTOOCF5ZE3AG4TCJD1",
        ] {
            assert_eq!(bad.parse::<Address>(), Err(AddressError::Form), "{bad}");
        }
    }
}
