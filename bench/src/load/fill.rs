//! So many purchases as fast as a number of clients can report them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::Caller;
use crate::tally::Tally;

/// Reports `purchases` new ones; each client waits for its answer before it reports the next.
pub async fn fill(purchases: u64, clients: u64, caller: &Arc<Caller>) -> Tally {
    let start = Instant::now();
    let begun = Arc::new(AtomicU64::new(0));
    let mut running = JoinSet::new();
    for _ in 0..clients.min(purchases) {
        let (begun, caller) = (Arc::clone(&begun), Arc::clone(caller));
        running.spawn(async move {
            let mut tally = Tally::default();
            while begun.fetch_add(1, Ordering::Relaxed) < purchases {
                let (number, sent) = (caller.next_number(), Instant::now());
                let answer = caller.report(number, sent).await;
                tally.count(number, answer, sent.elapsed(), start.elapsed());
            }
            tally
        });
    }
    let mut whole = Tally::default();
    while let Some(done) = running.join_next().await {
        whole.add(done.expect("clients neither panic nor are they cancelled"));
    }
    whole
}
