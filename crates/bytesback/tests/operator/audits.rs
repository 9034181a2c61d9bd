//! `bytesback audit` over a hub that lies, and over a journal that is older than its wallet.

use obyte_devnet::{Lie, Rule, Trick};
use serde_json::Value;

use crate::common::{CASHBACK, address, argument, run};
use crate::site::Site;
use crate::stage::{Stage, is_paid};

/// Whether an audit of the test endpoint ended well, and what it said.
fn audit(site: &Site, more: &[&str]) -> (bool, Value) {
    let (data, config) = (argument(&site.folder), site.folder.join("bytesback.toml"));
    let about = ["audit", "--json", "--endpoint", "test", "--data-dir", data, "--config", argument(&config)];
    let (good, said) = run(&[&about[..], more].concat());
    let mut list: Vec<Value> = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"));
    (good, list.remove(0))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hub_that_lies_gets_no_audit_past_it() {
    let (mut stage, server) = Stage::set().await;
    let orders = stage.orders(5);
    assert!(stage.send(&orders).await.iter().all(is_paid));
    stage.audit().await;
    server.interrupt();
    for (lie, wanted) in [
        (Lie::Amounts, "is not believed"),
        (Lie::WrongBalls, "is not believed"),
        (Lie::Void, "is not believed"),
        (Lie::NoProof, "not proven yet"),
        (Lie::Nothing, "does not show it"),
    ] {
        stage.devnet.hub(0).mischief().add(Rule::on("light/get_history", Trick::Lie(lie)).times(1));
        let (good, report) = audit(&stage.site, &[]);
        let said = report["network"].to_string();
        assert!(!good && said.contains(wanted), "{lie:?}: {said}");
        assert_eq!(report["books"]["faults"], Value::Array(Vec::new()), "the books need no hub");
    }
    let (good, report) = audit(&stage.site, &[]);
    assert!(good && report["network"]["since"] == 0, "no lie was remembered as an audit: {report}");
    let (good, report) = audit(&stage.site, &[]);
    assert!(good && report["network"]["units"] == 0, "it goes on where it ended: {report}");
}

/// As over a backup that is older than what the wallet has paid since.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unit_that_the_wallet_has_made_without_this_journal_is_found() {
    let (mut stage, server) = Stage::set().await;
    let orders = stage.orders(1);
    assert!(stage.send(&orders).await.iter().all(is_paid));
    stage.audit().await;
    server.interrupt();
    let (good, report) = audit(&stage.site, &[]);
    assert!(good, "{report}");
    let folder = tempfile::tempdir().expect("a folder");
    let older = folder.path().join("bytesback.sqlite");
    std::fs::copy(stage.site.database(), &older).expect("copied");

    let server = stage.site.start();
    stage.site.is_well().await;
    let orders = stage.orders(1);
    let answers = stage.send(&orders).await;
    assert!(answers.iter().all(is_paid), "{answers:?}");
    stage.audit().await;
    server.interrupt();
    let (good, report) = audit(&stage.site, &[]);
    assert!(good && report["network"]["units"] == 1, "{report}");

    std::fs::copy(&older, stage.site.database()).expect("copied");
    for _ in 0..2 {
        let (good, report) = audit(&stage.site, &[]);
        let said = report["network"]["faults"].to_string();
        let wanted = format!("{CASHBACK} bytes to {}", address(&orders[0]));
        assert!(!good && said.contains("is signed by the wallet") && said.contains(&wanted), "{report}");
    }
}
