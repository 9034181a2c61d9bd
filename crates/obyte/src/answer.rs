//! What a hub's answer to `post_joint` means (13).
//!
//! A hub answers `"accepted"` or the text of an error. [`PostAnswer::classify`] turns the text into a
//! value, [`PostAnswer::class`] says how far the refusal reaches and [`PostAnswer::remedy`] what to do
//! about it. An answer is the hub's word and never a proof: in **no** case may a payout be paid by
//! another unit that does not conflict with the posted one (8.5).

mod table;

use serde::{Deserialize, Serialize};

use crate::{Address, Bytes};

/// A hub's answer to one posted unit (13.1).
///
/// It holds no text of the hub: whoever talks to the hub keeps that for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PostAnswer {
    /// Validated, saved and forwarded.
    Accepted,
    /// The hub may have the unit, or may get it.
    MaybeAccepted(MaybeAccepted),
    /// Refused for now; the same unit may be posted again.
    Transient(Transient),
    /// The unit conflicts with another one: of the same address, or for the same coin, or by a source
    /// that is bad at the moment. Not remembered by the hub. Which it is only a history tells.
    Conflict,
    /// The hub remembers the unit as bad until it restarts. Other hubs may differ.
    UnitError(UnitError),
    /// A field that the unit's hash does not cover is wrong. On the livenet the hub now blocks our
    /// internet address for one hour: stop posting until the cause is fixed.
    JointError,
    /// The request itself is wrong, whatever the unit.
    RequestError,
    /// Our internet address is blocked at this hub for an hour, because of an earlier joint error.
    Blocked,
    /// A text that we do not know: replace the unit, and let a human look.
    Unknown,
}

/// Why a unit may be at the hub although it did not say `accepted`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MaybeAccepted {
    /// The hub has it already, in any sequence, even a finally bad one.
    Known,
    /// The same after losing a race.
    AlreadyExists,
    /// Another request with the same unit is in progress.
    AlreadyHandling,
    /// The unit waits for its parents there.
    KnownUnverified,
    /// No answer came: the time was up or the connection ended.
    NoAnswer,
}

/// Why a unit was refused for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transient {
    /// The hub is syncing.
    CatchingUp,
    /// The hub lacks a parent; perhaps an ancestor of our own was not relayed.
    UnknownParents,
    /// The hub is confused or syncing.
    NeedHashTree,
    /// The last ball advanced while the hub validated.
    LastBallAdvanced,
    /// The hub does not yet see our last ball as stable. Not remembered.
    LastBallNotStable,
    /// Our clock or the hub's is wrong.
    TimestampAhead,
    /// The load of the network rose since the unit was composed.
    FeeTooLow(FeeTooLow),
    /// The hub calls it transient, but it will not pass: the unit was composed wrongly.
    ComposedWrongly,
}

/// Why a hub calls a unit bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitError {
    /// This hub refused the unit before.
    KnownBad,
    /// A coin is spent already in the unit's own past: our picture of the coins is wrong.
    CoinSpent,
    /// The unit that made a coin is unknown at this hub, or the coin's indexes are wrong.
    SourceUnknown,
    /// The unstable unit that made a coin is not among the ancestors.
    SourceNotAncestor,
    /// The unit that made a coin is bad, perhaps finally.
    SourceNotGood,
    /// The coin is not ours, is named twice or is of another asset.
    WrongCoin,
    /// The TPS fee is below the minimum that the unit's own parents demand.
    FeeTooLow(FeeTooLow),
    /// The definition of an author must be in the unit (4.7).
    DefinitionMissing,
    /// The definition of an author must not be in the unit any more (4.7).
    DefinitionRepeated,
    /// An earlier definition or change of keys is not stable yet.
    DefinitionPending,
    /// A signature or a signing path is wrong.
    Signature,
    /// Inputs are not outputs plus fees.
    Unbalanced,
    /// The form of the unit breaks a rule: order, number or kind of its parts.
    Form,
    /// The unit breaks the rules of this version or network.
    Version,
    /// The unit breaks a rule about autonomous agents (8.8).
    Agents,
    /// Parents or last ball are wrong: ask again, perhaps another hub.
    Parents,
}

/// Which fee a hub wanted to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FeeTooLow {
    /// The author whose fee is too low, where the hub named one.
    pub address: Option<Address>,
    /// The least fee and balance together that the hub accepts from that author, in bytes, rounded up,
    /// where it named an amount in range. Unproven: ceilings on fees still hold.
    pub required: Option<Bytes>,
}

