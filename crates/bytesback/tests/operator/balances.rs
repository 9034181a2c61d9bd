//! Low balances, as an operator hears of them.

use crate::common::{argument, run, until};
use crate::payer_json;
use crate::site::{HubEntry, Site};
use crate::stage::{Stage, network};

async fn figure(site: &Site, line: &str) -> bool {
    let answer = reqwest::get(format!("{}/metrics", site.url)).await.expect("the server is there");
    answer.text().await.expect("text").lines().any(|found| found == line)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_low_fund_is_announced_once_and_so_is_its_recovery() {
    let (devnet, folder) = network().await;
    let url = devnet.url();
    let provider = devnet.order_provider();
    let hub = HubEntry { url: &url, order_provider: provider, root: None };
    let stage = Stage::behind(devnet, folder, hub).await;
    let site = &stage.site;
    let server = site.start();
    let said = |words: &str| server.log.lines().iter().filter(|line| line.contains(words)).count();
    site.is_well().await;
    // Of both endpoints.
    until("the log says so", async || said("a balance is low") == 2).await;
    let (well, text) = site.readiness().await;
    assert!(well && text.contains(r#""degraded":true"#) && text.contains("the fund is low"), "{text}");
    assert!(figure(site, r#"bytesback_low_balance{endpoint="test",of="fund"} 1"#).await);
    assert!(figure(site, r#"bytesback_low_balance{endpoint="test",of="deposits"} 0"#).await);
    assert_eq!(payer_json(site, &["status"])[0]["low"][0], "the fund");
    let (_, status) = run(&["fund", "status", "--data-dir", argument(&site.folder)]);
    assert!(status.contains("LOW: the fund"), "{status}");

    stage.fill().await;
    until("the log says that it is over", async || said("is well again") == 1).await;
    assert!(figure(site, r#"bytesback_low_balance{endpoint="test",of="fund"} 0"#).await);
    assert_eq!(payer_json(site, &["status"])[0]["low"], serde_json::json!([]));
    assert_eq!((said("a balance is low"), said("is well again")), (2, 1));
}
