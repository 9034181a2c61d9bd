//! Units, definitions, and logins of devices.

use obyte::definition::{self, Definition};
use obyte::fee::ThresholdSize;
use obyte::unit::{Format, HubHints, Joint, hashes};
use obyte::validate::{Rules, light, structure};
use obyte::{Network, device, size};
use serde_json::{Map, Value, json};

use super::{check_error, json};

/// A joint, as it came and with its hashes and sizes made right, so that the checks behind them are
/// reached.
pub(super) fn unit(data: &[u8]) {
    let Some(joint) = json(data) else { return };
    judge(&joint);
    let mut repaired = joint;
    if let Some(unit) = repaired.get_mut("unit").and_then(Value::as_object_mut) {
        repair(unit);
        judge(&repaired);
    }
}

fn judge(joint: &Value) {
    let read = Joint::from_json(joint.clone());
    match &read {
        Ok(read) => {
            assert_eq!(json!(read.unit.hash()), joint["unit"]["unit"], "another hash than the named one");
            let again = Joint::from_json(read.to_json()).expect("what was written can be read");
            assert_eq!(again, Joint { hints: HubHints::default(), ..read.clone() }, "read again");
        }
        Err(error) => check_error(error),
    }
    for network in Network::ALL {
        let rules = Rules { network, genesis: None, now: Some(1_800_000_000) };
        let served = light(joint, &rules);
        let posted = structure(joint, &rules, ThresholdSize::DEFAULT);
        assert!(posted.is_err() || served.is_ok(), "posted and yet not to be served");
        match served {
            Ok(served) => {
                assert_eq!(served.unit.network(), network, "of another network");
                assert_eq!(read.as_ref(), Ok(&served), "two readers");
            }
            Err(error) => check_error(error),
        }
        if let Err(error) = posted {
            check_error(error);
        }
    }
}

/// Makes payload hashes, sizes and the unit hash those of the fields, where these have any.
pub(super) fn repair(unit: &mut Map<String, Value>) {
    let format = unit.get("version").and_then(Value::as_str).and_then(Format::of_version);
    let format = format.map_or(Format::V4, |(format, _)| format);
    for message in unit.get_mut("messages").and_then(Value::as_array_mut).into_iter().flatten() {
        let app = message.get("app").and_then(Value::as_str).unwrap_or_default();
        let hash = message.get("payload").and_then(|payload| hashes::payload_hash(format, app, payload).ok());
        if let (Some(hash), Some(message)) = (hash, message.as_object_mut()) {
            message.insert("payload_hash".into(), json!(hash));
        }
    }
    if !unit.contains_key("content_hash") {
        unit.insert("headers_commission".into(), json!(size::headers_size(unit)));
        unit.insert("payload_commission".into(), json!(size::payload_size(unit)));
    }
    if let Ok(hash) = hashes::unit_hash(unit) {
        unit.insert("unit".into(), json!(hash));
    }
}

/// A definition.
pub(super) fn definition(data: &[u8]) {
    let Some(value) = json(data) else { return };
    let chash = definition::chash(&value);
    match Definition::parse(&value) {
        Ok(definition) => {
            assert_eq!(Definition::parse(&definition.to_value()).as_ref(), Ok(&definition), "read again");
            assert_eq!(chash, Ok(definition.chash()), "another address than the network sees");
        }
        Err(error) => check_error(error),
    }
}

/// The body of a device's login.
pub(super) fn login(data: &[u8]) {
    let Some(value) = json(data) else { return };
    let is_signed = device::is_signed(&value);
    if is_signed {
        let mut other = value.clone();
        other["challenge"] = json!("another challenge than any seed has");
        assert!(!device::is_signed(&other), "a signature for anything");
    }
}
