//! A network of several hubs with a wallet that two people use at the same time.

use std::time::{Duration, Instant};

use obyte::compose::{Coin, Note};
use obyte::history::{State, VerifiedHistory};
use obyte::{Address, Bytes, Output, Unit, UnitHash};
use obyte_devnet::{Devnet, DevnetConfig};
use serde_json::json;

use crate::common::{Client, PATIENCE, Wallet, verified_history};

/// A network with a client at each hub and a wallet with two coins.
pub(crate) struct Stage {
    pub(crate) devnet: Devnet,
    pub(crate) clients: Vec<Client>,
    pub(crate) wallet: Wallet,
    pub(crate) coins: [Coin; 2],
    dir: tempfile::TempDir,
    change: fn(&mut DevnetConfig),
}

fn loopback() -> std::net::SocketAddr {
    ([127, 0, 0, 1], 0).into()
}

impl Stage {
    /// So many hubs.
    pub(crate) async fn new(hubs: usize) -> Self {
        Self::with(hubs, |_| {}).await
    }

    pub(crate) async fn with(hubs: usize, change: fn(&mut DevnetConfig)) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let (devnet, mut clients) = start(&dir, hubs, change).await;
        let mut wallet = Wallet::new(1);
        let mut coins = Vec::new();
        for _ in 0..2 {
            wallet.fund(&devnet, &mut clients[0], Bytes::literal(10_000_000_000)).await;
            coins.push(wallet.coin.expect("funded"));
        }
        // From here on the definition is known.
        let own = [crate::common::to(wallet.address(), 5_000_000_000)];
        let unit = wallet.pay(&mut clients[0], &own).await;
        coins[1] = wallet.coin.expect("the change");
        let mut stage =
            Self { devnet, clients, wallet, coins: coins.try_into().expect("two coins"), dir, change };
        stage.wait_for(0, &unit.hash(), State::FinalGood).await;
        stage
    }

    /// Ends the network and starts it again.
    pub(crate) async fn restart(self) -> Self {
        let Self { devnet, clients, wallet, coins, dir, change } = self;
        let hubs = devnet.hubs().len();
        drop(clients);
        devnet.shutdown().await;
        let (devnet, clients) = start(&dir, hubs, change).await;
        Self { devnet, clients, wallet, coins, dir, change }
    }

    /// Holds or releases all relays. While they are held the order provider rests, and goes on only by
    /// [`Stage::decide`].
    pub(crate) fn hold(&self, is_held: bool) {
        self.devnet.rest_order_provider(true);
        let hubs = self.devnet.hubs().len();
        for relay in (0..hubs * hubs).filter_map(|pair| self.devnet.relay(pair / hubs, pair % hubs)) {
            if is_held { relay.hold() } else { relay.release() }
        }
    }

    /// Lets the order provider go on.
    pub(crate) fn decide(&self) {
        self.devnet.rest_order_provider(false);
    }

    /// A unit of the wallet over what a hub knows, spending one of the coins.
    pub(crate) async fn sign(&mut self, hub: usize, coin: Coin, outputs: &[Output]) -> Unit {
        let client = &mut self.clients[hub];
        let parents = client.parents(&self.wallet.address()).await;
        let reveals = self.wallet.reveals(client, &parents).await;
        self.wallet.coin = Some(coin);
        self.wallet.sign(&parents, reveals, outputs).0
    }

    /// The same, posted.
    pub(crate) async fn post(&mut self, hub: usize, coin: Coin, outputs: &[Output]) -> Unit {
        let unit = self.sign(hub, coin, outputs).await;
        assert_eq!(self.clients[hub].post(&unit).await, "accepted");
        unit
    }

    /// A unit that pays nobody and says something.
    pub(crate) async fn post_with(&mut self, hub: usize, coin: Coin, notes: &[Note]) -> Unit {
        let client = &mut self.clients[hub];
        let parents = client.parents(&self.wallet.address()).await;
        let reveals = self.wallet.reveals(client, &parents).await;
        self.wallet.coin = Some(coin);
        let (unit, _) = self.wallet.sign_with(&parents, reveals, &[], notes);
        assert_eq!(client.post(&unit).await, "accepted");
        unit
    }

    pub(crate) async fn knows(&mut self, hub: usize, unit: &UnitHash) -> bool {
        self.clients[hub].request("get_joint", json!(unit)).await.get("joint").is_some()
    }

    /// A history as a hub shows it, verified as wallets do.
    pub(crate) async fn history(
        &mut self,
        hub: usize,
        addresses: &[Address],
        joints: &[UnitHash],
    ) -> VerifiedHistory {
        let (provider, genesis) = (self.devnet.order_provider(), self.devnet.genesis_unit());
        verified_history(&mut self.clients[hub], provider, genesis, addresses, joints).await
    }

    /// The state that a hub can prove of a unit; none where it does not show it.
    pub(crate) async fn state(&mut self, hub: usize, unit: &UnitHash) -> Option<State> {
        let history = self.history(hub, &[], &[*unit]).await;
        history.units.first().map(|shown| shown.state)
    }

    /// The ball of a stable unit.
    pub(crate) async fn ball(&mut self, hub: usize, unit: &UnitHash) -> String {
        let params = json!({"witnesses": [self.devnet.order_provider()], "requested_joints": [unit]});
        let history = self.clients[hub].request("light/get_history", params).await;
        history["joints"][0]["ball"].as_str().expect("the unit is stable").to_owned()
    }

    /// Waits until a hub proves a state of a unit.
    pub(crate) async fn wait_for(&mut self, hub: usize, unit: &UnitHash, state: State) {
        let deadline = Instant::now() + PATIENCE;
        let mut last = None;
        while Instant::now() < deadline {
            last = self.state(hub, unit).await;
            if last == Some(state) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("hub {hub} shows the unit as {last:?}, not as {state:?}");
    }

    /// Lets the network go on until a hub shows a unit without content.
    /// Which of two units in conflict a hub proves void.
    pub(crate) async fn wait_for_loser(&mut self, hub: usize, units: [UnitHash; 2]) -> UnitHash {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            for unit in units {
                if self.state(hub, &unit).await == Some(State::FinalBad) {
                    return unit;
                }
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("hub {hub} proves neither void");
    }

    pub(crate) async fn wait_until_stripped(&mut self, hub: usize, unit: &UnitHash) {
        let deadline = Instant::now() + PATIENCE;
        let mut patience = Duration::ZERO;
        while Instant::now() < deadline {
            let joint = self.clients[hub].request("get_joint", json!(unit)).await["joint"].clone();
            if joint["unit"].get("content_hash").is_some() {
                assert!(joint["unit"].get("messages").is_none() && joint.get("ball").is_some(), "{joint}");
                return;
            }
            if patience.is_zero() {
                let payee = Wallet::new(9).address();
                self.devnet.pay(payee, Bytes::literal(1)).await.expect("the faucet pays");
                patience = Duration::from_secs(3);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
            patience = patience.saturating_sub(Duration::from_millis(20));
        }
        panic!("hub {hub} shows the content still");
    }
}

async fn start(dir: &tempfile::TempDir, hubs: usize, change: fn(&mut DevnetConfig)) -> (Devnet, Vec<Client>) {
    let mut config = DevnetConfig::new(dir.path());
    config.more_hubs = vec![loopback(); hubs - 1];
    config.post_interval_busy = Duration::from_millis(100);
    change(&mut config);
    let devnet = Devnet::start(config).await.expect("the devnet starts");
    let mut clients = Vec::new();
    for hub in devnet.hubs() {
        clients.push(Client::connect(&hub.url()).await);
    }
    (devnet, clients)
}
