//! A client of the protocol and a wallet, as simple as tests need them.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use obyte::compose::{self, Coin, Note, Parents, Payer, Payment, Spend};
use obyte::fee::ThresholdSize;
use obyte::history::{self, Asked, OrderProviders, State, Trust, VerifiedHistory};
use obyte::keys::PaymentKey;
use obyte::{Address, Bytes, CoinId, Network, Output, SecretKey, Unit, UnitHash};
use obyte_devnet::{Devnet, DevnetConfig};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// How long anything may take before a test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// One connection.
pub(crate) struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// Frames that were read while waiting for others.
    unread: VecDeque<Value>,
    next_tag: u64,
}

impl Client {
    /// Connects without a word.
    pub(crate) async fn raw(url: &str) -> Self {
        let (socket, _) = tokio_tungstenite::connect_async(url).await.expect("the hub is there");
        Self { socket, unread: VecDeque::new(), next_tag: 0 }
    }

    /// Connects and says what version it is.
    pub(crate) async fn connect(url: &str) -> Self {
        let mut client = Self::raw(url).await;
        client.say("version", version("4.0dev", "3", "0.4.6")).await;
        client
    }

    pub(crate) async fn send_text(&mut self, text: impl Into<String>) {
        self.socket.send(Message::text(text.into())).await.expect("the hub listens");
    }

    /// Sends a text that the hub may refuse to read to its end.
    pub(crate) async fn try_send_text(&mut self, text: String) {
        let _ = self.socket.send(Message::text(text)).await;
    }

    /// Sends a text together with the next one.
    pub(crate) async fn feed_text(&mut self, text: String) {
        self.socket.feed(Message::text(text)).await.expect("the hub listens");
    }

    pub(crate) async fn say(&mut self, subject: &str, body: Value) {
        self.send_text(json!(["justsaying", {"subject": subject, "body": body}]).to_string()).await;
    }

