//! Units that are refused, each with the text of the reference (section 13).

use obyte::compose::Parents;
use obyte::unit::{Format, hashes};
use obyte::{Bytes, Unit, UnitHash, size};
use serde_json::{Map, Value, json};

use crate::common::{Client, Scene, Wallet, to};

type Object = Map<String, Value>;

/// How a tampered unit is made whole again.
#[derive(Clone, Copy)]
enum Seal {
    /// Not at all.
    Nothing,
    /// Only its hash is computed anew.
    Hash,
    /// Sizes, signature and hash.
    Signed,
    /// Payload hashes, sizes, signature and hash.
    Whole,
}

fn seal(wallet: &Wallet, unit: &mut Object, seal: Seal) {
    if matches!(seal, Seal::Whole) {
        for message in unit["messages"].as_array_mut().expect("messages") {
            let app = message["app"].as_str().unwrap_or_default().to_owned();
            let hash = hashes::payload_hash(Format::V4, &app, &message["payload"]).expect("a payload");
            message["payload_hash"] = json!(hash);
        }
    }
    if matches!(seal, Seal::Whole | Seal::Signed) {
        unit.insert("headers_commission".into(), json!(size::headers_size(unit)));
        unit.insert("payload_commission".into(), json!(size::payload_size(unit)));
        let signature = wallet.key.secret_key().sign(&hashes::hash_to_sign(unit).expect("hashable"));
        unit["authors"][0]["authentifiers"] = json!({"r": signature});
    }
    if !matches!(seal, Seal::Nothing) {
        let hash = hashes::unit_hash(unit).expect("hashable");
        unit.insert("unit".into(), json!(hash));
    }
}

