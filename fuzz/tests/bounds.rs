//! Inputs that are hostile by size: they end soon, in an error, and in bounded memory.
//!
//! Processor time is measured, since it does not depend on what else runs; its bounds are far above what
//! these take without optimisation, and far below what a quadratic reader would take.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fuzz::{cost, monsters, target};
use obyte::history::{Asked, OrderProviders, Trust, verify};
use obyte::{Address, Network};
use serde_json::{Value, json};

/// Memory is counted for the whole process, so that one test runs at a time.
static ALONE: Mutex<()> = Mutex::new(());

const MEBIBYTE: u64 = 1024 * 1024;

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs targets on an input, each within the bounds.
fn bounded(targets: &[&str], input: &str, time: Duration, memory: u64) {
    for name in targets {
        let target = target(name).expect("a target");
        let (((), took), grown) = cost::weighed(|| cost::timed(|| (target.run)(input.as_bytes())));
        let start = &input[..20];
        assert!(took <= time, "{name} took {} ms for {start}...", took.as_millis());
        assert!(grown <= memory, "{name} took {} MiB for {start}...", grown / MEBIBYTE);
    }
}

/// Whatever a hub can send in one message.
const HUB: [&str; 6] = ["unit", "history", "links", "frame", "answer", "refusal"];
/// All that read JSON.
const JSON: [&str; 13] = [
    "unit",
    "history",
    "links",
    "definition",
    "login",
    "canonical",
    "frame",
    "answer",
    "body",
    "purchase",
    "purchase_answer",
    "wallet_file",
    "config",
];

#[test]
fn brackets_without_end_are_refused() {
    let _alone = alone();
    let abyss = monsters::abyss(monsters::MESSAGE_MAX);
    bounded(&HUB, &abyss, Duration::from_secs(20), 4 * 64 * MEBIBYTE);
}

#[test]
fn depth_cannot_exhaust_the_stack() {
    let _alone = alone();
    for depth in [100, 127, 128, 100_000] {
        bounded(&JSON, &monsters::well(depth), Duration::from_secs(5), 64 * MEBIBYTE);
    }
}

#[test]
fn a_million_keys_are_read_or_refused() {
    let _alone = alone();
    bounded(
        &["history", "links", "frame"],
        &monsters::keys(1_000_000),
        Duration::from_secs(20),
        512 * MEBIBYTE,
    );
    bounded(&HUB, &monsters::keys(200_000), Duration::from_secs(5), 128 * MEBIBYTE);
    bounded(&JSON, &monsters::keys(50_000), Duration::from_secs(5), 64 * MEBIBYTE);
}

#[test]
fn a_million_times_the_same_key_is_one_key() {
    let _alone = alone();
    bounded(
        &["history", "links", "frame"],
        &monsters::same_key(1_000_000),
        Duration::from_secs(20),
        64 * MEBIBYTE,
    );
    bounded(&HUB, &monsters::same_key(200_000), Duration::from_secs(5), 64 * MEBIBYTE);
    bounded(&JSON, &monsters::same_key(50_000), Duration::from_secs(5), 64 * MEBIBYTE);
}

/// Text that would take eighty times its length as values.
#[test]
fn crumbs_cannot_fill_the_memory() {
    let _alone = alone();
    let crumbs = monsters::crumbs(monsters::MESSAGE_MAX / 4);
    bounded(&["answer"], &crumbs, Duration::from_secs(30), 256 * MEBIBYTE);
}

#[test]
fn a_number_of_a_million_digits_is_read_or_refused() {
    let _alone = alone();
    let number = monsters::digits(1_000_000);
    let values = [number.clone(), format!("{{\"unit\":{number}}}"), format!("[\"response\",{number}]")];
    for input in values {
        bounded(&JSON, &input, Duration::from_secs(5), 64 * MEBIBYTE);
        bounded(&["money", "uri", "ids", "mnemonic"], &input, Duration::from_secs(5), 64 * MEBIBYTE);
    }
}

/// An input of a size.
type Shape<'a> = &'a dyn Fn(usize) -> String;

