//! Stability and its proofs, verified as wallets verify them (7.4).

use std::time::{Duration, Instant};

use obyte::history::{State, verify_links};
use obyte::{Bytes, UnitHash};
use obyte_devnet::Fees;
use serde_json::{Value, json};

use crate::common::{PATIENCE, Scene, to};

#[tokio::test]
async fn a_lone_payment_is_soon_stable_and_soon_proven() {
    let mut scene = Scene::new().await;
    let unit = scene.pay().await;
    let accepted = Instant::now();
    scene.client.wait_until_stable(&unit.hash()).await;
    let stable = accepted.elapsed();
    scene.wait_until_proven(&unit.hash()).await;
    let proven = accepted.elapsed();
    assert!(stable <= proven);
    println!("stable after {stable:?}, proven after {proven:?}");
    let own = scene.wallet.address();
    let history = scene.history(&[own, scene.payee], &[]).await;
    assert_eq!(history.units.len(), 2);
    assert!(history.units.iter().all(|unit| unit.state == State::FinalGood));
    assert!(history.is_fresh(unit.timestamp().expect("a timestamp"), 0));
}

#[tokio::test]
async fn what_is_not_proven_yet_is_in_the_history_all_the_same() {
    let mut scene = Scene::with(|config| config.post_delay_first = Duration::from_secs(3600)).await;
    let unit = scene.pay().await;
    let history = scene.history(&[scene.payee], &[]).await;
    assert_eq!(history.units.len(), 1);
    assert_eq!(history.units[0].unit, unit);
    assert_eq!(history.units[0].state, State::Unstable);
}

#[tokio::test]
async fn an_idle_network_rests_and_a_history_makes_a_fresh_proof() {
    let mut scene = Scene::with(|config| {
        config.post_interval_busy = Duration::from_millis(10);
        config.freshness = Duration::ZERO;
    })
    .await;
    let unit = scene.pay().await;
    scene.wait_until_proven(&unit.hash()).await;
    let mut last = Value::Null;
    let deadline = Instant::now() + PATIENCE;
    // Longer than many intervals without another unit.
    loop {
        let now = scene.client.request("get_last_mci", Value::Null).await;
        if now == last {
            break;
        }
        assert!(Instant::now() < deadline, "the network does not rest");
        last = now;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    tokio::time::sleep(Duration::from_millis(1600)).await;
    scene.history(&[], &[unit.hash()]).await;
    let after = scene.client.request("get_last_mci", Value::Null).await;
    assert!(after.as_u64() > last.as_u64(), "{after} > {last}");
}

#[tokio::test]
async fn histories_are_proven_over_long_chains_with_skiplists() {
    let mut scene = Scene::with(|config| {
        config.fees = Fees::Off;
        config.post_interval_busy = Duration::from_millis(5);
        config.post_delay_first = Duration::from_millis(1);
    })
    .await;
    let first = scene.pay().await;
    let mut units: Vec<UnitHash> = vec![first.hash()];
    while scene.client.request("get_last_mci", Value::Null).await.as_u64().expect("a number") < 230 {
        let unit = scene.wallet.pay(&mut scene.client, &[to(scene.payee, 1000)]).await;
        units.push(unit.hash());
    }
    let last = *units.last().expect("there are units");
    scene.wait_until_proven(&last).await;
    let params = json!({"witnesses": [scene.devnet.order_provider()], "requested_joints": [first.hash()]});
    let response = scene.client.request("light/get_history", params).await;
    let balls = response["proofchain_balls"].as_array().expect("a proof");
    assert!(balls.len() < 60, "{} balls", balls.len());
    assert!(balls.iter().any(|ball| ball["skiplist_balls"].as_array().is_some_and(|list| list.len() > 1)));
    for chunk in [&units[..1], &units[units.len() / 2..], &units[..]] {
        let history = scene.history(&[], chunk).await;
        assert_eq!(history.units.len(), chunk.len());
        assert!(history.units.iter().all(|unit| unit.state == State::FinalGood));
    }
    // Since an index, and without what is known.
    let provider = scene.devnet.order_provider();
    let params = json!({
        "witnesses": [provider], "addresses": [scene.payee], "min_mci": 100, "known_stable_units": [last],
    });
    let response = scene.client.request("light/get_history", params).await;
    let joints = response["joints"].as_array().expect("joints");
    assert!(joints.iter().all(|joint| joint["unit"]["main_chain_index"].as_u64() >= Some(100)));
    assert!(joints.iter().all(|joint| joint["unit"]["unit"] != json!(last)));
    assert!(joints.len() < units.len());
}

#[tokio::test]
async fn more_than_two_thousand_units_are_too_many() {
    let mut scene = Scene::with(|config| config.fees = Fees::Off).await;
    for _ in 0..2000 {
        scene.devnet.pay(scene.payee, Bytes::literal(1)).await.expect("the faucet pays");
    }
    let params = json!({"witnesses": [scene.devnet.order_provider()], "addresses": [scene.payee]});
    let history = scene.client.request("light/get_history", params.clone()).await;
    assert_eq!(history["joints"].as_array().map(Vec::len), Some(2000));
    scene.devnet.pay(scene.payee, Bytes::literal(1)).await.expect("the faucet pays");
    let refusal = scene.client.refusal("light/get_history", params).await;
    assert_eq!(refusal, "your history is too large, consider switching to a full client");
}

#[tokio::test]
async fn link_proofs_show_what_includes_what() {
    let mut scene = Scene::new().await;
    let first = scene.pay().await.hash();
    let second = scene.pay().await.hash();
    // Both unstable or not, then with the first below the last ball of the last.
    for round in 0..2 {
        let units = [second, first];
        let chain = scene.client.request("light/get_link_proofs", json!(units)).await;
        verify_links(&chain, &units).unwrap_or_else(|error| panic!("round {round}: {error}: {chain}"));
        let reversed = scene.client.refusal("light/get_link_proofs", json!([first, second])).await;
        assert_eq!(reversed, "not included");
        scene.wait_until_proven(&second).await;
    }
    let third = scene.pay().await.hash();
    let units = [third, second, first, scene.devnet.genesis_unit()];
    let chain = scene.client.request("light/get_link_proofs", json!(units)).await;
    verify_links(&chain, &units).unwrap_or_else(|error| panic!("{error}: {chain}"));
}

/// As a hub of the reference does, which takes nothing but the ball from them.
#[tokio::test]
async fn stable_units_above_the_proof_keep_their_skiplist_and_lose_their_ball() {
    let mut scene = Scene::with(|config| {
        config.fees = Fees::Off;
        config.post_interval_busy = Duration::from_millis(5);
        config.post_delay_first = Duration::from_millis(1);
    })
    .await;
    let first = scene.pay().await.hash();
    let params = json!({"witnesses": [scene.devnet.order_provider()], "requested_joints": [first]});
    let deadline = Instant::now() + PATIENCE;
    loop {
        assert!(Instant::now() < deadline, "no unit above a proof has a skiplist");
        scene.wallet.pay(&mut scene.client, &[to(scene.payee, 1000)]).await;
        let response = scene.client.request("light/get_history", params.clone()).await;
        let above = response["unstable_mc_joints"].as_array().expect("the main chain");
        assert!(above.iter().all(|joint| joint.get("ball").is_none()));
        let skipping = |joint: &&Value| joint.get("skiplist_units").is_some();
        if let Some(joint) = above.iter().find(skipping) {
            let index = joint["unit"]["main_chain_index"].as_u64().expect("it is stable");
            assert_eq!(index % 10, 0);
            break;
        }
    }
    assert_eq!(scene.history(&[], &[first]).await.units.len(), 1);
}
