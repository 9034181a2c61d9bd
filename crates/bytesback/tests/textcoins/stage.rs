//! A server whose test endpoint gives textcoins, and a customer with a wallet of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytesback::audit::{NetworkAudit, Place, audit};
use bytesback::clock::{Clock, SystemClock};
use bytesback::desk::{DeskSettings, Mailboxes};
use bytesback::server::{EndpointSetup, Server};
use bytesback::textcoin::{ClaimError, Claimed, claim};
use bytesback::wallet::{keyring, new_mnemonic};
use bytesback_client::{Client, ClientError, PurchaseAnswer, PurchaseRequest};
use futures_util::future::try_join_all;
use ledger::Account;
use obyte::history::OrderProviders;
use obyte::{Address, Bytes, Network, Textcoin, UnitHash};
use obyte_devnet::Devnet;
use obyte_hub::{Hub, HubConfig};
use payout::{Alarm, Change, Keyring, RestoreCause, Settings, TextcoinNo};
use program::{Pair, RateTable};
use serde::{Deserialize, Serialize};
use store::sqlite::SqliteStore;
use store::{
    DepositOrder, Endpoint, FoundTextcoin, OrderId, PurchaseKey, PurchaseRecord, Store, TextcoinCounts,
};

use crate::common::{PATIENCE, address, ok, purchase, until};
use crate::inside::{self, Inside};

pub(crate) const ENDPOINT: Endpoint = Endpoint::Test;
/// The file in a stage's folder.
const ABROAD: &str = "abroad.json";
/// What the partner gives to each order of a dollar.
pub(crate) const SHARE: u64 = 2_500_000;

pub(crate) struct Stage {
    pub(crate) store: Arc<dyn Store>,
    inside: Option<Inside>,
    devnet: Devnet,
    wallets: [Keyring; 2],
    abroad: Abroad,
    hub: Hub,
    shop: ledger::PartnerId,
    folder: tempfile::TempDir,
}

/// All that a server needs to know, here or in another process.
#[derive(Serialize, Deserialize)]
pub(crate) struct Abroad {
    words: [String; 2],
    hub: String,
    order_provider: Address,
    genesis: UnitHash,
    expiry: Duration,
}

impl Abroad {
    pub(crate) fn read(folder: &Path) -> Self {
        let text = std::fs::read_to_string(folder.join(ABROAD)).expect("it was written");
        serde_json::from_str(&text).expect("as it was written")
    }

    /// A server over the book in a folder.
    pub(crate) async fn server(&self, folder: &Path) -> Server {
        let store = SqliteStore::open(folder.join("book.sqlite")).expect("a book");
        self.over(Arc::new(store), folder).await
    }

    async fn over(&self, store: Arc<dyn Store>, folder: &Path) -> Server {
        let setup = |endpoint: Endpoint| EndpointSetup {
            endpoint,
            hubs: HubConfig::new(&self.hub, Network::Devnet).expect("an address").into(),
            order_providers: Some(OrderProviders::new(vec![self.order_provider]).expect("one")),
            genesis: Some(self.genesis),
            email_attestors: Vec::new(),
            keyring: self.keyring(endpoint),
            rates: RateTable::new().with(Pair::GbyteUsd, "20".parse().expect("a rate")).into(),
            settings: Settings::new(Network::Devnet),
        };
        let desk = DeskSettings {
            mailboxes: Some(Mailboxes { expiry: self.expiry, ..Mailboxes::new(inside::mails_in(folder)) }),
            limits: None,
            ..DeskSettings::default()
        };
        Server::start(store, desk, setup(Endpoint::Live), setup(ENDPOINT)).await.expect("a server")
    }

    fn keyring(&self, endpoint: Endpoint) -> Keyring {
        let words = &self.words[usize::from(endpoint == ENDPOINT)];
        keyring(&words.parse().expect("a mnemonic"), endpoint)
    }
}

impl Stage {
    /// A server that runs, with textcoins that expire so soon.
    pub(crate) async fn set(expiry: Duration) -> Self {
        let mut stage = Self::without_server(expiry).await;
        stage.start().await;
        stage.is_funded().await;
        stage
    }

