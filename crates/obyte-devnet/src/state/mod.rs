//! Everything that the devnet knows: the graph, whose coins are spent, who signed what.
//!
//! One value behind one lock. Units come in through [`State::post`], in the order in which they are
//! kept; the [`Facts`] are derived from them, so that a start only applies the journal again.

mod coins;
mod facts;
mod parents;
mod people;
mod post;
mod view;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use obyte::fee::{ThresholdSize, TpsLaw};
use obyte::validate::Rules;
use obyte::{Address, Network, UnitHash};
use serde_json::Value;

use crate::config::{Clock, Fees};
use crate::dag::{Dag, Id};
use crate::journal::{Journal, Reader};
use crate::record::{Record, key, raw_address};

pub(crate) use coins::OwnedCoin;
pub(crate) use facts::Facts;
pub(crate) use parents::Picked;
pub(crate) use post::{Accepted, Bearer, Candidate, Envelope, PostError};

/// The voted size above which units pay more.
pub(crate) const THRESHOLD: ThresholdSize = ThresholdSize::DEFAULT;

/// The law of congestion that holds.
pub(crate) fn law(fees: Fees) -> TpsLaw {
    match fees {
        Fees::Real => TpsLaw::DEVNET,
        Fees::Off => TpsLaw { base_fee: 0.0, ..TpsLaw::DEVNET },
    }
}

/// What the devnet knows.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) facts: Facts,
    clock: Clock,
    journal: Journal,
    reader: Reader,
    bad: post::Bad,
    /// Definitions of agents, which are shown and never run.
    pub(crate) agents: BTreeMap<Address, Value>,
    /// Whether the unit that is judged comes from another hub.
    is_relaying: bool,
    /// How many units the largest history had that was asked for.
    largest_history: Cell<usize>,
}

/// Why the data of a devnet cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// The file cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The file holds something else.
    #[error("{0}")]
    Damaged(&'static str),
}

impl State {
    /// Reads the journal of a network, which may be empty still.
    pub(crate) fn open(
        dir: &Path,
        order_provider: Address,
        fees: Fees,
        clock: Clock,
    ) -> Result<Self, OpenError> {
        let mut facts = Facts::new(dir, order_provider, law(fees));
        let journal = Journal::open(&dir.join("journal"), |place, head| {
            let record = Record::decode(head).ok_or(OpenError::Damaged("a record is unreadable"))?;
            facts.apply(&record, place).map(drop)
        })?;
        Ok(Self {
            facts,
            clock,
            reader: journal.reader(),
            journal,
            bad: post::Bad::default(),
            agents: BTreeMap::new(),
            is_relaying: false,
            largest_history: Cell::default(),
        })
    }

    pub(crate) fn note_history(&self, units: usize) {
        self.largest_history.set(units.max(self.largest_history.get()));
    }

    pub(crate) fn largest_history(&self) -> usize {
        self.largest_history.get()
    }

    /// The graph.
    pub(crate) fn dag(&self) -> &Dag {
        &self.facts.dag
    }

    /// The clock of the network in milliseconds.
    pub(crate) fn now_ms(&self) -> u64 {
        u64::try_from(self.clock.now().as_millis()).unwrap_or(u64::MAX)
    }

    /// The clock of the network in seconds, rounded as the reference does.
    pub(crate) fn now(&self) -> u64 {
        (self.now_ms() + 500) / 1000
    }

    /// The genesis unit, once there is one.
    pub(crate) fn genesis(&self) -> Option<UnitHash> {
        (self.dag().len() > 0).then(|| self.dag().node(0).hash())
    }

    /// By which rules units are judged.
    pub(crate) fn rules(&self) -> Rules {
        Rules { network: Network::Devnet, genesis: self.genesis(), now: Some(self.now()) }
    }

    /// Reads units from the journal, without the lock of the state.
    pub(crate) fn reader(&self) -> Reader {
        self.reader.clone()
    }

    /// The units that pay to an address or are signed by it, oldest first.
    pub(crate) fn units_of(&self, address: &Address) -> io::Result<Vec<Id>> {
        self.facts.index.units(key(&raw_address(address)))
    }

    /// What a unit attests.
    pub(crate) fn read_attestations(&self, id: Id) -> Vec<Value> {
        let json = self.reader.json(self.dag().node(id).place).unwrap_or_default();
        let unit: Value = serde_json::from_str(&json).unwrap_or_default();
        let messages = unit["messages"].as_array().cloned().unwrap_or_default().into_iter();
        let attesting = messages.filter(|message| message["app"] == "attestation");
        attesting.map(|mut message| message["payload"].take()).collect()
    }
}
