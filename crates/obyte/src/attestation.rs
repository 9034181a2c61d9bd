//! Attestations: what somebody says in public about an address (4.2).
//!
//! Anybody can attest anything; an attestation is worth as much as who signed it. Its profile is either public, each
//! field with its value, or private: a hash alone, whose fields only the attested person can show.

use serde_json::{Map, Value};

use crate::address::Address;
use crate::canonical::text_length;
use crate::unit::{Payload, Unit};

/// What a private profile has instead of its fields.
const PRIVATE: &str = "profile_hash";
/// Nodes look up no longer fields and values than these, in UTF-16 code units.
const FIELD_MAX: u64 = 50;
const VALUE_MAX: u64 = 100;

/// One attestation of a unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Attestation<'a> {
    /// Who says it: the only author of the unit.
    pub attestor: Address,
    /// About whom. Valid, and perhaps never used.
    pub address: Address,
    profile: &'a Map<String, Value>,
}

impl Attestation<'_> {
    /// The attestations of a unit, in its order. There are none in a unit of several authors, in one that is
    /// stripped, and where the payload is not as the network wants it.
    pub fn all(unit: &Unit) -> impl Iterator<Item = Attestation<'_>> {
        let attestor = match unit.authors() {
            [author] => Some(author.address),
            _ => None,
        };
        let messages = unit.messages().iter().filter(|message| message.app == "attestation");
        messages.filter_map(move |message| match &message.payload {
            Payload::Inline(payload) => read(attestor?, payload),
            _ => None,
        })
    }

    /// The value of a field, if it is public and can be looked up: a text without spaces around it, of at most 100
    /// characters, under a name of at most 50.
    pub fn public(&self, field: &str) -> Option<&str> {
        let value = self.profile.get(field)?.as_str()?;
        let is_short = text_length(field) <= FIELD_MAX && text_length(value) <= VALUE_MAX;
        let is_trimmed = field == field.trim() && value == value.trim();
        (is_short && is_trimmed && !self.profile.contains_key(PRIVATE)).then_some(value)
    }
}

fn read(attestor: Address, payload: &Value) -> Option<Attestation<'_>> {
    let payload = payload.as_object().filter(|payload| payload.len() == 2)?;
    let address = payload.get("address")?.as_str()?.parse().ok()?;
    let profile = payload.get("profile")?.as_object().filter(|profile| !profile.is_empty())?;
    Some(Attestation { attestor, address, profile })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ABOUT: &str = "QZAB2MYRLRVUNITTOOCF5ZE3AG4TCJDD";

    fn attestor() -> Address {
        Address::of_source("an attestor")
    }

    fn email(payload: &Value) -> Option<&str> {
        let profile = read(attestor(), payload)?;
        let value = profile.public("email")?;
        payload["profile"]["email"].as_str().filter(|text| *text == value)
    }

    #[test]
    fn a_public_profile_tells_its_fields() {
        let payload = json!({"address": ABOUT, "profile": {"email": "a@example.org", "user_id": "x"}});
        let read = read(attestor(), &payload).expect("an attestation");
        assert_eq!((read.attestor, read.address.as_str()), (attestor(), ABOUT));
        assert_eq!(read.public("email"), Some("a@example.org"));
        assert_eq!(read.public("name"), None);
    }

    #[test]
    fn what_is_private_or_cannot_be_looked_up_is_not_told() {
        for profile in [
            json!({"profile_hash": "x", "user_id": "y"}),
            json!({"profile_hash": "x", "email": "a@example.org"}),
            json!({"email": " a@example.org"}),
            json!({"email": format!("{}@example.org", "a".repeat(89))}),
            json!({"email": ["a@example.org", "blinding"]}),
            json!({"email": 1}),
        ] {
            assert_eq!(email(&json!({"address": ABOUT, "profile": profile})), None, "{profile}");
        }
        assert_eq!(email(&json!({"address": ABOUT, "profile": {"email": "a@x.org"}})), Some("a@x.org"));
    }

    #[test]
    fn a_payload_that_no_node_takes_attests_nothing() {
        let good = json!({"email": "a@example.org"});
        for payload in [
            json!("a@example.org"),
            json!({"address": ABOUT}),
            json!({"address": ABOUT, "profile": {}}),
            json!({"address": ABOUT, "profile": [1]}),
            json!({"address": ABOUT.to_lowercase(), "profile": good}),
            json!({"address": ABOUT.replace('Q', "A"), "profile": good}),
            json!({"address": ABOUT, "profile": good, "more": 1}),
        ] {
            assert!(read(attestor(), &payload).is_none(), "{payload}");
        }
    }
}
