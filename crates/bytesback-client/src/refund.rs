//! A purchase that was returned, and what the server says to it.

use std::fmt;

use obyte::Bytes;
use serde::Deserialize;

use crate::answer::read;
use crate::request::form;

/// The fields of a refund, each as its text; an empty one counts as missing.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RefundRequest {
    /// The partner's name.
    pub partner: String,
    /// The partner's key: a secret.
    pub partner_key: String,
    /// The partner's number of the sale.
    pub order_id: String,
    /// The merchant, for payment processors.
    pub merchant: String,
    /// The currency of the purchase; empty for not checking it.
    pub currency: String,
    /// How much of the price was returned; empty for all.
    pub currency_amount: String,
}

impl RefundRequest {
    fn fields(&self) -> [(&'static str, &str); 6] {
        [
            ("partner", &self.partner),
            ("partner_key", &self.partner_key),
            ("order_id", &self.order_id),
            ("merchant", &self.merchant),
            ("currency", &self.currency),
            ("currency_amount", &self.currency_amount),
        ]
    }

    /// The body `application/x-www-form-urlencoded`. Holds the key.
    pub fn to_form(&self) -> String {
        form(self.fields())
    }
}

/// Without the key.
impl fmt::Debug for RefundRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (name, value) in self.fields() {
            map.entry(&name, if name == "partner_key" { &"..." } else { &value });
        }
        map.finish()
    }
}

/// The answer to a refund.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundAnswer {
    /// The partner is charged.
    Ok {
        /// How much.
        refund_amount: Bytes,
        /// What of it the partner's deposit paid.
        from_deposit: Bytes,
        /// What of it the partner owed then.
        receivable: Bytes,
        /// Whether an earlier request was answered so already.
        replayed: bool,
    },
    /// Nothing is charged for this request.
    Error {
        /// The server's words, without control characters, at most 300 characters of them.
        text: String,
    },
}

/// The fields of a body whose `result` is `ok`.
#[derive(Deserialize)]
struct Good {
    refund_amount: Bytes,
    from_deposit: Bytes,
    receivable: Bytes,
    #[serde(default)]
    replayed: bool,
}

impl RefundAnswer {
    /// The answer in a body, if it is one.
    pub fn of_body(body: &[u8]) -> Option<Self> {
        Some(match read(body)? {
            Ok(Good { refund_amount, from_deposit, receivable, replayed }) => {
                Self::Ok { refund_amount, from_deposit, receivable, replayed }
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
        let ok = br#"{"result":"ok","refund_amount":5,"from_deposit":3,"receivable":2,"replayed":true}"#;
        let [five, three, two] = [5, 3, 2].map(Bytes::literal);
        let expected =
            RefundAnswer::Ok { refund_amount: five, from_deposit: three, receivable: two, replayed: true };
        assert_eq!(RefundAnswer::of_body(ok), Some(expected));
        let error = RefundAnswer::Error { text: "no".into() };
        assert_eq!(RefundAnswer::of_body(br#"{"result":"error","error":"no"}"#), Some(error));
        assert_eq!(RefundAnswer::of_body(br#"{"result":"ok","refund_amount":5}"#), None);
    }

    #[test]
    fn debug_output_hides_the_key() {
        let request = RefundRequest { partner_key: "s3cret".into(), ..RefundRequest::default() };
        assert!(!format!("{request:?}").contains("s3cret"));
        assert!(request.to_form().contains("partner_key=s3cret&order_id=&"));
    }
}
