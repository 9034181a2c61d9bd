//! To try it: `dev` writes mails to files, or sends them to a relay.

use std::path::Path;

use bytesback_client::Endpoint;
use mail_parser::MessageParser;
use serde_json::json;

use crate::common::{Dev, argument, data_dir, ok, run, settle, until};
use crate::letter::{Mail, outputs};
use crate::smtp::Smtp;
use crate::stage::bought;

/// The mails in the outbox of a data directory.
pub(crate) fn files(data: &Path) -> Vec<Mail> {
    letters(data).iter().map(|bytes| Mail::read(bytes)).collect()
}

fn letters(data: &Path) -> Vec<Vec<u8>> {
    let folder = std::fs::read_dir(data.join("outbox")).expect("there is an outbox");
    let paths = folder.map(|entry| entry.expect("readable").path());
    let mails = paths.filter(|path| path.extension().is_some_and(|end| end == "eml"));
    mails.map(|path| std::fs::read(path).expect("readable")).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dev_writes_each_mail_to_a_file() {
    let (_folder, data) = data_dir();
    let dev = Dev::start(&data);
    let unit = ok(settle(&dev.client(), Endpoint::Test, &bought("1", "customer@example.org")).await).1;
    until("there is a mail", async || !files(&data).is_empty()).await;
    let mail = files(&data).remove(0);
    let outputs = outputs(&dev.hub().await, [unit]).await;
    assert!(outputs.contains_key(&mail.address()));
    dev.interrupt();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dev_leads_to_its_claim_page_where_it_is_told_to() {
    let (_folder, data) = data_dir();
    let dev = Dev::start_with(&data, &["--claim-page"]);
    ok(settle(&dev.client(), Endpoint::Test, &bought("1", "customer@example.org")).await);
    until("there is a mail", async || !letters(&data).is_empty()).await;
    let letter = letters(&data).remove(0);
    let letter = MessageParser::default().parse(&letter).expect("a mail");
    let text = letter.body_text(0).expect("a text");
    let start = text.find("http://127.0.0.1:").expect("a link to this machine");
    let link = text[start..].split_whitespace().next().expect("a link");
    assert!(!text.contains("textcoin?"), "no words");
    let page = reqwest::get(link).await.expect("the page is there");
    assert_eq!(page.status(), 200);
    assert!(page.text().await.expect("a page").contains("method=\"post\""), "with its button");
    dev.interrupt();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dev_sends_to_a_relay_and_shortens_the_week() {
    let smtp = Smtp::start(json!({}));
    let (_folder, data) = data_dir();
    let relay = format!("smtp://127.0.0.1:{}", smtp.port);
    let dev = Dev::start_with(&data, &["--smtp", &relay, "--textcoin-expiry", "2s"]);
    ok(settle(&dev.client(), Endpoint::Test, &bought("1", "customer@example.org")).await);
    Mail::arrived(&smtp.next());
    until("its time is over", async || {
        let show = ["textcoin", "show", "1", "--partner", "demo-shop", "--endpoint", "test", "--data-dir"];
        let (good, text) = run(&[&show[..], &[argument(&data)]].concat());
        good && (text.contains("its time is over") || text.contains("taken back"))
    })
    .await;
    dev.interrupt();
}
