//! A client of the protocol and a wallet, as simple as tests need them.

#![allow(dead_code, reason = "every test uses some of it")]

use std::collections::VecDeque;
use std::path::Path;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use obyte::compose::{self, Coin, Parents, Payer, Payment, Spend};
use obyte::fee::ThresholdSize;
use obyte::keys::PaymentKey;
use obyte::{Address, Bytes, Network, Output, SecretKey, Unit, UnitHash};
use obyte_devnet::{Devnet, DevnetConfig};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// How long anything may take before a test gives up.
pub const PATIENCE: Duration = Duration::from_secs(20);

pub fn config(dir: &Path) -> DevnetConfig {
    DevnetConfig::new(dir)
}

/// A network in a directory of its own.
pub async fn start(dir: &tempfile::TempDir) -> Devnet {
    Devnet::start(config(dir.path())).await.expect("the devnet starts")
}

/// One connection.
pub struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Frames that were read while waiting for others.
    unread: VecDeque<Value>,
    next_tag: u64,
}

impl Client {
    /// Connects without a word.
    pub async fn raw(url: &str) -> Self {
        let (socket, _) = tokio_tungstenite::connect_async(url).await.expect("the hub is there");
        Self { socket, unread: VecDeque::new(), next_tag: 0 }
    }

    /// Connects and says what version it is.
    pub async fn connect(url: &str) -> Self {
        let mut client = Self::raw(url).await;
        client.say("version", version("4.0dev", "3", "0.4.6")).await;
        client
    }

    pub async fn send_text(&mut self, text: impl Into<String>) {
        self.socket.send(Message::text(text.into())).await.expect("the hub listens");
    }

    pub async fn say(&mut self, subject: &str, body: Value) {
        self.send_text(json!(["justsaying", {"subject": subject, "body": body}]).to_string()).await;
    }

    /// The next frame, if there is one in time.
    pub async fn read(&mut self, patience: Duration) -> Option<Value> {
        loop {
            match timeout(patience, self.socket.next()).await.ok()?? {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(&text).expect("JSON")),
                Ok(Message::Close(frame)) => {
                    let reason = frame.map(|frame| frame.reason.to_string());
                    return Some(json!(["closed", reason]));
                }
                Ok(_) => {}
                Err(_) => return Some(json!(["closed", null])),
            }
        }
    }

    /// The next frame that is wanted; others are kept for later.
    pub async fn wait_for(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        if let Some(index) = self.unread.iter().position(&wanted) {
            return self.unread.remove(index).expect("it is there");
        }
        let deadline = Instant::now() + PATIENCE;
        while let Some(frame) = self.read(deadline.saturating_duration_since(Instant::now())).await {
            if wanted(&frame) {
                return frame;
            }
            self.unread.push_back(frame);
        }
        panic!("no {what} came in time; unread: {:?}", self.unread);
    }

    /// The next message without answer about a subject.
    pub async fn heard(&mut self, subject: &str) -> Value {
        let frame =
            self.wait_for(subject, |frame| frame[0] == "justsaying" && frame[1]["subject"] == subject).await;
        frame[1].get("body").cloned().unwrap_or(Value::Null)
    }

    /// Whether a message about the subject is there already.
    pub fn has_heard(&self, subject: &str) -> bool {
        self.unread.iter().any(|frame| frame[0] == "justsaying" && frame[1]["subject"] == subject)
    }

    /// Sends a request and gives its tag.
    pub async fn ask(&mut self, command: &str, params: Value) -> String {
        self.next_tag += 1;
        let tag = format!("tag-{}", self.next_tag);
        let mut content = json!({"command": command, "tag": tag});
        if !params.is_null() {
            content["params"] = params;
        }
        self.send_text(json!(["request", content]).to_string()).await;
        tag
    }

    /// The whole answer to a tag.
    pub async fn answered(&mut self, tag: &str) -> Value {
        let frame = self.wait_for("answer", |frame| frame[0] == "response" && frame[1]["tag"] == tag).await;
        frame[1].clone()
    }

    /// Asks and waits for the answer's value.
    pub async fn request(&mut self, command: &str, params: Value) -> Value {
        let tag = self.ask(command, params).await;
        let answer = self.answered(&tag).await;
        assert_eq!(answer["command"], command);
        answer["response"].clone()
    }

    pub async fn post(&mut self, unit: &Unit) -> Value {
        self.request("post_joint", json!({"unit": unit.to_json()})).await
    }

    pub async fn parents(&mut self, from: &Address) -> Parents {
        let params = json!({"from_addresses": [from], "output_addresses": [from]});
        let answer = self.request("light/get_parents_and_last_ball_and_witness_list_unit", params).await;
        Parents::from_json(&answer).unwrap_or_else(|error| panic!("{error}: {answer}"))
    }

    /// The error of an answer.
    pub async fn refusal(&mut self, command: &str, params: Value) -> String {
        let answer = self.request(command, params).await;
        answer["error"].as_str().unwrap_or_else(|| panic!("no error: {answer}")).to_owned()
    }

    pub async fn mci(&mut self, unit: &UnitHash) -> Option<u64> {
        let answer = self.request("get_joint", json!(unit)).await;
        answer["joint"]["unit"]["main_chain_index"].as_u64()
    }

    /// Waits until the hub calls a unit stable.
    pub async fn wait_until_stable(&mut self, unit: &UnitHash) {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let answer = self.request("get_joint", json!(unit)).await;
            if answer["joint"].get("ball").is_some() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the unit did not become stable in time");
    }
}

