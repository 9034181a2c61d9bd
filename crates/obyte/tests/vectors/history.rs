//! `history.json`: answers to `light/get_history`, honest and tampered with.

use std::collections::BTreeMap;

use obyte::history::{
    Asked, HistoryError, OrderProviders, ProvenUnit, State, Trust, VerifiedHistory, verify,
};
use obyte::unit::CoinId;
use obyte::{Address, Bytes, Network, UnitHash};
use serde_json::{Value, json};

/// Answers are judged the same on any day; how recent they are is a question of its own.
const NO_CLOCK: Option<u64> = None;

fn parsed<T: std::str::FromStr>(list: Option<&Value>) -> Vec<T> {
    let texts = list.and_then(Value::as_array).into_iter().flatten();
    texts.map(|text| text.as_str().and_then(|text| text.parse().ok()).expect("well-formed")).collect()
}

pub(crate) fn check(vectors: &Value, item: &Value) -> Result<VerifiedHistory, HistoryError> {
    let request = &item["request"];
    let (addresses, joints) =
        (parsed::<Address>(request.get("addresses")), parsed::<UnitHash>(request.get("requested_joints")));
    let order_providers = OrderProviders::new(parsed(request.get("witnesses"))).expect("a list");
    let trust = Trust {
        network: Network::Devnet,
        order_providers: &order_providers,
        genesis: vectors["genesis_unit"].as_str().map(|unit| unit.parse().expect("a hash")),
        now: NO_CLOCK,
    };
    verify(&item["response"], &Asked { addresses: &addresses, joints: &joints }, &trust)
}

pub(crate) fn each(kind: &str, mut test: impl FnMut(&Value, &Value, &str)) {
    let vectors = crate::load("history.json");
    for item in vectors[kind].as_array().expect("a list") {
        test(&vectors, item, item["what"].as_str().expect("a name"));
    }
}

/// The units as the reference stores them.
fn rows(units: &[ProvenUnit]) -> BTreeMap<String, (bool, &'static str, Value)> {
    let row = |proven: &ProvenUnit| {
        let is_bad = proven.state == State::FinalBad;
        (
            proven.unit.hash().to_string(),
            (
                proven.state != State::Unstable,
                if is_bad { "final-bad" } else { "good" },
                json!(proven.hints.main_chain_index),
            ),
        )
    };
    units.iter().map(row).collect()
}

fn unspent(units: &[ProvenUnit], address: &str) -> u64 {
    let good = || units.iter().filter(|proven| proven.state != State::FinalBad);
    let spent: Vec<CoinId> = good().flat_map(|proven| proven.unit.spent_coins()).collect();
    let outputs = good().flat_map(|proven| proven.unit.outputs());
    let own = outputs.filter(|(coin, output)| output.address.as_str() == address && !spent.contains(coin));
    own.map(|(_, output)| Bytes::get(output.amount)).sum()
}

#[test]
fn honest_histories_tell_what_the_reference_makes_of_them() {
    each("items", |vectors, item, name| {
        let history = check(vectors, item).unwrap_or_else(|error| panic!("{name}: {error}"));
        let result = &item["result"];
        let listed = result.get("units").and_then(Value::as_array).into_iter().flatten();
        let expected: BTreeMap<_, _> = listed
            .map(|row| {
                let sequence = if row["sequence"] == "final-bad" { "final-bad" } else { "good" };
                let unit = row["unit"].as_str().expect("a hash").to_owned();
                (unit, (row["is_stable"] == 1, sequence, row["main_chain_index"].clone()))
            })
            .collect();
        assert_eq!(rows(&history.units), expected, "{name}");
        let balances = result.get("unspent_bytes_by_address").and_then(Value::as_array);
        for balance in balances.into_iter().flatten() {
            let address = balance["address"].as_str().expect("an address");
            assert_eq!(unspent(&history.units, address), balance["unspent"], "{name}: {address}");
        }
    });
}

#[test]
fn an_empty_answer_says_that_nothing_is_new() {
    let vectors = crate::load("history.json");
    let item = json!({"request": vectors["items"][0]["request"], "response": {}});
    let history = check(&vectors, &item).expect("a hub may always say so");
    assert_eq!(history, VerifiedHistory::default());
    assert!(!history.is_fresh(0, u64::MAX), "what has no proof is not fresh");
}

#[test]
fn freshness_is_measured_by_what_order_providers_signed() {
    each("items", |vectors, item, name| {
        let history = check(vectors, item).expect("honest");
        let Some(newest) = history.newest_order_provider_timestamp else { return };
        let signed = item["response"]["unstable_mc_joints"].as_array().expect("a list").iter();
        let timestamps = signed.filter(|joint| {
            let authors = joint["unit"]["authors"].as_array().expect("authors");
            authors.iter().any(|author| author["address"] == item["request"]["witnesses"][0])
        });
        let newest_signed = timestamps.filter_map(|joint| joint["unit"]["timestamp"].as_u64()).max();
        assert_eq!(Some(newest), newest_signed, "{name}");
        assert!(history.is_fresh(newest + 600, 600), "{name}");
        assert!(!history.is_fresh(newest + 601, 600), "{name}");
    });
}

#[test]
fn tampered_histories_are_refused() {
    each("tampered", |vectors, item, name| {
        assert!(check(vectors, item).is_err(), "{name}");
    });
}

/// What nothing proves is taken as the hub says it, or refused; it never turns into a proof. A changed
/// main chain index stays a hint, and a unit that is left out or whose proof is cut stays unknown or
/// unstable, as in the reference.
#[test]
fn what_the_reference_tolerates_never_proves_more_than_it_shows() {
    each("tolerated", |vectors, item, name| {
        let Ok(history) = check(vectors, item) else { return };
        let result = &item["result"];
        let listed: BTreeMap<_, _> = result["units"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|row| (row["unit"].as_str().expect("a hash").to_owned(), row["is_stable"] == 1))
            .collect();
        for proven in &history.units {
            let is_stable = listed.get(proven.unit.hash().as_str()).copied();
            assert_eq!(is_stable, Some(proven.state != State::Unstable), "{name}");
        }
    });
}

#[test]
fn a_unit_that_was_not_asked_for_is_refused() {
    each("items", |vectors, item, name| {
        let mut other = item.clone();
        other["request"]["addresses"] = json!(["LBFE3LOJHOH24Y4J54RR6GDM3KVL2PWJ"]);
        other["request"].as_object_mut().expect("a request").remove("requested_joints");
        if item["response"].get("joints").is_some() {
            let refused = check(vectors, &other);
            assert!(matches!(refused, Err(HistoryError::NotAskedFor(_))), "{name}: {refused:?}");
        }
    });
}

#[test]
fn a_unit_that_is_there_twice_is_refused() {
    each("items", |vectors, item, name| {
        let mut twice = item.clone();
        if let Some(joints) = twice["response"].get_mut("joints").and_then(Value::as_array_mut) {
            joints.push(joints[0].clone());
            assert!(matches!(check(vectors, &twice), Err(HistoryError::Duplicate(_))), "{name}");
        }
    });
}
