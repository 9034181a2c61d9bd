//! What a purchase would get.

use obyte::Bytes;
use serde::Deserialize;

use crate::answer::{read, shown};

/// The most lines of an explanation that are kept; a server of this kind sends some thirty.
const LINES_MAX: usize = 100;

/// The answer to the question what a purchase would get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum QuoteAnswer {
    /// It would get this, at the prices of the moment.
    Ok {
        /// The sum of the three shares.
        cashback_amount: Bytes,
        /// From the fund.
        base: Bytes,
        /// From the partner's deposit.
        partner: Bytes,
        /// From the fund.
        matched: Bytes,
        /// How it comes about: at most 100 lines of at most 300 characters, without control characters.
        explanation: Vec<String>,
    },
    /// It would get nothing.
    Error {
        /// The server's words, without control characters, at most 300 characters of them.
        text: String,
    },
}

/// The fields of a body whose `result` is `ok`.
#[derive(Deserialize)]
struct Good {
    cashback_amount: Bytes,
    base: Bytes,
    partner: Bytes,
    #[serde(rename = "match")]
    matched: Bytes,
    #[serde(default)]
    explanation: Vec<String>,
}

impl QuoteAnswer {
    /// The answer in a body, if it is one.
    pub fn of_body(body: &[u8]) -> Option<Self> {
        Some(match read(body)? {
            Ok(Good { cashback_amount, base, partner, matched, explanation }) => {
                let explanation = explanation.iter().take(LINES_MAX).map(|line| shown(line)).collect();
                Self::Ok { cashback_amount, base, partner, matched, explanation }
            }
            Err(bad) => Self::Error { text: bad.text() },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answers_are_told_apart() {
        let ok = r#"{"result":"ok","cashback_amount":9,"base":5,"partner":3,"match":1,"explanation":["a\u001b","b"]}"#;
        assert_eq!(
            QuoteAnswer::of_body(ok.as_bytes()),
            Some(QuoteAnswer::Ok {
                cashback_amount: Bytes::literal(9),
                base: Bytes::literal(5),
                partner: Bytes::literal(3),
                matched: Bytes::literal(1),
                explanation: vec!["a ".to_owned(), "b".to_owned()],
            })
        );
        let error = QuoteAnswer::of_body(br#"{"result":"error","error":"no"}"#);
        assert_eq!(error, Some(QuoteAnswer::Error { text: "no".into() }));
        for body in ["", "{}", r#"{"result":"ok","cashback_amount":9}"#, r#"{"result":"error"}"#] {
            assert_eq!(QuoteAnswer::of_body(body.as_bytes()), None, "{body}");
        }
    }
}
