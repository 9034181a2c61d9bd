//! From options to a table.

use std::collections::HashMap;
use std::fs;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use obyte::UnitHash;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::{Value, json};

use crate::fees::{Costs, FeeReader};
use crate::http::Target;
use crate::load::{Caller, Load, settle, warm_up};
use crate::machine::{self, Machine};
use crate::options::Options;
use crate::process::Process;
use crate::row::{Row, Watch};
use crate::server::Server;
use crate::shop::Shop;
use crate::{report, table};

/// How long the first purchase may take: a fund that was just filled must become stable first.
const FIRST: Duration = Duration::from_secs(120);
/// How long purchases that are pending at a row's end may take.
const SETTLE: Duration = Duration::from_secs(60);

/// Runs all rows, prints them, and writes them where that was asked for.
///
/// # Errors
/// Where there is nothing to load, or nothing can be measured. A server that pays nothing is a row.
pub async fn run(options: Options) -> anyhow::Result<()> {
    allow_many_connections();
    let machine = Machine::this();
    println!("{machine}");
    let server = match options.url {
        Some(_) => None,
        None => Some(Server::start(&options).await?),
    };
    let started = server.as_ref().map(|server| describe(server, &options)).transpose()?;
    let rows = measure(&options, server.as_ref()).await?;
    if let Some(server) = server {
        server.stop().await?;
    }
    if let Some(file) = &options.json {
        let rows: Vec<_> = rows.iter().map(report::row).collect();
        let all = json!({"machine": machine.to_json(), "server": started, "rows": rows});
        fs::write(file, format!("{all:#}\n")).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

/// Says what was started, and funds it.
fn describe(server: &Server, options: &Options) -> anyhow::Result<Value> {
    let sync = machine::sync_time(server.data_dir())?;
    let (ready, sync) = (server.started_in.as_secs_f64(), sync.as_secs_f64() * 1e3);
    let devnet = match &options.hub {
        Some(hub) => format!("on the hub {hub}"),
        None => format!("on its own devnet, fees {}", options.fees.name()),
    };
    println!("bytesback dev {devnet}: ready after {ready:.2} s; its disk takes {sync:.2} ms for a sync");
    server.fund(options)?;
    Ok(json!({"devnet": devnet, "ready_after_seconds": ready, "disk_sync_ms": sync}))
}

/// What is loaded, and who is asked about it.
struct Subject {
    caller: Arc<Caller>,
    process: Option<Process>,
    fees: Option<FeeReader>,
}

async fn measure(options: &Options, server: Option<&Server>) -> anyhow::Result<Vec<Row>> {
    let url = server.map(Server::url).or(options.url.as_deref()).context("there is no server")?;
    let hub = server.map(Server::hub).or(options.hub_url.as_deref());
    let subject = Subject {
        caller: Arc::new(Caller::new(Shop::new(Target::new(url, options.endpoint.path())?, options))),
        process: server.map(Server::process).or(options.pid.map(Process::new)),
        fees: match hub {
            Some(hub) => Some(FeeReader::connect(hub).await?),
            None => None,
        },
    };
    let (first, unit) = warm_up(&subject.caller, FIRST).await?;
    subject.costs(&HashMap::from([(unit, 1)])).await?;
    println!(
        "first purchase paid after {:.0} ms; {} s for each row\n",
        first.as_secs_f64() * 1e3,
        options.seconds
    );
    println!("{}", table::head());
    let lasting = Duration::from_secs(options.seconds.into());
    let mut rows = Vec::new();
    for load in loads(options) {
        let row = subject.row(load, lasting).await?;
        println!("{}", table::row(&row));
        rows.push(row);
    }
    Ok(rows)
}

impl Subject {
    async fn row(&self, load: Load, lasting: Duration) -> anyhow::Result<Row> {
        let watch = Watch::begin(self.process)?;
        let mut tally = load.run(lasting, &self.caller).await;
        let usage = watch.end()?;
        // So that the next row begins with a server that owes nothing, and units are complete.
        settle(&self.caller, &mut tally, SETTLE).await;
        let costs = self.costs(&tally.units).await?;
        Ok(Row::new(load, lasting, tally, costs, usage))
    }

    /// What the units cost, once they are stable: rows begin when nothing is under way.
    async fn costs(&self, units: &HashMap<UnitHash, u64>) -> anyhow::Result<Option<Costs>> {
        match &self.fees {
            Some(fees) => fees.read(units).await.map(Some),
            None => Ok(None),
        }
    }
}

fn loads(options: &Options) -> impl Iterator<Item = Load> {
    let open = options.rates.0.iter().map(|&rate| Load::Open { rate });
    open.chain(options.clients.0.iter().map(|&clients| Load::Closed { clients }))
}

/// Takes all file descriptors that the system allows, for us and the server that inherits them.
fn allow_many_connections() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // Without them only the largest rows suffer, and their errors say why.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}
