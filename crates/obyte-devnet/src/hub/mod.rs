//! The hub: WebSocket connections that speak the network's protocol (section 6).

mod agents;
mod coins;
mod connection;
mod data_feed;
mod devices;
mod frame;
mod login;
mod posts;
mod queries;
mod requests;
mod sayings;
mod tricks;

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::core::Core;

pub(crate) use devices::Devices;

/// When a silent client is asked whether it is there, and when it is given up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heartbeat {
    pub(crate) after: Duration,
    pub(crate) timeout: Duration,
}

/// Accepts connections for ever. What serves them is tracked, and stops when the token is cancelled.
pub(crate) async fn serve(
    core: Arc<Core>,
    listener: TcpListener,
    heartbeat: Heartbeat,
    tasks: TaskTracker,
    end: CancellationToken,
) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let run = connection::run(Arc::clone(&core), stream, heartbeat, tasks.clone());
                let end = end.clone();
                tasks.spawn(async move { end.run_until_cancelled(run).await });
            }
            Err(error) => {
                // Mostly too many open files: wait until some are closed.
                tracing::warn!(%error, "the devnet cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}
