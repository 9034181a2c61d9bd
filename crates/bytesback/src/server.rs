//! Putting the rooms together: a store, two payers, the desk, and HTTP in front.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use obyte::history::OrderProviders;
use obyte::{Address, Bytes, Network, UnitHash};
use obyte_hub::{Hubs, HubsConfig};
use payout::{Keyring, Settings};
use program::{Limit, LimitRules};
use store::{Endpoint, Identity, Provisions, Store};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::alerts::{self, People};
use crate::attested::Attestors;
use crate::clock::{Clock, SystemClock};
use crate::desk::{Desk, DeskSettings, Side};
use crate::http::{Cashier, serve};
use crate::mailer::{self, MailSettings, MailStatus, MailerParts};
use crate::metrics::{Metrics, Watched};
use crate::payer::{Payer, PayerParts};
use crate::proof::{ProofTrust, Prover, UnitChecker};
use crate::rates::{
    Board, HubSource, Rates, RatesSettings, Source, SourceSettings, Web, follow, remembering, web_source,
};

/// The database in a data directory.
pub const DATABASE: &str = "bytesback.sqlite";

/// How long to wait for a hub whose word about the order providers is needed.
const FIRST_CONTACT: Duration = Duration::from_secs(15);

/// What one endpoint stands on.
pub struct EndpointSetup {
    /// Which endpoint.
    pub endpoint: Endpoint,
    /// Where its hubs are, and on which network, the preferred one first.
    pub hubs: HubsConfig,
    /// Whose word proves histories. Without a list the hub is asked once, which is fit for devnets only.
    pub order_providers: Option<OrderProviders>,
    /// The genesis unit of a devnet, where it is known.
    pub genesis: Option<UnitHash>,
    /// Who says in public whose wallet goes with a mailbox, the most trusted first.
    pub email_attestors: Vec<Address>,
    /// The keys of the wallet.
    pub keyring: Keyring,
    /// Where prices come from. Endpoints with the same sources of the web share them.
    pub rates: RatesSettings,
    /// How to pay.
    pub settings: Settings,
}

/// A server that runs.
pub struct Server {
    store: Arc<dyn Store>,
    desk: Arc<Desk>,
    metrics: Arc<Metrics>,
    payers: [(Endpoint, Payer); 2],
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Server {
    /// Starts both payers and the desk over them.
    ///
    /// # Errors
    /// Where the wallets are one, the database belongs to others, or another process pays already.
    pub async fn start(
        store: Arc<dyn Store>,
        desk: DeskSettings,
        live: EndpointSetup,
        test: EndpointSetup,
    ) -> anyhow::Result<Self> {
        Self::start_with_clock(Arc::new(SystemClock), store, desk, live, test).await
    }

    /// [`Server::start`] with another clock than the machine's, for tests that move it.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub async fn start_with_clock(
        clock: Arc<dyn Clock>,
        store: Arc<dyn Store>,
        desk: DeskSettings,
        live: EndpointSetup,
        test: EndpointSetup,
    ) -> anyhow::Result<Self> {
        check_wallets([&live, &test])?;
        let mut starting = Starting {
            store: Arc::clone(&store),
            clock,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            boards: Vec::new(),
            mail: desk.mailboxes.as_ref().map(|mailboxes| mailboxes.mail.clone()),
            textcoin_expiry: desk.textcoin_expiry(),
            limits: desk.limits.clone(),
        };
        let (live, test) = (starting.side(live).await?, starting.side(test).await?);
        for (endpoint, side) in [(Endpoint::Live, &live), (Endpoint::Test, &test)] {
            store.keep_provisions(endpoint, provisions(&desk, side.fee_reserve)).await?;
            let stop = starting.stop.clone();
            let people = People {
                store: Arc::clone(&store),
                clock: Arc::clone(&starting.clock),
                mail: starting.mail.clone(),
                stop,
            };
            starting.tasks.spawn(alerts::watch(endpoint, people, desk.alerts));
        }
        tokio::join!(live.rates.settle(), test.rates.settle());
        let payers = [(Endpoint::Live, live.payer.clone()), (Endpoint::Test, test.payer.clone())];
        let watched = |endpoint, side: &Side| Watched {
            endpoint,
            payer: side.payer.clone(),
            hubs: side.hubs.clone(),
            rates: side.rates.clone(),
            store: Arc::clone(&store),
            alerts: desk.alerts,
            mails: side.mails.clone(),
        };
        let metrics = Metrics::new(vec![watched(Endpoint::Live, &live), watched(Endpoint::Test, &test)]);
        let version = store.enact(&desk.rules.to_string(), starting.clock.now()).await?;
        let clock = Arc::clone(&starting.clock);
        let desk = Arc::new(Desk::new(Arc::clone(&store), clock, desk, version, live, test));
        Ok(Self { store, desk, metrics: metrics.into(), payers, tasks: starting.tasks, stop: starting.stop })
    }

