//! The one thread that writes, with group commit.
//!
//! Syncing costs far more than writing, so whatever waits is committed together: the thread takes all
//! jobs that are there, runs each in a savepoint of its own, commits once, and only then answers. While it
//! waits for the disk the next group gathers by itself; a lone job waits for nobody.

use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};
use tokio::sync::{mpsc, oneshot};
use tracing::{error, warn};

use crate::StoreError;
use crate::sqlite::schema::BUSY;

/// Jobs that may wait; whoever comes next waits outside.
const WAITING_MAX: usize = 4_096;
/// Jobs in one transaction: enough to make the sync cheap, few enough to answer soon.
const GROUP_MAX: usize = 256;
/// A log above this size, in bytes, is emptied as soon as no reader needs it.
const LOG_MAX: u64 = if cfg!(test) { 1 << 20 } else { 64 << 20 };
/// How much a log grows, in bytes, before emptying it is tried again.
const LOG_STEP: u64 = LOG_MAX / 8;

/// Does its work within the open transaction, and returns who is to be told how that went.
type Job = Box<dyn FnOnce(&Connection) -> Reply + Send>;
type Reply = Box<dyn FnOnce(Result<(), &rusqlite::Error>) + Send>;

/// A handle to the thread. Dropping it lets what waits be done, and ends the thread.
#[derive(Debug)]
pub(super) struct Writer {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(path: &Path, connection: Connection) -> Result<Self, StoreError> {
        let (jobs, waiting) = mpsc::channel(WAITING_MAX);
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let task = Task { connection, waiting, log: log.into(), log_max: LOG_MAX };
        let thread = thread::Builder::new()
            .name("sqlite-writer".to_owned())
            .spawn(move || task.run())
            .map_err(|error| StoreError::Io(error.to_string()))?;
        Ok(Self { jobs: Some(jobs), thread: Some(thread) })
    }

    /// Runs `work` in a transaction; returns once that is on the disk.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let done = in_savepoint(connection, work);
            Box::new(move |committed| {
                let result = match (done, committed) {
                    (Ok(_) | Err(StoreError::GivenUp), Err(error)) => Err(StoreError::from(error)),
                    (done, _) => done,
                };
                // Whoever asked may have gone; the work is done all the same.
                drop(answer.send(result));
            })
        });
        let jobs = self.jobs.as_ref().ok_or(StoreError::Closed)?;
        jobs.send(job).await.map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| StoreError::Closed)?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            error!("the writer of the database has panicked");
        }
    }
}

struct Task {
    connection: Connection,
    waiting: mpsc::Receiver<Job>,
    log: PathBuf,
    log_max: u64,
}

impl Task {
    fn run(mut self) {
        let mut group = Vec::with_capacity(GROUP_MAX);
        while self.waiting.blocking_recv_many(&mut group, GROUP_MAX) > 0 {
            let (replies, result) = self.commit_group(group.drain(..));
            if let Err(error) = &result {
                warn!(%error, jobs = replies.len(), "a group of changes was not kept");
            }
            for reply in replies {
                reply(result.as_ref().map(|_| ()));
            }
            self.bound_log();
        }
    }

    /// Every job gets its reply, also those that never ran.
    fn commit_group(&self, group: impl Iterator<Item = Job>) -> (Vec<Reply>, rusqlite::Result<()>) {
        let begun = self.connection.execute_batch("BEGIN IMMEDIATE");
        let replies = group.map(|job| job(&self.connection)).collect();
        let result = begun.and_then(|()| self.commit());
        (replies, result)
    }

    fn commit(&self) -> rusqlite::Result<()> {
        if self.connection.is_autocommit() {
            return Err(given_up());
        }
        let result = self.connection.execute_batch("COMMIT");
        if result.is_err() && !self.connection.is_autocommit() {
            self.connection.execute_batch("ROLLBACK")?;
        }
        result
    }

    /// Checkpoints happen by themselves, but readers that overlap without a pause keep the log from
    /// starting over.
    fn bound_log(&mut self) {
        let size = std::fs::metadata(&self.log).map_or(0, |log| log.len());
        if size <= self.log_max {
            return;
        }
        match self.empty_log() {
            Ok(true) => self.log_max = LOG_MAX,
            Ok(false) => self.log_max = size + LOG_STEP,
            Err(error) => warn!(%error, "the log of the database could not be emptied"),
        }
    }

    /// Empties the log, unless a reader still needs it; that is not waited for.
    fn empty_log(&self) -> rusqlite::Result<bool> {
        self.connection.busy_timeout(Duration::ZERO)?;
        let busy =
            self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0));
        self.connection.busy_timeout(BUSY)?;
        Ok(!busy?)
    }
}

/// Runs `work` so that its failure undoes only itself.
fn in_savepoint<T>(
    connection: &Connection,
    work: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    if connection.is_autocommit() {
        return Err(StoreError::GivenUp);
    }
    connection.prepare_cached("SAVEPOINT job")?.execute([])?;
    let result = work(connection);
    if connection.is_autocommit() {
        // Some errors, such as a full disk, end the whole transaction at once: nothing of it is kept.
        return result.and(Err(StoreError::GivenUp));
    }
    if result.is_err() {
        connection.prepare_cached("ROLLBACK TO job")?.execute([])?;
    }
    connection.prepare_cached("RELEASE job")?.execute([])?;
    result
}

/// What all are told whose transaction another job has ended.
fn given_up() -> rusqlite::Error {
    let code = rusqlite::ffi::Error { code: ErrorCode::OperationAborted, extended_code: 0 };
    rusqlite::Error::SqliteFailure(code, None)
}

#[cfg(test)]
mod tests;
