//! What the server says.

use obyte::{Bytes, UnitHash};
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The answer to a purchase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PurchaseAnswer {
    /// The cashback is in a unit.
    Ok {
        /// How much.
        cashback_amount: Bytes,
        /// Where.
        unit: UnitHash,
        /// Whether an earlier request was answered so already.
        replayed: bool,
        /// Whether an earlier answer named another unit, which is proven dead.
        replaced: bool,
    },
    /// The purchase is accepted and its unit not known yet; repeating the request tells it.
    Pending {
        /// The server's words, without control characters, at most 300 characters of them.
        text: String,
    },
    /// The purchase is accepted, and not paid before the server's operator has looked at it; repeating the
    /// request later tells what became of it.
    Held {
        /// The server's words, without control characters, at most 300 characters of them.
        text: String,
    },
    /// Nothing is paid for this request.
    Error {
        /// The server's words, without control characters, at most 300 characters of them.
        text: String,
    },
}

/// The fields of a body whose `result` is `ok`.
#[derive(Deserialize)]
struct Good {
    cashback_amount: Bytes,
    unit: UnitHash,
    #[serde(default)]
    replayed: bool,
    #[serde(default)]
    replaced: bool,
}

impl PurchaseAnswer {
    /// The answer in a body, if it is one.
    pub fn of_body(body: &[u8]) -> Option<Self> {
        Some(match read(body)? {
            Ok(Good { cashback_amount, unit, replayed, replaced }) => {
                Self::Ok { cashback_amount, unit, replayed, replaced }
            }
            Err(bad) if bad.pending => Self::Pending { text: bad.text() },
            Err(bad) if bad.held => Self::Held { text: bad.text() },
            Err(bad) => Self::Error { text: bad.text() },
        })
    }
}

/// Any body of the API: `result` says whether the other fields are those of `T`.
#[derive(Deserialize)]
#[serde(tag = "result", rename_all = "lowercase")]
enum Body<T> {
    Ok(T),
    Error(Bad),
}

/// The fields of a body whose `result` is `error`.
#[derive(Deserialize)]
pub(crate) struct Bad {
    error: String,
    #[serde(default)]
    pending: bool,
    #[serde(default)]
    held: bool,
}

impl Bad {
    /// The server's words, as they are kept.
    pub(crate) fn text(&self) -> String {
        shown(&self.error)
    }
}

/// What a body says, if it is one of the API.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Option<Result<T, Bad>> {
    Some(match serde_json::from_slice(body).ok()? {
        Body::Ok(good) => Ok(good),
        Body::Error(bad) => Err(bad),
    })
}

/// The longest text that is kept, in characters; a server of this kind sends at most 100.
const TEXT_MAX: usize = 300;

/// What of a server's words may end on a terminal.
pub(crate) fn shown(text: &str) -> String {
    text.chars().take(TEXT_MAX).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIT: &str = "oj8yEksX9Ubq7lLc+p6F2uyHUuynugeVq4+ikT67X6E=";

    #[test]
    fn the_answers_are_told_apart() {
        let ok =
            format!(r#"{{"result":"ok","cashback_amount":5,"unit":"{UNIT}","replayed":true,"more":[]}}"#);
        assert_eq!(
            PurchaseAnswer::of_body(ok.as_bytes()),
            Some(PurchaseAnswer::Ok {
                cashback_amount: Bytes::literal(5),
                unit: UNIT.parse().expect("a unit"),
                replayed: true,
                replaced: false,
            })
        );
        assert_eq!(
            PurchaseAnswer::of_body(br#"{"result":"error","error":"wait","pending":true}"#),
            Some(PurchaseAnswer::Pending { text: "wait".into() })
        );
        assert_eq!(
            PurchaseAnswer::of_body(br#"{"result":"error","error":"later","held":true}"#),
            Some(PurchaseAnswer::Held { text: "later".into() })
        );
        assert_eq!(
            PurchaseAnswer::of_body(br#"{"result":"error","error":"no"}"#),
            Some(PurchaseAnswer::Error { text: "no".into() })
        );
    }

    #[test]
    fn the_words_of_a_server_cannot_steer_a_terminal() {
        let body =
            serde_json::json!({"result": "error", "error": format!("no\u{1b}]0;\r{}", "x".repeat(5000))});
        let Some(PurchaseAnswer::Error { text }) = PurchaseAnswer::of_body(body.to_string().as_bytes())
        else {
            panic!("an error")
        };
        assert!(text.starts_with("no ]0; x"), "{text}");
        assert_eq!(text.len(), TEXT_MAX);
    }

    #[test]
    fn what_is_no_answer_is_not_guessed_at() {
        for body in [
            "",
            "<html>",
            r#"{"result":"ok"}"#,
            r#"{"result":"OK","cashback_amount":5}"#,
            r#"{"result":"error"}"#,
            r#"{"result":"ok","cashback_amount":-5,"unit":"oj8yEksX9Ubq7lLc+p6F2uyHUuynugeVq4+ikT67X6E="}"#,
        ] {
            assert_eq!(PurchaseAnswer::of_body(body.as_bytes()), None, "{body}");
        }
    }
}
