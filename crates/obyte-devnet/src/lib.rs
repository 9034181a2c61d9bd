//! An Obyte network in one process, for development and tests.

mod config;
mod dag;
mod error;
mod index;
mod journal;

pub use config::{Clock, DevnetConfig, Fees};
pub use error::DevnetError;

use std::net::SocketAddr;

use obyte::{Address, Bytes, UnitHash};

/// A running devnet: hub, validator and order provider.
#[derive(Debug)]
pub struct Devnet {
    address: SocketAddr,
    order_provider: Address,
    genesis: UnitHash,
}

impl Devnet {
    /// Starts the network kept in the data directory, or creates one there.
    ///
    /// # Errors
    /// Where the port is taken, or the directory cannot be used or holds something else.
    pub async fn start(config: DevnetConfig) -> Result<Self, DevnetError> {
        let _ = config;
        Err(DevnetError::Faucet("the devnet is being built".to_owned()))
    }

    /// The URL of the hub: `ws://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// Where the hub listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// The one order provider, which clients pin.
    pub fn order_provider(&self) -> Address {
        self.order_provider
    }

    /// The first unit of the network.
    pub fn genesis_unit(&self) -> UnitHash {
        self.genesis
    }

    /// Pays from the faucet; answers once the unit is accepted (not yet stable).
    ///
    /// # Errors
    /// Where the faucet has not enough.
    pub async fn pay(&self, to: Address, amount: Bytes) -> Result<UnitHash, DevnetError> {
        let _ = (to, amount);
        Err(DevnetError::Faucet("the devnet is being built".to_owned()))
    }

    /// Ends the network: connections are closed, everything accepted is on disk.
    pub async fn shutdown(self) {}
}
