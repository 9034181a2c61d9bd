//! The network as it really is, and the hub's view of it.
//!
//! Units enter, and after a while each becomes stable, sources first: good if its sources are good and
//! nobody good has spent its coins before, bad otherwise. That is what no hub can lie about.

mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use obyte::answer::{MaybeAccepted, PostAnswer, Transient, UnitError};
use obyte::compose::{Coin, Parents};
use obyte::unit::CoinId;
use obyte::{Address, BallHash, Bytes, Unit, UnitHash};

/// What became of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Unstable,
    Good(u64),
    Bad(u64),
}

#[derive(Clone, Debug)]
pub(crate) struct Held {
    json: Arc<str>,
    pub(crate) inputs: Vec<CoinId>,
    pub(crate) outputs: Vec<Coin>,
    pub(crate) is_own: bool,
    reveals: bool,
    last_ball_mci: u64,
    ripe_at: u64,
    pub(crate) fate: Fate,
}

#[derive(Debug)]
pub(crate) struct Chain {
    payer: Address,
    units: BTreeMap<UnitHash, Held>,
    /// Every unit that was ever posted, read once.
    read: BTreeMap<Arc<str>, (UnitHash, Held)>,
    last_balls: BTreeMap<UnitHash, u64>,
    known_bad: BTreeSet<UnitHash>,
    mci: u64,
    deposits: u64,
}

impl Chain {
    pub(crate) fn new(payer: Address) -> Self {
        let mut chain = Self {
            payer,
            units: BTreeMap::new(),
            read: BTreeMap::new(),
            last_balls: BTreeMap::new(),
            known_bad: BTreeSet::new(),
            mci: 0,
            deposits: 0,
        };
        chain.advance();
        chain
    }

    fn advance(&mut self) {
        self.mci += 1;
        self.last_balls.insert(UnitHash::of(&format!("ball unit {}", self.mci)), self.mci);
    }

    /// Somebody sends bytes to the payer.
    pub(crate) fn deposit(&mut self, amount: u64, ripe_at: u64) -> Coin {
        self.deposits += 1;
        let unit = UnitHash::of(&format!("deposit {}", self.deposits));
        let id = CoinId { unit, message_index: 0, output_index: 0 };
        let coin = Coin { id, amount: Bytes::literal(amount), address: self.payer };
        self.units.insert(
            unit,
            Held {
                json: Arc::from(""),
                inputs: Vec::new(),
                outputs: vec![coin],
                is_own: false,
                reveals: false,
                last_ball_mci: 0,
                ripe_at,
                fate: Fate::Unstable,
            },
        );
        coin
    }

    pub(crate) fn parents(&self, now: u64, tps_fee: u64) -> Parents {
        Parents {
            timestamp: now / 1000,
            parent_units: vec![UnitHash::of(&format!("tip {}", self.mci))],
            last_ball: BallHash::of(&format!("ball {}", self.mci)),
            last_ball_unit: UnitHash::of(&format!("ball unit {}", self.mci)),
            last_ball_mci: self.mci,
            tps_fee: Bytes::literal(tps_fee),
        }
    }

    /// What an honest hub does with a posted unit.
    pub(crate) fn post(&mut self, json: &Arc<str>, ripe_at: u64) -> PostAnswer {
        let (hash, held) = self.read(json, ripe_at);
        let answer = self.judge(&hash, &held);
        match answer {
            PostAnswer::Accepted => {
                self.units.insert(hash, held);
            }
            PostAnswer::UnitError(_) => {
                self.known_bad.insert(hash);
            }
            _ => {}
        }
        answer
    }

    /// The unit comes in by another way, whatever it conflicts with. Without its sources it is dropped.
    pub(crate) fn smuggle(&mut self, json: &Arc<str>, ripe_at: u64) {
        let (hash, held) = self.read(json, ripe_at);
        let sound = self.definition_fits(&held).is_none() && self.has_sources(&held);
        if sound && !self.units.contains_key(&hash) {
            self.units.insert(hash, held);
        }
    }

    fn read(&mut self, json: &Arc<str>, ripe_at: u64) -> (UnitHash, Held) {
        if !self.read.contains_key(json) {
            let read = self.read_new(json);
            self.read.insert(json.clone(), read);
        }
        let (hash, held) = self.read[json].clone();
        (hash, Held { ripe_at, ..held })
    }

    fn read_new(&self, json: &Arc<str>) -> (UnitHash, Held) {
        let unit = Unit::from_json(serde_json::from_str(json).expect("posted JSON")).expect("a posted unit");
        let last_ball = unit.last_ball().expect("composed units have one");
        let held = Held {
            json: json.clone(),
            inputs: unit.spent_coins().collect(),
            outputs: unit
                .outputs()
                .map(|(id, output)| Coin { id, amount: output.amount, address: output.address })
                .collect(),
            is_own: unit.is_authored_by(&self.payer),
            reveals: unit.authors().iter().any(|author| author.definition.is_some()),
            last_ball_mci: self.last_balls[&last_ball.unit],
            ripe_at: 0,
            fate: Fate::Unstable,
        };
        (unit.hash(), held)
    }

