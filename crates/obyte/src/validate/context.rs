//! Whether a unit obeys the rules that depend on the units before it (4.3, 4.7, 4.8, 4.10).
//!
//! Pure: what is known about other units comes through a [`DagView`]. The integrity of the unit is
//! judged before; the order of checks and the texts of refusals are those of the reference (section
//! 13). Networks where assets, autonomous agents, changes of definitions or votes exist need more than
//! this: units that depend on such are refused with a text that says so.

mod ancestry;
mod owners;

use serde_json::Value;

use super::{Invalid, Rules, authors, format, messages, outputs_present, oversize, parents, recipients};
use crate::fee::ThresholdSize;
use crate::unit::{Message, Payload};
use crate::{Address, BallHash, Bytes, CoinId, Output, Unit, UnitHash};

/// Whether a unit is good (7.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sequence {
    /// No conflict is known.
    Good,
    /// In conflict with another unit, and not decided yet.
    TempBad,
    /// Void for ever.
    FinalBad,
}

/// What is known about a unit in the graph.
#[derive(Clone, Copy, Debug)]
pub struct KnownUnit {
    /// Its hash.
    pub hash: UnitHash,
    /// Seconds since 1970.
    pub timestamp: u64,
    /// The main chain index, where it has one already.
    pub mci: Option<u64>,
    /// The newest main chain index in its past; none for the genesis unit.
    pub latest_included_mci: Option<u64>,
    /// The witnessed level.
    pub witnessed_level: u64,
    /// The main chain index of its last ball; 0 for the genesis unit.
    pub last_ball_mci: u64,
    /// Whether it is on the main chain.
    pub is_on_main_chain: bool,
    /// The ball, where it is stable.
    pub ball: Option<BallHash>,
    /// Whether it is good.
    pub sequence: Sequence,
}

impl KnownUnit {
    /// Whether it has a main chain index of at most `mci`.
    pub fn is_at_or_below(&self, mci: u64) -> bool {
        self.mci.is_some_and(|own| own <= mci)
    }
}

/// What is known about an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownOutput {
    /// The unit is not known.
    NoUnit,
    /// The unit is known and has no such output of bytes.
    NoOutput,
    /// The output.
    Output(Output),
}

/// The graph of units as a validator knows it.
pub trait DagView {
    /// How the view refers to a unit.
    type Id: Copy + PartialEq;

    /// The unit with this hash.
    fn find(&self, hash: &UnitHash) -> Option<Self::Id>;
    /// What is known about a unit.
    fn unit(&self, id: Self::Id) -> KnownUnit;
    /// The authors of a unit.
    fn authors(&self, id: Self::Id) -> Vec<Address>;
    /// The text with which a unit was refused for ever.
    fn known_bad(&self, hash: &UnitHash) -> Option<String>;
    /// Whether a unit is one of others or in their past.
    fn is_included(&self, id: Self::Id, units: &[Self::Id]) -> bool;
    /// Whether a unit of the main chain is stable in view of others.
    fn is_stable_in(&self, id: Self::Id, units: &[Self::Id]) -> bool;
    /// The best of some parents, and the witnessed level of their child.
    fn best_parent(&self, parents: &[Self::Id]) -> Option<(Self::Id, u64)>;
    /// Whether the address is an order provider.
    fn is_order_provider(&self, address: &Address) -> bool;
    /// The voted size above which units pay more, for units with a last ball at the index.
    fn threshold_size(&self, last_ball_mci: u64) -> ThresholdSize;
    /// The least TPS fee by the unit's own past.
    fn local_tps_fee(&self, best_parent: Self::Id, last_ball_unit: Self::Id, timestamp: u64) -> Bytes;
    /// The least TPS fee, balance included, that is taken at the moment; not always whole.
    fn acceptable_tps_fee(&self) -> f64;
    /// The TPS fees balance of an address after a main chain index, in bytes; may be negative.
    fn tps_fees_balance(&self, address: &Address, mci: u64) -> i64;
    /// The definition of an address, as a good unit at or below the index revealed it.
    fn definition(&self, address: &Address, mci: u64) -> Option<Value>;
    /// The units of an address that are not final-bad and not at or below the index.
    fn units_above(&self, address: &Address, mci: Option<u64>) -> Vec<Self::Id>;
    /// An output.
    fn output(&self, coin: &CoinId) -> KnownOutput;
    /// The units that spend an output and are not final-bad.
    fn spenders(&self, coin: &CoinId) -> Vec<Self::Id>;
}

