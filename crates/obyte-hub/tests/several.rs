//! Several hubs: who is asked, who is posted to, and who is left alone.

mod support;

use std::sync::Arc;
use std::time::Duration;

use obyte::answer::PostAnswer;
use obyte_hub::{
    HubError, HubEvent, Hubs, HubsConfig, HubsEvent, Misbehaviour, Patience, Question, SwitchReason,
};
use serde_json::json;
use tokio::time::timeout;

use support::stage::{PATIENCE, Stage};
use support::{BOUND, Server, bounded};

fn unit() -> Arc<str> {
    r#"{"a":1}"#.into()
}

#[tokio::test]
async fn the_first_hub_is_asked_and_all_are_posted_to() {
    let mut stage = Stage::set(3).await;
    assert_eq!(stage.reached().await, 0);
    let posting = stage.hubs.post_joint(unit(), BOUND);
    let serve = async {
        // The others say something else; it does not count.
        for (peer, answer) in
            stage.peers.iter_mut().zip([json!("accepted"), json!({"error": "no"}), json!(1)])
        {
            let posted = peer.request("post_joint").await;
            assert_eq!(posted["params"]["unit"], json!({"a": 1}));
            peer.answer(&posted, answer).await;
        }
    };
    let (posted, ()) = tokio::join!(posting, serve);
    assert_eq!(posted.expect("answered").answer, PostAnswer::Accepted);
    assert_eq!([0, 1, 2].map(|hub| stage.stats(hub).posts), [1, 1, 1]);
}

#[tokio::test]
async fn a_post_does_not_wait_for_the_other_hubs() {
    let mut stage = Stage::set(2).await;
    let posting = stage.hubs.post_joint(unit(), BOUND);
    let serve = async {
        let posted = stage.peers[0].request("post_joint").await;
        stage.peers[0].answer(&posted, json!("accepted")).await;
    };
    let (posted, ()) = tokio::join!(posting, serve);
    assert_eq!(posted.expect("answered").answer, PostAnswer::Accepted);
    // It has come to the other one all the same.
    stage.peers[1].request("post_joint").await;
}

#[tokio::test]
async fn what_is_posted_and_asked_leaves_in_the_order_of_the_calls() {
    let mut stage = Stage::set(2).await;
    let posts: Vec<_> =
        (0..60).map(|n| stage.hubs.post_joint(format!("{{\"n\":{n}}}").into(), BOUND)).collect();
    let hub = stage.hubs.preferred();
    let asked = tokio::spawn(async move { hub.last_mci().await });
    for peer in &mut stage.peers {
        let mut n = 0;
        while n < 60 {
            let (_, frame) = peer.frame().await.expect("there");
            if frame[0] == "request" {
                assert_eq!(frame[1]["params"]["unit"]["n"], n);
                n += 1;
            }
        }
    }
    stage.peers[0].request("get_last_mci").await;
    drop(posts);
    asked.abort();
}

#[tokio::test]
async fn a_hub_that_hangs_up_is_left_and_taken_again_when_it_is_back() {
    let mut stage = Stage::set(2).await;
    stage.peers.remove(0).cut();
    assert_eq!(stage.switched().await, (0, 1, SwitchReason::Disconnected));
    let back = stage.servers[0].greeted().await;
    stage.peers.insert(0, back);
    assert_eq!(stage.switched().await, (1, 0, SwitchReason::BetterIsBack));
    assert_eq!(stage.reached().await, 0);
    assert_eq!([0, 1].map(|hub| stage.stats(hub).switches), [1, 1]);
}

