//! The two processes, the tills, and the one who kills.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use bytesback::clock::{Clock, SystemClock};
use bytesback_client::Endpoint;
use futures_util::future::join_all;
use ledger::Account;
use obyte::Bytes;
use simulation::{Random, Record};
use store::{DepositOrder, DepositVerdict, Store};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::audit::Auditor;
use crate::common::{Dev, ok, purchase, settle, until};
use crate::orders::Orders;
use crate::site::{HubEntry, Serve, Site};
use crate::till::{Till, repeat};

/// What the shop gives in advance, in GBYTE.
const DEPOSIT: u64 = 400;
/// How often the tills repeat what is not paid at the end, before that is a failure.
const ROUNDS: usize = 100;
/// How long to wait for a unit, and how often to look.
const SOON: Duration = Duration::from_secs(1);
const LOOK_AGAIN: Duration = Duration::from_micros(100);
/// Requests at once.
const AT_ONCE: usize = 200;

pub(crate) struct Stage {
    /// The network: a server with a devnet inside, of which only the devnet counts.
    network: Option<Dev>,
    network_dir: PathBuf,
    site: Site,
    server: Option<Serve>,
    auditor: Auditor,
    orders: Orders,
    tills: Vec<JoinHandle<Till>>,
    closing: CancellationToken,
    refills: u32,
    /// All that was ever sent to the fund.
    sent: Bytes,
    _folder: tempfile::TempDir,
}

