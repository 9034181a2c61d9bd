//! Conflicts come about, turn units bad, and are decided alike at every hub (7.7).

use obyte::Bytes;
use obyte::compose::Note;
use obyte::history::State;
use serde_json::json;

use crate::common::{Wallet, to};
use crate::stage::Stage;

const NON_SERIAL: &str = "The transaction would be non-serial (a double spend)";

#[tokio::test]
async fn hubs_learn_from_each_other_and_wait_while_a_relay_is_held() {
    let mut stage = Stage::new(3).await;
    let (coin, payee) = (stage.coins[0], Wallet::new(2).address());
    stage.devnet.relay(0, 2).expect("two hubs").hold();
    assert!(stage.devnet.relay(1, 1).is_none());
    let unit = stage.post(0, coin, &[to(payee, 1000)]).await;
    assert!(stage.knows(1, &unit.hash()).await);
    assert!(!stage.knows(2, &unit.hash()).await);
    // A child comes before its parent, and waits for it.
    let change = unit.outputs().find(|(_, output)| output.address == stage.wallet.address());
    let (id, output) = change.expect("there is change");
    let change = obyte::compose::Coin { id, amount: output.amount, address: output.address };
    let child = stage.post(1, change, &[to(payee, 1000)]).await;
    assert!(stage.knows(0, &child.hash()).await);
    assert!(!stage.knows(2, &child.hash()).await);
    let relay = stage.devnet.relay(0, 2).expect("two hubs");
    assert!(relay.waiting() > 0);
    relay.release();
    assert_eq!(relay.waiting(), 0);
    assert!(stage.knows(2, &unit.hash()).await && stage.knows(2, &child.hash()).await);
    for hub in 0..3 {
        stage.wait_for(hub, &child.hash(), State::FinalGood).await;
    }
}

/// Two people spend different coins of one address at two hubs, and a payee spends on.
#[tokio::test]
async fn of_two_units_in_conflict_the_first_to_be_stable_wins_and_the_other_is_void_with_all_that_follows() {
    let mut stage = Stage::new(2).await;
    let own = stage.wallet.address();
    let (mut payee, other) = (Wallet::new(2), Wallet::new(3).address());
    for hub in [0, 1] {
        stage.history(hub, &[own], &[]).await;
    }
    stage.hold(true);
    let [first_coin, second_coin] = stage.coins;
    let winner = stage.post(0, first_coin, &[to(other, 1000)]).await;
    let loser = stage.post(1, second_coin, &[to(payee.address(), 1_000_000_000)]).await;
    payee.take(&mut stage.clients[1], &loser.hash()).await;
    let follower = payee.pay(&mut stage.clients[1], &[to(other, 5000)]).await;
    stage.hold(false);
    // Both hubs say so, and show neither.
    for (hub, unit) in [(0, &winner), (1, &loser)] {
        assert_eq!(stage.clients[hub].heard("light/sequence_became_bad").await, json!([unit.hash()]));
        assert_eq!(stage.state(hub, &unit.hash()).await, None);
        let shown = stage.history(hub, &[own], &[]).await;
        assert!(shown.units.iter().all(|shown| shown.unit != winner && shown.unit != loser));
        assert_eq!(stage.clients[hub].post(&winner).await["error"], "known");
    }
    let again = stage.sign(0, stage.coins[1], &[to(other, 1)]).await;
    assert_eq!(stage.clients[0].post(&again).await["error"], NON_SERIAL);
    stage.decide();
    for hub in [0, 1] {
        stage.wait_for(hub, &winner.hash(), State::FinalGood).await;
        stage.wait_for(hub, &loser.hash(), State::FinalBad).await;
        stage.wait_for(hub, &follower.hash(), State::FinalBad).await;
    }
    assert_eq!(stage.ball(0, &loser.hash()).await, stage.ball(1, &loser.hash()).await);
    // What the loser spent is free, and its output is nobody's.
    let of = stage.clients[1].request("light/get_balances", json!([own, payee.address()])).await;
    assert!(of.get(payee.address().as_str()).is_none(), "{of}");
    let again = stage.sign(1, second_coin, &[to(other, 2000)]).await;
    assert_eq!(stage.clients[1].post(&again).await, "accepted");
    stage.wait_for(0, &again.hash(), State::FinalGood).await;
    // Stripped, the void units are in the histories of their authors.
    for hub in [0, 1] {
        stage.wait_until_stripped(hub, &loser.hash()).await;
        let history = stage.history(hub, &[own], &[]).await;
        let shown = history.units.iter().find(|shown| shown.unit.hash() == loser.hash());
        let shown = shown.expect("its author is shown the void unit");
        assert!(shown.state == State::FinalBad && shown.unit.is_stripped());
        assert_eq!(stage.state(hub, &winner.hash()).await, Some(State::FinalGood));
    }
}

#[tokio::test]
async fn at_the_same_index_the_lower_hash_wins() {
    let mut stage = Stage::new(3).await;
    let mut bystanders = [Wallet::new(4), Wallet::new(5)];
    for bystander in &mut bystanders {
        bystander.fund(&stage.devnet, &mut stage.clients[0], Bytes::literal(1_000_000_000)).await;
        let funding = bystander.coin.expect("funded").id.unit;
        stage.wait_for(0, &funding, State::FinalGood).await;
    }
    stage.hold(true);
    let payee = Wallet::new(2).address();
    let [first_coin, second_coin] = stage.coins;
    let one = stage.post(1, first_coin, &[to(payee, 1000)]).await;
    let two = stage.post(2, second_coin, &[to(payee, 1000)]).await;
    // Somebody else builds upon each of them, and the main chain goes along a third way, so that the
    // next witness brings both in.
    for (hub, bystander) in (1..).zip(&mut bystanders) {
        bystander.pay(&mut stage.clients[hub], &[to(payee, 1000)]).await;
    }
    stage.devnet.pay(payee, Bytes::literal(1)).await.expect("the faucet pays");
    stage.hold(false);
    stage.decide();
    let (winner, loser) = if one.hash() < two.hash() { (one, two) } else { (two, one) };
    for hub in 0..3 {
        stage.wait_for(hub, &winner.hash(), State::FinalGood).await;
        stage.wait_for(hub, &loser.hash(), State::FinalBad).await;
    }
    let client = &mut stage.clients[0];
    assert_eq!(client.mci(&winner.hash()).await, client.mci(&loser.hash()).await);
}

