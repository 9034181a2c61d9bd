//! What holds for every answer, whatever it says.

use std::time::Duration;

use serde_json::Value;

use crate::stop::{Judged, expect, fail};

/// WordPress gives up after 5 s (C4); the way takes some of it.
pub(crate) const DUE: Duration = Duration::from_millis(4500);
/// The longest text of an error, in characters (C12).
const ERROR_MAX: usize = 100;
/// A chat message holds no more (C11).
const BODY_MAX: usize = 4096;

/// An answer as it came.
pub(crate) struct Reply {
    pub(crate) version: String,
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) took: Duration,
}

/// An answer of the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Paid(Paid),
    Error { text: String, pending: bool },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Paid {
    pub(crate) amount: u64,
    pub(crate) unit: String,
    pub(crate) replayed: bool,
    pub(crate) replaced: bool,
}

impl Reply {
    /// The value of a header that came exactly once.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(known, _)| known == name);
        values.next().filter(|_| values.next().is_none()).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// What the API decided, if the answer is one that every client can read.
    pub(crate) fn judge(&self) -> Judged<Answer> {
        expect(self.status == 200, "status 200 (C3)", format!("{} {}", self.status, self.text()))?;
        self.judge_beside()?;
        self.answer()
    }

    /// What holds for answers of every status.
    pub(crate) fn judge_beside(&self) -> Judged<()> {
        let shown = |name| self.header(name).unwrap_or("none, or more than one").to_owned();
        let is_redirect = (300..400).contains(&self.status) || self.header("location").is_some();
        expect(!is_redirect, "no redirect (C6)", format!("{} to {}", self.status, shown("location")))?;
        expect(self.took < DUE, "an answer within 4.5 s (C4)", format!("one after {:?}", self.took))?;
        let origin = self.header("access-control-allow-origin") == Some("*");
        expect(origin, "Access-Control-Allow-Origin: * once (C10)", shown("access-control-allow-origin"))?;
        let credentials = self.headers.iter().any(|(name, _)| name == "access-control-allow-credentials");
        expect(!credentials, "no Access-Control-Allow-Credentials (C10)", "one")?;
        let cookie = self.headers.iter().any(|(name, _)| name == "set-cookie");
        expect(!cookie, "no cookie (C9)", "Set-Cookie")
    }

    /// The body, which is JSON in every case.
    pub(crate) fn answer(&self) -> Judged<Answer> {
        let content_type = self.header("content-type").unwrap_or_default().to_ascii_lowercase();
        let is_json = content_type.replace(' ', "") == "application/json;charset=utf-8";
        expect(is_json, "Content-Type: application/json; charset=utf-8 (C11)", content_type)?;
        expect(self.body.len() < BODY_MAX, "a body below 4096 bytes (C11)", self.body.len())?;
        let Ok(body) = serde_json::from_slice::<Value>(&self.body) else {
            return fail(format!("expected JSON (C11), came {:?}", self.text()));
        };
        match body["result"].as_str() {
            Some("ok") => paid(&body).map(Answer::Paid),
            Some("error") => Ok(Answer::Error { text: error(&body)?, pending: body["pending"] == true }),
            _ => fail(format!("expected a result of ok or error (C13), came {:?}", self.text())),
        }
    }
}

fn paid(body: &Value) -> Judged<Paid> {
    let amount =
        body["cashback_amount"].as_u64().filter(|amount| (1..=1_000_000_000_000_000).contains(amount));
    let Some(amount) = amount else {
        return fail(format!("expected a whole number of bytes as cashback_amount (C14), came {body}"));
    };
    let unit = body["unit"].as_str().unwrap_or_default();
    expect(is_unit(unit), "a unit of 44 characters of base64 (C15)", unit)?;
    expect(body.get("error").is_none(), "no error beside ok (C13)", body)?;
    let flag = |name: &str| body[name] == true;
    Ok(Paid { amount, unit: unit.to_owned(), replayed: flag("replayed"), replaced: flag("replaced") })
}

