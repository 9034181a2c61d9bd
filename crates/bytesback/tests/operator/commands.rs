//! `bytesback payer`, beside a server that runs and without one.

use obyte_devnet::{Rule, Trick};

use crate::common::{CASHBACK, argument, run, until};
use crate::stage::{Stage, is_paid};
use crate::{STOPPED, payer, payer_json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_stops_a_running_server_and_holds_until_it_is_ended() {
    let (mut stage, server) = Stage::set().await;
    let orders = stage.orders(3);
    assert!(stage.send(&orders).await.iter().all(is_paid));
    let said = payer(&stage.site, &["pause", "--why", "counting the till"]);
    assert!(said.contains("stopped until `payer resume`"), "{said}");
    stage.site.complains(STOPPED).await;
    let waiting = stage.orders(2);
    assert!(!stage.send(&waiting).await.iter().any(is_paid));
    let status = payer(&stage.site, &["status"]);
    assert!(status.contains("running") && status.contains("operator: counting the till"), "{status}");
    assert!(status.contains("2 payouts, the oldest for"), "{status}");

    server.kill();
    let server = stage.site.start();
    stage.site.complains(STOPPED).await;
    until("the log tells", async || server.log.holds("until an operator resumes it")).await;
    assert_eq!(payer_json(&stage.site, &["status"])[0]["queued"], 2);

    let said = payer(&stage.site, &["resume"]);
    assert!(said.contains("pays again") && said.contains("counting the till"), "{said}");
    stage.audit().await;
    let status = payer(&stage.site, &["status"]);
    assert!(status.contains("not stopped") && status.contains("last settled"), "{status}");
    let said = payer(&stage.site, &["resume"]);
    assert!(said.contains("nothing stops the test endpoint"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_waits_for_a_server_that_is_not_there() {
    let (mut stage, server) = Stage::set().await;
    server.interrupt();
    let status = &payer_json(&stage.site, &["status"])[0];
    assert_eq!((status["running"].as_bool(), status["connected"].as_bool()), (Some(false), Some(false)));
    let paused = payer_json(&stage.site, &["pause", "--why", "away"]);
    assert_eq!(paused[0]["pause"]["alarm"]["operator"], "away");

    let server = stage.site.start();
    stage.site.complains(STOPPED).await;
    let orders = stage.orders(2);
    assert!(!stage.send(&orders).await.iter().any(is_paid));
    assert_eq!(payer_json(&stage.site, &["slots", "--all"]).len(), 0, "no unit was made");
    server.interrupt();
    payer(&stage.site, &["resume"]);
    let _server = stage.site.start();
    stage.audit().await;
}

/// An answer that nobody knows stops paying. The operator posts the unit again, and lets paying go on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_alarm_has_stopped_stays_so_and_its_unit_can_be_posted_again() {
    let (mut stage, server) = Stage::set().await;
    let refusal = "the moon is in the wrong house";
    stage.devnet.hub(0).mischief().add(Rule::on("post_joint", Trick::Error(refusal.to_owned())).times(1));
    let orders = stage.orders(1);
    assert!(!stage.send(&orders).await.iter().any(is_paid));
    stage.site.complains(STOPPED).await;

    server.kill();
    let server = stage.site.start();
    stage.site.complains(STOPPED).await;
    let status = payer(&stage.site, &["status"]);
    assert!(status.contains("PAUSED") && status.contains(refusal), "{status}");
    let slot = &payer_json(&stage.site, &["show", "0"])[0];
    assert_eq!(slot["stands"]["state"], "open");
    assert_eq!(slot["versions"][0]["status"], "refused");

    payer(&stage.site, &["repost", "0"]);
    until("the unit is accepted", async || stage.send(&orders).await.iter().all(is_paid)).await;
    stage.site.complains(STOPPED).await;
    payer(&stage.site, &["resume"]);
    stage.site.is_well().await;
    let more = stage.orders(3);
    assert!(stage.send(&more).await.iter().all(is_paid));
    stage.audit().await;

    // Everything can be looked at, by all of its names.
    let found = payer_json(&stage.site, &["show", "--order", &orders[0]]);
    let (trail, slot) = (&found[0], &found[1]);
    assert_eq!((trail["state"].as_str(), trail["amount"].as_u64()), (Some("final"), Some(CASHBACK)));
    assert_eq!(slot["stands"]["state"], "settled");
    assert!(slot["stands"]["main_chain_index"].is_u64());
    let answers: Vec<_> = slot["versions"][0]["answers"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|said| &said["answer"])
        .collect();
    assert!(
        answers.iter().any(|said| said.as_str().is_some_and(|text| text.contains(refusal))),
        "{answers:?}"
    );
    assert!(answers.len() > 1, "the refusal, and that it was accepted: {answers:?}");
    let unit = slot["versions"][0]["unit"].as_str().expect("a hash");
    assert_eq!(&payer_json(&stage.site, &["show", unit])[0], slot);
    let payout = trail["payout"].to_string();
    assert_eq!(payer_json(&stage.site, &["show", "--payout", &payout]), found);
    let text = payer(&stage.site, &["show", "0"]);
    assert!(
        text.contains(refusal) && text.contains("is good for ever") && text.contains("demo-shop"),
        "{text}"
    );
    assert!(payer(&stage.site, &["slots"]).contains("every unit is proven"));

    let data = argument(&stage.site.folder);
    let (good, said) = run(&["payer", "repost", "0", "--endpoint", "test", "--data-dir", data]);
    assert!(!good && said.contains("nothing to post again"), "{said}");
    let (good, said) = run(&["payer", "show", "77", "--data-dir", data]);
    assert!(!good && said.contains("--order 77"), "{said}");
    drop(server);
}
