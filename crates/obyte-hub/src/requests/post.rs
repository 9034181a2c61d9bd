//! Posting a unit, and fetching one.

use obyte::UnitHash;
use obyte::answer::PostAnswer;
use obyte::unit::Joint;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::refusal;
use crate::{Hub, HubError, HubText};

const POST: &str = "post_joint";
const GET: &str = "get_joint";

/// What a hub answered to a posted unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostReply {
    /// What it means (13).
    pub answer: PostAnswer,
    /// What it said, for the log.
    pub text: HubText,
}

impl Hub {
    /// Posts a signed unit: the JSON text of the unit itself, sent as it stands.
    ///
    /// # Errors
    /// Where no answer came. [`HubError::as_post_answer`] says what that means for the unit.
    pub async fn post_joint(&self, unit: &str) -> Result<PostReply, HubError> {
        #[derive(Serialize)]
        struct Params<'a> {
            unit: &'a RawValue,
        }
        let unit = serde_json::from_str(unit).map_err(|_| HubError::BadRequest("the unit is no JSON"))?;
        let answer = self.ask(POST, Some(&Params { unit }), self.config().request_timeout).await?;
        reply(answer.as_deref())
    }

    /// Fetches a unit of any sequence, if the hub has it. Form and hash are checked, nothing else.
    ///
    /// # Errors
    /// [`HubError::UnexpectedAnswer`] also where the hub sends another unit.
    pub async fn get_joint(&self, unit: UnitHash) -> Result<Option<Joint>, HubError> {
        #[derive(Deserialize)]
        struct Answer {
            joint: Option<Value>,
            joint_not_found: Option<UnitHash>,
        }
        let unexpected = || HubError::UnexpectedAnswer { command: GET };
        let answer: Answer = self.ask_for(GET, Some(&unit)).await?;
        match answer {
            Answer { joint: Some(joint), .. } => {
                let joint = Joint::from_json(joint).map_err(|_| unexpected())?;
                if joint.unit.hash() == unit { Ok(Some(joint)) } else { Err(unexpected()) }
            }
            Answer { joint_not_found: Some(missing), .. } if missing == unit => Ok(None),
            Answer { .. } => Err(unexpected()),
        }
    }
}

pub(crate) fn reply(answer: Option<&RawValue>) -> Result<PostReply, HubError> {
    let unexpected = HubError::UnexpectedAnswer { command: POST };
    let json = answer.map_or("null", RawValue::get);
    let text = match refusal(POST, json) {
        Some(HubError::Refused(text)) => text,
        Some(HubError::Blocked) => HubText::new("you are blocked"),
        Some(error) => return Err(error),
        None if json == r#""accepted""# => {
            return Ok(PostReply { answer: PostAnswer::Accepted, text: HubText::new("accepted") });
        }
        None => return Err(unexpected),
    };
    // The table looks at beginnings and short texts, so that the bounded text is enough.
    let answer = match PostAnswer::classify(text.as_str()) {
        PostAnswer::Accepted => PostAnswer::Unknown,
        answer => answer,
    };
    Ok(PostReply { answer, text })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(json: &str) -> Result<PostAnswer, HubError> {
        let raw: Box<RawValue> = serde_json::from_str(json).expect("JSON");
        reply(Some(&raw)).map(|reply| reply.answer)
    }

    #[test]
    fn only_the_bare_word_accepts() {
        assert_eq!(of(r#""accepted""#), Ok(PostAnswer::Accepted));
        let unexpected = Err(HubError::UnexpectedAnswer { command: POST });
        for json in [r#""ok""#, "true", r#"{"response":"accepted"}"#, r#"["accepted"]"#, "null"] {
            assert_eq!(of(json), unexpected, "{json}");
        }
    }

    #[test]
    fn an_error_that_says_accepted_is_not_accepted() {
        assert_eq!(of(r#"{"error":"accepted"}"#), Ok(PostAnswer::Unknown));
    }

    #[test]
    fn errors_are_classified() {
        assert_eq!(of(r#"{"error":"you are blocked"}"#), Ok(PostAnswer::Blocked));
        assert_eq!(
            of(r#"{"error":"The transaction would be non-serial (a double spend)"}"#),
            Ok(PostAnswer::Conflict)
        );
    }
}
