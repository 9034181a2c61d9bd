//! `bytesback mail`.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use mail_parser::MessageParser;
use serde_json::json;

use crate::smtp::{Smtp, content};

fn bytesback(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bytesback")).args(args).output().expect("it runs")
}

fn config(folder: &Path, mail: &str) -> String {
    let file = folder.join("bytesback.toml");
    let text = format!(
        "listen = '127.0.0.1:0'\n[live]\nnetwork = 'livenet'\nwallet = 'live.wallet'\n[test]\nnetwork = 'testnet'\n\
         wallet = 'test.wallet'\n[mail]\nfrom = 'Shop <cashback@shop.example>'\n{mail}"
    );
    fs::write(&file, text).expect("written");
    file.to_str().expect("UTF-8").to_owned()
}

#[test]
fn a_preview_is_a_mail_a_page_and_a_text() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().to_str().expect("UTF-8");
    let done = bytesback(&["mail", "preview", "--language", "ru", "--kind", "reminder", "--out", out]);
    assert!(done.status.success(), "{done:?}");
    let read = |end: &str| fs::read(folder.path().join(format!("reminder-ru.{end}"))).expect("it is there");
    let mail = read("eml");
    let mail = MessageParser::default().parse(&mail).expect("a mail");
    assert!(mail.subject().expect("a subject").starts_with("Осталось 2 дня"));
    let text = String::from_utf8(read("txt")).expect("UTF-8");
    assert_eq!(mail.body_text(0).expect("a text").replace("\r\n", "\n"), text);
    assert!(String::from_utf8(read("html")).expect("UTF-8").contains("src=\"data:image/png;base64,"));
}

#[test]
fn a_preview_uses_the_templates_of_the_operator_and_names_what_is_wrong_in_them() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(folder.path().join("wording/en")).expect("made");
    let template = folder.path().join("wording/en/textcoin.subject");
    fs::write(&template, "Hello, {{ amount_gbyte }}!").expect("written");
    let config = config(folder.path(), "templates = 'wording'");
    let out = folder.path().join("out");
    let args = ["mail", "preview", "--config", &config, "--out", out.to_str().expect("UTF-8")];
    assert!(bytesback(&args).status.success());
    let mail = fs::read(out.join("textcoin-en.eml")).expect("it is there");
    assert_eq!(MessageParser::default().parse(&mail).expect("a mail").subject(), Some("Hello, 0.0625!"));
    fs::write(&template, "\n{{ amuont }}").expect("written");
    let done = bytesback(&args);
    assert!(!done.status.success());
    let error = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(error.contains("textcoin.subject, line 2: there is no variable amuont"), "{error}");
}

#[test]
fn a_server_does_not_start_with_templates_that_are_broken() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::create_dir_all(folder.path().join("wording/ru")).expect("made");
    fs::write(folder.path().join("wording/ru/reminder.txt"), "{{ link }}\n\n{% if shop %}").expect("written");
    let done = bytesback(&["serve", "--config", &config(folder.path(), "templates = 'wording'")]);
    assert!(!done.status.success());
    let error = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(error.contains("in [mail]") && error.contains("reminder.txt, line 3"), "{error}");
}

#[test]
fn a_test_sends_a_sample_and_says_what_the_relay_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let server = Smtp::start(json!({ "recipient": [null, [550, "5.7.1 not from you"]] }));
    let config = config(
        folder.path(),
        &format!("relay = 'smtp://127.0.0.1:{}'\nblocked_domains = ['junk.example']", server.port),
    );
    let test = |to: &str| bytesback(&["mail", "test", "--config", &config, "--to", to]);
    let done = test("me@example.org");
    assert!(done.status.success(), "{done:?}");
    let arrived = server.next();
    assert_eq!(arrived["to"], json!(["me@example.org"]));
    assert!(String::from_utf8(content(&arrived)).expect("ASCII").contains("To: me@example.org"));
    let done = test("me@example.org");
    assert!(!done.status.success());
    let error = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(error.contains("550 5.7.1") && error.contains("not from you"), "{error}");
    assert!(!test("me@x.junk.example").status.success());
    assert!(server.rest().is_empty());
}
