//! A server whose only hub misbehaves: every purchase is paid exactly once, and the books agree with the
//! network.

mod common;
#[path = "common/inside.rs"]
mod inside;

use std::sync::Arc;
use std::time::Duration;

use bytesback::desk::DeskSettings;
use bytesback::server::{EndpointSetup, Server};
use bytesback_client::{Endpoint, PurchaseAnswer};
use ledger::Account;
use obyte::Network;
use obyte_devnet::{Devnet, DevnetConfig, Rule, Trick};
use obyte_hub::{Hub, HubConfig};
use payout::{Keyring, Settings};
use serde_json::json;
use store::Store;
use tokio::task::JoinHandle;

use common::{CASHBACK, PATIENCE, address, ok, purchase, settle, until};
use inside::Inside;

/// The hub that misbehaves.
const BAD: usize = 1;
/// A refusal that calls for another unit with other parents.
const RETREAT: &str = "witnessed level retreats from parent's 7 to 6";

/// A server that pays through the second hub of a devnet; the first one is only asked by the test.
struct Stage {
    devnet: Devnet,
    inside: Inside,
    store: Arc<dyn Store>,
    orders: usize,
    _folder: tempfile::TempDir,
}

impl Stage {
    async fn set() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let [live, test] = inside::wallets();
        let config = inside::funding(folder.path(), &[live.clone(), test.clone()]);
        let config = DevnetConfig { more_hubs: vec![([127, 0, 0, 1], 0).into()], ..config };
        let devnet = Devnet::start(config).await.expect("a devnet");
        let store = inside::book(folder.path()).await;
        let live = setup(&devnet, store::Endpoint::Live, 0, live);
        let test = setup(&devnet, store::Endpoint::Test, BAD, test);
        let server = Server::start(Arc::clone(&store), DeskSettings::default(), live, test).await;
        let inside = Inside::serve(server.expect("a server")).await;
        let stage = Self { devnet, inside, store, orders: 0, _folder: folder };
        until("the history is proven", async || stage.inside.payer.status().synced).await;
        stage
    }

    fn bad(&self) -> &obyte_devnet::Hub {
        self.devnet.hub(BAD)
    }

    fn play(&self, rule: Rule) {
        self.bad().mischief().add(rule);
    }

    /// Makes purchases at once.
    fn buy(&mut self, count: usize) -> JoinHandle<()> {
        let orders: Vec<_> = (self.orders..self.orders + count).map(|n| n.to_string()).collect();
        self.orders += count;
        let client = self.inside.client.clone();
        tokio::spawn(async move {
            let paid = orders.iter().map(|order| {
                let request = purchase(order, address(order), "1");
                let client = client.clone();
                async move { settle(&client, Endpoint::Test, &request).await }
            });
            for answer in futures_util::future::join_all(paid).await {
                assert_eq!(ok(answer).0, CASHBACK);
            }
        })
    }

    /// Every purchase is proven paid with one coin, and the books say what the network says.
    async fn audit(self) {
        until("every unit is proven", async || {
            let status = self.inside.payer.status();
            status.open_slots == 0 && status.queued == 0
        })
        .await;
        let config = HubConfig::new(&self.devnet.url(), Network::Devnet).expect("an address");
        let (hub, _events) = Hub::start(config);
        hub.wait_connected(PATIENCE).await.expect("the devnet is there");
        for order in 0..self.orders {
            let to = address(&order.to_string());
            let balance = hub.balances(&[to]).await.expect("answered")[&to].base();
            assert_eq!((balance.stable, balance.pending), (CASHBACK, 0), "order {order} is paid once");
        }
        let paid = i128::from(CASHBACK) * self.orders as i128;
        until("all is booked", async || {
            let book = self.store.balances(store::Endpoint::Test).await.expect("a book");
            i128::from(book.balance(Account::Paid)) == paid
        })
        .await;
        let book = self.store.balances(store::Endpoint::Test).await.expect("a book");
        assert_eq!(i128::from(book.balance(Account::Owed)), 0);
        assert!(self.store.verify_book(store::Endpoint::Test).await.expect("readable").is_sound());
        let own = self.inside.payer.address();
        let balance = hub.balances(&[own]).await.expect("answered")[&own].base();
        let expected = book.coins_expected().expect("a whole number of bytes");
        assert_eq!(balance.stable + balance.pending, expected.get(), "the wallet holds what the book says");
        self.inside.end().await;
        self.devnet.shutdown().await;
    }
}

