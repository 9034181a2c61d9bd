//! The rules that a unit alone shows: each is broken once, and named in the words of the network.

use obyte::compose::{Coin, Note, Parents, Payer, Payment, Spend, compose};
use obyte::definition::Definition;
use obyte::fee::ThresholdSize;
use obyte::unit::{CoinId, Joint, Output, Unit, hashes};
use obyte::validate::{Class, Invalid, Rules, balance, structure};
use obyte::{Address, BallHash, Bytes, Network, SecretKey, UnitHash, size};
use serde_json::{Map, Value, json};

const RULES: Rules = Rules { network: Network::Testnet, genesis: None, now: Some(1_750_000_000) };

fn key(number: u8) -> SecretKey {
    SecretKey::from_bytes(&[number; 32]).expect("far below the order of the curve")
}

fn address(number: u8) -> Address {
    Definition::single_sig(key(number).public_key()).chash()
}

/// A valid unit of `authors`, with a text, and three outputs.
fn valid(authors: u8) -> Value {
    let mut parent_units = vec![UnitHash::of("a"), UnitHash::of("b")];
    parent_units.sort_unstable();
    let parents = Parents {
        timestamp: 1_750_000_000,
        parent_units,
        last_ball: BallHash::of("ball"),
        last_ball_unit: UnitHash::of("unit"),
        last_ball_mci: 10,
        tps_fee: Bytes::literal(5),
    };
    let payers: Vec<_> = (1..=authors).map(|number| Payer::new(key(number).public_key(), true)).collect();
    let coin = |number: u8| Coin {
        id: CoinId { unit: UnitHash::of(&number.to_string()), message_index: 0, output_index: 0 },
        amount: Bytes::literal(1_000_000),
        address: address(number),
    };
    let coins: Vec<_> = (1..=authors).map(coin).collect();
    let output = |number, amount| Output { address: address(number), amount: Bytes::literal(amount) };
    let unsigned = compose(&Payment {
        network: RULES.network,
        parents: &parents,
        threshold: ThresholdSize::DEFAULT,
        payers: &payers,
        mandatory: &coins,
        candidates: &[],
        outputs: &[output(8, 10), output(8, 20)],
        spend: Spend::AsNeeded { change: address(9), least_change: Bytes::ZERO },
        notes: &[Note { app: "text".into(), payload: json!("hi") }],
    });
    let keys: Vec<_> = (1..=authors).map(key).collect();
    let signed = unsigned.expect("enough").sign(&keys).expect("all keys");
    Joint::posting(signed.unit).to_json()
}

fn fields(unit: &Value) -> &Map<String, Value> {
    unit.as_object().expect("a unit")
}

/// Makes everything right that follows from the rest: payload hashes, sizes, unit hash.
fn settle(joint: &mut Value) {
    let unit = &mut joint["unit"];
    for message in unit["messages"].as_array_mut().into_iter().flatten() {
        if let Some(payload) = message.get("payload")
            && let Ok(source) = obyte::canonical::json_source_string(payload)
        {
            message["payload_hash"] = json!(obyte::hash::sha256_base64(&source));
        }
    }
    unit["headers_commission"] = json!(size::headers_size(fields(unit)));
    unit["payload_commission"] = json!(size::payload_size(fields(unit)));
    rehash(joint);
}

fn rehash(joint: &mut Value) {
    if let Ok(hash) = hashes::unit_hash(fields(&joint["unit"])) {
        joint["unit"]["unit"] = json!(hash);
    }
}

/// Where the threshold is so high that no unit here is large.
fn judge(joint: &Value) -> Result<Joint, Invalid> {
    structure(joint, &RULES, ThresholdSize::new(1_000_000).expect("positive"))
}

#[track_caller]
fn refused(joint: &Value, class: Class, text: &str) {
    let invalid = judge(joint).expect_err(text);
    assert!(invalid.text.starts_with(text), "{} is not {text}", invalid.text);
    assert_eq!(invalid.class, class, "{text}");
}