fn is_unit(text: &str) -> bool {
    text.len() == 44 && text.parse::<obyte::UnitHash>().is_ok()
}

fn error(body: &Value) -> Judged<String> {
    let Some(text) = body["error"].as_str() else {
        return fail(format!("expected a string as error (C14), came {body}"));
    };
    let plain = |c: char| matches!(c, ' '..='~') && !matches!(c, '<' | '>' | '&' | '"' | '\\');
    expect(text.chars().all(plain), "an error of one line of plain ASCII without markup (C12)", text)?;
    let length = text.chars().count();
    expect((1..=ERROR_MAX).contains(&length), "an error of 1 to 100 characters (C12)", text)?;
    let money = body.get("unit").is_some() || body.get("cashback_amount").is_some();
    expect(!money, "no unit and no amount beside an error (C13)", body)?;
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAID: &str =
        r#"{"result":"ok","cashback_amount":5,"unit":"oj8yEksX9Ubq7lLc+p6F2uyHUuynugeVq4+ikT67X6E="}"#;

    fn reply(status: u16, body: &str) -> Reply {
        let headers = [
            ("content-type", "application/json; charset=utf-8"),
            ("access-control-allow-origin", "*"),
            ("content-length", "1"),
        ];
        Reply {
            version: "HTTP/1.1".to_owned(),
            status,
            headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec(),
            body: body.as_bytes().to_vec(),
            took: Duration::ZERO,
        }
    }

    fn with(name: &str, value: &str) -> Reply {
        let mut reply = reply(200, PAID);
        reply.headers.retain(|(known, _)| known != name);
        reply.headers.push((name.to_owned(), value.to_owned()));
        reply
    }

    #[test]
    fn answers_as_documented_are_good() {
        let Ok(Answer::Paid(paid)) = reply(200, PAID).judge() else { panic!("it is paid") };
        assert_eq!((paid.amount, paid.replayed), (5, false));
        let error = r#"{"result":"error","error":"accepted, being sent: repeat","pending":true}"#;
        assert!(matches!(reply(200, error).judge(), Ok(Answer::Error { pending: true, .. })));
    }

    #[test]
    fn answers_that_some_client_cannot_read_are_not() {
        for (status, body) in [
            (400, PAID.to_owned()),
            (200, String::new()),
            (200, PAID.replace("ok", "OK")),
            (200, PAID.replace(":5,", ":\"5\",")),
            (200, PAID.replace(":5,", ":5.5,")),
            (200, PAID.replace(":5,", ":0,")),
            (200, PAID.replace("oj8y", "")),
            (200, PAID.replace('+', "-")),
            (200, PAID.replace("ok", "error")),
            (200, r#"{"result":"pending"}"#.to_owned()),
            (200, r#"{"result":"error","error":{"text":"x"}}"#.to_owned()),
            (200, r#"{"result":"error","error":""}"#.to_owned()),
            (200, r#"{"result":"error","error":"a\nb"}"#.to_owned()),
            (200, r#"{"result":"error","error":"<b>"}"#.to_owned()),
            (200, r#"{"result":"error","error":"нет"}"#.to_owned()),
            (200, format!(r#"{{"result":"error","error":"{}"}}"#, "x".repeat(101))),
            (200, format!(r#"{{"result":"error","error":"x"{}}}"#, " ".repeat(4096))),
        ] {
            assert!(reply(status, &body).judge().is_err(), "{status} {body}");
        }
    }

    #[test]
    fn headers_that_stop_some_client_are_found() {
        for (name, value) in [
            ("location", "/new_purchase/"),
            ("access-control-allow-origin", "http://localhost"),
            ("access-control-allow-credentials", "true"),
            ("content-type", "text/html"),
            ("content-type", "application/json"),
            ("set-cookie", "a=b"),
        ] {
            assert!(with(name, value).judge().is_err(), "{name}");
        }
        let late = Reply { took: DUE, ..reply(200, PAID) };
        assert!(late.judge().is_err());
    }
}
