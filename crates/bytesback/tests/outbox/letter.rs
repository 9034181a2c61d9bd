//! Mails as customers get them.

#![allow(dead_code, reason = "each test target uses a part of it")]

use std::collections::BTreeMap;

use mail_parser::{Message, MessageParser};
use obyte::{Address, Textcoin, UnitHash};
use obyte_hub::Hub;
use serde_json::Value;

use crate::smtp::content;

/// What a customer reads in a mail.
#[derive(Clone, Debug)]
pub(crate) struct Mail {
    pub(crate) bytes: Vec<u8>,
    pub(crate) id: String,
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) textcoin: Textcoin,
}

impl Mail {
    /// One that an SMTP server was handed.
    pub(crate) fn arrived(arrived: &Value) -> Self {
        let mail = Self::read(&content(arrived));
        // The server shows domains in their own script.
        if !mail.to.contains("@xn--") {
            assert_eq!(arrived["to"], serde_json::json!([mail.to]), "the envelope is as the letter");
        }
        mail
    }

    pub(crate) fn read(bytes: &[u8]) -> Self {
        let parsed: Message<'_> = MessageParser::default().parse(bytes).expect("a mail");
        let to = parsed.to().and_then(|to| to.first()).and_then(|to| to.address()).expect("a recipient");
        let text = parsed.body_text(0).expect("a text").into_owned();
        let page = parsed.body_html(0).expect("a page").into_owned();
        let words = words(&text);
        assert_eq!(words, self::words(&page), "text and page lead to the same");
        Self {
            bytes: bytes.to_vec(),
            id: parsed.message_id().expect("an id").to_owned(),
            to: to.to_owned(),
            subject: parsed.subject().expect("a subject").to_owned(),
            textcoin: words.parse().expect("words of a wallet"),
            text,
        }
    }

    /// Where the coins of its link lie.
    pub(crate) fn address(&self) -> Address {
        self.textcoin.address()
    }
}

fn words(text: &str) -> String {
    let (_, rest) = text.split_once("https://obyte.org/#textcoin?").expect("a link");
    let is_word = |c: &char| c.is_ascii_lowercase() || *c == '-';
    rest.chars().take_while(is_word).collect()
}

/// The outputs of these units, by their addresses.
pub(crate) async fn outputs(
    hub: &Hub,
    units: impl IntoIterator<Item = UnitHash>,
) -> BTreeMap<Address, Vec<u64>> {
    let mut outputs: BTreeMap<Address, Vec<u64>> = BTreeMap::new();
    for unit in units {
        let joint = hub.get_joint(unit).await.expect("answered").expect("the hub has the unit");
        for (_, output) in joint.unit.outputs() {
            outputs.entry(output.address).or_default().push(output.amount.get());
        }
    }
    outputs
}
