//! What a relay refuses, and why.

use bytesback::mail::{Cause, Post, Refusal, Stage};
use serde_json::json;

use crate::smtp::{Smtp, content, message};

#[tokio::test]
async fn greylisting_asks_to_come_back() {
    let server = Smtp::start(json!({ "recipient": [[451, "4.7.1 come back later"], null] }));
    let relay = server.plain();
    let refusal = relay.deliver(&message(1)).await.expect_err("not yet");
    assert!(matches!(refusal, Refusal::Later(reason) if reason.cause == Cause::Busy), "{refusal}");
    assert!(!refusal.reason().is_for_operator());
    relay.deliver(&message(1)).await.expect("now");
    assert!(content(&server.next()) == message(1).bytes());
}

#[tokio::test]
async fn only_a_recipient_that_does_not_exist_is_given_up() {
    for (answer, never, cause) in [
        (json!([550, "5.1.1 no such user"]), true, Cause::NoRecipient),
        (json!([550, "no such user"]), true, Cause::NoRecipient),
        (json!([550, "5.7.1 relaying denied"]), false, Cause::Policy),
        (json!([552, "5.2.2 over quota"]), false, Cause::Full),
    ] {
        let server = Smtp::start(json!({ "recipient": [answer] }));
        let refusal = server.plain().deliver(&message(1)).await.expect_err("refused");
        assert_eq!(matches!(refusal, Refusal::Never(_)), never, "{refusal}");
        assert_eq!((refusal.reason().cause, refusal.reason().stage), (cause, Stage::Recipient), "{refusal}");
        assert_eq!(refusal.reason().is_for_operator(), cause == Cause::Policy, "{refusal}");
        assert!(server.rest().is_empty());
    }
}

#[tokio::test]
async fn the_sender_and_the_greeting_are_the_operators_problem() {
    for (orders, stage) in [
        (json!({ "sender": [550, "5.1.8 no such domain"] }), Stage::Sender),
        (json!({ "greeting": [554, "5.7.1 you are on a list"] }), Stage::Connect),
    ] {
        let server = Smtp::start(orders);
        let refusal = server.plain().deliver(&message(1)).await.expect_err("refused");
        assert!(matches!(refusal, Refusal::Later(reason) if reason.is_for_operator()), "{refusal}");
        assert_eq!(refusal.reason().stage, stage, "{refusal}");
    }
}

#[tokio::test]
async fn a_relay_that_quotes_the_message_does_not_get_the_link_into_the_reason() {
    let server = Smtp::start(json!({ "data": [554, "5.6.0 I do not like QUOTE"] }));
    let refusal = server.plain().deliver(&message(1)).await.expect_err("refused");
    for shown in [refusal.to_string(), format!("{refusal:?}"), format!("{:?}", refusal.reason())] {
        assert!(!shown.contains("like") && !shown.contains("abandon"), "{shown}");
    }
    assert_eq!(refusal.reason().stage, Stage::Data);
    let (_, words) = server.plain().deliver_sample(&message(1)).await.expect_err("refused");
    assert!(
        words.contains("like https://obyte.org/#textcoin?abandon-ability"),
        "for a sample the words are shown: {words}"
    );
}