type Case = (&'static str, Seal, fn(&mut Object));

const HASH: &str = "JT0/ZeCXIM9VcgYn1NIH3XHFI7F2+BnnWsEAb0pSZzc=";

fn payload(unit: &mut Object) -> &mut Value {
    &mut unit["messages"][0]["payload"]
}

fn change(unit: &mut Object, by: i64) {
    let outputs = payload(unit)["outputs"].as_array_mut().expect("outputs");
    let last = outputs.iter_mut().max_by_key(|output| output["amount"].as_i64()).expect("change");
    last["amount"] = json!(last["amount"].as_i64().expect("an amount") + by);
}

/// What is wrong, how the unit is sealed, and how it is tampered with. The texts are beginnings.
const CASES: [Case; 39] = [
    ("bad signature at path r", Seal::Hash, |unit| {
        unit["authors"][0]["authentifiers"]["r"] = json!(format!("{}AA==", "A".repeat(84)));
    }),
    ("some authentifiers are not used, res=", Seal::Hash, |unit| {
        let signature = unit["authors"][0]["authentifiers"]["r"].clone();
        unit["authors"][0]["authentifiers"] = json!({"r": signature, "s": signature});
        unit.insert("headers_commission".into(), json!(size::headers_size(unit)));
    }),
    ("possible AA", Seal::Hash, |unit| {
        unit["authors"][0].as_object_mut().expect("an author").remove("authentifiers");
    }),
    ("wrong unit hash: ", Seal::Nothing, |unit| unit["unit"] = json!(HASH)),
    ("wrong payload hash: expected ", Seal::Signed, |unit| {
        unit["messages"][0]["payload_hash"] = json!(HASH);
    }),
    ("inputs and outputs do not balance: 10000000000 !== ", Seal::Whole, |unit| change(unit, 1)),
    ("inputs and outputs do not balance: 10000000000 !== ", Seal::Whole, |unit| change(unit, -1)),
    ("wrong headers commission, expected 471", Seal::Nothing, |unit| unit["headers_commission"] = json!(470)),
    ("wrong payload commission, unit ", Seal::Nothing, |unit| unit["payload_commission"] = json!(312)),
    ("zero oversize fee should be omitted", Seal::Nothing, |unit| {
        unit.insert("oversize_fee".into(), json!(5));
    }),
    ("tps_fee 0 + tps fees balance 0 less than required ", Seal::Signed, |unit| unit["tps_fee"] = json!(0)),
    ("bad tps_fee", Seal::Signed, |unit| unit["tps_fee"] = json!(-1)),
    ("no tps_fee field", Seal::Signed, |unit| {
        unit.remove("tps_fee");
    }),
    ("wrong alt", Seal::Signed, |unit| unit["alt"] = json!("1")),
    ("wrong version", Seal::Signed, |unit| unit["version"] = json!("4.0")),
    ("version is too old", Seal::Signed, |unit| unit["version"] = json!("3.0dev")),
    ("invalid version", Seal::Signed, |unit| unit["version"] = json!(4)),
    ("definition ", Seal::Signed, |unit| {
        unit["authors"][0].as_object_mut().expect("an author").remove("definition");
    }),
    ("unknown parents", Seal::Signed, |unit| unit["parent_units"] = json!([HASH])),
    ("last_ball ", Seal::Signed, |unit| unit["last_ball"] = json!(HASH)),
    ("last ball unit JT0/ZeCXIM9VcgYn1NIH3XHFI7F2+BnnWsEAb0pSZzc= not found", Seal::Signed, |unit| {
        unit["last_ball_unit"] = json!(HASH);
    }),
    ("timestamp is too far into the future", Seal::Signed, |unit| {
        unit["timestamp"] = json!(unit["timestamp"].as_u64().expect("a timestamp") + 3600);
    }),
    ("timestamp decreased from parent ", Seal::Signed, |unit| {
        unit["timestamp"] = json!(unit["timestamp"].as_u64().expect("a timestamp") - 3600);
    }),
    ("output addresses not sorted", Seal::Whole, |unit| {
        payload(unit)["outputs"].as_array_mut().expect("outputs").reverse();
    }),
    ("invalid payment message", Seal::Whole, |unit| payload(unit)["outputs"][0]["amount"] = json!(1.5)),
    ("invalid payment message", Seal::Whole, |unit| payload(unit)["outputs"][0]["address"] = json!("X")),
    ("too many outputs", Seal::Whole, |unit| {
        let output = payload(unit)["outputs"][0].clone();
        payload(unit)["outputs"] = json!(vec![output; 129]);
    }),
    ("output being spent ", Seal::Whole, |unit| payload(unit)["inputs"][0]["output_index"] = json!(77)),
    ("output being spent ", Seal::Whole, |unit| payload(unit)["inputs"][0]["message_index"] = json!(1)),
    ("input unit JT0/ZeCXIM9VcgYn1NIH3XHFI7F2+BnnWsEAb0pSZzc= not found", Seal::Whole, |unit| {
        payload(unit)["inputs"][0]["unit"] = json!(HASH);
    }),
    ("input base-", Seal::Whole, |unit| {
        let input = payload(unit)["inputs"][0].clone();
        payload(unit)["inputs"] = json!([input, input]);
    }),
    ("only genesis can issue base asset", Seal::Whole, |unit| {
        payload(unit)["inputs"] = json!([{"type": "issue", "amount": 5, "serial_number": 1}]);
    }),
    ("zero headers_commission commission", Seal::Whole, |unit| {
        let earned =
            json!({"type": "headers_commission", "from_main_chain_index": 0, "to_main_chain_index": 0});
        payload(unit)["inputs"].as_array_mut().expect("inputs").push(earned);
    }),
    ("unknown fields in unit", Seal::Signed, |unit| {
        unit.insert("extra".into(), json!(1));
    }),
    ("should have no witness_list_unit since version 4.0", Seal::Signed, |unit| {
        unit.insert("witness_list_unit".into(), json!(HASH));
    }),
    ("no outputs to AAs, max_aa_responses should not be there", Seal::Signed, |unit| {
        unit.insert("max_aa_responses".into(), json!(1));
    }),
    ("max_aa_responses=0 not allowed in new units", Seal::Signed, |unit| {
        unit.insert("max_aa_responses".into(), json!(0));
    }),
    ("assets are not supported by this network", Seal::Whole, |unit| {
        let mut other = unit["messages"][0].clone();
        other["payload"]["asset"] = json!(HASH);
        unit["messages"].as_array_mut().expect("messages").push(other);
    }),
    ("no output addresses found in payment messages", Seal::Signed, |unit| {
        let proofs = json!([{"spend_proof": HASH}]);
        unit["messages"] = json!([
            {"app": "payment", "payload_location": "none", "payload_hash": HASH, "spend_proofs": proofs},
        ]);
    }),
];

#[tokio::test]
async fn a_unit_that_breaks_a_rule_is_refused_with_the_text_of_the_reference() {
    let mut scene = Scene::new().await;
    let parents = scene.client.parents(&scene.wallet.address()).await;
    let (good, _) = scene.wallet.sign(&parents, true, &[to(scene.payee, 1000)]);
    for (text, sealed, tamper) in CASES {
        let mut unit = good.fields().clone();
        tamper(&mut unit);
        seal(&scene.wallet, &mut unit, sealed);
        let refusal = scene.client.refusal("post_joint", json!({"unit": unit})).await;
        assert!(refusal.starts_with(text), "expected {text}, got {refusal}");
    }
    assert_eq!(scene.client.post(&good).await, "accepted", "no refusal harmed the good one");
    assert_eq!(scene.client.post(&good).await, json!({"error": "known"}));
}

#[tokio::test]
async fn a_request_that_holds_no_unit_is_refused() {
    let mut scene = Scene::new().await;
    let parents = scene.client.parents(&scene.wallet.address()).await;
    let (good, _) = scene.wallet.sign(&parents, true, &[to(scene.payee, 1000)]);
    let unit = good.to_json();
    let nested = (0..105).fold(json!(1), |inner, _| json!([inner]));
    let cases = [
        (Value::Null, "no unit"),
        (json!({}), "no unit"),
        (json!({"unit": {}}), "no unit"),
        (json!({"unit": {"unit": 5}}), "no unit"),
        (json!({"unit": unit, "ball": HASH}), "no ball via post_joint"),
        (json!({"unit": unit, "unsigned": true}), "unsigned unit"),
        (json!({"unit": unit, "aa": true}), "AA unit cannot be broadcast"),
        (json!({"unit": unit, "more": 1}), "unknown fields in unit-joint"),
        (json!({"unit": unit, "more": nested}), "joint is too deeply nested or has too many nodes"),
        (json!({"unit": unit, "more": vec![1; 10_000]}), "joint is too deeply nested or has too many nodes"),
    ];
    for (params, text) in cases {
        assert_eq!(scene.client.refusal("post_joint", params).await, text);
    }
    let mut served = unit;
    served["main_chain_index"] = json!(7);
    served["actual_tps_fee"] = json!(null);
    assert_eq!(scene.client.request("post_joint", json!({"unit": served})).await, "accepted");
}

#[tokio::test]
async fn a_refused_unit_is_remembered_only_where_it_is_bad_for_ever() {
    let mut scene = Scene::new().await;
    let parents = scene.client.parents(&scene.wallet.address()).await;
    let (good, _) = scene.wallet.sign(&parents, true, &[to(scene.payee, 1000)]);
    let mut again = async |sealed, tamper: fn(&mut Object)| {
        let mut unit = good.fields().clone();
        tamper(&mut unit);
        seal(&scene.wallet, &mut unit, sealed);
        let first = scene.client.refusal("post_joint", json!({"unit": unit})).await;
        let second = scene.client.refusal("post_joint", json!({"unit": unit})).await;
        assert_ne!(first, "known bad");
        (first, second)
    };
    let (_, second) = again(Seal::Whole, |unit| change(unit, 1)).await;
    assert_eq!(second, "known bad", "a unit error");
    let (_, second) = again(Seal::Nothing, |unit| unit["headers_commission"] = json!(1)).await;
    assert_eq!(second, "known bad", "a joint error");
    let (first, second) = again(Seal::Signed, |unit| unit["parent_units"] = json!([HASH])).await;
    assert_eq!(first, second, "a transient error");
    assert_eq!(scene.client.post(&good).await, "accepted", "the joint error was about another joint");
}

#[tokio::test]
async fn a_child_of_a_bad_unit_is_refused_with_its_reason() {
    let mut scene = Scene::new().await;
    let parents = scene.client.parents(&scene.wallet.address()).await;
    let (good, _) = scene.wallet.sign(&parents, true, &[to(scene.payee, 1000)]);
    let mut bad = good.fields().clone();
    change(&mut bad, 1);
    seal(&scene.wallet, &mut bad, Seal::Whole);
    scene.client.refusal("post_joint", json!({"unit": bad})).await;
    let mut child = good.fields().clone();
    child["parent_units"] = json!([bad["unit"]]);
    seal(&scene.wallet, &mut child, Seal::Signed);
    let refusal = scene.client.refusal("post_joint", json!({"unit": child})).await;
    assert!(
        refusal.starts_with("some of the unit's parents are known bad: inputs and outputs do"),
        "{refusal}"
    );
}

/// A unit with other parents or another last ball.
async fn refusal_with(scene: &mut Scene, parents: &Parents) -> String {
    let (unit, _) = scene.wallet.sign(parents, true, &[to(scene.payee, 1000)]);
    scene.client.refusal("post_joint", json!({"unit": unit.to_json()})).await
}

#[tokio::test]
async fn parents_and_last_ball_must_fit_together() {
    let mut scene = Scene::new().await;
    let genesis = scene.devnet.genesis_unit();
    // Long enough that the last ball is beyond the genesis unit, and then one fresh unit.
    let first = scene.devnet.pay(scene.payee, Bytes::literal(5)).await.expect("the faucet pays");
    scene.wait_until_proven(&first).await;
    let fresh = scene.devnet.pay(scene.payee, Bytes::literal(5)).await.expect("the faucet pays");
    let parents = scene.client.parents(&scene.wallet.address()).await;
    let joint = |answer: Value| answer["joint"].clone();
    let genesis_joint = joint(scene.client.request("get_joint", json!(genesis)).await);
    let genesis_ball = genesis_joint["ball"].as_str().expect("a ball").parse().expect("a ball");

    let mut older = parents.clone();
    (older.last_ball_unit, older.last_ball, older.last_ball_mci) = (genesis, genesis_ball, 0);
    let refusal = refusal_with(&mut scene, &older).await;
    assert!(refusal.starts_with("last ball mci must not retreat, parents: "), "{refusal}");

    let mut newer = parents.clone();
    newer.last_ball_unit = fresh;
    let refusal = refusal_with(&mut scene, &newer).await;
    let not_included = format!("last ball unit {fresh} is not included in parents, unit ");
    let not_stable = format!(": last ball unit {fresh} is not stable in view of your parents ");
    assert!(refusal.starts_with(&not_included) || refusal.contains(&not_stable), "{refusal}");

    let fresh_joint = joint(scene.client.request("get_joint", json!(fresh)).await);
    let parent: UnitHash =
        fresh_joint["unit"]["parent_units"][0].as_str().expect("a parent").parse().expect("a hash");
    let mut related = parents.clone();
    related.parent_units = vec![fresh, parent];
    related.parent_units.sort_unstable();
    let refusal = refusal_with(&mut scene, &related).await;
    assert!(refusal.ends_with("is related to one of the other parent units"), "{refusal}");

    related.parent_units.reverse();
    assert_eq!(refusal_with(&mut scene, &related).await, "parent units not ordered");

    let mut many = parents;
    many.parent_units = (0..17).map(|number: u8| UnitHash::of(&number.to_string())).collect();
    many.parent_units.sort_unstable();
    assert_eq!(refusal_with(&mut scene, &many).await, "too many parents: 17");
}

#[tokio::test]
async fn a_second_unit_for_the_same_coin_is_refused() {
    let mut scene = Scene::new().await;
    let payee = scene.payee;
    let parents = scene.client.parents(&scene.wallet.address()).await;
    let (first, _) = scene.wallet.sign(&parents, true, &[to(payee, 1000)]);
    let (second, _) = scene.wallet.sign(&parents, true, &[to(payee, 2000)]);
    assert_eq!(scene.client.post(&first).await, "accepted");
    let nonserial = "The transaction would be non-serial (a double spend)";
    assert_eq!(refusal(&mut scene.client, &second).await, nonserial);
    assert_eq!(refusal(&mut scene.client, &second).await, nonserial, "it is not remembered");

    let newer = scene.client.parents(&scene.wallet.address()).await;
    let (third, _) = scene.wallet.sign(&newer, true, &[to(payee, 3000)]);
    let inner = format!("{}: conflicting divisible input in inner unit {}", third.hash(), first.hash());
    assert_eq!(refusal(&mut scene.client, &third).await, inner);

    scene.client.wait_until_stable(&first.hash()).await;
    assert_eq!(refusal(&mut scene.client, &second).await, nonserial, "also when the first is stable");
}

async fn refusal(client: &mut Client, unit: &Unit) -> String {
    client.refusal("post_joint", json!({"unit": unit.to_json()})).await
}

#[tokio::test]
async fn a_coin_must_be_the_authors_and_in_their_past() {
    let mut scene = Scene::new().await;
    let before = scene.client.parents(&scene.wallet.address()).await;
    let mut other = Wallet::new(8);
    other.fund(&scene.devnet, &mut scene.client, Bytes::GBYTE).await;
    let (early, _) = other.sign(&before, true, &[to(scene.payee, 1000)]);
    let source = other.coin.expect("funded").id.unit;
    assert_eq!(refusal(&mut scene.client, &early).await, format!("input {source} is not in your genes"));

    let after = scene.client.parents(&other.address()).await;
    let stolen = Wallet { coin: scene.wallet.coin, ..Wallet::new(8) };
    let mut unit = other.sign(&after, true, &[to(scene.payee, 1000)]).0.fields().clone();
    payload(&mut unit)["inputs"][0] = json!(stolen.coin.expect("a coin").id);
    seal(&other, &mut unit, Seal::Whole);
    let refusal = scene.client.refusal("post_joint", json!({"unit": unit})).await;
    assert_eq!(refusal, "output owner is not among authors");
}