impl Stage {
    /// A network, a server with a fund of several coins, and the shop's deposit.
    pub(crate) async fn set() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let network_dir = folder.path().join("network");
        let network = Dev::start(&network_dir);
        let hub = network.hub().await;
        let order_provider = hub.witnesses().await.expect("answered")[0];
        let entry = HubEntry { url: &network.hub, order_provider, root: None };
        let site = Site::make(&folder.path().join("site"), entry).await;
        // A few customers buy more here in minutes than others in months.
        site.append("[limits]\nenabled = false\n");
        let deposit = Record::Deposit { partner: site.shop.get(), amount: gbytes(DEPOSIT) };
        let mut stage = Self {
            auditor: Auditor::new(site.fund, (SystemClock.now(), deposit)),
            server: Some(site.start()),
            network: Some(network),
            network_dir,
            site,
            orders: Orders::default(),
            tills: Vec::new(),
            closing: CancellationToken::new(),
            refills: 0,
            sent: Bytes::ZERO,
            _folder: folder,
        };
        stage.refill(2000).await;
        stage.refill(1000).await;
        stage.deposit().await;
        stage
    }

    /// Sends a coin of so many GBYTE to the fund, as cashback of the network's own server.
    async fn refill(&mut self, count: u64) {
        let Some(network) = &self.network else { return };
        self.refills += 1;
        let order = format!("refill {}", self.refills);
        // A tenth of it comes back, and a GBYTE costs 20 USD.
        let request = purchase(&order, self.site.fund, &(200 * count).to_string());
        let (sent, ..) = ok(settle(&network.client(), Endpoint::Live, &request).await);
        assert_eq!(sent, gbytes(count).get());
        self.sent = self.sent.checked_add(gbytes(count)).expect("far below the cap");
    }

    async fn deposit(&mut self) {
        let store = self.site.store();
        until("the fund is credited", async || {
            let book = store.balances(store::Endpoint::Test).await.expect("a book");
            i128::from(book.balance(Account::Fund)) > i128::from(gbytes(DEPOSIT).get())
        })
        .await;
        let at = SystemClock.now();
        let order = DepositOrder {
            command: "deposit".parse().expect("a name"),
            partner: self.site.shop,
            amount: gbytes(DEPOSIT),
            note: String::new(),
            at,
        };
        let booked = store.book_deposit(store::Endpoint::Test, order).await.expect("kept");
        assert_eq!(booked, DepositVerdict::Booked);
        self.auditor.deposit.0 = at;
    }

    pub(crate) fn open_tills(&mut self, count: u64, random: &mut Random) {
        for name in 0..count {
            let till = Till {
                name,
                client: self.site.client(),
                random: Random::new(random.between(0, u64::MAX - 1)),
                orders: self.orders.clone(),
                fund: self.site.fund,
                count: 0,
                slowest: Duration::ZERO,
            };
            self.tills.push(tokio::spawn(till.work(self.closing.clone())));
        }
    }

    /// Waits until the network has written down another unit, if one comes soon. Nobody was told of it yet,
    /// and whatever the server did too late is not done.
    pub(crate) async fn see_a_unit_arrive(&self) {
        let journal = self.network_dir.join("devnet").join("journal");
        let length = move || std::fs::metadata(&journal).expect("the network is there").len();
        let watching = tokio::task::spawn_blocking(move || {
            let (before, until) = (length(), Instant::now() + SOON);
            while length() == before && Instant::now() < until {
                std::thread::sleep(LOOK_AGAIN);
            }
        });
        watching.await.expect("nothing panics there");
    }

    /// Kills, looks at what is left, and lets both live again.
    pub(crate) async fn strike(&mut self, server: bool, network: bool, down: Duration, refill: bool) {
        if server && let Some(server) = self.server.take() {
            server.kill();
        }
        if network && let Some(network) = self.network.take() {
            network.kill();
        }
        if server {
            self.auditor.audit(&self.site.database(), &self.network_dir.join("devnet"), &self.orders);
        }
        tokio::time::sleep(down).await;
        if network {
            self.network = Some(Dev::start(&self.network_dir));
        }
        if server {
            self.server = Some(self.site.start());
        }
        if refill {
            self.refill(1).await;
        }
    }

    /// Closes the tills, waits until everybody is paid, and looks at it all once more.
    pub(crate) async fn end(mut self) {
        self.closing.cancel();
        let mut slowest = Duration::ZERO;
        for till in self.tills.drain(..) {
            slowest = slowest.max(till.await.expect("no till has failed").slowest);
        }
        self.settle().await;
        let store = self.site.store();
        until("everything is proven and booked", async || {
            let snapshot = store.snapshot(store::Endpoint::Test).await.expect("readable");
            let book = store.balances(store::Endpoint::Test).await.expect("a book");
            let top_ups = i128::from(book.balance(Account::OperatorTopUps));
            let is_all_credited = -top_ups == i128::from(self.sent.get()) - i128::from(gbytes(DEPOSIT).get());
            snapshot.queue.is_empty() && snapshot.slots.is_empty() && is_all_credited
        })
        .await;
        self.server.take().expect("it runs").kill();
        let network = self.network_dir.join("devnet");
        let replay = self.auditor.audit(&self.site.database(), &network, &self.orders);
        if let Err(broken) = replay.check_rest() {
            panic!("{broken}");
        }
        self.auditor.finds_what_is_wrong();
        let book = store.balances(store::Endpoint::Test).await.expect("a book");
        assert!(book.balances().eq(replay.book().balances()), "{book:?} should be {:?}", replay.book());
        assert!(store.verify_book(store::Endpoint::Test).await.expect("readable").is_sound());
        let paid = self.orders.lock().values().filter(|order| order.unit.is_some()).count();
        println!("{paid} orders paid; the slowest answer took {} ms", slowest.as_millis());
    }

    /// Repeats every order that can be paid until it is.
    async fn settle(&self) {
        let client = self.site.client();
        let mut open: Vec<String> = self.orders.lock().keys().cloned().collect();
        for _ in 0..ROUNDS {
            let mut unpaid = Vec::new();
            for chunk in open.chunks(AT_ONCE) {
                let repeats = chunk.iter().map(|order| repeat(&client, &self.orders, order));
                let answers = join_all(repeats).await;
                let unpaid_now =
                    chunk.iter().zip(answers).filter(|(_, answer)| matches!(answer, Some((false, _))));
                unpaid.extend(unpaid_now.map(|(order, _)| order.clone()));
            }
            if unpaid.is_empty() {
                return;
            }
            open = unpaid;
        }
        panic!("orders {open:?} are not paid");
    }
}

fn gbytes(count: u64) -> Bytes {
    Bytes::GBYTE.checked_mul(count).expect("far below the cap")
}
