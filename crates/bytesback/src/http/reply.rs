//! The bytes of answers.

use std::fmt::Write as _;

use axum::body::Body;
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_SECURITY_POLICY, CONTENT_TYPE,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;

use super::cashier::{Answer, Check, Health, Paid, RefundAnswer, Refunded};
use super::error_text::ErrorText;
use super::receive::NotReceived;
use super::textcoin::TextcoinStanding;
use crate::textcoin_words;

const PENDING: &str = "accepted, being sent: repeat the same request to learn its unit";
const HELD: &str = "held for review: repeat the same request later to learn what became of it";

/// What the API decided: status 200, since clients drop the text of any other.
pub(super) fn answer(answer: &Answer) -> Response {
    json(StatusCode::OK, text_of(answer))
}

/// The body of an answer.
fn text_of(answer: &Answer) -> String {
    match answer {
        Answer::Ok(paid) => paid_text(paid),
        Answer::Pending => format!(r#"{{"result":"error","error":"{PENDING}","pending":true}}"#),
        Answer::Held => format!(r#"{{"result":"error","error":"{HELD}","held":true}}"#),
        Answer::Error(text) => error_body(text),
    }
}

fn paid_text(paid: &Paid) -> String {
    let mut text = String::with_capacity(128);
    write!(text, r#"{{"result":"ok","cashback_amount":{},"unit":"{}""#, paid.cashback_amount, paid.unit)
        .expect("a string takes everything");
    if paid.replayed {
        text.push_str(r#","replayed":true"#);
    }
    if paid.replaced {
        text.push_str(r#","replaced":true"#);
    }
    text.push('}');
    text
}

/// What a purchase would get, or why nothing: status 200 like any answer.
pub(super) fn quote(quote: &Result<program::Quote, ErrorText>) -> Response {
    let text = match quote {
        Ok(quote) => quote_text(quote),
        Err(text) => error_body(text),
    };
    json(StatusCode::OK, text)
}

/// What became of a refund: status 200, as for purchases.
pub(super) fn refund(answer: &RefundAnswer) -> Response {
    let text = match answer {
        RefundAnswer::Ok(refunded) => refunded_text(refunded),
        RefundAnswer::Error(text) => error_body(text),
    };
    json(StatusCode::OK, text)
}

/// Where the cashback of a mailbox stands: status 200 like any answer.
pub(super) fn textcoin(answer: &Result<TextcoinStanding, ErrorText>) -> Response {
    let text = match answer {
        Ok(TextcoinStanding { record, now }) => {
            // `result` stands first in every answer.
            let told = textcoin_words::object(record, *now).to_string();
            format!(r#"{{"result":"ok",{}"#, told.trim_start_matches('{'))
        }
        Err(text) => error_body(text),
    };
    json(StatusCode::OK, text)
}

/// Whether a mail is sent once more: status 200 like any answer.
pub(super) fn resend(answer: &Result<(), ErrorText>) -> Response {
    let text = match answer {
        Ok(()) => r#"{"result":"ok"}"#.to_owned(),
        Err(text) => error_body(text),
    };
    json(StatusCode::OK, text)
}

/// Whether the cashback goes to another mailbox: status 200 like any answer.
pub(super) fn corrected(answer: &Result<bool, ErrorText>) -> Response {
    let text = match answer {
        Ok(false) => r#"{"result":"ok"}"#.to_owned(),
        Ok(true) => r#"{"result":"ok","replayed":true}"#.to_owned(),
        Err(text) => error_body(text),
    };
    json(StatusCode::OK, text)
}

fn quote_text(quote: &program::Quote) -> String {
    format!(
        r#"{{"result":"ok","cashback_amount":{},"base":{},"partner":{},"match":{},"explanation":{}}}"#,
        quote.total(),
        quote.base(),
        quote.partner(),
        quote.matched(),
        serde_json::Value::from(quote.explanation()),
    )
}

fn refunded_text(refunded: &Refunded) -> String {
    let Refunded { refund_amount, from_deposit, receivable, replayed } = refunded;
    let replayed = if *replayed { r#","replayed":true"# } else { "" };
    format!(
        r#"{{"result":"ok","refund_amount":{refund_amount},"from_deposit":{from_deposit},"receivable":{receivable}{replayed}}}"#
    )
}

/// [`ErrorText`] holds nothing that JSON must escape.
fn error_body(text: &ErrorText) -> String {
    format!(r#"{{"result":"error","error":"{text}"}}"#)
}

/// What is not the API's own decision, with its proper status.
pub(super) fn error(status: StatusCode, text: &'static str) -> Response {
    json(status, error_body(&text.into()))
}

pub(super) fn not_received(why: NotReceived) -> Response {
    let (status, text) = match why {
        NotReceived::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "the request is larger than 64 KiB"),
        NotReceived::TooSlow => (StatusCode::REQUEST_TIMEOUT, "the request took too long to arrive"),
        NotReceived::Broken => (StatusCode::BAD_REQUEST, "the request did not arrive whole"),
    };
    let mut response = error(status, text);
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

pub(super) fn wrong_method(allowed: &'static str) -> Response {
    let text = if allowed.starts_with("POST") {
        "wrong method; a purchase is reported with POST"
    } else {
        "wrong method; this is asked for with GET"
    };
    let mut response = error(StatusCode::METHOD_NOT_ALLOWED, text);
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    response
}

/// To `OPTIONS`, which browsers ask before they send JSON.
pub(super) fn preflight(allowed: &'static str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    for (name, value) in [
        (ALLOW, allowed),
        (ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (ACCESS_CONTROL_ALLOW_METHODS, allowed),
        (
            ACCESS_CONTROL_ALLOW_HEADERS,
            "Accept, Authorization, Cache-Control, Content-Type, Pragma, X-Requested-With",
        ),
        (ACCESS_CONTROL_MAX_AGE, "86400"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Whether everything works, and what to do where it does not.
pub(super) fn readiness(checks: &[Check]) -> Response {
    let listed: serde_json::Value = checks.iter().map(listed).collect();
    match checks.iter().map(|check| check.health).max().unwrap_or(Health::Works) {
        Health::Works => json(StatusCode::OK, format!(r#"{{"result":"ok","checks":{listed}}}"#)),
        // Purchases are still paid, so whoever distributes them should go on sending.
        Health::Degraded => {
            json(StatusCode::OK, format!(r#"{{"result":"ok","degraded":true,"checks":{listed}}}"#))
        }
        Health::Broken => {
            let body = format!(r#"{{"result":"error","error":"not ready","checks":{listed}}}"#);
            json(StatusCode::SERVICE_UNAVAILABLE, body)
        }
    }
}

fn listed(Check { name, health, what_to_do }: &Check) -> serde_json::Value {
    match health {
        Health::Works => serde_json::json!({"name": name, "ok": true}),
        Health::Degraded => {
            serde_json::json!({"name": name, "ok": true, "degraded": true, "what_to_do": what_to_do})
        }
        Health::Broken => serde_json::json!({"name": name, "ok": false, "what_to_do": what_to_do}),
    }
}

/// Figures for whoever watches the server. Unlike the API they are not open to scripts of other origins.
pub(super) fn metrics(text: String) -> Response {
    let mut response = Response::new(Body::from(text));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(crate::metrics::CONTENT_TYPE));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

pub(super) fn alive() -> Response {
    json(StatusCode::OK, r#"{"result":"ok"}"#)
}

pub(super) fn page(html: &'static str) -> Response {
    let mut response = Response::new(Body::from(html));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(
        CONTENT_SECURITY_POLICY,
        HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"),
    );
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

fn json(status: StatusCode, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paid(replayed: bool, replaced: bool) -> Answer {
        Answer::Ok(Paid {
            cashback_amount: obyte::Bytes::literal(62_500_000),
            unit: "oj8yEksX9Ubq7lLc+p6F2uyHUuynugeVq4+ikT67X6E=".parse().expect("a unit"),
            replayed,
            replaced,
        })
    }

    #[test]
    fn the_fields_stand_in_the_order_of_the_documentation() {
        let start = r#"{"result":"ok","cashback_amount":62500000,"unit":"oj8yEksX9Ubq7lLc+p6F2uyHUuynugeVq4+ikT67X6E=""#;
        assert_eq!(text_of(&paid(false, false)), format!("{start}}}"));
        assert_eq!(text_of(&paid(true, false)), format!(r#"{start},"replayed":true}}"#));
        assert_eq!(text_of(&paid(true, true)), format!(r#"{start},"replayed":true,"replaced":true}}"#));
        assert_eq!(
            text_of(&Answer::error("authentication failed")),
            r#"{"result":"error","error":"authentication failed"}"#
        );
    }

    #[test]
    fn a_pending_answer_is_an_error_that_says_so() {
        let body: serde_json::Value = serde_json::from_str(&text_of(&Answer::Pending)).expect("JSON");
        assert_eq!(body["result"], "error");
        assert_eq!(body["pending"], true);
        let text = body["error"].as_str().expect("a text");
        assert!(text.starts_with("accepted, being sent:") && text.len() <= 100);
    }

    #[test]
    fn an_answer_about_a_held_order_is_an_error_that_says_so() {
        let body: serde_json::Value = serde_json::from_str(&text_of(&Answer::Held)).expect("JSON");
        assert_eq!((&body["result"], &body["held"]), (&"error".into(), &true.into()));
        let text = body["error"].as_str().expect("a text");
        assert!(text.starts_with("held for review:") && text.len() <= 100);
    }
}