    fn judge(&self, hash: &UnitHash, held: &Held) -> PostAnswer {
        if self.units.contains_key(hash) {
            return PostAnswer::MaybeAccepted(MaybeAccepted::Known);
        }
        if self.known_bad.contains(hash) {
            return PostAnswer::UnitError(UnitError::KnownBad);
        }
        if let Some(error) = self.definition_fits(held) {
            return PostAnswer::UnitError(error);
        }
        if !self.has_sources(held) {
            return PostAnswer::Transient(Transient::UnknownParents);
        }
        if held.inputs.iter().any(|coin| matches!(self.units[&coin.unit].fate, Fate::Bad(_))) {
            return PostAnswer::UnitError(UnitError::SourceNotGood);
        }
        match self.rivals(hash, held).map(|rival| rival.fate).next() {
            Some(Fate::Good(_)) => PostAnswer::UnitError(UnitError::CoinSpent),
            Some(_) => PostAnswer::Conflict,
            None => PostAnswer::Accepted,
        }
    }

    fn definition_fits(&self, held: &Held) -> Option<UnitError> {
        let defined = self
            .units
            .values()
            .any(|unit| unit.is_own && matches!(unit.fate, Fate::Good(mci) if mci <= held.last_ball_mci));
        match (defined, held.reveals) {
            (true, true) => Some(UnitError::DefinitionRepeated),
            (false, false) => Some(UnitError::DefinitionMissing),
            _ => None,
        }
    }

    fn has_sources(&self, held: &Held) -> bool {
        held.inputs.iter().all(|coin| self.units.contains_key(&coin.unit))
    }

    /// Units that spend one of its coins and are not bad.
    fn rivals<'a>(&'a self, hash: &'a UnitHash, held: &'a Held) -> impl Iterator<Item = &'a Held> {
        let others = self.units.iter().filter(move |(other, _)| *other != hash).map(|(_, other)| other);
        others.filter(|other| {
            !matches!(other.fate, Fate::Bad(_)) && other.inputs.iter().any(|coin| held.inputs.contains(coin))
        })
    }

    /// What is ripe becomes stable. Tells whether anything did.
    pub(crate) fn ripen(&mut self, now: u64) -> bool {
        let mut changed = false;
        while let Some(hash) = self.next_ripe(now) {
            self.advance();
            let good = self.would_be_good(&hash);
            let mci = self.mci;
            let held = self.units.get_mut(&hash).expect("just found");
            held.fate = if good { Fate::Good(mci) } else { Fate::Bad(mci) };
            changed = true;
        }
        changed
    }

    fn next_ripe(&self, now: u64) -> Option<UnitHash> {
        let ripe = self.units.iter().filter(|(_, held)| {
            held.fate == Fate::Unstable
                && held.ripe_at <= now
                && held.inputs.iter().all(|coin| self.units[&coin.unit].fate != Fate::Unstable)
        });
        ripe.min_by_key(|(hash, held)| (held.ripe_at, **hash)).map(|(hash, _)| *hash)
    }

    fn would_be_good(&self, hash: &UnitHash) -> bool {
        let held = &self.units[hash];
        held.inputs.iter().all(|coin| matches!(self.units[&coin.unit].fate, Fate::Good(_)))
            && !self.rivals(hash, held).any(|rival| matches!(rival.fate, Fate::Good(_)))
    }

    /// The hub loses its memory: what it refused, and one unit with all that hangs on it. Gives those that
    /// are lost, sources first.
    pub(crate) fn forget(&mut self, losing: Option<UnitHash>) -> Vec<Arc<str>> {
        self.known_bad.clear();
        let mut lost: Vec<UnitHash> = losing.into_iter().collect();
        while let Some(more) = self.units.iter().find_map(|(hash, held)| {
            let hangs = held.inputs.iter().any(|coin| lost.contains(&coin.unit));
            (hangs && !lost.contains(hash)).then_some(*hash)
        }) {
            lost.push(more);
        }
        lost.iter().filter_map(|hash| self.units.remove(hash)).map(|held| held.json).collect()
    }

    /// A unit and all that hangs on it turn out bad, for a reason that is not ours.
    pub(crate) fn condemn(&mut self, unit: &UnitHash) {
        let mut condemned = vec![*unit];
        while let Some(unit) = condemned.pop() {
            self.advance();
            let held = self.units.get_mut(&unit).expect("it is there");
            held.fate = Fate::Bad(self.mci);
            let behind =
                self.units.iter().filter(|(_, held)| held.inputs.iter().any(|coin| coin.unit == unit));
            condemned.extend(behind.map(|(hash, _)| *hash));
        }
    }

    pub(crate) fn unstable_own(&self) -> Vec<UnitHash> {
        let own = self.units.iter().filter(|(_, held)| held.is_own && held.fate == Fate::Unstable);
        own.map(|(hash, _)| *hash).collect()
    }
}
