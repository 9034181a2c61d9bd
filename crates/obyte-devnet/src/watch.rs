//! Who is connected, and who watches which addresses and units.

use std::collections::{HashMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use obyte::{Address, Unit, UnitHash};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::dag::Id;
use crate::record::{RawAddress, raw_address};

/// The number of a connection.
pub(crate) type ConnectionId = u64;

/// Where frames for a client go. A client that does not read is cut off.
#[derive(Clone, Debug)]
pub(crate) struct Outbox {
    frames: mpsc::Sender<Outgoing>,
    cut: CancellationToken,
}

/// What a client is sent.
#[derive(Debug)]
pub(crate) enum Outgoing {
    /// A frame of text.
    Frame(String),
    /// The end, with a reason.
    Close(&'static str),
}

impl Outbox {
    /// An outbox, and where to take its frames from.
    pub(crate) fn new() -> (Self, mpsc::Receiver<Outgoing>) {
        let (frames, receiver) = mpsc::channel(1024);
        (Self { frames, cut: CancellationToken::new() }, receiver)
    }

    /// Waits until the client is cut off.
    pub(crate) async fn is_cut(&self) {
        self.cut.cancelled().await;
    }

    /// Ends the connection without a word.
    pub(crate) fn cut(&self) {
        self.cut.cancel();
    }

    /// Sends a frame.
    pub(crate) fn send(&self, frame: String) {
        if self.frames.try_send(Outgoing::Frame(frame)).is_err() {
            self.cut.cancel();
        }
    }

    /// Sends a message that wants no answer.
    pub(crate) fn say(&self, subject: &str, body: Option<&Value>) {
        self.send(justsaying(subject, body));
    }

    /// Ends the connection after what was sent before.
    pub(crate) fn close(&self, reason: &'static str) {
        if self.frames.try_send(Outgoing::Close(reason)).is_err() {
            self.cut.cancel();
        }
    }
}

/// The frame of a message that wants no answer.
fn justsaying(subject: &str, body: Option<&Value>) -> String {
    let content = match body {
        Some(body) => json!({"subject": subject, "body": body}),
        None => json!({"subject": subject}),
    };
    json!(["justsaying", content]).to_string()
}

/// All connections.
#[derive(Debug, Default)]
pub(crate) struct Watchers(Mutex<Registry>);

#[derive(Debug, Default)]
struct Registry {
    next: ConnectionId,
    outboxes: HashMap<ConnectionId, Outbox>,
    addresses: HashMap<RawAddress, HashSet<ConnectionId>>,
    units: HashMap<Id, HashSet<ConnectionId>>,
}

impl Watchers {
    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a connection in.
    pub(crate) fn connect(&self, outbox: Outbox) -> ConnectionId {
        let mut registry = self.registry();
        registry.next += 1;
        let id = registry.next;
        registry.outboxes.insert(id, outbox);
        id
    }

    /// Forgets a connection with all that it watches.
    pub(crate) fn disconnect(&self, id: ConnectionId) {
        let mut registry = self.registry();
        registry.outboxes.remove(&id);
        forget(&mut registry.addresses, id);
        forget(&mut registry.units, id);
    }

    /// Whether nobody watches anything.
    pub(crate) fn is_empty(&self) -> bool {
        let registry = self.registry();
        registry.addresses.is_empty() && registry.units.is_empty()
    }

    /// Watches addresses for a connection.
    pub(crate) fn watch_addresses(&self, id: ConnectionId, addresses: &[Address]) {
        let mut registry = self.registry();
        for address in addresses {
            registry.addresses.entry(raw_address(address)).or_default().insert(id);
        }
    }

    /// Watches units for a connection until they can be proven.
    pub(crate) fn watch_units(&self, id: ConnectionId, units: &[Id]) {
        let mut registry = self.registry();
        for &unit in units {
            registry.units.entry(unit).or_default().insert(id);
        }
    }

    /// Sends a new unit to all who watch one of its addresses, except who posted it.
    pub(super) fn unit_arrived(&self, unit: &Unit, source: Option<ConnectionId>) {
        let registry = self.registry();
        if registry.addresses.is_empty() {
            return;
        }
        let authors = unit.authors().iter().map(|author| author.address);
        let addresses = unit.outputs().map(|(_, output)| output.address).chain(authors);
        let touched: HashSet<_> = addresses.map(|address| raw_address(&address)).collect();
        let mut watching = registry.watching(&touched);
        watching.retain(|&id| Some(id) != source);
        if watching.is_empty() {
            return;
        }
        let frame = justsaying("joint", Some(&json!({"unit": unit.fields()})));
        registry.send(&watching, &frame);
    }

    /// Tells all who watch one of these units or addresses that there is news.
    pub(super) fn became_provable(&self, units: &[Id], touched: &HashSet<RawAddress>) {
        let mut registry = self.registry();
        let mut watching = registry.watching(touched);
        for unit in units {
            watching.extend(registry.units.remove(unit).into_iter().flatten());
        }
        registry.send(&watching, &justsaying("light/have_updates", None));
    }

    /// Tells all who watch one of these units, or an address that it touches, that it is in conflict.
    pub(super) fn turned_bad(&self, units: &[(Id, UnitHash, HashSet<RawAddress>)]) {
        let registry = self.registry();
        let mut told: HashMap<ConnectionId, Vec<UnitHash>> = HashMap::new();
        for (id, hash, touched) in units {
            let mut watching = registry.watching(touched);
            watching.extend(registry.units.get(id).into_iter().flatten());
            for connection in watching {
                told.entry(connection).or_default().push(*hash);
            }
        }
        for (connection, hashes) in told {
            let frame = justsaying("light/sequence_became_bad", Some(&json!(hashes)));
            registry.send(&HashSet::from([connection]), &frame);
        }
    }

    /// Tells everybody something.
    pub(crate) fn tell_all(&self, subject: &str, body: &Value) {
        let frame = justsaying(subject, Some(body));
        for outbox in self.registry().outboxes.values() {
            outbox.send(frame.clone());
        }
    }

    /// Ends all connections.
    pub(crate) fn close_all(&self) {
        for outbox in self.registry().outboxes.values() {
            outbox.close("the devnet ends");
        }
    }
}

impl Registry {
    fn watching(&self, touched: &HashSet<RawAddress>) -> HashSet<ConnectionId> {
        touched.iter().filter_map(|address| self.addresses.get(address)).flatten().copied().collect()
    }

    fn send(&self, to: &HashSet<ConnectionId>, frame: &str) {
        for outbox in to.iter().filter_map(|id| self.outboxes.get(id)) {
            outbox.send(frame.to_owned());
        }
    }
}

fn forget<K: Eq + std::hash::Hash>(watched: &mut HashMap<K, HashSet<ConnectionId>>, id: ConnectionId) {
    watched.retain(|_, watching| {
        watching.remove(&id);
        !watching.is_empty()
    });
}
