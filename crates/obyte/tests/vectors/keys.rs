use data_encoding::HEXLOWER;
use obyte::keys::extended::{Derivation, ExtendedKey};
use obyte::keys::{AccountKey, Chain, DeviceKey, PaymentKey, PaymentPath};
use obyte::{Definition, Mnemonic, Seed};
use serde_json::Value;

use crate::{flag, hex32, list, load, text};

const FILE: &str = "keys.json";

/// The vector with its seed.
fn each(check: impl Fn(&Value, &Seed)) {
    for vector in list(&load(FILE), FILE, "items") {
        let mnemonic: Mnemonic = text(vector, "mnemonic").parse().expect("a valid mnemonic");
        check(vector, &mnemonic.to_seed(text(vector, "passphrase")));
    }
}

fn account_number(vector: &Value) -> u32 {
    let number = text(vector, "account_path").strip_prefix("m/44'/0'/").and_then(|p| p.strip_suffix('\''));
    number.and_then(|number| number.parse().ok()).expect("the path of an account")
}

fn number(vector: &Value, field: &str) -> u32 {
    vector[field].as_u64().and_then(|number| number.try_into().ok()).expect("a number of a path")
}

#[test]
fn seeds_and_extended_keys_are_those_of_the_reference() {
    each(|vector, seed| {
        assert_eq!(text(vector, "mnemonic").split(' ').count() as u64, vector["words"], "{vector}");
        assert_eq!(HEXLOWER.encode(seed.as_bytes()), text(vector, "seed_hex"));
        assert_eq!(*ExtendedKey::master(seed).to_xprv(), text(vector, "xprv"));
        let account = AccountKey::new(seed, account_number(vector));
        assert_eq!(*account.extended().to_xprv(), text(vector, "account_xprv"));
        assert_eq!(account.extended().to_xpub(), text(vector, "account_xpub"));
        assert_eq!(account.wallet_id(), text(vector, "wallet_id"));
    });
}

#[test]
fn payment_keys_are_those_of_the_reference() {
    each(|vector, seed| {
        for expected in list(vector, FILE, "addresses") {
            let chain = match number(expected, "is_change") {
                0 => Chain::Receive,
                1 => Chain::Change,
                other => panic!("{other} is no chain"),
            };
            let account = account_number(vector);
            let path = PaymentPath { account, chain, index: number(expected, "index") };
            assert_eq!(path.to_string(), text(expected, "path"));
            let key = PaymentKey::derive(seed, path);
            assert_eq!(*key.secret_key().as_bytes(), hex32(expected, "priv_hex"));
            assert_eq!(key.public_key().as_str(), text(expected, "pubkey"));
            assert_eq!(key.definition().to_value(), expected["definition"]);
            assert_eq!(Definition::parse(&expected["definition"]), Ok(key.definition()));
            assert_eq!(key.address().as_str(), text(expected, "address"));
        }
    });
}

#[test]
fn device_keys_are_those_of_the_reference() {
    each(|vector, seed| {
        let (key, expected) = (DeviceKey::new(seed), &vector["device"]);
        assert_eq!(text(expected, "path"), "m/1'");
        assert_eq!(*key.secret_key().as_bytes(), hex32(expected, "priv_hex"));
        assert_eq!(key.public_key().as_str(), text(expected, "pubkey"));
        assert_eq!(key.device_address().to_string(), text(expected, "device_address"));
    });
}

#[test]
fn where_strict_derivation_differs_it_is_known_and_offered() {
    each(|vector, seed| {
        assert_eq!(seed.derivations_differ(), flag(vector, "bip32_standard_differs"), "{vector}");
        let strict = AccountKey::derive(seed, 0, Derivation::Strict).payment_key(Chain::Receive, 0);
        assert_eq!(*strict.secret_key().as_bytes(), hex32(vector, "bip32_standard_priv_hex_of_first"));
    });
}
