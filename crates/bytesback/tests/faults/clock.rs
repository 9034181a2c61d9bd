//! A clock that jumps an hour, forward and back.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use bytesback::clock::{Clock, SystemClock};
use bytesback::desk::DeskSettings;
use bytesback::server::Server;
use bytesback_client::{Endpoint, PurchaseAnswer};
use futures_util::future::join_all;
use ledger::Account;
use obyte::Network;
use obyte_devnet::Devnet;
use payout::{Settings, Timestamp};
use store::Store;

use crate::common::{CASHBACK, address, purchase, settle, until};
use crate::inside::{self, Inside};

const HOUR: i64 = 60 * 60 * 1000;

/// The machine's clock, wrong by so many milliseconds.
#[derive(Default)]
struct WrongClock(AtomicI64);

impl WrongClock {
    fn jump_to(&self, off: i64) {
        self.0.store(off, Ordering::SeqCst);
    }
}

impl Clock for WrongClock {
    fn now(&self) -> Timestamp {
        let right = SystemClock.now().as_millis();
        Timestamp::from_millis(right.saturating_add_signed(self.0.load(Ordering::SeqCst)))
    }
}

/// A server in this process, whose clock the test moves.
struct Stage {
    clock: Arc<WrongClock>,
    inside: Inside,
    store: Arc<dyn Store>,
    orders: usize,
    devnet: Devnet,
    _folder: tempfile::TempDir,
}

impl Stage {
    async fn set(off: i64) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let [live, test] = inside::wallets();
        let config = inside::funding(folder.path(), &[live.clone(), test.clone()]);
        let devnet = Devnet::start(config).await.expect("a devnet");
        let store = inside::book(folder.path()).await;
        let clock = Arc::new(WrongClock::default());
        clock.jump_to(off);
        let desk = DeskSettings { answer_due: Duration::from_millis(500), ..DeskSettings::default() };
        let setup = |endpoint, keyring| {
            let settings = Settings::new(Network::Devnet);
            inside::endpoint(&devnet, endpoint, inside::hub_of(&devnet), keyring, settings)
        };
        let (live, test) = (setup(store::Endpoint::Live, live), setup(store::Endpoint::Test, test));
        let server = Server::start_with_clock(clock.clone(), Arc::clone(&store), desk, live, test).await;
        let inside = Inside::serve(server.expect("a server")).await;
        Self { clock, inside, store, orders: 0, devnet, _folder: folder }
    }

    async fn synced(&self) {
        until("the history is proven", async || self.inside.payer.status().synced).await;
    }

    async fn settled(&self) {
        until("every unit is proven", async || self.inside.payer.status().open_slots == 0).await;
    }

    fn orders(&mut self) -> Vec<String> {
        let first = self.orders;
        self.orders += 10;
        (first..self.orders).map(|order| order.to_string()).collect()
    }

    /// The operator is told, and no unit is made.
    async fn complains(&self) {
        until("the alarm is told", async || {
            let overview = self.store.overview(store::Endpoint::Test, Timestamp::from_millis(0)).await;
            let report = overview.expect("readable").report.expect("it runs");
            report.alarm.is_some_and(|(text, _)| text.contains("minutes apart"))
        })
        .await;
        let snapshot = self.store.snapshot(store::Endpoint::Test).await.expect("readable");
        assert_eq!((snapshot.queue.len(), snapshot.slots.len()), (10, 0));
    }

    /// Purchases that are accepted and not paid, for now.
    async fn buy_in_vain(&mut self) {
        let orders = self.orders();
        let sent = orders.iter().map(|order| async {
            self.inside.client.new_purchase(Endpoint::Test, &purchase(order, address(order), "1")).await
        });
        for answer in join_all(sent).await {
            let answer = answer.expect("the server is there");
            assert!(matches!(answer, PurchaseAnswer::Pending { .. }), "{answer:?}");
        }
    }

    /// Purchases that are paid.
    async fn buy(&mut self) {
        let orders = self.orders();
        self.settle(&orders).await;
    }

    async fn settle(&self, orders: &[String]) {
        let sent = orders.iter().map(|order| async {
            settle(&self.inside.client, Endpoint::Test, &purchase(order, address(order), "1")).await
        });
        for answer in join_all(sent).await {
            assert!(matches!(answer, PurchaseAnswer::Ok { .. }), "{answer:?}");
        }
    }

    /// Everything that was ever bought is paid, proven, and in the book.
    async fn end(self) {
        let all: Vec<_> = (0..self.orders).map(|order| order.to_string()).collect();
        self.settle(&all).await;
        let paid = i128::from(CASHBACK) * self.orders as i128;
        until("everything is proven and booked", async || {
            let book = self.store.balances(store::Endpoint::Test).await.expect("a book");
            i128::from(book.balance(Account::Paid)) == paid
        })
        .await;
        assert!(self.store.verify_book(store::Endpoint::Test).await.expect("readable").is_sound());
        self.inside.end().await;
        self.devnet.shutdown().await;
    }
}

/// The clock is wrong for a while, and then right again.
async fn jump(off: i64) {
    let mut stage = Stage::set(0).await;
    stage.synced().await;
    stage.buy().await;
    stage.settled().await;
    stage.clock.jump_to(off);
    stage.buy_in_vain().await;
    stage.complains().await;
    // What was accepted "in an hour", or an hour ago, is paid now.
    stage.clock.jump_to(0);
    stage.buy().await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_jumps_forward_and_back_stops_paying_only_meanwhile() {
    jump(HOUR).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_that_jumps_back_and_forward_stops_paying_only_meanwhile() {
    jump(-HOUR).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_starts_with_a_wrong_clock_pays_once_it_is_set() {
    let mut stage = Stage::set(-HOUR).await;
    until("the hub is connected", async || stage.inside.payer.status().connected).await;
    // Nothing of the future is believed, so there is no coin yet.
    let order = purchase("too early", address("somebody"), "1");
    match stage.inside.client.new_purchase(Endpoint::Test, &order).await.expect("the server is there") {
        PurchaseAnswer::Error { text } => assert!(text.contains("fund is too low"), "{text}"),
        other => panic!("{other:?}"),
    }
    stage.clock.jump_to(0);
    stage.synced().await;
    stage.buy().await;
    stage.end().await;
}
