//! `bytesback dev`: everything in one process, ready to try.
//!
//! An embedded devnet, or the devnet behind `--hub`, two wallets, sample partners, and the server. All of
//! it lives in one data directory, and goes on from there.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use obyte::history::OrderProviders;
use obyte::{Address, Bytes, Network, UnitHash};
use obyte_devnet::{Devnet, DevnetConfig, Fees};
use obyte_hub::HubConfig;
use payout::{Keyring, Settings};
use program::{Pair, RateTable, UnitRules};
use store::sqlite::SqliteStore;
use store::{
    DepositOrder, DepositVerdict, Endpoint, KeyHash, NewPartner, Partner, PartnerKind, ReceivingAddress,
    ReceivingRole, Store,
};
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};

use crate::audit::DevPlace;
use crate::clock::{Clock, SystemClock};
use crate::config::{MailConfig, ProgrammeConfig, TextcoinsConfig};
use crate::desk::{DeskSettings, Mailboxes};
use crate::http::Reserved;
use crate::mail::{BlockedDomains, Folder, Post};
use crate::rates::{RatesConfig, RatesSettings};
use crate::server::{DATABASE, EndpointSetup, Server};
use crate::wallet::{keyring, new_mnemonic};
use crate::wallet_file::{self, KdfCost};

/// Bytes on a devnet are worth nothing, and neither is this passphrase.
const PASSPHRASE: &str = "devnet";
/// What the fund of each endpoint begins with.
const FUND: u64 = 300_000;
/// The deposit of the sample shop.
const DEPOSIT: u64 = 10;
/// What somebody pays there at each start, so that there is a purchase unit to try.
const SAMPLE_PAYMENT: u64 = 100_000_000;
/// The rates of a devnet.
const RATES: [(Pair, &str); 4] =
    [(Pair::GbyteUsd, "20"), (Pair::BtcUsd, "100000"), (Pair::EurUsd, "1.10"), (Pair::RubUsd, "0.0125")];
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
        mailboxes: Some(mailboxes(&options)?),
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
fn mailboxes(options: &DevOptions) -> anyhow::Result<Mailboxes> {
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
    let usual = TextcoinsConfig::default()
        .mailboxes(config.settings(config.office()?, post)?, BlockedDomains::default())?;
    Ok(Mailboxes { expiry: options.textcoin_expiry.unwrap_or(usual.expiry), ..usual })
}

/// The devnet that everything stands on.
struct DevNetwork {
    embedded: Option<Devnet>,
    hub: String,
    order_provider: Option<Address>,
    genesis: Option<UnitHash>,
    rates: RatesSettings,
}

impl DevNetwork {
    async fn open(options: &DevOptions, funds: [Address; 2]) -> anyhow::Result<Self> {
        let rates = match &options.rates {
            Some(file) => RatesConfig::read(file)?.settings()?,
            None => rates().into(),
        };
        if let Some(hub) = &options.hub {
            let DevOptions { order_provider, genesis, .. } = *options;
            return Ok(Self { embedded: None, hub: hub.clone(), order_provider, genesis, rates });
        }
        let devnet = start_devnet(options, funds).await?;
        Ok(Self {
            hub: devnet.url(),
            order_provider: Some(devnet.order_provider()),
            genesis: Some(devnet.genesis_unit()),
            embedded: Some(devnet),
            rates,
        })
    }

    /// The one hub of the embedded devnet is part of this process, so its word is enough.
    fn unit_rules(&self) -> UnitRules {
        let usual = UnitRules::default();
        let hubs_min = if self.embedded.is_some() { NonZeroUsize::MIN } else { usual.hubs_min };
        UnitRules { hubs_min, ..usual }
    }

    fn setup(&self, endpoint: Endpoint, keyring: Keyring) -> anyhow::Result<EndpointSetup> {
        let order_providers = self.order_provider.map(|address| OrderProviders::new(vec![address]));
        Ok(EndpointSetup {
            endpoint,
            hubs: HubConfig::new(&self.hub, Network::Devnet)?.into(),
            order_providers: order_providers.transpose()?,
            genesis: self.genesis,
            email_attestors: Vec::new(),
            keyring,
            rates: self.rates.clone(),
            settings: Settings::new(Network::Devnet),
        })
    }
}

impl DevNetwork {
    /// Somebody buys at the sample shop: the unit that pays, on the embedded devnet.
    async fn pay_sample_shop(&self) -> anyhow::Result<Option<UnitHash>> {
        let Some(devnet) = &self.embedded else { return Ok(None) };
        let paid = devnet.pay(till(), Bytes::literal(SAMPLE_PAYMENT)).await;
        paid.map(Some).context("the faucet of the embedded devnet cannot pay")
    }
}

