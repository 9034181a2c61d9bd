//! Questions and their errors (6.4), as in the recorded conversations with the reference.

use serde_json::{Value, json};

use crate::common::{Scene, Wallet};

const PARENTS: &str = "light/get_parents_and_last_ball_and_witness_list_unit";
const PICK: &str = "light/pick_divisible_coins_for_amount";

#[tokio::test]
async fn a_question_that_is_wrong_gets_the_error_of_the_reference() {
    let mut scene = Scene::new().await;
    let (own, other, provider) = (scene.wallet.address(), scene.payee, scene.devnet.order_provider());
    let unknown = "MlF7NjQqwrjKeg9ty7h6qyoMt/exL9iCgRB2szzHpcI=";
    let cases = [
        (PARENTS, json!(null), "no params in get_parents_and_last_ball_and_witness_list_unit"),
        (PARENTS, json!({"witnesses": [provider]}), "bad from addresses"),
        (PARENTS, json!({"from_addresses": ["NO"], "output_addresses": [own]}), "bad from addresses"),
        (PARENTS, json!({"from_addresses": [own], "output_addresses": []}), "bad output addresses"),
        (PARENTS, json!({"from_addresses": [own]}), "no output addresses"),
        (
            PARENTS,
            json!({"witnesses": [own, other], "from_addresses": [own], "output_addresses": [own]}),
            "wrong number of witnesses",
        ),
        (
            PARENTS,
            json!({"witnesses": ["x"], "from_addresses": [own], "output_addresses": [own]}),
            "bad witness addresses",
        ),
        (
            PARENTS,
            json!({"from_addresses": [own], "output_addresses": [own], "max_aa_responses": 11}),
            "bad max_aa_responses",
        ),
        ("get_joint", json!({"unit": unknown}), "unit must be a string"),
        ("get_joint", json!(""), "unit must be a string"),
        ("light/get_balances", json!(null), "no params in light/get_balances"),
        ("light/get_balances", json!(["X"]), "some addresses are not valid"),
        ("light/get_balances", json!([]), "addresses must be non-empty array"),
        ("light/get_balances", json!(own), "addresses must be non-empty array"),
        ("light/get_balances", json!(vec![own; 101]), "too many addresses"),
        (PICK, json!({"addresses": [own], "last_ball_mci": 4}), &format!("missing params in {PICK}")),
        (
            PICK,
            json!({"addresses": [own], "last_ball_mci": 4, "amount": 5, "spend_unconfirmed": "maybe"}),
            "spend_unconfirmed is not valid",
        ),
        (
            PICK,
            json!({"addresses": [], "last_ball_mci": 4, "amount": 5}),
            "addresses must be non-empty array",
        ),
        (PICK, json!({"addresses": ["X"], "last_ball_mci": 4, "amount": 5}), "some addresses are not valid"),
        ("light/get_definition_chash", json!({"address": "zzz"}), "address not valid"),
        ("light/get_definition", json!("zz"), "address not valid"),
        ("light/get_definition_for_address", json!({"address": "zz"}), "address not valid"),
        ("light/get_attestation", json!({"field": "x"}), "missing params in light/get_attestation"),
        ("light/get_attestations", json!({}), "invalid address in light/get_attestations"),
        ("light/get_profile_units", json!(["x"]), "some addresses are not valid"),
        ("light/get_data_feed", json!({}), "no params in light/get_data_feed"),
        ("light/get_history", json!(null), "no history request"),
        ("light/get_history", json!({"witnesses": [provider]}), "neither addresses nor joints requested"),
        ("light/get_history", json!({"witnesses": [provider], "addresses": []}), "no addresses"),
        (
            "light/get_history",
            json!({"witnesses": [provider], "addresses": ["B"]}),
            "some addresses are not valid",
        ),
        (
            "light/get_history",
            json!({"witnesses": [provider], "addresses": vec![own; 2001]}),
            "too many addresses",
        ),
        ("light/get_history", json!({"addresses": [own]}), "wrong number of witnesses"),
        (
            "light/get_history",
            json!({"witnesses": [provider], "requested_joints": ["x"]}),
            "invalid requested joints",
        ),
        (
            "light/get_history",
            json!({"witnesses": [provider], "requested_joints": vec![unknown; 2001]}),
            "too many requested joints",
        ),
        (
            "light/get_history",
            json!({"witnesses": [provider], "addresses": [own], "min_mci": -5}),
            "min_mci should be non negative integer",
        ),
        (
            "light/get_history",
            json!({"witnesses": [provider], "addresses": [own], "known_stable_units": []}),
            "known_stable_units must be non-empty array",
        ),
        (
            "light/get_history",
            json!({"witnesses": [provider], "addresses": [own], "known_stable_units": ["x"]}),
            "invalid known stable units",
        ),
        (
            "light/get_history",
            json!({"witnesses": [other], "addresses": [own]}),
            "your witness list might be too much off, too few witness authored units",
        ),
        ("light/get_link_proofs", json!([unknown]), "chain of one element"),
        ("light/get_link_proofs", json!([]), "no units array"),
        ("light/get_link_proofs", json!([unknown, unknown]), "later unit not found"),
        ("catchup", json!({}), "not subscribed, will not serve catchup"),
    ];
    for (command, params, error) in cases {
        assert_eq!(scene.client.refusal(command, params.clone()).await, error, "{command} {params}");
    }
}

