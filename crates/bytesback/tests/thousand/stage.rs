//! The network, the server as a process of its own, and its book.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytesback::clock::{Clock, SystemClock};
use bytesback::wallet::keyring;
use ledger::Account;
use obyte::{Address, Bytes, Network};
use obyte_devnet::{Devnet, DevnetConfig};
use obyte_hub::{Hub, HubConfig};
use serde_json::Value;
use store::{DepositOrder, DepositVerdict, Endpoint, Store, TextcoinRecord};

use crate::Plan;
use crate::common::{PATIENCE, argument, run, until};
use crate::ends::Ends;
use crate::post::PostBox;
use crate::site::{HubEntry, Serve, Site};

pub(crate) const ENDPOINT: Endpoint = Endpoint::Test;
/// What the operator and the shop give in advance.
const FUND: Bytes = Bytes::literal(500_000_000_000);
const DEPOSIT: Bytes = Bytes::literal(100_000_000_000);
/// What the shop gives to an order of a dollar by 5 %.
const SHARE: u64 = 2_500_000;
/// What each gets for that: base share, the shop's share and the match.
const CASHBACK: u64 = 10_000_000;
/// How many addresses one request names.
pub(crate) const AT_ONCE: usize = 100;

pub(crate) struct Stage {
    pub(crate) site: Arc<Site>,
    /// The server asks hub 0; customers ask hub 1.
    pub(crate) devnet: Devnet,
    pub(crate) store: Box<dyn Store>,
    _folder: tempfile::TempDir,
}

impl Stage {
    /// A server with a full fund, which runs.
    pub(crate) async fn set(plan: &Plan, post: &PostBox) -> (Self, Serve) {
        let folder = tempfile::tempdir().expect("a folder");
        let config = DevnetConfig {
            more_hubs: vec![SocketAddr::from(([127, 0, 0, 1], 0))],
            ..DevnetConfig::new(folder.path().join("devnet"))
        };
        let devnet = Devnet::start(config).await.expect("a devnet");
        let url = devnet.url();
        let hub = HubEntry { url: &url, order_provider: devnet.order_provider(), root: None };
        let site = Site::make(&folder.path().join("site"), hub).await;
        site.append(&format!(
            "[limits]\nenabled = false\n[mail]\nfrom = 'Shop <cashback@shop.example>'\n\
             relay = 'smtp://127.0.0.1:{}'\n[textcoins]\nexpiry = '{}s'\nreminder_days = []\n",
            post.port,
            plan.expiry.as_secs()
        ));
        let serve = site.start();
        let store: Box<dyn Store> = Box::new(site.store());
        for amount in [FUND, DEPOSIT] {
            devnet.pay(site.fund, amount).await.expect("the faucet pays");
        }
        let stage = Self { site: Arc::new(site), devnet, store, _folder: folder };
        until("the fund is credited", async || {
            stage.balance(Account::Fund).await > FUND.get().max(DEPOSIT.get())
        })
        .await;
        let order = DepositOrder {
            command: "deposit".parse().expect("a name"),
            partner: stage.site.shop,
            amount: DEPOSIT,
            note: String::new(),
            at: SystemClock.now(),
        };
        let booked = stage.store.book_deposit(ENDPOINT, order).await.expect("kept");
        assert_eq!(booked, DepositVerdict::Booked);
        (stage, serve)
    }

    pub(crate) async fn hub(&self, number: usize) -> Hub {
        let config = HubConfig::new(&self.devnet.hub(number).url(), Network::Devnet).expect("an address");
        let (hub, mut events) = Hub::start(config);
        tokio::spawn(async move { while events.recv().await.is_some() {} });
        hub.wait_connected(PATIENCE).await.expect("the hub is there");
        hub
    }

    async fn balance(&self, account: Account) -> u64 {
        let book = self.store.balances(ENDPOINT).await.expect("a book");
        u64::try_from(book.balance(account).get()).expect("not below zero")
    }

    pub(crate) async fn records(&self) -> Vec<TextcoinRecord> {
        self.store.textcoins(ENDPOINT, None, 10_000).await.expect("readable")
    }

    /// Something of the database that is a number.
    pub(crate) fn number(&self, query: &str, parameter: &str) -> i64 {
        let connection = rusqlite::Connection::open(self.site.database()).expect("a database");
        connection.busy_timeout(PATIENCE).expect("it can be set");
        connection.query_row(query, [parameter], |row| row.get(0)).expect(query)
    }

    pub(crate) async fn all_have_ended(&self, count: usize, deadline: Instant) {
        loop {
            let counts = self.store.textcoin_counts(ENDPOINT, SystemClock.now()).await.expect("a book");
            if counts.claimed + counts.taken_back == count as u64 {
                return;
            }
            assert!(Instant::now() < deadline, "not all have ended: {counts:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Waits until every unit is proven, and every mail is noted as sent.
    pub(crate) async fn is_settled(&self, deadline: Instant) {
        loop {
            let snapshot = self.store.snapshot(ENDPOINT).await.expect("readable");
            let backlog = self.store.mail_backlog(ENDPOINT).await.expect("readable");
            if snapshot.queue.is_empty() && snapshot.slots.is_empty() && backlog.waiting == 0 {
                return;
            }
            assert!(Instant::now() < deadline, "not all is settled");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Every account is as the ends of the textcoins have it, and the wallet holds what the book says.
    pub(crate) async fn balances_to_the_byte(&self, ends: &Ends) {
        let claimed = ends.claimed() as u64;
        assert_eq!(self.balance(Account::TextcoinsOut).await, 0);
        assert_eq!(self.balance(Account::Owed).await, 0);
        let deposit = self.balance(Account::Deposit(self.site.shop)).await;
        assert_eq!(deposit, DEPOSIT.get() - claimed * SHARE, "what came back is the shop's again");
        assert_eq!(self.balance(Account::Paid).await, claimed * CASHBACK, "what was claimed is paid");
        let book = self.store.balances(ENDPOINT).await.expect("a book");
        let expected = book.coins_expected().expect("a whole number of bytes").get();
        assert_eq!(self.holds().await, expected, "the wallet holds what the book says");
        // All that was ever sent is in the wallet, with the customers, or was taken by the network.
        let sent = FUND.get() + DEPOSIT.get();
        assert_eq!(sent, expected + ends.got(self).await + ends.fees());
    }

    /// What lies at the addresses of the wallet.
    async fn holds(&self) -> u64 {
        let own = self.own();
        let hub = self.hub(0).await;
        let mut sum = 0;
        for own in own.chunks(AT_ONCE) {
            let balances = hub.balances(own).await.expect("answered");
            sum += balances.values().map(|held| held.base().stable + held.base().pending).sum::<u64>();
        }
        sum
    }

    /// The addresses of the wallet's line.
    pub(crate) fn own(&self) -> Vec<Address> {
        keyring(&self.site.mnemonic(ENDPOINT), ENDPOINT).addresses(20)
    }

    /// `bytesback audit` is content with the book and with the network, and has compared every textcoin.
    pub(crate) fn audit_is_sound(&self, count: usize) {
        let config = self.site.folder.join("bytesback.toml");
        let about = ["audit", "--json", "--from-the-start", "--endpoint", "test"];
        let place = ["--config", argument(&config), "--data-dir", argument(&self.site.folder)];
        let (good, said) = run(&[&about[..], &place[..]].concat());
        let report: Vec<Value> =
            serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"));
        assert!(good && report[0]["sound"] == true, "{said}");
        assert_eq!(report[0]["network"]["textcoins_ended"].as_u64(), Some(count as u64), "{said}");
    }
}
