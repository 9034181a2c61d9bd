//! Every kind of mischief does what it says, and nothing afterwards.

use std::time::{Duration, Instant};

use obyte::compose::Coin;
use obyte::history::{self, Asked, OrderProviders, State, Trust};
use obyte::{Bytes, Network, Unit, UnitHash};
use obyte_devnet::{Change, Lie, Mischief, Rule, Trick};
use serde_json::{Value, json};

use crate::common::{Client, PATIENCE, Wallet, to};
use crate::stage::Stage;

const HISTORY: &str = "light/get_history";

impl Stage {
    fn mischief(&self) -> &Mischief {
        self.devnet.hub(0).mischief()
    }

    fn play(&self, command: &str, trick: Trick) {
        self.mischief().add(Rule::on(command, trick).times(1));
    }

    /// A unit that the first hub would take.
    async fn unit(&mut self) -> Unit {
        let (coin, payee) = (self.coins[0], Wallet::new(2).address());
        self.sign(0, coin, &[to(payee, 1000)]).await
    }

    /// The first hub answers everything, and rightly.
    async fn behaves(&mut self) {
        let unit = self.unit().await;
        assert_eq!(self.clients[0].post(&unit).await, "accepted");
        self.wait_for(0, &unit.hash(), State::FinalGood).await;
        self.coins[0] = change(&unit, self);
    }
}

fn change(unit: &Unit, stage: &Stage) -> Coin {
    let own = unit.outputs().find(|(_, output)| output.address == stage.wallet.address());
    let (id, output) = own.expect("there is change");
    Coin { id, amount: output.amount, address: output.address }
}

async fn silent(client: &mut Client, tag: &str) -> bool {
    let deadline = Instant::now() + Duration::from_millis(300);
    while let Some(frame) = client.read(deadline.saturating_duration_since(Instant::now())).await {
        if frame[0] == "response" && frame[1]["tag"] == tag {
            return false;
        }
    }
    true
}

#[tokio::test]
async fn a_request_is_dropped_or_done_without_an_answer() {
    let mut stage = Stage::new(2).await;
    for (trick, is_done) in [(Trick::Drop, false), (Trick::Swallow, true)] {
        let unit = stage.unit().await;
        stage.play("post_joint", trick);
        let tag = stage.clients[0].ask("post_joint", json!({"unit": unit.to_json()})).await;
        assert!(silent(&mut stage.clients[0], &tag).await);
        assert_eq!(stage.knows(0, &unit.hash()).await, is_done);
        assert_eq!(stage.knows(1, &unit.hash()).await, is_done);
        if is_done {
            assert_eq!(stage.clients[0].post(&unit).await["error"], "known");
            stage.coins[0] = change(&unit, &stage);
        }
    }
    stage.behaves().await;
}

#[tokio::test]
async fn answers_are_late_or_in_the_wrong_order() {
    let mut stage = Stage::new(1).await;
    let delay = Duration::from_millis(200);
    stage.mischief().add(Rule::on("get_last_mci", Trick::Delay(delay)).after(1).times(1));
    stage.clients[0].request("get_last_mci", Value::Null).await;
    let start = Instant::now();
    let client = &mut stage.clients[0];
    let late = client.ask("get_last_mci", Value::Null).await;
    client.request("get_witnesses", Value::Null).await;
    client.answered(&late).await;
    assert!(start.elapsed() >= delay);
    stage.mischief().add(Rule::on("get_last_mci", Trick::Reorder(3)).times(3));
    let client = &mut stage.clients[0];
    let mut tags = Vec::new();
    for _ in 0..3 {
        tags.push(client.ask("get_last_mci", Value::Null).await);
    }
    let mut answered = Vec::new();
    while answered.len() < 3 {
        let frame = client.read(PATIENCE).await.expect("an answer");
        if frame[0] == "response" {
            answered.push(frame[1]["tag"].as_str().expect("a tag").to_owned());
        }
    }
    tags.reverse();
    assert_eq!(answered, tags);
    stage.behaves().await;
}

#[tokio::test]
async fn the_connection_ends_before_or_after_the_work() {
    let mut stage = Stage::new(1).await;
    for (trick, is_done) in [(Trick::Disconnect, false), (Trick::DisconnectAfter, true)] {
        let unit = stage.unit().await;
        stage.play("post_joint", trick);
        let client = &mut stage.clients[0];
        client.ask("post_joint", json!({"unit": unit.to_json()})).await;
        let end = client.wait_for("end", |frame| frame[0] == "closed").await;
        assert_eq!(end[1], Value::Null, "without a word");
        stage.clients[0] = Client::connect(&stage.devnet.url()).await;
        assert_eq!(stage.knows(0, &unit.hash()).await, is_done);
        if is_done {
            stage.coins[0] = change(&unit, &stage);
        }
    }
    stage.behaves().await;
}

