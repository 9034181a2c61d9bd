//! An Obyte network in one process, for development and tests.
//!
//! A [`Devnet`] is a hub, a validator and the one order provider of a network of its own: it speaks the
//! protocol of a real hub over WebSocket, takes units by the rules of version 4.0 with the error texts
//! of the reference, makes them stable and proves it. Everything that it accepted is in a journal in its
//! data directory, from which the next start continues.
//!
//! There can be more hubs, each with a view and a journal of its own. What one takes it passes on to the
//! others, unless a test holds a [`Relay`]; so units can come in conflict, turn bad, and be decided when
//! they get stable. And every hub does [`Mischief`] if it is told to.
//!
//! What does not exist here: full nodes as peers, assets, autonomous agents, changes of definitions,
//! votes, and earnings of commissions. Units in conflict that nobody builds upon are not forgotten after
//! some seconds as by real hubs: the order provider builds upon them, so that they are decided.
//!
//! The rooms: `dag` is the graph, `state` everything that follows from the units, `journal` where
//! they are kept, `history` the proofs, `hub` the protocol, `order_provider` the schedule of
//! witness units, `core` what these share, `relay` the ways between hubs, `mischief` what tests order, [`control`] how they
//! order it from outside of the process.

mod config;
pub mod control;
mod core;
mod dag;
mod error;
mod genesis;
mod history;
mod hub;
mod hubs;
mod index;
mod journal;
mod mischief;
mod order_provider;
mod record;
mod relay;
mod state;
mod watch;

pub use config::{Clock, DevnetConfig, Fees};
pub use error::DevnetError;
pub use hubs::Hub;
pub use mischief::{Change, Lie, Mischief, Rule, Trick};
pub use relay::Relay;

use std::fs::{File, TryLockError};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use obyte::canonical::CanonicalError;
use obyte::{Address, Bytes, UnitHash};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::core::Core;
use crate::genesis::Keys;
use crate::state::PostError;

/// A running devnet. Dropping it ends the network, without waiting for its tasks.
#[derive(Debug)]
pub struct Devnet {
    hubs: Vec<Hub>,
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
        let keys = Arc::new(Keys::open(&dir)?);
        let (mut hubs, mut listeners) = (Vec::new(), Vec::new());
        for number in 0..=config.more_hubs.len() {
            let (hub, listener) = Hub::open(number, &keys, &config).await?;
            hubs.push(hub);
            listeners.push(listener);
        }
        hubs::connect(&mut hubs, &dir)?;
        let devnet = Self {
            hubs,
            services: TaskTracker::new(),
            connections: TaskTracker::new(),
            closing: CancellationToken::new(),
            end: CancellationToken::new(),
            _lock: lock,
        };
        let first = Arc::clone(&devnet.first().core);
        devnet.spawn(order_provider::run(first, config.post_delay_first, config.post_interval_busy));
        for (hub, listener) in devnet.hubs.iter().zip(listeners) {
            devnet.serve(hub, listener, &config);
        }
        // Proofs start from a unit of the order provider, so there is one from the start.
        devnet.first().core.refresh_proofs();
        Ok(devnet)
    }

    fn serve(&self, hub: &Hub, listener: TcpListener, config: &DevnetConfig) {
        let core = || Arc::clone(&hub.core);
        self.spawn(core().sync_journal());
        self.spawn(push_rates(core(), config.exchange_rates_interval));
        let heartbeat = hub::Heartbeat { after: config.heartbeat_after, timeout: config.heartbeat_timeout };
        let serving = hub::serve(core(), listener, heartbeat, self.connections.clone(), self.end.clone());
        let closing = self.closing.clone();
        self.spawn(async move { closing.run_until_cancelled_owned(serving).await.unwrap_or(()) });
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let end = self.end.clone();
        self.services.spawn(async move { end.run_until_cancelled_owned(task).await });
    }

    fn first(&self) -> &Hub {
        &self.hubs[0]
    }

    /// All hubs by number; the order provider lives at the first.
    pub fn hubs(&self) -> &[Hub] {
        &self.hubs
    }

    /// The hub with this number.
    ///
    /// # Panics
    /// Where there are not so many hubs.
    pub fn hub(&self, number: usize) -> &Hub {
        &self.hubs[number]
    }

    /// The way from one hub to another; none from a hub to itself.
    pub fn relay(&self, from: usize, to: usize) -> Option<&Relay> {
        self.hubs.get(from)?.relay(to).map(AsRef::as_ref)
    }

    /// The URL of the first hub, such as `ws://127.0.0.1:6611`.
    pub fn url(&self) -> String {
        self.first().url()
    }

    /// Where the first hub listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.first().local_addr()
    }

    /// Lets the order provider post nothing until it is told otherwise: nothing gets stable meanwhile.
    pub fn rest_order_provider(&self, is_resting: bool) {
        self.first().core.is_resting.send_replace(is_resting);
    }

    /// The one order provider, which clients pin.
    pub fn order_provider(&self) -> Address {
        self.first().core.keys.order_provider.address()
    }

    /// The first unit of the network.
    pub fn genesis_unit(&self) -> UnitHash {
        self.first().core.genesis()
    }

    /// Lets all hubs show an autonomous agent with this definition, until the end of the process. Its code
    /// never runs. Gives its address (2.5).
    ///
    /// # Errors
    /// Where the definition has no canonical form.
    pub fn define_agent(&self, definition: &Value) -> Result<Address, CanonicalError> {
        let address = obyte::definition::chash(definition)?;
        for hub in &self.hubs {
            hub.core.state().agents.insert(address, definition.clone());
        }
        Ok(address)
    }

    /// Pays from the faucet; answers once the unit is accepted and durable, not yet stable.
    ///
    /// # Errors
    /// Where the faucet has not enough, or congestion makes its fee too high.
    pub async fn pay(&self, to: Address, amount: Bytes) -> Result<UnitHash, DevnetError> {
        let failed = |error: PostError| DevnetError::Faucet(error.to_string());
        let core = &self.first().core;
        let (unit, accepted) = core.pay(to, amount).map_err(failed)?;
        core.durable(accepted.end).await.map_err(|error| failed(error.into()))?;
        core.announce(&unit, &accepted.proven, None);
        Ok(accepted.hash)
    }

    /// Ends the network: connections are closed, everything accepted is on disk.
    pub async fn shutdown(self) {
        self.closing.cancel();
        for hub in &self.hubs {
            hub.core.mischief.resume();
            hub.core.watchers.close_all();
        }
        self.connections.close();
        // Clients that do not read must not hold up the end.
        let _ = tokio::time::timeout(Duration::from_secs(2), self.connections.wait()).await;
        self.end.cancel();
        self.services.close();
        self.services.wait().await;
        for hub in &self.hubs {
            let reader = hub.core.state().reader();
            if let Err(error) = reader.sync() {
                tracing::error!(%error, "the journal of the devnet cannot be synced");
            }
        }
    }
}

impl Drop for Devnet {
    fn drop(&mut self) {
        self.closing.cancel();
        self.end.cancel();
    }
}

/// The JSON of all units that the first hub of the devnet in this data directory has accepted, in that
/// order, whether it runs or not.
///
/// # Errors
/// Where there is no devnet.
pub fn accepted_units(data_dir: &Path) -> std::io::Result<Vec<String>> {
    journal::read_units(&data_dir.join("journal"))
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

async fn push_rates(core: Arc<Core>, interval: Duration) {
    loop {
        tokio::time::sleep(interval).await;
        core.watchers.tell_all("exchange_rates", &json!(core.exchange_rates));
    }
}
