//! What clients are told without asking.

use std::time::Duration;

use serde_json::{Value, json};

use crate::common::{Client, Scene, to};

#[tokio::test]
async fn a_new_unit_is_pushed_to_watchers_but_not_to_who_posted_it() {
    let mut scene = Scene::new().await;
    let mut watcher = Client::connect(&scene.devnet.url()).await;
    for client in [&mut watcher, &mut scene.client] {
        client.say("light/new_address_to_watch", json!(scene.payee)).await;
        assert_eq!(client.heard("info").await, format!("now watching {}", scene.payee));
    }
    let unit = scene.pay().await;
    assert_eq!(watcher.heard("joint").await["unit"], unit.to_json());
    watcher.heard("light/have_updates").await;
    scene.client.heard("light/have_updates").await;
    assert!(!scene.client.has_heard("joint"));
    // Told means that a history proves it.
    let history = scene.history(&[], &[unit.hash()]).await;
    assert_eq!(history.units[0].state, obyte::history::State::FinalGood);
}

#[tokio::test]
async fn an_address_that_is_none_is_not_watched() {
    let mut scene = Scene::new().await;
    scene.client.say("light/new_address_to_watch", json!("nope")).await;
    assert_eq!(scene.client.heard("error").await, "address not valid");
}

#[tokio::test]
async fn a_history_watches_its_addresses_even_when_it_is_empty() {
    let mut scene = Scene::new().await;
    let mut watcher = Client::connect(&scene.devnet.url()).await;
    let params = json!({"witnesses": [scene.devnet.order_provider()], "addresses": [scene.payee]});
    assert_eq!(watcher.request("light/get_history", params.clone()).await, json!({}));
    watcher.heard("system_vars").await;
    assert_eq!(watcher.request("light/get_history", params).await, json!({}));
    assert!(!watcher.has_heard("system_vars"), "they are sent once");
    let unit = scene.pay().await;
    assert_eq!(watcher.heard("joint").await["unit"]["unit"], json!(unit.hash()));
}

#[tokio::test]
async fn a_requested_unit_is_watched_until_it_is_proven() {
    let mut scene = Scene::new().await;
    let unit = scene.pay().await;
    let mut watcher = Client::connect(&scene.devnet.url()).await;
    let params = json!({"witnesses": [scene.devnet.order_provider()], "requested_joints": [unit.hash()]});
    watcher.request("light/get_history", params).await;
    watcher.heard("light/have_updates").await;
}

#[tokio::test]
async fn exchange_rates_come_every_so_often() {
    let mut scene = Scene::with(|config| config.exchange_rates_interval = Duration::from_millis(30)).await;
    for _ in 0..2 {
        assert_eq!(scene.client.heard("exchange_rates").await["EUR_USD"], 1.10);
    }
    let rates = scene.client.request("hub/get_exchange_rates", Value::Null).await;
    assert_eq!(rates["BTC_USD"], 100_000.0);
}

#[tokio::test]
async fn system_variables_come_on_demand() {
    let mut scene = Scene::new().await;
    scene.client.say("watch_system_vars", Value::Null).await;
    let pushed = scene.client.heard("system_vars").await;
    assert_eq!(pushed["base_tps_fee"][0]["value"], 10);
    assert_eq!(scene.client.request("get_system_vars", Value::Null).await, pushed);
}

#[tokio::test]
async fn a_history_does_not_overtake_the_acceptance_of_a_unit() {
    let mut scene = Scene::new().await;
    let own = scene.wallet.address();
    for _ in 0..5 {
        let parents = scene.client.parents(&own).await;
        let reveals = scene.wallet.reveals(&mut scene.client, &parents).await;
        let (unit, change) = scene.wallet.sign(&parents, reveals, &[to(scene.payee, 1000)]);
        let post = scene.client.ask("post_joint", json!({"unit": unit.to_json()})).await;
        let history = json!({"witnesses": [scene.devnet.order_provider()], "addresses": [own]});
        scene.client.ask("light/get_history", history).await;
        let first = scene.client.wait_for("answer", |frame| frame[0] == "response").await;
        assert_eq!((&first[1]["tag"], &first[1]["response"]), (&json!(post), &json!("accepted")));
        let second = scene.client.wait_for("answer", |frame| frame[0] == "response").await;
        let joints = second[1]["response"]["joints"].as_array().expect("joints");
        assert!(joints.iter().any(|joint| joint["unit"]["unit"] == json!(unit.hash())));
        scene.wallet.first.get_or_insert(unit.hash());
        scene.wallet.coin = Some(change);
    }
}
