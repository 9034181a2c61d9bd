//! A server whose test endpoint has a hub that can be told to misbehave, and behind it a good one.

use std::time::Duration;

use bytesback::desk::DeskSettings;
use bytesback::server::Server;
use bytesback_client::Endpoint;
use obyte::{Address, Network, UnitHash};
use obyte_devnet::Devnet;
use obyte_hub::{Hub, HubConfig, HubsConfig, Patience};
use payout::Settings;
use tokio::task::JoinHandle;

use crate::common::{CASHBACK, PATIENCE, address, ok, purchase, settle, until};
use crate::inside::{self, Inside};
use crate::proxy::{Mischief, Proxy};

/// What a hub of the test endpoint is.
#[derive(Clone, Copy)]
pub(crate) enum Place {
    /// The proxy, which can be told to misbehave.
    Proxy,
    /// The devnet itself.
    Devnet,
}

pub(crate) struct Stage {
    inside: Inside,
    pub(crate) proxy: Proxy,
    pub(crate) devnet: Devnet,
    order_of_hubs: [Place; 2],
    orders: u32,
    _folder: tempfile::TempDir,
}

impl Stage {
    /// The first hub does the mischief from the start.
    pub(crate) async fn set(mischief: Mischief, patience: Patience) -> Self {
        let settings = Settings::new(Network::Devnet);
        Self::with(mischief, patience, settings, [Place::Proxy, Place::Devnet]).await
    }

    /// The hubs in this order of preference.
    pub(crate) async fn with(
        mischief: Mischief,
        patience: Patience,
        settings: Settings,
        order_of_hubs: [Place; 2],
    ) -> Self {
        crate::log::listen();
        let folder = tempfile::tempdir().expect("a folder");
        let [live, test] = inside::wallets();
        let config = inside::funding(folder.path(), &[live.clone(), test.clone()]);
        let devnet = Devnet::start(config).await.expect("a devnet");
        let proxy = Proxy::start(devnet.url(), mischief).await;
        let honest = || inside::hub_of(&devnet);
        let mut behind_proxy = proxy.config();
        // A hub that does not answer is not waited for so long here.
        behind_proxy.history_timeout = Duration::from_millis(300);
        behind_proxy.backoff.max = Duration::from_millis(500);
        let config = |place| match place {
            Place::Proxy => behind_proxy.clone(),
            Place::Devnet => honest(),
        };
        let mut hubs = HubsConfig::new(order_of_hubs.map(config).to_vec()).expect("two hubs");
        hubs.patience = patience;
        let setup = |endpoint, hubs: HubsConfig, keyring| {
            inside::endpoint(&devnet, endpoint, hubs, keyring, settings)
        };
        let live = setup(store::Endpoint::Live, honest().into(), live);
        let test = setup(store::Endpoint::Test, hubs, test);
        let store = inside::book(folder.path()).await;
        let server = Server::start(store, DeskSettings::default(), live, test).await.expect("a server");
        let inside = Inside::serve(server).await;
        Self { inside, proxy, devnet, order_of_hubs, orders: 0, _folder: folder }
    }

    pub(crate) async fn synced(&self) {
        until("the history is proven", async || self.inside.payer.status().synced).await;
    }

    /// Makes purchases and waits until every one is paid, proven, and has one output.
    pub(crate) async fn buy(&mut self, count: u32) {
        let orders: Vec<_> = (self.orders..self.orders + count).map(|n| n.to_string()).collect();
        self.orders += count;
        let paid = orders.iter().map(|order| {
            let (client, to) = (self.inside.client.clone(), address(order));
            async move {
                let answer = settle(&client, Endpoint::Test, &purchase(order, to, "1")).await;
                (ok(answer).1, to)
            }
        });
        let paid = futures_util::future::join_all(paid).await;
        until("every unit is proven", async || self.inside.payer.status().open_slots == 0).await;
        let hub = self.hub().await;
        for (unit, to) in paid {
            self.check(&hub, unit, to).await;
        }
    }

