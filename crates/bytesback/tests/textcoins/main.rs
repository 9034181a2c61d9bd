//! Textcoins on the embedded devnet: claimed by a wallet of somebody else, or taken back.

#[path = "../common/mod.rs"]
mod common;
mod corrected;
#[path = "../common/inside.rs"]
mod inside;
mod kill;
mod lost;
mod race;
mod stage;
mod words;

use std::time::Duration;

use ledger::Account;
use store::Recalled;
use store::sqlite::SqliteStore;

use crate::common::{argument, until};
use crate::stage::{ENDPOINT, SHARE, Stage, someone};

/// Nobody waits for this in a test.
const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

#[tokio::test(flavor = "multi_thread")]
async fn half_are_claimed_and_half_come_back_to_those_who_gave() {
    let stage = Stage::set(Duration::from_secs(4)).await;
    let (fund, deposit) = (stage.balance(Account::Fund).await, stage.deposit().await);
    let orders = stage.buy(20).await;
    for order in &orders[..10] {
        let claimed = stage.claim(order, someone(order)).await.expect("it is there");
        // The fund has given what claiming took a moment ago; in this burst it takes more and more.
        assert!(claimed.amount.get() * 100 >= stage.cashback(order).await.get() * 99, "{claimed:?}");
    }
    stage.have_ended(10, 10).await;
    assert_eq!(stage.balance(Account::TextcoinsOut).await, 0);
    assert_eq!(stage.deposit().await, deposit - 10 * i64::try_from(SHARE).expect("small"));
    // The base share and the match of ten orders, and what units and what was claimed cost.
    let given = fund - stage.balance(Account::Fund).await;
    let shares = 10 * i64::try_from(stage.cashback(&orders[0]).await.get() - SHARE).expect("small");
    assert!((shares..shares + 50_000).contains(&given), "{given} of {shares}");
    stage.audit().await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_expires_while_no_server_runs_comes_back_when_one_does() {
    let mut stage = Stage::set(Duration::from_secs(8)).await;
    // More than are taken back at a time.
    let orders = stage.buy(30).await;
    stage
        .restart(async |stage| {
            until("their time is over", async || stage.counts().await.expired == 30).await;
            stage.claim(&orders[0], someone("late")).await.expect("nobody has taken it back");
        })
        .await;
    stage.have_ended(1, 29).await;
    stage.audit().await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_starts_often_takes_each_back_once() {
    let mut stage = Stage::set(Duration::from_millis(200)).await;
    stage.buy(12).await;
    for _ in 0..6 {
        stage.restart(async |_| {}).await;
        tokio::task::yield_now().await;
    }
    stage.have_ended(0, 12).await;
    stage.audit().await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_has_one_taken_back_before_its_time() {
    let stage = Stage::set(WEEK).await;
    let orders = stage.buy(2).await;
    stage.all_is_proven().await;
    let payout = stage.record(&orders[0]).await.payout.id;
    let at = payout::Timestamp::from_millis(1);
    let recalled = stage.store.recall(ENDPOINT, payout, at).await.expect("the store works");
    assert_eq!(recalled, Recalled::Noted);
    stage.have_ended(0, 1).await;
    assert_eq!(stage.counts().await.open, 1, "the other one stays");
    stage.audit().await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_paying_is_paused_nothing_is_taken_back() {
    let stage = Stage::set(Duration::from_secs(5)).await;
    stage.buy(1).await;
    stage.pause().await;
    until("its time is over", async || stage.counts().await.expired == 1).await;
    assert_eq!(stage.counts().await.swept, 0);
    stage.resume().await;
    stage.have_ended(0, 1).await;
    stage.audit().await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audit_finds_ends_that_did_not_happen_so() {
    let stage = Stage::set(WEEK).await;
    let orders = stage.buy(2).await;
    stage.claim(&orders[0], someone("a customer")).await.expect("it is there");
    let payout = stage.record(&orders[1]).await.payout.id;
    let at = payout::Timestamp::from_millis(1);
    stage.store.recall(ENDPOINT, payout, at).await.expect("the store works");
    stage.have_ended(1, 1).await;
    stage.audit().await;
    let copy = stage.folder().join("copy.sqlite");
    let book = rusqlite::Connection::open(stage.folder().join("book.sqlite")).expect("a book");
    book.execute("VACUUM INTO ?", [argument(&copy)]).expect("copied");
    let book = rusqlite::Connection::open(&copy).expect("a book");
    let damaged = SqliteStore::open(&copy).expect("a book");
    // Each damage is there besides those before it.
    for (damage, in_books, wanted) in [
        (
            "UPDATE textcoins SET ended_by = (SELECT unit FROM versions LIMIT 1) WHERE outcome = 'claimed'",
            false,
            "does not spend textcoin",
        ),
        (
            "UPDATE textcoins SET ended_by = 'oj8yEksX9Ubq7lLc+p6F2uyHUuynugeVq4+ikT67X6E='
             WHERE outcome = 'taken back'",
            false,
            "the hub does not show it",
        ),
        ("UPDATE coins SET amount = amount - 1 WHERE textcoin IS NOT NULL", true, "textcoin-taken-back"),
        ("UPDATE textcoins SET outcome = 'taken back'", true, "textcoin-claimed"),
    ] {
        book.execute_batch(damage).unwrap_or_else(|error| panic!("{damage}: {error}"));
        let (books, network) = stage.faults_of(&damaged).await;
        let found = if in_books { books } else { network };
        assert!(found.iter().any(|fault| fault.contains(wanted)), "{damage}\n{found:#?}");
    }
    // The book itself is as it was.
    stage.audit().await;
    stage.end().await;
}