#[tokio::test]
async fn what_nobody_knows_is_told_as_such() {
    let mut scene = Scene::new().await;
    let fresh = Wallet::new(7).address();
    let unknown = "MlF7NjQqwrjKeg9ty7h6qyoMt/exL9iCgRB2szzHpcI=";
    let provider = scene.devnet.order_provider();
    let client = &mut scene.client;
    assert_eq!(client.request("get_joint", json!(unknown)).await, json!({"joint_not_found": unknown}));
    assert_eq!(client.request("light/get_balances", json!([fresh])).await, json!({}));
    assert_eq!(client.request("light/get_definition", json!(fresh)).await, Value::Null);
    let params = json!({"address": fresh});
    assert_eq!(client.request("light/get_definition_chash", params.clone()).await, json!(fresh));
    let definition = client.request("light/get_definition_for_address", params.clone()).await;
    assert_eq!(definition, json!({"definition_chash": fresh, "is_stable": true}));
    assert_eq!(client.request("light/get_attestations", params).await, json!([]));
    assert_eq!(client.request("light/get_profile_units", json!([fresh])).await, json!([]));
    let attested = json!({"attestor_address": fresh, "field": "email", "value": "x"});
    assert_eq!(client.request("light/get_attestation", attested).await, "");
    let history = json!({"witnesses": [provider], "requested_joints": [unknown]});
    assert_eq!(client.request("light/get_history", history).await, json!({}));
    let feed = json!({"oracles": [fresh], "feed_name": "x", "ifnone": "none"});
    assert_eq!(client.request("light/get_data_feed", feed).await, "none");
    let too_much = json!({"addresses": [fresh], "last_ball_mci": 1, "amount": 5});
    let none = json!({"inputs_with_proofs": [], "total_amount": 0});
    assert_eq!(client.request(PICK, too_much).await, none);
}

#[tokio::test]
async fn parents_and_properties_fit_together() {
    let mut scene = Scene::new().await;
    let unit = scene.pay().await;
    scene.client.wait_until_stable(&unit.hash()).await;
    let own = scene.wallet.address();
    let parents = scene.client.parents(&own).await;
    // Balls are shown once the network moved on.
    scene.pay().await;
    let joint = scene.client.wait_for_ball(&parents.last_ball_unit).await;
    assert_eq!(joint["ball"], json!(parents.last_ball));
    assert_eq!(joint["unit"]["main_chain_index"], parents.last_ball_mci);
    let last_mci = scene.client.request("get_last_mci", Value::Null).await.as_u64().expect("a number");
    let stable = scene.client.request("get_last_stable_unit_props", Value::Null).await;
    assert!(parents.last_ball_mci <= stable["main_chain_index"].as_u64().expect("a number"));
    assert!(stable["main_chain_index"].as_u64().expect("a number") <= last_mci);
    let definition = scene.client.request("light/get_definition", json!(own)).await;
    assert_eq!(definition, scene.wallet.key.definition().to_value());
}

#[tokio::test]
async fn balances_and_picked_coins_follow_the_payments() {
    let mut scene = Scene::new().await;
    let unit = scene.pay().await;
    let (own, payee) = (scene.wallet.address(), scene.payee);
    let change = scene.wallet.coin.expect("change");
    let pending = scene.client.request("light/get_balances", json!([own, payee])).await;
    assert_eq!(pending[own.as_str()]["base"]["total"], json!(change.amount));
    assert_eq!(pending[payee.as_str()]["base"]["total"], 1000);
    scene.client.wait_until_stable(&unit.hash()).await;
    let stable = scene.client.request("light/get_balances", json!([payee])).await;
    let expected = json!({"base": {
        "stable": 1000, "pending": 0, "stable_outputs_count": 1, "pending_outputs_count": 0, "total": 1000,
    }});
    assert_eq!(stable[payee.as_str()], expected);
    let params = json!({"addresses": [own], "last_ball_mci": 1, "amount": 1_000_000});
    let picked = scene.client.request(PICK, params).await;
    assert_eq!(picked["inputs_with_proofs"], json!([{"input": change.id}]));
    assert_eq!(picked["total_amount"], json!(change.amount));
}
