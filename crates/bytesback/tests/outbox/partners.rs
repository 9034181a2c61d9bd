//! What partners learn of mails, and that they ask for them again.

use bytesback_client::{Endpoint, ResendAnswer, TextcoinAnswer, TextcoinRequest};
use serde_json::json;
use store::TextcoinState;

use crate::common::CASHBACK;
use crate::letter::Mail;
use crate::smtp::Smtp;
use crate::stage::Stage;

fn about(order: &str) -> TextcoinRequest {
    TextcoinRequest {
        partner: "demo-shop".into(),
        partner_key: "demo-shop-key".into(),
        order_id: order.into(),
        merchant: String::new(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partner_learns_of_a_mailbox_that_is_none() {
    let smtp = Smtp::start(json!({ "recipient": [[550, "5.1.1 no such user"]] }));
    let stage = Stage::behind(&smtp).await;
    let unit = stage.buy("1", "customer@example.org").await;
    stage.comes_to("1", TextcoinState::Undeliverable).await;
    let answer = stage.inside.client.textcoin(Endpoint::Test, &about("1")).await.expect("answered");
    let TextcoinAnswer::Ok { state, amount, unit: told, expires_at, reason, corrections } = answer else {
        panic!("{answer:?}")
    };
    assert_eq!((state.as_str(), amount.get(), told), ("undeliverable", CASHBACK, Some(unit)));
    assert!(reason.expect("a reason").contains("there is no such recipient"));
    assert!(expires_at.expect("a time").ends_with('Z'));
    assert!(corrections.is_empty());
    for (request, says) in [
        (about("2"), "no purchase that was paid to an e-mail address"),
        (TextcoinRequest { partner_key: "wrong".into(), ..about("1") }, "authentication failed"),
        (TextcoinRequest { order_id: String::new(), ..about("1") }, "order_id is missing"),
    ] {
        let answer = stage.inside.client.textcoin(Endpoint::Test, &request).await.expect("answered");
        assert!(matches!(&answer, TextcoinAnswer::Error { text } if text.contains(says)), "{answer:?}");
        let answer = stage.inside.client.resend(Endpoint::Test, &request).await.expect("answered");
        assert!(matches!(&answer, ResendAnswer::Error { text } if text.contains(says)), "{answer:?}");
    }
    stage.inside.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_is_sent_again_so_often_and_no_more() {
    let smtp = Smtp::start(json!({}));
    let stage = Stage::behind(&smtp).await;
    stage.buy("1", "customer@example.org").await;
    let mut mails = vec![Mail::arrived(&smtp.next())];
    for _ in 0..3 {
        stage.comes_to("1", TextcoinState::MailSent).await;
        let answer = stage.inside.client.resend(Endpoint::Test, &about("1")).await.expect("answered");
        assert_eq!(answer, ResendAnswer::Ok);
        mails.push(Mail::arrived(&smtp.next()));
    }
    assert!(mails.iter().all(|mail| mail.address() == mails[0].address()), "the same coins");
    assert!(mails.windows(2).all(|two| two[0].id != two[1].id), "another mail");
    stage.comes_to("1", TextcoinState::MailSent).await;
    let answer = stage.inside.client.resend(Endpoint::Test, &about("1")).await.expect("answered");
    assert!(matches!(&answer, ResendAnswer::Error { text } if text.contains("too often")), "{answer:?}");
    assert!(smtp.rest().is_empty());
    stage.inside.end().await;
}
