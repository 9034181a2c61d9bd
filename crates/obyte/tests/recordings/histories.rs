//! The histories that the reference served to our wallet.

use std::collections::BTreeMap;

use obyte::history::{Asked, HistoryError, OrderProviders, State, Trust, VerifiedHistory, verify};
use obyte::{Address, Network, UnitHash};
use serde_json::Value;

use crate::one_change::{
    self, Change, branches, changed, is_covered_by_nothing, leaves, removed, repeated, some_of_each_kind,
};
use crate::recording::{Exchange, Recording, all, parsed};

const COMMAND: &str = "light/get_history";
/// What a wallet calls fresh, in seconds; the recorded order provider is slow while nothing is posted.
const FRESH: u64 = 15 * 60;

fn check(recording: &Recording, asked: &Exchange, response: &Value) -> Result<VerifiedHistory, HistoryError> {
    let trusted = |name: &str| recording.meta[name].as_str().expect("a text");
    let provider = trusted("order_provider").parse().expect("an address");
    let addresses: Vec<Address> = parsed(&asked.params["addresses"]);
    let joints: Vec<UnitHash> = parsed(&asked.params["requested_joints"]);
    let trust = Trust {
        network: Network::Devnet,
        order_providers: &OrderProviders::new(vec![provider]).expect("a list"),
        genesis: Some(trusted("genesis_unit").parse().expect("a hash")),
        now: Some(asked.at),
    };
    verify(response, &Asked { addresses: &addresses, joints: &joints }, &trust)
}

#[test]
fn every_history_is_proven() {
    let (mut empty, mut proven) = (0, 0);
    for recording in all() {
        for asked in recording.of(COMMAND) {
            let history = check(&recording, asked, &asked.response)
                .unwrap_or_else(|error| panic!("{} at {}: {error}", recording.name, asked.at));
            if history.units.is_empty() {
                empty += 1;
            } else {
                assert!(history.is_fresh(asked.at, FRESH), "{} at {}", recording.name, asked.at);
                proven += 1;
            }
        }
    }
    assert_eq!((empty, proven), (4, 36));
}

#[test]
fn what_was_accepted_ends_final_and_good_and_what_was_refused_is_never_seen() {
    let (mut last, mut posted) = (BTreeMap::new(), BTreeMap::new());
    for recording in all() {
        for asked in &recording.exchanges {
            match asked.command.as_str() {
                COMMAND => {
                    let history = check(&recording, asked, &asked.response).expect("proven");
                    last.extend(history.units.iter().map(|unit| (unit.unit.hash(), unit.state)));
                }
                "post_joint" => {
                    let hash = asked.params["unit"]["unit"].as_str().expect("a hash");
                    let is_taken = asked.response == "accepted" || asked.response["error"] == "known";
                    posted.insert(hash.parse::<UnitHash>().expect("a hash"), is_taken);
                }
                _ => {}
            }
        }
    }
    for (hash, is_taken) in &posted {
        assert_eq!(last.get(hash), is_taken.then_some(&State::FinalGood), "{hash}");
    }
    assert_eq!(posted.values().filter(|is_taken| !**is_taken).count(), 2, "for the fee; a double spend");
    assert_eq!(posted.len(), 29);
}

/// Tries the change at each of the paths that `find` finds in the last history of each recording and in
/// the one with the most units; gives how many these were.
fn tampered(find: fn(&Value) -> Vec<String>, change: Change, may_pass: fn(&str) -> bool) -> usize {
    let mut tried = 0;
    for recording in all() {
        let count = |asked: &&Exchange| asked.response["joints"].as_array().map_or(0, Vec::len);
        let chosen = [recording.of(COMMAND).max_by_key(count), recording.of(COMMAND).last()];
        for asked in chosen.into_iter().flatten() {
            let honest = check(&recording, asked, &asked.response).expect("honest");
            for path in some_of_each_kind(find(&asked.response)) {
                let mut lie = asked.response.clone();
                change(&mut lie, &path);
                let name = format!("{}: {path}", recording.name);
                one_change::check(&name, &honest, check(&recording, asked, &lie), may_pass(&path));
                tried += 1;
            }
        }
    }
    tried
}

#[test]
fn no_changed_value_is_believed() {
    assert!(tampered(leaves, changed, is_covered_by_nothing) > 1000);
}

#[test]
fn no_missing_value_is_believed() {
    assert!(tampered(leaves, removed, is_covered_by_nothing) > 1000);
}

#[test]
fn what_is_left_out_proves_nothing() {
    assert!(tampered(branches, removed, |_| true) > 300);
}

#[test]
fn what_comes_twice_proves_nothing_more() {
    assert!(tampered(branches, repeated, |_| true) > 300);
}
