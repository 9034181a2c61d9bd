//! The processes that are started to be loaded: a server, and a network apart from it.

mod announcement;
mod daemon;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};
use obyte::{Address, UnitHash};

use crate::options::{Endpoint, Fees};
use crate::process::Process;
use daemon::Daemon;

/// What a server stands on.
#[derive(Clone, Copy, Debug)]
pub enum Network<'a> {
    /// A devnet in the server's process.
    Embedded(Fees),
    /// A devnet elsewhere.
    Hub {
        /// Its hub.
        url: &'a str,
        /// Its order provider, where it is known.
        order_provider: Option<Address>,
        /// Its genesis unit, where it is known.
        genesis: Option<UnitHash>,
    },
}

/// A `bytesback dev` of our own. It ends with this value.
#[derive(Debug)]
pub struct Server(Daemon);

impl Server {
    /// Starts one, and waits until it is ready. `queue_max` is how many payouts may wait in it.
    ///
    /// # Errors
    /// Where it cannot be started, or does not become ready.
    pub async fn start(
        program: &Path,
        data_dir: &Path,
        network: Network<'_>,
        queue_max: Option<u64>,
    ) -> anyhow::Result<Self> {
        let mut command = Command::new(program);
        command.args(["dev", "--listen", "127.0.0.1:0", "--data-dir"]).arg(data_dir);
        match network {
            Network::Embedded(fees) => drop(command.args(["--fees", fees.name()])),
            Network::Hub { url, order_provider, genesis } => {
                command.args(["--hub", url]);
                command
                    .args(order_provider.iter().flat_map(|address| ["--order-provider", address.as_str()]));
                command.args(genesis.iter().flat_map(|unit| ["--genesis".to_owned(), unit.to_string()]));
            }
        }
        if let Some(queue_max) = queue_max {
            command.args(["--queue-max", &queue_max.to_string()]);
        }
        let daemon = Daemon::start(command).await.context("bytesback dev")?;
        let announced = &daemon.announced;
        ensure!(
            !announced.url.is_empty() && !announced.hub.is_empty(),
            "the server did not say where it listens"
        );
        Ok(Self(daemon))
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.0.announced.url
    }

    /// The hub that it uses.
    pub fn hub(&self) -> &str {
        &self.0.announced.hub
    }

    /// The process.
    pub fn process(&self) -> Process {
        self.0.process()
    }

    /// From its start until it said that it is ready.
    pub fn started_in(&self) -> Duration {
        self.0.started_in
    }

    /// Runs the command that fills the fund of the loaded endpoint.
    ///
    /// # Errors
    /// Where it fails.
    pub fn fund(&self, command: &str, endpoint: Endpoint) -> anyhow::Result<()> {
        let address = self.0.announced.fund_of(endpoint).context("the server named no fund")?;
        let command = command.replace("{address}", address.as_str());
        let status = Command::new("sh").args(["-c", &command]).status().context("there is no sh")?;
        ensure!(status.success(), "the command of --fund-command failed: {status}");
        Ok(())
    }

    /// Ends it as Ctrl-C does, and waits for it.
    ///
    /// # Errors
    /// Where it does not end by itself, or ends badly.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.0.stop().await.context("bytesback dev")
    }
}

/// A devnet in a process of its own. It ends with this value.
#[derive(Debug)]
pub struct Devnet(Daemon);

impl Devnet {
    /// Starts one whose hub listens where `hub` says, and goes on with the network in `data_dir`.
    ///
    /// # Errors
    /// Where it cannot be started, or does not become ready.
    pub async fn start(program: &Path, data_dir: &Path, hub: &str, fees: Fees) -> anyhow::Result<Self> {
        let listen = hub.strip_prefix("ws://").context("a devnet's hub has a ws:// address")?;
        let mut command = Command::new(program);
        command.args(["--listen", listen, "--fees", fees.name(), "--data-dir"]).arg(data_dir);
        Ok(Self(Daemon::start(command).await.context("obyte-devnet")?))
    }

    /// The first unit of its network.
    pub fn genesis(&self) -> Option<UnitHash> {
        self.0.announced.genesis
    }

    /// The process.
    pub fn process(&self) -> Process {
        self.0.process()
    }

    /// Ends it, and waits for it.
    ///
    /// # Errors
    /// Where it does not end by itself, or ends badly.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.0.stop().await.context("obyte-devnet")
    }
}

/// The programs beside this one, built anew if this one was run by cargo: the server and the devnet.
///
/// # Errors
/// Where they cannot be built, or are not there.
pub fn programs(server: Option<&Path>) -> anyhow::Result<(PathBuf, PathBuf)> {
    ensure!(!cfg!(debug_assertions), "figures of a debug build mean nothing: run with --release");
    if let Some(cargo) = std::env::var_os("CARGO") {
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut build = Command::new(cargo);
        build.args(["build", "--quiet", "--release", "-p", "bytesback", "-p", "obyte-devnet"]);
        let status = build.current_dir(workspace).status().context("cargo is gone")?;
        ensure!(status.success(), "the server cannot be built");
    }
    let beside = |name| std::env::current_exe().map(|own| own.with_file_name(name));
    let server = server.map_or_else(|| beside("bytesback"), |server| Ok(server.to_owned()))?;
    ensure!(server.exists(), "there is no {}; name the server with --server", server.display());
    Ok((server, beside("obyte-devnet")?))
}
