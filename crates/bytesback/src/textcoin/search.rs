//! The loop around the search for textcoins of lost databases.
//!
//! What to try next and what was found is the store's affair; here words are made from numbers, which takes
//! milliseconds each, off the threads that wait for others. After every step all is kept, so it may end at any time.

use std::time::Duration;

use payout::TextcoinKeys;
use store::{SearchTask, StoreError, Tried};
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::payer::{Fixed, PayerStatus};

/// So many numbers are tried in one step: a fraction of a second.
const STEP: u32 = 50;
/// How often it is looked whether there is anything to search, beside the end of every restore.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// How long to wait before going on after the store refused.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Searches whenever there is something to search, until it is told to stop or another process has taken the right to
/// pay.
pub(crate) async fn search(fixed: &Fixed, status: watch::Receiver<PayerStatus>, stop: &CancellationToken) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = search_on(fixed, status) => {}
    }
}

async fn search_on(fixed: &Fixed, mut status: watch::Receiver<PayerStatus>) {
    let endpoint = fixed.endpoint;
    loop {
        match search_all(fixed).await {
            Ok(()) => {
                tokio::select! {
                    () = restored(&mut status) => {}
                    () = sleep(LOOK_EVERY) => {}
                }
            }
            // The keeper beside it says so.
            Err(StoreError::Superseded(_)) => return,
            Err(error) => {
                tracing::error!(%endpoint, %error, "the search for textcoins is interrupted, and goes on");
                sleep(AFTER_FAILURE).await;
            }
        }
    }
}

/// Returns when a restore has ended; never, when nobody pays any more.
async fn restored(status: &mut watch::Receiver<PayerStatus>) {
    let seen = status.wait_for(|status| status.restoring).await.is_ok();
    if !seen || status.wait_for(|status| !status.restoring).await.is_err() {
        std::future::pending::<()>().await;
    }
}

async fn search_all(fixed: &Fixed) -> Result<(), StoreError> {
    let endpoint = fixed.endpoint;
    let (mut tried, mut found) = (0, 0);
    while let Some(task) = fixed.store.search_task(endpoint, STEP).await? {
        if tried == 0 {
            tracing::info!(%endpoint, "textcoins that a lost database gave are searched");
        }
        tried += task.numbers.len();
        let Some(answer) = derive(fixed, task).await else { return Ok(()) };
        found += fixed.store.keep_tried(&fixed.lock, answer).await?;
    }
    if tried > 0 {
        tracing::info!(%endpoint, tried, found, "textcoins that a lost database gave were searched");
    }
    Ok(())
}

/// Nothing where the process ends.
async fn derive(fixed: &Fixed, task: SearchTask) -> Option<Tried> {
    let (keys, numbers) = (fixed.keyring.textcoins().clone(), task.numbers.clone());
    let address = |keys: &TextcoinKeys, no| Some((no, keys.textcoin(no)?.address()));
    let deriving = tokio::task::spawn_blocking(move || {
        numbers.into_iter().filter_map(|no| address(&keys, no)).collect()
    });
    let addresses = deriving.await.ok()?;
    Some(Tried { task, addresses, expiry: fixed.textcoin_expiry, at: fixed.clock.now() })
}
