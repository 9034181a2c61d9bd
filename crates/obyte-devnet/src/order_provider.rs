//! When the order provider posts.
//!
//! Its units make others stable and are what proofs stand on: a unit can be proven to a light client
//! after three of them (16.1). So it posts soon after a quiet time ends, then at an interval until
//! everything is proven, and rests, so that an idle network does not grow.

use std::sync::Arc;
use std::time::Duration;

use crate::core::Core;
use crate::state::PostError;

/// Posts for ever.
pub(crate) async fn run(core: Arc<Core>, first: Duration, interval: Duration) {
    loop {
        core.is_resting.subscribe().wait_for(|is_resting| !is_resting).await.expect("the core is there");
        let is_idle = core.state().facts.unproven().is_empty();
        if is_idle {
            core.activity.notified().await;
            tokio::time::sleep(first).await;
        }
        if !*core.is_resting.borrow() {
            post(&core);
        }
        tokio::time::sleep(interval).await;
    }
}

fn post(core: &Core) {
    match core.post_witness(false) {
        Ok(_) => {}
        // Congestion passes with time: the next round tries again.
        Err(PostError::Refused(reason)) => tracing::debug!(reason, "no unit of the order provider"),
        Err(error) => tracing::error!(%error, "the order provider of the devnet cannot post"),
    }
}
