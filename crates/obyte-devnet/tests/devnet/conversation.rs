//! Handshake, frames that are ignored, tags, heartbeat, login.

use std::time::Duration;

use obyte::SecretKey;
use obyte::canonical::source_string;
use obyte::hash::sha256;
use serde_json::{Value, json};

use crate::common::{Client, Scene, version};

const MOMENT: Duration = Duration::from_millis(150);

#[tokio::test]
async fn a_connection_begins_with_version_challenge_and_subscribe() {
    let scene = Scene::new().await;
    let mut client = Client::raw(&scene.devnet.url()).await;
    let said = client.heard("version").await;
    assert_eq!((&said["protocol_version"], &said["alt"]), (&json!("4.0dev"), &json!("3")));
    assert_eq!((&said["library"], &said["library_version"]), (&json!("ocore"), &json!("0.4.6")));
    assert_eq!(client.heard("hub/challenge").await.as_str().map(str::len), Some(40));
    let subscribe = client.wait_for("request", |frame| frame[0] == "request").await;
    assert_eq!(subscribe[1]["command"], "subscribe");
    assert_eq!(subscribe[1]["params"]["library_version"], "0.4.6");
}

#[tokio::test]
async fn a_client_of_another_network_or_age_is_sent_away() {
    let scene = Scene::new().await;
    let incompatible = "Incompatible versions, I support 1.0dev, 2.0dev, 3.0dev, 4.0dev, yours 1.0";
    let mut no_library = version("4.0dev", "3", "");
    no_library.as_object_mut().expect("an object").remove("library_version");
    let cases = [
        (version("1.0", "3", "0.4.6"), vec![json!(["error", incompatible])], "incompatible versions"),
        (
            version("4.0dev", "1", "0.4.6"),
            vec![json!(["error", "Incompatible alts, mine 3, yours 1"])],
            "incompatible alts",
        ),
        (
            version("4.0dev", "3", "0.3.12"),
            vec![json!(["upgrade_required", null]), json!(["old core", null])],
            "old core",
        ),
        (no_library, vec![json!(["error", "invalid library_version"])], "invalid library_version"),
    ];
    for (body, said, reason) in cases {
        let mut client = Client::raw(&scene.devnet.url()).await;
        client.say("version", body).await;
        for message in said {
            let subject = message[0].as_str().expect("a subject");
            assert_eq!(client.heard(subject).await, message[1]);
        }
        let closed = client.wait_for("close", |frame| frame[0] == "closed").await;
        assert_eq!(closed[1], reason);
    }
}

#[tokio::test]
async fn an_old_library_gets_no_units() {
    let scene = Scene::new().await;
    let mut client = Client::raw(&scene.devnet.url()).await;
    client.say("version", version("4.0dev", "3", "0.4.1")).await;
    let refusal = client.refusal("get_joint", json!(scene.devnet.genesis_unit())).await;
    assert_eq!(refusal, "old core, will not serve get_joint");
}

#[tokio::test]
async fn what_the_protocol_does_not_know_meets_silence() {
    let mut scene = Scene::new().await;
    let texts = [
        "hello",
        "",
        "null",
        "{\"a\":1}",
        "[]",
        "[\"request\",\"x\"]",
        "[\"whatever\",{\"a\":1}]",
        "[\"request\",{\"tag\":\"t1\"}]",
        "[\"request\",{\"command\":\"get_witnesses\"}]",
        "[\"request\",{\"command\":\"get_witnesses\",\"tag\":{\"a\":1}}]",
        "[\"request\",{\"command\":\"no_such_command\",\"tag\":\"t2\"}]",
        "[\"request\",{\"command\":\"light/nothing\",\"tag\":\"t3\"}]",
        "[\"justsaying\",{\"subject\":\"no_such_subject\",\"body\":1}]",
        "[\"response\",{\"tag\":\"zzz\",\"response\":\"x\"}]",
    ];
    let _ = scene.client.request("get_last_mci", Value::Null).await;
    for text in texts {
        scene.client.send_text(text).await;
    }
    // The next thing that the hub says is the answer to this.
    let tag = scene.client.ask("get_witnesses", Value::Null).await;
    let frame = scene.client.read(Duration::from_secs(5)).await.expect("an answer");
    assert_eq!(frame[1]["tag"], tag);
    assert_eq!(frame[1]["response"], json!([scene.devnet.order_provider()]));
}

