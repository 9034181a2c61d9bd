//! `bytesback dev`: everything in one process, ready to try.
//!
//! An embedded devnet, or the devnet behind `--hub`, two wallets, sample partners, and the server. All of
//! it lives in one data directory, and goes on from there.

mod network;
mod samples;

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use obyte::{Address, UnitHash};
use obyte_devnet::Fees;
use payout::Keyring;
use store::sqlite::SqliteStore;
use store::{Endpoint, Store};
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};

use self::network::DevNetwork;
use self::samples::{add_sample_partners, book_sample_deposit};
use crate::audit::DevPlace;
use crate::claim::ClaimAddress;
use crate::config::{MailConfig, ProgrammeConfig, TextcoinsConfig};
use crate::desk::{DeskSettings, Mailboxes};
use crate::http::Reserved;
use crate::mail::{BlockedDomains, Folder, Post};
use crate::server::{DATABASE, Server};
use crate::wallet::{keyring, new_mnemonic};
use crate::wallet_file::{self, KdfCost};

/// Bytes on a devnet are worth nothing, and neither is this passphrase.
const PASSPHRASE: &str = "devnet";
/// The deposit of the sample shop, in GBYTE.
const DEPOSIT: u64 = 10;
/// The address in the sample request; anybody's.
const SAMPLE_ADDRESS: &str = "QZAB2MYRLRVUNITTOOCF5ZE3AG4TCJDD";
/// How long the devnet may take to prove the first history.
const PATIENCE: Duration = Duration::from_secs(30);

/// What `dev` was told.
#[derive(Clone, Debug)]
pub struct DevOptions {
    /// Where to answer requests.
    pub listen: SocketAddr,
    /// Where everything is kept.
    pub data_dir: PathBuf,
    /// The hub of another devnet, instead of the embedded one.
    pub hub: Option<String>,
    /// The order provider of that devnet; otherwise its hub is asked.
    pub order_provider: Option<Address>,
    /// The genesis unit of that devnet, where it is known.
    pub genesis: Option<UnitHash>,
    /// A file with the section `[rates]` of a configuration, instead of the fixed rates of a devnet.
    pub rates: Option<PathBuf>,
    /// A file with the section `[programme]` of a configuration: the rules, instead of the announced ones.
    pub programme: Option<PathBuf>,
    /// Whether the embedded devnet charges TPS fees.
    pub fees: Fees,
    /// No purchase is accepted while so many payouts wait; without it, as usual.
    pub queue_max: Option<usize>,
    /// Whether the usual limits hold; otherwise nothing is limited.
    pub limits: bool,
    /// The relay for mails; without it they become files.
    pub smtp: Option<String>,
    /// How long a textcoin is there to be claimed; without it, as usual.
    pub textcoin_expiry: Option<Duration>,
    /// Whether mails lead to the claim page of this server instead of to the words.
    pub claim_page: bool,
}

/// Runs until `shutdown`, and prints for people what they need to try it.
///
/// # Errors
/// Where something of it cannot start.
pub async fn dev(options: DevOptions, shutdown: impl Future<Output = ()>) -> anyhow::Result<()> {
    fs::create_dir_all(&options.data_dir)
        .with_context(|| format!("cannot make the data directory {}", options.data_dir.display()))?;
    let taken = || format!("cannot listen at {}; choose another with --listen", options.listen);
    let reserved = Reserved::at(options.listen).with_context(taken)?;
    let live = wallet(&options.data_dir, Endpoint::Live)?;
    let test = wallet(&options.data_dir, Endpoint::Test)?;
    let network = DevNetwork::open(&options, [live.fund_address(), test.fund_address()]).await?;
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(options.data_dir.join(DATABASE))?);
    let shop = add_sample_partners(&*store).await?;
    let place = DevPlace { hub: network.hub.clone(), genesis: network.genesis };
    place.write(&options.data_dir).context("the data directory cannot be written")?;
    let setup = |endpoint, key| network.setup(endpoint, key);
    let programme = options.programme.as_deref().map(ProgrammeConfig::read).transpose()?.unwrap_or_default();
    let usual = programme.desk(DeskSettings::default())?;
    let desk = DeskSettings {
        queue_max: options.queue_max.unwrap_or(usual.queue_max),
        limits: usual.limits.filter(|_| options.limits),
        units: network.unit_rules(),
        mailboxes: Some(mailboxes(&options, &reserved)?),
        ..usual
    };
    let server =
        Server::start(Arc::clone(&store), desk, setup(Endpoint::Live, live)?, setup(Endpoint::Test, test)?)
            .await?;
    wait_until_synced(&server).await?;
    if network.embedded.is_some() {
        for endpoint in Endpoint::ALL {
            book_sample_deposit(&*store, endpoint, &shop).await?;
        }
    }
    let paid = network.pay_sample_shop().await?;
    let listener = reserved.listen().with_context(taken)?;
    announce(&listener, &network, &server, paid)?;
    server.run(listener, shutdown).await;
    if let Some(devnet) = network.embedded {
        devnet.shutdown().await;
    }
    Ok(())
}

