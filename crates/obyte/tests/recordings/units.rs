//! The units that our wallet posted: made and signed again, from what the hub had answered before.

use std::collections::{BTreeMap, BTreeSet};

use obyte::compose::{Coin, FirstUnit, Parents, Payer, Payment, Spend, compose, definition_needed};
use obyte::fee::ThresholdSize;
use obyte::keys::{AccountKey, Chain};
use obyte::unit::{CoinId, Output, Unit};
use obyte::validate::{Rules, authentifiers, structure};
use obyte::{Address, Bytes, Mnemonic, Network, PaymentKey};
use serde_json::{Value, json};

use crate::recording::all;

/// The wallet; nothing but its devnet ever knew it, which is gone.
const MNEMONIC: &str = "spike angry turkey hard effort glow hello laugh robot pyramid captain claim";
const PARENTS: &str = "light/get_parents_and_last_ball_and_witness_list_unit";

/// A unit as it was first posted.
struct Posted {
    json: Value,
    /// What the hub had answered to the last question for parents.
    parents: Value,
    /// What it had answered to the last question for a unit, if one was asked since then.
    first: Option<Value>,
    at: u64,
}

impl Posted {
    fn unit(&self) -> Unit {
        Unit::from_json(self.json.clone()).expect("a unit")
    }
}

/// The units in the order in which they were made. What was posted again is not made again.
fn posted() -> Vec<Posted> {
    let (mut seen, mut posted) = (BTreeSet::new(), Vec::new());
    for recording in all() {
        let (mut parents, mut first) = (Value::Null, None);
        for asked in recording.exchanges {
            match asked.command.as_str() {
                PARENTS => (parents, first) = (asked.response, None),
                "get_joint" => first = Some(asked.response),
                "post_joint" => {
                    let json = asked.params["unit"].clone();
                    if seen.insert(json["unit"].to_string()) {
                        let (parents, first) = (parents.clone(), first.clone());
                        posted.push(Posted { json, parents, first, at: asked.at });
                    }
                }
                _ => {}
            }
        }
    }
    assert_eq!(posted.len(), 29);
    posted
}

/// The outputs of everything that was posted or seen in a history.
fn coins() -> BTreeMap<CoinId, Coin> {
    let mut units: Vec<Value> = posted().into_iter().map(|posted| posted.json).collect();
    for recording in all() {
        for asked in recording.of("light/get_history") {
            let joints = asked.response["joints"].as_array().into_iter().flatten();
            units.extend(joints.map(|joint| joint["unit"].clone()));
        }
    }
    let units = units.into_iter().map(|unit| Unit::from_json(unit).expect("a unit"));
    let coin =
        |(id, output): (CoinId, Output)| (id, Coin { id, amount: output.amount, address: output.address });
    units.flat_map(|unit| unit.outputs().map(coin).collect::<Vec<_>>()).collect()
}

/// The first keys of the wallet, by their addresses.
fn keys() -> BTreeMap<Address, PaymentKey> {
    let mnemonic: Mnemonic = MNEMONIC.parse().expect("a mnemonic");
    let account = AccountKey::new(&mnemonic.to_seed(""), 0);
    let change = (0..20).map(|index| account.payment_key(Chain::Change, index));
    let keys = [account.payment_key(Chain::Receive, 0)].into_iter().chain(change);
    keys.map(|key| (key.address(), key)).collect()
}

/// The same payment of the same coins, composed and signed.
fn made_again(
    posted: &Posted,
    coins: &BTreeMap<CoinId, Coin>,
    keys: &BTreeMap<Address, PaymentKey>,
) -> String {
    let unit = posted.unit();
    let mut parents = Parents::from_json(&posted.parents).expect("an answer about parents");
    let fee = unit.tps_fee().expect("a fee");
    assert!(fee >= parents.tps_fee, "no less than the hub wants");
    parents.tps_fee = fee;
    let payers = unit.authors().iter().map(|author| {
        let key = keys.get(&author.address).expect("one of the wallet's first addresses");
        Payer::new(key.public_key(), author.definition.is_some())
    });
    let payers: Vec<_> = payers.collect();
    let inputs: Vec<_> = unit.spent_coins().map(|id| *coins.get(&id).expect("seen before")).collect();
    let outputs = || unit.outputs().map(|(_, output)| output);
    let rest = outputs().find(|output| keys.contains_key(&output.address)).expect("the change");
    let paid: Vec<_> = outputs().filter(|output| *output != rest).collect();
    let payment = Payment {
        network: Network::Devnet,
        parents: &parents,
        threshold: ThresholdSize::DEFAULT,
        payers: &payers,
        mandatory: &inputs,
        candidates: &[],
        outputs: &paid,
        spend: Spend::AsNeeded { change: rest.address, least_change: Bytes::ZERO },
        notes: &[],
    };
    let secrets: Vec<_> =
        unit.authors().iter().map(|author| keys[&author.address].secret_key().clone()).collect();
    compose(&payment).expect("it was composed").sign(&secrets).expect("all keys").json
}

#[test]
fn every_unit_is_made_again_to_the_byte() {
    let (coins, keys) = (coins(), keys());
    for posted in posted() {
        let again = made_again(&posted, &coins, &keys);
        assert_eq!(again, posted.json.to_string());
    }
}

#[test]
fn every_unit_stands_our_own_validation() {
    let keys = keys();
    for posted in posted() {
        let rules = Rules { network: Network::Devnet, genesis: None, now: Some(posted.at) };
        let joint = structure(&json!({"unit": posted.json}), &rules, ThresholdSize::DEFAULT)
            .unwrap_or_else(|invalid| panic!("{}: {invalid}", posted.json["unit"]));
        for author in joint.unit.authors() {
            authentifiers(&joint.unit, author, &keys[&author.address].definition()).expect("well signed");
        }
    }
}

#[test]
fn definitions_are_revealed_until_the_first_unit_is_below_the_last_ball() {
    let mut revealed = Vec::new();
    for posted in posted().iter().take(5) {
        let first = match &posted.first {
            None => FirstUnit::None,
            Some(answer) => match answer["joint"]["unit"]["main_chain_index"].as_u64() {
                None => FirstUnit::Unplaced,
                Some(index) => FirstUnit::At(index),
            },
        };
        let last_ball = Parents::from_json(&posted.parents).expect("an answer").last_ball_mci;
        let needed = definition_needed(first, last_ball, Network::Devnet);
        assert_eq!(posted.unit().authors()[0].definition.is_some(), needed);
        revealed.push(needed);
    }
    assert_eq!(revealed, [true, true, false, false, false]);
}
