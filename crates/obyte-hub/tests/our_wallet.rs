//! What our wallet asked a hub of the reference, asked again through the typed client.
//!
//! The replaying hub knows nothing but what was recorded: a request that was not made then, as a JSON
//! value, fails the test.

mod support;

use std::collections::BTreeMap;

use obyte::compose::Parents;
use obyte::{Address, Bytes, UnitHash};
use obyte_hub::{CoinsRequest, HistoryRequest, Hub, HubEvent, HubEvents, ParentsRequest};
use serde_json::{Value, json};

use support::recording::{Recording, Turn};
use support::{BOUND, Server, bounded, connected, event};

/// How often what was asked, or how posts were answered.
type Counts = BTreeMap<String, usize>;

fn parsed<T: std::str::FromStr>(value: &Value) -> Vec<T> {
    let texts = value.as_array().into_iter().flatten();
    texts.map(|text| text.as_str().and_then(|text| text.parse().ok()).expect("well-formed")).collect()
}

fn one<T: std::str::FromStr>(value: &Value) -> T {
    value.as_str().and_then(|text| text.parse().ok()).expect("well-formed")
}

/// Asks once more what was asked, and compares what is read with what was recorded.
async fn ask_again(hub: &Hub, turn: &Turn, counts: &mut Counts) {
    let what = match turn.command() {
        "post_joint" => post(hub, turn).await,
        "get_joint" => get_joint(hub, turn).await,
        "light/get_history" => history(hub, turn).await,
        "light/get_parents_and_last_ball_and_witness_list_unit" => parents(hub, turn).await,
        "light/get_definition" => definition(hub, turn).await,
        "light/get_definition_for_address" => definition_for_address(hub, turn).await,
        "light/get_balances" => balances(hub, turn).await,
        "light/pick_divisible_coins_for_amount" => coins(hub, turn).await,
        _ => of_network(hub, turn).await,
    };
    *counts.entry(what).or_default() += 1;
}

async fn of_network(hub: &Hub, turn: &Turn) -> String {
    match turn.command() {
        "get_witnesses" => {
            assert_eq!(hub.witnesses().await, Ok(parsed(turn.response())));
            "order providers"
        }
        "hub/get_exchange_rates" => {
            let rates = hub.exchange_rates().await.expect("answered");
            assert_eq!(rates.get("GBYTE_USD"), None, "this hub has no rates");
            "rates"
        }
        "get_system_vars" => {
            let vars = hub.system_vars().await.expect("answered");
            let recorded: Vec<Address> = parsed(&turn.response()["op_list"][0]["value"]);
            assert_eq!(vars.order_providers(), Some(&*recorded));
            "system variables"
        }
        "get_last_mci" => {
            assert_eq!(hub.last_mci().await.map(|mci| json!(mci)).as_ref(), Ok(turn.response()));
            "last index"
        }
        "get_last_stable_unit_props" => {
            let props = hub.last_stable_unit_props().await.expect("answered");
            assert_eq!(props.unit.as_str(), turn.response()["unit"]);
            assert_eq!(props.main_chain_index, turn.response()["main_chain_index"]);
            "last stable unit"
        }
        "heartbeat" => {
            hub.heartbeat().await.expect("answered");
            "heartbeat"
        }
        _ => {
            assert_eq!(turn.sent[1]["subject"], "light/new_address_to_watch");
            hub.watch_address(one(&turn.sent[1]["body"])).await.expect("connected");
            "address to watch"
        }
    }
    .to_owned()
}

async fn post(hub: &Hub, turn: &Turn) -> String {
    let reply = hub.post_joint(&turn.params()["unit"].to_string()).await.expect("answered");
    let recorded = turn.response();
    assert_eq!(reply.text.as_str(), recorded["error"].as_str().unwrap_or("accepted"));
    format!("{:?}", reply.answer)
}

async fn get_joint(hub: &Hub, turn: &Turn) -> String {
    let recorded = turn.response();
    let unit: UnitHash = one(turn.params());
    match hub.get_joint(unit).await.expect("answered") {
        Some(joint) => {
            assert_eq!(joint.unit.hash(), unit);
            let index = recorded["joint"]["unit"]["main_chain_index"].as_u64();
            assert_eq!(joint.hints.main_chain_index, index);
            "joint".to_owned()
        }
        None => {
            assert_eq!(recorded["joint_not_found"], unit.as_str());
            "no joint".to_owned()
        }
    }
}

