//! Who is told of mails that reach nobody.

use std::sync::Arc;

use bytesback::mailer::MailSettings;
use serde_json::{Value, json};
use store::TextcoinState;

use crate::inside::mails;
use crate::smtp::{Smtp, content};
use crate::stage::Stage;

const REFUSED: (u16, &str) = (550, "5.1.1 no such user");

/// The demo shop is told at this address.
async fn told_at(stage: &Stage, contact: &str) {
    let shop = stage.store.partner(&"demo-shop".parse().expect("a name")).await.expect("works");
    let contact = Some(contact.parse().expect("a mailbox"));
    stage.store.set_contact(shop.expect("the shop is there").id, contact).await.expect("works");
}

fn text_of(arrived: &Value) -> String {
    String::from_utf8(content(arrived)).expect("ASCII").replace("=\r\n", "").replace("\r\n", "\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partner_is_told_once_of_a_mailbox_that_is_none() {
    let smtp = Smtp::start(json!({ "recipient": [REFUSED, null] }));
    let stage = Stage::behind(&smtp).await;
    told_at(&stage, "till@shop.example").await;
    stage.buy("1", "customer@exmaple.org").await;
    stage.comes_to("1", TextcoinState::Undeliverable).await;
    let notice = smtp.next();
    assert_eq!(notice["to"], json!(["till@shop.example"]));
    let text = text_of(&notice);
    let wanted =
        "\n  order 1\n    for customer@exmaple.org\n    there is no such recipient (550 5.1.1, at RCPT TO)\n";
    assert!(text.contains(wanted) && text.contains("POST /test/v1/textcoin/correct"), "{text}");
    assert!(text.contains("Subject: Cashback that reaches nobody: 1 order of demo-shop (test)"), "{text}");
    assert!(text.contains("Auto-Submitted: auto-generated") && !text.contains("textcoin?"), "{text}");
    stage.buy("2", "customer@example.org").await;
    stage.comes_to("2", TextcoinState::MailSent).await;
    assert_eq!(smtp.next()["to"], json!(["customer@example.org"]));
    assert!(smtp.rest().is_empty(), "nobody is told twice");
    stage.inside.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_operator_is_told_where_the_partner_cannot_be() {
    let smtp = Smtp::start(json!({ "recipient": [REFUSED, REFUSED, null] }));
    let operator = Some("me@bytesback.example".parse().expect("a mailbox"));
    let stage = Stage::with(MailSettings { operator, ..mails(Arc::new(smtp.plain())) }).await;
    told_at(&stage, "wrong@shop.example").await;
    stage.buy("1", "customer@exmaple.org").await;
    let notice = smtp.next();
    assert_eq!(notice["to"], json!(["me@bytesback.example"]));
    let text = text_of(&notice);
    assert!(text.contains("bytesback textcoin correct ORDER --partner demo-shop --endpoint test"), "{text}");
    stage.inside.end().await;
}
