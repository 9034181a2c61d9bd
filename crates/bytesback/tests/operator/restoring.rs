//! The database is lost: another server begins with the mnemonic alone, or with an older copy.

use bytesback_client::PurchaseAnswer;
use ledger::Account;
use store::{Bookkeeping, Endpoint, Operations, Review, Store, WhichSlots};

use crate::common::{argument, run, until};
use crate::site::{Serve, Site};
use crate::stage::{Stage, is_paid};
use crate::{payer, payer_json};

/// Waits until every coin is at a fresh address.
async fn restored(site: &Site) {
    until("the wallet is restored", async || {
        let status = payer_json(site, &["status"]);
        let store = site.store();
        let slots = store.slots(Endpoint::Test, WhichSlots::All, 9).await.expect("it works");
        status[0]["restoring"] == false && status[0]["open_slots"] == 0 && !slots.is_empty()
    })
    .await;
}

fn is_held(answer: &Result<PurchaseAnswer, bytesback_client::ClientError>) -> bool {
    matches!(answer, Ok(PurchaseAnswer::Held { .. }))
}

/// The books are sound, and nothing is missing.
async fn books_are_sound(site: &Site) {
    let store = site.store();
    let audit = store.audit_book(Endpoint::Test).await.expect("it works");
    assert!(audit.is_sound(), "{:?}", audit.faults);
    let book = store.balances(Endpoint::Test).await.expect("a book");
    assert_eq!(book.balance(Account::Missing).get(), 0);
}

/// Orders are paid, and what they were paid from is lost with the database.
async fn paid_and_stopped(stage: &mut Stage, server: Serve, count: usize) -> Vec<String> {
    let orders = stage.orders(count);
    assert!(stage.send(&orders).await.iter().all(is_paid));
    server.kill();
    orders
}

fn reject(site: &Site, order: &str) {
    let data = argument(&site.folder);
    let of = ["--partner", "demo-shop", "--endpoint", "test", "--data-dir", data];
    let (good, said) = run(&[&["purchase", "reject", order], &of[..]].concat());
    assert!(good, "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_the_mnemonic_alone_the_money_is_found_and_nobody_is_paid_twice() {
    let (mut stage, server) = Stage::set().await;
    let before = paid_and_stopped(&mut stage, server, 5).await;
    let folder = tempfile::tempdir().expect("a folder");
    let elsewhere = stage.site.elsewhere(folder.path()).await;
    let server = elsewhere.start();
    restored(&elsewhere).await;
    assert!(server.log.holds("is being restored"), "it says so: {:?}", server.log.lines());
    stage.site = elsewhere;

    let answers = stage.send(&before).await;
    assert!(answers.iter().all(is_held), "who was paid is not paid again by itself: {answers:?}");
    let new = stage.orders(5);
    assert!(stage.send(&new).await.iter().all(is_paid));
    for order in &before {
        reject(&stage.site, order);
    }
    until("everything is proven", async || {
        let store = stage.site.store();
        store.balances(Endpoint::Test).await.expect("a book").balance(Account::Owed).get() == 0
    })
    .await;
    books_are_sound(&stage.site).await;
    let held = payer(&stage.site, &["status"]);
    assert!(!held.contains("RESTORING"), "{held}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_an_older_copy_what_came_after_it_is_held() {
    let (mut stage, server) = Stage::set().await;
    let before = paid_and_stopped(&mut stage, server, 3).await;
    let copy = stage.site.folder.join("copy.sqlite");
    copy_database(&stage.site, &copy);
    let server = stage.site.start();
    stage.site.is_well().await;
    let after = paid_and_stopped(&mut stage, server, 4).await;

    put_back(&stage.site, &copy);
    let _server = stage.site.start();
    restored(&stage.site).await;
    assert!(stage.send(&before).await.iter().all(is_paid), "what the copy knows is answered as it was");
    let answers = stage.send(&after).await;
    assert!(answers.iter().all(is_held), "{answers:?}");
    for order in &after {
        reject(&stage.site, order);
    }
    let new = stage.orders(3);
    assert!(stage.send(&new).await.iter().all(is_paid));
    until("everything is proven", async || {
        let store = stage.site.store();
        store.balances(Endpoint::Test).await.expect("a book").balance(Account::Owed).get() == 0
    })
    .await;
    books_are_sound(&stage.site).await;
}

/// Copies the database of a server that does not run.
fn copy_database(site: &Site, copy: &std::path::Path) {
    let connection = rusqlite::Connection::open(site.database()).expect("a database");
    connection.execute("VACUUM INTO ?", [argument(copy)]).expect("copied");
}

fn put_back(site: &Site, copy: &std::path::Path) {
    for suffix in ["-wal", "-shm"] {
        let mut file = site.database().into_os_string();
        file.push(suffix);
        // There may be none.
        let _ = std::fs::remove_file(file);
    }
    std::fs::copy(copy, site.database()).expect("copied");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wallet_that_was_used_before_can_be_declared_so_while_no_server_runs() {
    let (mut stage, server) = Stage::set().await;
    let (good, said) =
        run(&["payer", "restore", "--endpoint", "test", "--data-dir", argument(&stage.site.folder)]);
    assert!(!good && said.contains("stop it first"), "{said}");
    server.kill();
    payer(&stage.site, &["restore"]);
    assert!(payer(&stage.site, &["status"]).contains("RESTORING"));
    let _server = stage.site.start();
    restored(&stage.site).await;
    let orders = stage.orders(2);
    assert!(stage.send(&orders).await.iter().all(is_paid));
    let store = stage.site.store();
    let found = store.held(Endpoint::Test).await.expect("it works");
    assert!(found.is_empty(), "nobody was paid before: {found:?}");
    until("everything is proven", async || {
        store.balances(Endpoint::Test).await.expect("a book").balance(Account::Owed).get() == 0
    })
    .await;
    books_are_sound(&stage.site).await;
}