    /// The next frame, if there is one in time.
    pub(crate) async fn read(&mut self, patience: Duration) -> Option<Value> {
        let _ = self.socket.flush().await;
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
    pub(crate) async fn wait_for(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
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
    pub(crate) async fn heard(&mut self, subject: &str) -> Value {
        let frame =
            self.wait_for(subject, |frame| frame[0] == "justsaying" && frame[1]["subject"] == subject).await;
        frame[1].get("body").cloned().unwrap_or(Value::Null)
    }

    /// Whether a message about the subject is there already.
    pub(crate) fn has_heard(&self, subject: &str) -> bool {
        self.unread.iter().any(|frame| frame[0] == "justsaying" && frame[1]["subject"] == subject)
    }

    /// Sends a request and gives its tag.
    pub(crate) async fn ask(&mut self, command: &str, params: Value) -> String {
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
    pub(crate) async fn answered(&mut self, tag: &str) -> Value {
        let frame = self.wait_for("answer", |frame| frame[0] == "response" && frame[1]["tag"] == tag).await;
        frame[1].clone()
    }

    /// Asks and waits for the answer's value.
    pub(crate) async fn request(&mut self, command: &str, params: Value) -> Value {
        let tag = self.ask(command, params).await;
        let answer = self.answered(&tag).await;
        assert_eq!(answer["command"], command);
        answer["response"].clone()
    }

    pub(crate) async fn post(&mut self, unit: &Unit) -> Value {
        self.request("post_joint", json!({"unit": unit.to_json()})).await
    }

    pub(crate) async fn parents(&mut self, from: &Address) -> Parents {
        let params = json!({"from_addresses": [from], "output_addresses": [from]});
        let answer = self.request("light/get_parents_and_last_ball_and_witness_list_unit", params).await;
        Parents::from_json(&answer).unwrap_or_else(|error| panic!("{error}: {answer}"))
    }

    /// The error of an answer.
    pub(crate) async fn refusal(&mut self, command: &str, params: Value) -> String {
        let answer = self.request(command, params).await;
        answer["error"].as_str().unwrap_or_else(|| panic!("no error: {answer}")).to_owned()
    }

    pub(crate) async fn mci(&mut self, unit: &UnitHash) -> Option<u64> {
        let answer = self.request("get_joint", json!(unit)).await;
        answer["joint"]["unit"]["main_chain_index"].as_u64()
    }

    /// Waits until the hub calls a unit stable.
    pub(crate) async fn wait_until_stable(&mut self, unit: &UnitHash) {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let stable = self.request("get_last_stable_unit_props", Value::Null).await;
            let stable = stable["main_chain_index"].as_u64().expect("a number");
            if self.mci(unit).await.is_some_and(|mci| mci <= stable) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the unit did not become stable in time");
    }

    /// Waits until the hub serves a unit with its ball.
    pub(crate) async fn wait_for_ball(&mut self, unit: &UnitHash) -> Value {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let joint = self.request("get_joint", json!(unit)).await["joint"].clone();
            if joint.get("ball").is_some() {
                return joint;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the hub did not show the ball in time");
    }
}

pub(crate) fn version(protocol: &str, alt: &str, library: &str) -> Value {
    json!({
        "protocol_version": protocol, "alt": alt, "library": "ocore", "library_version": library,
        "program": "test", "program_version": "1.0.0",
    })
}

/// A single-address wallet that knows its coin.
pub(crate) struct Wallet {
    pub(crate) key: PaymentKey,
    pub(crate) coin: Option<Coin>,
    /// The first unit that reveals the definition.
    pub(crate) first: Option<UnitHash>,
}

impl Wallet {
    pub(crate) fn new(seed: u8) -> Self {
        let secret = SecretKey::from_bytes(&[seed; 32]).expect("below the order of the curve");
        Self { key: PaymentKey::new(secret), coin: None, first: None }
    }

    pub(crate) fn address(&self) -> Address {
        self.key.address()
    }

    /// Takes money from the faucet.
    pub(crate) async fn fund(&mut self, devnet: &Devnet, client: &mut Client, amount: Bytes) {
        let hash = devnet.pay(self.address(), amount).await.expect("the faucet pays");
        self.take(client, &hash).await;
    }

    /// Takes the output of a unit that pays the wallet as its coin.
    pub(crate) async fn take(&mut self, client: &mut Client, unit: &UnitHash) {
        let answer = client.request("get_joint", json!(unit)).await;
        let unit = Unit::from_json(answer["joint"]["unit"].clone()).expect("a unit");
        let own = unit.outputs().find(|(_, output)| output.address == self.address());
        let (id, output) = own.expect("the unit pays the wallet");
        self.coin = Some(Coin { id, amount: output.amount, address: output.address });
    }

    /// What to compose; tests change it before they compose.
    pub(crate) fn payment<'a>(
        &self,
        parents: &'a Parents,
        payers: &'a [Payer],
        mandatory: &'a [Coin],
        outputs: &'a [Output],
    ) -> Payment<'a> {
        Payment {
            network: Network::Devnet,
            parents,
            threshold: ThresholdSize::DEFAULT,
            payers,
            mandatory,
            candidates: &[],
            outputs,
            spend: Spend::AsNeeded { change: self.address(), least_change: Bytes::literal(1) },
            notes: &[],
        }
    }

    /// A signed payment, and the coin that is its change. The wallet's own coin stays what it is.
    pub(crate) fn sign(&self, parents: &Parents, reveals: bool, outputs: &[Output]) -> (Unit, Coin) {
        self.sign_with(parents, reveals, outputs, &[])
    }

    /// The same with other messages beside the payment.
    pub(crate) fn sign_with(
        &self,
        parents: &Parents,
        reveals: bool,
        outputs: &[Output],
        notes: &[Note],
    ) -> (Unit, Coin) {
        let payers = [Payer::new(self.key.public_key(), reveals)];
        let coins = [self.coin.expect("the wallet has a coin")];
        let payment = Payment { notes, ..self.payment(parents, &payers, &coins, outputs) };
        let unsigned = compose::compose(&payment).expect("the coin is enough");
        let signed = unsigned.sign(&[self.key.secret_key().clone()]).expect("the key is there");
        let (message_index, change) = (unsigned.layout.message_index, unsigned.layout.change);
        let id = CoinId { unit: signed.hash, message_index, output_index: change.output_index };
        (signed.unit, Coin { id, amount: change.output.amount, address: self.address() })
    }

    /// Whether a unit with these parents must reveal the definition (4.7).
    pub(crate) async fn reveals(&self, client: &mut Client, parents: &Parents) -> bool {
        match &self.first {
            Some(first) => client.mci(first).await.is_none_or(|mci| mci > parents.last_ball_mci),
            None => true,
        }
    }

    /// Pays, and moves on to the change.
    pub(crate) async fn pay(&mut self, client: &mut Client, outputs: &[Output]) -> Unit {
        let parents = client.parents(&self.address()).await;
        let reveals = self.reveals(client, &parents).await;
        let (unit, change) = self.sign(&parents, reveals, outputs);
        assert_eq!(client.post(&unit).await, "accepted");
        self.first.get_or_insert(unit.hash());
        self.coin = Some(change);
        unit
    }
}

pub(crate) fn to(address: Address, amount: u64) -> Output {
    Output { address, amount: Bytes::literal(amount) }
}

/// A funded wallet at a network of its own.
pub(crate) struct Scene {
    pub(crate) devnet: Devnet,
    pub(crate) client: Client,
    pub(crate) wallet: Wallet,
    /// Somebody to pay.
    pub(crate) payee: Address,
    pub(crate) dir: tempfile::TempDir,
}

impl Scene {
    pub(crate) async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// A network that is configured otherwise.
    pub(crate) async fn with(change: impl FnOnce(&mut DevnetConfig)) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut config = DevnetConfig::new(dir.path());
        change(&mut config);
        let devnet = Devnet::start(config).await.expect("the devnet starts");
        let mut client = Client::connect(&devnet.url()).await;
        let mut wallet = Wallet::new(1);
        wallet.fund(&devnet, &mut client, Bytes::literal(10_000_000_000)).await;
        Self { devnet, client, wallet, payee: Wallet::new(2).address(), dir }
    }

    /// The wallet pays a little to somebody.
    pub(crate) async fn pay(&mut self) -> Unit {
        self.wallet.pay(&mut self.client, &[to(self.payee, 1000)]).await
    }

    /// A history of the network, verified as wallets do it.
    pub(crate) async fn history(&mut self, addresses: &[Address], joints: &[UnitHash]) -> VerifiedHistory {
        let provider = self.devnet.order_provider();
        let genesis = self.devnet.genesis_unit();
        verified_history(&mut self.client, provider, genesis, addresses, joints).await
    }

    /// Waits until a history proves a unit good and final.
    pub(crate) async fn wait_until_proven(&mut self, unit: &UnitHash) {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let history = self.history(&[], &[*unit]).await;
            if history.units.iter().any(|proven| proven.state == State::FinalGood) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the unit was not proven in time");
    }
}

/// Asks for a history and verifies it.
pub(crate) async fn verified_history(
    client: &mut Client,
    provider: Address,
    genesis: UnitHash,
    addresses: &[Address],
    joints: &[UnitHash],
) -> VerifiedHistory {
    let mut params = json!({"witnesses": [provider]});
    for (name, list) in [("addresses", json!(addresses)), ("requested_joints", json!(joints))] {
        if list != json!([]) {
            params[name] = list;
        }
    }
    let response = client.request("light/get_history", params).await;
    let order_providers = OrderProviders::new(vec![provider]).expect("one address");
    let trust = Trust {
        network: Network::Devnet,
        order_providers: &order_providers,
        genesis: Some(genesis),
        now: None,
    };
    history::verify(&response, &Asked { addresses, joints }, &trust)
        .unwrap_or_else(|error| panic!("{error}: {response}"))
}
