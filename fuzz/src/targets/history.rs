//! What a hub tells about the past. The world is that of the recorded histories: whatever came in, only
//! what the reference saw there may be believed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use obyte::history::{Asked, OrderProviders, State, Trust, VerifiedHistory, verify, verify_links};
use obyte::{Address, Network, UnitHash};
use serde_json::Value;

use super::unit::repair;
use super::{check_error, json};

/// The answers that a hub of the reference gave, and what the reference made of them.
const RECORDED: &str = include_str!("../../../crates/obyte/tests/vectors/history.json");

struct World {
    genesis: Option<UnitHash>,
    order_providers: OrderProviders,
    addresses: Vec<Address>,
    /// Every state in which a unit was seen.
    states: BTreeMap<UnitHash, BTreeSet<&'static str>>,
    /// What order providers signed.
    timestamps: BTreeSet<u64>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let recorded: Value = serde_json::from_str(RECORDED).expect("the vectors are JSON");
    let items = recorded["items"].as_array().expect("a list of answers");
    let mut states: BTreeMap<UnitHash, BTreeSet<&'static str>> = BTreeMap::new();
    for row in items.iter().filter_map(|item| item["result"]["units"].as_array()).flatten() {
        let state = match (row["is_stable"] == 1, row["sequence"] == "final-bad") {
            (false, _) => "unstable",
            (true, true) => "bad",
            (true, false) => "good",
        };
        states.entry(parse(&row["unit"])).or_default().insert(state);
    }
    let requested = |name| {
        let lists = items.iter().filter_map(move |item| item["request"][name].as_array());
        lists.flatten().map(parse::<Address>).collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>()
    };
    let chains = items.iter().filter_map(|item| item["response"]["unstable_mc_joints"].as_array());
    World {
        genesis: recorded["genesis_unit"].as_str().map(|unit| unit.parse().expect("a hash")),
        order_providers: OrderProviders::new(requested("witnesses")).expect("at least one"),
        addresses: requested("addresses"),
        states,
        timestamps: chains.flatten().filter_map(|joint| joint["unit"]["timestamp"].as_u64()).collect(),
    }
});

fn parse<T: std::str::FromStr>(value: &Value) -> T {
    value.as_str().and_then(|text| text.parse().ok()).expect("the vectors are well-formed")
}

/// An answer to a request for a history, as it came and with the hashes of its units made right.
pub(super) fn history(data: &[u8]) {
    let Some(mut response) = json(data) else { return };
    if let Some(history) = judge(&response) {
        for proven in &history.units {
            assert!(WORLD.states.contains_key(&proven.unit.hash()), "a unit that nobody made was believed");
        }
    }
    repair_all(&mut response);
    judge(&response);
}

/// Verifies, and checks that nothing is taken for proven that the reference did not see.
fn judge(response: &Value) -> Option<VerifiedHistory> {
    let world = &*WORLD;
    let trust = Trust {
        network: Network::Devnet,
        order_providers: &world.order_providers,
        genesis: world.genesis,
        now: None,
    };
    let history = match verify(response, &Asked { addresses: &world.addresses, joints: &[] }, &trust) {
        Ok(history) => history,
        Err(error) => {
            check_error(error);
            return None;
        }
    };
    for proven in &history.units {
        let seen = |state| world.states.get(&proven.unit.hash()).is_some_and(|seen| seen.contains(state));
        match proven.state {
            State::FinalGood => assert!(seen("good"), "a unit was proven good that is not"),
            State::FinalBad => assert!(seen("bad"), "a unit was proven bad that is not"),
            State::Unstable => {}
        }
        assert!(proven.state == State::FinalBad || !proven.unit.is_stripped(), "stripped, and not bad");
    }
    if let Some(newest) = history.newest_order_provider_timestamp {
        assert!(world.timestamps.contains(&newest), "a time that nobody signed");
    }
    Some(history)
}

fn repair_all(response: &mut Value) {
    for list in ["joints", "unstable_mc_joints", "witness_change_and_definition_joints"] {
        let joints = response.get_mut(list).and_then(Value::as_array_mut);
        let units = joints.into_iter().flatten().filter_map(|joint| joint.get_mut("unit"));
        units.filter_map(Value::as_object_mut).for_each(repair);
    }
}

/// A chain of links from one unit to another.
pub(super) fn links(data: &[u8]) {
    let Some(chain) = json(data) else { return };
    let Some(first) = chain.pointer("/0/unit/unit").and_then(Value::as_str) else { return };
    let Ok(latest) = first.parse::<UnitHash>() else { return };
    let never = UnitHash::of("a unit that is in no past");
    assert!(verify_links(&chain, &[latest, never]).is_err(), "a link to nowhere");
    if let Some(genesis) = WORLD.genesis
        && let Err(error) = verify_links(&chain, &[latest, genesis])
    {
        check_error(error);
    }
}
