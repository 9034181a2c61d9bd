//! What a mail leads to is a secret: it stands in the mail, and nowhere else, whatever happens.

use std::path::Path;

use bytesback::server::DATABASE;
use bytesback::wallet::keyring;
use bytesback_client::{Endpoint, TextcoinRequest};
use mail_parser::MessageParser;
use obyte::Textcoin;
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use serde_json::json;

use crate::common::{argument, data_dir, ok, run, settle, until};
use crate::serve::{fill, site};
use crate::site::Site;
use crate::smtp::{Smtp, content};
use crate::stage::bought;

const PAGE: &str = "https://cashback.example.org/test/claim/";
const WORDS: &str = "https://obyte.org/#textcoin?";

/// What was said and kept, each with where.
struct Heard(Vec<(String, String)>);

impl Heard {
    fn note(&mut self, place: impl ToString, text: impl ToString) {
        self.0.push((place.to_string(), text.to_string()));
    }

    fn command(&mut self, data: &Path, arguments: &[&str]) {
        let (_, said) = run(&[arguments, &["--data-dir", argument(data)]].concat());
        self.note(arguments.join(" "), said);
    }

    fn holds(&self, secret: &str) -> Option<&str> {
        self.0.iter().find(|(_, text)| text.contains(secret)).map(|(place, _)| place.as_str())
    }
}

/// What leads to the coins of one textcoin, in all its forms.
fn secrets(textcoin: &Textcoin, token: &str) -> Vec<String> {
    let words: Vec<_> = textcoin.mnemonic().words().collect();
    let pairs =
        words.windows(2).flat_map(|two| [two.join(" "), two.join("-"), two.join("%20"), two.join("\",\"")]);
    // A part of a token is of no use to anybody, and a sign of all of it.
    pairs.chain([token[..16].to_owned(), token[16..].to_owned()]).collect()
}

/// Every value in every table, as text.
fn every_value(data: &Path, heard: &mut Heard) {
    let database = Connection::open(data.join(DATABASE)).expect("a database");
    let mut tables =
        database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").expect("a query");
    let tables: Vec<String> =
        tables.query_map([], |row| row.get(0)).expect("readable").collect::<Result<_, _>>().expect("names");
    assert!(tables.iter().any(|table| table == "mails"), "{tables:?}");
    for table in tables {
        let mut all = database.prepare(&format!("SELECT * FROM \"{table}\"")).expect("a query");
        let columns = all.column_count();
        let mut rows = all.query([]).expect("readable");
        while let Some(row) = rows.next().expect("readable") {
            for column in 0..columns {
                let value = match row.get_ref(column).expect("a column") {
                    ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                        String::from_utf8_lossy(bytes).into_owned()
                    }
                    _ => continue,
                };
                heard.note(format!("table {table}"), value);
            }
        }
    }
}

/// Everything that is to be heard over HTTP about an order.
async fn listen(site: &Site, heard: &mut Heard) {
    let client = site.client();
    for path in ["/metrics", "/readyz", "/healthz"] {
        let answer = reqwest::get(format!("{}{path}", site.url)).await.expect("answered");
        heard.note(path, answer.text().await.expect("text"));
    }
    for order_id in ["1", "2", "none"] {
        let about = TextcoinRequest {
            partner: "demo-shop".into(),
            partner_key: "demo-shop-key".into(),
            order_id: order_id.into(),
            merchant: String::new(),
        };
        heard.note("status", format!("{:?}", client.textcoin(Endpoint::Test, &about).await));
        heard.note("resend", format!("{:?}", client.resend(Endpoint::Test, &about).await));
    }
    for mailbox in ["a.customer@example.org", "another@example.org", "no mailbox@"] {
        let answer = client.new_purchase(Endpoint::Test, &bought("1", mailbox)).await;
        heard.note("purchase", format!("{answer:?}"));
    }
}

/// Customers press the button again and again, others try what might be a link.
async fn claim(site: &Site, token: &str, words: &str, heard: &mut Heard) {
    let client = reqwest::Client::new();
    let page = |path: &str| format!("{}/test/claim/{path}", site.url);
    let opened = client.get(page(token)).send().await.expect("answered").text().await.expect("text");
    heard.note("the page", opened);
    let shown = client.post(page(token)).send().await.expect("answered").text().await.expect("text");
    assert!(shown.contains(words), "the words are those of the link");
    for _ in 0..12 {
        let answer = client.post(page(token)).send().await.expect("answered");
        if !answer.status().is_success() {
            heard.note("too often", answer.text().await.expect("text"));
        }
    }
    for wrong in [&token[1..], &format!("{token}A"), &format!("{token}/x"), &token.to_lowercase()] {
        let answer = client.post(page(wrong)).send().await.expect("answered");
        heard.note("a wrong link", answer.text().await.expect("text"));
    }
}

