//! Hubs that name other units, make them up, change them, or say nothing.

use std::time::{Duration, Instant};

use obyte_devnet::{Change, Rule, Trick};
use serde_json::json;

use crate::common::address;
use crate::stage::{FIRST, Stage, says};

const ATTESTATION: &str = "light/get_attestation";
const HISTORY: &str = "light/get_history";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_hub_can_make_up_an_attestation() {
    let stage = Stage::set().await;
    stage.introduce().await;
    let mischief = stage.devnet.hub(0).mischief();
    let others = stage.attest(FIRST, 1, &[says("the liar", "liar@example.org")]).await;
    let payment = stage.devnet.pay(address("somebody"), obyte::Bytes::GBYTE).await.expect("paid");
    stage.until_final(&[others, payment]).await;
    let unposted = stage.sign(FIRST, 2, &[says("the liar", "unposted@example.org")]).await;
    for (who, named) in [
        ("another-mailbox", others.to_string()),
        ("no-attestation", payment.to_string()),
        ("unknown", obyte::UnitHash::of("nobody posted it").to_string()),
        ("unposted", unposted.hash().to_string()),
        ("nonsense", "nonsense".to_owned()),
    ] {
        mischief.add(Rule::on(ATTESTATION, Trick::Answer(json!(named))));
        stage.gets_a_textcoin(who, &format!("{who}@example.org")).await;
        mischief.stop();
    }
    // Signed by the attestor, but never posted: the hub shows it with the proof of another unit.
    mischief.add(Rule::on(ATTESTATION, Trick::Answer(json!(unposted.hash()))));
    let mut history = stage.shown(0, payment).await;
    history["joints"] = json!([{"unit": unposted.to_json()}]);
    show(&stage, history.clone());
    stage.gets_a_textcoin("with another proof", "unposted@example.org").await;
    mischief.stop();
    // As if it had a ball of its own.
    mischief.add(Rule::on(ATTESTATION, Trick::Answer(json!(unposted.hash()))));
    history["joints"][0]["ball"] = stage.shown(0, payment).await["joints"][0]["ball"].clone();
    show(&stage, history);
    stage.gets_a_textcoin("with another ball", "unposted@example.org").await;
    mischief.stop();
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_hub_can_change_whose_wallet_is_attested() {
    let stage = Stage::set().await;
    stage.introduce().await;
    let unit = stage.attest(FIRST, 1, &[says("a wallet", "someone@example.org")]).await;
    stage.until_final(&[unit]).await;
    let liars = address("the liar");
    stage.devnet.hub(0).mischief().add(Rule::on(
        HISTORY,
        Trick::Change(Change::new(move |answer| {
            for joint in answer["joints"].as_array_mut().into_iter().flatten() {
                for message in joint["unit"]["messages"].as_array_mut().into_iter().flatten() {
                    if message["app"] == "attestation" {
                        message["payload"]["address"] = json!(liars);
                    }
                }
            }
        })),
    ));
    stage.gets_a_textcoin("1", "someone@example.org").await;
    stage.devnet.hub(0).mischief().stop();
    stage.gets_coins("2", "someone@example.org", "a wallet").await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hub_that_says_nothing_or_an_error_delays_no_answer_for_long() {
    let stage = Stage::set().await;
    let unit = stage.attest(FIRST, 0, &[says("a wallet", "someone@example.org")]).await;
    stage.until_final(&[unit]).await;
    let mischief = stage.devnet.hub(0).mischief();
    let refusal = Trick::Error("someone@example.org is not known here".to_owned());
    for (order, trick) in [("error", refusal), ("drop", Trick::Drop), ("nothing", Trick::Answer(json!("")))] {
        mischief.add(Rule::on(ATTESTATION, trick));
        let begin = Instant::now();
        stage.gets_a_textcoin(order, "someone@example.org").await;
        assert!(begin.elapsed() < Duration::from_secs(4), "{order}: {:?}", begin.elapsed());
        mischief.stop();
    }
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_hub_hides_another_one_proves_and_the_newest_counts() {
    let stage = Stage::with_hubs(&[0, 1]).await;
    stage.introduce().await;
    let old = stage.attest(FIRST, 1, &[says("old", "someone@example.org")]).await;
    stage.until_final(&[old]).await;
    // A second later, since units have times in seconds.
    let begin = Instant::now();
    crate::common::until("a second has passed", async || begin.elapsed() > Duration::from_millis(1100)).await;
    let new = stage.attest(FIRST, 2, &[says("new", "someone@example.org")]).await;
    let hidden = stage.attest(FIRST, 3, &[says("hidden", "hidden@example.org")]).await;
    stage.until_final(&[new, hidden]).await;
    let mischief = stage.devnet.hub(0).mischief();
    mischief.add(Rule::on(ATTESTATION, Trick::Answer(json!(old))));
    stage.gets_coins("1", "someone@example.org", "new").await;
    mischief.stop();
    mischief.add(Rule::on(ATTESTATION, Trick::Answer(json!(""))));
    stage.gets_coins("2", "hidden@example.org", "hidden").await;
    mischief.stop();
    stage.end().await;
}

/// Lets the hub show this wherever it honestly knows nothing.
fn show(stage: &Stage, history: serde_json::Value) {
    let change = Change::new(move |answer| {
        if answer["joints"].is_null() {
            *answer = history.clone();
        }
    });
    stage.devnet.hub(0).mischief().add(Rule::on(HISTORY, Trick::Change(change)));
}
