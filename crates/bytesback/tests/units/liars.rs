//! Hubs that hide units, make them up, or change them.

use std::num::NonZeroUsize;
use std::time::Instant;

use bytesback_client::Endpoint;
use obyte::compose::Coin;
use obyte::unit::CoinId;
use obyte::{Address, Bytes, Output, Unit, UnitHash};
use obyte_devnet::{Change, Lie, Rule, Trick};
use program::UnitRules;
use serde_json::json;
use store::ReceivingRole;

use crate::common::{address, ok, until};
use crate::stage::{MBYTE, Stage, Stranger, paid};

const HISTORY: &str = "light/get_history";
const TOO_FEW: &str =
    "purchase_unit is not final yet, and too few hubs confirm it; please repeat in some minutes";
const NOT_JUDGED: &str = "purchase_unit cannot be judged before it is final, please repeat later";
const UNCHECKED: &str = "purchase_unit could not be checked right now, please repeat later";

fn till() -> Address {
    address("the till of the shop")
}

async fn shop() -> Stage {
    let stage = Stage::set().await;
    stage.register(till(), ReceivingRole::Own).await;
    stage
}

/// A unit that nobody ever posted, spending this coin for the till.
async fn unposted(stage: &Stage, by: &Stranger, coin: Coin, bytes: u64) -> Unit {
    let paid = Output { address: till(), amount: Bytes::literal(bytes) };
    by.sign(&stage.hub(0).await, coin, &[paid], by.address()).await
}

