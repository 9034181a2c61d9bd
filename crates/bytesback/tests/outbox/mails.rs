//! A mail leaves within seconds, and what relays say decides what becomes of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytesback::mail::{Relay, RelaySettings};
use serde_json::json;
use store::{MailState, TextcoinState};

use crate::common::CASHBACK;
use crate::inside::mails;
use crate::letter::{Mail, outputs};
use crate::smtp::{Smtp, settings as relay_settings};
use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_brings_the_words_of_the_coins_within_seconds() {
    let smtp = Smtp::start(json!({}));
    let stage = Stage::behind(&smtp).await;
    let begun = Instant::now();
    let unit = stage.buy("1", "A.Customer+1@EXAMPLE.org").await;
    let mail = Mail::arrived(&smtp.next());
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(mail.to, "A.Customer+1@example.org");
    let outputs = outputs(&stage.hub().await, [unit]).await;
    let held = outputs.get(&mail.address()).expect("the link leads to an output of the unit");
    assert!(held.len() == 1 && held[0] > CASHBACK, "with what claiming takes on top: {held:?}");
    assert!(mail.subject.contains("demo-shop") || mail.text.contains("demo-shop"), "{}", mail.text);
    assert!(mail.text.contains("0.005") && mail.text.contains("0.1\u{a0}USD"), "{}", mail.text);
    stage.comes_to("1", TextcoinState::MailSent).await;
    assert!(smtp.rest().is_empty());
    stage.inside.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_mailbox_gets_a_mail_for_each_purchase() {
    let smtp = Smtp::start(json!({}));
    let stage = Stage::behind(&smtp).await;
    for order in ["1", "2", "3"] {
        stage.buy(order, "customer@example.org").await;
    }
    let mails: Vec<_> = (0..3).map(|_| Mail::arrived(&smtp.next())).collect();
    let mut addresses: Vec<_> = mails.iter().map(Mail::address).collect();
    let mut ids: Vec<_> = mails.iter().map(|mail| mail.id.clone()).collect();
    addresses.sort();
    addresses.dedup();
    ids.sort();
    ids.dedup();
    assert_eq!((addresses.len(), ids.len()), (3, 3), "each a textcoin of its own");
    stage.inside.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_greylisted_mail_is_sent_later_and_stays_the_same() {
    let smtp = Smtp::start(json!({ "recipient": [[451, "4.7.1 greylisted, come back"], null] }));
    let stage = Stage::behind(&smtp).await;
    stage.buy("1", "customer@example.org").await;
    crate::common::until("it was tried", async || {
        stage.record("1").await.mails.first().is_some_and(|mail| mail.code == Some(451))
    })
    .await;
    assert_eq!(
        stage.record("1").await.state(stage.record("1").await.payout.queued_at),
        TextcoinState::MailWaiting
    );
    assert!(smtp.rest().is_empty());
    stage.clock.advance(Duration::from_secs(60));
    Mail::arrived(&smtp.next());
    stage.comes_to("1", TextcoinState::MailSent).await;
    assert_eq!(stage.record("1").await.mails[0].tries, 2);
    stage.inside.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mailbox_that_is_none_makes_the_textcoin_undeliverable() {
    let smtp = Smtp::start(json!({ "recipient": [[550, "5.1.1 no such user customer@example.org"]] }));
    let stage = Stage::behind(&smtp).await;
    stage.buy("1", "customer@example.org").await;
    stage.comes_to("1", TextcoinState::Undeliverable).await;
    let mail = stage.record("1").await.mails.remove(0);
    assert_eq!((mail.state, mail.code, mail.tries), (MailState::Refused, Some(550), 1));
    let reason = mail.reason.expect("a reason");
    assert!(reason.contains("5.1.1") && !reason.contains("customer"), "{reason}");
    let (_, ready) = readiness(&stage).await;
    assert!(!ready.contains("mails are kept"), "this is no trouble of the relay: {ready}");
    stage.inside.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_relay_is_away_mails_wait_and_it_is_said() {
    // A port that is free now, and a server there later.
    let port = {
        let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        free.local_addr().expect("bound").port()
    };
    let relay = Relay::new(relay_settings(&format!("smtp://localhost:{port}"))).expect("it can be");
    let stage = Stage::with(mails(Arc::new(relay))).await;
    for order in ["1", "2", "3"] {
        stage.buy(order, "customer@example.org").await;
    }
    crate::common::until("it is said", async || readiness(&stage).await.1.contains("mails are kept")).await;
    assert!(readiness(&stage).await.0, "purchases are still paid");
    let smtp = Smtp::start(json!({ "port": port }));
    for _ in 0..3 {
        Mail::arrived(&smtp.next());
    }
    crate::common::until("it is over", async || !readiness(&stage).await.1.contains("mails are kept")).await;
    let record = stage.record("1").await;
    assert_eq!(record.mails[0].tries, 1, "that the relay was away counts as no try");
    stage.inside.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_wants_something_of_the_operator_makes_all_wait_and_is_said() {
    let smtp = Smtp::start(json!({ "sender": [550, "5.7.1 you may not send from here"] }));
    let stage = Stage::behind(&smtp).await;
    stage.buy("1", "customer@example.org").await;
    crate::common::until("it is said", async || readiness(&stage).await.1.contains("550 5.7.1")).await;
    let metrics = reqwest::get(format!("{}/metrics", stage.inside.url)).await.expect("there");
    let metrics = metrics.text().await.expect("text");
    for line in [
        r#"bytesback_mails_waiting{endpoint="test"} 1"#,
        r#"bytesback_mail_trouble{endpoint="test"} 1"#,
        r#"bytesback_mails_total{endpoint="test",outcome="sent"} 0"#,
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line} is not in\n{metrics}");
    }
    assert!(!metrics.contains("customer@") && !metrics.contains("example.org"), "nothing of mailboxes");
    assert_eq!(stage.record("1").await.mails[0].state, MailState::Waiting);
    stage.inside.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mails_that_a_relay_does_not_like_delay_no_others_and_are_said() {
    let dislike = json!([554, "5.7.1 not to this one"]);
    let sender = json!([550, "5.1.8 you are unknown"]);
    let smtp = Smtp::start(json!({ "recipient": [dislike, sender, dislike, sender, null] }));
    let relay = Relay::new(RelaySettings { connections: 1, ..smtp.settings("smtp") }).expect("it can be");
    let stage = Stage::with(mails(Arc::new(relay))).await;
    for order in ["1", "2", "3", "4"] {
        stage.buy(order, "customer@example.org").await;
        crate::common::until("it was tried", async || stage.record(order).await.mails[0].code.is_some())
            .await;
        let mail = stage.record(order).await.mails.remove(0);
        assert_eq!((mail.state, mail.tries), (MailState::Waiting, 1), "it has its own next try");
    }
    assert!(readiness(&stage).await.1.contains("at RCPT TO"));
    let begun = Instant::now();
    stage.buy("5", "another@example.org").await;
    Mail::arrived(&smtp.next());
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    crate::common::until("all is well", async || !readiness(&stage).await.1.contains("at RCPT TO")).await;
    stage.inside.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_relay_that_dies_at_the_sender_counts_as_away() {
    let smtp = Smtp::start(json!({ "die": "sender" }));
    let stage = Stage::behind(&smtp).await;
    stage.buy("1", "customer@example.org").await;
    crate::common::until("it is said", async || readiness(&stage).await.1.contains("at MAIL FROM")).await;
    crate::common::until("it counts as no try", async || stage.record("1").await.mails[0].tries == 0).await;
    stage.inside.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_relay_delays_no_answer() {
    let smtp = Smtp::start(json!({ "slow": { "at": "data", "ms": 3000 } }));
    let relay = Relay::new(RelaySettings { connections: 1, ..smtp.settings("smtp") }).expect("it can be");
    let stage = Stage::with(mails(Arc::new(relay))).await;
    stage.buy("1", "customer@example.org").await;
    smtp.next();
    let begun = Instant::now();
    stage.buy("2", "customer@example.org").await;
    assert!(begun.elapsed() < Duration::from_millis(2500), "{:?}", begun.elapsed());
    Mail::arrived(&smtp.next());
    stage.inside.end().await;
}

pub(crate) async fn readiness(stage: &Stage) -> (bool, String) {
    let answer = reqwest::get(format!("{}/readyz", stage.inside.url)).await.expect("the server is there");
    (answer.status().is_success(), answer.text().await.expect("text"))
}
