//! Orders to a devnet that is a process of its own: every one does what it says.

use std::time::{Duration, Instant};

use obyte::compose::Coin;
use obyte::{Unit, UnitHash};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};

use crate::common::{Client, PATIENCE, Wallet, to};
use crate::process::Process;

/// Who gives orders.
struct Master {
    answers: Lines<BufReader<OwnedReadHalf>>,
    orders: OwnedWriteHalf,
}

impl Master {
    async fn connect(process: &Process) -> Self {
        let address = process.control.as_ref().expect("it takes orders");
        let (answers, orders) = TcpStream::connect(address).await.expect("it listens").into_split();
        Self { answers: BufReader::new(answers).lines(), orders }
    }

    async fn say(&mut self, line: &str) -> Value {
        self.orders.write_all(format!("{line}\n").as_bytes()).await.expect("it listens");
        let answer = tokio::time::timeout(PATIENCE, self.answers.next_line()).await.expect("in time");
        serde_json::from_str(&answer.expect("it answers").expect("it answers")).expect("JSON")
    }

    /// What is told in answer to an order.
    async fn told(&mut self, order: Value) -> Value {
        let mut answer = self.say(&order.to_string()).await;
        assert_eq!(answer["ok"], true, "{order}: {answer}");
        answer["told"].take()
    }

    async fn order(&mut self, order: Value) {
        assert_eq!(self.told(order).await, Value::Null);
    }

    async fn refused(&mut self, line: &str) -> String {
        let answer = self.say(line).await;
        assert_eq!(answer["ok"], false, "{line}: {answer}");
        answer["error"].as_str().expect("a text").to_owned()
    }
}

/// A devnet of two hubs with a client at each, a wallet with money, and somebody who gives orders.
struct Scene {
    process: Process,
    master: Master,
    clients: [Client; 2],
    wallet: Wallet,
    _dir: tempfile::TempDir,
}

impl Scene {
    async fn new() -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let process = Process::start(dir.path(), &["--hub", "127.0.0.1:0", "--control", "127.0.0.1:0"]);
        let mut master = Master::connect(&process).await;
        let mut clients = [Client::connect(&process.urls[0]).await, Client::connect(&process.urls[1]).await];
        let mut wallet = Wallet::new(1);
        let paid =
            master.told(json!({"do": "pay", "to": wallet.address(), "bytes": 10_000_000_000_u64})).await;
        let paid = serde_json::from_value(paid).expect("a unit");
        wallet.take(&mut clients[0], &paid).await;
        let mut scene = Self { process, master, clients, wallet, _dir: dir };
        // From here on the definition is known.
        scene.pay().await;
        scene
    }

    async fn order(&mut self, order: Value) {
        self.master.order(order).await;
    }

    /// A unit of the wallet that the first hub would take.
    async fn unit(&mut self) -> (Unit, Coin) {
        let parents = self.clients[0].parents(&self.wallet.address()).await;
        let reveals = self.wallet.reveals(&mut self.clients[0], &parents).await;
        self.wallet.sign(&parents, reveals, &[to(Wallet::new(2).address(), 1000)])
    }

    /// A payment of the wallet, which is proven in the end.
    async fn pay(&mut self) -> UnitHash {
        let unit = self.wallet.pay(&mut self.clients[0], &[to(Wallet::new(2).address(), 1000)]).await;
        self.clients[0].wait_until_stable(&unit.hash()).await;
        unit.hash()
    }

    async fn knows(&mut self, hub: usize, unit: &UnitHash) -> bool {
        self.clients[hub].request("get_joint", json!(unit)).await.get("joint").is_some()
    }
}

#[tokio::test]
async fn the_network_is_shown_and_pays() {
    let mut scene = Scene::new().await;
    let status = scene.master.told(json!({"do": "status"})).await;
    let urls: Vec<_> = status["hubs"].as_array().expect("a list").iter().map(|hub| &hub["url"]).collect();
    assert_eq!(urls, scene.process.urls.iter().collect::<Vec<_>>());
    assert_eq!(status["order_provider"], json!(scene.process.provider));
    assert_eq!(status["genesis"], json!(scene.process.genesis));
    assert!(status["hubs"][0]["units"].as_u64() >= Some(3) && status["hubs"][0]["kept"] == 0, "{status}");
    assert_eq!(status["relays"][0], json!({"from": 0, "to": 1, "held": false, "waiting": 0}));
    assert_eq!(status["relays"][1], json!({"from": 1, "to": 0, "held": false, "waiting": 0}));
    scene.process.interrupt();
}