async fn history(hub: &Hub, turn: &Turn) -> String {
    let params = turn.params();
    let request = HistoryRequest {
        witnesses: parsed(&params["witnesses"]),
        addresses: parsed(&params["addresses"]),
        requested_joints: parsed(&params["requested_joints"]),
        known_stable_units: parsed(&params["known_stable_units"]),
        min_mci: params["min_mci"].as_u64(),
    };
    assert_eq!(hub.history(&request).await.as_ref(), Ok(turn.response()));
    "history".to_owned()
}

async fn parents(hub: &Hub, turn: &Turn) -> String {
    let (params, recorded) = (turn.params(), turn.response());
    let request = ParentsRequest {
        witnesses: params.get("witnesses").map(parsed),
        from_addresses: parsed(&params["from_addresses"]),
        output_addresses: parsed(&params["output_addresses"]),
        max_aa_responses: params["max_aa_responses"].as_u64(),
    };
    let answer = hub.parents(&request).await.expect("answered");
    let agents = answer.count_primary_aa_triggers;
    assert_eq!(json!(agents), recorded["count_primary_aa_triggers"]);
    assert_eq!(json!(answer.parent_units), recorded["parent_units"]);
    assert_eq!(Parents::from(answer), Parents::from_json(recorded).expect("read by the composer too"));
    if agents == 0 { "parents".to_owned() } else { "parents below an agent".to_owned() }
}

async fn definition(hub: &Hub, turn: &Turn) -> String {
    match hub.definition(one(turn.params())).await.expect("answered") {
        Some(definition) => {
            assert_eq!(&definition, turn.response());
            format!("definition: {}", definition[0].as_str().expect("a name"))
        }
        None => {
            assert!(turn.response().is_null());
            "no definition".to_owned()
        }
    }
}

async fn definition_for_address(hub: &Hub, turn: &Turn) -> String {
    let recorded = turn.response();
    let answer = hub.definition_for_address(one(&turn.params()["address"])).await.expect("answered");
    assert_eq!(answer.definition.as_ref(), recorded.get("definition"));
    assert_eq!(answer.is_stable, recorded["is_stable"]);
    "definition for an address".to_owned()
}

async fn balances(hub: &Hub, turn: &Turn) -> String {
    let balances = hub.balances(&parsed(turn.params())).await.expect("answered");
    let recorded = turn.response().as_object().expect("an object");
    assert_eq!(balances.len(), recorded.len());
    for (owner, balance) in &balances {
        assert_eq!(json!(balance.base().stable), recorded[owner.as_str()]["base"]["stable"]);
        assert_eq!(json!(balance.base().pending), recorded[owner.as_str()]["base"]["pending"]);
    }
    "balances".to_owned()
}

async fn coins(hub: &Hub, turn: &Turn) -> String {
    let (params, recorded) = (turn.params(), turn.response());
    let request = CoinsRequest {
        addresses: parsed(&params["addresses"]),
        last_ball_mci: params["last_ball_mci"].as_u64().expect("an index"),
        amount: Bytes::new(params["amount"].as_u64().expect("a number")).expect("an amount"),
        spend_own_unconfirmed: params["spend_unconfirmed"] == "own",
    };
    let picked = hub.pick_divisible_coins(&request).await.expect("answered");
    assert_eq!(json!(picked.total), recorded["total_amount"]);
    let inputs = recorded["inputs_with_proofs"].as_array().expect("a list");
    assert_eq!(picked.coins.len(), inputs.len());
    for (coin, recorded) in picked.coins.iter().zip(inputs) {
        assert_eq!(coin.unit.as_str(), recorded["input"]["unit"]);
        assert_eq!(coin.output_index, recorded["input"]["output_index"]);
    }
    if inputs.is_empty() { "not enough coins".to_owned() } else { "coins".to_owned() }
}

/// Holds a recorded conversation again; counts what was asked and pushed.
async fn held_again(name: &str) -> Counts {
    let (recording, told) = (Recording::of_our_wallet(name), Recording::of_our_wallet(name));
    let mut server = Server::start().await;
    let (hub, mut events) = Hub::start(server.config());
    let replaying = tokio::spawn(recording.replay(server.next().await));
    hub.wait_connected(BOUND).await.expect("a real hub's greeting is good");
    let mut counts = Counts::new();
    for turn in told.turns() {
        ask_again(&hub, turn, &mut counts).await;
    }
    let joints = all_pushed(&told, &mut events).await;
    if joints > 0 {
        counts.insert("pushed joints".to_owned(), joints);
    }
    hub.close();
    bounded("the replay", replaying).await.expect("nothing was sent that was not recorded");
    counts
}

