use obyte::uri::Payment;
use obyte::{Network, Textcoin, Uri};
use serde_json::{Map, Value, json};

use crate::{flag, hex32, list, load, text};

const FILE: &str = "textcoins.json";

#[test]
fn words_have_the_keys_and_links_of_the_reference() {
    for vector in list(&load(FILE), FILE, "textcoins") {
        let dashed = text(vector, "hyphenated");
        let textcoin: Textcoin = dashed.parse().expect("a textcoin");
        assert_eq!(textcoin.mnemonic().phrase(), text(vector, "mnemonic"));
        assert_eq!(textcoin.mnemonic().words().count() as u64, vector["words"], "{vector}");
        assert_eq!(*textcoin.dashed(), dashed);
        assert_eq!(*textcoin.link(), text(vector, "claim_link"));
        let key = textcoin.key();
        assert_eq!(*key.secret_key().as_bytes(), hex32(vector, "priv_hex"));
        assert_eq!(key.public_key().as_str(), text(vector, "pubkey"));
        assert_eq!(key.definition().to_value(), vector["definition"]);
        assert_eq!(textcoin.address().as_str(), text(vector, "address"));
    }
}

#[test]
fn what_is_no_textcoin_is_refused() {
    for vector in list(&load(FILE), FILE, "invalid") {
        let parsed = text(vector, "mnemonic").parse::<Textcoin>();
        assert_eq!(parsed.is_ok(), flag(vector, "accepted"), "{vector}");
    }
}

#[test]
fn uris_mean_on_each_network_what_the_reference_says() {
    for vector in list(&load(FILE), FILE, "textcoins") {
        for expected in list(vector, FILE, "uris") {
            let network: Network = text(expected, "network").parse().expect("a network");
            let parsed = Uri::parse(text(expected, "uri"), network);
            if expected["result"].get("error").is_some() {
                assert!(parsed.is_err(), "{expected}");
                continue;
            }
            let uri = parsed.unwrap_or_else(|error| panic!("{error}: {expected}"));
            assert_eq!(as_the_reference_says(&uri), expected["result"], "{expected}");
            assert_eq!(Uri::parse(&uri.print(network), network), Ok(uri));
        }
    }
}

fn as_the_reference_says(uri: &Uri) -> Value {
    match uri {
        Uri::Textcoin(mnemonic) => json!({"type": "textcoin", "mnemonic": mnemonic.phrase()}),
        Uri::Payment(payment) => payment_fields(payment),
        Uri::Pairing(pairing) => json!({
            "type": "pairing", "pubkey": pairing.device, "hub": pairing.hub, "pairing_secret": pairing.secret,
        }),
        Uri::Auth => json!({"type": "auth"}),
        Uri::Data => json!({"type": "data"}),
    }
}

fn payment_fields(payment: &Payment) -> Value {
    let mut fields = Map::new();
    let mut set = |name: &str, value: Option<Value>| value.map(|value| fields.insert(name.to_owned(), value));
    set("type", Some("address".into()));
    set("address", Some(payment.recipient.to_string().into()));
    set("amount", payment.amount.map(|amount| json!(amount)));
    set("asset", payment.asset.map(|asset| asset.to_string().into()));
    let more: Map<_, _> =
        payment.more.iter().map(|(asset, amount)| (asset.to_string(), json!(amount))).collect();
    set("additional_assets", (!more.is_empty()).then(|| more.into()));
    set("device_address", payment.device_address.map(|address| address.to_string().into()));
    set("base64data", payment.data.as_ref().map(|data| data_encoding::BASE64.encode(data).into()));
    set("from_address", payment.from_address.map(|address| address.to_string().into()));
    set("single_address", payment.single_address.then(|| 1.into()));
    fields.into()
}