/// What a valid unit is to the graph.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict<Id> {
    /// Whether the unit is good. From wallets, hubs take only good ones.
    pub sequence: Sequence,
    /// The parents, in the order of the unit.
    pub parents: Vec<Id>,
    /// The unit of the last ball.
    pub last_ball_unit: Id,
    /// Units of the same addresses that the unit does not include.
    pub conflicts: Vec<Id>,
}

/// Why there is no verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle<Id> {
    /// The unit is refused.
    Invalid(Invalid),
    /// The last ball unit is stable in view of the parents, but was not known to be stable: stability is
    /// to be advanced to it, and the unit refused as transient this time.
    LastBallAdvanced(Id),
}

impl<Id> From<Invalid> for Obstacle<Id> {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

/// Judges a unit whose integrity was found good, and which is not the genesis unit.
pub fn validate<V: DagView>(view: &V, unit: &Unit, rules: &Rules) -> Result<Verdict<V::Id>, Obstacle<V::Id>> {
    if view.find(&unit.hash()).is_some() {
        return Err(Invalid::transient(format!("unit {} already exists", unit.hash())).into());
    }
    recipients(unit)?;
    parents(unit)?;
    let ancestry = ancestry::Ancestry::new(view, unit)?;
    format(unit)?;
    oversize(unit, view.threshold_size(ancestry.last_ball_mci))?;
    ancestry.check_last_ball()?;
    let best_parent = ancestry.best_parent()?;
    agents(unit)?;
    outputs_present(unit)?;
    ancestry.check_tps_fee(best_parent)?;
    authors(unit)?;
    let mut owners = owners::Owners::new(&ancestry);
    owners.check_authors()?;
    messages(unit, rules)?;
    unit.messages().iter().try_for_each(supported)?;
    owners.check_coins()?;
    let (sequence, conflicts) = (owners.sequence, owners.conflicts);
    Ok(Verdict { sequence, conflicts, parents: ancestry.parents, last_ball_unit: ancestry.last_ball_unit })
}

/// No address is an autonomous agent.
fn agents(unit: &Unit) -> Result<(), Invalid> {
    match unit.max_aa_responses() {
        Some(_) => Err(Invalid::unit("no outputs to AAs, max_aa_responses should not be there")),
        None => Ok(()),
    }
}

fn supported(message: &Message) -> Result<(), Invalid> {
    let known = ["text", "data", "profile", "attestation", "data_feed", "poll", "vote", "temp_data"];
    match (message.app.as_str(), &message.payload) {
        ("payment", Payload::Payment(_)) => Ok(()),
        ("payment", _) => Err(Invalid::unit("assets are not supported by this network")),
        (app, _) if known.contains(&app) => Ok(()),
        (app, _) => Err(Invalid::unit(format!("the application {app} is not supported by this network"))),
    }
}

/// Who pays for congestion, and how many percent: the recipients of headers commissions if all of them
/// are authors, otherwise the first author (4.10).
pub fn tps_fee_shares(unit: &Unit) -> Vec<(Address, u8)> {
    let recipients = unit.recipients();
    if recipients.is_empty() || !recipients.iter().all(|recipient| unit.is_authored_by(&recipient.address)) {
        return unit.authors().iter().take(1).map(|author| (author.address, 100)).collect();
    }
    recipients.iter().map(|recipient| (recipient.address, recipient.share)).collect()
}

#[cfg(test)]
mod tests;