pub fn version(protocol: &str, alt: &str, library: &str) -> Value {
    json!({
        "protocol_version": protocol, "alt": alt, "library": "ocore", "library_version": library,
        "program": "test", "program_version": "1.0.0",
    })
}

/// A single-address wallet that knows its coin.
pub struct Wallet {
    pub key: PaymentKey,
    pub coin: Option<Coin>,
    pub reveals_definition: bool,
}

impl Wallet {
    pub fn new(seed: u8) -> Self {
        let secret = SecretKey::from_bytes(&[seed; 32]).expect("below the order of the curve");
        Self { key: PaymentKey::new(secret), coin: None, reveals_definition: true }
    }

    pub fn address(&self) -> Address {
        self.key.address()
    }

    /// Takes money from the faucet.
    pub async fn fund(&mut self, devnet: &Devnet, client: &mut Client, amount: Bytes) {
        let hash = devnet.pay(self.address(), amount).await.expect("the faucet pays");
        let answer = client.request("get_joint", json!(hash)).await;
        let unit = Unit::from_json(answer["joint"]["unit"].clone()).expect("a unit");
        let own = unit.outputs().find(|(_, output)| output.address == self.address());
        let (id, output) = own.expect("the payment pays the wallet");
        self.coin = Some(Coin { id, amount: output.amount, address: output.address });
    }

    /// A signed payment; the wallet's coin is not moved on.
    pub fn pay_with(&self, parents: &Parents, outputs: &[Output]) -> Unit {
        self.compose(parents, outputs).0
    }

    fn compose(&self, parents: &Parents, outputs: &[Output]) -> (Unit, Coin) {
        let coin = self.coin.expect("the wallet has a coin");
        let payment = Payment {
            network: Network::Devnet,
            parents,
            threshold: ThresholdSize::DEFAULT,
            payers: &[Payer::new(self.key.public_key(), self.reveals_definition)],
            mandatory: &[coin],
            candidates: &[],
            outputs,
            spend: Spend::AsNeeded { change: self.address(), least_change: Bytes::literal(1) },
            notes: &[],
        };
        let unsigned = compose::compose(&payment).expect("the coin is enough");
        let signed = unsigned.sign(&[self.key.secret_key().clone()]).expect("the key is there");
        let change = unsigned.layout.change;
        let id = obyte::CoinId {
            unit: signed.hash,
            message_index: unsigned.layout.message_index,
            output_index: change.output_index,
        };
        (signed.unit, Coin { id, amount: change.output.amount, address: self.address() })
    }

    /// Pays, and moves on to the change.
    pub async fn pay(&mut self, client: &mut Client, outputs: &[Output]) -> Unit {
        let parents = client.parents(&self.address()).await;
        self.reveals_definition = match self.coin {
            Some(_) => needs_definition(client, &self.address(), &parents).await,
            None => true,
        };
        let (unit, change) = self.compose(&parents, outputs);
        assert_eq!(client.post(&unit).await, "accepted");
        self.coin = Some(change);
        unit
    }
}

/// Whether no unit of the address is below the last ball yet.
pub async fn needs_definition(client: &mut Client, address: &Address, parents: &Parents) -> bool {
    let history = json!({"witnesses": ["any"], "addresses": [address]});
    let _ = history;
    let answer = client.request("light/get_definition_for_address", json!({"address": address})).await;
    if answer.get("definition").is_none() || answer["is_stable"] != true {
        return true;
    }
    // Stable now; it may still be above the last ball.
    let attempt = client.request("get_last_stable_unit_props", Value::Null).await;
    attempt["main_chain_index"].as_u64() != Some(parents.last_ball_mci)
        && !client.request("light/get_definition_for_address", json!({"address": address})).await["is_stable"]
            .as_bool()
            .unwrap_or(false)
}

pub fn to(address: Address, amount: u64) -> Output {
    Output { address, amount: Bytes::literal(amount) }
}
