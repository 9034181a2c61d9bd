//! `audit`: the books against what has happened, and the journal against the network.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Context;
use clap::Args;
use serde_json::{Value, json};
use store::{BookAudit, Endpoint, Store};

use super::DataDir;
use super::people::{count, date, in_groups};
use crate::audit::{NetworkAudit, Place, SleepingDevnet, audit};
use crate::clock::SystemClock;
use crate::config::Config;

/// What `audit` takes.
#[derive(Debug, Args)]
pub(super) struct AuditArgs {
    /// live or test; both if it is missing.
    #[arg(long)]
    endpoint: Option<Endpoint>,
    /// The configuration of the server, for its hubs.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Ask this hub, such as wss://obyte.org/bb.
    #[arg(long, conflicts_with = "config")]
    hub: Option<String>,
    /// Audit the books alone, without a network.
    #[arg(long, conflicts_with_all = ["hub", "config", "from_the_start"])]
    books_only: bool,
    /// Compare everything with the network, not only what is new since the last audit.
    #[arg(long)]
    from_the_start: bool,
    /// Print JSON for machines.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: DataDir,
}

/// What is known of an endpoint after its audit.
struct Report {
    endpoint: Endpoint,
    books: BookAudit,
    took: Duration,
    network: Network,
}

/// How the comparison with the network ended.
enum Network {
    /// It was not wanted.
    Left,
    /// The endpoint was never started: there is no wallet.
    None,
    /// It was made, perhaps with a copy of the devnet of a `dev` that does not run.
    Done(Box<NetworkAudit>, bool),
    /// It could not be made.
    Failed(String),
}

impl Report {
    fn is_sound(&self) -> bool {
        self.books.is_sound()
            && match &self.network {
                Network::Left | Network::None => true,
                Network::Done(audit, _) => audit.faults.is_empty(),
                Network::Failed(_) => false,
            }
    }
}

pub(super) async fn run(args: AuditArgs) -> anyhow::Result<ExitCode> {
    let store = args.data.open()?;
    let config = args.config.as_deref().map(Config::read).transpose()?;
    let asleep = match (&args.hub, &config) {
        (None, None) if !args.books_only => SleepingDevnet::wake(&args.data.data_dir)
            .await
            .context("the devnet in the data directory cannot be started")?,
        _ => None,
    };
    let network = Asking { store: &*store, args: &args, config: config.as_ref(), asleep: asleep.as_ref() };
    let mut reports = Vec::new();
    for endpoint in args.endpoint.map_or(Endpoint::ALL.to_vec(), |endpoint| vec![endpoint]) {
        let begun = Instant::now();
        let books = store.audit_book(endpoint).await?;
        let took = begun.elapsed();
        let network = network.compare(endpoint).await;
        let network = network.unwrap_or_else(|error| Network::Failed(format!("{error:#}")));
        reports.push(Report { endpoint, books, took, network });
    }
    if let Some(devnet) = asleep {
        devnet.end().await;
    }
    let mut out = std::io::stdout().lock();
    if args.json {
        let list: Vec<Value> = reports.iter().map(to_json).collect();
        writeln!(out, "{}", serde_json::to_string_pretty(&list)?)?;
    } else {
        reports.iter().try_for_each(|report| print(&mut out, report))?;
    }
    out.flush()?;
    let sound = reports.iter().all(Report::is_sound);
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What the comparison with the network needs.
struct Asking<'a> {
    store: &'a dyn Store,
    args: &'a AuditArgs,
    config: Option<&'a Config>,
    asleep: Option<&'a SleepingDevnet>,
}

impl Asking<'_> {
    async fn compare(&self, endpoint: Endpoint) -> anyhow::Result<Network> {
        if self.args.books_only {
            return Ok(Network::Left);
        }
        let Some(identity) = self.store.identity(endpoint).await? else { return Ok(Network::None) };
        let hub = self.asleep.map(SleepingDevnet::hub).or_else(|| self.args.hub.clone());
        let place = Place::find(&self.args.data.data_dir, endpoint, &identity, hub.as_deref(), self.config)?;
        let found = audit(self.store, endpoint, &place, &SystemClock, self.args.from_the_start).await?;
        Ok(Network::Done(found.into(), self.asleep.is_some()))
    }
}

fn print(out: &mut impl Write, report: &Report) -> std::io::Result<()> {
    let Report { endpoint, books, took, network } = report;
    writeln!(out, "{endpoint} endpoint")?;
    let result = if books.is_sound() { "sound" } else { "NOT SOUND" };
    writeln!(
        out,
        "  books: {result}; entries: {}, purchases: {}, settled units: {}, in {:.2} s",
        in_groups(books.entries),
        in_groups(books.purchases),
        in_groups(books.units),
        took.as_secs_f64()
    )?;
    for fault in &books.faults {
        writeln!(out, "  WRONG: {fault}")?;
    }
    if books.more > 0 {
        writeln!(out, "  WRONG: {} more", count(books.more, "fault"))?;
    }
    match network {
        Network::Left => writeln!(out, "  network: not asked"),
        Network::None => {
            writeln!(out, "  network: the endpoint was never started, there is nothing to compare")
        }
        Network::Failed(why) => writeln!(out, "  network: NOT COMPARED: {why}"),
        Network::Done(audit, asleep) => print_network(out, audit, *asleep),
    }
}

fn print_network(out: &mut impl Write, audit: &NetworkAudit, asleep: bool) -> std::io::Result<()> {
    let result = if audit.faults.is_empty() { "every output is explained" } else { "NOT SOUND" };
    let since = match audit.since.at.as_millis() {
        0 => "the start".to_owned(),
        _ => format!("the audit of {}", date(audit.since.at)),
    };
    writeln!(
        out,
        "  network: {result}; since {since}: units: {}, coins from outside: {}, in {:.2} s",
        audit.units,
        audit.coins,
        audit.took.as_secs_f64()
    )?;
    if audit.ended + audit.textcoins > 0 {
        writeln!(
            out,
            "  textcoins: claimed or taken back since: {}, open: {}",
            audit.ended, audit.textcoins
        )?;
    }
    if asleep {
        writeln!(out, "  (dev does not run: a copy of its devnet was asked)")?;
    }
    for fault in &audit.faults {
        writeln!(out, "  WRONG: {fault}")?;
    }
    for note in &audit.notes {
        writeln!(out, "  note: {note}")?;
    }
    Ok(())
}

fn to_json(report: &Report) -> Value {
    let Report { endpoint, books, took, network } = report;
    let texts = |faults: Vec<String>| Value::from(faults);
    let network = match network {
        Network::Left | Network::None => Value::Null,
        Network::Failed(why) => json!({ "error": why }),
        Network::Done(audit, asleep) => json!({
            "units": audit.units,
            "coins": audit.coins,
            "textcoins_ended": audit.ended,
            "textcoins_open": audit.textcoins,
            "since": audit.since.at.as_millis(),
            "devnet_copy": asleep,
            "faults": texts(audit.faults.iter().map(ToString::to_string).collect()),
            "notes": audit.notes,
            "seconds": audit.took.as_secs_f64(),
        }),
    };
    json!({
        "endpoint": endpoint.code(),
        "sound": report.is_sound(),
        "books": {
            "entries": books.entries,
            "purchases": books.purchases,
            "units": books.units,
            "faults": texts(books.faults.iter().map(ToString::to_string).collect()),
            "more": books.more,
            "seconds": took.as_secs_f64(),
        },
        "network": network,
    })
}
