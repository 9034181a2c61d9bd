//! Why an answer is not believed.

use crate::canonical::CanonicalError;
use crate::definition::{AuthentifierError, DefinitionError};
use crate::validate::Invalid;
use crate::{Address, UnitHash};

/// An answer of a hub proves nothing. The hub, or what stands between, is wrong or lies; another hub
/// may be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HistoryError {
    /// A part of the answer is missing or of the wrong form.
    #[error("the history's {0} is missing or malformed")]
    Shape(&'static str),
    /// A unit of the unstable main chain is said to be stable.
    #[error("a unit of the unstable main chain has a ball")]
    UnstableWithBall,
    /// A unit's hash is not the hash of its fields.
    #[error("the hash of a unit in {0} is wrong")]
    UnitHash(&'static str),
    /// A payload is not what its hash says.
    #[error("the payload hash of a unit in {0} is wrong")]
    PayloadHash(&'static str),
    /// Something has no hash.
    #[error("a part of the history cannot be hashed: {0}")]
    Canonical(#[from] CanonicalError),
    /// The unstable main chain is broken.
    #[error("a unit of the unstable main chain is no parent of the one before")]
    NotInParents,
    /// The unstable main chain shows too few of the pinned order providers.
    #[error("only {found} of the needed {needed} order providers signed the unstable main chain")]
    TooFewOrderProviders {
        /// How many of the pinned ones were seen.
        found: usize,
        /// How many are needed.
        needed: usize,
    },
    /// A unit with definitions is by no pinned order provider.
    #[error("a unit with definitions is by none of the order providers")]
    ForeignDefinition,
    /// A unit with definitions has none.
    #[error("a unit that should show a definition shows neither a definition nor a change of one")]
    NeitherDefinitionNorChange,
    /// A definition is not the one of its address.
    #[error("the definition of order provider {0} does not hash to its address")]
    WrongDefinition(Address),
    /// The definition of an order provider is nowhere revealed.
    #[error("the definition of order provider {0} was not revealed")]
    DefinitionNotFound(Address),
    /// The definition of an order provider cannot be evaluated.
    #[error("the definition of order provider {address}: {error}")]
    Definition {
        /// Whose.
        address: Address,
        /// Why not.
        error: DefinitionError,
    },
    /// An order provider did not sign.
    #[error("the signature of order provider {address}: {error}")]
    Signature {
        /// Whose.
        address: Address,
        /// What is wrong.
        error: AuthentifierError,
    },
    /// The hash of a ball is not the hash of its fields.
    #[error("the hash of a ball is wrong")]
    BallHash,
    /// A ball is not reached from any last ball.
    #[error("a ball is not reached from the proven last balls")]
    BallNotKnown,
    /// Two balls say different things about one unit.
    #[error("the proof says of {0} both that it is good and that it is not")]
    Contradiction(UnitHash),
    /// A unit itself is malformed.
    #[error("a unit of the history: {0}")]
    Joint(Invalid),
    /// A unit was not asked for.
    #[error("the unit {0} was not asked for")]
    NotAskedFor(UnitHash),
    /// A unit comes twice.
    #[error("the unit {0} is there twice")]
    Duplicate(UnitHash),
    /// A unit that is good, or not proven, comes without its messages.
    #[error("the unit {0} comes without its messages though it is not proven bad")]
    Stripped(UnitHash),
    /// A response of an autonomous agent is malformed or to a unit that is not there.
    #[error("a response of an autonomous agent is malformed or foreign")]
    AaResponse,
}