#[tokio::test]
async fn tricks_are_played_where_and_as_often_as_ordered() {
    let mut scene = Scene::new().await;
    let play =
        |trick: Value| json!({"do": "play", "hub": 1, "on": "get_last_mci", "trick": trick, "times": 1});
    scene.order(play(json!({"answer": {"a": 7}}))).await;
    scene.order(play(json!({"error": "not today"}))).await;
    scene.order(play(json!({"set": {"": "other"}}))).await;
    scene.order(play(json!("drop"))).await;
    scene.order(play(json!({"delay_ms": 200}))).await;
    let last = Value::Null;
    let [here, there] = &mut scene.clients;
    assert!(here.request("get_last_mci", last.clone()).await.is_u64(), "this hub behaves");
    assert_eq!(there.request("get_last_mci", last.clone()).await, json!({"a": 7}));
    assert_eq!(there.refusal("get_last_mci", last.clone()).await, "not today");
    assert_eq!(there.request("get_last_mci", last.clone()).await, "other");
    let dropped = there.ask("get_last_mci", last.clone()).await;
    let start = Instant::now();
    assert!(there.request("get_last_mci", last.clone()).await.is_u64());
    assert!(start.elapsed() >= Duration::from_millis(200));
    assert!(there.request("get_last_mci", last.clone()).await.is_u64());
    while let Some(frame) = there.read(Duration::from_millis(100)).await {
        assert!(frame[0] != "response" || frame[1]["tag"] != dropped);
    }
    let endless = json!({"do": "play", "on": "get_last_mci", "trick": {"answer": 1}, "after": 1});
    scene.order(endless).await;
    for expected in [false, true, true, true] {
        assert_eq!(scene.clients[0].request("get_last_mci", last.clone()).await == 1, expected);
    }
    scene.order(json!({"do": "behave"})).await;
    assert!(scene.clients[0].request("get_last_mci", last).await.as_u64() > Some(1));
    scene.process.kill();
}

#[tokio::test]
async fn lies_stalls_alarms_and_clocks_are_ordered() {
    let mut scene = Scene::new().await;
    let unit = scene.pay().await;
    let history = json!({"witnesses": [scene.process.provider], "requested_joints": [unit]});
    scene
        .order(json!({"do": "play", "on": "light/get_history", "trick": {"lie": {"mci": 3}}, "times": 1}))
        .await;
    let told = scene.clients[0].request("light/get_history", history).await;
    assert_eq!(told["joints"][0]["unit"]["main_chain_index"], 3);

    scene.order(json!({"do": "stall"})).await;
    let tag = scene.clients[0].ask("heartbeat", Value::Null).await;
    scene.clients[1].request("heartbeat", Value::Null).await;
    while let Some(frame) = scene.clients[0].read(Duration::from_millis(200)).await {
        assert!(frame[0] != "response" || frame[1]["tag"] != tag, "it answers although it is stalled");
    }
    scene.order(json!({"do": "resume"})).await;
    scene.clients[0].answered(&tag).await;

    scene.order(json!({"do": "alarm", "hub": 1, "units": [unit]})).await;
    assert_eq!(scene.clients[1].heard("light/sequence_became_bad").await, json!([unit]));

    let own = scene.wallet.address();
    let right = scene.clients[0].parents(&own).await.timestamp;
    scene.order(json!({"do": "clock", "offset_ms": 3_600_000})).await;
    assert!(scene.clients[0].parents(&own).await.timestamp >= right + 3600);
    scene.order(json!({"do": "clock", "offset_ms": 0})).await;
    assert!(scene.clients[0].parents(&own).await.timestamp < right + 60);
}

