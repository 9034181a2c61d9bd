//! Mail arrives: without TLS on this machine, with TLS in both ways, with a password, over many connections.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytesback::mail::{Cause, Post, Refusal, Relay, RelaySettings};
use mail_parser::MessageParser;
use serde_json::{Value, json};

use crate::smtp::{Authority, Smtp, content, message, settings};

fn refused(refusal: Refusal, wanted: Cause) {
    let reason = refusal.reason();
    assert!(matches!(refusal, Refusal::Later(_)), "{refusal}");
    assert_eq!(reason.cause, wanted, "{refusal}");
    assert!(reason.is_for_operator(), "{refusal}");
}

#[tokio::test]
async fn what_was_written_arrives_byte_by_byte() {
    let server = Smtp::start(json!({}));
    let message = message(1);
    let accepted = server.plain().deliver(&message).await.expect("taken");
    assert_eq!(accepted.code, Some(250));
    let arrived = server.next();
    assert!(content(&arrived) == message.bytes());
    assert_eq!(arrived["from"], "cashback@shop.example");
    assert_eq!(arrived["to"], json!(["customer@example.org"]));
    assert_eq!(arrived["hello"], "shop.example");
    assert_eq!(arrived["secure"], false);
    let bytes = content(&arrived);
    let mail = MessageParser::default().parse(&bytes).expect("a mail");
    assert_eq!(mail.message_id(), Some(message.message_id().trim_matches(['<', '>'])));
    assert!(mail.body_text(0).expect("a text").contains("https://obyte.org/#textcoin?"));
    assert_eq!(mail.attachment_count(), 1);
}

#[tokio::test]
async fn tls_is_spoken_at_once_or_after_starttls_with_an_own_ca() {
    let authority = Authority::new();
    for (scheme, tls) in [("smtp", "starttls"), ("smtps", "implicit")] {
        let server = Smtp::start(authority.orders(tls, "localhost"));
        let settings = RelaySettings { root: Some(authority.pem()), ..server.settings(scheme) };
        let relay = Relay::new(settings).expect("it can be");
        relay.deliver(&message(1)).await.expect("taken");
        assert_eq!(server.next()["secure"], true, "{tls}");
    }
}

#[tokio::test]
async fn a_wrong_certificate_gets_nothing() {
    let (ours, theirs) = (Authority::new(), Authority::new());
    for (scheme, tls) in [("smtp", "starttls"), ("smtps", "implicit")] {
        for (authority, name) in [(&theirs, "localhost"), (&ours, "another.example")] {
            let mut orders = authority.orders(tls, name);
            orders["login"] = json!(["user", "hunter2"]);
            let server = Smtp::start(orders);
            let login = Some(("user".to_owned(), "hunter2".to_owned().into()));
            let settings = RelaySettings { root: Some(ours.pem()), login, ..server.settings(scheme) };
            let relay = Relay::new(settings).expect("it can be");
            refused(relay.deliver(&message(1)).await.expect_err("it is not trusted"), Cause::Tls);
            assert!(server.rest().is_empty());
        }
    }
}

#[tokio::test]
async fn without_starttls_nothing_is_sent_where_it_is_demanded() {
    let server = Smtp::start(json!({}));
    let settings = RelaySettings { root: Some(Authority::new().pem()), ..server.settings("smtp") };
    let relay = Relay::new(settings).expect("it can be");
    refused(relay.deliver(&message(1)).await.expect_err("there is none"), Cause::Tls);
    assert!(server.rest().is_empty());
}

#[tokio::test]
async fn the_right_password_opens_and_the_wrong_one_is_said_to_the_operator() {
    for methods in [json!(["PLAIN"]), json!(["LOGIN"])] {
        let server = Smtp::start(json!({ "login": ["user", "hunter2"], "methods": methods }));
        let with = |password: &str| {
            let login = Some(("user".to_owned(), password.to_owned().into()));
            Relay::new(RelaySettings { login, ..server.settings("smtp") }).expect("it can be")
        };
        with("hunter2").deliver(&message(1)).await.expect("taken");
        assert_eq!(server.next()["user"], "user");
        let refusal = with("hunter3").deliver(&message(2)).await.expect_err("it is wrong");
        assert_eq!(refusal.reason().code, Some(535));
        refused(refusal, Cause::Authentication);
        let refusal = server.plain().deliver(&message(3)).await.expect_err("without any");
        refused(refusal, Cause::Authentication);
        assert!(server.rest().is_empty());
    }
}

#[tokio::test]
async fn a_relay_that_asks_for_no_password_gets_none() {
    let server = Smtp::start(json!({}));
    let login = Some(("user".to_owned(), "hunter2".to_owned().into()));
    let relay = Relay::new(RelaySettings { login, ..server.settings("smtp") }).expect("it can be");
    refused(relay.deliver(&message(1)).await.expect_err("it cannot log in"), Cause::Authentication);
}

#[tokio::test]
async fn many_at_once_share_a_few_connections_and_each_arrives_once() {
    let server = Smtp::start(json!({ "slow": { "at": "recipient", "ms": 5 } }));
    let relay = Arc::new(server.plain());
    let sending: Vec<_> = (0..40)
        .map(|number| {
            let relay = Arc::clone(&relay);
            tokio::spawn(async move { relay.deliver(&message(number)).await })
        })
        .collect();
    for one in sending {
        one.await.expect("no panic").expect("taken");
    }
    let arrived: Vec<Value> = (0..40).map(|_| server.next()).collect();
    let distinct =
        |key: &str| arrived.iter().map(|mail| mail[key].to_string()).collect::<BTreeSet<_>>().len();
    assert_eq!(distinct("content"), 40);
    assert!(server.rest().is_empty());
    assert!((1..=3).contains(&distinct("connection")), "connections are used again");
    assert!(arrived.iter().all(|mail| mail["most"].as_u64() <= Some(3)));
}

#[tokio::test]
async fn a_relay_that_is_not_there_is_tried_later() {
    let port = {
        let gone = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        gone.local_addr().expect("bound").port()
    };
    let relay = Relay::new(settings(&format!("smtp://127.0.0.1:{port}"))).expect("it can be");
    let refusal = relay.deliver(&message(1)).await.expect_err("nobody is there");
    assert!(matches!(refusal, Refusal::Later(reason) if reason.cause == Cause::Connection), "{refusal}");
}
