//! A network in this process, a server as a process of its own, and purchases.

use std::time::{Duration, Instant};

use bytesback_client::{ClientError, Endpoint, PurchaseAnswer};
use futures_util::future::join_all;
use ledger::Account;
use obyte::{Bytes, Network};
use obyte_devnet::{Devnet, DevnetConfig};
use obyte_hub::{Hub, HubConfig};
use store::Store;

use crate::common::{CASHBACK, PATIENCE, address, purchase, until};
use crate::site::{HubEntry, Serve, Site};

/// Existing shops give up then (C4).
const SHOPS_GIVE_UP: Duration = Duration::from_secs(5);

pub(crate) struct Stage {
    pub(crate) devnet: Devnet,
    pub(crate) site: Site,
    orders: usize,
    _folder: tempfile::TempDir,
}

impl Stage {
    /// A server with a full fund, that runs and is well.
    pub(crate) async fn set() -> (Self, Serve) {
        let (devnet, folder) = network().await;
        let url = devnet.url();
        let hub = HubEntry { url: &url, order_provider: devnet.order_provider(), root: None };
        let site = Site::make(&folder.path().join("site"), hub).await;
        let stage = Self { devnet, site, orders: 0, _folder: folder };
        let serve = stage.site.start();
        stage.fill().await;
        stage.site.is_well().await;
        (stage, serve)
    }

    /// The same over a hub at another address, such as a proxy's; the server is not started.
    pub(crate) async fn behind(devnet: Devnet, folder: tempfile::TempDir, hub: HubEntry<'_>) -> Self {
        let site = Site::make(&folder.path().join("site"), hub).await;
        Self { devnet, site, orders: 0, _folder: folder }
    }

    /// Fills the fund and waits until the server has credited it.
    pub(crate) async fn fill(&self) {
        let amount = Bytes::GBYTE.checked_mul(1000).expect("far below the cap");
        self.devnet.pay(self.site.fund, amount).await.expect("the faucet pays");
        let store = self.site.store();
        until("the fund is credited", async || {
            let book = store.balances(store::Endpoint::Test).await.expect("a book");
            i128::from(book.balance(Account::Fund)) > 0
        })
        .await;
    }

    /// Names of orders that nobody has had yet.
    pub(crate) fn orders(&mut self, count: usize) -> Vec<String> {
        let orders = (self.orders..self.orders + count).map(|order| order.to_string()).collect();
        self.orders += count;
        orders
    }

    /// Sends all at once. Whatever is wrong, a till gets its answer before it gives up.
    pub(crate) async fn send(&self, orders: &[String]) -> Vec<Result<PurchaseAnswer, ClientError>> {
        let client = self.site.client();
        let sending = orders.iter().map(|order| {
            let request = purchase(order, address(order), "1");
            let client = client.clone();
            async move {
                let begin = Instant::now();
                let answer = client.new_purchase(Endpoint::Test, &request).await;
                let took = begin.elapsed();
                assert!(took < SHOPS_GIVE_UP, "order {order} was answered after {took:?}: {answer:?}");
                answer
            }
        });
        join_all(sending).await
    }

    /// Waits until every order is proven paid, without asking the server.
    pub(crate) async fn all_is_paid(&self) {
        let store = self.site.store();
        let owed = i128::from(CASHBACK) * self.orders as i128;
        until("everything is proven and booked", async || {
            let book = store.balances(store::Endpoint::Test).await.expect("a book");
            i128::from(book.balance(Account::Paid)) == owed
        })
        .await;
    }

    /// Repeats every order until it is paid, and looks whether everybody got it once and the books agree.
    pub(crate) async fn audit(&self) {
        let orders: Vec<_> = (0..self.orders).map(|order| order.to_string()).collect();
        let deadline = Instant::now() + PATIENCE;
        for chunk in orders.chunks(100) {
            let mut open = chunk.to_vec();
            while !open.is_empty() {
                let answers = self.send(&open).await;
                let paid = |answer| matches!(answer, Ok(PurchaseAnswer::Ok { cashback_amount, .. }) if cashback_amount == Bytes::literal(CASHBACK));
                let mut answers = answers.into_iter().map(paid);
                open.retain(|_| !answers.next().expect("one for each"));
                assert!(Instant::now() < deadline, "orders {open:?} are not paid");
            }
        }
        self.all_is_paid().await;
        let store = self.site.store();
        let check = store.verify_book(store::Endpoint::Test).await.expect("readable");
        assert!(check.is_sound());
        let hub = hub(&self.devnet).await;
        for chunk in orders.chunks(100) {
            let addresses: Vec<_> = chunk.iter().map(|order| address(order)).collect();
            let balances = hub.balances(&addresses).await.expect("answered");
            for to in &addresses {
                let got = balances.get(to).expect("it was paid").base();
                assert_eq!((got.stable, got.pending), (CASHBACK, 0), "{to} is paid once");
            }
        }
        let book = store.balances(store::Endpoint::Test).await.expect("a book");
        let own = hub.balances(&[self.site.fund]).await.expect("answered")[&self.site.fund].base();
        let expected = book.coins_expected().expect("a whole number of bytes");
        assert_eq!(own.stable + own.pending, expected.get(), "the wallet holds what the book says");
    }
}

/// A network with nobody on it, and a folder for everything.
pub(crate) async fn network() -> (Devnet, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let devnet = Devnet::start(DevnetConfig::new(folder.path().join("devnet"))).await.expect("a devnet");
    (devnet, folder)
}

pub(crate) async fn hub(devnet: &Devnet) -> Hub {
    let (hub, _events) = Hub::start(HubConfig::new(&devnet.url(), Network::Devnet).expect("an address"));
    hub.wait_connected(PATIENCE).await.expect("the devnet is there");
    hub
}

/// Whether an answer tells of a payment.
pub(crate) fn is_paid(answer: &Result<PurchaseAnswer, ClientError>) -> bool {
    matches!(answer, Ok(PurchaseAnswer::Ok { .. }))
}
