//! The behaviour suite on SQLite, and what only a file can show.

#[path = "sqlite/damage.rs"]
mod damage;
mod suite;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use rusqlite::Connection;
use store::sqlite::SqliteStore;
use store::{Endpoint, Store, StoreError, Verdict};
use suite::Backend;
use suite::world::World;
use tempfile::TempDir;

struct InFile {
    directory: TempDir,
}

impl InFile {
    fn path(&self) -> PathBuf {
        self.directory.path().join("test.db")
    }
}

impl Backend for InFile {
    fn fresh() -> Self {
        Self { directory: TempDir::new().expect("a temporary directory") }
    }

    fn open(&self) -> Arc<dyn Store> {
        Arc::new(SqliteStore::open(self.path()).expect("a good file"))
    }

    fn lose_lock(&self, endpoint: Endpoint) {
        let lock = self.directory.path().join(format!("test.db.{endpoint}.payer-lock"));
        std::fs::remove_file(lock).expect("there is a lock");
    }
}

suite::behaviours!(crate::InFile);

/// Where the child process of the next test finds its database.
const CHILD: &str = "STORE_TEST_CHILD";

/// A process is killed in the middle of accepting. Whatever it said to be accepted is there.
#[tokio::test]
async fn what_was_answered_survives_a_killed_process() {
    if let Some(path) = std::env::var_os(CHILD) {
        return accept_until_killed(Path::new(&path)).await;
    }
    let backend = InFile::fresh();
    let mut child = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "what_was_answered_survives_a_killed_process", "--nocapture"])
        .env(CHILD, backend.path())
        .stdout(Stdio::piped())
        .spawn()
        .expect("this test runs again");
    let lines = BufReader::new(child.stdout.take().expect("it is piped")).lines();
    let said = lines.map(|line| line.expect("text"));
    let mut accepted: Vec<String> =
        said.filter_map(|line| line.strip_prefix("accepted ").map(str::to_owned)).take(200).collect();
    assert_eq!(accepted.len(), 200, "the child works until it is killed");
    child.kill().expect("it runs");
    child.wait().expect("it ends");

    let store = backend.open();
    let name = "demo-shop".parse().expect("a good name");
    let partner = store.partner(&name).await.expect("the store works").expect("it was added").id;
    accepted.sort_unstable();
    for order in &accepted {
        let order_id = store::OrderId::new(order.as_str()).expect("a good order id");
        let key = store::PurchaseKey { partner, merchant: None, order_id };
        assert!(store.purchase(Endpoint::Test, &key).await.expect("the store works").is_some(), "{order}");
    }
    let owed = store.snapshot(Endpoint::Test).await.expect("the store works").queue.len();
    assert!(owed >= 200);
    let book = store.balances(Endpoint::Test).await.expect("a sound book");
    assert_eq!(usize::try_from(book.balance(ledger::Account::Owed).get()).ok(), Some(owed));
    assert!(store.verify_book(Endpoint::Test).await.expect("the store works").is_sound());
    store.lock_payer(Endpoint::Test).await.expect("the dead hold no locks");
}

async fn accept_until_killed(path: &Path) {
    struct Given(PathBuf);
    impl Backend for Given {
        fn fresh() -> Self {
            unreachable!("the file is given")
        }
        fn open(&self) -> Arc<dyn Store> {
            Arc::new(SqliteStore::open(&self.0).expect("a good file"))
        }
        fn lose_lock(&self, _: Endpoint) {
            unreachable!("the lock is kept")
        }
    }
    let world = World::rich(&Given(path.to_owned())).await;
    let tasks: Vec<_> = (0..8)
        .map(|task| {
            let store = world.store.clone();
            let purchases: Vec<_> =
                (0..100).map(|number| world.purchase(&format!("{task}-{number}"), 1)).collect();
            tokio::spawn(async move {
                for purchase in purchases {
                    let order = purchase.key.order_id.clone();
                    let verdict = store.accept(Endpoint::Test, purchase).await.expect("the store works");
                    assert!(matches!(verdict, Verdict::Accepted(_)));
                    // Whole lines, also when killed.
                    let line = format!("accepted {order}\n");
                    std::io::stdout().write_all(line.as_bytes()).expect("the parent reads");
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.expect("no panic");
    }
    // Wait to be killed; the parent closes the pipe when it gives up.
    while std::io::stdout().write_all(b"waiting\n").is_ok() {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_damaged_row_is_named() {
    let backend = InFile::fresh();
    let world = World::rich(&backend).await;
    let payout = world.owe("1", 100).await;
    let raw = Connection::open(backend.path()).expect("a good file");
    raw.execute("UPDATE payouts SET address = 'NOWHERE'", []).expect("a good statement");
    match world.store.snapshot(Endpoint::Test).await {
        Err(StoreError::BadRow { table: "payouts", column: "address", row, why }) => {
            assert_eq!(row, payout.id.to_string());
            assert!(!why.contains("NOWHERE"), "an error holds no copy of the value");
        }
        other => panic!("the address is none: {other:?}"),
    }
}

#[tokio::test]
async fn a_balance_that_is_not_the_sum_of_its_postings_is_found() {
    let backend = InFile::fresh();
    let world = World::rich(&backend).await;
    world.owe("1", 100).await;
    let raw = Connection::open(backend.path()).expect("a good file");
    raw.execute("UPDATE balances SET balance = balance + 1 WHERE account = 'fund'", []).expect("good");
    raw.execute("UPDATE postings SET change = change + 2 WHERE account = 'owed'", []).expect("good");
    let check = world.store.verify_book(Endpoint::Test).await.expect("the store works");
    let different: Vec<_> = check.differences.iter().map(|found| found.account).collect();
    assert_eq!(different, [ledger::Account::Fund, ledger::Account::Owed]);
    assert_eq!(check.unbalanced.len(), 1);
    assert!(!check.is_sound());
    let book = world.store.balances(Endpoint::Test).await;
    assert!(matches!(book, Err(StoreError::BadBook { .. })), "{book:?}");
}

/// A command beside the server: both write, neither fails.
#[tokio::test]
async fn two_processes_may_write_to_one_file() {
    let backend = InFile::fresh();
    let world = World::rich(&backend).await;
    let beside = backend.open();
    for number in 0..20 {
        world.owe(&format!("here {number}"), 10).await;
        let there = world.purchase(&format!("there {number}"), 10);
        let verdict = beside.accept(Endpoint::Test, there).await.expect("the store works");
        assert!(matches!(verdict, Verdict::Accepted(_)));
    }
    assert_eq!(world.snapshot().await.queue.len(), 40);
    assert_eq!(world.balance(ledger::Account::Owed).await, 400);
    world.check_book().await;
}

#[test]
fn what_is_no_database_is_refused() {
    let backend = InFile::fresh();
    std::fs::write(backend.path(), "this is a letter to my aunt, not a database".repeat(100)).expect("space");
    let result = SqliteStore::open(backend.path());
    assert!(matches!(result, Err(StoreError::Corrupt(_))), "{result:?}");
    let nowhere = SqliteStore::open(backend.directory.path().join("no such directory").join("test.db"));
    assert!(matches!(nowhere, Err(StoreError::Io(_))), "{nowhere:?}");
}

#[cfg(unix)]
#[test]
fn only_the_owner_reads_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let backend = InFile::fresh();
    let _store = backend.open();
    for file in std::fs::read_dir(backend.directory.path()).expect("a directory") {
        let file = file.expect("a file");
        let mode = file.metadata().expect("a file").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{:?}", file.file_name());
    }
}
