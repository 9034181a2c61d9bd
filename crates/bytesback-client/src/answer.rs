//! What the server says.

use obyte::{Bytes, UnitHash};
use serde::Deserialize;

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

#[derive(Deserialize)]
struct Body {
    result: String,
    error: Option<String>,
    cashback_amount: Option<Bytes>,
    unit: Option<UnitHash>,
    #[serde(default)]
    replayed: bool,
    #[serde(default)]
    replaced: bool,
    #[serde(default)]
    pending: bool,
    #[serde(default)]
    held: bool,
}

impl PurchaseAnswer {
    /// The answer in a body, if it is one.
    pub fn of_body(body: &[u8]) -> Option<Self> {
        let body: Body = serde_json::from_slice(body).ok()?;
        match body.result.as_str() {
            "ok" => Some(Self::Ok {
                cashback_amount: body.cashback_amount?,
                unit: body.unit?,
                replayed: body.replayed,
                replaced: body.replaced,
            }),
            "error" if body.pending => Some(Self::Pending { text: shown(&body.error?) }),
            "error" if body.held => Some(Self::Held { text: shown(&body.error?) }),
            "error" => Some(Self::Error { text: shown(&body.error?) }),
            _ => None,
        }
    }
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