/// A change, and the text that it is refused with.
type Case = (&'static str, fn(&mut Value));

/// What the unit hash covers: everything else is made right again.
#[track_caller]
fn each(authors: u8, class: Class, cases: &[Case]) {
    let joint = valid(authors);
    assert_eq!(judge(&joint).err(), None, "it is valid at first");
    for (text, change) in cases {
        let mut broken = joint.clone();
        change(&mut broken["unit"]);
        settle(&mut broken);
        refused(&broken, class, text);
    }
}

fn outputs(unit: &mut Value) -> &mut Vec<Value> {
    unit["messages"][1]["payload"]["outputs"].as_array_mut().expect("outputs")
}

fn inputs(unit: &mut Value) -> &mut Vec<Value> {
    unit["messages"][1]["payload"]["inputs"].as_array_mut().expect("inputs")
}

fn drop_field(object: &mut Value, field: &str) {
    object.as_object_mut().expect("an object").remove(field);
}

#[test]
fn headers_are_judged() {
    each(
        1,
        Class::Unit,
        &[
            ("unknown fields in unit", |unit| unit["extra"] = json!(1)),
            ("bad tps_fee", |unit| unit["tps_fee"] = json!(1.5)),
            ("bad burn_fee", |unit| unit["burn_fee"] = json!(0)),
            ("bad max_aa_responses", |unit| unit["max_aa_responses"] = json!("1")),
            ("no tps_fee field", |unit| drop_field(unit, "tps_fee")),
            ("wrong version", |unit| unit["version"] = json!("4.0")),
            ("wrong alt", |unit| unit["alt"] = json!("1")),
            ("timestamp required in version 4.0t", |unit| unit["timestamp"] = json!(0)),
            ("missing or empty parent units array", |unit| unit["parent_units"] = json!({"a": 1})),
            ("wrong length of parent unit", |unit| unit["parent_units"][0] = json!("x")),
            ("parent units not ordered", |unit| {
                unit["parent_units"].as_array_mut().expect("parents").reverse()
            }),
            ("too many parents: 17", |unit| {
                unit["parent_units"] = (0..17).map(|n| json!(UnitHash::of(&n.to_string()))).collect();
            }),
            ("wrong length of last ball unit", |unit| unit["last_ball_unit"] = json!("x")),
            ("wrong length of last ball", |unit| unit["last_ball"] = json!("x")),
            ("ambiguous witnesses", |unit| {
                unit["witnesses"] = json!(["a"]);
                unit["witness_list_unit"] = json!("b");
            }),
            ("should have no per-unit witnesses since version 4.0", |unit| unit["witnesses"] = json!(["a"])),
            ("should have no witness_list_unit since version 4.0", |unit| {
                unit["witness_list_unit"] = json!("a")
            }),
        ],
    );
}

#[test]
fn authors_are_judged() {
    each(
        1,
        Class::Unit,
        &[
            ("invalid author address", |unit| unit["authors"][0]["address"] = json!("A")),
            ("unknown fields in author", |unit| unit["authors"][0]["extra"] = json!(1)),
            ("authentifiers must be nonempty strings", |unit| {
                unit["authors"][0]["authentifiers"]["r"] = json!("")
            }),
            ("authentifiers must be nonempty strings", |unit| {
                unit["authors"][0]["authentifiers"]["r"] = json!(1)
            }),
            ("authentifier too long", |unit| {
                unit["authors"][0]["authentifiers"]["r"] = json!("x".repeat(4097));
            }),
            ("bad type of definition", |unit| unit["authors"][0]["definition"] = json!("sig")),
            ("AA cannot be defined in authors", |unit| {
                unit["authors"][0]["definition"] = json!(["autonomous agent", {"a": 1}]);
            }),
        ],
    );
    each(
        2,
        Class::Unit,
        &[
            ("author addresses not sorted", |unit| {
                unit["authors"].as_array_mut().expect("authors").reverse()
            }),
            ("author addresses not sorted", |unit| unit["authors"][1] = unit["authors"][0].clone()),
            ("too many authors", |unit| {
                let author = unit["authors"][0].clone();
                unit["authors"] = std::iter::repeat_n(author, 17).collect();
            }),
            ("no authentifiers", |unit| drop_field(&mut unit["authors"][1], "authentifiers")),
        ],
    );
}

#[test]
fn recipients_are_judged() {
    const FIELD: &str = "earned_headers_commission_recipients";
    each(
        2,
        Class::Unit,
        &[
            ("must specify earned_headers_commission_recipients when more than 1 author", |unit| {
                drop_field(unit, FIELD);
            }),
            ("earned_headers_commission_share must be positive integer", |unit| {
                unit[FIELD][0]["earned_headers_commission_share"] = json!(0);
            }),
            ("unknown fields in recipient", |unit| unit[FIELD][0]["extra"] = json!(1)),
            ("invalid recipient address checksum", |unit| unit[FIELD][0]["address"] = json!("A")),
            ("recipient list must be sorted by address", |unit| {
                unit[FIELD] = json!([unit[FIELD][0], unit[FIELD][0]]);
            }),
            ("sum of earned_headers_commission_share is not 100", |unit| {
                unit[FIELD][0]["earned_headers_commission_share"] = json!(99);
            }),
            ("sum of earned_headers_commission_share is not 100", |unit| {
                unit[FIELD][0]["earned_headers_commission_share"] = json!(300);
            }),
        ],
    );
}

#[test]
fn messages_are_judged() {
    each(
        1,
        Class::Unit,
        &[
            ("missing or empty messages array", |unit| unit["messages"] = json!("none")),
            ("too many messages", |unit| {
                let message = unit["messages"][0].clone();
                unit["messages"].as_array_mut().expect("messages").extend(std::iter::repeat_n(message, 127));
            }),
            ("all messages must be non-empty objects", |unit| unit["messages"][0] = json!("text")),
            ("bad payload_location", |unit| drop_field(&mut unit["messages"][0], "payload_location")),
            ("invalid payload_location: here", |unit| {
                unit["messages"][0]["payload_location"] = json!("here")
            }),
            ("wrong payload hash size", |unit| {
                drop_field(&mut unit["messages"][0], "payload");
                unit["messages"][0]["payload_hash"] = json!("x");
            }),
            ("no app", |unit| drop_field(&mut unit["messages"][0], "app")),
            ("unknown fields in message", |unit| unit["messages"][0]["extra"] = json!(1)),
            ("unknown app: sing", |unit| unit["messages"][0]["app"] = json!("sing")),
            ("no base payment message", |unit| {
                unit["messages"][1]["payload"]["asset"] = json!(UnitHash::of("asset"));
            }),
            ("can have only one base payment", |unit| unit["messages"][0] = unit["messages"][1].clone()),
            ("spend proofs in non-payment message", |unit| unit["messages"][0]["spend_proofs"] = json!([1])),
            ("spend proofs in message with payload", |unit| unit["messages"][1]["spend_proofs"] = json!([1])),
        ],
    );
}

#[test]
fn payloads_of_applications_are_judged() {
    let cases = [
        ("text", json!({"a": 1}), "payload must be string"),
        ("data", json!("a"), "data payload must be object"),
        ("profile", json!("a"), "profile payload must be object"),
        ("data_feed", json!("a"), "data feed payload must be non-empty object"),
        ("data_feed", json!({"a": 1.5}), "fractional numbers not allowed in data feeds"),
        ("data_feed", json!({"a": true}), "data feed a must be string or number"),
        ("data_feed", json!({"a": "x".repeat(65)}), "data feed value too long"),
        ("poll", json!({"question": " a", "choices": ["b"]}), "question must be trimmed"),
        ("poll", json!({"question": "a", "choices": ["b", "b"]}), "all choices must be different"),
        ("vote", json!({"unit": "a", "choice": "b"}), "invalid unit in vote"),
        ("attestation", json!({"address": "a", "profile": {"b": 1}}), "attesting an invalid address"),
        ("address_definition_change", json!({"definition_chash": "a"}), "bad new definition_chash"),
        (
            "system_vote",
            json!({"subject": "tps_interval", "value": 0.01}),
            "tps_interval must be at least 0.1",
        ),
        (
            "system_vote",
            json!({"subject": "threshold_size", "value": 999}),
            "threshold_size must be at least 1000",
        ),
        ("system_vote_count", json!("weather"), "unknown subject in vote count"),
        ("definition_template", json!([1]), "definition_template payload must be array of two elements"),
        ("definition", json!({"address": "a", "definition": ["sig"]}), "definition doesn't match the chash"),
        ("temp_data", json!({"data_length": 0, "data_hash": "a"}), "bad data_length"),
    ];
    for (app, payload, text) in cases {
        let mut joint = valid(1);
        joint["unit"]["messages"][0]["app"] = json!(app);
        joint["unit"]["messages"][0]["payload"] = payload;
        settle(&mut joint);
        refused(&joint, Class::Unit, text);
    }
}

#[test]
fn outputs_are_judged() {
    each(
        1,
        Class::Unit,
        &[
            ("invalid payment message", |unit| outputs(unit)[0]["amount"] = json!(0)),
            ("invalid payment message", |unit| outputs(unit)[0]["amount"] = json!(1.5)),
            ("invalid payment message", |unit| outputs(unit)[0]["amount"] = json!("1")),
            ("invalid payment message", |unit| outputs(unit)[0]["address"] = json!("A")),
            ("unknown fields in payment output", |unit| outputs(unit)[0]["extra"] = json!(1)),
            ("public output must not have blinding", |unit| outputs(unit)[0]["blinding"] = json!("x")),
            ("output too large: 9000000000000001", |unit| {
                outputs(unit)[0]["amount"] = json!(9_000_000_000_000_001u64);
            }),
            ("total output too large", |unit| {
                for output in outputs(unit) {
                    output["amount"] = json!(9_000_000_000_000_000u64);
                }
            }),
            ("output addresses not sorted", |unit| outputs(unit).rotate_left(1)),
            ("too many outputs", |unit| {
                let output = outputs(unit)[2].clone();
                outputs(unit).extend(std::iter::repeat_n(output, 126));
            }),
        ],
    );
}

#[test]
fn of_one_address_smaller_outputs_come_first() {
    let mut joint = valid(1);
    let twice = outputs(&mut joint["unit"]);
    let first = twice.iter().position(|output| output["amount"] == 10).expect("it was asked for");
    assert_eq!(twice[first + 1]["amount"], 20);
    twice.swap(first, first + 1);
    settle(&mut joint);
    refused(&joint, Class::Unit, "output amounts for same address not sorted");
}

#[test]
fn inputs_are_judged() {
    each(
        1,
        Class::Unit,
        &[
            ("invalid payment message", |unit| inputs(unit)[0]["type"] = json!("transfer")),
            ("unknown fields in payment input", |unit| inputs(unit)[0]["amount"] = json!(1)),
            ("wrong unit length in payment input", |unit| inputs(unit)[0]["unit"] = json!("x")),
            ("no message_index in payment input", |unit| inputs(unit)[0]["message_index"] = json!(-1)),
            ("no output_index in payment input", |unit| drop_field(&mut inputs(unit)[0], "output_index")),
            ("input base-", |unit| inputs(unit).extend(valid_input())),
            ("too many inputs", |unit| {
                let input = inputs(unit)[0].clone();
                inputs(unit).extend(std::iter::repeat_n(input, 128));
            }),
            ("issue must come first", |unit| inputs(unit).push(json!({"type": "issue"}))),
            ("only genesis can issue base asset", |unit| {
                inputs(unit).insert(0, json!({"type": "issue", "amount": 1, "serial_number": 1}));
            }),
            ("all transfers must come before hc and witnessings", |unit| {
                inputs(unit).insert(0, earnings("witnessing"))
            }),
            ("all headers commissions must come before witnessings", |unit| {
                inputs(unit).extend([earnings("witnessing"), earnings("headers_commission")]);
            }),
            ("input witnessing-", |unit| {
                inputs(unit).extend([earnings("witnessing"), earnings("witnessing")])
            }),
            ("from_main_chain_index > input.to_main_chain_index", |unit| {
                let mut backwards = earnings("witnessing");
                backwards["from_main_chain_index"] = json!(9);
                inputs(unit).push(backwards);
            }),
        ],
    );
}

/// The coin that the valid unit spends.
fn valid_input() -> Option<Value> {
    Some(valid(1)["unit"]["messages"][1]["payload"]["inputs"][0].clone())
}

fn earnings(kind: &str) -> Value {
    json!({"type": kind, "from_main_chain_index": 1, "to_main_chain_index": 2})
}

#[test]
fn what_may_be_taken_later_is_transient() {
    each(
        1,
        Class::Transient,
        &[
            ("timestamp is too far into the future", |unit| unit["timestamp"] = json!(1_750_000_006)),
            ("version is too old", |unit| unit["version"] = json!("3.0t")),
            ("max_aa_responses too large", |unit| unit["max_aa_responses"] = json!(11)),
            ("max_aa_responses=0 not allowed in new units", |unit| unit["max_aa_responses"] = json!(0)),
            ("possible AA", |unit| drop_field(&mut unit["authors"][0], "authentifiers")),
            ("data not found in temp_data", |unit| {
                unit["messages"][0]["app"] = json!("temp_data");
                unit["messages"][0]["payload"] = json!({"data_length": 4, "data_hash": UnitHash::of("data")});
            }),
        ],
    );
    let mut joint = valid(1);
    joint["unit"]["timestamp"] = json!(1_750_000_005);
    settle(&mut joint);
    assert_eq!(judge(&joint).err(), None, "five seconds are tolerated");
}

/// What the unit hash does not cover would get the poster blocked on livenet.
#[test]
fn what_the_unit_hash_does_not_cover_is_a_joint_error() {
    let cases: [Case; 11] = [
        ("wrong unit hash", |joint| joint["unit"]["timestamp"] = json!(1)),
        ("wrong unit length", |joint| joint["unit"]["unit"] = json!("x")),
        ("no headers_commission", |joint| drop_field(&mut joint["unit"], "headers_commission")),
        ("no payload_commission", |joint| joint["unit"]["payload_commission"] = json!("x")),
        ("wrong headers commission, expected", |joint| joint["unit"]["headers_commission"] = json!(1)),
        ("wrong payload commission, unit", |joint| joint["unit"]["payload_commission"] = json!(1)),
        ("bad oversize_fee", |joint| joint["unit"]["oversize_fee"] = json!(0)),
        ("zero oversize fee should be omitted", |joint| joint["unit"]["oversize_fee"] = json!(1)),
        ("wrong payload hash: expected", |joint| joint["unit"]["messages"][0]["payload"] = json!("ho")),
        ("missing payload", |joint| drop_field(&mut joint["unit"]["messages"][0], "payload")),
        ("unknown fields in unit-joint", |joint| joint["extra"] = json!(1)),
    ];
    for (text, change) in cases {
        let mut joint = valid(1);
        change(&mut joint);
        refused(&joint, Class::Joint, text);
    }
    let mut nul = valid(1);
    nul["unit"]["messages"][0]["payload"] = json!("a\0b");
    settle(&mut nul);
    refused(&nul, Class::Joint, "unit contains invalid string");
}

#[test]
fn what_is_no_unit_is_refused_before_it_is_judged() {
    for nothing in
        [json!(null), json!({}), json!({"unit": 1}), json!({"unit": {}}), json!({"unit": {"unit": ""}})]
    {
        refused(&nothing, Class::Request, "no unit");
    }
    let mut stable = valid(1);
    stable["ball"] = json!(BallHash::of("ball"));
    refused(&stable, Class::Request, "no ball via post_joint");
    let mut deep = json!(1);
    for _ in 0..200 {
        deep = json!([deep]);
    }
    let mut nested = valid(1);
    nested["unit"]["messages"][0]["payload"] = deep;
    refused(&nested, Class::Request, "joint is too deeply nested or has too many nodes");
}

#[test]
fn the_oversize_fee_is_exact() {
    let mut joint = valid(1);
    joint["unit"]["messages"][0]["payload"] = json!("x".repeat(12_000));
    settle(&mut joint);
    let judge = |joint: &Value| structure(joint, &RULES, ThresholdSize::DEFAULT);
    let invalid = judge(&joint).expect_err("it is large");
    assert!(invalid.text.starts_with("oversize_fee mismatch: expected "), "{invalid}");
    assert!(invalid.text.ends_with(", found undefined"), "{invalid}");
    assert_eq!(invalid.class, Class::Joint);
    let fee = invalid.text.split(' ').nth(3).and_then(|fee| fee.trim_end_matches(',').parse::<u64>().ok());
    let fee = fee.expect("a fee");
    joint["unit"]["oversize_fee"] = json!(fee);
    assert_eq!(judge(&joint).err(), None);
    joint["unit"]["oversize_fee"] = json!(fee - 1);
    assert!(judge(&joint).is_err());
}

#[test]
fn hub_added_fields_change_nothing() {
    let joint = valid(1);
    let mut with_hints = joint.clone();
    with_hints["unit"]["main_chain_index"] = json!(7);
    with_hints["unit"]["actual_tps_fee"] = json!(null);
    let judged = judge(&with_hints).expect("valid");
    assert_eq!(judged.unit, Unit::from_json(joint["unit"].clone()).expect("valid"));
    assert_eq!(judged.hints.main_chain_index, Some(7));
}

#[test]
fn inputs_must_equal_outputs_and_fees() {
    let unit = judge(&valid(1)).expect("valid").unit;
    assert_eq!(balance(&unit, [Bytes::literal(1_000_000)]), Ok(()));
    let invalid = balance(&unit, [Bytes::literal(999_999)]).expect_err("one byte is missing");
    assert!(invalid.text.starts_with("inputs and outputs do not balance: 999999 !== "), "{invalid}");
    assert!(invalid.text.ends_with(" + 5 + 0 + 0"), "TPS fee, burn fee, count of votes: {invalid}");
    let invalid = balance(&unit, [Bytes::MAX, Bytes::literal(1)]).expect_err("above the cap");
    assert_eq!(invalid.text, "total input too large: 9000000000000001");
}
