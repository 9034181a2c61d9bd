//! To try it: `dev` writes mails to files, or sends them to a relay.

use std::path::Path;

use bytesback_client::Endpoint;
use serde_json::json;

use crate::common::{Dev, argument, data_dir, ok, run, settle, until};
use crate::letter::{Mail, outputs};
use crate::smtp::Smtp;
use crate::stage::bought;

/// The mails in the outbox of a data directory.
pub(crate) fn files(data: &Path) -> Vec<Mail> {
    let folder = std::fs::read_dir(data.join("outbox")).expect("there is an outbox");
    let paths = folder.map(|entry| entry.expect("readable").path());
    let mails = paths.filter(|path| path.extension().is_some_and(|end| end == "eml"));
    mails.map(|path| Mail::read(&std::fs::read(path).expect("readable"))).collect()
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
async fn dev_sends_to_a_relay_and_shortens_the_week() {
    let smtp = Smtp::start(json!({}));
    let (_folder, data) = data_dir();
    let relay = format!("smtp://127.0.0.1:{}", smtp.port);
    let dev = Dev::start_with(&data, &["--smtp", &relay, "--textcoin-expiry", "2s"]);
    ok(settle(&dev.client(), Endpoint::Test, &bought("1", "customer@example.org")).await);
    Mail::arrived(&smtp.next());
    until("it expires", async || {
        let show = ["textcoin", "show", "1", "--partner", "demo-shop", "--endpoint", "test", "--data-dir"];
        let (good, text) = run(&[&show[..], &[argument(&data)]].concat());
        good && text.contains("expired")
    })
    .await;
    dev.interrupt();
}
