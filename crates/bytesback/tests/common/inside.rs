//! A server inside the process of the test, on a devnet beside it.

#![allow(dead_code, reason = "each test target uses a part of it")]

use std::path::Path;
use std::sync::Arc;

use bytesback::mail::{Folder, Language, Office, Post, Sender, Templates};
use bytesback::mailer::MailSettings;
use bytesback::payer::Payer;
use bytesback::server::{EndpointSetup, Server};
use bytesback::wallet::{keyring, new_mnemonic};
use bytesback_client::Client;
use obyte::history::OrderProviders;
use obyte::{Bytes, Network};
use obyte_devnet::{Devnet, DevnetConfig};
use obyte_hub::{HubConfig, HubsConfig};
use payout::{Keyring, Settings};
use program::{Pair, RateTable};
use store::sqlite::SqliteStore;
use store::{Endpoint, Store};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::common::add_shop;

/// A server that listens, and whose test endpoint is used.
pub(crate) struct Inside {
    pub(crate) url: String,
    pub(crate) client: Client,
    pub(crate) payer: Payer,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

impl Inside {
    pub(crate) async fn serve(server: Server) -> Self {
        let payer = server.payer(Endpoint::Test).clone();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        let client = Client::new(&url).expect("a URL");
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(server.run(listener, async { drop(stopped.await) }));
        Self { url, client, payer, stop, serving }
    }

    /// Ends it in order.
    pub(crate) async fn end(self) {
        drop(self.stop);
        self.serving.await.expect("the server does not panic");
    }
}

/// New wallets for the live endpoint and for the test endpoint.
pub(crate) fn wallets() -> [Keyring; 2] {
    Endpoint::ALL.map(|endpoint| keyring(&new_mnemonic().expect("random numbers"), endpoint))
}

/// A devnet in this folder that gives each of the wallets a fund.
pub(crate) fn funding(folder: &Path, wallets: &[Keyring; 2]) -> DevnetConfig {
    let fund = Bytes::GBYTE.checked_mul(1000).expect("far below the cap");
    DevnetConfig {
        allocations: wallets.iter().map(|wallet| (wallet.fund_address(), fund)).collect(),
        ..DevnetConfig::new(folder.join("devnet"))
    }
}

/// A book in this folder, with the sample shop.
pub(crate) async fn book(folder: &Path) -> Arc<dyn Store> {
    let store = SqliteStore::open(folder.join("book.sqlite")).expect("a book");
    add_shop(&store).await;
    Arc::new(store)
}

/// The devnet's first hub.
pub(crate) fn hub_of(devnet: &Devnet) -> HubConfig {
    HubConfig::new(&devnet.url(), Network::Devnet).expect("an address")
}

/// An endpoint that stands on the devnet, behind these hubs.
pub(crate) fn endpoint(
    devnet: &Devnet,
    endpoint: Endpoint,
    hubs: impl Into<HubsConfig>,
    keyring: Keyring,
    settings: Settings,
) -> EndpointSetup {
    EndpointSetup {
        endpoint,
        hubs: hubs.into(),
        order_providers: Some(OrderProviders::new(vec![devnet.order_provider()]).expect("one")),
        genesis: Some(devnet.genesis_unit()),
        email_attestors: Vec::new(),
        keyring,
        rates: RateTable::new().with(Pair::GbyteUsd, "20".parse().expect("a rate")).into(),
        settings,
    }
}

/// Mails by this post.
pub(crate) fn mails(post: Arc<dyn Post>) -> MailSettings {
    let from = "Corner Coffee <cashback@shop.example>".parse().expect("a mailbox");
    let sender = Sender::new(from, None, None).expect("a sender");
    let office = Office::new(sender, Templates::built_in(), Language::ENGLISH).expect("an office");
    MailSettings {
        office: Arc::new(office),
        post,
        language: Language::ENGLISH,
        reminder_days: vec![3, 6],
        claim_page: None,
        at_once: 3,
        operator: None,
    }
}

/// Mails as files in this folder.
pub(crate) fn mails_in(folder: &Path) -> MailSettings {
    mails(Arc::new(Folder::new(folder.join("outbox")).expect("a folder")))
}
