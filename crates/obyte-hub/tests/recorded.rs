//! The client against what a real hub said.

mod support;

use std::collections::BTreeSet;

use obyte::answer::{PostAnswer, Transient};
use obyte::{Address, Bytes, Network};
use obyte_hub::{
    CoinsRequest, ConnectionState, HistoryRequest, Hub, HubError, HubEvent, HubEvents, HubText,
    ParentsRequest,
};
use serde_json::Value;
use tokio::task::JoinHandle;

use support::recording::Recording;
use support::{BOUND, Server, bounded, event, state};

/// A client that talks to a recording, and the recording's task, which ends after the client.
struct Replay {
    hub: Hub,
    events: HubEvents,
    replaying: JoinHandle<()>,
    _server: Server,
}

impl Replay {
    async fn start(name: &str) -> Self {
        Self::of(Recording::load(name)).await
    }

    async fn of(recording: Recording) -> Self {
        let mut server = Server::start().await;
        let (hub, events) = Hub::start(server.config());
        let peer = server.next().await;
        let replaying = tokio::spawn(recording.replay(peer));
        hub.wait_connected(BOUND).await.expect("a real hub's greeting is good");
        Self { hub, events, replaying, _server: server }
    }

    async fn end(self) {
        self.hub.close();
        bounded("the replay", self.replaying).await.expect("nothing was sent that was not recorded");
    }
}

fn addresses(value: &Value) -> Option<Vec<Address>> {
    value.as_array()?.iter().map(|address| address.as_str()?.parse().ok()).collect()
}

fn address(text: &str) -> Address {
    text.parse().expect("an address")
}

const ORDER_PROVIDER: &str = "YK75NYPP4NT7GAQRUE6PHCV46THNV47B";
const NEVER_USED: &str = "V6MNKQEDTVUMDJYNU7HF2I5QZOP6PCJX";
const OWNER: &str = "YFTTDSBR37SVMVKTW46JR7R3U7OJOKYX";

#[tokio::test]
async fn parents_are_asked_for_and_read_as_recorded() {
    let replay = Replay::start("03-parents.jsonl").await;
    let (mut answered, mut refused) = (0, 0);
    for turn in Recording::load("03-parents.jsonl").turns() {
        let params = turn.params();
        // What the typed request cannot say, such as a bad address, stays unsaid.
        let (Some(from), Some(outputs)) =
            (addresses(&params["from_addresses"]), addresses(&params["output_addresses"]))
        else {
            continue;
        };
        let request = ParentsRequest {
            witnesses: addresses(&params["witnesses"]),
            from_addresses: from,
            output_addresses: outputs,
            max_aa_responses: params["max_aa_responses"].as_u64(),
        };
        if request.output_addresses.is_empty() {
            assert!(matches!(replay.hub.parents(&request).await, Err(HubError::BadRequest(_))));
            continue;
        }
        match replay.hub.parents(&request).await {
            Ok(answer) => {
                let recorded = turn.response();
                assert_eq!(answer.timestamp, recorded["timestamp"]);
                assert_eq!(answer.parent_units[0].as_str(), recorded["parent_units"][0]);
                assert_eq!(answer.last_stable_mc_ball.as_str(), recorded["last_stable_mc_ball"]);
                assert_eq!(answer.last_stable_mc_ball_unit.as_str(), recorded["last_stable_mc_ball_unit"]);
                assert_eq!(answer.last_stable_mc_ball_mci, recorded["last_stable_mc_ball_mci"]);
                assert_eq!(answer.tps_fee, Bytes::literal(10));
                assert_eq!(answer.count_primary_aa_triggers, 0);
                answered += 1;
            }
            Err(error) => {
                assert_eq!(error, HubError::Refused(HubText::new("wrong number of witnesses")));
                refused += 1;
            }
        }
    }
    assert_eq!((answered, refused), (3, 1));
    replay.end().await;
}

/// Posts every unit of a recording and gives the answers.
async fn post_all(name: &str) -> Vec<PostAnswer> {
    let replay = Replay::start(name).await;
    let mut answers = Vec::new();
    for turn in Recording::load(name).turns() {
        let params = turn.params();
        let only_unit = params.as_object().is_some_and(|params| params.len() == 1);
        if turn.command() == "post_joint" && only_unit && params["unit"].is_object() {
            let reply = replay.hub.post_joint(&params["unit"].to_string()).await.expect("answered");
            let recorded = turn.response();
            assert_eq!(reply.text.as_str(), recorded["error"].as_str().unwrap_or("accepted"));
            answers.push(reply.answer);
        }
    }
    replay.end().await;
    answers
}

