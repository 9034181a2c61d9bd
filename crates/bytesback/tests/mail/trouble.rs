//! Relays that are slow, and connections that die.

use std::time::{Duration, Instant};

use bytesback::mail::{Cause, Post, Refusal, Relay, RelaySettings, Stage};
use serde_json::json;

use crate::smtp::{Smtp, content, message};

#[tokio::test]
async fn no_answer_in_time_is_tried_later_at_each_stage() {
    for (at, stage) in [
        ("connect", Stage::Connect),
        ("sender", Stage::Sender),
        ("recipient", Stage::Recipient),
        ("data", Stage::Data),
    ] {
        let server = Smtp::start(json!({ "slow": { "at": at, "ms": 60_000 } }));
        let timeout = Duration::from_millis(400);
        let relay = Relay::new(RelaySettings { timeout, ..server.settings("smtp") }).expect("it can be");
        let begun = Instant::now();
        let refusal = relay.deliver(&message(1)).await.expect_err("no answer");
        assert!(
            matches!(refusal, Refusal::Later(reason) if reason.cause == Cause::Timeout),
            "{at}: {refusal}"
        );
        assert_eq!(refusal.reason().stage, stage, "{at}");
        assert!(begun.elapsed() < Duration::from_secs(20), "{at}");
    }
}

#[tokio::test]
async fn a_connection_that_dies_at_any_stage_is_tried_later() {
    for stage in ["connect", "sender", "recipient", "content"] {
        let server = Smtp::start(json!({ "die": stage }));
        let refusal = server.plain().deliver(&message(1)).await.expect_err("it died");
        assert!(
            matches!(refusal, Refusal::Later(reason) if reason.cause == Cause::Connection),
            "{stage}: {refusal}"
        );
        assert!(server.rest().is_empty());
    }
}

#[tokio::test]
async fn a_connection_that_dies_while_logging_in_says_nothing_about_the_password() {
    let server = Smtp::start(json!({ "die": "login", "login": ["user", "hunter2"] }));
    let login = Some(("user".to_owned(), "hunter2".to_owned().into()));
    let relay = Relay::new(RelaySettings { login, ..server.settings("smtp") }).expect("it can be");
    let refusal = relay.deliver(&message(1)).await.expect_err("it died");
    assert!(matches!(refusal, Refusal::Later(reason) if reason.cause == Cause::Connection), "{refusal}");
    assert_eq!(refusal.reason().stage, Stage::Login);
}

#[tokio::test]
async fn a_connection_that_was_closed_while_idle_is_replaced() {
    let server = Smtp::start(json!({ "idle": 1500 }));
    let relay = server.plain();
    relay.deliver(&message(1)).await.expect("taken");
    assert!(content(&server.next()) == message(1).bytes());
    assert_eq!(server.next(), json!({ "closed": true }));
    relay.deliver(&message(2)).await.expect("taken over a new connection");
    assert!(content(&server.next()) == message(2).bytes());
}

#[tokio::test]
async fn a_connection_that_takes_no_more_messages_is_replaced_at_once() {
    let server = Smtp::start(json!({ "each": 2 }));
    let relay = Relay::new(RelaySettings { connections: 1, ..server.settings("smtp") }).expect("it can be");
    for number in 0..5 {
        relay.deliver(&message(number)).await.expect("taken");
        assert!(content(&server.next()) == message(number).bytes());
    }
    assert!(server.rest().is_empty());
}

#[tokio::test]
async fn a_lost_answer_makes_the_same_mail_arrive_twice() {
    let server = Smtp::start(json!({ "die": "answer" }));
    let relay = server.plain();
    let refusal = relay.deliver(&message(1)).await.expect_err("the answer was lost");
    assert!(matches!(refusal, Refusal::Later(_)), "{refusal}");
    assert_eq!(refusal.reason().stage, Stage::Data);
    // Made again, as after a restart.
    relay.deliver(&message(1)).await.expect("taken");
    let (first, second) = (content(&server.next()), content(&server.next()));
    assert!(first == second, "down to the Message-ID");
    assert!(first == message(1).bytes());
}

#[tokio::test]
async fn a_delivery_that_is_dropped_leaves_nothing_in_the_next_one() {
    let server = Smtp::start(json!({ "slow": { "at": "recipient", "ms": 300 } }));
    let relay = Relay::new(RelaySettings { connections: 1, ..server.settings("smtp") }).expect("it can be");
    relay.deliver(&message(1)).await.expect("taken");
    let dropped = message(2);
    let cut = tokio::time::timeout(Duration::from_millis(150), relay.deliver(&dropped)).await;
    assert!(cut.is_err(), "it was still waiting for the answer to RCPT TO");
    relay.deliver(&message(3)).await.expect("taken");
    let arrived = [server.next(), server.next()];
    assert!(content(&arrived[0]) == message(1).bytes());
    assert!(content(&arrived[1]) == message(3).bytes());
    assert_eq!(arrived[1]["to"], json!(["customer@example.org"]), "the recipients of one");
    assert_ne!(arrived[0]["connection"], arrived[1]["connection"], "the connection was closed");
    assert!(server.rest().is_empty());
}
