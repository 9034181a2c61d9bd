//! What an operator does to a server, and what a second server may do to the first.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/site.rs"]
mod site;
#[allow(dead_code, reason = "a part of it is enough here")]
#[path = "../common/stage.rs"]
mod stage;

mod audits;
mod balances;
mod commands;
mod deposits;
mod limits;
mod restoring;
mod review;
mod second;
mod withdrawals;

use serde_json::Value;

use crate::common::{argument, run};
use crate::site::Site;

/// What `/readyz` says of a test endpoint that does not pay.
const STOPPED: &str = r#"{"name":"paying at the test endpoint","ok":false"#;

/// What `bytesback payer` says about the test endpoint.
fn payer(site: &Site, arguments: &[&str]) -> String {
    let about = ["--endpoint", "test", "--data-dir", argument(&site.folder)];
    let (good, said) = run(&[&["payer"], arguments, &about[..]].concat());
    assert!(good, "{said}");
    said
}

/// The same for machines.
fn payer_json(site: &Site, arguments: &[&str]) -> Vec<Value> {
    serde_json::from_str(&payer(site, &[arguments, &["--json"]].concat())).expect("a list")
}