    /// Answers requests until `shutdown`, then ends the payers.
    pub async fn run(self, listener: TcpListener, shutdown: impl Future<Output = ()>) {
        serve(listener, Arc::clone(&self.desk) as Arc<dyn Cashier>, self.metrics, shutdown).await;
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// The payer of an endpoint.
    pub fn payer(&self, endpoint: Endpoint) -> &Payer {
        let (_, payer) =
            self.payers.iter().find(|(at, _)| *at == endpoint).expect("there is a payer for each endpoint");
        payer
    }

    /// Where everything is kept.
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }
}

/// What commands beside this server need to know.
fn provisions(desk: &DeskSettings, fee_reserve: Bytes) -> Provisions {
    let fund_reserve = desk.limits.as_ref().and_then(|limits| limits.cap(Limit::FundReserve));
    Provisions {
        fee_reserve,
        fund_reserve: fund_reserve.unwrap_or_default(),
        low_fund: desk.alerts.fund,
        low_deposit: desk.alerts.deposit,
        resends_per_day: desk.mailboxes.as_ref().map(|mailboxes| mailboxes.resends_per_day),
    }
}

/// Two wallets of one server never share an address: each address belongs to one line of units.
fn check_wallets(setups: [&EndpointSetup; 2]) -> anyhow::Result<()> {
    let addresses: BTreeSet<Address> = setups.iter().map(|setup| setup.keyring.fund_address()).collect();
    if addresses.len() < setups.len() {
        bail!("both endpoints have the same wallet: give each a mnemonic of its own");
    }
    Ok(())
}

struct Starting {
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    tasks: TaskTracker,
    stop: CancellationToken,
    boards: Vec<(Vec<SourceSettings>, Arc<Board>)>,
    mail: Option<MailSettings>,
    textcoin_expiry: Duration,
    limits: Option<Arc<LimitRules>>,
}

impl Starting {
    async fn side(&mut self, setup: EndpointSetup) -> anyhow::Result<Side> {
        let endpoint = setup.endpoint;
        let network = setup.hubs.network();
        let (hubs, events) = Hubs::start(setup.hubs);
        let order_providers = match setup.order_providers {
            Some(pinned) => pinned,
            None => ask_order_providers(&hubs, network).await?,
        };
        let identity = Identity {
            network,
            wallet: setup.keyring.fund_address(),
            order_providers: order_providers.addresses().to_vec(),
        };
        self.store.bind(endpoint, &identity).await?;
        let lock = self.store.lock_payer(endpoint).await?;
        let fee_reserve = setup.settings.limits.reserve();
        let mailbox_reserve = setup.settings.limits.mailbox_reserve(network);
        let trust = ProofTrust { network, order_providers: order_providers.clone(), genesis: setup.genesis };
        let prover = Prover::new(trust, Arc::clone(&self.clock));
        let units = UnitChecker::new(hubs.clone(), prover.clone());
        let attestors = Attestors::new(hubs.clone(), prover, setup.email_attestors);
        let accepted = Arc::new(Notify::new());
        let mails = self.mails((endpoint, network), &setup.keyring, &accepted);
        let textcoins = setup.keyring.textcoins().clone();
        let payer = self.payer(PayerParts {
            endpoint,
            lock,
            store: Arc::clone(&self.store),
            hubs: (hubs.clone(), events),
            order_providers,
            genesis: setup.genesis,
            keyring: setup.keyring,
            settings: setup.settings,
            clock: Arc::clone(&self.clock),
            limits: self.limits.clone(),
            accepted,
            textcoin_expiry: self.textcoin_expiry,
        });
        let rates = self.rates(endpoint, setup.rates, &hubs).await?;
        Ok(Side { payer, hubs, rates, units, textcoins, attestors, fee_reserve, mailbox_reserve, mails })
    }

