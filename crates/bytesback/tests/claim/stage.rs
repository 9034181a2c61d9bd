//! A server with a claim page, and customers who have bought something.

use std::path::PathBuf;
use std::sync::Arc;

use bytesback::claim::link;
use bytesback::desk::{DeskSettings, Mailboxes};
use bytesback::mailer::MailSettings;
use bytesback::server::Server;
use bytesback_client::{Endpoint, PurchaseRequest};
use ledger::PartnerId;
use obyte::{Network, Textcoin};
use obyte_devnet::Devnet;
use payout::{Settings, TextcoinKeys, TextcoinNo};
use reqwest::{Method, Response};
use store::{OrderId, PurchaseKey, Store};

use crate::common::{address, ok, purchase, settle, until};
use crate::inside::{self, Inside};

pub(crate) const BASE: &str = "https://cashback.example.org";

pub(crate) struct Stage {
    pub(crate) inside: Inside,
    pub(crate) devnet: Devnet,
    pub(crate) store: Arc<dyn Store>,
    /// The keys of the test endpoint and of the live endpoint.
    pub(crate) keys: TextcoinKeys,
    pub(crate) live_keys: TextcoinKeys,
    shop: PartnerId,
    folder: tempfile::TempDir,
}

/// What a customer has got.
pub(crate) struct Bought {
    pub(crate) no: TextcoinNo,
    pub(crate) textcoin: Textcoin,
    /// The path of its page.
    pub(crate) path: String,
}

impl Stage {
    pub(crate) async fn set() -> Self {
        Self::with(Some(BASE)).await
    }

    pub(crate) async fn with(claim_page: Option<&str>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let wallets = inside::wallets();
        let devnet = Devnet::start(inside::funding(folder.path(), &wallets)).await.expect("a devnet");
        let [live, test] = wallets;
        let (live_keys, keys) = (live.textcoins().clone(), test.textcoins().clone());
        let settings = Settings::new(Network::Devnet);
        let hub = || inside::hub_of(&devnet);
        let live = inside::endpoint(&devnet, store::Endpoint::Live, hub(), live, settings);
        let test = inside::endpoint(&devnet, store::Endpoint::Test, hub(), test, settings);
        let store = inside::book(folder.path()).await;
        let shop = store.partner(&"demo-shop".parse().expect("a name")).await.expect("a book");
        let claim_page = claim_page.map(|page| page.parse().expect("an address"));
        let mail = MailSettings { claim_page, ..inside::mails_in(folder.path()) };
        let desk =
            DeskSettings { mailboxes: Some(Mailboxes::new(mail)), limits: None, ..DeskSettings::default() };
        let server = Server::start(Arc::clone(&store), desk, live, test).await.expect("a server");
        let payers = store::Endpoint::ALL.map(|endpoint| server.payer(endpoint).clone());
        let inside = Inside::serve(server).await;
        for payer in payers {
            until("the wallets are known", async || payer.status().synced).await;
        }
        let shop = shop.expect("it is there").id;
        Self { inside, devnet, store, keys, live_keys, shop, folder }
    }

    /// Somebody with a mailbox buys something for a dollar.
    pub(crate) async fn buy(&self, order: &str) -> Bought {
        let request = PurchaseRequest {
            address: "someone@example.org".to_owned(),
            ..purchase(order, address("nobody"), "1")
        };
        ok(settle(&self.inside.client, Endpoint::Test, &request).await);
        let key =
            PurchaseKey { partner: self.shop, merchant: None, order_id: OrderId::new(order).expect("an id") };
        let record = self.store.purchase(store::Endpoint::Test, &key).await.expect("a book");
        let no = record.expect("it was accepted").payout.payee.issue().expect("a textcoin").no;
        let page = BASE.parse().expect("an address");
        let link = link(Some(&page), store::Endpoint::Test, &self.keys, no).expect("no number is skipped");
        let path = link.strip_prefix(BASE).expect("the link leads to the page").to_owned();
        Bought { no, textcoin: self.keys.textcoin(no).expect("it is not skipped"), path }
    }

    /// Asks without following anything.
    pub(crate) async fn ask(&self, method: Method, path: &str, language: &str) -> Response {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build();
        let url = format!("{}{path}", self.inside.url);
        let request = client.expect("a client").request(method, url).header("accept-language", language);
        request.send().await.expect("answered")
    }

    pub(crate) async fn text(&self, method: Method, path: &str) -> (u16, String) {
        let answer = self.ask(method, path, "en").await;
        (answer.status().as_u16(), answer.text().await.expect("text"))
    }

    /// The mails that were written so far.
    pub(crate) fn mails(&self) -> Vec<Vec<u8>> {
        let files = std::fs::read_dir(self.folder.path().join("outbox")).expect("a folder");
        let paths = files.map(|file| file.expect("readable").path());
        let written = paths.filter(|path| path.extension().is_some_and(|end| end == "eml"));
        written.map(|path| std::fs::read(path).expect("readable")).collect()
    }

    /// Changes the database beside the server.
    pub(crate) fn change(&self, sql: &str) {
        let file: PathBuf = self.folder.path().join("book.sqlite");
        rusqlite::Connection::open(file).expect("a database").execute_batch(sql).expect(sql);
    }

    pub(crate) async fn end(self) {
        self.inside.end().await;
        self.devnet.shutdown().await;
    }
}

impl Bought {
    /// All the forms of the words that may not be told.
    pub(crate) fn secrets(&self) -> Vec<String> {
        let phrase = self.textcoin.mnemonic().phrase().to_owned();
        let shown = [self.textcoin.dashed().to_string(), phrase.clone()];
        let pairs = phrase.split(' ').zip(phrase.split(' ').skip(1));
        let pairs = pairs.flat_map(|(one, two)| [format!("{one}-{two}"), format!("{one} {two}")]);
        shown.into_iter().chain(pairs).collect()
    }
}
