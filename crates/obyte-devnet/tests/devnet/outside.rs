//! What is outside of this network's purpose is answered as by a hub of the reference that has none of it.

use serde_json::{Value, json};

use crate::common::{Client, Scene};

const UNKNOWN: &str = "MlF7NjQqwrjKeg9ty7h6qyoMt/exL9iCgRB2szzHpcI=";

#[tokio::test]
async fn there_are_no_autonomous_agents() {
    let mut scene = Scene::new().await;
    let own = scene.wallet.address();
    let cases = [
        ("light/dry_run_aa", Value::Null, "no params in light/dry_run_aa"),
        ("light/dry_run_aa", json!({}), "address not valid"),
        ("light/dry_run_aa", json!({"address": own}), "not an AA"),
        ("light/get_aa_state_vars", json!({"address": "x"}), "address not valid"),
        ("light/get_aa_state_vars", json!({"address": own}), "not an AA"),
        ("light/execute_getter", json!({"aa_address": own, "getter": "x"}), "address not valid"),
        ("light/execute_getter", json!({"address": own}), "no getter"),
        ("light/get_aa_balances", Value::Null, "no params in light/get_aa_balances"),
        ("light/get_aas_by_base_aas", json!({"base_aa": "x"}), "base_aa address not valid"),
        ("light/get_aas_by_base_aas", json!({"base_aas": []}), "no base_aas in light/get_aas_by_base_aas"),
        ("light/get_aa_responses", json!({"aa": "x"}), "aa address not valid"),
        (
            "light/get_aa_responses",
            json!({"aas": vec![own; 21]}),
            "too many aas in light/get_aa_responses, max 20",
        ),
        (
            "light/get_aa_response_chain",
            json!({"trigger_unit": UNKNOWN}),
            "no such trigger unit in light/get_aa_response_chain",
        ),
        (
            "light/get_aa_response_chain",
            json!({"trigger_unit": "x"}),
            "invalid trigger unit in light/get_aa_response_chain",
        ),
        ("hub/get_arbstore_url", json!(own), "arbstores not defined"),
        ("hub/get_asset_metadata", json!("x"), "bad asset"),
        ("hub/get_asset_metadata", json!(UNKNOWN), "no metadata"),
    ];
    for (command, params, error) in cases {
        assert_eq!(scene.client.refusal(command, params.clone()).await, error, "{command} {params}");
    }
    let balances = scene.client.request("light/get_aa_balances", json!({"address": own})).await;
    assert_eq!(balances, json!({"balances": {}}));
    let none = json!([]);
    assert_eq!(scene.client.request("light/get_aa_responses", json!({"aa": own})).await, none);
    assert_eq!(scene.client.request("light/get_aas_by_base_aas", json!({"base_aa": own})).await, none);
}

#[tokio::test]
async fn a_message_that_only_others_may_send_gets_an_error() {
    let mut scene = Scene::new().await;
    let own = scene.wallet.address();
    let cases = [
        ("light/new_aa_to_watch", json!({"aa": own}), format!("not an AA: {own}")),
        ("light/new_aa_to_watch", json!({"aa": "x"}), "invalid AA".to_owned()),
        ("light/new_aa_to_watch", json!({"aa": own, "address": "x"}), "invalid address".to_owned()),
        ("light/have_updates", Value::Null, "I'm not light".to_owned()),
        ("light/sequence_became_bad", json!([]), "I'm not light".to_owned()),
        ("joint", json!({}), "no unit".to_owned()),
        ("joint", json!({"unit": {"unit": "x"}}), "invalid unit".to_owned()),
        ("joint", json!({"unit": {"unit": UNKNOWN}, "unsigned": true}), "unsigned unit".to_owned()),
        (
            "private_payment",
            json!({}),
            "direct sending of private payments disabled, use chat instead".to_owned(),
        ),
    ];
    for (subject, body, error) in cases {
        scene.client.say(subject, body.clone()).await;
        assert_eq!(scene.client.heard("error").await, error, "{subject} {body}");
    }
}

#[tokio::test]
async fn full_nodes_are_sent_away() {
    let mut scene = Scene::new().await;
    let client = &mut scene.client;
    assert_eq!(client.refusal("subscribe", json!({})).await, "no params");
    assert_eq!(client.refusal("subscribe", json!({"last_mci": 0})).await, "no subscription_id");
    let full = json!({"subscription_id": "x", "last_mci": 0, "library_version": "0.4.6"});
    let error = client.refusal("subscribe", full).await;
    assert_eq!(error, "I serve light clients only, cannot subscribe you to updates");
    let mut other = Client::connect(&scene.devnet.url()).await;
    let error = other.refusal("subscribe", json!({"subscription_id": "x"})).await;
    assert_eq!(error, "invalid library_version");
    let end = other.wait_for("close", |frame| frame[0] == "closed").await;
    assert_eq!(end[1], "invalid library_version");
}

#[tokio::test]
async fn a_recently_stable_unit_is_served_without_ball() {
    let mut scene = Scene::new().await;
    let unit = scene.pay().await;
    scene.client.wait_until_stable(&unit.hash()).await;
    let newest = scene.client.request("get_last_stable_unit_props", Value::Null).await["unit"].clone();
    let joint = scene.client.request("get_joint", newest).await["joint"].clone();
    assert!(joint["unit"]["main_chain_index"].is_u64());
    assert_eq!(joint.get("ball"), None);
    let genesis = scene.client.request("get_joint", json!(scene.devnet.genesis_unit())).await;
    assert!(genesis["joint"]["ball"].is_string());
}

#[tokio::test]
async fn a_wrong_question_for_a_data_feed_is_told() {
    let mut scene = Scene::new().await;
    let own = scene.wallet.address();
    let cases = [
        (json!({"oracles": ["x"], "feed_name": "a"}), "some oracle addresses are not valid"),
        (json!({"oracles": vec![own; 11], "feed_name": "a"}), "too many oracles"),
        (json!({"oracles": [own], "feed_name": "a", "min_mci": -1}), "bad min_mci: -1"),
        (json!({"oracles": [own], "feed_name": "a", "ifseveral": "x"}), "bad ifseveral: x"),
        (json!({"oracles": [own], "feed_name": "a", "what": "x"}), "bad what: x"),
        (json!({"oracles": [own], "feed_name": "a", "type": "x"}), "bad df type: x"),
        (json!({"oracles": [own], "feed_name": "a", "feed_value": {}}), "bad feed_value: [object Object]"),
        (json!({"oracles": [own], "feed_name": "a"}), "data feed a not found"),
    ];
    for (params, error) in cases {
        assert_eq!(scene.client.refusal("light/get_data_feed", params).await, error);
    }
}

#[tokio::test]
async fn a_history_needs_addresses_as_witnesses_once_there_is_something_to_prove() {
    let mut scene = Scene::new().await;
    let (own, fresh) = (scene.wallet.address(), scene.payee);
    let ask = |about| json!({"witnesses": ["x"], "addresses": [about], "min_mci": ""});
    let error = scene.client.refusal("light/get_history", ask(own)).await;
    assert_eq!(error, "invalid witness addresses");
    assert_eq!(scene.client.request("light/get_history", ask(fresh)).await, json!({}));
}