#[tokio::test]
async fn a_stalled_hub_says_nothing_until_it_goes_on() {
    let mut stage = Stage::new(2).await;
    stage.mischief().stall();
    let tags = [
        stage.clients[0].ask("heartbeat", Value::Null).await,
        stage.clients[0].ask("get_last_mci", Value::Null).await,
    ];
    assert!(silent(&mut stage.clients[0], &tags[0]).await);
    // It takes connections all the same, and the other hub is not touched.
    let mut late = Client::connect(&stage.devnet.url()).await;
    assert!(late.read(Duration::from_millis(200)).await.is_none());
    stage.clients[1].request("get_last_mci", Value::Null).await;
    stage.mischief().resume();
    for tag in tags {
        stage.clients[0].answered(&tag).await;
    }
    late.heard("version").await;
    stage.behaves().await;
}

#[tokio::test]
async fn an_answer_is_made_up() {
    let mut stage = Stage::new(1).await;
    stage.play("get_last_mci", Trick::Answer(json!(7)));
    stage.play("get_witnesses", Trick::Error("not today".to_owned()));
    stage.play("get_last_mci", Trick::Change(Change::new(|value| *value = json!([value.clone()]))));
    let client = &mut stage.clients[0];
    assert_eq!(client.request("get_last_mci", Value::Null).await, 7);
    assert_eq!(client.refusal("get_witnesses", Value::Null).await, "not today");
    assert!(client.request("get_last_mci", Value::Null).await[0].is_u64());
    assert!(client.request("get_last_mci", Value::Null).await.is_u64());
    assert!(client.request("get_witnesses", Value::Null).await.is_array());
    stage.behaves().await;
}

#[tokio::test]
async fn an_error_is_answered_and_the_unit_kept_and_released_later() {
    let mut stage = Stage::new(2).await;
    let unit = stage.unit().await;
    stage.play("post_joint", Trick::KeepAndError("out of order".to_owned()));
    assert_eq!(stage.clients[0].post(&unit).await["error"], "out of order");
    assert!(!stage.knows(0, &unit.hash()).await && !stage.knows(1, &unit.hash()).await);
    assert_eq!(stage.mischief().kept(), 1);
    assert_eq!(stage.devnet.hub(0).release_kept().await, [Ok(unit.hash())]);
    assert!(stage.knows(0, &unit.hash()).await && stage.knows(1, &unit.hash()).await);
    stage.wait_for(1, &unit.hash(), State::FinalGood).await;
    assert_eq!(stage.devnet.hub(0).release_kept().await, []);
    stage.coins[0] = change(&unit, &stage);
    // What is in conflict when it is released is told.
    let unit = stage.unit().await;
    stage.play("post_joint", Trick::KeepAndError("again".to_owned()));
    assert_eq!(stage.clients[0].post(&unit).await["error"], "again");
    let (coin, payee) = (stage.coins[0], Wallet::new(2).address());
    let other = stage.post(0, coin, &[to(payee, 7)]).await;
    stage.wait_for(0, &other.hash(), State::FinalGood).await;
    let released = stage.devnet.hub(0).release_kept().await;
    assert_eq!(released, [Err("The transaction would be non-serial (a double spend)".to_owned())]);
}

#[tokio::test]
async fn an_accepted_unit_is_forgotten() {
    let mut stage = Stage::new(2).await;
    let unit = stage.unit().await;
    stage.play("post_joint", Trick::AcceptAndForget);
    assert_eq!(stage.clients[0].post(&unit).await, "accepted");
    assert!(!stage.knows(0, &unit.hash()).await && !stage.knows(1, &unit.hash()).await);
    assert_eq!(stage.clients[0].post(&unit).await, "accepted", "this time for good");
    stage.wait_for(1, &unit.hash(), State::FinalGood).await;
}

#[tokio::test]
async fn a_unit_is_hidden_from_everybody_at_one_hub() {
    let mut stage = Stage::new(2).await;
    let payee = Wallet::new(2).address();
    for hub in [0, 1] {
        stage.history(hub, &[payee], &[]).await;
    }
    let unit = stage.unit().await;
    stage.mischief().hide(unit.hash());
    let mut other = Client::connect(&stage.devnet.url()).await;
    assert_eq!(other.post(&unit).await, "accepted");
    let pushed = stage.clients[1].heard("joint").await;
    assert_eq!(pushed["unit"]["unit"], json!(unit.hash()));
    stage.wait_for(1, &unit.hash(), State::FinalGood).await;
    assert!(!stage.knows(0, &unit.hash()).await);
    assert_eq!(stage.state(0, &unit.hash()).await, None);
    assert!(stage.history(0, &[payee], &[]).await.units.is_empty());
    assert!(!stage.clients[0].has_heard("joint"));
    stage.mischief().show_all();
    assert_eq!(stage.state(0, &unit.hash()).await, Some(State::FinalGood));
}

