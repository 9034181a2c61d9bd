//! The hubs of a devnet, each with a view of its own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use obyte::{Unit, UnitHash};
use serde_json::json;
use tokio::net::TcpListener;

use crate::config::DevnetConfig;
use crate::core::Core;
use crate::error::DevnetError;
use crate::genesis::{self, Keys};
use crate::mischief::Mischief;
use crate::relay::Relay;
use crate::state::{OpenError, PostError, State};

/// One hub of a devnet.
#[derive(Debug)]
pub struct Hub {
    pub(crate) core: Arc<Core>,
    address: SocketAddr,
    /// The ways to the other hubs, by their numbers; none to itself.
    relays: Vec<Option<Arc<Relay>>>,
}

impl Hub {
    /// The URL of the hub, such as `ws://127.0.0.1:6611`.
    pub fn url(&self) -> String {
        format!("ws://{}", self.address)
    }

    /// Where the hub listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// What the hub is to do wrong.
    pub fn mischief(&self) -> &Mischief {
        &self.core.mischief
    }

    /// Tells every client that units turned bad, whether that is so or not.
    pub fn alarm(&self, units: &[UnitHash]) {
        self.core.watchers.tell_all("light/sequence_became_bad", &json!(units));
    }

    /// Posts the units that were kept although an error was answered. Gives for each the hash, or why it
    /// is not taken now.
    pub async fn release_kept(&self) -> Vec<Result<UnitHash, String>> {
        self.release_kept_at(self).await
    }

    /// Posts them at another hub, which need not know what this one took meanwhile.
    pub async fn release_kept_at(&self, other: &Self) -> Vec<Result<UnitHash, String>> {
        let mut results = Vec::new();
        for params in self.core.mischief.take_kept() {
            results.push(other.post(params).await.map_err(|error| error.to_string()));
        }
        results
    }

    async fn post(&self, params: serde_json::Value) -> Result<UnitHash, PostError> {
        let (unit, accepted) = self.core.post(params)?;
        self.core.durable(accepted.end).await?;
        self.core.announce(&unit, &accepted.proven, None);
        Ok(accepted.hash)
    }

    /// How many units the hub knows.
    pub fn unit_count(&self) -> usize {
        self.core.state().dag().len()
    }

    /// How many units the largest history had that anybody asked for since the start, refused ones included.
    pub fn largest_history(&self) -> usize {
        self.core.state().largest_history()
    }

    /// The way to another hub.
    pub(crate) fn relay(&self, to: usize) -> Option<&Arc<Relay>> {
        self.relays.get(to)?.as_ref()
    }

    /// Opens the hub with this number, and where it listens.
    pub(crate) async fn open(
        number: usize,
        keys: &Arc<Keys>,
        config: &DevnetConfig,
    ) -> Result<(Self, TcpListener), DevnetError> {
        let (dir, listen) = match number.checked_sub(1) {
            None => (config.data_dir.clone(), config.listen),
            Some(more) => (config.data_dir.join(format!("hub-{number}")), config.more_hubs[more]),
        };
        std::fs::create_dir_all(&dir).map_err(|source| DevnetError::Io { path: dir.clone(), source })?;
        let mischief = Mischief::default();
        let state = open_state(&dir, number == 0, keys, config, &mischief)?;
        let failed = |source| DevnetError::Listen { address: listen, source };
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let core = Core::new(state, Arc::clone(keys), config, mischief);
        Ok((Self { core, address, relays: Vec::new() }, listener))
    }
}

/// Ties the hubs together, and lets each know what the others know.
pub(crate) fn connect(hubs: &mut [Hub], data_dir: &Path) -> Result<(), DevnetError> {
    let cores: Vec<_> = hubs.iter().map(|hub| Arc::clone(&hub.core)).collect();
    for (from, hub) in hubs.iter_mut().enumerate() {
        let way = |(to, core): (usize, &Arc<Core>)| (to != from).then(|| Arc::new(Relay::to(core)));
        hub.relays = cores.iter().enumerate().map(way).collect();
        let relays = hub.relays.iter().flatten().cloned().collect();
        hub.core.connect(relays, (from > 0).then_some(&cores[0]));
    }
    for from in &cores {
        for to in cores.iter().filter(|to| !Arc::ptr_eq(from, to)) {
            catch_up(from, to, data_dir)?;
        }
    }
    Ok(())
}

/// Gives to a hub what another one knows and it does not.
fn catch_up(from: &Core, to: &Core, data_dir: &Path) -> Result<(), DevnetError> {
    let damaged = |what: String| DevnetError::Damaged { path: data_dir.to_owned(), what };
    let places: Vec<_> = {
        let (known, state) = (from.state(), to.state());
        let nodes = (0..known.dag().len()).filter_map(|id| Some(known.dag().node(u32::try_from(id).ok()?)));
        nodes.filter(|node| state.dag().find(&node.hash()).is_none()).map(|node| node.place).collect()
    };
    let reader = from.state().reader();
    for place in places {
        let json = reader.json(place).map_err(|error| damaged(error.to_string()))?;
        let unit = serde_json::from_str(&json).ok().and_then(|unit| Unit::from_json(unit).ok());
        let unit = unit.ok_or_else(|| damaged("a unit is unreadable".to_owned()))?;
        if unit.parents().is_empty() {
            if to.state().genesis().is_some() {
                return Err(damaged("the hubs are of different networks".to_owned()));
            }
            to.state().keep_genesis(&unit).map_err(|error| damaged(error.to_string()))?;
        } else {
            to.receive(Arc::new(unit));
        }
    }
    Ok(())
}

fn open_state(
    dir: &Path,
    is_first: bool,
    keys: &Keys,
    config: &DevnetConfig,
    mischief: &Mischief,
) -> Result<State, DevnetError> {
    let path: PathBuf = dir.join("journal");
    let failed = |error: OpenError| match error {
        OpenError::Io(source) => DevnetError::Io { path: path.clone(), source },
        OpenError::Damaged(what) => DevnetError::Damaged { path: path.clone(), what: what.to_owned() },
    };
    let provider = keys.order_provider.address();
    let clock = mischief.clock(config.clock.clone());
    let mut state = State::open(dir, provider, config.fees, clock).map_err(failed)?;
    if is_first && state.genesis().is_none() {
        let unit = genesis::genesis(keys, &config.allocations, state.now())?;
        let kept = state.keep_genesis(&unit).and_then(|_| Ok(state.reader().sync()?));
        kept.map_err(|error| match error {
            PostError::Io(source) => DevnetError::Io { path: path.clone(), source },
            PostError::Refused(what) => DevnetError::Damaged { path: path.clone(), what },
        })?;
    }
    Ok(state)
}
