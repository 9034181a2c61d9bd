//! Devices that log in, and what they may then ask (6.2).

use obyte::SecretKey;
use obyte::canonical::source_string;
use obyte::hash::sha256;
use serde_json::{Value, json};

use crate::common::{Client, Scene};

/// Adds the signature of a device.
fn signed(key: &SecretKey, mut message: Value) -> Value {
    let source = source_string(&message).expect("no empty parts");
    message["signature"] = json!(key.sign(&sha256(source.as_bytes())));
    message
}

async fn log_in(client: &mut Client, key: &SecretKey) {
    let challenge = client.heard("hub/challenge").await;
    let login = json!({"challenge": challenge, "pubkey": key.public_key()});
    client.say("hub/login", signed(key, login)).await;
    client.heard("hub/push_project_number").await;
}

fn device(seed: u8) -> SecretKey {
    SecretKey::from_bytes(&[seed; 32]).expect("below the order of the curve")
}

#[tokio::test]
async fn a_device_is_created_once_and_then_known() {
    let scene = Scene::new().await;
    let mut first = Client::connect(&scene.devnet.url()).await;
    log_in(&mut first, &device(5)).await;
    assert_eq!(first.heard("info").await, "address created");
    let mut second = Client::connect(&scene.devnet.url()).await;
    log_in(&mut second, &device(5)).await;
    assert_eq!(second.heard("info").await, "0 messages sent");
    assert_eq!(second.heard("hub/message_box_status").await, "empty");
}

#[tokio::test]
async fn what_is_for_devices_needs_a_login() {
    let mut scene = Scene::new().await;
    let client = &mut scene.client;
    client.say("hub/refresh", Value::Null).await;
    assert_eq!(client.heard("error").await, "please log in first");
    assert_eq!(client.refusal("hub/temp_pubkey", json!({})).await, "please log in first");
    let hash = "MlF7NjQqwrjKeg9ty7h6qyoMt/exL9iCgRB2szzHpcI=";
    for (body, error) in [
        (Value::Null, "no message hash"),
        (json!("x"), "invalid message hash"),
        (json!(hash), "please log in first"),
    ] {
        client.say("hub/delete", body).await;
        assert_eq!(client.heard("error").await, error);
    }
    log_in(client, &device(6)).await;
    assert_eq!(client.heard("info").await, "address created");
    client.say("hub/refresh", Value::Null).await;
    assert_eq!(client.heard("info").await, "0 messages sent");
    client.say("hub/delete", json!(hash)).await;
    assert_eq!(client.heard("info").await, format!("deleted message {hash}"));
}

#[tokio::test]
async fn a_device_publishes_its_temporary_key() {
    let mut scene = Scene::new().await;
    let (own, other) = (device(7), device(8));
    let (key, temp) = (own.public_key(), other.public_key());
    let client = &mut scene.client;
    let unregistered = "device with this pubkey is not registered here";
    assert_eq!(client.refusal("hub/get_temp_pubkey", json!(key)).await, unregistered);
    assert_eq!(client.refusal("hub/get_temp_pubkey", json!("x")).await, "wrong permanent_pubkey length");
    log_in(client, &own).await;
    assert_eq!(client.refusal("hub/get_temp_pubkey", json!(key)).await, "temp pub key not set yet");
    let unsigned = json!({"temp_pubkey": temp, "pubkey": key});
    let good = signed(&own, unsigned.clone());
    let with = |name: &str, value: Value| {
        let mut package = good.clone();
        package[name] = value;
        package
    };
    let cases = [
        (Value::Null, "no temp_pubkey params"),
        (unsigned.clone(), "no temp_pubkey params"),
        (with("more", json!(1)), "unexpected fields in temp_pubkey package"),
        (with("temp_pubkey", json!("x")), "wrong temp_pubkey length"),
        (with("pubkey", json!("x")), "wrong pubkey length"),
        (with("pubkey", json!(temp)), "signed by another pubkey"),
        (with("temp_pubkey", json!(key)), "wrong signature"),
    ];
    for (package, error) in cases {
        assert_eq!(client.refusal("hub/temp_pubkey", package).await, error);
    }
    assert_eq!(client.request("hub/temp_pubkey", good.clone()).await, "updated");
    assert_eq!(client.request("hub/get_temp_pubkey", json!(key)).await, good);
}

#[tokio::test]
async fn messages_are_not_delivered() {
    let mut scene = Scene::new().await;
    let to = "0MTQ7E4ELATSYRO6QBVGTIXMAGMG4OVCL";
    let dh = json!({"sender_ephemeral_pubkey": "a", "recipient_ephemeral_pubkey": "b"});
    let package = json!({"dh": dh, "encrypted_message": "c", "iv": "d", "authtag": "e"});
    let message = json!({"signature": "f", "pubkey": "g", "to": to, "encrypted_package": package});
    let error = scene.client.refusal("hub/deliver", message.clone()).await;
    assert_eq!(error, format!("address {to} not registered here"));
    let mut nobody = message.clone();
    nobody["to"] = json!("x");
    assert_eq!(scene.client.refusal("hub/deliver", nobody).await, "invalid to address");
    assert_eq!(scene.client.refusal("hub/deliver", json!({"to": to})).await, "missing fields");
}
