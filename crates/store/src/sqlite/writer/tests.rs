//! Groups of jobs, and what fails among them.

use std::sync::mpsc::{Sender, channel};

use tempfile::TempDir;

use super::*;
use crate::Violation;
use crate::sqlite::schema::{open_reader, open_writer, rewrite_a_page};

type Outcome = tokio::task::JoinHandle<Result<(), StoreError>>;

struct Stage {
    writer: std::sync::Arc<Writer>,
    path: PathBuf,
    _directory: TempDir,
}

impl Stage {
    fn new() -> Self {
        let directory = TempDir::new().expect("a temporary directory");
        let path = directory.path().join("test.db");
        let writer = Writer::start(&path, open_writer(&path).expect("a new file")).expect("a thread");
        Self { writer: writer.into(), path, _directory: directory }
    }

    fn run(&self, work: impl FnOnce(&Connection) -> Result<(), StoreError> + Send + 'static) -> Outcome {
        let writer = self.writer.clone();
        tokio::spawn(async move { writer.run(work).await })
    }

    /// Keeps the writer busy until told, so that what comes next is one group.
    async fn hold(&self) -> (Sender<()>, Outcome) {
        let (go, wait) = channel();
        let (begun, has_begun) = oneshot::channel();
        let held = self.run(move |_| {
            begun.send(()).expect("the test waits");
            wait.recv().map_err(|_| StoreError::Closed)
        });
        has_begun.await.expect("the writer runs");
        (go, held)
    }

    /// Waits until so many jobs are in the queue.
    async fn gathered(&self, jobs: usize) {
        let queue = self.writer.jobs.as_ref().expect("it runs");
        while queue.max_capacity() - queue.capacity() < jobs {
            tokio::task::yield_now().await;
        }
    }

    fn labels(&self) -> Vec<String> {
        let connection = open_reader(&self.path).expect("a good file");
        let mut statement =
            connection.prepare("SELECT name FROM partners ORDER BY name").expect("a good query");
        let rows = statement.query_map([], |row| row.get(0)).expect("a good query");
        rows.collect::<Result<_, _>>().expect("texts")
    }
}

fn write(connection: &Connection, name: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached("INSERT INTO partners (name, kind, trusted, added_at) VALUES (?, 'merchant', 0, 0)")?
        .execute([name])?;
    Ok(())
}

#[tokio::test]
async fn a_failing_job_undoes_only_itself() {
    let stage = Stage::new();
    let (go, held) = stage.hold().await;
    let before = stage.run(|connection| write(connection, "before"));
    stage.gathered(1).await;
    let failing = stage.run(|connection| {
        write(connection, "failing")?;
        Err(Violation::NotOpen(payout::SlotNo::new(1)).into())
    });
    stage.gathered(2).await;
    let after = stage.run(|connection| write(connection, "after"));
    stage.gathered(3).await;
    go.send(()).expect("the writer waits");
    assert!(matches!(held.await, Ok(Ok(()))));
    assert!(matches!(before.await, Ok(Ok(()))) && matches!(after.await, Ok(Ok(()))));
    assert!(matches!(failing.await, Ok(Err(StoreError::Violation(_)))));
    assert_eq!(stage.labels(), ["after", "before"]);
}

#[tokio::test]
async fn nobody_is_answered_before_the_commit() {
    let stage = Stage::new();
    let (go, held) = stage.hold().await;
    let first = stage.run(|connection| write(connection, "first"));
    stage.gathered(1).await;
    let (go_on, wait) = channel();
    let (begun, has_begun) = oneshot::channel();
    let second = stage.run(move |_| {
        begun.send(()).expect("the test waits");
        wait.recv().map_err(|_| StoreError::Closed)
    });
    stage.gathered(2).await;
    go.send(()).expect("the writer waits");
    assert!(matches!(held.await, Ok(Ok(()))));
    has_begun.await.expect("the writer runs");
    // The first has done its work by now, but the group is not on the disk.
    assert!(!first.is_finished());
    assert!(stage.labels().is_empty());
    go_on.send(()).expect("the writer waits");
    assert!(matches!(first.await, Ok(Ok(()))) && matches!(second.await, Ok(Ok(()))));
    assert_eq!(stage.labels(), ["first"]);
}

#[tokio::test]
async fn a_group_that_is_not_committed_fails_for_all_and_leaves_nothing() {
    let stage = Stage::new();
    let (go, held) = stage.hold().await;
    let before = stage.run(|connection| write(connection, "before"));
    stage.gathered(1).await;
    // As SQLite does by itself when the disk is full.
    let ending = stage.run(|connection| Ok(connection.execute_batch("ROLLBACK")?));
    stage.gathered(2).await;
    let after = stage.run(|connection| write(connection, "after"));
    stage.gathered(3).await;
    go.send(()).expect("the writer waits");
    assert!(matches!(held.await, Ok(Ok(()))));
    for outcome in [before, ending, after] {
        assert!(matches!(outcome.await, Ok(Err(StoreError::GivenUp))));
    }
    assert!(stage.labels().is_empty());
    assert!(matches!(stage.run(|connection| write(connection, "later")).await, Ok(Ok(()))));
    assert_eq!(stage.labels(), ["later"]);
}

#[tokio::test]
async fn a_full_disk_is_said_and_passes() {
    let stage = Stage::new();
    let limit = |pages: i64| {
        move |connection: &Connection| Ok(connection.pragma_update(None, "max_page_count", pages)?)
    };
    assert!(matches!(stage.run(limit(1)).await, Ok(Ok(()))));
    let large = "x".repeat(1 << 20);
    let outcome = stage.run(move |connection| write(connection, &large)).await;
    assert!(matches!(outcome, Ok(Err(StoreError::DiskFull))), "{outcome:?}");
    assert!(matches!(stage.run(limit(1 << 20)).await, Ok(Ok(()))));
    assert!(matches!(stage.run(|connection| write(connection, "later")).await, Ok(Ok(()))));
    assert_eq!(stage.labels(), ["later"]);
}

#[tokio::test]
async fn a_page_that_is_rewritten_needs_a_disk_and_leaves_everything_as_it_was() {
    let stage = Stage::new();
    let log = PathBuf::from(format!("{}-wal", stage.path.display()));
    let size = || std::fs::metadata(&log).expect("a log").len();
    assert!(matches!(stage.run(|connection| write(connection, "before")).await, Ok(Ok(()))));
    let before = size();
    assert!(matches!(stage.run(rewrite_a_page).await, Ok(Ok(()))));
    assert!(size() > before, "nothing was written");
    let reader = open_reader(&stage.path).expect("a good file");
    let slots: i64 =
        reader.query_row("SELECT sum(next_slot) FROM lines", [], |row| row.get(0)).expect("a number");
    assert_eq!(slots, 0);
}

#[tokio::test]
async fn the_log_is_emptied_once_no_reader_needs_it() {
    let stage = Stage::new();
    let size = || std::fs::metadata(format!("{}-wal", stage.path.display())).expect("a log").len();
    let mut number = 0;
    let mut write_much = async || {
        number += 1;
        let name = format!("{number} {}", "x".repeat(100_000));
        assert!(matches!(stage.run(move |connection| write(connection, &name)).await, Ok(Ok(()))));
    };
    let reader = open_reader(&stage.path).expect("a good file");
    reader.execute_batch("BEGIN; SELECT * FROM partners").expect("a good query");
    while size() <= 3 * LOG_MAX {
        write_much().await;
    }
    reader.execute_batch("COMMIT").expect("a good query");
    for _ in 0..10 {
        write_much().await;
    }
    assert!(size() < 2 * LOG_MAX, "{}", size());
}
