//! An Obyte network in one process, for development and tests.
//!
//! A [`Devnet`] is a hub, a validator and the one order provider of a network of its own: it speaks the
//! protocol of a real hub over WebSocket, takes units by the rules of version 4.0 with the error texts
//! of the reference, makes them stable and proves it. Everything that it accepted is in a journal in its
//! data directory, from which the next start continues.
//!
//! What does not exist here: other peers, assets, autonomous agents, changes of definitions, votes,
//! earnings of commissions, and units in conflict (the second one is refused).
//!
//! The rooms: `dag` is the graph, `state` everything that follows from the units, `journal` where
//! they are kept, `history` the proofs, `hub` the protocol, `order_provider` the schedule of
//! witness units, `core` what these share.

mod config;
mod core;
mod dag;
mod error;
mod genesis;
mod history;
mod hub;
mod index;
mod journal;
mod order_provider;
mod record;
mod state;
mod watch;

pub use config::{Clock, DevnetConfig, Fees};
pub use error::DevnetError;

use std::fs::{File, TryLockError};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use obyte::{Address, Bytes, UnitHash};
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::core::Core;
use crate::genesis::Keys;
use crate::state::{OpenError, PostError, State};

/// A running devnet. Dropping it ends the network, without waiting for its tasks.
#[derive(Debug)]
pub struct Devnet {
    core: Arc<Core>,
    address: SocketAddr,
    services: TaskTracker,
    connections: TaskTracker,
    /// Cancelled when no further connections are to be accepted.
    closing: CancellationToken,
    end: CancellationToken,
    /// Held as long as the directory is ours.
    _lock: File,
}

impl Devnet {
    /// Starts the network kept in the data directory, or creates one there.
    ///
    /// # Errors
    /// Where the port is taken, or the directory cannot be used or holds something else.
    pub async fn start(config: DevnetConfig) -> Result<Self, DevnetError> {
        let dir = config.data_dir.clone();
        std::fs::create_dir_all(&dir).map_err(|source| DevnetError::Io { path: dir.clone(), source })?;
        let lock = lock(&dir)?;
        let keys = Keys::open(&dir)?;
        let state = open_state(&dir, &keys, &config)?;
        let failed = |source| DevnetError::Listen { address: config.listen, source };
        let listener = TcpListener::bind(config.listen).await.map_err(failed)?;
        let devnet = Self {
            address: listener.local_addr().map_err(failed)?,
            core: Core::new(state, keys, config.fees, config.exchange_rates, config.freshness),
            services: TaskTracker::new(),
            connections: TaskTracker::new(),
            closing: CancellationToken::new(),
            end: CancellationToken::new(),
            _lock: lock,
        };
        let core = || Arc::clone(&devnet.core);
        devnet.spawn(core().sync_journal());
        devnet.spawn(order_provider::run(core(), config.post_delay_first, config.post_interval_busy));
        devnet.spawn(push_rates(core(), config.exchange_rates_interval));
        let heartbeat = hub::Heartbeat { after: config.heartbeat_after, timeout: config.heartbeat_timeout };
        let (connections, end) = (devnet.connections.clone(), devnet.end.clone());
        let serving = hub::serve(core(), listener, heartbeat, connections, end);
        let closing = devnet.closing.clone();
        devnet.spawn(async move { closing.run_until_cancelled_owned(serving).await.unwrap_or(()) });
        // Proofs start from a unit of the order provider, so there is one from the start.
        devnet.core.refresh_proofs();
        Ok(devnet)
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let end = self.end.clone();
        self.services.spawn(async move { end.run_until_cancelled_owned(task).await });
    }

    /// The URL of the hub, such as `ws://127.0.0.1:6611`.
    pub fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// Where the hub listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The one order provider, which clients pin.
    pub fn order_provider(&self) -> Address {
        self.core.keys.order_provider.address()
    }

    /// The first unit of the network.
    pub fn genesis_unit(&self) -> UnitHash {
        self.core.genesis()
    }

    /// Pays from the faucet; answers once the unit is accepted and durable, not yet stable.
    ///
    /// # Errors
    /// Where the faucet has not enough, or congestion makes its fee too high.
    pub async fn pay(&self, to: Address, amount: Bytes) -> Result<UnitHash, DevnetError> {
        let failed = |error: PostError| DevnetError::Faucet(error.to_string());
        let (unit, accepted) = self.core.pay(to, amount).map_err(failed)?;
        self.core.durable(accepted.end).await.map_err(|error| failed(error.into()))?;
        self.core.announce(&unit, &accepted.proven, None);
        Ok(accepted.hash)
    }

    /// Ends the network: connections are closed, everything accepted is on disk.
    pub async fn shutdown(self) {
        self.closing.cancel();
        self.core.watchers.close_all();
        self.connections.close();
        // Clients that do not read must not hold up the end.
        let _ = tokio::time::timeout(Duration::from_secs(2), self.connections.wait()).await;
        self.end.cancel();
        self.services.close();
        self.services.wait().await;
        let reader = self.core.state().reader();
        if let Err(error) = reader.sync() {
            tracing::error!(%error, "the journal of the devnet cannot be synced");
        }
    }
}

impl Drop for Devnet {
    fn drop(&mut self) {
        self.closing.cancel();
        self.end.cancel();
    }
}

/// Makes sure that nobody else uses the directory.
fn lock(dir: &Path) -> Result<File, DevnetError> {
    let path = dir.join("lock");
    let file = File::create(&path).map_err(|source| DevnetError::Io { path: path.clone(), source })?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(DevnetError::InUse { path: dir.to_owned() }),
        Err(TryLockError::Error(source)) => Err(DevnetError::Io { path, source }),
    }
}

fn open_state(dir: &Path, keys: &Keys, config: &DevnetConfig) -> Result<State, DevnetError> {
    let path = dir.join("journal");
    let failed = |error: OpenError| match error {
        OpenError::Io(source) => DevnetError::Io { path: path.clone(), source },
        OpenError::Damaged(what) => DevnetError::Damaged { path: path.clone(), what: what.to_owned() },
    };
    let provider = keys.order_provider.address();
    let mut state = State::open(dir, provider, config.fees, config.clock.clone()).map_err(failed)?;
    if state.genesis().is_none() {
        let unit = genesis::genesis(keys, &config.allocations, state.now())?;
        let kept = state.keep(&unit).and_then(|_| Ok(state.reader().sync()?));
        kept.map_err(|error| match error {
            PostError::Io(source) => DevnetError::Io { path: path.clone(), source },
            PostError::Refused(what) => DevnetError::Damaged { path: path.clone(), what },
        })?;
    }
    Ok(state)
}

async fn push_rates(core: Arc<Core>, interval: Duration) {
    loop {
        tokio::time::sleep(interval).await;
        core.watchers.tell_all("exchange_rates", &json!(core.exchange_rates));
    }
}
