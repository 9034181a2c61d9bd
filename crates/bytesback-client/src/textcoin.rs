//! Where the cashback of an e-mail address stands, and its mail once more.

use std::fmt;

use obyte::{Bytes, UnitHash};
use serde::Deserialize;

use crate::answer::{read, shown};
use crate::request::form;

/// Which purchase is meant, each field as its text; an empty one counts as missing.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TextcoinRequest {
    /// The partner's name.
    pub partner: String,
    /// The partner's key: a secret.
    pub partner_key: String,
    /// The partner's number of the sale.
    pub order_id: String,
    /// The merchant, for payment processors.
    pub merchant: String,
}

impl TextcoinRequest {
    fn fields(&self) -> [(&'static str, &str); 4] {
        [
            ("partner", &self.partner),
            ("partner_key", &self.partner_key),
            ("order_id", &self.order_id),
            ("merchant", &self.merchant),
        ]
    }

    /// The body `application/x-www-form-urlencoded`. Holds the key.
    pub fn to_form(&self) -> String {
        form(self.fields())
    }

    /// The same without name and key.
    pub(crate) fn to_query(&self) -> String {
        form([("order_id", self.order_id.as_str()), ("merchant", self.merchant.as_str())])
    }
}

/// Without the key.
impl fmt::Debug for TextcoinRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (name, value) in self.fields() {
            map.entry(&name, if name == "partner_key" { &"..." } else { &value });
        }
        map.finish()
    }
}

/// The answer to the question where a textcoin stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextcoinAnswer {
    /// It stands so.
    Ok {
        /// One word, such as `mail_sent` or `undeliverable`; docs/api.md has them all.
        state: String,
        /// The cashback.
        amount: Bytes,
        /// The unit that gives it, once a hub has accepted it.
        unit: Option<UnitHash>,
        /// Until when it can be claimed (RFC 3339).
        expires_at: Option<String>,
        /// What is the matter with its mail, if anything is.
        reason: Option<String>,
        /// How its e-mail address was corrected, the oldest first.
        corrections: Vec<Correction>,
    },
    /// Nothing is told.
    Error {
        /// The server's words, without control characters, at most 300 characters of them.
        text: String,
    },
}

/// That the e-mail address was corrected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// One word, such as `waits_for_return` or `given`; docs/api.md has them all.
    pub state: String,
    /// To which address.
    pub email: String,
}

#[derive(Deserialize)]
struct Corrected {
    state: String,
    email: String,
}

#[derive(Deserialize)]
struct Standing {
    state: String,
    amount: Bytes,
    unit: Option<UnitHash>,
    expires_at: Option<String>,
    reason: Option<String>,
    #[serde(default)]
    corrections: Vec<Corrected>,
}

impl Corrected {
    fn shown(&self) -> Correction {
        Correction { state: shown(&self.state), email: shown(&self.email) }
    }
}

impl TextcoinAnswer {
    /// The answer in a body, if it is one.
    pub fn of_body(body: &[u8]) -> Option<Self> {
        Some(match read(body)? {
            Ok(Standing { state, amount, unit, expires_at, reason, corrections }) => Self::Ok {
                state: shown(&state),
                amount,
                unit,
                expires_at: expires_at.as_deref().map(shown),
                reason: reason.as_deref().map(shown),
                corrections: corrections.iter().map(Corrected::shown).collect(),
            },
            Err(bad) => Self::Error { text: bad.text() },
        })
    }
}

/// The answer to the wish that a mail be sent once more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ResendAnswer {
    /// Another mail waits to be sent.
    Ok,
    /// None is sent.
    Error {
        /// The server's words, without control characters, at most 300 characters of them.
        text: String,
    },
}

#[derive(Deserialize)]
struct Queued {}

impl ResendAnswer {
    /// The answer in a body, if it is one.
    pub fn of_body(body: &[u8]) -> Option<Self> {
        Some(match read(body)? {
            Ok(Queued {}) => Self::Ok,
            Err(bad) => Self::Error { text: bad.text() },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_apart() {
        let body = br#"{"result":"ok","state":"undeliverable","amount":5,"unit":null,"expires_at":null,"reason":"none","mails":[]}"#;
        let Some(TextcoinAnswer::Ok { state, amount, reason, .. }) = TextcoinAnswer::of_body(body) else {
            panic!("it is one")
        };
        assert_eq!(
            (state.as_str(), amount, reason.as_deref()),
            ("undeliverable", Bytes::literal(5), Some("none"))
        );
        let error = br#"{"result":"error","error":"no"}"#;
        assert_eq!(TextcoinAnswer::of_body(error), Some(TextcoinAnswer::Error { text: "no".into() }));
        assert_eq!(ResendAnswer::of_body(error), Some(ResendAnswer::Error { text: "no".into() }));
        assert_eq!(ResendAnswer::of_body(br#"{"result":"ok"}"#), Some(ResendAnswer::Ok));
        assert_eq!(ResendAnswer::of_body(b"<html>"), None);
    }

    #[test]
    fn the_key_is_shown_nowhere() {
        let request = TextcoinRequest { partner_key: "hunter2".into(), ..TextcoinRequest::default() };
        assert!(!format!("{request:?}{}", request.to_query()).contains("hunter2"));
        assert!(request.to_form().contains("hunter2"));
    }
}