#[tokio::test]
async fn every_recorded_refusal_of_a_unit_is_recognised() {
    let answers = post_all("05-post-rejected.jsonl").await;
    assert!(answers.len() > 35, "{}", answers.len());
    assert!(!answers.contains(&PostAnswer::Unknown));
    let classes: BTreeSet<_> = answers.iter().map(|answer| format!("{:?}", answer.class())).collect();
    let expected =
        ["Accepted", "Conflict", "JointError", "MaybeAccepted", "RequestError", "Transient", "UnitError"];
    assert_eq!(classes.into_iter().collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn a_recorded_refusal_for_the_fee_names_address_and_fee() {
    let answers = post_all("13-tps-fee-too-low-now.jsonl").await;
    let [PostAnswer::Transient(Transient::FeeTooLow(fee)), PostAnswer::Accepted] = answers[..] else {
        panic!("{answers:?}")
    };
    assert_eq!(fee.address, Some(address("OEBN2LE6I6BXXCADFZKJYH3RWHKSWEJ3")));
    assert_eq!(fee.required, Some(Bytes::literal(140)), "139.5 is rounded up");
}

#[tokio::test]
async fn recorded_joints_are_found_and_missing_ones_are_not() {
    let replay = Replay::start("06-get-joint.jsonl").await;
    let (mut found, mut missing) = (0, 0);
    for turn in Recording::load("06-get-joint.jsonl").turns() {
        let Some(unit) = turn.params().as_str().and_then(|unit| unit.parse().ok()) else { continue };
        match replay.hub.get_joint(unit).await.expect("answered") {
            Some(joint) => {
                assert_eq!(joint.unit.hash(), unit);
                let recorded = &turn.response()["joint"]["unit"];
                assert_eq!(joint.hints.main_chain_index, recorded["main_chain_index"].as_u64());
                found += 1;
            }
            None => missing += 1,
        }
    }
    assert_eq!((found, missing), (3, 1));
    replay.end().await;
}

#[tokio::test]
async fn recorded_queries_about_the_network_are_read() {
    let replay = Replay::start("07-queries.jsonl").await;
    let hub = &replay.hub;
    assert_eq!(hub.witnesses().await, Ok(vec![address(ORDER_PROVIDER)]));
    assert_eq!(hub.last_mci().await, Ok(445));
    let last = hub.last_stable_unit_props().await.expect("answered");
    assert_eq!((last.main_chain_index, last.timestamp), (444, 1_795_400_621));
    let vars = hub.system_vars().await.expect("answered");
    assert_eq!(vars.order_providers(), Some([address(ORDER_PROVIDER)].as_slice()));
    assert_eq!(vars.threshold_size[0].value, 10_000);
    assert_eq!(vars.base_tps_fee[0].vote_count_mci, -1);
    let key = hub.definition(address(ORDER_PROVIDER)).await.expect("answered").expect("revealed");
    assert_eq!(key[0], "sig");
    assert_eq!(hub.definition(address(NEVER_USED)).await, Ok(None));
    let of_address = hub.definition_for_address(address(ORDER_PROVIDER)).await.expect("answered");
    assert_eq!((of_address.definition, of_address.is_stable), (Some(key), true));
    let never_used = hub.definition_for_address(address(NEVER_USED)).await.expect("answered");
    assert_eq!((never_used.definition, never_used.is_stable), (None, true));
    replay.end().await;
}

#[tokio::test]
async fn recorded_queries_about_coins_are_read() {
    let replay = Replay::start("07-queries.jsonl").await;
    let picked = replay
        .hub
        .pick_divisible_coins(&CoinsRequest {
            addresses: vec![address(OWNER)],
            last_ball_mci: 444,
            amount: Bytes::literal(1_000_000),
            spend_own_unconfirmed: true,
        })
        .await
        .expect("answered");
    assert_eq!(picked.coins.len(), 1);
    assert_eq!(picked.total, Bytes::literal(123_456_789));
    for turn in Recording::load("07-queries.jsonl").turns() {
        let owners = addresses(turn.params()).filter(|owners| !owners.is_empty());
        if let ("light/get_balances", Some(owners)) = (turn.command(), owners) {
            let balances = replay.hub.balances(&owners).await.expect("answered");
            for (owner, balance) in &balances {
                let recorded = &turn.response()[owner.as_str()]["base"];
                assert_eq!(balance.base().stable, recorded["stable"]);
                assert_eq!(balance.base().pending, recorded["pending"]);
            }
            assert_eq!(balances.len(), turn.response().as_object().map_or(0, serde_json::Map::len));
        }
    }
    replay.end().await;
}

#[tokio::test]
async fn recorded_histories_come_unchanged() {
    for name in ["04-pay-accepted-until-stable.jsonl", "12-real-ocore-light-wallet.jsonl"] {
        let replay = Replay::start(name).await;
        let mut histories = 0;
        for turn in Recording::load(name).turns() {
            if turn.command() != "light/get_history" {
                continue;
            }
            let units = |key: &str| -> Vec<_> {
                let units = turn.params()[key].as_array().cloned().unwrap_or_default();
                units.iter().map(|unit| unit.as_str().expect("text").parse().expect("a hash")).collect()
            };
            let request = HistoryRequest {
                witnesses: addresses(&turn.params()["witnesses"]).expect("given"),
                addresses: addresses(&turn.params()["addresses"]).unwrap_or_default(),
                requested_joints: units("requested_joints"),
                known_stable_units: units("known_stable_units"),
                min_mci: turn.params()["min_mci"].as_u64(),
            };
            assert_eq!(replay.hub.history(&request).await.as_ref(), Ok(turn.response()));
            histories += 1;
        }
        assert!(histories > 0, "{name}");
        replay.end().await;
    }
}

#[tokio::test]
async fn recorded_pushes_become_events() {
    let mut recording = Recording::load("08-have-updates.jsonl");
    // A typed request cannot watch what is no address; what the hub pushed later is kept.
    recording.leave_out(|sent| sent[1]["body"] == "nope");
    let mut replay = Replay::of(recording).await;
    let watched = address("AST26T47LGBE7KRCS7FWT66JAUK6ONS6");
    replay.hub.watch_address(watched).await.expect("connected");
    let (mut joints, mut updates, mut subjects) = (0, 0, Vec::new());
    let rates = event(&mut replay.events, |event| {
        match event {
            HubEvent::Joint(joint) => {
                let joint: Value = serde_json::from_str(joint.get()).expect("JSON");
                let joint = obyte::unit::Joint::from_json(joint).expect("a good joint");
                let pays = joint.unit.outputs().any(|(_, output)| output.address == watched);
                assert!(pays || joint.unit.is_authored_by(&watched));
                joints += 1;
            }
            HubEvent::HaveUpdates => updates += 1,
            HubEvent::Notice { subject, .. } => subjects.push(subject.to_string()),
            HubEvent::ExchangeRates(rates) if rates.get("GBYTE_USD").as_deref() == Some("7.5") => {
                return Some(rates);
            }
            _ => {}
        }
        None
    })
    .await;
    assert_eq!(rates.get("RUB_USD").as_deref(), Some("0.0125"));
    assert_eq!(joints, 3);
    assert!((1..=2).contains(&updates), "they may be merged, not lost");
    assert_eq!(subjects, ["info", "error"]);
    replay.end().await;
}

#[tokio::test]
async fn a_recorded_login_pushes_system_variables() {
    let mut recording = Recording::load("01-connect-login.jsonl");
    recording.leave_out(|_| true);
    let mut replay = Replay::of(recording).await;
    let vars = event(&mut replay.events, |event| match event {
        HubEvent::SystemVars(vars) => Some(vars),
        _ => None,
    })
    .await;
    assert_eq!(vars.order_providers(), Some([address(ORDER_PROVIDER)].as_slice()));
    replay.end().await;
}

#[tokio::test]
async fn a_hub_that_finds_us_old_or_of_another_network_is_left_alone() {
    let upgrade = HubError::UpgradeRequired;
    let network = HubError::WrongNetwork { expected: Network::Devnet, found: None };
    for (name, expected) in [
        ("10a-incompatible-version.jsonl", &network),
        ("10b-incompatible-alt.jsonl", &network),
        ("10c-old-core.jsonl", &upgrade),
    ] {
        let mut server = Server::start().await;
        let (hub, mut events) = Hub::start(server.config());
        let peer = server.next().await;
        let recording = Recording::load(name);
        assert!(recording.hub_closed, "{name}");
        bounded("the client's farewell", recording.replay(peer)).await;
        let refused = state(&hub, |state| matches!(state, ConnectionState::Refused(_))).await;
        let why = event(&mut events, |event| match event {
            HubEvent::Disconnected { why } => Some(why),
            _ => None,
        })
        .await;
        assert_eq!(refused, ConnectionState::Refused(expected.clone()), "{name}");
        assert_eq!(why, *expected);
        assert_eq!(hub.last_mci().await, Err(expected.clone()));
        assert_eq!(hub.wait_connected(BOUND).await, Err(expected.clone()));
    }
}
