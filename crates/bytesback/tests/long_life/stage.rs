//! A server over a devnet, which can be stopped and started again.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use bytesback::clock::{Clock, SystemClock};
use bytesback::desk::DeskSettings;
use bytesback::payer::Payer;
use bytesback::server::{EndpointSetup, Server};
use bytesback::wallet::{keyring, new_mnemonic};
use bytesback_client::{Client, Endpoint};
use futures_util::future::join_all;
use ledger::Account;
use obyte::history::OrderProviders;
use obyte::{Address, Bytes, Network, UnitHash};
use obyte_devnet::{Devnet, DevnetConfig, Fees};
use obyte_hub::{Hub, HubConfig};
use payout::{Keyring, Settings};
use program::{Pair, RateTable};
use store::sqlite::SqliteStore;
use store::{KeyHash, NewPartner, PartnerKind, Store};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::common::{PATIENCE, address, ok, purchase, settle, until};

/// What a purchase of one dollar gets back.
const CASHBACK: u64 = 5_000_000;
/// How many addresses one request for balances names.
const BALANCES: usize = 100;
/// Requests at once.
const AT_ONCE: usize = 100;

pub(crate) struct Stage {
    devnet: Devnet,
    keys: [Keyring; 2],
    settings: Settings,
    orders: usize,
    /// How many coins of dust were sent.
    dust: u64,
    running: Option<Running>,
    folder: tempfile::TempDir,
}

struct Running {
    client: Client,
    payer: Payer,
    store: Arc<dyn Store>,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl Stage {
    /// A devnet with a fund for each endpoint; no server runs yet.
    pub(crate) async fn set(settings: Settings) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let keys = [(), ()].map(|()| keyring(&new_mnemonic().expect("random numbers")));
        let config = DevnetConfig {
            allocations: keys.iter().map(|keys| (keys.fund_address(), gbytes(1000))).collect(),
            fees: Fees::Off,
            ..DevnetConfig::new(folder.path().join("devnet"))
        };
        let devnet = Devnet::start(config).await.expect("a devnet");
        let stage = Self { devnet, keys, settings, orders: 0, dust: 0, running: None, folder };
        add_shop(&stage.open()).await;
        stage
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join("book.sqlite")
    }

    fn open(&self) -> SqliteStore {
        SqliteStore::open(self.database()).expect("a book")
    }

    /// Starts the server, and waits until it knows its coins.
    pub(crate) async fn start(&mut self) {
        let store: Arc<dyn Store> = Arc::new(self.open());
        let [live, test] = [(store::Endpoint::Live, 0), (store::Endpoint::Test, 1)]
            .map(|(endpoint, keys)| self.setup(endpoint, self.keys[keys].clone()));
        let server =
            Server::start(Arc::clone(&store), DeskSettings::default(), live, test).await.expect("a server");
        let payer = server.payer(store::Endpoint::Test).clone();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let client = Client::new(&format!("http://{}", listener.local_addr().expect("bound")));
        let client = client.expect("a URL");
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(server.run(listener, async { drop(stopped.await) }));
        until("the coins are known", async || payer.status().synced).await;
        self.running = Some(Running { client, payer, store, stop, serving });
    }

    fn setup(&self, endpoint: store::Endpoint, keyring: Keyring) -> EndpointSetup {
        EndpointSetup {
            endpoint,
            hubs: HubConfig::new(&self.devnet.url(), Network::Devnet).expect("an address").into(),
            order_providers: Some(OrderProviders::new(vec![self.devnet.order_provider()]).expect("one")),
            genesis: Some(self.devnet.genesis_unit()),
            keyring,
            rates: RateTable::new().with(Pair::GbyteUsd, "20".parse().expect("a rate")),
            settings: self.settings,
        }
    }

    /// Stops it in order.
    pub(crate) async fn stop(&mut self) {
        let Running { stop, serving, .. } = self.running.take().expect("it runs");
        drop(stop);
        serving.await.expect("the server does not panic");
    }

    fn running(&self) -> &Running {
        self.running.as_ref().expect("it runs")
    }

    pub(crate) fn payer(&self) -> &Payer {
        &self.running().payer
    }

    pub(crate) fn devnet(&self) -> &Devnet {
        &self.devnet
    }

    pub(crate) fn largest_history(&self) -> usize {
        self.devnet.hub(0).largest_history()
    }

    /// Sends so many coins to the published address.
    pub(crate) async fn flood(&mut self, count: u64, amount: u64) {
        let to = self.keys[1].fund_address();
        let amount = Bytes::new(amount).expect("small");
        for sent in join_all((0..count).map(|_| self.devnet.pay(to, amount))).await {
            sent.expect("the faucet has enough");
        }
        self.dust += count;
    }

    /// Sends so many GBYTE to the published address.
    pub(crate) async fn refill(&self, count: u64) -> UnitHash {
        self.devnet.pay(self.keys[1].fund_address(), gbytes(count)).await.expect("the faucet has enough")
    }

    /// Waits until the coin of a refill is credited. The database takes no coin twice.
    pub(crate) async fn is_credited(&self, refill: UnitHash) {
        until("the refill is credited", async || self.count("unit = ?", refill.as_str()) == 1).await;
    }

