//! Odd addresses, through the API: each has a clear answer, and none ends up in a header.

use bytesback_client::{Endpoint, PurchaseAnswer};
use serde_json::json;

use crate::letter::Mail;
use crate::smtp::Smtp;
use crate::stage::{Stage, bought};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_odd_address_has_a_clear_answer() {
    let smtp = Smtp::start(json!({}));
    let stage = Stage::behind(&smtp).await;
    for (order, address, says) in [
        ("quotes", "\"a b\"@example.org".to_owned(), "before the @ is not valid"),
        ("unicode", "почта@example.org".to_owned(), "before the @ is not valid"),
        ("number", "a@[127.0.0.1]".to_owned(), "domain of the e-mail address is not valid"),
        ("320", format!("{}@{}", "a".repeat(64), "bbb.".repeat(63) + "com"), "too long"),
        ("300", format!("{}@{}", "a".repeat(64), "bbb.".repeat(58) + "com"), "too long"),
        ("header", "a@example.org\r\nBcc: b@example.org".to_owned(), "address"),
        ("line", "a@example.org\nX: y".to_owned(), "address"),
        ("two", "a@example.org,b@example.org".to_owned(), "address"),
        ("named", "A <a@example.org>".to_owned(), "address"),
        ("blocked", "a@x.JUNK.example".to_owned(), "no cashback is sent to the domain"),
    ] {
        let answer = stage.inside.client.new_purchase(Endpoint::Test, &bought(order, &address)).await;
        match answer.expect("answered") {
            PurchaseAnswer::Error { text } => {
                assert!(text.contains(says), "{order}: {text}");
                assert!(!text.contains("Bcc") && !text.contains("example"), "no copy of the input: {text}");
            }
            other => panic!("{order}: {other:?}"),
        }
    }
    stage.buy("script", "a@пример.org").await;
    assert_eq!(Mail::arrived(&smtp.next()).to, "a@xn--e1afmkfd.org");
    stage.buy("signs", "o'neil+x=y@example.org").await;
    assert_eq!(Mail::arrived(&smtp.next()).to, "o'neil+x=y@example.org");
    assert!(smtp.rest().is_empty());
    stage.inside.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_shop_sends_stays_text() {
    let smtp = Smtp::start(json!({}));
    let stage = Stage::behind(&smtp).await;
    let mut request = bought("1\r\nBcc: b@example.org", "a@example.org");
    request.merchant = "Shop\r\nBcc: c@example.org".into();
    request.description = "x\r\n\r\n<script>".into();
    stage.inside.client.new_purchase(Endpoint::Test, &request).await.expect("answered");
    let mail = Mail::arrived(&smtp.next());
    let head = String::from_utf8_lossy(&mail.bytes).split("\r\n\r\n").next().map(str::to_owned);
    assert!(!head.expect("a head").to_lowercase().contains("bcc"));
    stage.inside.end().await;
}
