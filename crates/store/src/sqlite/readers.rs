//! Threads that only read, each with a connection of its own.
//!
//! Readers never wait for the writer. Each job is one read transaction, so that all its statements see the
//! same moment.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};
use tracing::error;

use crate::StoreError;
use crate::sqlite::schema::open_reader;

const THREADS: usize = 2;
const WAITING_MAX: usize = 4_096;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;
type Waiting = Arc<Mutex<mpsc::Receiver<Job>>>;

/// A handle to the threads. Dropping it ends them.
#[derive(Debug)]
pub(super) struct Readers {
    jobs: Option<mpsc::Sender<Job>>,
    threads: Vec<JoinHandle<()>>,
}

impl Readers {
    pub(super) fn start(path: &Path) -> Result<Self, StoreError> {
        let (jobs, waiting) = mpsc::channel(WAITING_MAX);
        let waiting = Arc::new(Mutex::new(waiting));
        let threads = (0..THREADS)
            .map(|_| {
                let (connection, waiting) = (open_reader(path)?, Arc::clone(&waiting));
                thread::Builder::new()
                    .name("sqlite-reader".to_owned())
                    .spawn(move || serve(connection, &waiting))
                    .map_err(|error| StoreError::Io(error.to_string()))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { jobs: Some(jobs), threads })
    }

    /// Runs `work` in a read transaction.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            // Whoever asked may have gone.
            drop(answer.send(in_transaction(connection, work)));
        });
        let jobs = self.jobs.as_ref().ok_or(StoreError::Closed)?;
        jobs.send(job).await.map_err(|_| StoreError::Closed)?;
        answered.await.map_err(|_| StoreError::Closed)?
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        drop(self.jobs.take());
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                error!("a reader of the database has panicked");
            }
        }
    }
}

fn serve(mut connection: Connection, waiting: &Waiting) {
    loop {
        // A panic elsewhere leaves the channel as it was. The lock is held while waiting for a job, never
        // while doing one.
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        match next {
            Some(job) => job(&mut connection),
            None => return,
        }
    }
}

fn in_transaction<T>(
    connection: &mut Connection,
    work: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let transaction = connection.transaction()?;
    let result = work(&transaction)?;
    transaction.commit()?;
    Ok(result)
}
