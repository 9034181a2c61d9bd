//! Several hubs on the loopback, and a client of all of them.

use std::time::Duration;

use obyte_hub::{
    HubEvent, HubId, HubStats, Hubs, HubsConfig, HubsEvent, HubsEvents, Misbehaviour, Patience, SwitchReason,
};
use serde_json::json;
use tokio::net::TcpStream;

use super::{BOUND, Peer, Server, bounded};

/// Quick enough for tests, slow enough that a disgrace is seen.
pub(crate) const PATIENCE: Patience = Patience {
    lied: Duration::from_secs(60),
    stalled: Duration::from_secs(60),
    blocked: Duration::from_secs(60),
    failures_max: 3,
    settle: Duration::from_millis(20),
    head_start: Duration::from_secs(10),
};

/// Which hub joins the preferred one.
fn joined(event: &HubsEvent) -> Option<HubId> {
    match event {
        HubsEvent::Joined { hub, .. } => Some(*hub),
        _ => None,
    }
}

pub(crate) struct Stage {
    pub(crate) hubs: Hubs,
    pub(crate) events: HubsEvents,
    pub(crate) servers: Vec<Server>,
    pub(crate) peers: Vec<Peer<TcpStream>>,
    /// Which hubs beside the preferred one were told to be connected, in this order.
    pub(crate) joined: Vec<HubId>,
}

impl Stage {
    pub(crate) async fn set(count: usize) -> Self {
        Self::with(count, PATIENCE).await
    }

    /// Hubs that are all connected, and nothing said yet but that.
    pub(crate) async fn with(count: usize, patience: Patience) -> Self {
        let mut servers = Vec::new();
        for _ in 0..count {
            servers.push(Server::start().await);
        }
        let mut config = HubsConfig::new(servers.iter().map(Server::config).collect()).expect("hubs");
        config.patience = patience;
        let (hubs, events) = Hubs::start(config);
        let mut peers = Vec::new();
        for server in &mut servers {
            peers.push(server.greeted().await);
        }
        let mut stage = Self { hubs, events, servers, peers, joined: Vec::new() };
        stage.all_connected().await;
        assert!(matches!(stage.said().await, HubEvent::Connected));
        while stage.joined.len() < count - 1 {
            let event = bounded("the others", stage.events.recv()).await.expect("the client is open");
            stage.joined.push(joined(&event).expect("nothing else is said"));
        }
        stage
    }

    pub(crate) async fn all_connected(&self) {
        let connected = async {
            while !self.hubs.stats().iter().all(|hub| hub.connected) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        bounded("the connections", connected).await;
        self.hubs.wait_connected(BOUND).await.expect("connected");
    }

    /// The next event but those of hubs that join, which are noted.
    pub(crate) async fn event(&mut self) -> HubsEvent {
        loop {
            let event = bounded("the event", self.events.recv()).await.expect("the client is open");
            match joined(&event) {
                Some(hub) => self.joined.push(hub),
                None => return event,
            }
        }
    }

    /// What the next event says, which is no switch.
    pub(crate) async fn said(&mut self) -> HubEvent {
        match self.event().await {
            HubsEvent::Said { event, .. } => event,
            switched => panic!("{switched:?}"),
        }
    }

    /// The next switch, of which nothing but the end of a connection may come before.
    pub(crate) async fn switched(&mut self) -> (usize, usize, SwitchReason) {
        loop {
            match self.event().await {
                HubsEvent::Joined { .. } => {}
                HubsEvent::Switched { from, to, why } => {
                    let stats = self.hubs.stats();
                    let index = |name| stats.iter().position(|hub| hub.name == name).expect("a hub of ours");
                    return (index(from), index(to), why);
                }
                HubsEvent::Said { event: HubEvent::Disconnected { .. }, .. } => {}
                said => panic!("{said:?}"),
            }
        }
    }

    pub(crate) fn stats(&self, hub: usize) -> HubStats {
        self.hubs.stats().swap_remove(hub)
    }

    /// Which hub a question reaches.
    pub(crate) async fn reached(&mut self) -> usize {
        let hubs = self.hubs.clone();
        let asking = tokio::spawn(async move { hubs.preferred().last_mci().await });
        let (peers, count) = (&mut self.peers, self.servers.len());
        let heard = peers.iter_mut().enumerate().map(|(index, peer)| {
            Box::pin(async move {
                let request = peer.request("get_last_mci").await;
                peer.answer(&request, json!(index)).await;
            })
        });
        futures_util::future::select_all(heard).await;
        let index = bounded("the answer", asking).await.expect("no panic").expect("answered");
        let index = usize::try_from(index).expect("small");
        assert!(index < count);
        index
    }

    pub(crate) fn lie(&self) -> bool {
        self.hubs.report(self.hubs.preferred_id(), &Misbehaviour::Lied("a hash is wrong".into()))
    }
}
