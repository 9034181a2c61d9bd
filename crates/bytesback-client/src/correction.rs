//! The right e-mail address for a purchase whose address was mistyped.

use std::fmt;

use serde::Deserialize;

use crate::answer::read;
use crate::request::form;

/// Which purchase is meant and where its cashback is to go, each field as its text; an empty one counts as missing.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct CorrectionRequest {
    /// The partner's name.
    pub partner: String,
    /// The partner's key: a secret.
    pub partner_key: String,
    /// The partner's number of the sale.
    pub order_id: String,
    /// The merchant, for payment processors.
    pub merchant: String,
    /// The right e-mail address.
    pub email: String,
}

impl CorrectionRequest {
    fn fields(&self) -> [(&'static str, &str); 5] {
        [
            ("partner", &self.partner),
            ("partner_key", &self.partner_key),
            ("order_id", &self.order_id),
            ("merchant", &self.merchant),
            ("email", &self.email),
        ]
    }

    /// The body `application/x-www-form-urlencoded`. Holds the key.
    pub fn to_form(&self) -> String {
        form(self.fields())
    }
}

/// Without the key.
impl fmt::Debug for CorrectionRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (name, value) in self.fields() {
            map.entry(&name, if name == "partner_key" { &"..." } else { &value });
        }
        map.finish()
    }
}

/// The answer to a correction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CorrectionAnswer {
    /// The cashback goes there, once it has come back.
    Ok {
        /// Whether this was asked for before.
        replayed: bool,
    },
    /// Nothing is corrected.
    Error {
        /// The server's words, without control characters, at most 300 characters of them.
        text: String,
    },
}

#[derive(Deserialize)]
struct Noted {
    #[serde(default)]
    replayed: bool,
}

impl CorrectionAnswer {
    /// The answer in a body, if it is one.
    pub fn of_body(body: &[u8]) -> Option<Self> {
        Some(match read(body)? {
            Ok(Noted { replayed }) => Self::Ok { replayed },
            Err(bad) => Self::Error { text: bad.text() },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_apart() {
        for (body, replayed) in
            [(&br#"{"result":"ok"}"#[..], false), (br#"{"result":"ok","replayed":true}"#, true)]
        {
            assert_eq!(CorrectionAnswer::of_body(body), Some(CorrectionAnswer::Ok { replayed }));
        }
        let error = CorrectionAnswer::of_body(br#"{"result":"error","error":"no"}"#);
        assert_eq!(error, Some(CorrectionAnswer::Error { text: "no".into() }));
        assert_eq!(CorrectionAnswer::of_body(b"<html>"), None);
    }

    #[test]
    fn the_key_is_shown_nowhere() {
        let request = CorrectionRequest { partner_key: "hunter2".into(), ..CorrectionRequest::default() };
        assert!(!format!("{request:?}").contains("hunter2"));
        assert!(request.to_form().contains("hunter2"));
    }
}