    /// Begins to send mails, where there is a way to.
    fn mails(
        &self,
        (endpoint, network): (Endpoint, Network),
        keyring: &Keyring,
        wake: &Arc<Notify>,
    ) -> MailStatus {
        let status = MailStatus::default();
        if let Some(settings) = self.mail.clone() {
            let parts = MailerParts {
                endpoint,
                network,
                store: Arc::clone(&self.store),
                keys: keyring.textcoins().clone(),
                settings,
                clock: Arc::clone(&self.clock),
                wake: Arc::clone(wake),
                status: status.clone(),
            };
            self.tasks.spawn(mailer::run(parts, self.stop.clone()));
        }
        status
    }

    /// Begins to ask for prices.
    async fn rates(
        &mut self,
        endpoint: Endpoint,
        settings: RatesSettings,
        hubs: &Hubs,
    ) -> anyhow::Result<Rates> {
        let mut boards = vec![self.web_board(settings.web())?];
        if let Some(every) = settings.hub() {
            let board = Arc::new(Board::default());
            self.follow(Arc::new(HubSource(hubs.clone())), &board, every);
            boards.push(board);
        }
        let guard = remembering(&*self.store, endpoint, self.clock.now()).await?;
        let rates = Rates::new(endpoint, settings, boards, guard, Arc::clone(&self.clock));
        self.tasks.spawn(rates.clone().watch(self.stop.clone()));
        Ok(rates)
    }

    /// The board of these sources of the web, which is shared.
    fn web_board(&mut self, sources: Vec<SourceSettings>) -> anyhow::Result<Arc<Board>> {
        if let Some((_, board)) = self.boards.iter().find(|(of, _)| *of == sources) {
            return Ok(Arc::clone(board));
        }
        let board = Arc::new(Board::default());
        let web = Web::new().context("sources of rates cannot be asked")?;
        for settings in &sources {
            if let Some(source) = web_source(settings, &web) {
                self.follow(source, &board, settings.every);
            }
        }
        self.boards.push((sources, Arc::clone(&board)));
        Ok(board)
    }

    fn follow(&self, source: Arc<dyn Source>, board: &Arc<Board>, every: Duration) {
        let (clock, stop) = (Arc::clone(&self.clock), self.stop.clone());
        self.tasks.spawn(follow(source, Arc::clone(board), every, clock, stop));
    }

    fn payer(&self, parts: PayerParts) -> Payer {
        Payer::start(parts, &self.tasks, self.stop.clone())
    }
}

/// On a devnet, which everybody makes anew, the hub's word is taken once; the database remembers it.
async fn ask_order_providers(hubs: &Hubs, network: Network) -> anyhow::Result<OrderProviders> {
    if network != Network::Devnet {
        bail!("the order providers of {network} must be pinned in the configuration");
    }
    hubs.wait_connected(FIRST_CONTACT).await.context("the hub was asked for its order provider")?;
    let providers = hubs.preferred().witnesses().await.context("the hub was asked for its order provider")?;
    OrderProviders::new(providers).context("the hub names no usable order provider")
}
