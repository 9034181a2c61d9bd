//! The network as it really is, and what each hub has seen of it.
//!
//! Units enter at a hub, and after a while each becomes stable, sources first: good if its sources are
//! good and nobody good has spent its coins before, bad otherwise. The order in which rivals become stable
//! stands for their main chain indexes: the lower one wins. That is what no hub can lie about.

mod judge;
mod observe;
mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use obyte::compose::{Coin, Parents};
use obyte::unit::CoinId;
use obyte::{Address, BallHash, Bytes, Unit, UnitHash};

pub use view::Eye;

/// How many hubs there are. Each has a view of its own.
pub const HUBS: usize = 2;

const NEVER: u64 = u64::MAX;

/// What became of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Nothing yet.
    Unstable,
    /// Good for ever, at this main chain index.
    Good(u64),
    /// Bad for ever, at this main chain index.
    Bad(u64),
}

/// A unit of the network.
#[derive(Clone, Debug)]
struct Held {
    json: Arc<str>,
    inputs: Vec<CoinId>,
    outputs: Vec<Coin>,
    /// Which of the payer's addresses sign it, and whether each reveals its definition.
    authors: Vec<(Address, bool)>,
    last_ball_mci: u64,
    /// Units of the payer that its parents include, as far as they were not stable.
    past: Arc<BTreeSet<UnitHash>>,
    ripe_at: u64,
    stable_at: u64,
    /// Since when each hub has it.
    seen: [u64; HUBS],
    fate: Fate,
}

impl Held {
    fn is_own(&self) -> bool {
        !self.authors.is_empty()
    }
}

/// The network.
#[derive(Debug)]
pub struct Chain {
    /// The payer's addresses; the first is published.
    own: Vec<Address>,
    units: BTreeMap<UnitHash, Held>,
    unstable: BTreeSet<UnitHash>,
    spenders: BTreeMap<CoinId, BTreeSet<UnitHash>>,
    /// Every unit that was ever posted, read once.
    read: BTreeMap<Arc<str>, (UnitHash, Held)>,
    last_balls: BTreeMap<UnitHash, u64>,
    /// What was included by the parents that were given out.
    tips: BTreeMap<UnitHash, Arc<BTreeSet<UnitHash>>>,
    known_bad: BTreeSet<(usize, UnitHash)>,
    /// When each main chain index was reached.
    reached: Vec<u64>,
    /// Since which main chain index each of the payer's addresses is defined.
    defined: BTreeMap<Address, u64>,
    deposits: u64,
    /// Who has become an autonomous agent.
    agents: BTreeSet<Address>,
}

impl Chain {
    /// A network on which nothing has happened yet to the payer with these addresses.
    pub fn new(own: Vec<Address>) -> Self {
        let mut chain = Self {
            own,
            units: BTreeMap::new(),
            unstable: BTreeSet::new(),
            spenders: BTreeMap::new(),
            read: BTreeMap::new(),
            last_balls: BTreeMap::new(),
            tips: BTreeMap::new(),
            known_bad: BTreeSet::new(),
            reached: vec![0],
            defined: BTreeMap::new(),
            deposits: 0,
            agents: BTreeSet::new(),
        };
        chain.advance(0);
        chain
    }

    fn advance(&mut self, now: u64) -> u64 {
        let mci = self.reached.len() as u64;
        self.reached.push(now);
        self.last_balls.insert(last_ball_unit(mci), mci);
        mci
    }

    /// Somebody sends bytes to the payer's published address, in a unit that becomes stable at that time.
    pub fn deposit(&mut self, amount: u64, ripe_at: u64) -> Coin {
        self.deposit_at(0, amount, ripe_at)
    }

    /// The same to another of its addresses.
    pub fn deposit_at(&mut self, place: usize, amount: u64, ripe_at: u64) -> Coin {
        self.give(self.own[place], amount, ripe_at)
    }

