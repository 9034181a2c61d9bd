//! Which attestations count, where hubs are honest.

use bytesback_client::{Endpoint, PurchaseAnswer};
use serde_json::json;
use store::AttestedPayee;

use crate::common::{CASHBACK, address, ok};
use crate::stage::{FIRST, SECOND, STRANGER, Stage, key, names, order_of, says};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attested_mailbox_is_paid_to_its_wallet_and_gets_no_textcoin() {
    let stage = Stage::set().await;
    let unit = stage.attest(FIRST, 0, &[says("a wallet", "someone@example.org")]).await;
    stage.until_final(&[unit]).await;
    // However the mailbox is typed.
    let record = stage.gets_coins("1", "Someone@Example.org", "a wallet").await;
    let attested = AttestedPayee { address: address("a wallet"), unit, attestor: key(FIRST).address() };
    assert_eq!(record.attested, Some(attested));
    assert_eq!(record.terms.recipient.as_str(), "Someone@example.org", "the mailbox is the term");
    let textcoin = stage.bought("2", "nobody-else@example.org").await;
    assert!(record.fee_reserve < textcoin.fee_reserve, "nothing is set aside for claiming");
    let hub = stage.hub(0).await;
    let got = hub.balances(&[address("a wallet")]).await.expect("answered");
    let got = got[&address("a wallet")].base();
    assert_eq!(got.stable + got.pending, CASHBACK);
    // Where nobody is believed, nobody is asked.
    let live = stage.bought_at(Endpoint::Live, "1", "someone@example.org").await;
    assert!(live.payout.payee.is_textcoin());
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_request_gets_the_same_answer_whatever_is_attested_later() {
    let stage = Stage::set().await;
    let answer = async |order: &str| {
        let request = order_of(order, "someone@example.org");
        let answer = stage.inside.client.new_purchase(Endpoint::Test, &request).await.expect("answered");
        (ok(answer.clone()), answer)
    };
    stage.gets_a_textcoin("1", "someone@example.org").await;
    let (first, _) = answer("1").await;
    let unit = stage.attest(FIRST, 0, &[says("a wallet", "someone@example.org")]).await;
    stage.until_final(&[unit]).await;
    let (again, replay) = answer("1").await;
    assert_eq!((again.0, again.1), (first.0, first.1));
    assert!(matches!(replay, PurchaseAnswer::Ok { replayed: true, .. }), "{replay:?}");
    stage.gets_a_textcoin("1", "someone@example.org").await;
    let other = order_of("1", "other@example.org");
    let conflict = stage.inside.client.new_purchase(Endpoint::Test, &other).await.expect("answered");
    assert!(matches!(conflict, PurchaseAnswer::Error { .. }), "{conflict:?}");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_attested_in_public_by_an_attestor_gets_a_textcoin() {
    let stage = Stage::set().await;
    stage.introduce().await;
    let agent = stage.devnet.define_agent(&json!(["autonomous agent", {"bounce_fees": {"base": 10000}}]));
    let agent = agent.expect("a definition");
    let private = json!({"address": address("a wallet"), "profile": {"profile_hash": "x", "user_id": "y"}});
    let both = json!({"address": address("a wallet"), "profile": {"profile_hash": "x", "email": "both@example.org"}});
    let units = [
        stage.attest(STRANGER, 1, &[says("a wallet", "stranger@example.org")]).await,
        stage.attest(FIRST, 1, &[private, both]).await,
        stage.attest(FIRST, 2, &[names(stage.fund, "fund@example.org")]).await,
        stage.attest(FIRST, 3, &[names(agent, "agent@example.org")]).await,
        stage
            .attest(FIRST, 4, &[says("a wallet", "two@example.org"), says("other", "two@example.org")])
            .await,
        stage.attest(FIRST, 5, &[says("a wallet", "Capital@example.org")]).await,
        stage.attest(FIRST, 6, &[says("a wallet", "good@example.org")]).await,
    ];
    stage.until_final(&units).await;
    for who in ["nobody-else", "stranger", "both", "fund", "agent", "two", "capital", "Capital"] {
        stage.gets_a_textcoin(who, &format!("{who}@example.org")).await;
    }
    stage.gets_coins("good", "good@example.org", "a wallet").await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attestation_counts_once_it_is_final() {
    let stage = Stage::set().await;
    stage.devnet.rest_order_provider(true);
    let unit = stage.attest(FIRST, 0, &[says("a wallet", "someone@example.org")]).await;
    stage.gets_a_textcoin("1", "someone@example.org").await;
    stage.devnet.rest_order_provider(false);
    stage.until_final(&[unit]).await;
    stage.gets_coins("2", "someone@example.org", "a wallet").await;
    stage.gets_a_textcoin("1", "someone@example.org").await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_attestor_counts_and_of_its_attestations_the_newest() {
    let stage = Stage::set().await;
    stage.introduce().await;
    let one = stage.attest(FIRST, 1, &[says("old", "someone@example.org")]).await;
    let second = stage.attest(SECOND, 1, &[says("by the second", "only@example.org")]).await;
    stage.until_final(&[one, second]).await;
    let two = stage.attest(FIRST, 2, &[says("new", "someone@example.org")]).await;
    let three = stage.attest(SECOND, 2, &[says("by the second", "someone@example.org")]).await;
    stage.until_final(&[two, three]).await;
    stage.gets_coins("1", "someone@example.org", "new").await;
    stage.gets_coins("2", "only@example.org", "by the second").await;
    stage.end().await;
}
