//! What the auditor says when a promise is broken.

use std::fmt;

/// What is promised, whatever happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Promise {
    /// At most one payout of an order is not proven dead, and only what an order says leaves (1).
    PaidOnce,
    /// A unit is journaled before it is posted, and posted as it was journaled (2).
    JournaledFirst,
    /// Units that hold the same payout share an input; a payout is freed only by a proof (3).
    Conflicting,
    /// `ok` is answered only for a journaled unit that a hub accepted (4).
    Accepted,
    /// Postings sum to zero, nothing guarded goes below it, and the coins are those of the book (5).
    Books,
    /// The same request again gets the same answer; a refused one changes nothing (6).
    SameAnswer,
    /// Nothing that a hub says is believed without a proof (7).
    Proven,
    /// A textcoin is given for one payout only (8).
    TextcoinOnce,
    /// No unit pays more fee than the ceilings allow (7).
    Ceiling,
    /// When faults stop, everybody is paid in time, and the hub is not flooded.
    InTime,
    /// The engine neither panics nor asks to be woken for nothing.
    Sound,
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PaidOnce => "an order is paid once",
            Self::JournaledFirst => "a unit is journaled before it is posted",
            Self::Conflicting => "units that hold the same payout share an input",
            Self::Accepted => "ok is answered only for an accepted unit",
            Self::Books => "the books are right",
            Self::SameAnswer => "the same request gets the same answer",
            Self::Proven => "nothing is believed without a proof",
            Self::TextcoinOnce => "a textcoin is given once",
            Self::Ceiling => "fees stay below their ceilings",
            Self::InTime => "everybody is paid in time",
            Self::Sound => "the engine works",
        })
    }
}

/// A promise that was broken, and how.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("broken: {promise}: {what}")]
pub struct Broken {
    /// Which one.
    pub promise: Promise,
    /// How.
    pub what: String,
}

impl Broken {
    pub(crate) fn new(promise: Promise, what: impl Into<String>) -> Self {
        Self { promise, what: what.into() }
    }
}

/// Ends the function with a [`Broken`] where the condition does not hold.
macro_rules! hold {
    ($promise:ident, $holds:expr, $($what:tt)+) => {
        if !$holds {
            return Err($crate::broken::Broken::new($crate::broken::Promise::$promise, format!($($what)+)));
        }
    };
}
pub(crate) use hold;