    /// Everything but the server.
    pub(crate) async fn without_server(expiry: Duration) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mnemonics = Endpoint::ALL.map(|_| new_mnemonic().expect("random numbers"));
        let words = mnemonics.each_ref().map(|mnemonic| mnemonic.phrase().to_string());
        let [live, test] = &mnemonics;
        let wallets = [keyring(live, Endpoint::Live), keyring(test, ENDPOINT)];
        let devnet = Devnet::start(inside::funding(folder.path(), &wallets)).await.expect("a devnet");
        let (order_provider, genesis) = (devnet.order_provider(), devnet.genesis_unit());
        let abroad = Abroad { words, hub: devnet.url(), order_provider, genesis, expiry };
        let text = serde_json::to_string(&abroad).expect("plain values");
        std::fs::write(folder.path().join(ABROAD), text).expect("written");
        let store = inside::book(folder.path()).await;
        let (hub, mut events) = Hub::start(inside::hub_of(&devnet));
        tokio::spawn(async move { while events.recv().await.is_some() {} });
        hub.wait_connected(PATIENCE).await.expect("the devnet is there");
        let shop = store.partners().await.expect("the store works")[0].id;
        Self { store, inside: None, devnet, wallets, abroad, hub, shop, folder }
    }

    /// Waits for the fund, and gives a part of it to the partner.
    pub(crate) async fn is_funded(&self) {
        until("the fund is credited", async || self.balance(Account::Fund).await > 0).await;
        self.book_deposit().await;
    }

    /// The database is lost, with a server that runs or without: there is a copy of it, or nothing but the mnemonic.
    /// Another server has still to be started.
    pub(crate) async fn lose(&mut self, copy: Option<&Path>) {
        if let Some(inside) = self.inside.take() {
            inside.end().await;
        }
        let book = self.folder().join("book.sqlite");
        // Whoever holds the old one closes it.
        self.store = Arc::new(SqliteStore::open(self.folder().join("no book.sqlite")).expect("a book"));
        for suffix in ["", "-wal", "-shm"] {
            let mut file = book.clone().into_os_string();
            file.push(suffix);
            // There may be none.
            let _ = std::fs::remove_file(file);
        }
        if let Some(copy) = copy {
            std::fs::copy(copy, &book).expect("copied");
            self.store = Arc::new(SqliteStore::open(&book).expect("a book"));
            return;
        }
        self.store = inside::book(self.folder()).await;
        for endpoint in Endpoint::ALL {
            let lock = self.store.lock_payer(endpoint).await.expect("nobody pays");
            let begun = Change::RestoreBegun { cause: RestoreCause::Declared, at: SystemClock.now() };
            self.store.apply(&lock, vec![begun]).await.expect("kept");
        }
    }

    /// A copy of the database as it is now.
    pub(crate) fn copy(&self) -> PathBuf {
        let copy = self.folder().join("copy.sqlite");
        let text = copy.to_str().expect("plain");
        self.change_book(&format!("VACUUM INTO '{text}'"));
        copy
    }

    /// Does something to the database beside the server.
    pub(crate) fn change_book(&self, sql: &str) {
        let book = rusqlite::Connection::open(self.folder().join("book.sqlite")).expect("a book");
        book.busy_timeout(PATIENCE).expect("set");
        book.execute_batch(sql).unwrap_or_else(|error| panic!("{sql}: {error}"));
    }

    /// The coins on the network are those of the book, to the byte, once nothing is on its way.
    pub(crate) async fn agrees(&self) {
        until("the network has what the book counts on", async || {
            let book = self.store.balances(ENDPOINT).await.expect("a book");
            let task = self.store.audit_task(ENDPOINT, Default::default()).await.expect("the store works");
            let balances = self.hub.balances(&task.addresses).await.expect("answered");
            let lies: u64 = balances.values().map(|balance| balance.base().stable).sum();
            book.coins_expected().expect("no deficit").get() == lies
        })
        .await;
    }

    pub(crate) async fn start(&mut self) {
        let server = self.abroad.over(Arc::clone(&self.store), self.folder()).await;
        self.inside = Some(Inside::serve(server).await);
        until("the history is proven", async || self.running().payer.status().synced).await;
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Ends the server, does something, and starts another one.
    pub(crate) async fn restart(&mut self, meanwhile: impl AsyncFnOnce(&Self)) {
        self.inside.take().expect("it runs").end().await;
        meanwhile(self).await;
        self.start().await;
    }

    pub(crate) async fn end(mut self) {
        self.inside.take().expect("it runs").end().await;
    }

    fn running(&self) -> &Inside {
        self.inside.as_ref().expect("it runs")
    }

    pub(crate) fn client(&self) -> &Client {
        &self.running().client
    }

    /// Books all of the fund as a deposit.
    pub(crate) async fn give_fund_away(&self) {
        let fund = u64::try_from(self.balance(Account::Fund).await).expect("above zero");
        self.deposit_of("all", Bytes::new(fund).expect("it exists")).await;
    }

    /// Sends a coin to the fund.
    pub(crate) async fn fill_fund(&self) {
        self.devnet.pay(self.wallets[1].fund_address(), Bytes::GBYTE).await.expect("the faucet pays");
    }

    async fn book_deposit(&self) {
        self.deposit_of("d1", Bytes::GBYTE).await;
    }

    async fn deposit_of(&self, command: &str, amount: Bytes) {
        let order = DepositOrder {
            command: command.parse().expect("an id"),
            partner: self.shop,
            amount,
            note: String::new(),
            at: SystemClock.now(),
        };
        self.store.book_deposit(ENDPOINT, order).await.expect("the fund has it");
    }

    pub(crate) async fn pause(&self) {
        let why = Alarm::Operator("a test".to_owned());
        self.store.pause(ENDPOINT, &why, SystemClock.now()).await.expect("the store works");
        if self.inside.is_some() {
            until("paying is paused", async || self.running().payer.status().paused.is_some()).await;
        }
    }

    pub(crate) async fn resume(&self) {
        let now = SystemClock.now();
        let pauses = self.store.overview(ENDPOINT, now).await.expect("the store works").pauses;
        let last = pauses.last().expect("it is paused").no;
        self.store.resume(ENDPOINT, last, now).await.expect("the store works");
    }

    /// Buys so often for a mailbox, all at once, and waits until every textcoin is at the hub.
    pub(crate) async fn buy(&self, count: u64) -> Vec<String> {
        let first = self.counts().await;
        let first = first.open + first.claimed + first.taken_back;
        let orders: Vec<String> = (first..first + count).map(|order| order.to_string()).collect();
        self.buy_all(&self.running().client, &orders).await.expect("the server answers");
        orders
    }

    /// Buys these at a server, all at once, and repeats them until each is paid.
    pub(crate) async fn buy_all(&self, client: &Client, orders: &[String]) -> Result<(), ClientError> {
        self.buy_for(client, orders, "1").await
    }

    /// Buys these here, for so many dollars each.
    pub(crate) async fn buy_here(&self, orders: &[&str], dollars: &str) {
        let orders: Vec<String> = orders.iter().map(ToString::to_string).collect();
        self.buy_for(&self.running().client, &orders, dollars).await.expect("the server answers");
    }

    async fn buy_for(&self, client: &Client, orders: &[String], dollars: &str) -> Result<(), ClientError> {
        let buying = orders.iter().map(async |order| {
            let request = PurchaseRequest {
                address: format!("customer{order}@example.org"),
                partner_cashback_percentage: "5".into(),
                ..purchase(order, address(order), dollars)
            };
            let deadline = Instant::now() + PATIENCE;
            loop {
                match client.new_purchase(bytesback_client::Endpoint::Test, &request).await? {
                    PurchaseAnswer::Pending { .. } if Instant::now() < deadline => {}
                    answer => {
                        ok(answer);
                        break;
                    }
                }
            }
            Ok(())
        });
        try_join_all(buying).await.map(drop)
    }

    pub(crate) async fn all_is_proven(&self) {
        until("every unit is proven", async || self.running().payer.status().open_slots == 0).await;
    }

    pub(crate) fn key(&self, order: &str) -> PurchaseKey {
        let order_id = OrderId::new(order).expect("an order id");
        PurchaseKey { partner: self.shop, merchant: None, order_id }
    }

    pub(crate) async fn record(&self, order: &str) -> PurchaseRecord {
        let key = self.key(order);
        self.store.purchase(ENDPOINT, &key).await.expect("the store works").expect("it was accepted")
    }

    pub(crate) async fn cashback(&self, order: &str) -> Bytes {
        self.record(order).await.payout.amount
    }

    /// The words that an order's mail would tell.
    pub(crate) async fn words(&self, order: &str) -> Textcoin {
        let issue = self.record(order).await.payout.payee.issue().expect("it was given");
        self.wallets[1].textcoins().textcoin(issue.no).expect("not skipped")
    }

    pub(crate) async fn claim(&self, order: &str, to: Address) -> Result<Claimed, ClaimError> {
        self.claim_by(&self.words(order).await, to).await
    }

    /// Claims what a mail has told.
    pub(crate) async fn claim_by(&self, words: &Textcoin, to: Address) -> Result<Claimed, ClaimError> {
        claim(&self.hub, Network::Devnet, self.genesis(), words, to).await
    }

    pub(crate) async fn claim_number(&self, no: TextcoinNo, to: Address) -> Result<Claimed, ClaimError> {
        let words = self.wallets[1].textcoins().textcoin(no).expect("not skipped");
        claim(&self.hub, Network::Devnet, self.genesis(), &words, to).await
    }

    pub(crate) fn genesis(&self) -> Option<UnitHash> {
        Some(self.devnet.genesis_unit())
    }

    pub(crate) fn hub_url(&self) -> String {
        self.devnet.url()
    }

    /// What lies at an address, proven or not.
    pub(crate) async fn got(&self, at: Address) -> u64 {
        let balances = self.hub.balances(&[at]).await.expect("answered");
        balances.get(&at).map_or(0, |balance| balance.base().stable + balance.base().pending)
    }

    pub(crate) async fn counts(&self) -> TextcoinCounts {
        self.store.textcoin_counts(ENDPOINT, SystemClock.now()).await.expect("the store works")
    }

    /// Those that were found again, by their numbers.
    pub(crate) async fn found(&self) -> Vec<FoundTextcoin> {
        self.store.found_textcoins(ENDPOINT, None, 100).await.expect("the store works")
    }

    pub(crate) async fn is_claimed(&self, order: &str) -> bool {
        let payout = self.record(order).await.payout.id;
        let task = self.store.audit_task(ENDPOINT, Default::default()).await.expect("the store works");
        task.ended.iter().any(|ended| ended.payout == Some(payout.get()) && ended.claimed)
    }

    pub(crate) async fn have_ended(&self, claimed: u64, taken_back: u64) {
        let what = format!("{claimed} are claimed and {taken_back} taken back");
        until(&what, async || {
            let counts = self.counts().await;
            (counts.claimed, counts.taken_back) == (claimed, taken_back)
        })
        .await;
    }

    pub(crate) async fn all_have_ended(&self, count: u64) {
        until("all have ended", async || {
            let counts = self.counts().await;
            counts.claimed + counts.taken_back == count
        })
        .await;
    }

    pub(crate) async fn balance(&self, account: Account) -> i64 {
        self.store.balances(ENDPOINT).await.expect("a book").balance(account).get()
    }

    pub(crate) async fn deposit(&self) -> i64 {
        self.balance(Account::Deposit(self.shop)).await
    }

    /// The book is sound, and the network bears out every byte of it.
    pub(crate) async fn audit(&self) {
        let (books, network) = self.faults_of(&*self.store).await;
        assert!(books.is_empty(), "{books:?}");
        assert!(network.is_empty(), "{network:?}");
        let counts = self.counts().await;
        let found = self.compare(&*self.store).await;
        assert_eq!(found.ended as u64, counts.claimed + counts.taken_back);
    }

    /// What is wrong in a book, and on the network.
    pub(crate) async fn faults_of(&self, book: &dyn Store) -> (Vec<String>, Vec<String>) {
        let books = book.audit_book(ENDPOINT).await.expect("readable").faults;
        let network = self.compare(book).await.faults;
        let texts = |faults: Vec<&dyn ToString>| faults.iter().map(|fault| fault.to_string()).collect();
        let books = books.iter().map(|fault| fault as &dyn ToString).collect();
        (texts(books), texts(network.iter().map(|fault| fault as &dyn ToString).collect()))
    }

    async fn compare(&self, book: &dyn Store) -> NetworkAudit {
        let place = Place {
            network: Network::Devnet,
            hubs: vec![inside::hub_of(&self.devnet)],
            order_providers: OrderProviders::new(vec![self.devnet.order_provider()]).expect("one"),
            genesis: self.genesis(),
        };
        audit(book, ENDPOINT, &place, &SystemClock, true).await.expect("answered")
    }
}

/// The wallet of a customer.
pub(crate) fn someone(name: &str) -> Address {
    address(&format!("the wallet of {name}"))
}
