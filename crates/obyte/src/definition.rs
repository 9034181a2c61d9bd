//! Definitions: what must be signed so that an address acts (2.4, end of 7.4).
//!
//! A definition is a tree of two-element arrays, `[operator, arguments]`. Supported are the operators
//! that only look at signatures and preimages: `sig`, `hash`, `or`, `and`, `r of set`, `weighted and`.
//! The others look at the rest of the network (data feeds, other addresses, ...); they are told apart
//! as [`DefinitionError::Unsupported`], since such a definition may well be valid.
//!
//! [`Definition::parse`] gives only definitions that are valid by the network's rules, so what can be
//! evaluated was checked. [`chash`] gives the address of any definition, valid or not.

mod evaluate;
mod parse;

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

pub use self::evaluate::{AuthentifierError, Authentifiers};
pub use self::parse::DefinitionError;
use crate::address::Address;
use crate::canonical::{CanonicalError, json_source_string, source_string};
use crate::signature::PublicKey;

/// Where the signature of a single-sig definition stands among the authentifiers.
pub const SINGLE_SIG_PATH: &str = "r";

/// The path of the root, from which `.0`, `.1`, ... lead down.
const ROOT: &str = "r";

/// The address of any definition, also of one that is not supported or not valid, and of autonomous
/// agents (2.4).
pub fn chash(definition: &Value) -> Result<Address, CanonicalError> {
    let source = if is_autonomous_agent(definition) {
        json_source_string(definition)?
    } else {
        source_string(definition)?
    };
    Ok(Address::of_source(&source))
}

/// Whether the definition is that of an autonomous agent: code, which nobody signs for.
pub fn is_autonomous_agent(definition: &Value) -> bool {
    definition.as_array().is_some_and(|array| array.len() == 2 && array[0] == "autonomous agent")
}

/// A valid definition of an address, which cannot be satisfied without a signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition(Expression);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Expression {
    Sig(PublicKey),
    /// The SHA-256 in base64 of a text to be shown.
    Hash(String),
    Or(Vec<Expression>),
    And(Vec<Expression>),
    ROfSet {
        required: u64,
        set: Vec<Expression>,
    },
    WeightedAnd {
        required: u64,
        set: Vec<Weighted>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Weighted {
    weight: u64,
    value: Expression,
}

impl Definition {
    /// `["sig",{"pubkey":...}]`, the definition of an ordinary wallet's address.
    pub fn single_sig(key: PublicKey) -> Self {
        Self(Expression::Sig(key))
    }

    /// Reads a definition and checks that it is valid.
    pub fn parse(value: &Value) -> Result<Self, DefinitionError> {
        parse::parse(value).map(Self)
    }

    /// The public key, where the definition is a single `sig`.
    pub fn as_single_sig(&self) -> Option<PublicKey> {
        match self.0 {
            Expression::Sig(key) => Some(key),
            _ => None,
        }
    }

    /// The JSON that units carry.
    pub fn to_value(&self) -> Value {
        self.0.to_value()
    }

    /// The address, and the definition chash where the address changed its definition (2.4).
    pub fn chash(&self) -> Address {
        chash(&self.to_value()).expect("a valid definition has no empty parts and no U+0000")
    }

    /// Checks that the authentifiers satisfy the definition for this hash to sign (4.9), and that each
    /// of them is used and valid.
    pub fn verify(&self, hash: &[u8; 32], authentifiers: &Authentifiers) -> Result<(), AuthentifierError> {
        evaluate::verify(&self.0, hash, authentifiers)
    }
}

impl Serialize for Definition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_value().serialize(serializer)
    }
}

impl Expression {
    fn to_value(&self) -> Value {
        let all = |set: &[Self]| set.iter().map(Self::to_value).collect::<Vec<_>>();
        match self {
            Self::Sig(key) => json!(["sig", {"pubkey": key}]),
            Self::Hash(hash) => json!(["hash", {"hash": hash}]),
            Self::Or(options) => json!(["or", all(options)]),
            Self::And(options) => json!(["and", all(options)]),
            Self::ROfSet { required, set } => {
                json!(["r of set", {"required": required, "set": all(set)}])
            }
            Self::WeightedAnd { required, set } => {
                let set: Vec<_> = set
                    .iter()
                    .map(|option| json!({"weight": option.weight, "value": option.value.to_value()}))
                    .collect();
                json!(["weighted and", {"required": required, "set": set}])
            }
        }
    }
}
