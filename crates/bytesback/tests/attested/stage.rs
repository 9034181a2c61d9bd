//! A server that believes two attestors at its test endpoint and nobody at its live endpoint.

use std::net::SocketAddr;
use std::sync::Arc;

use bytesback::desk::{DeskSettings, Mailboxes};
use bytesback::server::{EndpointSetup, Server};
use bytesback_client::{Endpoint, PurchaseRequest};
use ledger::PartnerId;
use obyte::compose::{self, Coin, Note, Parents, Payer, Payment, Spend};
use obyte::fee::ThresholdSize;
use obyte::history::{Asked, OrderProviders, State, Trust};
use obyte::keys::PaymentKey;
use obyte::{Address, Bytes, Network, SecretKey, Unit, UnitHash};
use obyte_devnet::{Devnet, DevnetConfig};
use obyte_hub::{HistoryRequest, Hub, HubConfig, HubsConfig, ParentsRequest};
use payout::{Payee, Settings};
use serde_json::{Value, json};
use store::{OrderId, PurchaseKey, PurchaseRecord, Store};

use crate::common::{PATIENCE, address, ok, purchase, settle, until};
use crate::inside::{self, Inside};

/// The seeds of the keys of those who are believed, the most trusted first, and of somebody who is not.
pub(crate) const FIRST: u8 = 1;
pub(crate) const SECOND: u8 = 2;
pub(crate) const STRANGER: u8 = 3;

pub(crate) struct Stage {
    pub(crate) inside: Inside,
    pub(crate) devnet: Devnet,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) shop: PartnerId,
    /// Where the fund of the test endpoint is.
    pub(crate) fund: Address,
    _folder: tempfile::TempDir,
}

impl Stage {
    /// The test endpoint asks these of two hubs.
    pub(crate) async fn with_hubs(numbers: &[usize]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let wallets = inside::wallets();
        let mut config = DevnetConfig {
            more_hubs: vec![SocketAddr::from(([127, 0, 0, 1], 0))],
            ..inside::funding(folder.path(), &wallets)
        };
        for seed in [FIRST, SECOND, STRANGER] {
            // A coin for each attestation, so that none waits for another.
            config.allocations.extend([(key(seed).address(), Bytes::GBYTE); 12]);
        }
        let devnet = Devnet::start(config).await.expect("a devnet");
        let hubs = |numbers: &[usize]| {
            let config = |number: &usize| {
                HubConfig::new(&devnet.hub(*number).url(), Network::Devnet).expect("an address")
            };
            HubsConfig::new(numbers.iter().map(config).collect()).expect("hubs")
        };
        let [live, test] = wallets;
        let fund = test.fund_address();
        let settings = Settings::new(Network::Devnet);
        let live = inside::endpoint(&devnet, store::Endpoint::Live, hubs(&[0]), live, settings);
        let test = inside::endpoint(&devnet, store::Endpoint::Test, hubs(numbers), test, settings);
        let email_attestors = [FIRST, SECOND].map(|seed| key(seed).address()).to_vec();
        let test = EndpointSetup { email_attestors, ..test };
        let store = inside::book(folder.path()).await;
        let shop = store.partner(&"demo-shop".parse().expect("a name")).await.expect("a book");
        let mailboxes = Some(Mailboxes::new(inside::mails_in(folder.path())));
        let desk = DeskSettings { mailboxes, limits: None, ..DeskSettings::default() };
        let server = Server::start(Arc::clone(&store), desk, live, test).await.expect("a server");
        let payers = store::Endpoint::ALL.map(|endpoint| server.payer(endpoint).clone());
        let inside = Inside::serve(server).await;
        for payer in payers {
            until("the wallets are known", async || payer.status().synced).await;
        }
        let stage =
            Self { inside, devnet, store, shop: shop.expect("it is there").id, fund, _folder: folder };
        stage.until_final(&[stage.devnet.genesis_unit()]).await;
        stage
    }

    pub(crate) async fn set() -> Self {
        Self::with_hubs(&[0]).await
    }

    pub(crate) async fn hub(&self, number: usize) -> Hub {
        let config = HubConfig::new(&self.devnet.hub(number).url(), Network::Devnet).expect("an address");
        let (hub, mut events) = Hub::start(config);
        tokio::spawn(async move { while events.recv().await.is_some() {} });
        hub.wait_connected(PATIENCE).await.expect("the hub is there");
        hub
    }

    /// A signed unit of somebody that attests these, by their coin with this number.
    pub(crate) async fn sign(&self, seed: u8, coin: u32, payloads: &[Value]) -> Unit {
        let (key, hub) = (key(seed), self.hub(0).await);
        let genesis =
            hub.get_joint(self.devnet.genesis_unit()).await.expect("answered").expect("it is there");
        let mut own = genesis.unit.outputs().filter(|(_, output)| output.address == key.address());
        let (id, output) = own.nth(coin as usize).expect("there are twelve");
        let request = ParentsRequest {
            witnesses: None,
            from_addresses: vec![key.address()],
            output_addresses: vec![key.address()],
            max_aa_responses: None,
        };
        let note = |payload: &Value| Note { app: "attestation".to_owned(), payload: payload.clone() };
        let payment = Payment {
            network: Network::Devnet,
            parents: &Parents::from(hub.parents(&request).await.expect("parents")),
            threshold: ThresholdSize::DEFAULT,
            payers: &[Payer::new(key.public_key(), coin == 0)],
            mandatory: &[Coin { id, amount: output.amount, address: output.address }],
            candidates: &[],
            outputs: &[],
            spend: Spend::All { to: key.address() },
            notes: &payloads.iter().map(note).collect::<Vec<_>>(),
        };
        let unsigned = compose::compose(&payment).expect("the coin is enough");
        unsigned.sign(&[key.secret_key().clone()]).expect("the key is there").unit
    }

