//! The typed requests (6.4).

pub(crate) mod coins;
pub(crate) mod history;
pub(crate) mod parents;
pub(crate) mod post;
pub(crate) mod queries;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::{Hub, HubError, HubText, weight};

/// A request without parameters.
pub(crate) const NO_PARAMS: Option<&()> = None;

impl Hub {
    /// Asks within the usual time, and reads the answer as `T`.
    pub(crate) async fn ask_for<T, P>(&self, command: &'static str, params: Option<&P>) -> Result<T, HubError>
    where
        T: DeserializeOwned,
        P: Serialize + ?Sized,
    {
        let answer = self.ask(command, params, self.config().request_timeout).await?;
        read(command, answer.as_deref())
    }
}

/// Reads an answer as `T`.
pub(crate) fn read<T: DeserializeOwned>(
    command: &'static str,
    answer: Option<&RawValue>,
) -> Result<T, HubError> {
    let text = answer.map_or("null", RawValue::get);
    if let Some(refusal) = refusal(command, text) {
        return Err(refusal);
    }
    let unexpected = || HubError::UnexpectedAnswer { command };
    if weight::of(text) > weight::MAX {
        return Err(unexpected());
    }
    serde_json::from_str(text).map_err(|_| unexpected())
}

/// The error in an answer, if it is one: an object with `error`.
pub(crate) fn refusal(command: &'static str, answer: &str) -> Option<HubError> {
    #[derive(Deserialize)]
    struct Refusal<'a> {
        #[serde(borrow, default)]
        error: Option<&'a RawValue>,
    }
    if !answer.starts_with('{') {
        return None;
    }
    let error = serde_json::from_str::<Refusal<'_>>(answer).ok()?.error?;
    // Any other type than a text is malformed (6.1).
    let unexpected = HubError::UnexpectedAnswer { command };
    Some(serde_json::from_str::<String>(error.get()).map_or(unexpected, |text| of_text(&text)))
}

/// The error that a text means, whatever was asked.
fn of_text(text: &str) -> HubError {
    if text.starts_with("you are blocked") {
        HubError::Blocked
    } else if text.starts_with("your history is too large") {
        HubError::HistoryTooLarge
    } else {
        HubError::Refused(HubText::new(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_text(json: &str) -> Result<String, HubError> {
        let raw: Box<RawValue> = serde_json::from_str(json).expect("JSON");
        read("test", Some(&raw))
    }

    #[test]
    fn errors_of_a_hub_are_told_apart() {
        assert_eq!(read_text(r#""x""#), Ok("x".to_owned()));
        assert_eq!(read_text(r#"{"error":"you are blocked"}"#), Err(HubError::Blocked));
        assert_eq!(
            read_text(r#"{"error":"your history is too large, consider switching to a full client"}"#),
            Err(HubError::HistoryTooLarge)
        );
        assert_eq!(read_text(r#"{"error":"a\nb"}"#), Err(HubError::Refused(HubText::new("a b"))));
    }

    #[test]
    fn another_form_is_not_taken_for_an_answer() {
        let unexpected = Err(HubError::UnexpectedAnswer { command: "test" });
        for json in ["1", "null", "{}", r#"{"error":1}"#, r#"{"error":{"a":1}}"#, r#"{"error":null}"#] {
            assert_eq!(read_text(json), unexpected, "{json}");
        }
        assert_eq!(read::<String>("test", None), unexpected);
        assert_eq!(read::<Option<String>>("test", None), Ok(None));
    }
}
