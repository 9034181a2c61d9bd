//! A server that sends mails, on a devnet, with a clock that can be moved.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytesback::clock::{Clock, SystemClock};
use bytesback::desk::{DeskSettings, Mailboxes};
use bytesback::mail::BlockedDomains;
use bytesback::mailer::MailSettings;
use bytesback::server::Server;
use bytesback_client::{Endpoint, PurchaseRequest};
use obyte::{Network, UnitHash};
use obyte_devnet::Devnet;
use obyte_hub::{Hub, HubConfig};
use payout::{Settings, Timestamp};
use store::{OrderId, PurchaseKey, Store, TextcoinRecord, TextcoinState};

use crate::common::{PATIENCE, address, ok, purchase, settle, until};
use crate::inside::{Inside, book, endpoint, funding, hub_of, mails, wallets};
use crate::smtp::Smtp;

pub(crate) const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The machine's clock, and so much later.
#[derive(Default)]
pub(crate) struct Ahead(AtomicU64);

impl Ahead {
    pub(crate) fn advance(&self, by: Duration) {
        self.0.fetch_add(u64::try_from(by.as_millis()).expect("some days"), Ordering::Relaxed);
    }
}

impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        SystemClock.now().plus(Duration::from_millis(self.0.load(Ordering::Relaxed)))
    }
}

pub(crate) struct Stage {
    pub(crate) devnet: Devnet,
    pub(crate) inside: Inside,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<Ahead>,
    _folder: tempfile::TempDir,
}

impl Stage {
    /// With a relay over this server.
    pub(crate) async fn behind(smtp: &Smtp) -> Self {
        Self::with(mails(Arc::new(smtp.plain()))).await
    }

    pub(crate) async fn with(mail: MailSettings) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let wallets = wallets();
        let devnet = Devnet::start(funding(folder.path(), &wallets)).await.expect("a devnet");
        let store = book(folder.path()).await;
        let [live, test] = wallets;
        let setup =
            |place, wallet| endpoint(&devnet, place, hub_of(&devnet), wallet, Settings::new(Network::Devnet));
        let blocked = BlockedDomains::parse("junk.example").expect("a list");
        let mailboxes = Mailboxes { blocked, ..Mailboxes::new(mail) };
        let desk = DeskSettings { limits: None, mailboxes: Some(mailboxes), ..DeskSettings::default() };
        let clock = Arc::new(Ahead::default());
        let server = Server::start_with_clock(
            Arc::clone(&clock) as Arc<dyn Clock>,
            Arc::clone(&store),
            desk,
            setup(store::Endpoint::Live, live),
            setup(store::Endpoint::Test, test),
        )
        .await
        .expect("it starts");
        let inside = Inside::serve(server).await;
        until("the wallet is proven", async || inside.payer.status().synced).await;
        Self { devnet, inside, store, clock, _folder: folder }
    }

    /// Buys for 1 USD; the unit that is answered.
    pub(crate) async fn buy(&self, order: &str, email: &str) -> UnitHash {
        let answer = settle(&self.inside.client, Endpoint::Test, &bought(order, email)).await;
        ok(answer).1
    }

    pub(crate) async fn key(&self, order: &str) -> PurchaseKey {
        let shop = self.store.partner(&"demo-shop".parse().expect("a name")).await.expect("works");
        let order_id = OrderId::new(order).expect("an order id");
        PurchaseKey { partner: shop.expect("the shop is there").id, merchant: None, order_id }
    }

    pub(crate) async fn record(&self, order: &str) -> TextcoinRecord {
        let found = self.store.textcoin(store::Endpoint::Test, &self.key(order).await).await;
        found.expect("works").expect("it is a textcoin")
    }

    pub(crate) async fn comes_to(&self, order: &str, state: TextcoinState) {
        until(state.code(), async || self.record(order).await.state(self.clock.now()) == state).await;
    }

    pub(crate) async fn hub(&self) -> Hub {
        let (hub, mut events) =
            Hub::start(HubConfig::new(&self.devnet.url(), Network::Devnet).expect("an address"));
        tokio::spawn(async move { while events.recv().await.is_some() {} });
        hub.wait_connected(PATIENCE).await.expect("the hub is there");
        hub
    }
}

/// A purchase for 1 USD.
pub(crate) fn bought(order: &str, email: &str) -> PurchaseRequest {
    PurchaseRequest { address: email.to_owned(), ..purchase(order, address("nobody"), "1") }
}
