//! `ws/*.jsonl`: units that were posted, and what the hub answered.

use std::collections::BTreeMap;

use obyte::Network;
use obyte::fee::ThresholdSize;
use obyte::validate::{Rules, structure};
use serde_json::Value;

/// What a hub said to a posted joint.
struct Posted {
    what: String,
    joint: Value,
    answer: Value,
}

fn posted(file: &str) -> Vec<Posted> {
    let (mut waiting, mut what) = (BTreeMap::new(), String::new());
    let mut posted = Vec::new();
    for line in crate::read(file).lines() {
        let event: Value = serde_json::from_str(line).expect("a line is JSON");
        if event["dir"] == "comment" {
            what = crate::text(&event, "text").to_owned();
        }
        let Some(frame) = event["frame"].as_str() else { continue };
        // What is malformed on purpose is for the client of a hub.
        let Ok(Value::Array(frame)) = serde_json::from_str::<Value>(frame) else { continue };
        let [kind, body] = frame.as_slice() else { continue };
        let tag = body["tag"].as_str().unwrap_or_default().to_owned();
        if *kind == "request" && body["command"] == "post_joint" {
            waiting.insert(tag, (what.clone(), body["params"].clone()));
        } else if *kind == "response"
            && let Some((what, joint)) = waiting.remove(&tag)
        {
            posted.push(Posted { what, joint, answer: body["response"].clone() });
        }
    }
    posted
}

const RULES: Rules = Rules { network: Network::Devnet, genesis: None, now: None };

#[test]
fn what_a_unit_alone_shows_is_refused_in_the_words_of_the_reference() {
    let mut refused = 0;
    for Posted { what, joint, answer } in posted("ws/05-post-rejected.jsonl") {
        let ours = structure(&joint, &RULES, ThresholdSize::DEFAULT);
        if let Err(invalid) = ours {
            assert_eq!(invalid.text, answer["error"], "{what}");
            refused += 1;
        }
    }
    assert!(refused > 0, "some were refused");
}

#[test]
fn what_a_hub_accepted_is_not_refused() {
    let mut accepted = 0;
    let files = [
        "ws/04-pay-accepted-until-stable.jsonl",
        "ws/05-post-rejected.jsonl",
        "ws/13-tps-fee-too-low-now.jsonl",
    ];
    for Posted { what, joint, answer } in files.into_iter().flat_map(posted) {
        if answer == "accepted" {
            structure(&joint, &RULES, ThresholdSize::DEFAULT).unwrap_or_else(|e| panic!("{what}: {e}"));
            accepted += 1;
        }
    }
    assert!(accepted > 0, "some were accepted");
}