    /// Somebody pays to any address.
    pub fn give(&mut self, address: Address, amount: u64, ripe_at: u64) -> Coin {
        self.deposits += 1;
        let unit = UnitHash::of(&format!("deposit {}", self.deposits));
        let id = CoinId { unit, message_index: 0, output_index: 0 };
        let coin = Coin { id, amount: Bytes::literal(amount), address };
        let held = Held {
            json: Arc::from(""),
            inputs: Vec::new(),
            outputs: vec![coin],
            authors: Vec::new(),
            last_ball_mci: 0,
            past: Arc::default(),
            ripe_at,
            stable_at: NEVER,
            seen: [0; HUBS],
            fate: Fate::Unstable,
        };
        self.insert(unit, held);
        coin
    }

    /// An agent is defined, which has this address from now on.
    pub fn define_agent(&mut self, address: Address) {
        self.agents.insert(address);
    }

    /// Whether an address is an agent's.
    pub fn is_agent(&self, address: &Address) -> bool {
        self.agents.contains(address)
    }

    /// Whether any unit pays to an address.
    pub fn knows(&self, address: &Address) -> bool {
        self.units.values().any(|held| held.outputs.iter().any(|coin| coin.address == *address))
    }

    fn insert(&mut self, hash: UnitHash, held: Held) {
        for coin in &held.inputs {
            self.spenders.entry(*coin).or_default().insert(hash);
        }
        self.unstable.insert(hash);
        self.units.insert(hash, held);
    }

    /// What a hub answers about parents at that time.
    pub fn parents(&mut self, eye: Eye, now: u64, tps_fee: u64) -> Parents {
        let mci = self.mci_at(eye);
        let past: BTreeSet<UnitHash> = self
            .unstable
            .iter()
            .filter(|hash| self.units[*hash].is_own() && self.sees(eye, hash))
            .copied()
            .collect();
        let included: String = past.iter().map(UnitHash::as_str).collect();
        let tip = UnitHash::of(&format!("tip {mci} {included}"));
        self.tips.entry(tip).or_insert_with(|| Arc::new(past));
        Parents {
            timestamp: now / 1000,
            parent_units: vec![tip],
            last_ball: BallHash::of(&format!("ball {mci}")),
            last_ball_unit: last_ball_unit(mci),
            last_ball_mci: mci,
            tps_fee: Bytes::literal(tps_fee),
        }
    }

    fn read(&mut self, json: &Arc<str>) -> (UnitHash, Held) {
        if !self.read.contains_key(json) {
            let read = self.read_new(json);
            self.read.insert(json.clone(), read);
        }
        self.read[json].clone()
    }

    fn read_new(&self, json: &Arc<str>) -> (UnitHash, Held) {
        let unit = Unit::from_json(serde_json::from_str(json).expect("posted JSON")).expect("a posted unit");
        let last_ball = unit.last_ball().expect("composed units have one");
        (unit.hash(), self.held(&unit, json.clone(), self.last_balls[&last_ball.unit]))
    }

    /// The unit comes in by another way, whatever it conflicts with. Without its sources it is dropped.
    /// Gives its name, where it is there now.
    pub fn smuggle(&mut self, hub: usize, json: &Arc<str>, now: u64, ripe_at: u64) -> Option<UnitHash> {
        let (hash, held) = self.read(json);
        let is_sound = self.definition_error(&held).is_none() && self.has_sources(&held);
        if !is_sound {
            return None;
        }
        if !self.units.contains_key(&hash) {
            self.insert(hash, Held { ripe_at, ..held });
        }
        self.show(hub, &hash, now);
        Some(hash)
    }

    /// A hub gets a unit, with its sources where it lacks them.
    pub fn show(&mut self, hub: usize, unit: &UnitHash, now: u64) {
        let mut waiting = vec![*unit];
        while let Some(unit) = waiting.pop() {
            if let Some(held) = self.units.get_mut(&unit).filter(|held| held.seen[hub] == NEVER) {
                held.seen[hub] = now;
                waiting.extend(held.inputs.iter().map(|coin| coin.unit));
            }
        }
    }

