//! The task that watches all hubs and chooses the one to ask.

use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::future::select_all;
use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until};

use super::board::Board;
use crate::ConnectionState;

/// How often to look where nothing else asks for it.
const LONGEST: Duration = Duration::from_secs(60);

/// Watches until the hubs are closed or their last handle is dropped.
pub(super) async fn run(
    board: Weak<Board>,
    changed: Arc<Notify>,
    mut states: Vec<watch::Receiver<ConnectionState>>,
) {
    while !states.is_empty() {
        let Some(next) = board.upgrade().map(|board| board.look()) else { return };
        let next = next.unwrap_or_else(|| Instant::now() + LONGEST);
        tokio::select! {
            () = changed.notified() => {}
            () = any_changed(&mut states) => {}
            () = sleep_until(next) => {}
        }
    }
    // The last word: nothing is connected any more.
    if let Some(board) = board.upgrade() {
        board.look();
    }
}

/// Waits for a change of any hub; those that are closed are not waited for again.
async fn any_changed(states: &mut Vec<watch::Receiver<ConnectionState>>) {
    let (changed, index, _) = select_all(states.iter_mut().map(|state| Box::pin(state.changed()))).await;
    if changed.is_err() || *states[index].borrow() == ConnectionState::Closed {
        states.remove(index);
    }
}