    /// Makes a purchase and waits for its unit only.
    pub(crate) async fn order(&mut self) {
        self.begin_order().await.expect("paid");
    }

    /// Makes a purchase; ends when its unit is known.
    pub(crate) fn begin_order(&mut self) -> JoinHandle<()> {
        let (order, client) = (self.orders.to_string(), self.inside.client.clone());
        self.orders += 1;
        tokio::spawn(async move {
            ok(settle(&client, Endpoint::Test, &purchase(&order, address(&order), "1")).await);
        })
    }

    /// What the server shows to whoever watches it.
    pub(crate) async fn figures(&self) -> String {
        let answer = reqwest::get(format!("{}/metrics", self.inside.url)).await.expect("the server is there");
        answer.text().await.expect("text")
    }

    /// One figure, by the beginning of its line.
    pub(crate) async fn figure(&self, start: &str) -> u64 {
        let figures = self.figures().await;
        let found = figures.lines().find_map(|line| line.strip_prefix(start));
        found.unwrap_or_else(|| panic!("no {start}in {figures}")).parse().expect("a number")
    }

    pub(crate) async fn until_figure(&self, start: &str, value: u64) {
        until(start, async || self.figure(start).await == value).await;
    }

    /// The status of `/readyz`, and whether it says that something of the test endpoint is degraded.
    pub(crate) async fn readiness(&self) -> (u16, bool) {
        let answer = reqwest::get(format!("{}/readyz", self.inside.url)).await.expect("the server is there");
        let status = answer.status().as_u16();
        let body: serde_json::Value = answer.json().await.expect("JSON");
        let checks = body["checks"].as_array().expect("a list").iter();
        let mut hubs = checks
            .filter(|check| check["name"].as_str().expect("a name").starts_with("hub of the test endpoint"));
        let hub = hubs.next().expect("the hub is checked");
        let is_degraded = hub["degraded"] == true;
        assert!(!is_degraded || body["degraded"] == true && hub["what_to_do"].is_string(), "{body}");
        (status, is_degraded)
    }

    async fn check(&self, hub: &Hub, unit: UnitHash, to: Address) {
        let joint = hub.get_joint(unit).await.expect("answered").expect("the network has the unit");
        assert_eq!(joint.unit.outputs().filter(|(_, output)| output.address == to).count(), 1);
        let balance = hub.balances(&[to]).await.expect("answered")[&to].base();
        assert_eq!((balance.stable, balance.pending), (CASHBACK, 0), "it is stable, and paid once");
    }

    async fn hub(&self) -> Hub {
        let (hub, _) = Hub::start(HubConfig::new(&self.devnet.url(), Network::Devnet).expect("an address"));
        hub.wait_connected(PATIENCE).await.expect("the devnet is there");
        hub
    }

    /// Waits until the server says that it asks this hub of the test endpoint.
    pub(crate) async fn asks(&self, hub: &str) {
        let wanted = format!("hub of the test endpoint ({hub})");
        until("the hub is asked", async || {
            let answer =
                reqwest::get(format!("{}/readyz", self.inside.url)).await.expect("the server is there");
            answer.text().await.expect("text").contains(&format!(r#""name":"{wanted}","ok":true"#))
        })
        .await;
    }

    /// The name of the preferred hub.
    pub(crate) fn first(&self) -> String {
        self.name(self.order_of_hubs[0])
    }

    /// The name of the other one.
    pub(crate) fn second(&self) -> String {
        self.name(self.order_of_hubs[1])
    }

    fn name(&self, place: Place) -> String {
        match place {
            Place::Proxy => format!("127.0.0.1:{}", self.proxy.config().url.port().expect("a port")),
            Place::Devnet => self.devnet.local_addr().to_string(),
        }
    }

    pub(crate) async fn end(self) {
        self.inside.end().await;
        self.devnet.shutdown().await;
    }
}
