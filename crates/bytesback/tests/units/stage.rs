//! A server over two hubs at its test endpoint and one at its live endpoint, and a customer who pays.

use std::net::SocketAddr;
use std::sync::Arc;

use bytesback::desk::DeskSettings;
use bytesback::server::Server;
use bytesback_client::{Endpoint, PurchaseAnswer, PurchaseRequest};
use ledger::PartnerId;
use obyte::compose::{self, Coin, Parents, Payer, Payment, Spend};
use obyte::fee::ThresholdSize;
use obyte::history::OrderProviders;
use obyte::keys::PaymentKey;
use obyte::signature::SecretKey;
use obyte::{Address, Bytes, Network, Output, Unit, UnitHash};
use obyte_devnet::{Devnet, DevnetConfig};
use obyte_hub::{HistoryRequest, Hub, HubConfig, HubsConfig, ParentsRequest};
use payout::Settings;
use program::UnitRules;
use serde_json::Value;
use store::{ReceivingAddress, ReceivingRole, Store};

use crate::common::{PATIENCE, address, purchase, until};
use crate::inside::{self, Inside};

/// One thousandth of a GBYTE.
pub(crate) const MBYTE: u64 = 1_000_000;

pub(crate) struct Stage {
    pub(crate) inside: Inside,
    pub(crate) devnet: Devnet,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) shop: PartnerId,
    _folder: tempfile::TempDir,
}

impl Stage {
    /// The shop is trusted and has no receiving address; half a GBYTE counts before it is final.
    pub(crate) async fn set() -> Self {
        Self::with(UnitRules::default()).await
    }

    pub(crate) async fn with(rules: UnitRules) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let wallets = inside::wallets();
        let config = DevnetConfig {
            more_hubs: vec![SocketAddr::from(([127, 0, 0, 1], 0))],
            ..inside::funding(folder.path(), &wallets)
        };
        let devnet = Devnet::start(config).await.expect("a devnet");
        let hubs = |numbers: &[usize]| {
            let config = |number: &usize| {
                HubConfig::new(&devnet.hub(*number).url(), Network::Devnet).expect("an address")
            };
            HubsConfig::new(numbers.iter().map(config).collect()).expect("hubs")
        };
        let [live, test] = wallets;
        let settings = Settings::new(Network::Devnet);
        let live = inside::endpoint(&devnet, store::Endpoint::Live, hubs(&[0]), live, settings);
        let test = inside::endpoint(&devnet, store::Endpoint::Test, hubs(&[0, 1]), test, settings);
        let store = inside::book(folder.path()).await;
        let shop =
            store.partner(&"demo-shop".parse().expect("a name")).await.expect("a book").expect("it is");
        let units = UnitRules { unstable_max: Bytes::literal(500 * MBYTE), ..rules };
        let desk = DeskSettings { units, limits: None, ..DeskSettings::default() };
        let server = Server::start(Arc::clone(&store), desk, live, test).await.expect("a server");
        let payers = store::Endpoint::ALL.map(|endpoint| server.payer(endpoint).clone());
        let inside = Inside::serve(server).await;
        for payer in payers {
            until("the wallets are known", async || payer.status().synced).await;
        }
        Self { inside, devnet, store, shop: shop.id, _folder: folder }
    }

    /// Registers an address of the shop at both endpoints.
    pub(crate) async fn register(&self, address: Address, role: ReceivingRole) {
        let added_at = payout::Timestamp::from_millis(1);
        for endpoint in store::Endpoint::ALL {
            let new = ReceivingAddress { address, role, added_at };
            self.store.add_receiving_address(endpoint, self.shop, new).await.expect("registered");
        }
    }

    /// Another partner, whom nobody trusts.
    pub(crate) async fn other_shop(&self) -> PartnerId {
        let at = payout::Timestamp::from_millis(1);
        let name = "other-shop".parse().expect("a name");
        let new = store::NewPartner { name, kind: store::PartnerKind::Merchant, trusted: false, at };
        let other = self.store.add_partner(new).await.expect("added");
        let key = store::KeyHash::of("other-shop-key");
        self.store.add_key(other.id, key, "", at).await.expect("added");
        other.id
    }

    /// A payment of somebody, who is the faucet.
    pub(crate) async fn pay(&self, to: Address, bytes: u64) -> UnitHash {
        self.devnet.pay(to, Bytes::literal(bytes)).await.expect("the faucet pays")
    }

    pub(crate) async fn buy_at(&self, endpoint: Endpoint, request: &PurchaseRequest) -> PurchaseAnswer {
        self.inside.client.new_purchase(endpoint, request).await.expect("answered")
    }

    pub(crate) async fn buy(&self, request: &PurchaseRequest) -> PurchaseAnswer {
        self.buy_at(Endpoint::Test, request).await
    }

    /// The error that a purchase gets, with which its order id stays free.
    pub(crate) async fn refused(&self, request: &PurchaseRequest) -> String {
        self.refused_at(Endpoint::Test, request).await
    }

    pub(crate) async fn refused_at(&self, endpoint: Endpoint, request: &PurchaseRequest) -> String {
        match self.buy_at(endpoint, request).await {
            PurchaseAnswer::Error { text } => text,
            other => panic!("not refused: {other:?}"),
        }
    }

    /// Waits until a purchase is refused for this reason.
    pub(crate) async fn until_refused(&self, request: &PurchaseRequest, why: &str) {
        until(why, async || self.refused(request).await == why).await;
    }

    pub(crate) async fn hub(&self, number: usize) -> Hub {
        let config = HubConfig::new(&self.devnet.hub(number).url(), Network::Devnet).expect("an address");
        let (hub, mut events) = Hub::start(config);
        tokio::spawn(async move { while events.recv().await.is_some() {} });
        hub.wait_connected(PATIENCE).await.expect("the hub is there");
        hub
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

    /// Waits until both hubs can prove a unit.
    pub(crate) async fn until_final(&self, unit: UnitHash) {
        let trusted = OrderProviders::new(vec![self.devnet.order_provider()]).expect("one");
        until("the unit is final", async || {
            let mut is_final = true;
            for number in 0..2 {
                let shown = self.shown(number, unit).await;
                let asked = obyte::history::Asked { addresses: &[], joints: &[unit] };
                let trust = obyte::history::Trust {
                    network: Network::Devnet,
                    order_providers: &trusted,
                    genesis: Some(self.devnet.genesis_unit()),
                    now: None,
                };
                let verified = obyte::history::verify(&shown, &asked, &trust).expect("an honest hub");
                let state = verified.units.first().map(|proven| proven.state);
                is_final &= state == Some(obyte::history::State::FinalGood);
            }
            is_final
        })
        .await;
    }

    pub(crate) async fn end(self) {
        self.inside.end().await;
        self.devnet.shutdown().await;
    }
}

