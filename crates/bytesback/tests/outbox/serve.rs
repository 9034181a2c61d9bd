//! A server with `[mail]` in its configuration.

use std::path::{Path, PathBuf};

use bytesback::server::DATABASE;
use bytesback_client::{Endpoint, PurchaseAnswer};
use ledger::Account;
use obyte::Bytes;
use obyte_devnet::{Devnet, DevnetConfig};
use serde_json::json;
use store::Store;

use crate::common::{argument, data_dir, ok, run, settle, until};
use crate::letter::Mail;
use crate::site::{HubEntry, Site};
use crate::smtp::{Smtp, content};
use crate::stage::bought;

pub(crate) async fn site(folder: &Path) -> (Devnet, Site) {
    let devnet = Devnet::start(DevnetConfig::new(folder.join("devnet"))).await.expect("a devnet");
    let url = devnet.url();
    let hub = HubEntry { url: &url, order_provider: devnet.order_provider(), root: None };
    let site = Site::make(folder, hub).await;
    (devnet, site)
}

/// Fills the fund of the test endpoint, and waits until it counts.
pub(crate) async fn fill(devnet: &Devnet, site: &Site) {
    devnet.pay(site.fund, Bytes::GBYTE).await.expect("the faucet pays");
    let store = site.store();
    until("the fund is credited", async || {
        let book = store.balances(store::Endpoint::Test).await.expect("a book");
        i128::from(book.balance(Account::Fund)) > 0
    })
    .await;
}

/// All bytes of the database and its log.
fn stored(folder: &Path) -> Vec<u8> {
    let files = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("readable").path());
    let is_database =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(DATABASE));
    files.filter(is_database).flat_map(|path| std::fs::read(path).expect("readable")).collect()
}

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// The words stand in the mail, and nowhere else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_are_in_no_database_no_log_and_no_answer_of_a_command() {
    let smtp = Smtp::start(json!({ "recipient": [[451, "4.7.1 later"], null] }));
    let (_folder, data) = data_dir();
    let (devnet, site) = site(&data).await;
    let relay = format!("smtp://127.0.0.1:{}", smtp.port);
    site.append(&format!(
        "[alerts]\nfund_below = 'none'\n[mail]\nfrom = 'a@shop.example'\nrelay = '{relay}'\n\
         [textcoins]\nresends_per_day = 1\n"
    ));
    let serve = site.start();
    fill(&devnet, &site).await;
    let paid = |order: &str, mailbox: &str| {
        let (client, request) = (site.client(), bought(order, mailbox));
        async move { ok(settle(&client, Endpoint::Test, &request).await) }
    };
    paid("1", "greylisted.customer@example.org").await;
    paid("2", "another.customer@example.org").await;
    let mail = Mail::arrived(&smtp.next());
    let command = |more: &[&str]| run(&[&["textcoin"], more, &["--data-dir", argument(&data)]].concat());
    until("it is kept", async || {
        command(&["list", "--state", "mail_sent"]).1.contains("order 2 of demo-shop")
    })
    .await;
    let order = ["--partner", "demo-shop", "--endpoint", "test"];
    let language = |more: &[&str]| {
        run(&[&["partner", "language", "demo-shop"], more, &["--data-dir", argument(&data)]].concat())
    };
    assert!(mail.subject.is_ascii() && language(&["ru"]).0 && !language(&["russian"]).0);
    assert!(language(&[]).1.contains("written to in ru"), "{}", language(&[]).1);
    let shown = [
        command(&["list"]),
        command(&["list", "--json"]),
        command(&[&["show", "1"], &order[..]].concat()),
        command(&[&["show", "2"], &order[..]].concat()),
        command(&[&["show", "2", "--json"], &order[..]].concat()),
        command(&[&["resend", "1"], &order[..]].concat()),
        command(&[&["resend", "2"], &order[..]].concat()),
        run(&[&["purchase", "show", "2"], &order[..], &["--data-dir", argument(&data)]].concat()),
    ];
    assert_eq!(
        shown.iter().map(|(good, _)| *good).collect::<Vec<_>>(),
        [true, true, true, true, true, false, true, true]
    );
    assert!(shown[2].1.contains("451 4.7.1") && shown[2].1.contains("its mail waits"), "{}", shown[2].1);
    assert!(shown[3].1.contains("taken by the relay"), "{}", shown[3].1);
    assert!(shown[5].1.contains("waits to be sent already"), "{}", shown[5].1);
    let again = Mail::arrived(&smtp.next());
    assert_eq!(again.address(), mail.address(), "asked for beside the server");
    assert!(!again.subject.is_ascii(), "in the language that was said meanwhile: {}", again.subject);
    until("it is kept", async || {
        command(&[&["show", "2"], &order[..]].concat()).1.contains("operator: sent")
    })
    .await;
    let (good, text) = command(&[&["resend", "2"], &order[..]].concat());
    assert!(!good && text.contains("too often"), "as configured: {text}");
    assert!(
        command(&[&["resend", "2", "--per-day", "2"], &order[..]].concat()).0,
        "unless the operator says more"
    );
    let log = serve.log.clone();
    serve.interrupt();
    let log = log.lines().join("\n");
    let first = mail.textcoin.mnemonic().phrase().split(' ').take(3).collect::<Vec<_>>();
    let stored = stored(&data);
    assert!(holds(&stored, "another.customer@example.org"), "the database is looked at");
    for words in [first.join(" "), first.join("-"), mail.textcoin.mnemonic().phrase().to_owned()] {
        assert!(!holds(&stored, &words), "in the database");
        assert!(!log.contains(&words), "in the log");
        assert!(shown.iter().all(|(_, text)| !text.contains(&words)), "shown by a command");
    }
    assert!(!log.contains("customer"), "nobody is named: {log}");
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