fn setup(devnet: &Devnet, endpoint: store::Endpoint, hub: usize, keyring: Keyring) -> EndpointSetup {
    let mut config = HubConfig::new(&devnet.hub(hub).url(), Network::Devnet).expect("an address");
    config.backoff.max = Duration::from_millis(500);
    let settings = Settings { repost_every: Duration::from_secs(2), ..Settings::new(Network::Devnet) };
    inside::endpoint(devnet, endpoint, config, keyring, settings)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn units_that_were_accepted_and_forgotten_are_posted_again() {
    let mut stage = Stage::set().await;
    stage.play(Rule::on("post_joint", Trick::AcceptAndForget).after(1).times(2));
    for _ in 0..4 {
        stage.buy(3).await.expect("paid");
    }
    stage.audit().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stall_of_ten_seconds_delays_and_loses_nothing() {
    let mut stage = Stage::set().await;
    stage.buy(3).await.expect("paid");
    stage.bad().mischief().stall();
    let buying = stage.buy(10);
    tokio::time::sleep(Duration::from_secs(10)).await;
    stage.bad().mischief().resume();
    buying.await.expect("paid");
    stage.audit().await;
}

/// The unit is answered with an error, which calls for another one or a repetition, and comes out later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unit_that_was_refused_and_kept_is_not_paid_beside_its_replacement() {
    for error in [RETREAT, "unknown parents"] {
        let mut stage = Stage::set().await;
        stage.buy(2).await.expect("paid");
        stage.play(Rule::on("post_joint", Trick::KeepAndError(error.to_owned())).times(1));
        stage.buy(3).await.expect("paid");
        assert_eq!(stage.bad().release_kept().await.len(), 1);
        stage.buy(3).await.expect("paid");
        stage.audit().await;
    }
}

/// The same, but another hub takes the kept unit before it knows the replacement: the network decides.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_versions_of_a_unit_in_conflict_one_pays() {
    let mut stage = Stage::set().await;
    stage.buy(2).await.expect("paid");
    until("all is proven", async || stage.inside.payer.status().open_slots == 0).await;
    let ways = [(0, BAD), (BAD, 0)];
    for (from, to) in ways {
        stage.devnet.relay(from, to).expect("two hubs").hold();
    }
    stage.devnet.rest_order_provider(true);
    stage.play(Rule::on("post_joint", Trick::KeepAndError(RETREAT.to_owned())).times(1));
    let count = stage.bad().unit_count();
    let buying = stage.buy(3);
    until("the replacement is accepted", async || {
        stage.bad().mischief().kept() == 1 && stage.bad().unit_count() > count
    })
    .await;
    let released = stage.bad().release_kept_at(stage.devnet.hub(0)).await;
    assert!(released[0].is_ok(), "{released:?}");
    for (from, to) in ways {
        stage.devnet.relay(from, to).expect("two hubs").release();
    }
    stage.devnet.rest_order_provider(false);
    buying.await.expect("paid");
    stage.buy(3).await.expect("paid");
    stage.audit().await;
}

/// The hub counts the agents among the payees; which it is shows its definition (8.8).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purchase_for_an_autonomous_agent_is_parked_and_the_others_of_its_batch_are_paid() {
    let mut stage = Stage::set().await;
    let agent = stage
        .devnet
        .define_agent(&json!(["autonomous agent", {"bounce_fees": {"base": 10_000}}]))
        .expect("canonical");
    let buying = stage.buy(3);
    let request = purchase("agent", agent, "1");
    let refused = stage.inside.client.new_purchase(Endpoint::Test, &request).await.expect("answered");
    let PurchaseAnswer::Error { text: error } = refused else { panic!("{refused:?}") };
    assert!(error.contains("autonomous agent"), "{error}");
    buying.await.expect("paid");
    // The order id stays claimed: the same answer again, and another address is another purchase.
    let again = stage.inside.client.new_purchase(Endpoint::Test, &request).await.expect("answered");
    assert!(matches!(again, PurchaseAnswer::Error { text } if text == error));
    let elsewhere = purchase("agent", address("somebody else"), "1");
    let other = stage.inside.client.new_purchase(Endpoint::Test, &elsewhere).await.expect("answered");
    assert!(matches!(other, PurchaseAnswer::Error { text } if text.contains("used before")));
    stage.audit().await;
}