    /// What is ripe becomes stable, and is seen everywhere. Tells what did.
    pub fn ripen(&mut self, now: u64) -> Vec<UnitHash> {
        let mut stable = Vec::new();
        while let Some(hash) = self.next_ripe(now) {
            let fate = if self.would_be_good(&hash) { Fate::Good } else { Fate::Bad };
            self.settle(&hash, fate, now);
            stable.push(hash);
        }
        stable
    }

    fn next_ripe(&self, now: u64) -> Option<UnitHash> {
        let held = self.unstable.iter().map(|hash| (hash, &self.units[hash]));
        let ripe = held.filter(|(_, held)| {
            held.ripe_at <= now
                && held.inputs.iter().all(|coin| self.units[&coin.unit].fate != Fate::Unstable)
        });
        ripe.min_by_key(|(hash, held)| (held.ripe_at, **hash)).map(|(hash, _)| *hash)
    }

    fn would_be_good(&self, hash: &UnitHash) -> bool {
        let held = &self.units[hash];
        held.inputs.iter().all(|coin| matches!(self.units[&coin.unit].fate, Fate::Good(_)))
            && !self.rivals(hash, held).any(|(_, rival)| matches!(rival.fate, Fate::Good(_)))
    }

    fn settle(&mut self, hash: &UnitHash, fate: impl Fn(u64) -> Fate, now: u64) {
        let mci = self.advance(now);
        self.unstable.remove(hash);
        let held = self.units.get_mut(hash).expect("the caller found it");
        held.fate = fate(mci);
        held.stable_at = now;
        for seen in &mut held.seen {
            *seen = now.min(*seen);
        }
        if matches!(held.fate, Fate::Good(_)) {
            for (author, _) in &held.authors {
                self.defined.entry(*author).or_insert(mci);
            }
        }
    }

    /// A hub loses its memory: what it refused, and one unit with all that hangs on it. Gives what no hub
    /// has any more, sources first.
    pub fn forget(&mut self, hub: usize, losing: Option<UnitHash>) -> Vec<Arc<str>> {
        self.known_bad.retain(|(who, _)| *who != hub);
        let losing = losing.filter(|unit| self.unstable.contains(unit));
        let mut lost: Vec<UnitHash> = losing.into_iter().collect();
        while let Some(more) = self.unstable.iter().find(|hash| {
            let hangs = self.units[*hash].inputs.iter().any(|coin| lost.contains(&coin.unit));
            hangs && !lost.contains(hash)
        }) {
            lost.push(*more);
        }
        lost.iter().filter_map(|hash| self.lose(hub, hash)).collect()
    }

    fn lose(&mut self, hub: usize, hash: &UnitHash) -> Option<Arc<str>> {
        let held = self.units.get_mut(hash)?;
        held.seen[hub] = NEVER;
        if held.seen.iter().any(|at| *at != NEVER) {
            return None;
        }
        let held = self.units.remove(hash)?;
        self.unstable.remove(hash);
        for coin in &held.inputs {
            self.spenders.entry(*coin).or_default().remove(hash);
        }
        Some(held.json)
    }

    /// A unit and all that hangs on it turn out bad, for a reason that is not ours.
    pub fn condemn(&mut self, unit: &UnitHash, now: u64) {
        let mut condemned = vec![*unit];
        while let Some(unit) = condemned.pop() {
            self.settle(&unit, Fate::Bad, now);
            let behind = self
                .unstable
                .iter()
                .filter(|hash| self.units[*hash].inputs.iter().any(|coin| coin.unit == unit));
            condemned.extend(behind.copied().collect::<Vec<_>>());
        }
    }
}

fn last_ball_unit(mci: u64) -> UnitHash {
    UnitHash::of(&format!("ball unit {mci}"))
}
