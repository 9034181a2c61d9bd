//! What a hub sends, and where it is.

use obyte::Network;
use obyte::answer::PostAnswer;
use obyte_hub::fuzzing::{Heard, answer as read_answer, message};
use obyte_hub::{HubConfig, HubText};

use super::{check_error, check_text, text};

/// A frame.
pub(super) fn frame(data: &[u8]) {
    match message(&text(data)) {
        Ok(Heard::Said(text, error)) => {
            check_text(text.as_str(), HubText::MAX + 1);
            error.into_iter().for_each(check_error);
        }
        Ok(Heard::Asked(response)) => {
            assert!(response.len() <= 8 * data.len() + 200, "an answer longer than the question");
            assert!(matches!(message(&response), Ok(Heard::Answered(Some(_)))), "our answer is a frame");
        }
        Ok(Heard::Answered(Some(json))) => read_answer(&json).into_iter().for_each(check_error),
        Ok(Heard::Answered(None) | Heard::Other) => {}
        Err(error) => check_error(error),
    }
}

/// The JSON text of an answer to a request.
pub(super) fn answer(data: &[u8]) {
    read_answer(&text(data)).into_iter().for_each(check_error);
}

/// The text of a refusal, and what it means.
pub(super) fn refusal(data: &[u8]) {
    let text = text(data);
    let answer = PostAnswer::classify(&text);
    assert_eq!(answer == PostAnswer::Accepted, text == "accepted", "only one text accepts");
    let written = serde_json::to_string(&answer).expect("an answer can be kept");
    assert!(written.len() <= 200, "an answer keeps no text of the hub");
    assert_eq!(serde_json::from_str::<PostAnswer>(&written).ok(), Some(answer), "read again");
    // What is shown is decided by what is kept of the text; a fee stands where a fee is too low.
    let _ = (answer.class(), answer.remedy(), answer.may_be_at_hub());
    if let Some(fee) = answer.fee_too_low() {
        assert!(text.contains(" must be at least ") || text.contains(" less than required "), "{fee:?}");
    }
}

/// The address of a hub.
pub(super) fn url(data: &[u8]) {
    match HubConfig::new(&text(data), Network::Devnet) {
        Ok(config) => {
            assert!(matches!(config.url.scheme(), "ws" | "wss"), "another scheme");
            let again = HubConfig::new(config.url.as_str(), Network::Devnet).expect("read again");
            assert_eq!(again.url, config.url, "read again");
        }
        Err(error) => check_error(error),
    }
}
