//! `dev` and `serve`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::{Args, ValueEnum};
use obyte::{Address, UnitHash};
use obyte_devnet::Fees;
use rustix::process::Signal;
use store::sqlite::SqliteStore;
use store::{Endpoint, Store};
use tokio::signal::unix::{SignalKind, signal};

use super::init::Passphrase;
use crate::config::{Config, EndpointConfig};
use crate::desk::DeskSettings;
use crate::dev::DevOptions;
use crate::http::Reserved;
use crate::server::{DATABASE, EndpointSetup, Server};
use crate::wallet::keyring;
use crate::wallet_file;

/// What `dev` takes.
#[derive(Debug, Args)]
pub(super) struct DevArgs {
    /// Where to answer requests.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Where everything is kept; the same directory goes on where it was.
    #[arg(long, env = "BYTESBACK_DATA_DIR", default_value = "bytesback-data")]
    data_dir: PathBuf,
    /// Use this hub of a devnet, such as ws://127.0.0.1:6611, instead of the embedded devnet.
    #[arg(long)]
    hub: Option<String>,
    /// The order provider of the devnet behind --hub; otherwise the hub is asked.
    #[arg(long, requires = "hub")]
    order_provider: Option<Address>,
    /// The genesis unit of the devnet behind --hub; needed where that unit itself paid the funds.
    #[arg(long, requires = "hub")]
    genesis: Option<UnitHash>,
    /// A file with the section [rates] of a configuration: where prices come from, instead of fixed ones.
    #[arg(long)]
    rates: Option<PathBuf>,
    /// A file with the section [programme] of a configuration: the rules, instead of the announced ones.
    #[arg(long)]
    programme: Option<PathBuf>,
    /// Whether the embedded devnet charges TPS fees; `off` is for benchmarks.
    #[arg(long, value_enum, default_value_t, conflicts_with = "hub")]
    fees: FeesArg,
    /// Refuse purchases while so many payouts wait, such as during an outage of the hub (usually 50000).
    #[arg(long)]
    queue_max: Option<usize>,
    /// Let the usual limits hold, as `serve` does; without it nothing is limited.
    #[arg(long)]
    limits: bool,
    /// Send mails to this relay, such as smtp://127.0.0.1:1025, instead of writing them to files in DATA_DIR/outbox.
    #[arg(long)]
    smtp: Option<String>,
    /// How long a textcoin is there to be claimed, such as 10s; usually a week.
    #[arg(long, value_parser = humantime::parse_duration)]
    textcoin_expiry: Option<Duration>,
    /// Let mails lead to the claim page of this server, instead of to the words.
    #[arg(long)]
    claim_page: bool,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum FeesArg {
    /// As the real network does.
    #[default]
    Real,
    /// None.
    Off,
}

/// What `serve` takes.
#[derive(Debug, Args)]
pub(super) struct ServeArgs {
    /// The configuration file, as `bytesback init` writes it.
    #[arg(long)]
    config: PathBuf,
    #[command(flatten)]
    passphrase: Passphrase,
}

pub(super) async fn dev(args: DevArgs) -> anyhow::Result<()> {
    let options = DevOptions {
        listen: args.listen,
        data_dir: args.data_dir,
        hub: args.hub,
        order_provider: args.order_provider,
        genesis: args.genesis,
        rates: args.rates,
        programme: args.programme,
        fees: match args.fees {
            FeesArg::Real => Fees::Real,
            FeesArg::Off => Fees::Off,
        },
        queue_max: args.queue_max,
        limits: args.limits,
        smtp: args.smtp,
        textcoin_expiry: args.textcoin_expiry,
        claim_page: args.claim_page,
    };
    outlive_file_limits()?;
    crate::dev::dev(options, shutdown()?).await
}

pub(super) async fn serve(args: ServeArgs) -> anyhow::Result<()> {
    outlive_file_limits()?;
    let config = Config::read(&args.config)?;
    let desk = DeskSettings { mailboxes: config.mailboxes()?, ..config.desk()? };
    let passphrase = args.passphrase.read()?;
    let taken = || format!("cannot listen at {}", config.listen);
    let reserved = Reserved::at(config.listen).with_context(taken)?;
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(config.data_dir().join(DATABASE))?);
    let setup = |endpoint, part| setup(&config, endpoint, part, &passphrase);
    let live = setup(Endpoint::Live, &config.live)?;
    let test = setup(Endpoint::Test, &config.test)?;
    let server = Server::start(store, desk, live, test).await?;
    for endpoint in Endpoint::ALL {
        let payer = server.payer(endpoint);
        tracing::info!(%endpoint, network = %payer.network(), fund = %payer.address(), "this address fills the fund");
    }
    let listener = reserved.listen().with_context(taken)?;
    tracing::info!(address = %config.listen, "ready");
    server.run(listener, shutdown()?).await;
    Ok(())
}

fn setup(
    config: &Config,
    endpoint: Endpoint,
    part: &EndpointConfig,
    passphrase: &str,
) -> anyhow::Result<EndpointSetup> {
    let of = || format!("the {endpoint} endpoint");
    let mnemonic = wallet_file::open(&part.wallet, passphrase)
        .with_context(|| format!("{}: {}", of(), part.wallet.display()))?;
    Ok(EndpointSetup {
        endpoint,
        hubs: part.hubs().with_context(of)?,
        order_providers: part.order_providers().with_context(of)?,
        genesis: None,
        email_attestors: part.email_attestors.clone(),
        keyring: keyring(&mnemonic, endpoint),
        rates: config.rates.settings()?,
        settings: config.payer(part.network),
    })
}

/// A file that is not allowed to grow any more is an error of writing, like a full disk; by default it would
/// end the process. The handler stays when this returns.
fn outlive_file_limits() -> anyhow::Result<()> {
    let handled = signal(SignalKind::from_raw(Signal::XFSZ.as_raw()));
    handled.map(drop).context("no signal handler can be set")
}

/// Ready when the process is told to end.
fn shutdown() -> anyhow::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        tracing::info!("ending: requests under way are answered first");
    })
}
