//! Definitions are there exactly as long as they must be (4.7), and multi-author units.

use obyte::Bytes;
use obyte::compose::{self, Payer};
use serde_json::json;

use crate::common::{Scene, Wallet, to};

#[tokio::test]
async fn the_definition_is_repeated_until_it_is_below_the_last_ball() {
    let mut scene = Scene::new().await;
    let payee = scene.payee;
    let first = scene.pay().await;
    // While the first unit is above the last ball, the second must reveal the definition again.
    let parents = scene.client.parents(&scene.wallet.address()).await;
    assert!(scene.wallet.reveals(&mut scene.client, &parents).await, "the first cannot be below yet");
    let own = scene.wallet.address();
    let (without, _) = scene.wallet.sign(&parents, false, &[to(payee, 1)]);
    let refusal = scene.client.refusal("post_joint", json!({"unit": without.to_json()})).await;
    assert_eq!(refusal, format!("definition {own} bound to address {own} not found before last ball"));
    let (with, change) = scene.wallet.sign(&parents, true, &[to(payee, 1)]);
    assert_eq!(scene.client.post(&with).await, "accepted");
    scene.wallet.coin = Some(change);

    scene.wait_until_proven(&first.hash()).await;
    let parents = scene.client.parents(&own).await;
    assert!(!scene.wallet.reveals(&mut scene.client, &parents).await);
    let (with, _) = scene.wallet.sign(&parents, true, &[to(payee, 2)]);
    let refusal = scene.client.refusal("post_joint", json!({"unit": with.to_json()})).await;
    assert_eq!(refusal, format!("duplicate definition of address {own}, bNonserial=false"));
    let (without, _) = scene.wallet.sign(&parents, false, &[to(payee, 2)]);
    assert_eq!(scene.client.post(&without).await, "accepted");
}

#[tokio::test]
async fn a_definition_of_another_address_does_not_help() {
    let mut scene = Scene::new().await;
    let parents = scene.client.parents(&scene.wallet.address()).await;
    let mut thief = Wallet::new(9);
    thief.coin = scene.wallet.coin;
    let (unit, _) = thief_unit(&thief, &scene, &parents);
    let refusal = scene.client.refusal("post_joint", json!({"unit": unit})).await;
    assert!(refusal.starts_with("wrong definition: "), "{refusal}");
}

/// A unit in the name of the scene's wallet, signed by another key with the definition of that key.
fn thief_unit(thief: &Wallet, scene: &Scene, parents: &compose::Parents) -> (serde_json::Value, ()) {
    let (unit, _) = scene.wallet.sign(parents, true, &[to(scene.payee, 1000)]);
    let mut unit = unit.fields().clone();
    unit["authors"][0]["definition"] = thief.key.definition().to_value();
    let hash = obyte::unit::hashes::hash_to_sign(&unit).expect("hashable");
    unit["authors"][0]["authentifiers"] = json!({"r": thief.key.secret_key().sign(&hash)});
    let hash = obyte::unit::hashes::unit_hash(&unit).expect("hashable");
    unit.insert("unit".into(), json!(hash));
    (serde_json::Value::Object(unit), ())
}

#[tokio::test]
async fn several_authors_pay_together() {
    let mut scene = Scene::new().await;
    let mut other = Wallet::new(8);
    other.fund(&scene.devnet, &mut scene.client, Bytes::GBYTE).await;
    let parents = scene.client.parents(&scene.wallet.address().min(other.address())).await;
    let payers = [&scene.wallet, &other].map(|wallet| Payer::new(wallet.key.public_key(), true));
    let coins = [scene.wallet.coin.expect("funded"), other.coin.expect("funded")];
    let outputs = [to(scene.payee, 5_000_000_000)];
    let payment = scene.wallet.payment(&parents, &payers, &coins, &outputs);
    let unsigned = compose::compose(&payment).expect("enough");
    let keys = [&scene.wallet, &other].map(|wallet| wallet.key.secret_key().clone());
    let signed = unsigned.sign(&keys).expect("both keys");
    assert_eq!(scene.client.post(&signed.unit).await, "accepted");
    scene.wait_until_proven(&signed.hash).await;
}
