use obyte::chash::{chash160, chash288, is_valid_chash160, is_valid_chash288};
use obyte::{Address, DeviceAddress, canonical, definition};
use serde_json::Value;

use crate::{flag, list, load, text};

const FILE: &str = "chash.json";

fn is_address(value: &Value) -> bool {
    serde_json::from_value::<Address>(value.clone()).is_ok()
}

fn is_device_address(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.parse::<DeviceAddress>().is_ok())
}

#[test]
fn values_have_the_addresses_of_the_reference() {
    for vector in list(&load(FILE), FILE, "valid") {
        let address = definition::chash(&vector["object"]).expect("canonical");
        assert_eq!(address.as_str(), text(vector, "address"), "{vector}");
        assert_eq!(text(vector, "address").parse(), Ok(address));
    }
}

#[test]
fn what_is_no_address_is_refused() {
    for vector in list(&load(FILE), FILE, "invalid") {
        let address = &vector["address"];
        assert_eq!(is_address(address), flag(vector, "isValidAddress"), "{vector}");
        assert_eq!(is_device_address(address), flag(vector, "isValidDeviceAddress"), "{vector}");
    }
}

#[test]
fn public_keys_have_the_device_addresses_of_the_reference() {
    for vector in list(&load(FILE), FILE, "device") {
        let key = text(vector, "pubkey");
        let address = DeviceAddress::of_public_key(key);
        assert_eq!(address.to_string(), text(vector, "device_address"), "{vector}");
        assert_eq!(address.to_string(), format!("0{}", chash160(&format!("s\0{key}"))));
        assert_eq!(is_address(&vector["device_address"]), flag(vector, "isValidAddress"), "{vector}");
        assert_eq!(is_device_address(&vector["device_address"]), flag(vector, "isValidDeviceAddress"));
    }
}

#[test]
fn the_longer_chash_is_that_of_the_reference() {
    for vector in list(&load(FILE), FILE, "chash288") {
        let source = canonical::source_string(&vector["object"]).expect("canonical");
        let chash = text(vector, "chash288");
        assert_eq!(chash288(&source), chash, "{vector}");
        assert!(is_valid_chash288(chash) && !is_valid_chash160(chash), "{vector}");
    }
}
