//! A server with `[mail]` in its configuration.

use bytesback_client::{Endpoint, PurchaseAnswer};
use obyte_devnet::{Devnet, DevnetConfig};
use serde_json::json;

use crate::common::data_dir;
use crate::site::{HubEntry, Site};
use crate::smtp::{Smtp, content};
use crate::stage::bought;

async fn site(folder: &std::path::Path) -> (Devnet, Site) {
    let devnet = Devnet::start(DevnetConfig::new(folder.join("devnet"))).await.expect("a devnet");
    let url = devnet.url();
    let hub = HubEntry { url: &url, order_provider: devnet.order_provider(), root: None };
    let site = Site::make(folder, hub).await;
    (devnet, site)
}

async fn says(site: &Site) -> String {
    let answer = site.client().new_purchase(Endpoint::Test, &bought("1", "customer@example.org")).await;
    match answer.expect("answered") {
        PurchaseAnswer::Error { text } => text,
        other => panic!("the fund is empty: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn mailboxes_are_taken_where_mail_is_configured_and_the_operator_is_told_of_low_balances() {
    let smtp = Smtp::start(json!({}));
    let (_folder, data) = data_dir();
    let (_devnet, site) = site(&data).await;
    let serve = site.start();
    assert!(says(&site).await.contains("sends no cashback by e-mail"));
    serve.interrupt();
    let relay = format!("smtp://127.0.0.1:{}", smtp.port);
    site.append(&format!(
        "[mail]\nfrom = 'Shop <cashback@shop.example>'\nrelay = '{relay}'\noperator = 'me@shop.example'\n\
         [textcoins]\nexpiry = '3d'\nreminder_days = [1]\n"
    ));
    let serve = site.start();
    assert!(says(&site).await.contains("fund is too low"));
    let mut subjects = Vec::new();
    for _ in 0..2 {
        let arrived = smtp.next();
        assert_eq!(arrived["to"], json!(["me@shop.example"]));
        let mail = String::from_utf8(content(&arrived)).expect("ASCII");
        assert!(mail.contains("It holds 0 bytes, less than 1000000000."), "{mail}");
        let subject = mail.lines().find(|line| line.starts_with("Subject: ")).expect("a subject");
        subjects.push(subject.trim_end().to_owned());
    }
    subjects.sort();
    assert_eq!(
        subjects,
        ["Subject: Cashback: the fund is low (live)", "Subject: Cashback: the fund is low (test)"]
    );
    serve.interrupt();
}