async fn start_devnet(options: &DevOptions, funds: [Address; 2]) -> anyhow::Result<Devnet> {
    let gbytes = |count| Bytes::GBYTE.checked_mul(count).expect("far below the cap");
    // Two coins each, so that the deposit of the sample shop comes on top of the fund.
    let allocations =
        funds.into_iter().flat_map(|fund| [(fund, gbytes(FUND)), (fund, gbytes(DEPOSIT))]).collect();
    let port_file = options.data_dir.join("devnet.port");
    let port = read_port(&port_file)?;
    let config = DevnetConfig {
        listen: SocketAddr::from(([127, 0, 0, 1], port.unwrap_or(0))),
        fees: options.fees,
        allocations,
        ..DevnetConfig::new(options.data_dir.join("devnet"))
    };
    let devnet = Devnet::start(config).await.context("the embedded devnet cannot start")?;
    if port.is_none() {
        fs::write(&port_file, devnet.local_addr().port().to_string()).context("the port cannot be kept")?;
    }
    Ok(devnet)
}

/// The port that the devnet had before: clients that know it find it again.
fn read_port(file: &Path) -> anyhow::Result<Option<u16>> {
    match fs::read_to_string(file) {
        Ok(text) => {
            let port = text.trim().parse();
            port.map(Some).with_context(|| format!("{} holds no port: remove it", file.display()))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
    }
}

fn rates() -> RateTable {
    let mut table = RateTable::new();
    for (pair, rate) in RATES {
        table.set(pair, Some(rate.parse().expect("a rate in the source")));
    }
    table
}

/// The wallet of an endpoint, made at the first start.
fn wallet(data_dir: &Path, endpoint: Endpoint) -> anyhow::Result<Keyring> {
    let file = data_dir.join(format!("{endpoint}.wallet"));
    if !file.exists() {
        wallet_file::create(&file, &new_mnemonic()?, PASSPHRASE, KdfCost::DEVNET)?;
    }
    Ok(keyring(&wallet_file::open(&file, PASSPHRASE)?, endpoint))
}

/// The sample partners; answers with the shop.
async fn add_sample_partners(store: &dyn Store) -> anyhow::Result<Partner> {
    let shop = sample_partner(store, "demo-shop", PartnerKind::Merchant, true).await?;
    for endpoint in Endpoint::ALL {
        if store.receiving_addresses(endpoint, shop.id).await?.is_empty() {
            let (address, role, added_at) = (till(), ReceivingRole::Own, SystemClock.now());
            let new = ReceivingAddress { address, role, added_at };
            store.add_receiving_address(endpoint, shop.id, new).await?;
        }
    }
    sample_partner(store, "demo-processor", PartnerKind::Processor, false).await?;
    Ok(shop)
}

/// Where the sample shop receives money: an address that has no keys.
fn till() -> Address {
    Address::of_source("the till of the sample shop")
}

async fn sample_partner(
    store: &dyn Store,
    name: &str,
    kind: PartnerKind,
    trusted: bool,
) -> anyhow::Result<Partner> {
    let at = SystemClock.now();
    let name = name.parse()?;
    let partner = match store.partner(&name).await? {
        Some(partner) => partner,
        None => store.add_partner(NewPartner { name, kind, trusted, at }).await?,
    };
    if partner.keys.is_empty() {
        let key = KeyHash::of(&format!("{}-key", partner.name));
        store.add_key(partner.id, key, "sample", at).await?;
    }
    Ok(partner)
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

/// The deposit of the sample shop, booked once.
async fn book_sample_deposit(store: &dyn Store, endpoint: Endpoint, shop: &Partner) -> anyhow::Result<()> {
    let order = DepositOrder {
        command: "dev-sample-deposit".parse()?,
        partner: shop.id,
        amount: Bytes::GBYTE.checked_mul(DEPOSIT).expect("far below the cap"),
        note: "the sample shop's deposit on the embedded devnet".to_owned(),
        at: SystemClock.now(),
    };
    match store.book_deposit(endpoint, order).await? {
        DepositVerdict::Booked | DepositVerdict::Replay => Ok(()),
        DepositVerdict::Conflict | DepositVerdict::FundTooLow { .. } => {
            bail!("the sample deposit cannot be booked; start with an empty data directory")
        }
    }
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