#[tokio::test]
async fn a_hub_that_comes_back_beside_the_preferred_one_is_told_and_catches_up_in_order() {
    let mut stage = Stage::set(2).await;
    stage.peers.pop().expect("two").cut();
    let back = stage.servers[1].greeted().await;
    stage.peers.push(back);
    let joined = async {
        loop {
            if let HubsEvent::Joined { hub, name } = stage.events.recv().await.expect("the client is open") {
                assert_eq!(name, stage.hubs.name(hub));
                return hub;
            }
        }
    };
    let joined = bounded("the hub joins", joined).await;
    assert_eq!(stage.hubs.ids(), [stage.hubs.preferred_id(), joined]);
    stage.hubs.catch_up(joined, (0..60).map(|n| format!("{{\"n\":{n}}}").into()), BOUND);
    drop(stage.hubs.post_joint(r#"{"n":60}"#.into(), BOUND));
    for n in 0..=60 {
        let posted = stage.peers[1].request("post_joint").await;
        assert_eq!(posted["params"]["unit"]["n"], n);
        stage.peers[1].answer(&posted, json!("accepted")).await;
    }
    // The preferred one had all but the last already.
    assert_eq!(stage.peers[0].request("post_joint").await["params"]["unit"]["n"], 60);
    assert_eq!([0, 1].map(|hub| stage.stats(hub).posts), [1, 61]);
}

#[tokio::test]
async fn a_hub_that_answers_nothing_is_left() {
    let mut stage = Stage::set(2).await;
    let limit = Duration::from_millis(20);
    let first = stage.hubs.preferred_id();
    // Questions that wait at the same time count once.
    let at_once = || stage.hubs.ask(Question::History, limit, |hub| async move { hub.heartbeat().await });
    let (one, two, three) = tokio::join!(at_once(), at_once(), at_once());
    for answer in [one, two, three] {
        assert_eq!(answer, (first, Err(HubError::TimedOut { after: limit })));
    }
    assert!(!stage.stats(0).in_disgrace);
    assert_eq!(at_once().await.0, first);
    // An answer to something else does not help.
    let asked = stage.hubs.ask(Question::Parents, BOUND, |_| async { Ok(()) });
    assert_eq!(asked.await.1, Ok(()));
    assert_eq!(at_once().await.0, first);
    assert_eq!(stage.switched().await, (0, 1, SwitchReason::Stalled));
    assert_eq!((stage.stats(0).stalls, stage.stats(0).in_disgrace), (1, true));
    assert_eq!(stage.reached().await, 1);
}

#[tokio::test]
async fn a_liar_is_left_alone_and_preferred_again_after_its_disgrace() {
    let patience = Patience { lied: Duration::from_millis(300), ..PATIENCE };
    let mut stage = Stage::with(2, patience).await;
    assert!(stage.lie(), "there is another hub");
    assert_eq!(stage.switched().await, (0, 1, SwitchReason::Lied));
    assert_eq!(stage.reached().await, 1);
    let liar = stage.stats(0);
    assert_eq!((liar.lies, liar.in_disgrace, liar.preferred, liar.connected), (1, true, false, true));
    assert_eq!(stage.switched().await, (1, 0, SwitchReason::BetterIsBack));
    assert!(!stage.stats(0).in_disgrace);
    assert_eq!(stage.reached().await, 0);
}

#[tokio::test]
async fn when_all_hubs_are_in_disgrace_one_is_used_all_the_same() {
    let patience = Patience { lied: Duration::from_secs(120), ..PATIENCE };
    let mut stage = Stage::with(2, patience).await;
    stage.lie();
    assert_eq!(stage.switched().await, (0, 1, SwitchReason::Lied));
    let second = stage.hubs.preferred_id();
    assert!(!stage.hubs.report(second, &Misbehaviour::Stalled("no progress".into())), "no better one");
    assert_eq!(stage.reached().await, 1, "a stall is less bad than a lie");
    stage.peers.pop().expect("two").cut();
    assert_eq!(stage.switched().await, (1, 0, SwitchReason::Disconnected));
    assert!(stage.hubs.is_connected());
}

#[tokio::test]
async fn a_hub_that_blocks_us_is_left_and_not_posted_to() {
    let mut stage = Stage::set(2).await;
    let posting = stage.hubs.post_joint(unit(), BOUND);
    let serve = async {
        let posted = stage.peers[0].request("post_joint").await;
        stage.peers[0].answer(&posted, json!({"error": "you are blocked"})).await;
    };
    let (posted, ()) = tokio::join!(posting, serve);
    assert_eq!(posted.expect("answered").answer, PostAnswer::Blocked);
    assert_eq!(stage.switched().await, (0, 1, SwitchReason::Blocked));
    drop(stage.hubs.post_joint(unit(), BOUND));
    assert_eq!([0, 1].map(|hub| stage.stats(hub).posts), [1, 2]);
}

#[tokio::test]
async fn a_hub_that_refuses_what_others_accept_is_left() {
    let mut stage = Stage::set(2).await;
    let mut posts = 0;
    while !stage.stats(0).in_disgrace {
        assert!(posts < 1000, "it is never left");
        posts += 1;
        let posting = stage.hubs.post_joint(unit(), BOUND);
        let serve = async {
            let [first, second] = &mut stage.peers[..] else { panic!("two hubs") };
            let posted = first.request("post_joint").await;
            first.answer(&posted, json!({"error": "the fee is wrong somehow"})).await;
            let posted = second.request("post_joint").await;
            second.answer(&posted, json!("accepted")).await;
        };
        let (posted, ()) = tokio::join!(posting, serve);
        assert_ne!(posted.expect("answered").answer, PostAnswer::Accepted);
    }
    assert!(posts >= PATIENCE.failures_max);
    assert_eq!(stage.switched().await, (0, 1, SwitchReason::Stalled));
}

#[tokio::test]
async fn only_the_preferred_hub_is_heard_but_alarms_come_from_any() {
    let vars = |size: u64| {
        json!({"op_list": [], "threshold_size": [{"vote_count_mci": -1, "value": size}], "base_tps_fee": [],
            "tps_interval": [], "tps_fee_multiplier": []})
    };
    let mut stage = Stage::set(2).await;
    let said = |subject, body| json!(["justsaying", {"subject": subject, "body": body}]);
    stage.peers[1].send(said("system_vars", vars(2))).await;
    stage.peers[1].send(said("light/have_updates", json!(null))).await;
    let bad = json!(["oj8yEksX9Ubq7lLc+p6F2uyHUuynugeVq4+ikT67X6E="]);
    stage.peers[1].send(said("light/sequence_became_bad", bad)).await;
    assert!(matches!(stage.said().await, HubEvent::SequenceBecameBad(units) if units.len() == 1));
    stage.peers[0].send(said("light/have_updates", json!(null))).await;
    assert!(matches!(stage.said().await, HubEvent::HaveUpdates));
    // What the other one said of the network counts as soon as it is the one to ask.
    stage.lie();
    assert_eq!(stage.switched().await, (0, 1, SwitchReason::Lied));
    let HubEvent::SystemVars(vars) = stage.said().await else { panic!("no system variables") };
    assert_eq!(vars.threshold_size[0].value, 2);
    stage.peers[0].send(said("light/have_updates", json!(null))).await;
    stage.peers[1].send(said("exchange_rates", json!({"GBYTE_USD": 7}))).await;
    assert!(matches!(stage.said().await, HubEvent::ExchangeRates(_)));
}

#[tokio::test]
async fn a_hub_that_cannot_be_reached_at_the_start_is_not_waited_for() {
    let gone = Server::start().await.config();
    let mut server = Server::start().await;
    let mut config = HubsConfig::new(vec![gone, server.config()]).expect("hubs");
    config.patience = PATIENCE;
    let (hubs, _events) = Hubs::start(config);
    let _peer = server.greeted().await;
    hubs.wait_connected(BOUND).await.expect("the second is there");
    assert!(hubs.is_connected() && hubs.stats()[1].preferred);
}

#[tokio::test]
async fn a_hub_alone_is_asked_whatever_it_does() {
    let mut stage = Stage::set(1).await;
    assert!(!stage.lie());
    let limit = Duration::from_millis(5);
    for _ in 0..5 {
        let asked = stage.hubs.ask(Question::Parents, limit, |hub| async move { hub.last_mci().await }).await;
        assert_eq!(asked.1, Err(HubError::TimedOut { after: limit }));
    }
    stage.peers.remove(0).cut();
    assert!(matches!(stage.said().await, HubEvent::Disconnected { .. }));
    let back = stage.servers[0].greeted().await;
    assert!(matches!(stage.said().await, HubEvent::Connected));
    stage.peers.push(back);
    assert_eq!(stage.stats(0).switches, 0);
    stage.hubs.close();
    let end = async { while stage.events.recv().await.is_some() {} };
    bounded("the end", end).await;
}

#[tokio::test]
async fn everything_ends_with_the_last_handle() {
    let stage = Stage::set(2).await;
    let Stage { hubs, mut events, peers, .. } = stage;
    drop(hubs);
    for peer in peers {
        peer.gone().await;
    }
    let end = async { while events.recv().await.is_some() {} };
    timeout(BOUND, end).await.expect("the events end");
}
