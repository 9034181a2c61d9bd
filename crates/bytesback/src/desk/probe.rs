//! Whether the database takes changes: what reads can work on a disk that is full.

use std::sync::Arc;
use std::time::Duration;

use store::Store;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

/// What was found is taken for true so long, however often somebody asks.
const REMEMBER: Duration = Duration::from_secs(1);
/// How long a change may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// Writes now and then, and remembers whether that worked.
#[derive(Debug, Default)]
pub(super) struct Probe(Mutex<Option<(Instant, bool)>>);

impl Probe {
    /// Whether a change that changes nothing was kept just now.
    pub(super) async fn is_written(&self, store: &Arc<dyn Store>) -> bool {
        let mut last = self.0.lock().await;
        if let Some((at, written)) = *last
            && at.elapsed() < REMEMBER
        {
            return written;
        }
        let written = matches!(timeout(PATIENCE, store.check_writable()).await, Ok(Ok(())));
        *last = Some((Instant::now(), written));
        written
    }
}
