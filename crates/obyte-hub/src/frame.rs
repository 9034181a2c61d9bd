//! Frames: JSON arrays of two elements, in both directions (6.1).

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::HubError;

/// A frame from the hub.
#[derive(Debug)]
pub(crate) enum Frame<'a> {
    /// Said without expecting an answer.
    JustSaying(JustSaying<'a>),
    /// Asked of us.
    Request(Request<'a>),
    /// Answered to us.
    Response(Response<'a>),
    /// An array of two, but nothing that we know: harmless.
    Other,
}

#[derive(Debug, Deserialize)]
pub(crate) struct JustSaying<'a> {
    #[serde(borrow)]
    pub(crate) subject: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) body: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Request<'a> {
    #[serde(borrow)]
    pub(crate) command: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) tag: Cow<'a, str>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct Response<'a> {
    #[serde(borrow)]
    pub(crate) tag: Cow<'a, str>,
    /// Nothing where the answer is undefined or null.
    #[serde(borrow)]
    pub(crate) response: Option<&'a RawValue>,
}

/// The longest tag that the protocol knows, in characters.
const MAX_TAG: usize = 44;

impl<'a> Frame<'a> {
    /// Reads a message.
    ///
    /// # Errors
    /// [`HubError::MalformedFrame`] for what is no JSON array of a text and something else. Strange
    /// contents of such an array are [`Frame::Other`].
    pub(crate) fn parse(message: &'a str) -> Result<Self, HubError> {
        let (kind, content): (Cow<'a, str>, &'a RawValue) = serde_json::from_str(message)
            .map_err(|_| HubError::MalformedFrame("it is no JSON array of a text and one more element"))?;
        let content = content.get();
        let frame = match kind.as_ref() {
            "justsaying" => serde_json::from_str(content).map(Frame::JustSaying),
            "request" => serde_json::from_str(content).map(Frame::Request),
            "response" => serde_json::from_str(content).map(Frame::Response),
            _ => return Ok(Self::Other),
        };
        Ok(match frame {
            Ok(Self::Request(request)) if request.tag.chars().count() > MAX_TAG => Self::Other,
            Ok(frame) => frame,
            Err(_) => Self::Other,
        })
    }
}

/// The text of a request.
///
/// # Errors
/// [`HubError::BadRequest`] for parameters that cannot be written as JSON.
pub(crate) fn request<P: Serialize + ?Sized>(
    command: &str,
    params: Option<&P>,
    tag: &str,
) -> Result<String, HubError> {
    #[derive(Serialize)]
    struct Content<'a, P: ?Sized> {
        command: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        params: Option<&'a P>,
        tag: &'a str,
    }
    write("request", &Content { command, params, tag })
}

/// The text of a justsaying.
///
/// # Errors
/// [`HubError::BadRequest`] for a body that cannot be written as JSON.
pub(crate) fn just_saying<B: Serialize + ?Sized>(
    subject: &str,
    body: Option<&B>,
) -> Result<String, HubError> {
    #[derive(Serialize)]
    struct Content<'a, B: ?Sized> {
        subject: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        body: Option<&'a B>,
    }
    write("justsaying", &Content { subject, body })
}

/// The text of our answer to a request of the hub: an error, or nothing at all.
pub(crate) fn response(request: &Request<'_>, error: Option<&str>) -> String {
    #[derive(Serialize)]
    struct Refusal<'a> {
        error: &'a str,
    }
    #[derive(Serialize)]
    struct Content<'a> {
        tag: &'a str,
        command: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        response: Option<Refusal<'a>>,
    }
    let response = error.map(|error| Refusal { error });
    let content = Content { tag: &request.tag, command: &request.command, response };
    write("response", &content).expect("texts can be written as JSON")
}

fn write<T: Serialize>(kind: &str, content: &T) -> Result<String, HubError> {
    serde_json::to_string(&(kind, content)).map_err(|_| HubError::BadRequest("it cannot be written as JSON"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_array_of_two_is_malformed() {
        for bad in [
            "",
            "hello",
            "null",
            "{\"a\":1}",
            "[]",
            "[\"request\"]",
            "[1,2]",
            "[\"a\",1,2]",
            "[\"a\",",
            "[\"a\",1] x",
        ] {
            assert!(matches!(Frame::parse(bad), Err(HubError::MalformedFrame(_))), "{bad}");
        }
    }

    #[test]
    fn strange_contents_are_harmless() {
        let long_tag = format!(r#"["request",{{"command":"heartbeat","tag":"{}"}}]"#, "x".repeat(45));
        for strange in [
            r#"["whatever",{"a":1}]"#,
            r#"["request","x"]"#,
            r#"["request",{"command":"heartbeat"}]"#,
            r#"["request",{"tag":"t"}]"#,
            r#"["request",{"command":"heartbeat","tag":{"a":1}}]"#,
            r#"["response",{"response":1}]"#,
            r#"["justsaying",{"body":1}]"#,
            r#"["justsaying",null]"#,
            &long_tag,
        ] {
            assert!(matches!(Frame::parse(strange), Ok(Frame::Other)), "{strange}");
        }
    }

    #[test]
    fn deep_nesting_neither_crashes_nor_is_taken_apart() {
        let deep = format!(
            r#"["justsaying",{{"subject":"joint","body":{}{}}}]"#,
            "[".repeat(100_000),
            "]".repeat(100_000)
        );
        let Ok(Frame::JustSaying(said)) = Frame::parse(&deep) else { panic!("the frame itself is fine") };
        let body = said.body.expect("there is one").get();
        assert!(serde_json::from_str::<serde_json::Value>(body).is_err());
    }

    proptest! {
        #[test]
        fn no_message_is_too_strange(text in ".*", kind in "justsaying|request|response|x", content in ".{0,60}") {
            let _ = Frame::parse(&text);
            let _ = Frame::parse(&format!("[\"{kind}\",{content}]"));
        }

        #[test]
        fn whatever_a_tag_holds_comes_back_in_our_answer(tag in ".{1,44}", command in ".*") {
            let asked = request::<()>(&command, None, &tag).expect("texts");
            let Ok(Frame::Request(asked)) = Frame::parse(&asked) else { panic!("a request") };
            let answer = response(&asked, None);
            let Ok(Frame::Response(answer)) = Frame::parse(&answer) else { panic!("a response") };
            prop_assert_eq!(answer.tag, tag);
        }
    }

    #[test]
    fn escapes_in_subjects_and_tags_are_read() {
        let Ok(Frame::Response(answer)) = Frame::parse(r#"["response",{"tag":"a\/b","response":null}]"#)
        else {
            panic!("a response")
        };
        assert_eq!((answer.tag.as_ref(), answer.response.is_none()), ("a/b", true));
    }

    #[test]
    fn frames_are_written_as_the_reference_writes_them() {
        assert_eq!(
            request::<()>("get_witnesses", None, "t").expect("plain"),
            r#"["request",{"command":"get_witnesses","tag":"t"}]"#
        );
        assert_eq!(
            just_saying("light/new_address_to_watch", Some("A")).expect("plain"),
            r#"["justsaying",{"subject":"light/new_address_to_watch","body":"A"}]"#
        );
        let asked = Request { command: "heartbeat".into(), tag: "t\"".into() };
        assert_eq!(response(&asked, None), r#"["response",{"tag":"t\"","command":"heartbeat"}]"#);
        let asked = Request { command: "subscribe".into(), tag: "t".into() };
        assert_eq!(
            response(&asked, Some("no")),
            r#"["response",{"tag":"t","command":"subscribe","response":{"error":"no"}}]"#
        );
    }
}