    /// Posts an attestation.
    pub(crate) async fn attest(&self, seed: u8, coin: u32, payloads: &[Value]) -> UnitHash {
        let unit = self.sign(seed, coin, payloads).await;
        let reply = self.hub(0).await.post_joint(&unit.to_json().to_string()).await.expect("answered");
        assert_eq!(reply.text.as_str(), "accepted");
        unit.hash()
    }

    /// Lets everybody who attests reveal the definition, once and for all.
    pub(crate) async fn introduce(&self) {
        let mut units = Vec::new();
        for seed in [FIRST, SECOND, STRANGER] {
            units.push(self.attest(seed, 0, &[says("nobody", "nobody@example.org")]).await);
        }
        self.until_final(&units).await;
    }

    /// How a hub shows a unit, unproven as it comes.
    pub(crate) async fn shown(&self, number: usize, unit: UnitHash) -> Value {
        let request = HistoryRequest {
            witnesses: vec![self.devnet.order_provider()],
            requested_joints: vec![unit],
            ..HistoryRequest::default()
        };
        self.hub(number).await.history(&request).await.expect("answered")
    }

    /// Waits until both hubs can prove these.
    pub(crate) async fn until_final(&self, units: &[UnitHash]) {
        let trusted = OrderProviders::new(vec![self.devnet.order_provider()]).expect("one");
        let trust = Trust {
            network: Network::Devnet,
            order_providers: &trusted,
            genesis: Some(self.devnet.genesis_unit()),
            now: None,
        };
        until("they are final", async || {
            let mut is_final = true;
            for (number, unit) in
                [0, 1].into_iter().flat_map(|number| units.iter().map(move |&unit| (number, unit)))
            {
                let asked = Asked { addresses: &[], joints: &[unit] };
                let verified = obyte::history::verify(&self.shown(number, unit).await, &asked, &trust);
                let state = verified.expect("an honest hub").units.first().map(|proven| proven.state);
                is_final &= state == Some(State::FinalGood);
            }
            is_final
        })
        .await;
    }

    /// What became of a purchase that was paid.
    pub(crate) async fn bought_at(&self, endpoint: Endpoint, order: &str, mailbox: &str) -> PurchaseRecord {
        ok(settle(&self.inside.client, endpoint, &order_of(order, mailbox)).await);
        let at = match endpoint {
            Endpoint::Live => store::Endpoint::Live,
            Endpoint::Test => store::Endpoint::Test,
        };
        let key =
            PurchaseKey { partner: self.shop, merchant: None, order_id: OrderId::new(order).expect("an id") };
        self.store.purchase(at, &key).await.expect("a book").expect("it was accepted")
    }

    pub(crate) async fn bought(&self, order: &str, mailbox: &str) -> PurchaseRecord {
        self.bought_at(Endpoint::Test, order, mailbox).await
    }

    /// A purchase that is paid by a textcoin.
    pub(crate) async fn gets_a_textcoin(&self, order: &str, mailbox: &str) {
        let record = self.bought(order, mailbox).await;
        assert!(record.payout.payee.is_textcoin(), "{order}: {:?}", record.payout);
        assert_eq!(record.attested, None, "{order}");
    }

    /// A purchase that is paid to this wallet.
    pub(crate) async fn gets_coins(&self, order: &str, mailbox: &str, wallet: &str) -> PurchaseRecord {
        let record = self.bought(order, mailbox).await;
        assert_eq!(record.payout.payee, Payee::Address(address(wallet)), "{order}");
        record
    }

    pub(crate) async fn end(self) {
        for endpoint in store::Endpoint::ALL {
            let audit = self.store.audit_book(endpoint).await.expect("a book");
            assert!(audit.is_sound(), "{:?}", audit.faults);
        }
        self.inside.end().await;
        self.devnet.shutdown().await;
    }
}

/// A purchase of one dollar by who has this mailbox.
pub(crate) fn order_of(order: &str, mailbox: &str) -> PurchaseRequest {
    PurchaseRequest { address: mailbox.to_owned(), ..purchase(order, address("nobody"), "1") }
}

pub(crate) fn key(seed: u8) -> PaymentKey {
    PaymentKey::new(SecretKey::from_bytes(&[seed; 32]).expect("below the order of the curve"))
}

/// That the wallet of this name goes with a mailbox.
pub(crate) fn says(wallet: &str, email: &str) -> Value {
    names(address(wallet), email)
}

/// The same for any address.
pub(crate) fn names(wallet: Address, email: &str) -> Value {
    json!({"address": wallet, "profile": {"email": email, "user_id": "x"}})
}