/// Asks the first hub for a unit; gives what verification says, and the response.
async fn lied(stage: &mut Stage, unit: &UnitHash, lie: Lie) -> (Result<Option<State>, String>, Value) {
    stage.play(HISTORY, Trick::Lie(lie));
    let provider = stage.devnet.order_provider();
    let params = json!({"witnesses": [provider], "requested_joints": [unit]});
    let response = stage.clients[0].request(HISTORY, params).await;
    let order_providers = OrderProviders::new(vec![provider]).expect("one address");
    let trust = Trust {
        network: Network::Devnet,
        order_providers: &order_providers,
        genesis: Some(stage.devnet.genesis_unit()),
        now: None,
    };
    let joints = [*unit];
    let verified = history::verify(&response, &Asked { addresses: &[], joints: &joints }, &trust);
    let verified = verified.map(|history| history.units.first().map(|shown| shown.state));
    (verified.map_err(|error| error.to_string()), response)
}

#[tokio::test]
async fn lies_are_told_and_found_out() {
    let mut stage = Stage::new(1).await;
    let unit = stage.unit().await;
    assert_eq!(stage.clients[0].post(&unit).await, "accepted");
    stage.wait_for(0, &unit.hash(), State::FinalGood).await;
    for lie in [Lie::Amounts, Lie::WrongBalls, Lie::Void] {
        let (verified, response) = lied(&mut stage, &unit.hash(), lie).await;
        assert!(verified.is_err(), "{lie:?}: {response}");
        assert_eq!(stage.state(0, &unit.hash()).await, Some(State::FinalGood), "once is enough");
    }
    // These are no news, or nothing that is proven.
    let (verified, _) = lied(&mut stage, &unit.hash(), Lie::NoProof).await;
    assert_eq!(verified, Ok(Some(State::Unstable)));
    let (verified, _) = lied(&mut stage, &unit.hash(), Lie::Nothing).await;
    assert_eq!(verified, Ok(None));
    let (verified, response) = lied(&mut stage, &unit.hash(), Lie::Mci(3)).await;
    assert_eq!(verified, Ok(Some(State::FinalGood)));
    assert_eq!(response["joints"][0]["unit"]["main_chain_index"], 3);
    let (verified, _) = lied(&mut stage, &unit.hash(), Lie::NothingVoid).await;
    assert_eq!(verified, Ok(Some(State::FinalGood)), "there is nothing void");
}

#[tokio::test]
async fn a_void_unit_is_not_shown_as_good() {
    let mut stage = Stage::new(2).await;
    let payee = Wallet::new(2).address();
    stage.hold(true);
    let [first, second] = stage.coins;
    stage.post(0, first, &[to(payee, 1000)]).await;
    let loser = stage.post(1, second, &[to(payee, 1000)]).await.hash();
    stage.hold(false);
    stage.decide();
    stage.wait_for(0, &loser, State::FinalBad).await;
    let (verified, response) = lied(&mut stage, &loser, Lie::NothingVoid).await;
    assert!(verified.is_err(), "{response}");
}

#[tokio::test]
async fn false_alarms_and_false_clocks_go_by() {
    let mut stage = Stage::new(1).await;
    let unit = UnitHash::of("any");
    stage.clients[0].heard("version").await;
    stage.devnet.hub(0).alarm(&[unit]);
    assert_eq!(stage.clients[0].heard("light/sequence_became_bad").await, json!([unit]));
    let right = stage.clients[0].parents(&stage.wallet.address()).await.timestamp;
    stage.mischief().set_clock_offset_ms(3_600_000);
    let own = stage.wallet.address();
    assert!(stage.clients[0].parents(&own).await.timestamp >= right + 3600);
    stage.mischief().stop();
    assert!(stage.clients[0].parents(&own).await.timestamp < right + 60);
    stage.behaves().await;
}

#[tokio::test]
async fn fees_are_raised() {
    let mut stage = Stage::new(1).await;
    let (own, fee) = (stage.wallet.address(), Bytes::literal(12_345));
    stage.mischief().ask_fee(Some(fee));
    assert_eq!(stage.clients[0].parents(&own).await.tps_fee, fee);
    stage.mischief().ask_fee(None);
    let unit = stage.unit().await;
    stage.mischief().refuse_fees_below(Some(fee));
    let refusal = stage.clients[0].post(&unit).await["error"].as_str().expect("refused").to_owned();
    let found = unit.tps_fee().unwrap_or_default();
    assert_eq!(refusal, format!("tps fee on address {own} must be at least 12345, found {found}"));
    stage.mischief().ask_fee(Some(fee));
    stage.behaves().await;
    stage.mischief().stop();
    stage.behaves().await;
}
