//! A disk that is full, and a database that another process keeps locked.

use std::time::Duration;

use bytesback_client::PurchaseAnswer;
use rusqlite::Connection;
use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::common::until;
use crate::site::Serve;
use crate::stage::{Stage, is_paid};

/// Longer than the server waits for another process that writes.
const LOCKED: Duration = Duration::from_secs(11);

/// Lets a process make no file longer than this, or any. Writing fails then as on a full disk, but with
/// another error of the system, and for this process alone; that needs no rights.
fn limit_files(server: &Serve, bytes: Option<u64>) {
    let process = Pid::from_raw(server.id()).expect("a process");
    prlimit(Some(process), Resource::Fsize, Rlimit { current: bytes, maximum: None }).expect("it is ours");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_is_said_loses_nothing_and_is_got_over() {
    let (mut stage, server) = Stage::set().await;
    let before = stage.orders(20);
    assert!(stage.send(&before).await.iter().all(is_paid));

    // It fills up while purchases are on their way.
    let caught = stage.orders(100);
    let (_, ()) = tokio::join!(stage.send(&caught), async { limit_files(&server, Some(4096)) });
    let refused = stage.orders(20);
    let answers = stage.send(&refused).await;
    assert!(!answers.iter().any(is_paid), "paid without being written down: {answers:?}");
    stage.site.complains(r#"{"name":"database","ok":false"#).await;
    assert!(server.log.holds("the database cannot be read or written"), "{:?}", server.log.lines());
    // What was answered before is still answered.
    assert!(stage.send(&before).await.iter().all(is_paid));

    limit_files(&server, None);
    stage.site.is_well().await;
    stage.audit().await;
}

/// Locks the database as another process.
fn lock(stage: &Stage) -> Connection {
    let other = Connection::open(stage.site.database()).expect("a database");
    other.busy_timeout(Duration::from_secs(5)).expect("a time");
    other.execute_batch("BEGIN EXCLUSIVE").expect("nobody keeps it for long");
    other
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_accepted_too_late_to_be_answered_is_paid() {
    let (mut stage, _server) = Stage::set().await;
    let other = lock(&stage);
    let orders = stage.orders(20);
    // The answer is due before the server gives up waiting for the other process.
    for answer in stage.send(&orders).await {
        match answer {
            Ok(PurchaseAnswer::Error { text }) => assert!(text.contains("repeat the same request"), "{text}"),
            other => panic!("{other:?}"),
        }
    }
    other.execute_batch("ROLLBACK").expect("it holds it");
    // Nobody repeats a request.
    stage.all_is_paid().await;
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_database_is_said_loses_nothing_and_is_got_over() {
    let (mut stage, server) = Stage::set().await;
    let before = stage.orders(20);
    assert!(stage.send(&before).await.iter().all(is_paid));

    let other = lock(&stage);
    let released = tokio::time::Instant::now() + LOCKED;
    let during = stage.orders(20);
    while tokio::time::Instant::now() < released {
        // Each of these also looks whether the answer comes before a till gives up.
        assert!(!stage.send(&during).await.iter().any(is_paid));
        assert!(stage.send(&before).await.iter().all(is_paid), "reading waits for nobody");
    }
    stage.site.complains(r#"{"name":"database","ok":false"#).await;
    until("the log tells", async || server.log.holds("another process has kept it locked")).await;

    other.execute_batch("ROLLBACK").expect("it holds it");
    stage.site.is_well().await;
    stage.audit().await;
}
