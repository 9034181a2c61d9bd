//! A server over a devnet, which can be stopped and started again.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use bytesback::desk::DeskSettings;
use bytesback::payer::Payer;
use bytesback::server::{EndpointSetup, Server};
use bytesback_client::Endpoint;
use futures_util::future::join_all;
use ledger::Account;
use obyte::{Address, Bytes, UnitHash};
use obyte_devnet::{Devnet, DevnetConfig, Fees};
use obyte_hub::Hub;
use payout::{Keyring, Settings};
use store::Store;
use store::sqlite::SqliteStore;

use crate::common::{CASHBACK, PATIENCE, address, ok, purchase, settle, until};
use crate::inside::{self, Inside};

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
    inside: Inside,
    store: Arc<dyn Store>,
}

impl Stage {
    /// A devnet with a fund for each endpoint; no server runs yet.
    pub(crate) async fn set(settings: Settings) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let keys = inside::wallets();
        let config = DevnetConfig { fees: Fees::Off, ..inside::funding(folder.path(), &keys) };
        let devnet = Devnet::start(config).await.expect("a devnet");
        let stage = Self { devnet, keys, settings, orders: 0, dust: 0, running: None, folder };
        drop(inside::book(stage.folder.path()).await);
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
        let inside = Inside::serve(server).await;
        until("the coins are known", async || inside.payer.status().synced).await;
        self.running = Some(Running { inside, store });
    }

    fn setup(&self, endpoint: store::Endpoint, keyring: Keyring) -> EndpointSetup {
        inside::endpoint(&self.devnet, endpoint, inside::hub_of(&self.devnet), keyring, self.settings)
    }

    /// Stops it in order.
    pub(crate) async fn stop(&mut self) {
        self.running.take().expect("it runs").inside.end().await;
    }

    fn running(&self) -> &Running {
        self.running.as_ref().expect("it runs")
    }

    pub(crate) fn payer(&self) -> &Payer {
        &self.running().inside.payer
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
        let client = &self.running().inside.client;
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
        running.take().expect("it runs").inside.end().await;
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
        let (hub, mut events) = Hub::start(inside::hub_of(&self.devnet));
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
