//! What is timed.

use std::hint::black_box;

use anyhow::Context;
use obyte::compose::{Coin, Parents, Payer, Payment, SignedUnit, Spend, UnsignedUnit, compose};
use obyte::fee::ThresholdSize;
use obyte::history::{Asked, OrderProviders, Trust, verify};
use obyte::unit::{CoinId, Joint, Output, hashes};
use obyte::validate::{Rules, structure};
use obyte::{Address, BallHash, Bytes, Network, SecretKey, UnitHash};
use serde_json::Value;

/// A name and what it stands for.
pub(crate) type Case = (String, Box<dyn FnMut()>);

/// As many payouts as a unit takes beside its change.
const PAYOUTS: usize = 127;

/// All cases.
pub(crate) fn all() -> anyhow::Result<Vec<Case>> {
    let mut all = addresses();
    all.extend(signing());
    for payouts in [1, PAYOUTS] {
        all.extend(units(&Wallet::new(payouts))?);
    }
    all.extend(histories()?);
    Ok(all)
}

fn case<T>(name: impl Into<String>, mut function: impl FnMut() -> T + 'static) -> Case {
    (name.into(), Box::new(move || drop(black_box(function()))))
}

fn addresses() -> Vec<Case> {
    let text = Address::of_source("an address").to_string();
    vec![
        case("address: decode and verify", move || black_box(&text).parse::<Address>()),
        case("address: of a definition's source", || Address::of_source(black_box("an address"))),
    ]
}

fn signing() -> Vec<Case> {
    let (key, hash) = (key(), [7; 32]);
    let (signature, public) = (key.sign(&hash), key.public_key());
    vec![
        case("signature: sign", move || key.sign(black_box(&hash))),
        case("signature: verify", move || public.verify(black_box(&hash), &signature)),
    ]
}

fn key() -> SecretKey {
    SecretKey::from_bytes(&[1; 32]).expect("far below the order of the curve")
}

/// All that a payment is composed from.
#[derive(Clone)]
struct Wallet {
    parents: Parents,
    payer: Payer,
    coin: Coin,
    outputs: Vec<Output>,
}

impl Wallet {
    fn new(payouts: usize) -> Self {
        let payer = Payer::new(key().public_key(), false);
        let id = CoinId { unit: UnitHash::of("anchor"), message_index: 0, output_index: 0 };
        let output = |number: usize| Output {
            address: Address::of_source(&number.to_string()),
            amount: Bytes::literal(5_000_000),
        };
        Self {
            parents: Parents {
                timestamp: 1_750_000_000,
                parent_units: vec![UnitHash::of("parent")],
                last_ball: BallHash::of("ball"),
                last_ball_unit: UnitHash::of("last ball unit"),
                last_ball_mci: 10,
                tps_fee: Bytes::literal(100),
            },
            coin: Coin { id, amount: Bytes::GBYTE, address: payer.address() },
            payer,
            outputs: (0..payouts).map(output).collect(),
        }
    }

    fn compose(&self) -> UnsignedUnit {
        let payment = Payment {
            network: Network::Livenet,
            parents: &self.parents,
            threshold: threshold(),
            payers: &[self.payer],
            mandatory: &[self.coin],
            candidates: &[],
            outputs: &self.outputs,
            spend: Spend::AsNeeded { change: self.payer.address(), least_change: Bytes::ZERO },
            notes: &[],
        };
        compose(&payment).expect("one coin pays for all")
    }

    fn sign(unit: &UnsignedUnit) -> SignedUnit {
        unit.sign(&[key()]).expect("the only key")
    }
}

fn threshold() -> ThresholdSize {
    ThresholdSize::new(10_000).expect("positive")
}

fn units(wallet: &Wallet) -> anyhow::Result<Vec<Case>> {
    let of = |what: &str| format!("unit of {} payouts: {what}", wallet.outputs.len());
    let composer = wallet.clone();
    let unsigned = wallet.compose();
    let signed = Wallet::sign(&unsigned);
    let fields = signed.unit.fields().clone();
    let joint = Joint::posting(signed.unit).to_json();
    let rules = Rules { network: Network::Livenet, genesis: None, now: Some(wallet.parents.timestamp) };
    structure(&joint, &rules, threshold()).context("the composed unit is not valid")?;
    let text = joint.to_string();
    Ok(vec![
        case(of("compose"), move || composer.compose()),
        case(of("sign, hash and print"), move || Wallet::sign(&unsigned)),
        case(of("unit hash"), move || hashes::unit_hash(&fields)),
        case(of("parse text"), move || serde_json::from_str::<Value>(black_box(&text))),
        case(of("structural validation"), move || structure(black_box(&joint), &rules, threshold())),
    ])
}

/// Histories of the reference implementation, as the tests of the protocol use them.
fn histories() -> anyhow::Result<Vec<Case>> {
    let vectors: Value =
        serde_json::from_str(include_str!("../../../../crates/obyte/tests/vectors/history.json"))?;
    let genesis = vectors["genesis_unit"].as_str().and_then(|unit| unit.parse().ok());
    let items = vectors["items"].as_array().context("history.json has no items")?;
    items.iter().map(|item| history(item, genesis)).collect()
}

fn history(item: &Value, genesis: Option<UnitHash>) -> anyhow::Result<Case> {
    let request = &item["request"];
    let addresses = parsed::<Address>(&request["addresses"]);
    let joints = parsed::<UnitHash>(&request["requested_joints"]);
    let order_providers = OrderProviders::new(parsed(&request["witnesses"]))?;
    let response = item["response"].clone();
    let verified = move || {
        let trust = Trust { network: Network::Devnet, order_providers: &order_providers, genesis, now: None };
        verify(black_box(&response), &Asked { addresses: &addresses, joints: &joints }, &trust)
    };
    let units = verified().context("a history of the reference is refused")?.units.len();
    let balls = item["response"]["proofchain_balls"].as_array().map_or(0, Vec::len);
    let kib = item["response"].to_string().len() / 1024;
    Ok(case(format!("history: verify {units} units, {balls} balls, {kib} KiB"), verified))
}

fn parsed<T: std::str::FromStr>(list: &Value) -> Vec<T> {
    let texts = list.as_array().into_iter().flatten().filter_map(Value::as_str);
    texts.filter_map(|text| text.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_can_be_run_and_has_a_name_of_its_own() {
        let cases = all().expect("the vectors are there");
        let mut names: Vec<_> = cases.iter().map(|(name, _)| name.clone()).collect();
        for (_, mut function) in cases {
            function();
        }
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), count);
    }
}