/// How far an answer reaches (13.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AnswerClass {
    /// The hub has the unit.
    Accepted,
    /// The hub may have the unit.
    MaybeAccepted,
    /// Nothing is remembered; the same unit may be posted again.
    Transient,
    /// Another unit stands in the way; nothing is remembered.
    Conflict,
    /// The hub remembers the unit.
    UnitError,
    /// The hub remembers the joint and may block us.
    JointError,
    /// The request was wrong.
    RequestError,
    /// The hub refuses us.
    Blocked,
    /// Nobody knows.
    Unknown,
}

/// What to do after an answer. None of these frees a payout (8.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Remedy {
    /// The unit is in flight: watch the history, post it again once in a while.
    Follow,
    /// Post the same unit again, at once.
    PostAtOnce,
    /// Post the same unit again after some seconds, here or at another hub.
    PostLater,
    /// Post our unproven ancestors first, then this unit again.
    PostAncestors,
    /// Make the next version of the slot with fresh parents and the fee asked for (8.5).
    Replace,
    /// Take a verified history first; then either follow or replace.
    Resync,
    /// Another hub; this one will not listen for an hour.
    OtherHub,
    /// Stop posting and call a human: we made something that we should not have made.
    Stop,
}

/// A fee as a hub writes it, rounded up to whole bytes: fees are often fractions of one.
///
/// Nothing for what is negative, out of range, or no plain decimal.
pub fn fee_rounded_up(decimal: &str) -> Option<Bytes> {
    table::rounded_up(decimal)
}

impl PostAnswer {
    /// What the text of a hub's error means.
    ///
    /// The text `accepted` is no error; for it too the answer is [`PostAnswer::Accepted`], so that
    /// callers can hand in whatever text the hub sent.
    pub fn classify(text: &str) -> Self {
        table::classify(text)
    }

    /// How far the answer reaches.
    pub const fn class(self) -> AnswerClass {
        match self {
            Self::Accepted => AnswerClass::Accepted,
            Self::MaybeAccepted(_) => AnswerClass::MaybeAccepted,
            Self::Transient(_) => AnswerClass::Transient,
            Self::Conflict => AnswerClass::Conflict,
            Self::UnitError(_) => AnswerClass::UnitError,
            Self::JointError => AnswerClass::JointError,
            Self::RequestError => AnswerClass::RequestError,
            Self::Blocked => AnswerClass::Blocked,
            Self::Unknown => AnswerClass::Unknown,
        }
    }

    /// What to do next.
    pub const fn remedy(self) -> Remedy {
        match self {
            Self::Accepted => Remedy::Follow,
            Self::MaybeAccepted(how) => how.remedy(),
            Self::Transient(why) => why.remedy(),
            Self::Conflict => Remedy::Resync,
            Self::UnitError(why) => why.remedy(),
            Self::JointError | Self::RequestError | Self::Unknown => Remedy::Stop,
            Self::Blocked => Remedy::OtherHub,
        }
    }

    /// The refusal for a fee, where it is one: either the network's load rose, or the unit's own
    /// parents already demanded more.
    pub const fn fee_too_low(self) -> Option<FeeTooLow> {
        match self {
            Self::Transient(Transient::FeeTooLow(fee)) | Self::UnitError(UnitError::FeeTooLow(fee)) => {
                Some(fee)
            }
            _ => None,
        }
    }

    /// Whether the hub has the unit, or may have it.
    pub const fn may_be_at_hub(self) -> bool {
        matches!(self, Self::Accepted | Self::MaybeAccepted(_))
    }
}

impl MaybeAccepted {
    const fn remedy(self) -> Remedy {
        match self {
            Self::Known | Self::AlreadyExists => Remedy::Follow,
            Self::AlreadyHandling | Self::KnownUnverified | Self::NoAnswer => Remedy::PostLater,
        }
    }
}

impl Transient {
    const fn remedy(self) -> Remedy {
        match self {
            Self::LastBallAdvanced => Remedy::PostAtOnce,
            Self::UnknownParents => Remedy::PostAncestors,
            Self::CatchingUp | Self::NeedHashTree | Self::LastBallNotStable | Self::TimestampAhead => {
                Remedy::PostLater
            }
            Self::FeeTooLow(_) => Remedy::Replace,
            Self::ComposedWrongly => Remedy::Stop,
        }
    }
}

impl UnitError {
    const fn remedy(self) -> Remedy {
        match self {
            Self::CoinSpent | Self::SourceNotGood => Remedy::Resync,
            Self::SourceUnknown => Remedy::PostAncestors,
            Self::KnownBad
            | Self::SourceNotAncestor
            | Self::FeeTooLow(_)
            | Self::DefinitionMissing
            | Self::DefinitionRepeated
            | Self::DefinitionPending
            | Self::Agents
            | Self::Parents => Remedy::Replace,
            Self::WrongCoin | Self::Signature | Self::Unbalanced | Self::Form | Self::Version => Remedy::Stop,
        }
    }
}
