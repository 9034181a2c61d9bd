//! One side of the recorded conversations.

use std::collections::{BTreeSet, HashMap};

use obyte::canonical::source_string;
use obyte::compose::Parents;
use obyte::hash::sha256;
use obyte::keys::PaymentKey;
use obyte::{Address, Bytes, DeviceKey, Mnemonic, Textcoin, UnitHash};
use serde_json::{Value, json};

use super::kind;
use crate::common::{Client, Scene, Wallet, verified_history};

pub(super) type Result<T> = std::result::Result<T, String>;

/// What is said again, and what the recorded names are called on this network.
pub(super) struct Replay {
    pub(super) scene: Scene,
    device: DeviceKey,
    pub(super) wallets: HashMap<Address, Wallet>,
    /// Recorded hashes and addresses.
    pub(super) names: HashMap<String, String>,
    /// Recorded indexes of the main chain.
    pub(super) indexes: HashMap<u64, u64>,
    pub(super) parents: Option<Parents>,
    /// Units that must be proven before the next conversation.
    pub(super) posted: Vec<UnitHash>,
}

/// A conversation that is going on.
struct Talk {
    client: Client,
    /// Recorded tags with those that were sent, and the parameters.
    asked: HashMap<String, (String, Value)>,
    /// The tag of the hub's own request.
    hub_tag: String,
}

fn frame_of(line: &Value) -> Option<Value> {
    line["frame"].as_str().map(|text| serde_json::from_str(text).expect("a frame is JSON"))
}

fn wallet(key: PaymentKey) -> (Address, Wallet) {
    (key.address(), Wallet { key, coin: None, first: None })
}

impl Replay {
    /// A new network, and the keys of those who talked.
    pub(super) async fn new(meta: &Value) -> Self {
        let mnemonic = |name: &str| -> Mnemonic {
            let words = meta["mnemonics"][name].as_str().expect("recordings of throw-away keys");
            words.parse().expect("a mnemonic")
        };
        let own = mnemonic("wallet");
        let keys = [Textcoin::new(own.clone()), Textcoin::new(mnemonic("textcoin"))];
        Self {
            scene: Scene::new().await,
            device: DeviceKey::new(&own.to_seed("")),
            wallets: keys.iter().map(|owner| wallet(owner.key().clone())).collect(),
            names: HashMap::new(),
            indexes: HashMap::from([(0, 0)]),
            parents: None,
            posted: Vec::new(),
        }
    }

    /// Holds one conversation again.
    pub(super) async fn hold(&mut self, lines: &[Value]) -> Result<()> {
        for payment in lines[0]["before"].as_array().into_iter().flatten() {
            let unit = self.pay(payment["address"].as_str(), payment["amount"].as_u64()).await;
            self.learn(&payment["unit"], &unit);
            self.posted.push(unit);
        }
        for unit in std::mem::take(&mut self.posted) {
            self.scene.wait_until_proven(&unit).await;
        }
        let client = Client::raw(&self.scene.devnet.url()).await;
        let mut talk = Talk { client, asked: HashMap::new(), hub_tag: String::new() };
        for (number, line) in lines.iter().enumerate() {
            let Some(frame) = frame_of(line) else {
                continue;
            };
            let done = match line["dir"].as_str() {
                Some("out") => self.say(&mut talk, &frame).await,
                _ => self.hear(&mut talk, &frame).await,
            };
            done.map_err(|error| format!("line {}: {error}", number + 1))?;
        }
        Ok(())
    }

    /// Somebody pays one of the wallets.
    async fn pay(&mut self, to: Option<&str>, amount: Option<u64>) -> UnitHash {
        let to: Address = to.and_then(|to| to.parse().ok()).expect("an address");
        let amount = Bytes::new(amount.expect("an amount")).expect("not too much");
        let unit = self.scene.devnet.pay(to, amount).await.expect("the faucet pays");
        let payee = self.wallets.get_mut(&to).expect("somebody who talked");
        payee.take(&mut self.scene.client, &unit).await;
        unit
    }

    pub(super) fn learn(&mut self, recorded: &Value, here: &UnitHash) {
        let recorded = recorded.as_str().expect("a hash");
        self.names.insert(recorded.to_owned(), here.to_string());
    }

    async fn say(&mut self, talk: &mut Talk, frame: &Value) -> Result<()> {
        let content = &frame[1];
        match frame[0].as_str() {
            Some("justsaying") if content["subject"] == "hub/login" => {
                let challenge = talk.client.heard("hub/challenge").await;
                let mut login = json!({"challenge": challenge, "pubkey": self.device.public_key()});
                let source = source_string(&login).map_err(|error| error.to_string())?;
                login["signature"] = json!(self.device.sign(&sha256(source.as_bytes())));
                talk.client.say("hub/login", login).await;
            }
            Some("response") => {
                let mut answer = content.clone();
                answer["tag"] = json!(talk.hub_tag);
                talk.client.send_text(json!(["response", answer]).to_string()).await;
            }
            Some("request") => {
                let command = content["command"].as_str().ok_or("no command")?;
                let params = match command {
                    "post_joint" => {
                        json!({"unit": self.unit(&content["params"]["unit"])?.to_json()})
                    }
                    _ => self.translated(&content["params"]),
                };
                let tag = talk.client.ask(command, params.clone()).await;
                let recorded = content["tag"].as_str().ok_or("no tag")?.to_owned();
                talk.asked.insert(recorded, (tag, params));
            }
            _ => talk.client.send_text(self.translated(frame).to_string()).await,
        }
        Ok(())
    }

