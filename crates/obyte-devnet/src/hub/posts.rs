//! Units that a connection posted and was not told of yet.
//!
//! A wallet of the reference saves its unit when it hears that it was accepted, and dies if a history
//! brings the unit before that or meanwhile. So a history waits for what it could overtake.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;

/// How long a wallet may take to save its unit.
const SAVING: Duration = Duration::from_millis(30);

/// What one connection posts.
#[derive(Debug, Default)]
pub(super) struct Posts(watch::Sender<Numbers>);

#[derive(Debug, Default)]
struct Numbers {
    next: u64,
    open: BTreeSet<u64>,
    last_accepted: Option<Instant>,
}

impl Posts {
    /// A unit was posted. Gives its number.
    pub(super) fn begin(&self) -> u64 {
        let mut number = 0;
        self.0.send_modify(|numbers| {
            number = numbers.next;
            numbers.next += 1;
            numbers.open.insert(number);
        });
        number
    }

    /// The client was told what became of the unit.
    pub(super) fn end(&self, number: u64, is_accepted: bool) {
        self.0.send_modify(|numbers| {
            numbers.open.remove(&number);
            if is_accepted {
                numbers.last_accepted = Some(Instant::now());
            }
        });
    }

    /// Waits until the client knows and saved everything that it posted up to now.
    pub(super) async fn saved(&self) {
        let mut seen = self.0.subscribe();
        let next = seen.borrow().next;
        let told = seen.wait_for(|numbers| numbers.open.first().is_none_or(|&open| open >= next)).await;
        let last_accepted = told.ok().and_then(|numbers| numbers.last_accepted);
        if let Some(accepted) = last_accepted {
            tokio::time::sleep_until(accepted + SAVING).await;
        }
    }
}