#[tokio::test]
async fn a_long_tag_is_answered_with_its_error() {
    let mut scene = Scene::new().await;
    let tag = "x".repeat(45);
    let request = json!(["request", {"command": "get_witnesses", "tag": tag}]);
    scene.client.send_text(request.to_string()).await;
    let answer = scene.client.answered(&tag).await;
    assert_eq!(answer, json!({"tag": tag, "response": {"error": "tag too long"}}));
}

#[tokio::test]
async fn a_tag_in_flight_is_dropped_and_free_again_after_the_answer() {
    let mut scene = Scene::new().await;
    let unit = scene.pay().await;
    // A history takes longer than reading the next frame, so of many at once most are dropped.
    const COPIES: usize = 50;
    let params = json!({"witnesses": [scene.devnet.order_provider()], "requested_joints": [unit.hash()]});
    let request = json!(["request", {"command": "light/get_history", "params": params, "tag": "same"}]);
    for _ in 0..COPIES {
        scene.client.feed_text(request.to_string()).await;
    }
    let mut answers = 0;
    while let Some(frame) = scene.client.read(MOMENT).await {
        answers += usize::from(frame[0] == "response" && frame[1]["tag"] == "same");
    }
    assert!((1..COPIES).contains(&answers), "{answers} answers");
    let witnesses = json!(["request", {"command": "get_witnesses", "tag": "same"}]);
    scene.client.send_text(witnesses.to_string()).await;
    assert!(scene.client.answered("same").await["response"].is_array());
}

#[tokio::test]
async fn a_heartbeat_is_answered_without_a_response() {
    let mut scene = Scene::new().await;
    let tag = scene.client.ask("heartbeat", Value::Null).await;
    assert_eq!(scene.client.answered(&tag).await, json!({"tag": tag, "command": "heartbeat"}));
}

#[tokio::test]
async fn a_silent_client_is_asked_and_then_given_up() {
    let scene = Scene::with(|config| {
        config.heartbeat_after = Duration::from_millis(50);
        config.heartbeat_timeout = Duration::from_millis(200);
    })
    .await;
    let is_heartbeat = |frame: &Value| frame[0] == "request" && frame[1]["command"] == "heartbeat";
    let mut client = Client::connect(&scene.devnet.url()).await;
    for _ in 0..3 {
        let asked = client.wait_for("heartbeat", is_heartbeat).await;
        client.send_text(json!(["response", {"tag": asked[1]["tag"]}]).to_string()).await;
    }
    client.wait_for("heartbeat", is_heartbeat).await;
    let closed = client.wait_for("close", |frame| frame[0] == "closed").await;
    assert_eq!(closed[1], "lost connection");
}

#[tokio::test]
async fn a_login_is_verified_and_gets_rates_and_variables() {
    let scene = Scene::new().await;
    let mut client = Client::connect(&scene.devnet.url()).await;
    let challenge = client.heard("hub/challenge").await;
    let key = SecretKey::from_bytes(&[9; 32]).expect("below the order of the curve");
    let mut login = json!({"challenge": "another", "pubkey": key.public_key()});
    client.say("hub/login", login.clone()).await;
    assert_eq!(client.heard("error").await, "wrong challenge");
    login["challenge"] = challenge;
    client.say("hub/login", login.clone()).await;
    assert_eq!(client.heard("error").await, "no login params");
    let source = source_string(&login).expect("no empty parts");
    login["signature"] = json!(key.sign(&sha256(source.as_bytes())));
    client.say("hub/login", login).await;
    let variables = client.heard("system_vars").await;
    assert_eq!(variables["op_list"][0]["value"], json!([scene.devnet.order_provider()]));
    assert_eq!(variables["tps_interval"][0], json!({"vote_count_mci": -1, "value": 2, "is_emergency": 0}));
    assert_eq!(client.heard("exchange_rates").await["GBYTE_USD"], 20.0);
    assert_eq!(client.heard("info").await, "address created");
}

#[tokio::test]
async fn a_message_above_six_mebibytes_ends_the_connection_only() {
    let mut scene = Scene::new().await;
    let mut client = Client::connect(&scene.devnet.url()).await;
    client.try_send_text(json!("x".repeat(7 << 20)).to_string()).await;
    client.wait_for("close", |frame| frame[0] == "closed").await;
    assert!(scene.client.request("get_last_mci", Value::Null).await.is_u64());
}
