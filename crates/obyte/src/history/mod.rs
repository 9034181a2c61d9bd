//! Verification of what a hub tells about the past (section 7).
//!
//! Finality comes from the order providers: the last ball of a main chain unit that lies in the past of
//! units signed by a majority of them is stable. From the last balls a chain of ball hashes leads back
//! to every stable unit. [`verify`] follows an answer to `light/get_history` in these steps:
//!
//! 1. `witnesses`: the unstable main chain, newest first, until a majority of order providers was seen;
//! 2. `definitions`: their definitions, and their signatures;
//! 3. `balls`: from the last balls back to what is proven;
//! 4. `joints`: the units that were asked for, each with its state.
//!
//! An answer is taken whole or not at all. It is judged more strictly than the reference does: a unit
//! that is proven good comes with its messages; every unit was asked for, and none comes twice; a ball
//! says that a unit is bad by `true` and by nothing else; a stripped unit comes with its proof.
//! Main chain indexes and charged fees are covered by nothing, and stay hints.
//!
//! Whether the answer is recent is the caller's to judge, by [`VerifiedHistory::is_fresh`]; whether a
//! unit that was final still is, by the caller's own records.

mod balls;
mod definitions;
mod error;
mod joints;
mod link;
mod providers;
mod witnesses;

use serde_json::{Map, Value};

pub use error::HistoryError;
pub use link::{LinkError, verify_links};
pub use providers::{OrderProviders, OrderProvidersError};

use crate::unit::{HubHints, Unit};
use crate::validate::Rules;
use crate::{Address, Network, UnitHash};

/// What was asked for. An answer may hold nothing else.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    /// The addresses whose units were asked for.
    pub addresses: &'a [Address],
    /// The units that were asked for by name.
    pub joints: &'a [UnitHash],
}

/// By what an answer is judged.
#[derive(Clone, Copy, Debug)]
pub struct Trust<'a> {
    /// The network.
    pub network: Network,
    /// The order providers that the wallet pins.
    pub order_providers: &'a OrderProviders,
    /// The genesis unit; `None` stands for the one of the public network.
    pub genesis: Option<UnitHash>,
    /// The clock in seconds since 1970; `None` leaves units of the future unjudged.
    pub now: Option<u64>,
}

/// What is known about a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// Proven stable and good: final for ever.
    FinalGood,
    /// Proven stable and bad: it never existed, and the coins it spent are free.
    FinalBad,
    /// Not proven. It may vanish or turn bad, and of other people's units not even the signature was
    /// checked.
    Unstable,
}

/// A unit of a history, and what is proven about it.
#[derive(Clone, Debug, PartialEq)]
pub struct ProvenUnit {
    /// The unit; stripped only if it is final-bad.
    pub unit: Unit,
    /// Its state.
    pub state: State,
    /// What the hub says beyond the proof: main chain index and charged TPS fee.
    pub hints: HubHints,
}

/// An answer that was verified.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VerifiedHistory {
    /// The units that were asked for, in the order of the answer. Empty where nothing is new, which a
    /// hub can always say.
    pub units: Vec<ProvenUnit>,
    /// The newest timestamp that an order provider signed within the proof, in seconds since 1970;
    /// `None` where nothing is new.
    pub newest_order_provider_timestamp: Option<u64>,
}

impl VerifiedHistory {
    /// Whether an order provider signed a timestamp in the last `max_age` seconds. An answer without
    /// proof is not fresh.
    pub fn is_fresh(&self, now: u64, max_age: u64) -> bool {
        self.newest_order_provider_timestamp.is_some_and(|newest| newest.saturating_add(max_age) >= now)
    }
}

/// Verifies an answer to `light/get_history`.
pub fn verify(
    response: &Value,
    asked: &Asked<'_>,
    trust: &Trust<'_>,
) -> Result<VerifiedHistory, HistoryError> {
    let response = response.as_object().ok_or(HistoryError::Shape("response"))?;
    if !response.contains_key("joints") {
        return Ok(VerifiedHistory::default());
    }
    let parts = Parts::of(response)?;
    let rules =
        Rules { network: trust.network, genesis: trust.genesis.or(genesis(trust.network)), now: trust.now };
    let chain = witnesses::walk(parts.unstable_mc_joints, trust.order_providers)?;
    let newest = definitions::check(&chain, parts.definition_joints, trust.order_providers)?;
    let proven = balls::follow(chain.last_balls, parts.proofchain_balls, rules.genesis)?;
    let units = joints::read(parts.joints, asked, &proven, &rules)?;
    joints::check_aa_responses(response, &units)?;
    Ok(VerifiedHistory { units, newest_order_provider_timestamp: Some(newest) })
}

/// The parts of an answer (7.3).
struct Parts<'a> {
    unstable_mc_joints: &'a [Value],
    definition_joints: &'a [Value],
    proofchain_balls: &'a [Value],
    joints: &'a [Value],
}

impl<'a> Parts<'a> {
    fn of(response: &'a Map<String, Value>) -> Result<Self, HistoryError> {
        let list = |name: &'static str| match response.get(name) {
            None => Ok(&[][..]),
            Some(Value::Array(list)) if list.iter().all(Value::is_object) => Ok(&list[..]),
            Some(_) => Err(HistoryError::Shape(name)),
        };
        let filled = |name| {
            list(name).and_then(|list| match list {
                [] => Err(HistoryError::Shape(name)),
                list => Ok(list),
            })
        };
        Ok(Self {
            unstable_mc_joints: filled("unstable_mc_joints")?,
            definition_joints: list("witness_change_and_definition_joints")?,
            proofchain_balls: list("proofchain_balls")?,
            joints: filled("joints")?,
        })
    }
}

/// The genesis units of the public networks (section 1).
fn genesis(network: Network) -> Option<UnitHash> {
    let text = match network {
        Network::Livenet => "oj8yEksX9Ubq7lLc+p6F2uyHUuynugeVq4+ikT67X6E=",
        Network::Testnet => "TvqutGPz3T4Cs6oiChxFlclY92M2MvCvfXR5/FETato=",
        Network::Devnet => return None,
    };
    Some(text.parse().expect("a hash written in the source"))
}
