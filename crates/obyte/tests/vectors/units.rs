//! `units.json`: whole units, of every version and network.

use obyte::definition::{self, Definition, DefinitionError};
use obyte::fee::{ThresholdSize, oversize_fee};
use obyte::unit::{Author, Format, Joint, Unit};
use obyte::validate::{self, Rules};
use obyte::{Bytes, Network, PublicKey, size};
use serde_json::{Value, json};

struct Item {
    name: String,
    value: Value,
    joint: Joint,
}

fn items() -> Vec<Item> {
    let vectors = crate::load("units.json");
    let items = vectors["items"].as_array().expect("a list of units");
    assert!(!items.is_empty(), "there are units to test");
    items
        .iter()
        .map(|value| {
            let name = format!("{} ({})", value["what"], value["unit"]);
            let joint = Joint::from_json(value["joint"].clone()).unwrap_or_else(|e| panic!("{name}: {e}"));
            Item { name, value: value.clone(), joint }
        })
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn hashes_are_those_of_the_reference() {
    for Item { name, value, joint } in items() {
        let unit = &joint.unit;
        assert_eq!(unit.hash().as_str(), value["unit"], "{name}");
        assert_eq!(unit.content_hash(), value["unit_content_hash"], "{name}");
        let to_sign = unit.hash_to_sign().expect("a full unit");
        assert_eq!(hex(&to_sign), value["unit_hash_to_sign_hex"], "{name}");
        let payload_hashes: Vec<_> = unit.messages().iter().map(|message| message.payload_hash).collect();
        assert_eq!(json!(payload_hashes), value["message_payload_hashes"], "{name}");
        assert_eq!(unit.network().name(), value["network"], "{name}");
    }
}

#[test]
fn sizes_and_fees_are_those_of_the_reference() {
    for Item { name, value, joint } in items() {
        let unit = &joint.unit;
        let (headers, payload) = (size::headers_size(unit.fields()), size::payload_size(unit.fields()));
        assert_eq!(headers, unit.headers_commission().get(), "{name}");
        assert_eq!(payload, unit.payload_commission().get(), "{name}");
        for (field, ours) in [("headers_size", headers), ("payload_size", payload)] {
            assert!(value.get(field).is_none_or(|theirs| *theirs == ours), "{name}: {field}");
        }
        if let Some(tps_fee) = value.get("tps_fee") {
            assert_eq!(json!(unit.tps_fee()), *tps_fee, "{name}");
        }
        if unit.format() == Format::V4 {
            let fee = oversize_fee(size::size_for_oversize(unit), ThresholdSize::DEFAULT);
            assert_eq!(fee, Some(unit.oversize_fee()), "{name}");
            let theirs = value.get("oversize_fee").unwrap_or(&Value::Null);
            assert!(theirs.is_null() || *theirs == unit.oversize_fee().get(), "{name}");
        }
    }
}

#[test]
fn what_the_hub_added_is_split_off_and_what_is_posted_is_kept() {
    for Item { name, value, joint } in items() {
        let mut posted = value["joint"]["unit"].clone();
        let fields = posted.as_object_mut().expect("a unit");
        let mci = fields.remove("main_chain_index");
        let charged = fields.remove("actual_tps_fee");
        assert_eq!(joint.hints.main_chain_index, mci.and_then(|mci| mci.as_u64()), "{name}");
        assert_eq!(joint.hints.actual_tps_fee, charged.and_then(|fee| fee.as_u64()), "{name}");
        assert_eq!(joint.unit.to_json(), posted, "{name}");
        assert_eq!(Joint::posting(joint.unit.clone()).to_json(), json!({"unit": posted}), "{name}");
    }
}

#[test]
fn the_authors_signatures_satisfy_their_definitions() {
    for Item { name, value, joint } in items() {
        let authors = value["authors"].as_array().expect("authors");
        assert_eq!(joint.unit.authors().len(), authors.len(), "{name}");
        for (author, expected) in joint.unit.authors().iter().zip(authors) {
            assert_eq!(author.address.as_str(), expected["address"], "{name}");
            assert_eq!(
                Some(&json!(author.definition.is_some())),
                expected.get("definition_in_unit"),
                "{name}"
            );
            assert_eq!(definition::chash(&expected["definition"]), Ok(author.address), "{name}");
            signatures(&joint.unit, author, expected, &name);
            match Definition::parse(&expected["definition"]) {
                Ok(definition) => validate::authentifiers(&joint.unit, author, &definition)
                    .unwrap_or_else(|e| panic!("{name}: {e}")),
                // It refers to other addresses, which only the DAG tells.
                Err(error) => assert!(matches!(error, DefinitionError::Unsupported(_)), "{name}: {error}"),
            }
        }
    }
}

fn signatures(unit: &Unit, author: &Author, expected: &Value, name: &str) {
    let hash = unit.hash_to_sign().expect("a full unit");
    for signature in expected["signatures"].as_array().expect("signatures") {
        let path = signature["path"].as_str().expect("a path");
        assert_eq!(json!(author.authentifiers[path]), signature["signature"], "{name}: {path}");
        let key: PublicKey = signature["pubkey"].as_str().expect("a key").parse().expect("a key");
        let is_valid = key.verify_text(&hash, &author.authentifiers[path]);
        assert_eq!(is_valid, signature["valid"] == true, "{name}: {path}");
    }
}

#[test]
fn units_that_a_hub_accepted_are_valid() {
    let mut checked = 0;
    for Item { name, value, joint } in items() {
        let network: Network = value["network"].as_str().expect("a name").parse().expect("a network");
        let rules = Rules { network, genesis: None, now: None };
        let seen = validate::light(&value["joint"], &rules).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(seen, joint, "{name}");
        if value["accepted_by_hub"] == true {
            let posted = Joint::posting(joint.unit).to_json();
            validate::structure(&posted, &rules, ThresholdSize::DEFAULT)
                .unwrap_or_else(|e| panic!("{name}: {e}"));
            checked += 1;
        }
    }
    assert!(checked > 0, "some units were accepted");
}

#[test]
fn a_unit_is_refused_when_a_field_is_changed() {
    for Item { name, value, joint } in items() {
        let rules = Rules { network: joint.unit.network(), genesis: None, now: None };
        let is_current = joint.unit.format() == Format::V4;
        let posted = Joint::posting(joint.unit).to_json();
        // The fee for being large is judged where the voted threshold is known.
        let is_refused = |joint: &Value| match is_current {
            true => validate::structure(joint, &rules, ThresholdSize::DEFAULT).is_err(),
            false => validate::light(joint, &rules).is_err(),
        };
        for field in posted["unit"].as_object().expect("a unit").keys() {
            // Format 1.0 leaves the timestamp to whom tells it.
            if field == "timestamp"
                && value["joint"]["unit"]["version"].as_str().is_some_and(|v| v.starts_with('1'))
            {
                continue;
            }
            let mut changed = posted.clone();
            change(&mut changed["unit"][field]);
            assert!(is_refused(&changed), "{name}: {field}");
            let mut missing = posted.clone();
            missing["unit"].as_object_mut().expect("a unit").remove(field);
            assert!(is_refused(&missing), "{name}: no {field}");
        }
    }
}

#[test]
fn a_unit_is_read_only_with_the_hash_that_its_fields_have() {
    for Item { name, joint, .. } in items() {
        let posted = joint.unit.to_json();
        assert_eq!(Unit::from_json(posted.clone()).as_ref(), Ok(&joint.unit), "{name}");
        for field in posted.as_object().expect("a unit").keys() {
            let is_unhashed = ["headers_commission", "payload_commission", "oversize_fee"]
                .contains(&field.as_str())
                || (field == "timestamp" && joint.unit.format() == Format::V1);
            let mut changed = posted.clone();
            change(&mut changed[field]);
            assert_eq!(Unit::from_json(changed).is_err(), !is_unhashed, "{name}: {field}");
        }
    }
}

/// Another value of the same kind.
fn change(value: &mut Value) {
    match value {
        Value::Number(number) => *value = json!(number.as_f64().expect("finite") + 1.0),
        Value::String(text) => *value = json!(format!("{text}x")),
        Value::Array(elements) => change(elements.last_mut().expect("units hold no empty lists")),
        Value::Object(fields) => change(fields.values_mut().next().expect("units hold no empty objects")),
        Value::Bool(flag) => *flag = !*flag,
        Value::Null => unreachable!("units hold no null"),
    }
}

#[test]
fn bytes_are_never_made_from_nothing() {
    for Item { name, joint, .. } in items() {
        let Some((_, payment)) = joint.unit.base_payment() else { continue };
        let unit = &joint.unit;
        let fees =
            [unit.headers_commission(), unit.payload_commission(), unit.oversize_fee(), unit.burn_fee()];
        let spent = fees.into_iter().chain(unit.tps_fee()).chain(payment.total_output());
        let needed = Bytes::checked_sum(spent).expect("in range");
        validate::balance(unit, [needed]).unwrap_or_else(|e| panic!("{name}: {e}"));
        let more = needed.checked_add(Bytes::literal(1)).expect("in range");
        assert!(validate::balance(unit, [more]).is_err(), "{name}");
    }
}
