//! How a unit comes in: judged, kept, applied.

use std::collections::{HashMap, VecDeque};
use std::io;

use obyte::canonical::json_source_string_allow_empty;
use obyte::hash::sha256;
use obyte::validate::context::{self, Obstacle, Sequence};
use obyte::validate::{Class, Invalid, Origin, Rules, integrity};
use obyte::{Unit, UnitHash};
use serde_json::{Map, Value};

use super::{OpenError, State};
use crate::dag::Id;
use crate::record::Record;

/// How many refused units are remembered.
const REMEMBERED: usize = 10_000;

/// A unit whose integrity was found good, without the state.
#[derive(Debug)]
pub(crate) struct Candidate {
    pub(crate) unit: Unit,
    joint: JointHash,
}

impl Candidate {
    /// A unit that was composed or judged in this process.
    pub(crate) fn trusted(unit: Unit) -> Self {
        Self { unit, joint: [0; 32] }
    }
}

/// Who brings a unit. From wallets, hubs do not take what is in conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bearer {
    /// Somebody who posts it, and is told why not.
    Wallet,
    /// Another hub, which took it already.
    Hub,
}

/// A unit that is kept.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) hash: UnitHash,
    /// Up to where the journal must be synced before anybody is told.
    pub(crate) end: u64,
    /// Units that a light client can be shown to be stable from now on.
    pub(crate) proven: Vec<Id>,
    /// Units that were good until this one came.
    pub(crate) turned_bad: Vec<Id>,
    /// Whether it is good itself.
    pub(crate) is_good: bool,
}

/// Why a unit is not kept.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PostError {
    /// The network refuses it.
    #[error("{0}")]
    Refused(String),
    /// The disk does not take it.
    #[error("the unit cannot be kept: {0}")]
    Io(#[from] io::Error),
}

impl From<OpenError> for PostError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Io(error) => Self::Io(error),
            OpenError::Damaged(text) => Self::Io(io::Error::other(text)),
        }
    }
}

fn refused<T>(text: impl Into<String>) -> Result<T, PostError> {
    Err(PostError::Refused(text.into()))
}

/// The hash of a joint with everything that the unit hash does not cover.
type JointHash = [u8; 32];

/// Units that were refused for ever, until the devnet ends.
#[derive(Debug, Default)]
pub(crate) struct Bad {
    units: Remembered<String>,
    joints: Remembered<JointHash>,
}

#[derive(Debug)]
struct Remembered<K> {
    texts: HashMap<K, String>,
    oldest: VecDeque<K>,
}

impl<K> Default for Remembered<K> {
    fn default() -> Self {
        Self { texts: HashMap::new(), oldest: VecDeque::new() }
    }
}

impl<K: Clone + Eq + std::hash::Hash> Remembered<K> {
    fn insert(&mut self, key: K, text: String) {
        if self.texts.insert(key.clone(), text).is_none() {
            self.oldest.push_back(key);
        }
        if self.oldest.len() > REMEMBERED
            && let Some(oldest) = self.oldest.pop_front()
        {
            self.texts.remove(&oldest);
        }
    }
}

impl Bad {
    /// The text with which a unit was refused.
    pub(super) fn unit(&self, hash: &str) -> Option<&str> {
        self.units.texts.get(hash).map(String::as_str)
    }
}

/// What is known of a joint before it is looked at closely.
#[derive(Debug)]
pub(crate) struct Envelope {
    joint: Value,
    hash: String,
    joint_hash: JointHash,
}

impl Envelope {
    /// Reads the parameters of `post_joint` as far as the hub itself does.
    pub(crate) fn read(params: Value) -> Result<Self, PostError> {
        let Value::Object(mut joint) = params else { return refused("no unit") };
        let unit = joint.get_mut("unit").and_then(Value::as_object_mut).filter(|unit| is_named(unit));
        let Some(unit) = unit else { return refused("no unit") };
        // A hub adds these to what it serves; who posts that again must not fail.
        unit.remove("main_chain_index");
        unit.remove("actual_tps_fee");
        let hash = unit.get("unit").and_then(Value::as_str).map(str::to_owned);
        let has_version = unit.get("version").is_some_and(Value::is_string);
        let is_old = unit.get("version").and_then(Value::as_str).is_some_and(is_old);
        if joint.get("ball").is_some_and(|ball| !is_false(ball)) {
            return refused("no ball via post_joint");
        }
        let joint = Value::Object(joint);
        if is_too_large(&joint) {
            return refused("joint is too deeply nested or has too many nodes");
        }
        let Some(hash) = hash else { return refused("no unit") };
        if joint.get("unsigned").is_some() {
            return refused("unsigned unit");
        }
        if joint.get("aa").is_some() {
            return refused("AA unit cannot be broadcast");
        }
        if !has_version {
            return refused("invalid version");
        }
        if is_old {
            return refused("version is too old");
        }
        let source = json_source_string_allow_empty(&joint).unwrap_or_else(|_| joint.to_string());
        Ok(Self { joint_hash: sha256(source.as_bytes()), joint, hash })
    }

