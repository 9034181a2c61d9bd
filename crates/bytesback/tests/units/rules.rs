//! Which units count, with honest hubs.

use bytesback_client::{Endpoint, PurchaseRequest};
use obyte::{Address, Bytes, Output, UnitHash};
use program::UnitRules;
use store::ReceivingRole;

use crate::common::{address, ok, purchase, until};
use crate::stage::{MBYTE, Stage, Stranger, paid};

fn till() -> Address {
    address("the till of the shop")
}

/// With a registered till.
async fn shop() -> Stage {
    let stage = Stage::set().await;
    stage.register(till(), ReceivingRole::Own).await;
    stage
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unit_that_paid_the_shop_doubles_the_base_share_once() {
    let stage = shop().await;
    let unit = stage.pay(till(), 2000 * MBYTE).await;
    stage.until_final(unit).await;
    let first = paid("1", "2", unit);
    let (amount, by, _) = ok(stage.buy(&first).await);
    assert_eq!(amount, 400 * MBYTE, "20 % of 2 GBYTE");
    assert_eq!(ok(stage.buy(&first).await), (amount, by, true), "the same request again is the same answer");
    let used = "purchase_unit was used for another purchase; each unit counts once";
    assert_eq!(stage.refused(&paid("2", "2", unit)).await, used);
    let without = PurchaseRequest { purchase_unit: String::new(), ..paid("2", "2", unit) };
    assert_eq!(ok(stage.buy(&without).await).0, 200 * MBYTE, "the order id stayed free; 10 % of 2 GBYTE");
    let conflict = stage.refused(&without_unit_of(&first)).await;
    assert_eq!(conflict, "order_id was used before, with another purchase_unit");
    let other = stage.other_shop().await;
    let added_at = payout::Timestamp::from_millis(1);
    let same_till = store::ReceivingAddress { address: till(), role: ReceivingRole::Own, added_at };
    stage.store.add_receiving_address(store::Endpoint::Test, other, same_till).await.expect("registered");
    assert_eq!(stage.refused(&of_other_shop(paid("1", "2", unit))).await, used, "another partner");
    ok(stage.buy_at(Endpoint::Live, &first).await);

    let record = stage.store.purchase(store::Endpoint::Test, &key(&stage, "1")).await;
    let lines = record.expect("a book").expect("it is there").explanation.lines;
    assert!(lines.iter().any(|line| line.contains("20 %") && line.contains("purchase unit")), "{lines:?}");
    stage.end().await;
}

fn without_unit_of(request: &PurchaseRequest) -> PurchaseRequest {
    PurchaseRequest { purchase_unit: String::new(), ..request.clone() }
}

fn of_other_shop(request: PurchaseRequest) -> PurchaseRequest {
    PurchaseRequest { partner: "other-shop".into(), partner_key: "other-shop-key".into(), ..request }
}

fn key(stage: &Stage, order: &str) -> store::PurchaseKey {
    let order_id = store::OrderId::new(order).expect("an order id");
    store::PurchaseKey { partner: stage.shop, merchant: None, order_id }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn purchases_at_once_do_not_share_a_unit() {
    let stage = shop().await;
    let unit = stage.pay(till(), 100 * MBYTE).await;
    stage.until_final(unit).await;
    let orders = ["1", "2", "3", "4", "5"].map(|order| paid(order, "0.1", unit));
    let answers = futures_util::future::join_all(orders.iter().map(|order| stage.buy(order))).await;
    let count = |text: &str| answers.iter().filter(|answer| format!("{answer:?}").contains(text)).count();
    assert_eq!((count("cashback_amount"), count("used for another purchase")), (1, 4), "{answers:?}");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_unit_did_not_pay_is_refused_with_the_reason() {
    let stage = shop().await;
    let unit = stage.pay(till(), 100 * MBYTE).await;
    let elsewhere = stage.pay(address("somebody else"), 100 * MBYTE).await;
    stage.until_final(elsewhere).await;
    let refused = async |gbytes: &str, unit| stage.refused(&paid("1", gbytes, unit)).await;
    let too_little = "purchase_unit paid less than currency_amount; send the amount that was paid, in GBYTE";
    assert_eq!(refused("0.100000001", unit).await, too_little);
    assert_eq!(refused("0.1000000000000001", unit).await, too_little, "a part of a byte is a byte");
    let bytes = "currency_amount is far above what purchase_unit paid; send GBYTE, not bytes";
    assert_eq!(refused("100", unit).await, bytes);
    let too_much = "currency_amount is far below what purchase_unit paid; send GBYTE";
    assert_eq!(refused("0.0001", unit).await, too_much);
    let other = "purchase_unit pays none of the partner's registered addresses";
    assert_eq!(refused("0.1", elsewhere).await, other);
    let unknown = "purchase_unit was not found; check the hash, or repeat in a minute";
    assert_eq!(refused("0.1", UnitHash::of("nothing")).await, unknown);
    let dollars = PurchaseRequest { currency: "USD".into(), ..paid("1", "0.1", unit) };
    let currency = "purchase_unit goes with currency GBYTE only; leave it empty";
    assert_eq!(stage.refused(&dollars).await, currency);
    assert_eq!(ok(stage.buy(&paid("1", "0.1", unit)).await).0, 20 * MBYTE, "nothing of it was claimed");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_registered_address_only_small_purchases_of_trusted_partners_count() {
    let stage =
        Stage::with(UnitRules { trusted_max: Bytes::literal(200 * MBYTE), ..UnitRules::default() }).await;
    let unit = stage.pay(till(), 300 * MBYTE).await;
    stage.until_final(unit).await;
    let above = "purchase_unit of so large a purchase needs a registered receiving address; ask the operator";
    assert_eq!(stage.refused(&paid("1", "0.3", unit)).await, above);
    ok(stage.buy(&paid("1", "0.2", unit)).await);

    stage.other_shop().await;
    let theirs = of_other_shop(paid("1", "0.1", stage.pay(till(), 100 * MBYTE).await));
    let none = "purchase_unit needs a registered receiving address; please ask the operator to add yours";
    assert_eq!(stage.refused(&theirs).await, none);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_unit_does_not_count() {
    let stage = Stage::with(UnitRules { max_age: 0, ..UnitRules::default() }).await;
    stage.register(till(), ReceivingRole::Own).await;
    let unit = stage.pay(till(), 100 * MBYTE).await;
    let request = paid("1", "100", unit);
    // Refused in any case: it paid less.
    stage.until_refused(&request, "purchase_unit is too old; report a purchase soon after it was paid").await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_final_counts_for_small_purchases() {
    let stage = shop().await;
    stage.devnet.rest_order_provider(true);
    let small = stage.pay(till(), 500 * MBYTE).await;
    let large = stage.pay(till(), 500 * MBYTE + 1).await;
    until("both hubs know the units", async || {
        !stage.shown(1, large).await["joints"].is_null() && !stage.shown(1, small).await["joints"].is_null()
    })
    .await;
    let request = paid("2", "0.500000001", large);
    let wait = "purchase_unit is not final yet, and the amount too large to do without; please repeat later";
    assert_eq!(stage.refused(&request).await, wait);
    assert_eq!(
        ok(crate::common::settle(&stage.inside.client, Endpoint::Test, &paid("1", "0.5", small)).await).0,
        100 * MBYTE
    );
    stage.devnet.rest_order_provider(false);
    stage.until_final(large).await;
    ok(stage.buy(&request).await);
    stage.end().await;
}

/// Each coin of the faucet is the change of its last unit, so none of these units is without the others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_the_end_of_a_long_row_of_units_that_are_not_final_one_waits() {
    let stage = shop().await;
    stage.devnet.rest_order_provider(true);
    let mut last = stage.pay(till(), 100 * MBYTE).await;
    let row: usize = 17;
    for _ in 1..row {
        last = stage.pay(till(), 100 * MBYTE).await;
    }
    until("both hubs know it", async || !stage.shown(1, last).await["joints"].is_null()).await;
    let wait = "purchase_unit cannot be judged before it is final, please repeat later";
    assert_eq!(stage.refused(&paid("1", "0.1", last)).await, wait);
    stage.devnet.rest_order_provider(false);
    stage.until_final(last).await;
    ok(stage.buy(&paid("1", "0.1", last)).await);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn units_of_the_server_and_of_the_shop_itself_do_not_count() {
    let stage = shop().await;
    // Cashback that goes to the shop's own till, from either wallet.
    let server = "purchase_unit was sent by this cashback server; send the unit that the customer paid by";
    for (order, endpoint) in [("1", Endpoint::Test), ("2", Endpoint::Live)] {
        let (amount, unit, _) = ok(stage.buy_at(endpoint, &purchase(order, till(), "1")).await);
        assert_eq!(amount, 5 * MBYTE);
        assert_eq!(stage.refused(&paid("3", "0.005", unit)).await, server);
    }
    let owner = Stranger::new(7);
    stage.register(owner.address(), ReceivingRole::Own).await;
    let unit = stage.pay(owner.address(), 100 * MBYTE).await;
    let hub = stage.hub(0).await;
    let own = owner.forward(&hub, unit, &[], till()).await;
    let shop = "purchase_unit was sent by the partner; send the unit that the customer paid by";
    assert_eq!(stage.refused(&paid("3", "0.09", own)).await, shop);
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_one_time_address_of_a_gateway_counts_once_it_has_forwarded() {
    let stage = shop().await;
    stage.register(address("the gateway"), ReceivingRole::Gateway).await;
    let (hub, once) = (stage.hub(0).await, Stranger::new(9));
    let unit = stage.pay(once.address(), 100 * MBYTE).await;
    stage.until_final(unit).await;
    let request = paid("1", "0.1", unit);
    let not_yet = "purchase_unit pays no registered address; if a gateway is to forward it, repeat later";
    assert_eq!(stage.refused(&request).await, not_yet);
    // 0.9 % and 1000 bytes stay with the gateway.
    let fee = Output { address: address("its purse"), amount: Bytes::literal(901_000) };
    let on = once.forward(&hub, unit, &[fee], till()).await;
    stage.until_final(on).await;
    assert_eq!(ok(stage.buy(&request).await).0, 20 * MBYTE, "of what the customer paid");
    let used = "purchase_unit was used for another purchase; each unit counts once";
    assert_eq!(stage.refused(&paid("2", "0.09", on)).await, used, "the same money");

    // Who forwards less than that is no gateway.
    let greedy = Stranger::new(10);
    let unit = stage.pay(greedy.address(), 100 * MBYTE).await;
    let most = Output { address: address("its purse"), amount: Bytes::literal(3 * MBYTE) };
    let on = greedy.forward(&hub, unit, &[most], address("the gateway")).await;
    stage.until_final(on).await;
    assert_eq!(stage.refused(&paid("3", "0.1", unit)).await, not_yet);
    assert_eq!(ok(stage.buy(&paid("3", "0.096", on)).await).0, 19_200_000, "a payment of its own");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quote_checks_the_unit_and_claims_nothing() {
    let stage = shop().await;
    let unit = stage.pay(till(), 100 * MBYTE).await;
    stage.until_final(unit).await;
    let quote = async |gbytes: &str| {
        let encoded = unit.as_str().replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
        let query = format!("currency=GBYTE&currency_amount={gbytes}&purchase_unit={encoded}");
        let request = reqwest::Client::new().get(format!("{}/test/v1/quote?{query}", stage.inside.url));
        let request = request.basic_auth("demo-shop", Some("demo-shop-key"));
        let answer = request.send().await.expect("answered");
        answer.json::<serde_json::Value>().await.expect("JSON")
    };
    for _ in 0..2 {
        assert_eq!(quote("0.1").await["base"], 20 * MBYTE);
    }
    assert!(quote("0.2").await["error"].as_str().expect("a text").starts_with("purchase_unit paid less"));
    ok(stage.buy(&paid("1", "0.1", unit)).await);
    assert!(quote("0.1").await["error"].as_str().expect("a text").starts_with("purchase_unit was used"));
    stage.end().await;
}
