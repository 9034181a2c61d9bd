//! Closed load.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::Caller;
use crate::tally::Tally;

/// Purchases in one row; a server that refuses at once would otherwise be asked without end.
const MAX_PURCHASES: usize = 1_000_000;

/// Lets each client report one purchase after another.
pub(super) async fn run(clients: u32, lasting: Duration, caller: &Arc<Caller>) -> Tally {
    let start = Instant::now();
    let share = MAX_PURCHASES / clients as usize;
    let mut running = JoinSet::new();
    for _ in 0..clients {
        running.spawn(client(start, lasting, share, Arc::clone(caller)));
    }
    let mut whole = Tally::default();
    while let Some(done) = running.join_next().await {
        whole.add(done.expect("clients neither panic nor are they cancelled"));
    }
    whole
}

async fn client(start: Instant, lasting: Duration, at_most: usize, caller: Arc<Caller>) -> Tally {
    let mut tally = Tally::default();
    for _ in 0..at_most {
        let sent = Instant::now();
        if sent - start >= lasting {
            break;
        }
        let number = caller.next_number();
        let answer = caller.report(number, sent).await;
        let now = Instant::now();
        tally.count(number, answer, now - sent, now - start);
    }
    tally
}