/// What an operator looks at.
fn operate(data: &Path, heard: &mut Heard) {
    let order = ["--partner", "demo-shop", "--endpoint", "test"];
    for about in ["show", "resend", "take-back"] {
        for number in ["1", "2"] {
            heard.command(data, &[&["textcoin", about, number], &order[..]].concat());
        }
    }
    heard.command(data, &[&["textcoin", "show", "1", "--json"], &order[..]].concat());
    heard.command(data, &[&["purchase", "show", "1"], &order[..]].concat());
    for arguments in [
        &["textcoin", "list"][..],
        &["textcoin", "list", "--json"],
        &["fund", "status"],
        &["payer", "status"],
        &["payer", "slots", "--endpoint", "test"],
        &["audit", "--books-only"],
        &["statement", "--partner", "demo-shop", "--endpoint", "test"],
    ] {
        heard.command(data, arguments);
    }
}

/// Buys twice of a server whose mails are refused with all that they hold in the answer, or taken; looks everywhere.
async fn nothing_tells(orders: serde_json::Value, with_page: bool) {
    let smtp = Smtp::start(orders);
    let (_folder, data) = data_dir();
    let (devnet, site) = site(&data).await;
    let page = if with_page { "claim_page = 'https://cashback.example.org'\n" } else { "" };
    site.append(&format!(
        "[alerts]\nfund_below = 'none'\n[mail]\nfrom = 'a@shop.example'\nrelay = 'smtp://127.0.0.1:{}'\n\
         [textcoins]\nreminder_days = []\n{page}",
        smtp.port
    ));
    let serve = site.start();
    fill(&devnet, &site).await;
    let mut heard = Heard(Vec::new());
    for order in ["1", "2"] {
        let request = bought(order, "a.customer@example.org");
        ok(settle(&site.client(), Endpoint::Test, &request).await);
    }
    let mails = [smtp.next(), smtp.next()].map(|mail| content(&mail));
    let order = ["--partner", "demo-shop", "--endpoint", "test", "--data-dir", argument(&data)];
    until("what the relay said is kept", async || {
        let (_, said) = run(&[&["textcoin", "show", "1"], &order[..]].concat());
        said.contains("taken by the relay") || said.contains("554")
    })
    .await;
    let keys = keyring(&site.mnemonic(store::Endpoint::Test), store::Endpoint::Test).textcoins().clone();
    let mut all = Vec::new();
    for mail in &mails {
        let mail = MessageParser::default().parse(mail).expect("a mail");
        let text = mail.body_text(0).expect("a text").into_owned();
        let (textcoin, token) = if with_page {
            let token = text.split(PAGE).nth(1).expect("it leads to the page")[..32].to_owned();
            let no = keys.number(&token).expect("it is of this wallet");
            (keys.textcoin(no).expect("not skipped"), token)
        } else {
            let words = text.split(WORDS).nth(1).expect("it leads to the words");
            let is_word = |c: &char| c.is_ascii_lowercase() || *c == '-';
            let words: String = words.chars().take_while(is_word).collect();
            (words.parse().expect("words of a wallet"), "0123456789abcdef0123456789abcdef".to_owned())
        };
        if with_page {
            claim(&site, &token, &textcoin.dashed(), &mut heard).await;
        }
        let secrets = secrets(&textcoin, &token);
        assert!(secrets.iter().any(|secret| text.contains(secret)), "it stands in the mail");
        all.extend(secrets);
    }
    listen(&site, &mut heard).await;
    operate(&data, &mut heard);
    listen(&site, &mut heard).await;
    let log = serve.log.clone();
    serve.interrupt();
    heard.note("the log", log.lines().join("\n"));
    every_value(&data, &mut heard);
    assert!(heard.holds("a.customer@example.org").is_some() && heard.holds("demo-shop").is_some());
    for secret in &all {
        assert_eq!(heard.holds(secret), None, "{secret}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_of_mails_are_in_no_log_error_figure_or_table() {
    nothing_tells(json!({}), false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn words_that_a_relay_quotes_are_not_kept_nor_told() {
    nothing_tells(json!({ "data": [554, "5.7.1 this is spam: QUOTE"] }), false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_of_claim_links_are_in_no_log_error_figure_or_table() {
    nothing_tells(json!({}), true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_that_a_relay_quotes_are_not_kept_nor_told() {
    nothing_tells(json!({ "data": [554, "5.7.1 this is spam: QUOTE"] }), true).await;
}