    /// How many credited coins are such.
    fn count(&self, which: &str, value: &str) -> u64 {
        let connection = rusqlite::Connection::open(self.database()).expect("a book");
        let query = format!("SELECT count(*) FROM coins WHERE endpoint = 'test' AND {which}");
        connection.query_row(&query, [value], |row| row.get::<_, u32>(0)).expect("readable").into()
    }

    /// Makes purchases until each has its unit.
    pub(crate) async fn order(&mut self, count: usize) {
        let orders: Vec<_> = (self.orders..self.orders + count).collect();
        self.orders += count;
        let client = &self.running().client;
        for orders in orders.chunks(AT_ONCE) {
            let paid = orders.iter().map(async |order| {
                let order = order.to_string();
                settle(client, Endpoint::Test, &purchase(&order, address(&order), "1")).await
            });
            for answer in join_all(paid).await {
                assert_eq!(ok(answer).0, CASHBACK);
            }
        }
    }

    /// The same, until all of it is proven.
    pub(crate) async fn buy(&mut self, count: usize) {
        self.order(count).await;
        self.is_settled().await;
    }

    async fn is_settled(&self) {
        until("every unit is proven", async || {
            let status = self.payer().status();
            status.open_slots == 0 && status.queued == 0
        })
        .await;
    }

    /// How many slots there were.
    pub(crate) async fn slots(&self) -> u64 {
        self.running().store.snapshot(store::Endpoint::Test).await.expect("readable").next_slot
    }

    /// At how many addresses slots began.
    pub(crate) async fn addresses_used(&self) -> u64 {
        let connection = rusqlite::Connection::open(self.database()).expect("a book");
        let query = "SELECT count(DISTINCT anchor_address) FROM slots WHERE endpoint = 'test'";
        connection.query_row(query, [], |row| row.get::<_, u32>(0)).expect("readable").into()
    }

    /// Every order is paid once, the book is sound, and the wallet holds what the book says, and whatever dust
    /// is ignored.
    pub(crate) async fn audit(self, dust: u64) {
        self.is_settled().await;
        let hub = self.hub().await;
        let payees: Vec<Address> = (0..self.orders).map(|order| address(&order.to_string())).collect();
        for payees in payees.chunks(BALANCES) {
            let balances = hub.balances(payees).await.expect("answered");
            for payee in payees {
                let balance = balances[payee].base();
                assert_eq!((balance.stable, balance.pending), (CASHBACK, 0), "{payee} is paid once");
            }
        }
        let store = &self.running().store;
        let paid = i128::from(CASHBACK) * self.orders as i128;
        until("all is booked", async || {
            let book = store.balances(store::Endpoint::Test).await.expect("a book");
            i128::from(book.balance(Account::Paid)) == paid
        })
        .await;
        assert!(store.verify_book(store::Endpoint::Test).await.expect("readable").is_sound());
        let book = store.balances(store::Endpoint::Test).await.expect("a book");
        assert_eq!(i128::from(book.balance(Account::Owed)), 0);
        let expected = book.coins_expected().expect("a whole number of bytes").get();
        let ignored = (self.dust - self.count("amount = ?", &dust.to_string())) * dust;
        assert_eq!(self.holds(&hub).await, expected + ignored, "the wallet holds what the book says");
        println!("{} of {} coins of dust were credited", self.dust - ignored / dust, self.dust);
        let Self { mut running, devnet, folder, .. } = self;
        let Running { stop, serving, .. } = running.take().expect("it runs");
        drop(stop);
        serving.await.expect("the server does not panic");
        devnet.shutdown().await;
        drop(folder);
    }

    /// What lies at all addresses of the wallet.
    async fn holds(&self, hub: &Hub) -> u64 {
        let own: BTreeSet<Address> = self.payer().status().own.iter().copied().collect();
        let own: Vec<Address> = own.into_iter().collect();
        let mut sum = 0;
        for own in own.chunks(BALANCES) {
            let balances = hub.balances(own).await.expect("answered");
            sum +=
                balances.values().map(|balance| balance.base().stable + balance.base().pending).sum::<u64>();
        }
        sum
    }

    async fn hub(&self) -> Hub {
        let config = HubConfig::new(&self.devnet.url(), Network::Devnet).expect("an address");
        let (hub, mut events) = Hub::start(config);
        tokio::spawn(async move { while events.recv().await.is_some() {} });
        hub.wait_connected(PATIENCE).await.expect("the devnet is there");
        hub
    }
}

/// So many GBYTE.
fn gbytes(count: u64) -> Bytes {
    Bytes::GBYTE.checked_mul(count).expect("far below the cap")
}

/// What this process, which is the server, the network and the customers, holds in memory.
pub(crate) fn memory_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("it is there");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

async fn add_shop(store: &dyn Store) {
    let at = SystemClock.now();
    let name = "demo-shop".parse().expect("a name");
    let shop = NewPartner { name, kind: PartnerKind::Merchant, trusted: true, at };
    let shop = store.add_partner(shop).await.expect("added");
    store.add_key(shop.id, KeyHash::of("demo-shop-key"), "sample", at).await.expect("added");
}