/// Mails of a devnet become files, or go to a relay for tests.
fn mailboxes(options: &DevOptions, reserved: &Reserved) -> anyhow::Result<Mailboxes> {
    let mut config: MailConfig =
        toml::from_str("from = 'Cashback <cashback@example.org>'").expect("valid in the source");
    config.relay.clone_from(&options.smtp);
    let post: Arc<dyn Post> = match config.relay().context("--smtp")? {
        Some(relay) => Arc::new(relay),
        None => {
            let outbox = options.data_dir.join("outbox");
            Arc::new(Folder::new(&outbox).with_context(|| format!("cannot make {}", outbox.display()))?)
        }
    };
    let claim_page = options.claim_page.then(|| claim_page(reserved)).transpose()?;
    let usual = TextcoinsConfig { claim_page, ..TextcoinsConfig::default() }
        .mailboxes(config.settings(config.office()?, post)?, BlockedDomains::default())?;
    Ok(Mailboxes { expiry: options.textcoin_expiry.unwrap_or(usual.expiry), ..usual })
}

/// Where this machine finds the server.
fn claim_page(reserved: &Reserved) -> anyhow::Result<String> {
    let url = format!("http://{}", reserved.address()?);
    url.parse::<ClaimAddress>().context("--claim-page needs --listen with 127.0.0.1 or [::1]")?;
    Ok(url)
}

/// The wallet of an endpoint, made at the first start.
fn wallet(data_dir: &Path, endpoint: Endpoint) -> anyhow::Result<Keyring> {
    let file = data_dir.join(format!("{endpoint}.wallet"));
    if !file.exists() {
        wallet_file::create(&file, &new_mnemonic()?, PASSPHRASE, KdfCost::DEVNET)?;
    }
    Ok(keyring(&wallet_file::open(&file, PASSPHRASE)?, endpoint))
}

async fn wait_until_synced(server: &Server) -> anyhow::Result<()> {
    let deadline = Instant::now() + PATIENCE;
    for endpoint in Endpoint::ALL {
        while !server.payer(endpoint).status().synced {
            if Instant::now() >= deadline {
                bail!(
                    "the hub did not prove the wallet's history within {} s; see the log",
                    PATIENCE.as_secs()
                );
            }
            sleep(Duration::from_millis(5)).await;
        }
    }
    Ok(())
}

fn announce(
    listener: &TcpListener,
    network: &DevNetwork,
    server: &Server,
    paid: Option<UnitHash>,
) -> anyhow::Result<()> {
    let address = listener.local_addr()?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "listening at http://{address}")?;
    writeln!(out, "hub {}", network.hub.trim_end_matches('/'))?;
    for endpoint in Endpoint::ALL {
        let fund = server.payer(endpoint).address();
        match network.embedded {
            Some(_) => writeln!(out, "fund of the {endpoint} endpoint: {fund}")?,
            None => writeln!(out, "fund of the {endpoint} endpoint, send bytes to fill it: {fund}")?,
        }
    }
    writeln!(
        out,
        "curl -d partner=demo-shop -d partner_key=demo-shop-key -d customer=c1 -d order_id=1001 \
         -d description=coffee -d merchant= -d address={SAMPLE_ADDRESS} -d currency=USD \
         -d currency_amount=12.50 -d partner_cashback_percentage=0 -d purchase_unit= \
         http://{address}/test/new_purchase"
    )?;
    if let Some(unit) = paid {
        writeln!(out, "purchase_unit={unit} paid 0.1 GBYTE to demo-shop")?;
    }
    writeln!(out, "ready; Ctrl-C ends it, the same data directory goes on where it was")?;
    Ok(out.flush()?)
}
