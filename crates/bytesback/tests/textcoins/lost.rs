//! The database is lost, and textcoins are on the network that no book knows.

use std::time::Duration;

use ledger::Account;
use store::{Recalled, TextcoinCounts};

use crate::WEEK;
use crate::common::until;
use crate::kill::Server;
use crate::stage::{ENDPOINT, SHARE, Stage, someone};

/// What the genesis gave to the wallet.
const TOP_UPS: i64 = -1_000_000_000_000;
/// Makes the week of all textcoins be over.
const TIME_PASSES: &str = "UPDATE textcoins SET expires_at = 1; UPDATE found_textcoins SET expires_at = 1";

async fn are_found(stage: &Stage, count: u64) {
    until(&format!("{count} are found"), async || stage.counts().await.found == count).await;
}

/// The book is sound and agrees with the network to the byte, and nothing in it came from nowhere.
async fn is_well(stage: &Stage) {
    stage.audit().await;
    stage.agrees().await;
    // What is booked as a deposit was a top-up before.
    let put_in =
        stage.balance(Account::OperatorTopUps).await + stage.balance(Account::DepositsReceived).await;
    assert_eq!(put_in, TOP_UPS);
    assert_eq!(stage.balance(Account::Missing).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn from_the_mnemonic_alone_what_nobody_claims_comes_back() {
    let mut stage = Stage::set(WEEK).await;
    let orders = stage.buy(8).await;
    stage.claim(&orders[0], someone("early")).await.expect("it is there");
    stage.have_ended(1, 0).await;
    let words = stage.words(&orders[1]).await;
    stage.lose(None).await;
    stage.start().await;
    are_found(&stage, 8).await;
    stage.have_ended(1, 0).await;
    stage.claim_by(&words, someone("late")).await.expect("nobody has taken it back");
    stage.have_ended(2, 0).await;
    stage.audit().await;
    let (fund, elsewhere) = (stage.balance(Account::Fund).await, stage.balance(Account::Elsewhere).await);

    stage.restart(async |stage| stage.change_book(TIME_PASSES)).await;
    stage.have_ended(2, 6).await;
    is_well(&stage).await;
    let back = elsewhere - stage.balance(Account::Elsewhere).await;
    assert!(back > 6 * 4_900_000, "six came back, {back} bytes");
    let rest = back - (stage.balance(Account::Fund).await - fund);
    assert!((0..=6 * 500).contains(&rest), "but for spending it, it is the fund's: {rest}");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn over_an_older_copy_both_kinds_come_back() {
    let mut stage = Stage::set(WEEK).await;
    let known = stage.buy(4).await;
    stage.all_is_proven().await;
    let copy = stage.copy();
    let later = stage.buy(4).await;
    let words = stage.words(&later[0]).await;
    stage.all_is_proven().await;
    stage.lose(Some(&copy)).await;
    stage.start().await;
    are_found(&stage, 4).await;
    assert_eq!(stage.counts().await, TextcoinCounts { open: 8, found: 4, ..TextcoinCounts::default() });
    stage.claim(&known[0], someone("of the copy")).await.expect("it is there");
    stage.claim_by(&words, someone("behind the copy")).await.expect("it is there");
    stage.have_ended(2, 0).await;
    stage.restart(async |stage| stage.change_book(TIME_PASSES)).await;
    stage.have_ended(2, 6).await;
    is_well(&stage).await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_back_behind_an_older_copy_returns_to_those_who_gave() {
    let mut stage = Stage::set(WEEK).await;
    let orders = stage.buy(3).await;
    stage.all_is_proven().await;
    let (copy, deposit) = (stage.copy(), stage.deposit().await);
    for order in &orders {
        let payout = stage.record(order).await.payout.id;
        let at = payout::Timestamp::from_millis(1);
        assert_eq!(stage.store.recall(ENDPOINT, payout, at).await.expect("it works"), Recalled::Noted);
    }
    stage.have_ended(0, 3).await;
    stage.buy_here(&["later"], "3").await;
    stage.all_is_proven().await;
    stage.lose(Some(&copy)).await;
    stage.start().await;
    are_found(&stage, 1).await;
    stage.have_ended(0, 3).await;
    assert_eq!(stage.deposit().await, deposit + 3 * i64::try_from(SHARE).expect("small"));
    is_well(&stage).await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_killed_while_it_searches_goes_on_where_it_was() {
    let mut stage = Stage::set(Duration::from_secs(1)).await;
    stage.buy(6).await;
    stage.lose(None).await;
    let mut reached = (0, 0);
    for _ in 0..3 {
        let (server, _) = Server::start(stage.folder()).await;
        until("the search goes on", async || at(&stage) > reached).await;
        drop(server);
        let now = at(&stage);
        assert!(now >= reached, "it went back from {reached:?} to {now:?}");
        reached = now;
    }
    let (server, _) = Server::start(stage.folder()).await;
    stage.have_ended(0, 6).await;
    drop(server);
    is_well(&stage).await;
}

/// Which generation and which counter the search tries next.
fn at(stage: &Stage) -> (u32, u32) {
    let book = rusqlite::Connection::open(stage.folder().join("book.sqlite")).expect("a book");
    let row = book.query_row(
        "SELECT generation, counter FROM textcoin_searches WHERE endpoint = 'test'",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    );
    row.unwrap_or((0, 0))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_two_lost_lives_gave_comes_back_once() {
    let mut stage = Stage::set(WEEK).await;
    stage.buy_here(&["a", "b", "c"], "1").await;
    stage.all_is_proven().await;
    stage.lose(None).await;
    stage.start().await;
    are_found(&stage, 3).await;
    // One comes back to the second life.
    let first = stage.found().await.remove(0);
    let recalled = stage.store.recall_found(ENDPOINT, first.no, first.found_at).await.expect("it works");
    assert_eq!(recalled, Recalled::Noted);
    stage.have_ended(0, 1).await;
    stage.is_funded().await;
    // Another amount than what may have been paid before.
    stage.buy_here(&["d", "e", "f"], "3").await;
    stage.all_is_proven().await;
    stage.lose(None).await;
    stage.start().await;
    are_found(&stage, 6).await;
    let generations: Vec<u32> = stage.found().await.iter().map(|found| found.no.generation).collect();
    assert!(generations[..3] == [0; 3] && generations[3] > 0, "{generations:?}");
    stage.have_ended(0, 1).await;
    stage.restart(async |stage| stage.change_book(TIME_PASSES)).await;
    stage.have_ended(0, 6).await;
    is_well(&stage).await;
    stage.end().await;
}