/// Waits until everything that was pushed became events; counts the joints, which are never merged.
async fn all_pushed(told: &Recording, events: &mut HubEvents) -> usize {
    let is = |said: &Value, subject: &str| said[0] == "justsaying" && said[1]["subject"] == subject;
    let pushed = |subject: &str| told.said().filter(|said| is(said, subject)).count();
    let (joints, updates) = (pushed("joint"), pushed("light/have_updates"));
    let (mut joint, mut update, mut vars) = (0, false, pushed("system_vars") == 0);
    if (joints, updates, vars) != (0, 0, true) {
        event(events, |event| {
            match event {
                HubEvent::Joint(_) => joint += 1,
                HubEvent::HaveUpdates => update = true,
                HubEvent::SystemVars(_) => vars = true,
                _ => {}
            }
            (joint == joints && update == (updates > 0) && vars).then_some(())
        })
        .await;
    }
    joint
}

const FEE: &str = "Transient(FeeTooLow(FeeTooLow { \
    address: Some(Address(N3I6LWEI32ZQIRCB2DP6CMXWSALANQR3)), required: Some(Bytes(73707)) }))";

/// With what the server always asks when it connects.
fn usual(expected: &[(&str, usize)]) -> Counts {
    let mut counts = counts(expected);
    counts.extend([("order providers".to_owned(), 1), ("rates".to_owned(), 1)]);
    counts
}

fn counts(expected: &[(&str, usize)]) -> Counts {
    expected.iter().map(|(what, count)| ((*what).to_owned(), *count)).collect()
}

#[tokio::test]
async fn an_empty_wallet_asks_and_waits() {
    let expected = usual(&[("heartbeat", 1), ("history", 2)]);
    assert_eq!(held_again("01-empty-wallet.jsonl").await, expected);
}

#[tokio::test]
async fn a_wallet_is_funded_and_makes_its_first_units() {
    let expected =
        usual(&[("Accepted", 17), ("history", 16), ("joint", 4), ("parents", 17), ("pushed joints", 1)]);
    assert_eq!(held_again("02-funded-and-first-units.jsonl").await, expected);
}

#[tokio::test]
async fn a_payee_is_an_agent_and_many_payouts_stand_open() {
    let expected = usual(&[
        ("Accepted", 5),
        ("definition: autonomous agent", 1),
        ("history", 6),
        ("parents", 6),
        ("parents below an agent", 1),
    ]);
    assert_eq!(held_again("03-agent-and-burst.jsonl").await, expected);
}

#[tokio::test]
async fn a_unit_is_refused_for_its_fee() {
    let expected = usual(&[("Accepted", 4), (FEE, 1), ("history", 6), ("parents", 6)]);
    assert_eq!(held_again("04-fee-refused.jsonl").await, expected);
}

#[tokio::test]
async fn units_that_are_posted_again_are_known() {
    let expected = usual(&[("Accepted", 1), ("MaybeAccepted(Known)", 6), ("history", 6), ("parents", 1)]);
    assert_eq!(held_again("05-known-after-a-kill.jsonl").await, expected);
}

#[tokio::test]
async fn what_is_spent_already_is_refused_as_a_double_spend() {
    let expected = usual(&[("Conflict", 1), ("history", 4), ("parents", 1), ("pushed joints", 1)]);
    assert_eq!(held_again("06-double-spend.jsonl").await, expected);
}

#[tokio::test]
async fn everything_else_that_can_be_asked_is_read() {
    let expected = counts(&[
        ("address to watch", 1),
        ("balances", 2),
        ("coins", 1),
        ("definition for an address", 2),
        ("definition: autonomous agent", 1),
        ("definition: sig", 1),
        ("heartbeat", 1),
        ("joint", 1),
        ("last index", 1),
        ("last stable unit", 1),
        ("no definition", 1),
        ("no joint", 1),
        ("not enough coins", 1),
        ("order providers", 1),
        ("parents", 1),
        ("parents below an agent", 1),
        ("pushed joints", 1),
        ("rates", 1),
        ("system variables", 1),
    ]);
    assert_eq!(held_again("07-questions.jsonl").await, expected);
}

#[tokio::test]
async fn a_hub_that_wants_to_sync_is_told_the_same() {
    let told = Recording::of_our_wallet("02-funded-and-first-units.jsonl");
    let asked = told.said().find(|said| said[0] == "request").expect("hubs ask that");
    let mut server = Server::start().await;
    let (_hub, _events, mut peer) = connected(&mut server).await;
    peer.send(asked).await;
    let answer = peer.expect(|frame| frame[0] == "response").await;
    assert_eq!([answer], told.answered[..]);
}