    /// Judges what needs no state.
    pub(crate) fn judge(self, rules: &Rules) -> Result<Candidate, (Self, Invalid)> {
        match integrity(&self.joint, rules, Origin::Posted) {
            Ok(joint) => Ok(Candidate { unit: joint.unit, joint: self.joint_hash }),
            Err(invalid) => Err((self, invalid)),
        }
    }
}

fn is_named(unit: &Map<String, Value>) -> bool {
    unit.get("unit").is_some_and(|name| !is_false(name))
}

/// What JavaScript takes for false.
fn is_false(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

/// Whether the number in a version is below 4, as `parseFloat` reads it.
fn is_old(version: &str) -> bool {
    let digits: String = version.chars().take_while(|c| c.is_ascii_digit() || *c == '.').collect();
    !digits.parse::<f64>().is_ok_and(|number| number >= 4.0)
}

/// Deeper than 100 levels, or of more than 10,000 values.
fn is_too_large(joint: &Value) -> bool {
    let (mut open, mut count) = (vec![(joint, 1)], 0);
    while let Some((value, depth)) = open.pop() {
        count += 1;
        if depth > 101 || count > 10_000 {
            return true;
        }
        match value {
            Value::Array(elements) => open.extend(elements.iter().map(|element| (element, depth + 1))),
            Value::Object(fields) => open.extend(fields.values().map(|field| (field, depth + 1))),
            _ => {}
        }
    }
    false
}

impl State {
    /// Whether a unit needs no closer look: it is known, or was refused before.
    pub(crate) fn check_new(&self, envelope: &Envelope) -> Result<(), PostError> {
        let known = envelope.hash.parse().ok().and_then(|hash: UnitHash| self.dag().find(&hash));
        if known.is_some() {
            return refused("known");
        }
        let bad = &self.bad;
        if bad.unit(&envelope.hash).is_some() || bad.joints.texts.contains_key(&envelope.joint_hash) {
            return refused("known bad");
        }
        Ok(())
    }

    /// Remembers why a unit was refused, and tells it.
    pub(crate) fn refuse(&mut self, envelope: &Envelope, invalid: Invalid) -> PostError {
        self.remember(&envelope.hash, envelope.joint_hash, &invalid);
        PostError::Refused(invalid.text)
    }

    fn remember(&mut self, hash: &str, joint: JointHash, invalid: &Invalid) {
        match invalid.class {
            Class::Unit => self.bad.units.insert(hash.to_owned(), invalid.text.clone()),
            Class::Joint => self.bad.joints.insert(joint, invalid.text.clone()),
            Class::Transient | Class::Request => {}
        }
    }

    /// Judges a unit by what is known, and keeps it.
    pub(crate) fn post(&mut self, candidate: &Candidate, bearer: Bearer) -> Result<Accepted, PostError> {
        let unit = &candidate.unit;
        if self.dag().find(&unit.hash()).is_some() {
            return refused("known");
        }
        self.is_relaying = bearer == Bearer::Hub;
        let verdict = match context::validate(self, unit, &self.rules()) {
            Ok(verdict) => verdict,
            Err(Obstacle::LastBallAdvanced(last_ball_unit)) => {
                self.facts.dag.advance_stability_to(last_ball_unit);
                if bearer == Bearer::Hub {
                    return self.post(candidate, bearer);
                }
                return refused("last ball just advanced, try again");
            }
            Err(Obstacle::Invalid(invalid)) => {
                self.remember(unit.hash().as_str(), candidate.joint, &invalid);
                return refused(invalid.text);
            }
        };
        if bearer == Bearer::Wallet && verdict.sequence != Sequence::Good {
            return refused("The transaction would be non-serial (a double spend)");
        }
        self.keep(unit, verdict.sequence, &verdict.conflicts)
    }

    /// Whether all parents of a unit are here.
    pub(crate) fn has_parents(&self, unit: &Unit) -> bool {
        unit.parents().iter().all(|parent| self.dag().find(parent).is_some())
    }

    /// Judges and keeps a unit that was composed here.
    pub(crate) fn post_own(&mut self, unit: &Unit) -> Result<Accepted, PostError> {
        self.post(&Candidate::trusted(unit.clone()), Bearer::Wallet)
    }

    /// Up to where the journal is written.
    pub(crate) fn journal_end(&self) -> u64 {
        self.journal.end()
    }

    /// Keeps the first unit of all.
    pub(crate) fn keep_genesis(&mut self, unit: &Unit) -> Result<Accepted, PostError> {
        self.keep(unit, Sequence::Good, &[])
    }

    /// Writes a valid unit to the journal and applies it.
    fn keep(&mut self, unit: &Unit, sequence: Sequence, rivals: &[Id]) -> Result<Accepted, PostError> {
        let rival_hashes = rivals.iter().map(|&rival| self.dag().node(rival).hash()).collect();
        let record = Record { sequence, rivals: rival_hashes, ..Record::of(unit) };
        let json = unit.to_json().to_string();
        let place = self.journal.append(&record.encode(), json.as_bytes())?;
        let is_competitor = sequence != Sequence::FinalBad;
        let turned_bad = if is_competitor { self.dag().still_good(rivals) } else { Vec::new() };
        let proven = self.facts.apply(&record, place)?;
        let is_good = sequence == Sequence::Good;
        Ok(Accepted { hash: unit.hash(), end: place.end(), proven, turned_bad, is_good })
    }
}
