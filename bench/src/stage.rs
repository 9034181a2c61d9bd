//! What is loaded: a server of our own, alone or beside its network, or anybody's.

use std::path::PathBuf;

use anyhow::Context;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::machine;
use crate::options::{Fees, Options};
use crate::process::Process;
use crate::server::{Devnet, Network, Server, programs};
use crate::subject::Subject;

/// Processes, their data, and who is asked about them. What is ours ends with this value.
#[derive(Debug)]
pub struct Stage {
    server: Option<Server>,
    devnet: Option<Devnet>,
    // Behind the processes, so that nobody uses the data any more when they are removed.
    dir: Option<TempDir>,
    /// What is loaded, and who is asked about it.
    pub subject: Subject,
    /// What was started, for the report.
    pub facts: Value,
    devnet_program: PathBuf,
    fees: Fees,
}

impl Stage {
    /// `bytesback dev` with everything in its process, or on the hub of `--hub`, or whatever `--url` says.
    ///
    /// # Errors
    /// Where it does not start.
    pub async fn whole(options: &Options, fees: Fees) -> anyhow::Result<Self> {
        if let Some(url) = &options.url {
            let process = options.pid.map(Process::new);
            let subject = Subject::new(url, options.hub_url.as_deref(), process, options).await?;
            return Ok(Self::around(subject, Value::Null, fees));
        }
        let (program, _) = programs(options.server.as_deref())?;
        let dir = directory(options)?;
        let (network, on) = match &options.hub {
            Some(url) => {
                let order_provider = options.order_provider;
                (Network::Hub { url, order_provider, genesis: None }, format!("on the hub {url}"))
            }
            None => (Network::Embedded(fees), format!("with its devnet inside, fees {}", fees.name())),
        };
        let server = Server::start(&program, dir.path(), network, None).await?;
        if let Some(command) = &options.fund_command {
            server.fund(command, options.endpoint)?;
        }
        let facts = described(&server, &dir, &on)?;
        let subject = Subject::of(&server, options).await?;
        Ok(Self { server: Some(server), dir: Some(dir), ..Self::around(subject, facts, fees) })
    }

    /// `bytesback dev` on a devnet in a process of its own, with a queue for `queue_max` payouts.
    ///
    /// # Errors
    /// Where it does not start.
    pub async fn apart(options: &Options, fees: Fees, queue_max: Option<u64>) -> anyhow::Result<Self> {
        let (program, devnet_program) = programs(options.server.as_deref())?;
        let dir = directory(options)?;
        // The first start makes the network, its hub's address, and the wallets that own its bytes.
        let first = Server::start(&program, dir.path(), Network::Embedded(fees), None).await?;
        let hub = first.hub().to_owned();
        first.stop().await?;
        let devnet = Devnet::start(&devnet_program, &dir.path().join("devnet"), &hub, fees).await?;
        let network = Network::Hub { url: &hub, order_provider: None, genesis: devnet.genesis() };
        let server = Server::start(&program, dir.path(), network, queue_max).await?;
        let on = format!("beside a devnet in a process of its own, fees {}", fees.name());
        let facts = described(&server, &dir, &on)?;
        let subject = Subject::of(&server, options).await?;
        Ok(Self {
            server: Some(server),
            devnet: Some(devnet),
            dir: Some(dir),
            devnet_program,
            ..Self::around(subject, facts, fees)
        })
    }

    fn around(subject: Subject, facts: Value, fees: Fees) -> Self {
        Self { server: None, devnet: None, dir: None, subject, facts, devnet_program: PathBuf::new(), fees }
    }

    /// The network's process, where it has one of its own and is there.
    pub fn devnet(&self) -> Option<Process> {
        self.devnet.as_ref().map(Devnet::process)
    }

    /// The hub goes away.
    ///
    /// # Errors
    /// Where it is no process of its own, or does not end.
    pub async fn stop_devnet(&mut self) -> anyhow::Result<()> {
        self.devnet.take().context("the devnet is no process of its own")?.stop().await
    }

    /// The hub is there again, at the same address and with the same network.
    ///
    /// # Errors
    /// Where it does not start.
    pub async fn start_devnet(&mut self) -> anyhow::Result<()> {
        let server = self.server.as_ref().context("the server is not ours")?;
        let data = self.dir.as_ref().context("the data are not ours")?.path().join("devnet");
        self.devnet = Some(Devnet::start(&self.devnet_program, &data, server.hub(), self.fees).await?);
        Ok(())
    }

    /// The size of the server's database in bytes, with what is not yet moved into its main file.
    ///
    /// # Errors
    /// Where it is not ours, or not there.
    pub fn database_size(&self) -> anyhow::Result<u64> {
        let dir = self.dir.as_ref().context("the data are not ours")?.path();
        let main = std::fs::metadata(dir.join("bytesback.sqlite")).context("there is no database")?;
        let log = std::fs::metadata(dir.join("bytesback.sqlite-wal")).map_or(0, |log| log.len());
        Ok(main.len() + log)
    }

    /// Ends what is ours.
    ///
    /// # Errors
    /// Where something does not end by itself, or ends badly.
    pub async fn end(self) -> anyhow::Result<()> {
        if let Some(server) = self.server {
            server.stop().await?;
        }
        match self.devnet {
            Some(devnet) => devnet.stop().await,
            None => Ok(()),
        }
    }
}

fn directory(options: &Options) -> anyhow::Result<TempDir> {
    let parent = options.data_dir.clone().unwrap_or_else(std::env::temp_dir);
    let dir = tempfile::Builder::new().prefix("bytesback-bench-").tempdir_in(&parent);
    dir.with_context(|| format!("cannot make a directory in {}", parent.display()))
}

/// Says what was started.
fn described(server: &Server, dir: &TempDir, on: &str) -> anyhow::Result<Value> {
    let sync = machine::sync_time(dir.path())?;
    let (ready, sync) = (server.started_in().as_secs_f64(), sync.as_secs_f64() * 1e3);
    println!("bytesback dev {on}: ready after {ready:.2} s; its disk takes {sync:.2} ms for a sync");
    Ok(json!({"started": on, "ready_after_seconds": ready, "disk_sync_ms": sync}))
}