/// Lets the first hub show this wherever it honestly knows nothing, with the proof of another.
async fn show(stage: &Stage, joint: serde_json::Value) {
    let known = stage.pay(address("anybody"), MBYTE).await;
    stage.until_final(known).await;
    let mut history = stage.shown(0, known).await;
    history["joints"] = json!([joint]);
    let change = Change::new(move |answer| {
        if answer["joints"].is_null() {
            *answer = history.clone();
        }
    });
    stage.devnet.hub(0).mischief().add(Rule::on(HISTORY, Trick::Change(change)));
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
    // One that is silent has not agreed; and the answer comes in time.
    stage.devnet.hub(1).mischief().show_all();
    stage.devnet.hub(1).mischief().add(Rule::on(HISTORY, Trick::Drop));
    let begin = Instant::now();
    assert_eq!(stage.refused(&request).await, TOO_FEW);
    assert!(begin.elapsed() < std::time::Duration::from_secs(4), "{:?}", begin.elapsed());
    stage.devnet.hub(1).mischief().stop();
    ok(crate::common::settle(&stage.inside.client, Endpoint::Test, &request).await);
    stage.devnet.rest_order_provider(false);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unit_that_a_hub_makes_up_does_not_count() {
    let stage = shop().await;
    let liar = Stranger::new(66);
    let money = stage.pay(liar.address(), 1000 * MBYTE).await;
    stage.until_final(money).await;
    let coin = liar.coin(&stage.hub(0).await, money).await;
    let unit = unposted(&stage, &liar, coin, 600 * MBYTE).await;
    show(&stage, json!({"unit": unit.to_json()})).await;
    let request = |gbytes: &str| paid("1", gbytes, unit.hash());
    let disagree = "purchase_unit is not known to all hubs yet, please repeat later";
    assert_eq!(stage.refused(&request("0.5")).await, disagree);
    // Nor where there is no other hub.
    let above = stage.refused_at(Endpoint::Live, &request("0.6")).await;
    assert!(above.starts_with("purchase_unit is not final yet"), "{above}");
    assert_eq!(stage.refused_at(Endpoint::Live, &request("0.5")).await, TOO_FEW);
    stage.end().await;
}

/// As where the operator says that one hub is enough: it must bring coins that exist, and the key to them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unit_without_coins_of_its_own_does_not_count_even_where_one_hub_is_enough() {
    let stage = Stage::with(UnitRules { hubs_min: NonZeroUsize::MIN, ..UnitRules::default() }).await;
    stage.register(till(), ReceivingRole::Own).await;
    let (liar, other) = (Stranger::new(66), Stranger::new(67));
    let money = stage.pay(liar.address(), 50 * MBYTE).await;
    let theirs = stage.pay(other.address(), 500 * MBYTE).await;
    stage.until_final(money).await;
    stage.until_final(theirs).await;
    let hub = stage.hub(0).await;
    let (own, others) = (liar.coin(&hub, money).await, other.coin(&hub, theirs).await);
    let absent = CoinId { output_index: 9, ..own.id };
    for (coin, why) in [
        (Coin { amount: Bytes::literal(500 * MBYTE), ..own }, "it holds less"),
        (Coin { address: liar.address(), ..others }, "it is somebody else's"),
        (Coin { id: absent, amount: Bytes::literal(500 * MBYTE), ..own }, "no such output"),
    ] {
        let unit = unposted(&stage, &liar, coin, 100 * MBYTE).await;
        show(&stage, json!({"unit": unit.to_json()})).await;
        let refused = stage.refused_at(Endpoint::Live, &paid("1", "0.1", unit.hash())).await;
        assert_eq!(refused, NOT_JUDGED, "{why}");
        stage.devnet.hub(0).mischief().stop();
    }
    // What one hub alone can make pass: a unit by who has the money, which it does not post.
    let unit = unposted(&stage, &liar, own, 40 * MBYTE).await;
    show(&stage, json!({"unit": unit.to_json()})).await;
    ok(stage.buy_at(Endpoint::Live, &paid("1", "0.04", unit.hash())).await);
    stage.devnet.hub(0).mischief().stop();
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn before_a_unit_is_final_the_word_of_one_hub_is_not_enough() {
    let stage = shop().await;
    let once = Stranger::new(9);
    let first = stage.pay(once.address(), 100 * MBYTE).await;
    stage.until_final(first).await;
    stage.devnet.rest_order_provider(true);
    let unit = stage.pay(till(), 100 * MBYTE).await;
    let on = once.forward(&stage.hub(0).await, first, &[], till()).await;
    until("both hubs know both", async || {
        !stage.shown(1, unit).await["joints"].is_null() && !stage.shown(1, on).await["joints"].is_null()
    })
    .await;
    // The live endpoint has one hub. A payment is as little final as the unit that forwarded it.
    let orders = [paid("1", "0.1", unit), paid("2", "0.1", first)];
    for order in &orders {
        assert_eq!(stage.refused_at(Endpoint::Live, order).await, TOO_FEW);
        ok(crate::common::settle(&stage.inside.client, Endpoint::Test, order).await);
    }
    stage.devnet.rest_order_provider(false);
    stage.until_final(unit).await;
    stage.until_final(on).await;
    for order in &orders {
        ok(crate::common::settle(&stage.inside.client, Endpoint::Live, order).await);
    }
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_unit_than_the_one_asked_for_is_not_believed() {
    let stage = shop().await;
    let other = stage.pay(till(), 100 * MBYTE).await;
    stage.until_final(other).await;
    let joint = stage.shown(0, other).await["joints"][0].clone();
    show(&stage, joint).await;
    let unknown = paid("1", "0.1", UnitHash::of("nobody posted it"));
    assert_eq!(stage.refused_at(Endpoint::Live, &unknown).await, UNCHECKED);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unit_from_the_future_does_not_count() {
    let stage = Stage::with(UnitRules { hubs_min: NonZeroUsize::MIN, ..UnitRules::default() }).await;
    stage.register(till(), ReceivingRole::Own).await;
    let liar = Stranger::new(66);
    let money = stage.pay(liar.address(), 200 * MBYTE).await;
    stage.until_final(money).await;
    let coin = liar.coin(&stage.hub(0).await, money).await;
    let mut late = unposted(&stage, &liar, coin, 100 * MBYTE).await.to_json();
    let timestamp = late["timestamp"].as_u64().expect("it has one");
    late["timestamp"] = json!(timestamp + 3600);
    let hash = obyte::unit::hashes::unit_hash(late.as_object().expect("an object")).expect("hashed");
    late["unit"] = json!(hash);
    show(&stage, json!({"unit": late})).await;
    assert_eq!(stage.refused_at(Endpoint::Live, &paid("1", "0.1", hash)).await, UNCHECKED);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unit_with_a_wrong_signature_does_not_count() {
    let stage = shop().await;
    let owner = Stranger::new(66);
    let money = stage.pay(owner.address(), 500 * MBYTE).await;
    stage.until_final(money).await;
    let coin = owner.coin(&stage.hub(0).await, money).await;
    let mut forged = unposted(&stage, &owner, coin, 100 * MBYTE).await.to_json();
    let other = unposted(&stage, &owner, coin, 200 * MBYTE).await.to_json();
    forged["authors"][0]["authentifiers"] = other["authors"][0]["authentifiers"].clone();
    let hash = obyte::unit::hashes::unit_hash(forged.as_object().expect("an object")).expect("hashed");
    forged["unit"] = json!(hash);
    show(&stage, json!({"unit": forged})).await;
    let refused = stage.refused_at(Endpoint::Live, &paid("1", "0.1", hash)).await;
    assert_eq!(refused, NOT_JUDGED);
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