    async fn hear(&mut self, talk: &mut Talk, frame: &Value) -> Result<()> {
        let recorded = &frame[1];
        match frame[0].as_str() {
            // Needed for the login, which takes it.
            Some("justsaying") if recorded["subject"] == "hub/challenge" => Ok(()),
            Some("justsaying") => {
                let subject = recorded["subject"].as_str().ok_or("no subject")?;
                if subject == "joint" {
                    self.somebody_pays(&recorded["body"]["unit"]).await?;
                }
                let body = talk.client.heard(subject).await;
                same_kind(subject, recorded.get("body").unwrap_or(&Value::Null), &body)
            }
            Some("request") => {
                let request = talk.client.wait_for("request", |frame| frame[0] == "request").await;
                talk.hub_tag = request[1]["tag"].as_str().ok_or("no tag")?.to_owned();
                same_kind("request", recorded, &request[1])
            }
            _ => self.hear_answer(talk, recorded).await,
        }
    }

    async fn somebody_pays(&mut self, recorded: &Value) -> Result<()> {
        let outputs = recorded["messages"][0]["payload"]["outputs"].as_array().ok_or("no outputs")?;
        let is_ours = |output: &&Value| {
            let address = output["address"].as_str().and_then(|text| text.parse::<Address>().ok());
            address.is_some_and(|address| self.wallets.contains_key(&address))
        };
        let output = outputs.iter().find(is_ours).ok_or("nobody of us is paid")?.clone();
        let unit = self.pay(output["address"].as_str(), output["amount"].as_u64()).await;
        self.learn(&recorded["unit"], &unit);
        Ok(())
    }

    async fn hear_answer(&mut self, talk: &mut Talk, recorded: &Value) -> Result<()> {
        let command = recorded["command"].as_str().ok_or("no command")?;
        let tag = recorded["tag"].as_str().ok_or("no tag")?;
        let (tag, params) = talk.asked.get(tag).ok_or("an answer to nothing")?.clone();
        let answer = talk.client.answered(&tag).await;
        same_kind(command, &recorded["response"], &answer["response"])?;
        match command {
            "light/get_history" => {
                self.check_history(&params, &recorded["response"], &answer["response"]).await
            }
            "light/get_parents_and_last_ball_and_witness_list_unit" => {
                let parents = Parents::from_json(&answer["response"]).map_err(|error| error.to_string())?;
                self.parents = Some(parents);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// The same units must be in it, and what it claims must be proven.
    async fn check_history(&mut self, params: &Value, recorded: &Value, here: &Value) -> Result<()> {
        let expected: BTreeSet<_> = units(&self.translated(recorded)).into_keys().collect();
        let found = units(here);
        if expected != found.keys().cloned().collect() {
            return Err(format!("units {expected:?} were recorded, these came: {:?}", found.keys()));
        }
        for (unit, mci) in units(recorded) {
            let here = self.names.get(&unit).and_then(|unit| found.get(unit).copied()).flatten();
            if let (Some(mci), Some(here)) = (mci, here) {
                self.indexes.insert(mci, here);
            }
        }
        let list = |name: &str| params[name].as_array().cloned().unwrap_or_default();
        let addresses: Vec<Address> = parsed(&list("addresses"));
        let joints: Vec<UnitHash> = parsed(&list("requested_joints"));
        let (provider, genesis) = (self.scene.devnet.order_provider(), self.scene.devnet.genesis_unit());
        let client = &mut self.scene.client;
        verified_history(client, provider, genesis, &addresses, &joints).await;
        Ok(())
    }
}

fn parsed<T: std::str::FromStr>(texts: &[Value]) -> Vec<T> {
    texts.iter().filter_map(Value::as_str).filter_map(|text| text.parse().ok()).collect()
}

/// The units of a history with their indexes.
fn units(history: &Value) -> HashMap<String, Option<u64>> {
    let joints = history["joints"].as_array().into_iter().flatten();
    let unit = |joint: &Value| {
        let unit = &joint["unit"];
        Some((unit["unit"].as_str()?.to_owned(), unit["main_chain_index"].as_u64()))
    };
    joints.filter_map(unit).collect()
}

fn same_kind(what: &str, recorded: &Value, here: &Value) -> Result<()> {
    let (expected, found) = (kind::of(recorded), kind::of(here));
    if expected == found {
        return Ok(());
    }
    Err(format!("{what} should be like\n{recorded}\nbut is\n{here}\nsince\n{expected}\nis not\n{found}"))
}
