//! The targets.

mod canonical;
mod config;
mod history;
mod http;
mod hub;
mod money;
mod rates;
mod texts;
mod unit;
mod uri;

use std::fmt::Display;

use serde_json::Value;

/// A parser under fire.
pub struct Target {
    /// The name, which is that of the folder of seeds.
    pub name: &'static str,
    /// Hands the bytes to the parser; panics where something does not hold.
    pub run: fn(&[u8]),
    /// How many mutations the short run tries: fewer for what takes long.
    pub inputs: usize,
}

/// All of them.
pub const TARGETS: &[Target] = &[
    Target { name: "unit", run: unit::unit, inputs: 1500 },
    Target { name: "history", run: history::history, inputs: 120 },
    Target { name: "links", run: history::links, inputs: 200 },
    Target { name: "definition", run: unit::definition, inputs: 3000 },
    Target { name: "login", run: unit::login, inputs: 2000 },
    Target { name: "canonical", run: canonical::canonical, inputs: 3000 },
    Target { name: "frame", run: hub::frame, inputs: 4000 },
    Target { name: "answer", run: hub::answer, inputs: 4000 },
    Target { name: "refusal", run: hub::refusal, inputs: 4000 },
    Target { name: "hub_url", run: hub::url, inputs: 4000 },
    Target { name: "uri", run: uri::uri, inputs: 3000 },
    Target { name: "ids", run: texts::ids, inputs: 5000 },
    Target { name: "mnemonic", run: texts::mnemonic, inputs: 1500 },
    Target { name: "email", run: texts::email, inputs: 5000 },
    Target { name: "recipient", run: texts::recipient, inputs: 5000 },
    Target { name: "money", run: money::money, inputs: 5000 },
    Target { name: "body", run: http::body, inputs: 5000 },
    Target { name: "purchase", run: http::purchase, inputs: 5000 },
    Target { name: "purchase_answer", run: http::answer, inputs: 4000 },
    Target { name: "wallet_file", run: config::wallet_file, inputs: 3000 },
    Target { name: "config", run: config::config, inputs: 2000 },
    Target { name: "rates", run: rates::rates, inputs: 3000 },
];

/// A target by its name.
pub fn target(name: &str) -> Option<&'static Target> {
    TARGETS.iter().find(|target| target.name == name)
}

/// The most characters of an error text.
const ERROR_MAX: usize = 2000;

/// What an error may say: a bounded line without control characters.
fn check_error(error: impl Display) {
    check_text(&error.to_string(), ERROR_MAX);
}

fn check_text(text: &str, max: usize) {
    assert!(text.chars().count() <= max, "an error of {} characters", text.chars().count());
    assert!(!text.chars().any(char::is_control), "an error with control characters: {text:?}");
}

/// The bytes as text, what is none replaced.
fn text(data: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(data)
}

/// The bytes as JSON.
fn json(data: &[u8]) -> Option<Value> {
    serde_json::from_slice(data).ok()
}