#[tokio::test]
async fn what_comes_too_late_is_void_at_once() {
    let mut stage = Stage::new(2).await;
    let payee = Wallet::new(2).address();
    stage.devnet.relay(1, 0).expect("two hubs").hold();
    let [first_coin, second_coin] = stage.coins;
    let late = stage.sign(1, second_coin, &[to(payee, 1000)]).await;
    stage.devnet.relay(0, 1).expect("two hubs").hold();
    let first = stage.post(0, first_coin, &[to(payee, 1000)]).await;
    stage.wait_for(0, &first.hash(), State::FinalGood).await;
    assert_eq!(stage.clients[1].post(&late).await, "accepted");
    stage.hold(false);
    stage.decide();
    assert_eq!(stage.state(0, &first.hash()).await, Some(State::FinalGood));
    for hub in [0, 1] {
        stage.wait_for(hub, &late.hash(), State::FinalBad).await;
        stage.wait_for(hub, &first.hash(), State::FinalGood).await;
    }
}

#[tokio::test]
async fn a_conflict_outlives_a_restart_undecided_and_decided() {
    let mut stage = Stage::new(2).await;
    let payee = Wallet::new(2).address();
    stage.hold(true);
    let [first_coin, second_coin] = stage.coins;
    let winner = stage.post(0, first_coin, &[to(payee, 1000)]).await.hash();
    let loser = stage.post(1, second_coin, &[to(payee, 1000)]).await.hash();
    stage.hold(false);
    assert_eq!(stage.state(1, &loser).await, None);
    let mut stage = stage.restart().await;
    assert_eq!(stage.state(1, &loser).await, None);
    for hub in [0, 1] {
        stage.wait_for(hub, &winner, State::FinalGood).await;
        stage.wait_for(hub, &loser, State::FinalBad).await;
    }
    let ball = stage.ball(0, &loser).await;
    let mut stage = stage.restart().await;
    for hub in [0, 1] {
        assert_eq!(stage.ball(hub, &loser).await, ball);
        assert_eq!(stage.state(hub, &loser).await, Some(State::FinalBad));
    }
    let again = stage.post(1, second_coin, &[to(payee, 7)]).await;
    stage.wait_for(0, &again.hash(), State::FinalGood).await;
}

#[tokio::test]
async fn what_was_kept_back_when_the_network_ended_is_passed_on_when_it_starts() {
    let mut stage = Stage::new(2).await;
    let payee = Wallet::new(2).address();
    stage.hold(true);
    let coin = stage.coins[0];
    let unit = stage.post(1, coin, &[to(payee, 1000)]).await.hash();
    assert!(!stage.knows(0, &unit).await);
    let mut stage = stage.restart().await;
    assert!(stage.knows(0, &unit).await);
    let counts: Vec<_> = stage.devnet.hubs().iter().map(obyte_devnet::Hub::unit_count).collect();
    assert_eq!(counts[0], counts[1]);
}

/// As nodes of the reference do: what is void for good says nothing any more.
#[tokio::test]
async fn what_units_attest_is_found_until_they_are_stripped() {
    let mut stage = Stage::new(2).await;
    let (own, about) = (stage.wallet.address(), Wallet::new(3).address());
    let note = |app: &str, payload| Note { app: app.to_owned(), payload };
    let says = |email: &str| {
        let attested = json!({"address": about, "profile": {"email": email, "name": " spaced "}});
        [note("attestation", attested), note("profile", json!({"nick": email}))]
    };
    stage.hold(true);
    let [first, second] = stage.coins;
    let one = stage.post_with(0, first, &says("a@x")).await.hash();
    let two = stage.post_with(1, second, &says("b@x")).await.hash();
    stage.hold(false);
    let question = |field, value| json!({"attestor_address": own, "field": field, "value": value});
    let client = &mut stage.clients[1];
    for (email, unit) in [("a@x", one), ("b@x", two)] {
        let found = client.request("light/get_attestation", question("email", email)).await;
        assert_eq!(found, json!(unit), "also while they are in conflict");
    }
    assert_eq!(client.request("light/get_attestation", question("name", " spaced ")).await, "");
    assert_eq!(
        client.request("light/get_attestations", json!({"address": about})).await[1]["unit"],
        json!(one)
    );
    stage.decide();
    let loser = stage.wait_for_loser(1, [one, two]).await;
    let [(kept, winner), (lost, _)] =
        if loser == two { [("a@x", one), ("b@x", two)] } else { [("b@x", two), ("a@x", one)] };
    stage.wait_until_stripped(1, &loser).await;
    let client = &mut stage.clients[1];
    assert_eq!(client.request("light/get_attestation", question("email", lost)).await, "");
    assert_eq!(client.request("light/get_attestation", question("email", kept)).await, json!(winner));
    let kept =
        json!([{"unit": winner, "attestor_address": own, "profile": {"email": kept, "name": " spaced "}}]);
    assert_eq!(client.request("light/get_attestations", json!({"address": about})).await, kept);
    assert_eq!(client.request("light/get_profile_units", json!([own])).await, json!([winner]));
}