/// A purchase of so many GBYTE that a unit has paid.
pub(crate) fn paid(order: &str, gbytes: &str, unit: UnitHash) -> PurchaseRequest {
    PurchaseRequest {
        currency: "GBYTE".into(),
        purchase_unit: unit.to_string(),
        ..purchase(order, address("customer"), gbytes)
    }
}

/// An address of somebody outside, who can pay from it.
pub(crate) struct Stranger(PaymentKey);

impl Stranger {
    pub(crate) fn new(seed: u8) -> Self {
        Self(PaymentKey::new(SecretKey::from_bytes(&[seed; 32]).expect("below the order of the curve")))
    }

    pub(crate) fn address(&self) -> Address {
        self.0.address()
    }

    /// A signed unit that spends a coin: some of it, and the rest, or all of it, to these.
    pub(crate) async fn sign(&self, hub: &Hub, coin: Coin, some: &[Output], rest: Address) -> Unit {
        let request = ParentsRequest {
            witnesses: None,
            from_addresses: vec![self.address()],
            output_addresses: some.iter().map(|output| output.address).chain([rest]).collect(),
            max_aa_responses: None,
        };
        let parents = Parents::from(hub.parents(&request).await.expect("parents"));
        let payment = Payment {
            network: Network::Devnet,
            parents: &parents,
            threshold: ThresholdSize::DEFAULT,
            payers: &[Payer::new(self.0.public_key(), true)],
            mandatory: &[coin],
            candidates: &[],
            outputs: some,
            spend: Spend::AsNeeded { change: rest, least_change: Bytes::literal(1) },
            notes: &[],
        };
        let unsigned = compose::compose(&payment).expect("the coin is enough");
        unsigned.sign(&[self.0.secret_key().clone()]).expect("the key is there").unit
    }

    /// The coin that a unit has paid to this address.
    pub(crate) async fn coin(&self, hub: &Hub, unit: UnitHash) -> Coin {
        let joint = hub.get_joint(unit).await.expect("answered").expect("the hub has it");
        let found = joint.unit.outputs().find(|(_, output)| output.address == self.address());
        let (id, output) = found.expect("the unit pays it");
        Coin { id, amount: output.amount, address: output.address }
    }

    /// Pays all that a unit has paid here to somebody, but for what goes to others and for fees.
    pub(crate) async fn forward(
        &self,
        hub: &Hub,
        unit: UnitHash,
        some: &[Output],
        rest: Address,
    ) -> UnitHash {
        let coin = self.coin(hub, unit).await;
        let unit = self.sign(hub, coin, some, rest).await;
        let reply = hub.post_joint(&unit.to_json().to_string()).await.expect("answered");
        assert_eq!(reply.text.as_str(), "accepted");
        unit.hash()
    }
}
