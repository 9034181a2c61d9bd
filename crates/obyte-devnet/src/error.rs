//! What can go wrong with a devnet.

use std::path::PathBuf;

/// Why a devnet does not start, or does not do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DevnetError {
    /// The address to listen at is taken or not ours.
    #[error("the devnet cannot listen at {address}: choose another port")]
    Listen {
        /// Where it was to listen.
        address: std::net::SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another devnet runs on the data directory.
    #[error("{path} is used by another devnet: stop that one, or choose another directory")]
    InUse {
        /// Which directory.
        path: PathBuf,
    },
    /// The data directory cannot be read or written.
    #[error("the devnet cannot use {path}: check that the directory can be written")]
    Io {
        /// Which file or directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The data directory holds something else, or is damaged.
    #[error(
        "{path} is no devnet's data or is damaged ({what}): use another directory, or remove it to begin anew"
    )]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// The allocations ask for more than there is.
    #[error("the allocations exceed what the genesis unit can pay: ask for less, or for fewer addresses")]
    Allocations,
    /// A payment of the faucet was not possible.
    #[error("the faucet could not pay: {0}")]
    Faucet(String),
}
