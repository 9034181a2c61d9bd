//! Making load: open or closed.

mod caller;
mod closed;
mod drain;
mod fill;
mod open;
mod settle;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use caller::Caller;
pub use drain::{Drained, drained};
pub use fill::fill;
pub use open::windows;
pub use settle::{settle, warm_up};

use crate::tally::Tally;

/// The load of one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// Purchases arrive on schedule, whatever the answers: what customers do.
    Open {
        /// Purchases per second.
        rate: u32,
    },
    /// Each client reports its next purchase once the last is answered: what finds the ceiling.
    Closed {
        /// How many clients.
        clients: u32,
    },
}

impl Load {
    /// Loads the server for so long, and until every purchase that was begun is answered or given up.
    pub async fn run(self, lasting: Duration, caller: &Arc<Caller>) -> Tally {
        match self {
            Self::Open { rate } => open::run(rate, lasting, caller).await,
            Self::Closed { clients } => closed::run(clients, lasting, caller).await,
        }
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open { rate } => f.pad(&format!("{rate}/s")),
            Self::Closed { clients: 1 } => f.pad("1 client"),
            Self::Closed { clients } => f.pad(&format!("{clients} clients")),
        }
    }
}