/// Twice as much work for twice as much input, and not four times.
#[test]
fn the_work_grows_no_faster_than_the_input() {
    let _alone = alone();
    let assets = |count: usize| {
        let address = "QZAB2MYRLRVUNITTOOCF5ZE3AG4TCJDD";
        let asset = |number: usize| obyte::UnitHash::of(&number.to_string()).to_string().replace('+', "%2B");
        let more =
            |number: usize| format!("&amount{number}=1&asset{number}={}", asset(number).replace('=', "%3D"));
        format!("obyte:{address}?amount=1{}", (2..count).map(more).collect::<String>())
    };
    let parts = |count: usize| {
        let part = "--b\r\nContent-Disposition: form-data; name=\"order_id\"\r\n\r\nx\r\n";
        format!("multipart/form-data; boundary=b\n{}--b--", part.repeat(count))
    };
    let boundaries = |count: usize| {
        let boundary = "-".repeat(count);
        format!(
            "multipart/form-data; boundary={boundary}\n--{boundary}\n{}",
            format!("\n--{boundary}").repeat(40)
        )
    };
    let fields = |count: usize| "order_id=%41+&".repeat(count);
    let at_signs = |count: usize| format!("{}@x.org", "a@".repeat(count));
    let words = |count: usize| "abandon ".repeat(count);
    let shapes: [(&str, Shape<'_>, usize); 6] = [
        ("uri", &assets, 2_000),
        ("body", &parts, 5_000),
        ("body", &boundaries, 20_000),
        ("purchase", &fields, 20_000),
        ("recipient", &at_signs, 200_000),
        ("mnemonic", &words, 50_000),
    ];
    for (name, shape, count) in shapes {
        let run = target(name).expect("a target").run;
        let time = |input: String| cost::timed(|| run(input.as_bytes())).1;
        let (small, large) = (time(shape(count)), time(shape(8 * count)));
        // Eight times the input: linear work takes 8 times as long, quadratic work 64 times.
        let bound = small.max(Duration::from_millis(5)) * 24;
        assert!(large <= bound, "{name}: {} ms became {} ms", small.as_millis(), large.as_millis());
    }
}

fn judged(response: &Value) -> String {
    let order_providers = OrderProviders::new(vec![Address::of_source("s\0somebody")]).expect("one");
    let trust =
        Trust { network: Network::Devnet, order_providers: &order_providers, genesis: None, now: None };
    verify(response, &Asked::default(), &trust).expect_err("nobody signed it").to_string()
}

#[test]
fn a_hundred_thousand_joints_are_refused() {
    let _alone = alone();
    let joint = json!({"unit": {"unit": "x", "authors": [{"address": "y"}], "parent_units": ["z"]}});
    let many = vec![joint; 100_000];
    for list in [
        "joints",
        "unstable_mc_joints",
        "witness_change_and_definition_joints",
        "proofchain_balls",
        "aa_responses",
    ] {
        let mut response = json!({"joints": [{}], "unstable_mc_joints": [{}]});
        response[list] = json!(many);
        let (error, took) = cost::timed(|| judged(&response));
        assert!(took <= Duration::from_secs(5), "{list}: {} ms", took.as_millis());
        assert!(error.len() < 1000, "{error}");
    }
}

/// Units whose hashes are right, each the parent of the one before, by nobody that counts.
#[test]
fn a_long_chain_of_strangers_is_work_once_for_each() {
    let _alone = alone();
    let chain = |count: usize| {
        let hash = obyte::UnitHash::of("the first");
        let mut parent = hash;
        let mut joints: Vec<Value> = (0..count)
            .map(|number| {
                let mut unit = json!({
                    "version": "4.0dev", "alt": "3", "timestamp": number, "parent_units": [parent],
                    "authors": [{"address": Address::of_source("s\0stranger"), "authentifiers": {"r": "-"}}],
                    "last_ball_unit": hash, "last_ball": hash,
                    "messages": [{"app": "text", "payload_location": "none", "payload_hash": hash}],
                });
                let fields = unit.as_object().expect("an object");
                parent = obyte::unit::hashes::unit_hash(fields).expect("canonical");
                unit["unit"] = json!(parent);
                json!({"unit": unit})
            })
            .collect();
        joints.reverse();
        json!({"joints": [{}], "unstable_mc_joints": joints})
    };
    let time = |count| {
        let response = chain(count);
        let (error, took) = cost::timed(|| judged(&response));
        assert!(error.starts_with("only 0 of the needed 1"), "{error}");
        took
    };
    let (small, large) = (time(500), time(4_000));
    assert!(large <= small * 24, "{} ms became {} ms", small.as_millis(), large.as_millis());
}

#[test]
fn what_json_cannot_say_is_refused() {
    let _alone = alone();
    for bad in [
        r#"{"unit":1e400}"#,
        r#"{"unit":-1e400}"#,
        r#"{"unit":"\ud800"}"#,
        r#"{"unit":"\udc00\ud800"}"#,
        r#"{"\ud800":1}"#,
        r#"{"unit":NaN}"#,
        r#"{"unit":01}"#,
        "{\"unit\":\"\u{1}\"}",
    ] {
        assert!(serde_json::from_str::<Value>(bad).is_err(), "{bad}");
        let answer = format!(r#"["response",{{"tag":"t","response":{bad}}}]"#);
        if let Ok(obyte_hub::fuzzing::Heard::Answered(Some(json))) = obyte_hub::fuzzing::message(&answer) {
            assert!(!obyte_hub::fuzzing::answer(&json).is_empty(), "{bad} is no answer");
        }
    }
}

/// As in JavaScript the last of two fields counts, also where hashes are made: there is no second reading.
#[test]
fn of_two_fields_the_last_is_hashed_and_read() {
    let _alone = alone();
    let joint = include_str!("../seeds/unit/headless-obyte-light-wallet-payment");
    let honest: Value = serde_json::from_str(joint).expect("a seed is JSON");
    let read = obyte::Joint::from_json(honest.clone()).expect("honest");
    let (before, behind) = joint.split_once("\"timestamp\":").expect("a unit has one");
    let first = format!("{before}\"timestamp\":1,\"timestamp\":{behind}");
    let again: Value = serde_json::from_str(&first).expect("JSON");
    assert_eq!(obyte::Joint::from_json(again), Ok(read));
    let last = first.replacen("\"timestamp\":1,", "", 1).replacen("\"alt\":", "\"timestamp\":1,\"alt\":", 1);
    let moved: Value = serde_json::from_str(&last).expect("JSON");
    let timestamp = &moved["unit"]["timestamp"];
    assert_eq!(obyte::Joint::from_json(moved.clone()).is_ok(), *timestamp == honest["unit"]["timestamp"]);
}
