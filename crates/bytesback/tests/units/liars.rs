//! Hubs that hide units, make them up, or change them.

use std::time::Instant;

use bytesback_client::Endpoint;
use obyte::compose::Coin;
use obyte::unit::CoinId;
use obyte::{Address, Bytes, Output, Unit, UnitHash};
use obyte_devnet::{Change, Lie, Rule, Trick};
use serde_json::json;
use store::ReceivingRole;

use crate::common::{address, ok, until};
use crate::stage::{MBYTE, Stage, Stranger, paid};

const HISTORY: &str = "light/get_history";
const UNCHECKED: &str = "purchase_unit could not be checked right now, please repeat later";

fn till() -> Address {
    address("the till of the shop")
}

async fn shop() -> Stage {
    let stage = Stage::set().await;
    stage.register(till(), ReceivingRole::Own).await;
    stage
}

/// A unit that nobody ever posted, spending a coin that is not there.
async fn made_up(stage: &Stage, bytes: u64) -> Unit {
    let (liar, hub) = (Stranger::new(66), stage.hub(1).await);
    let id = CoinId { unit: UnitHash::of("no money"), message_index: 0, output_index: 0 };
    let coin = Coin { id, amount: Bytes::literal(1000 * MBYTE), address: liar.address() };
    let paid = Output { address: till(), amount: Bytes::literal(bytes) };
    liar.sign(&hub, coin, &[paid], liar.address()).await
}

/// Lets the first hub show this in every history, with the proof of another.
async fn show(stage: &Stage, joint: serde_json::Value) {
    let known = stage.pay(address("anybody"), MBYTE).await;
    stage.until_final(known).await;
    let mut history = stage.shown(1, known).await;
    history["joints"] = json!([joint]);
    let trick = Trick::Change(Change::new(move |answer| *answer = history.clone()));
    stage.devnet.hub(0).mischief().add(Rule::on(HISTORY, trick));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_hub_hides_another_one_proves() {
    let stage = shop().await;
    let unit = stage.pay(till(), 1000 * MBYTE).await;
    stage.until_final(unit).await;
    stage.devnet.hub(0).mischief().hide(unit);
    let hidden = stage.refused_at(Endpoint::Live, &paid("1", "1", unit)).await;
    assert_eq!(hidden, "purchase_unit was not found; check the hash, or repeat in a minute");
    assert_eq!(ok(stage.buy(&paid("1", "1", unit)).await).0, 200 * MBYTE);
    stage.devnet.hub(0).mischief().show_all();
    ok(stage.buy_at(Endpoint::Live, &paid("1", "1", unit)).await);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unit_that_is_not_final_must_be_shown_by_all_hubs() {
    let stage = shop().await;
    stage.devnet.rest_order_provider(true);
    let unit = stage.pay(till(), 100 * MBYTE).await;
    until("both hubs know it", async || !stage.shown(1, unit).await["joints"].is_null()).await;
    stage.devnet.hub(1).mischief().hide(unit);
    let request = paid("1", "0.1", unit);
    let disagree = "purchase_unit is not known to all hubs yet, please repeat later";
    assert_eq!(stage.refused(&request).await, disagree);
    // A hub that is silent has not agreed; and the answer comes in time.
    stage.devnet.hub(1).mischief().show_all();
    stage.devnet.hub(1).mischief().add(Rule::on(HISTORY, Trick::Drop));
    let begin = Instant::now();
    assert_eq!(stage.refused(&request).await, UNCHECKED);
    assert!(begin.elapsed() < std::time::Duration::from_secs(4), "{:?}", begin.elapsed());
    stage.devnet.hub(1).mischief().stop();
    ok(crate::common::settle(&stage.inside.client, Endpoint::Test, &request).await);
    stage.devnet.rest_order_provider(false);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unit_that_a_hub_makes_up_does_not_count() {
    let stage = shop().await;
    let unit = made_up(&stage, 600 * MBYTE).await;
    show(&stage, json!({"unit": unit.to_json()})).await;
    let request = |gbytes: &str| paid("1", gbytes, unit.hash());
    let disagree = "purchase_unit is not known to all hubs yet, please repeat later";
    assert_eq!(stage.refused(&request("0.5")).await, disagree);
    // Where there is no other hub, it is worth at most what is risked before units are final.
    let above = stage.refused_at(Endpoint::Live, &request("0.6")).await;
    assert!(above.starts_with("purchase_unit is not final yet"), "{above}");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unit_with_a_wrong_signature_does_not_count() {
    let stage = shop().await;
    let mut forged = made_up(&stage, 100 * MBYTE).await.to_json();
    let other = made_up(&stage, 200 * MBYTE).await.to_json();
    forged["authors"][0]["authentifiers"] = other["authors"][0]["authentifiers"].clone();
    let hash = obyte::unit::hashes::unit_hash(forged.as_object().expect("an object")).expect("hashed");
    forged["unit"] = json!(hash);
    show(&stage, json!({"unit": forged})).await;
    let refused = stage.refused_at(Endpoint::Live, &paid("1", "0.1", hash)).await;
    assert_eq!(refused, "purchase_unit cannot be judged before it is final, please repeat later");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_outputs_and_missing_proofs_are_not_believed() {
    let stage = shop().await;
    let unit = stage.pay(till(), 1000 * MBYTE).await;
    stage.until_final(unit).await;
    let hub = stage.devnet.hub(0).mischief();
    hub.add(Rule::on(HISTORY, Trick::Lie(Lie::Amounts)));
    assert_eq!(stage.refused_at(Endpoint::Live, &paid("1", "1", unit)).await, UNCHECKED);
    hub.stop();
    hub.add(Rule::on(HISTORY, Trick::Lie(Lie::Void)));
    assert_eq!(stage.refused_at(Endpoint::Live, &paid("1", "1", unit)).await, UNCHECKED);
    hub.stop();
    hub.add(Rule::on(HISTORY, Trick::Lie(Lie::NoProof)));
    let unproven = stage.refused_at(Endpoint::Live, &paid("1", "1", unit)).await;
    assert!(unproven.starts_with("purchase_unit is not final yet"), "{unproven}");
    assert_eq!(ok(stage.buy(&paid("1", "1", unit)).await).0, 200 * MBYTE, "the other hub proves it");
    stage.end().await;
}
