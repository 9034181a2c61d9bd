//! Frames: JSON texts of two elements (6.1).

use obyte::canonical::text_length;
use serde_json::{Map, Value, json};

/// The longest tag of a request, in UTF-16 code units.
const MAX_TAG: u64 = 44;

/// A frame from a client.
#[derive(Debug)]
pub(super) enum Incoming {
    /// Wants no answer.
    Justsaying { subject: String, body: Value },
    /// Wants an answer with its tag.
    Request { command: String, tag: String, params: Option<Value> },
    /// Wants an answer, and is refused for the length of its tag.
    TagTooLong { tag: String },
    /// The answer to a request of the hub.
    Response,
}

impl Incoming {
    /// Reads a frame; `None` where the protocol ignores it.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut frame: Value = serde_json::from_str(text).ok()?;
        let kind = frame.get(0)?.as_str()?.to_owned();
        let Value::Object(mut content) = frame.get_mut(1)?.take() else { return None };
        match kind.as_str() {
            "justsaying" => Some(Self::Justsaying {
                subject: text_of(&mut content, "subject")?,
                body: content.remove("body").unwrap_or(Value::Null),
            }),
            "request" => {
                let command = text_of(&mut content, "command")?;
                let tag = text_of(&mut content, "tag")?;
                if text_length(&tag) > MAX_TAG {
                    return Some(Self::TagTooLong { tag });
                }
                Some(Self::Request { command, tag, params: content.remove("params") })
            }
            "response" => Some(Self::Response),
            _ => None,
        }
    }
}

fn text_of(content: &mut Map<String, Value>, name: &str) -> Option<String> {
    match content.remove(name) {
        Some(Value::String(text)) if !text.is_empty() => Some(text),
        _ => None,
    }
}

/// What a request is answered with.
#[derive(Debug)]
pub(super) enum Answer {
    /// A value.
    Value(Value),
    /// A value that is text already.
    Text(String),
    /// An error.
    Error(String),
    /// An answer without a value.
    Empty,
    /// No answer at all.
    Silence,
}

impl Answer {
    /// An error.
    pub(super) fn error(text: impl Into<String>) -> Self {
        Self::Error(text.into())
    }

    /// The frame; `None` where there is no answer.
    pub(super) fn frame(self, tag: &str, command: &str) -> Option<String> {
        let head = || {
            let mut head = json!({"tag": tag, "command": command}).to_string();
            head.pop();
            head
        };
        match self {
            Self::Value(value) => Some(format!("[\"response\",{},\"response\":{value}}}]", head())),
            Self::Text(text) => {
                let head = head();
                let parts = ["[\"response\",", &head, ",\"response\":", &text, "}]"];
                Some(parts.concat())
            }
            Self::Error(text) => Self::Value(json!({"error": text})).frame(tag, command),
            Self::Empty => Some(format!("[\"response\",{}}}]", head())),
            Self::Silence => None,
        }
    }
}

impl From<Result<Value, String>> for Answer {
    fn from(result: Result<Value, String>) -> Self {
        match result {
            Ok(value) => Self::Value(value),
            Err(text) => Self::Error(text),
        }
    }
}

/// A request of the hub.
pub(super) fn request(command: &str, params: Option<Value>, tag: &str) -> String {
    let mut content = json!({"command": command, "tag": tag});
    if let Some(params) = params {
        content["params"] = params;
    }
    json!(["request", content]).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_protocol_ignores_is_no_frame() {
        let ignored = [
            "hello",
            "",
            "null",
            "{\"a\":1}",
            "[]",
            "[\"request\",\"x\"]",
            "[\"whatever\",{\"a\":1}]",
            "[\"request\",{\"tag\":\"t1\"}]",
            "[\"request\",{\"command\":\"get_witnesses\"}]",
            "[\"request\",{\"command\":\"get_witnesses\",\"tag\":{\"a\":1}}]",
            "[\"request\",{\"command\":\"get_witnesses\",\"tag\":\"\"}]",
        ];
        for text in ignored {
            assert!(Incoming::read(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_tag_of_45_characters_is_too_long() {
        let read = |length: usize| {
            Incoming::read(&json!(["request", {"command": "c", "tag": "x".repeat(length)}]).to_string())
        };
        assert!(matches!(read(44), Some(Incoming::Request { .. })));
        assert!(matches!(read(45), Some(Incoming::TagTooLong { .. })));
    }

    #[test]
    fn answers_carry_tag_and_command() {
        let frame = |answer: Answer| answer.frame("t", "c");
        let value = r#"["response",{"command":"c","tag":"t","response":[1]}]"#;
        assert_eq!(frame(Answer::Value(json!([1]))).as_deref(), Some(value));
        assert_eq!(frame(Answer::Text("[1]".into())).as_deref(), Some(value));
        let error = r#"["response",{"command":"c","tag":"t","response":{"error":"no"}}]"#;
        assert_eq!(frame(Answer::error("no")).as_deref(), Some(error));
        assert_eq!(frame(Answer::Empty).as_deref(), Some(r#"["response",{"command":"c","tag":"t"}]"#));
        assert_eq!(frame(Answer::Silence), None);
    }
}
