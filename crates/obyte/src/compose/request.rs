//! What a payment is composed from.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::definition::{Definition, SINGLE_SIG_PATH};
use crate::fee::ThresholdSize;
use crate::signature::Signature;
use crate::unit::{CoinId, Output, integer};
use crate::{Address, BallHash, Bytes, Network, PublicKey, UnitHash};

/// A coin that the wallet owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Coin {
    /// Which output it is.
    pub id: CoinId,
    /// What it holds.
    pub amount: Bytes,
    /// Whose it is.
    pub address: Address,
}

/// Who pays: an address with a single-sig definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Payer {
    key: PublicKey,
    address: Address,
    reveals_definition: bool,
}

impl Payer {
    /// The address of a key. Whether the definition must be revealed is for [`super::definition_needed`]
    /// to say.
    pub fn new(key: PublicKey, reveals_definition: bool) -> Self {
        Self { key, address: Definition::single_sig(key).chash(), reveals_definition }
    }

    /// The address that pays.
    pub const fn address(&self) -> Address {
        self.address
    }

    /// The key that signs.
    pub const fn key(&self) -> PublicKey {
        self.key
    }

    /// The author as the unit lists it, with a placeholder for the signature.
    pub(super) fn author_json(&self) -> Value {
        let mut author = json!({
            "address": self.address,
            "authentifiers": {SINGLE_SIG_PATH: "-".repeat(Signature::LEN)},
        });
        if self.reveals_definition {
            author["definition"] = Definition::single_sig(self.key).to_value();
        }
        author
    }
}

/// What a hub answered to a request for parents (6.4). Its parts belong together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parents {
    /// Seconds since 1970, by the hub.
    pub timestamp: u64,
    /// The parents, ascending.
    pub parent_units: Vec<UnitHash>,
    /// The newest stable ball of the main chain.
    pub last_ball: BallHash,
    /// Its unit.
    pub last_ball_unit: UnitHash,
    /// Its main chain index.
    pub last_ball_mci: u64,
    /// The TPS fee that the hub recommends, the payer's balance already subtracted.
    pub tps_fee: Bytes,
}

/// A hub's answer holds no parents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the hub's answer about parents has no usable {0}")]
pub struct ParentsError(pub &'static str);

impl Parents {
    /// Reads the answer. Parents are sorted, since hubs need not.
    pub fn from_json(answer: &Value) -> Result<Self, ParentsError> {
        let text = |name| answer.get(name).and_then(Value::as_str).ok_or(ParentsError(name));
        let number = |name| answer.get(name).and_then(integer).ok_or(ParentsError(name));
        let units = answer.get("parent_units").and_then(Value::as_array);
        let parsed = units.into_iter().flatten().map(|unit| unit.as_str()?.parse().ok());
        let mut parent_units: Vec<UnitHash> =
            parsed.collect::<Option<_>>().ok_or(ParentsError("parent_units"))?;
        parent_units.sort_unstable();
        parent_units.dedup();
        if !(1..=16).contains(&parent_units.len()) {
            return Err(ParentsError("parent_units"));
        }
        let timestamp = number("timestamp")?;
        if timestamp == 0 {
            return Err(ParentsError("timestamp"));
        }
        Ok(Self {
            timestamp,
            parent_units,
            last_ball: text("last_stable_mc_ball")?
                .parse()
                .map_err(|_| ParentsError("last_stable_mc_ball"))?,
            last_ball_unit: text("last_stable_mc_ball_unit")?
                .parse()
                .map_err(|_| ParentsError("last_stable_mc_ball_unit"))?,
            last_ball_mci: number("last_stable_mc_ball_mci")?,
            tps_fee: Bytes::new(number("tps_fee")?).map_err(|_| ParentsError("tps_fee"))?,
        })
    }
}

/// A message beside the payment, such as a text or a data feed; its payload stands inline.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// The application.
    pub app: String,
    /// The payload.
    pub payload: Value,
}

/// What becomes of the coins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spend {
    /// Mandatory coins and as few candidates as the payment needs.
    AsNeeded {
        /// Who receives what is left.
        change: Address,
        /// The least that must be left, counted as at least 1 byte.
        least_change: Bytes,
    },
    /// All coins, at most [`super::MAX_INPUTS`], without candidates that hold no more than they cost.
    All {
        /// Who receives what the outputs and fees leave.
        to: Address,
    },
}

impl Spend {
    pub(super) const fn rest_address(&self) -> Address {
        match self {
            Self::AsNeeded { change, .. } => *change,
            Self::All { to } => *to,
        }
    }

    pub(super) fn least_rest(&self) -> Bytes {
        match self {
            Self::AsNeeded { least_change, .. } => (*least_change).max(Bytes::literal(1)),
            Self::All { .. } => Bytes::literal(1),
        }
    }
}

/// A payment to compose.
#[derive(Clone, Copy, Debug)]
pub struct Payment<'a> {
    /// Where.
    pub network: Network,
    /// What the hub answered.
    pub parents: &'a Parents,
    /// The voted size above which units pay more, at the last ball.
    pub threshold: ThresholdSize,
    /// Who pays. All of them become authors, in the order of their addresses.
    pub payers: &'a [Payer],
    /// Coins that must be spent, whatever is needed.
    pub mandatory: &'a [Coin],
    /// Coins that may be spent.
    pub candidates: &'a [Coin],
    /// What is paid, in any order.
    pub outputs: &'a [Output],
    /// What becomes of the coins.
    pub spend: Spend,
    /// Messages beside the payment. They stand before it.
    pub notes: &'a [Note],
}