#[tokio::test]
async fn fees_are_raised_and_units_hidden_by_order() {
    let mut scene = Scene::new().await;
    let own = scene.wallet.address();
    let usual = scene.clients[0].parents(&own).await.tps_fee.get();
    scene.order(json!({"do": "ask_fee", "bytes": 12_345})).await;
    assert_eq!(scene.clients[0].parents(&own).await.tps_fee.get(), usual.max(12_345));
    scene.order(json!({"do": "ask_fee", "bytes": null})).await;
    let (unit, _) = scene.unit().await;
    scene.order(json!({"do": "refuse_fees_below", "bytes": 99_999})).await;
    let refusal = scene.clients[0].post(&unit).await["error"].as_str().expect("refused").to_owned();
    assert!(refusal.contains("must be at least 99999"), "{refusal}");
    scene.order(json!({"do": "refuse_fees_below"})).await;

    let unit = scene.pay().await;
    scene.order(json!({"do": "hide", "unit": unit})).await;
    assert!(!scene.knows(0, &unit).await && scene.knows(1, &unit).await);
    scene.order(json!({"do": "show_all"})).await;
    assert!(scene.knows(0, &unit).await);
}

#[tokio::test]
async fn units_are_kept_and_released_and_held_between_hubs_by_order() {
    let mut scene = Scene::new().await;
    let trick = json!({"keep_and_error": "out of order"});
    scene.order(json!({"do": "play", "on": "post_joint", "trick": trick, "times": 1})).await;
    scene.order(json!({"do": "hold"})).await;
    scene.order(json!({"do": "order_provider", "rests": true})).await;
    let (unit, change) = scene.unit().await;
    assert_eq!(scene.clients[0].post(&unit).await["error"], "out of order");
    let status = scene.master.told(json!({"do": "status"})).await;
    assert_eq!((&status["hubs"][0]["kept"], &status["relays"][0]["held"]), (&json!(1), &json!(true)));

    assert_eq!(scene.master.told(json!({"do": "release_kept", "at": 1})).await, json!([unit.hash()]));
    assert!(scene.knows(1, &unit.hash()).await && !scene.knows(0, &unit.hash()).await);
    let status = scene.master.told(json!({"do": "status"})).await;
    assert_eq!(status["relays"][1], json!({"from": 1, "to": 0, "held": true, "waiting": 1}));
    scene.order(json!({"do": "release", "from": 0, "to": 1})).await;
    assert!(!scene.knows(0, &unit.hash()).await, "that is the other way");
    scene.order(json!({"do": "release", "from": 1})).await;
    assert!(scene.knows(0, &unit.hash()).await);
    scene.wallet.coin = Some(change);

    let stable = scene.clients[0].request("get_last_stable_unit_props", Value::Null).await;
    scene.clients[0]
        .request(
            "light/get_history",
            json!({"witnesses": [scene.process.provider], "requested_joints": [unit.hash()]}),
        )
        .await;
    let still = scene.clients[0].request("get_last_stable_unit_props", Value::Null).await;
    assert_eq!(stable, still, "nothing gets stable while the order provider rests");
    scene.order(json!({"do": "order_provider", "rests": false})).await;
    scene.clients[0].wait_until_stable(&unit.hash()).await;
    scene.pay().await;
}

#[tokio::test]
async fn what_is_no_order_is_refused_and_the_next_one_heard() {
    let mut scene = Scene::new().await;
    for (line, why) in [
        ("hello", "this is no order"),
        ("", "this is no order"),
        (r#"{"do":"dance"}"#, "unknown variant `dance`"),
        (r#"{"do":"stall","hub":7}"#, "there is no hub 7"),
        (r#"{"do":"hold","from":1,"to":1}"#, "there is no such way between two hubs"),
        (r#"{"do":"release_kept","at":2}"#, "there is no hub 2"),
        (r#"{"do":"pay","to":"QZAB2MYRLRVUNITTOOCF5ZE3AG4TCJDD","bytes":-1}"#, "this is no order"),
        (r#"{"do":"pay","to":"QZAB2MYRLRVUNITTOOCF5ZE3AG4TCJDD","bytes":1000000000000000}"#, "the faucet"),
    ] {
        let error = scene.master.refused(line).await;
        assert!(error.contains(why), "{line}: {error}");
    }
    let mut other = Master::connect(&scene.process).await;
    other.order(json!({"do": "behave"})).await;
    scene.order(json!({"do": "behave", "hub": 1})).await;
    // Longer than any order: the end, whether or not the answer is seen.
    let _ = other.orders.write_all("x".repeat(2 << 20).as_bytes()).await;
    let end = async { while let Ok(Some(_)) = other.answers.next_line().await {} };
    tokio::time::timeout(PATIENCE, end).await.expect("it hangs up");
    scene.order(json!({"do": "behave"})).await;
}
