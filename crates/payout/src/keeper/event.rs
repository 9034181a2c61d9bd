//! What the keeper is told, and what it asks for in return.

use std::collections::BTreeMap;
use std::sync::Arc;

use obyte::Address;
use obyte::answer::PostAnswer;
use obyte::compose::Parents;
use obyte::fee::{ThresholdSize, TpsLaw};

use super::record::{OpenTextcoin, SweepChange};
use crate::{AskHistory, AskId, SeenUnit, TextcoinNo, VersionNo};

/// How the payer's line stands, as far as it matters for taking textcoins back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineState {
    /// Where its change goes now; nothing before it is known.
    pub home: Option<Address>,
    /// Whether units may be made at all: nobody has stopped paying, and the wallet is not being restored.
    pub may_sweep: bool,
    /// How many payouts wait for a unit.
    pub queued: usize,
    /// How many units of the line are not proven.
    pub open: usize,
}

/// Something that happened outside.
#[derive(Clone, Debug)]
pub enum KeeperEvent {
    /// These textcoins are open. One that is known already is not taken in again.
    Open(Vec<OpenTextcoin>),
    /// The operator wants these back now.
    Recalled(Vec<TextcoinNo>),
    /// How the payer's line stands.
    Line(LineState),
    /// The hub is there, for the first time or again, or another one is asked.
    Connected,
    /// The hub is gone; what was asked of it will not be answered.
    Disconnected,
    /// Something that is watched became stable.
    HaveUpdates,
    /// What the hub believes to lie at each address of the question, in bytes, stable or not.
    Balances {
        /// Which question this answers.
        ask: AskId,
        /// The balances.
        balances: BTreeMap<Address, u64>,
    },
    /// A history was proven; [`SeenUnit::moves`] are those of the textcoins' addresses.
    History {
        /// Which question this answers.
        ask: AskId,
        /// The units, each with what is proven of it.
        units: Vec<SeenUnit>,
    },
    /// The history is too large for the hub to tell (6.4).
    HistoryTooLarge {
        /// Which question this answers.
        ask: AskId,
    },
    /// The hub's parents for a unit.
    Parents {
        /// Which question this answers.
        ask: AskId,
        /// The answer.
        parents: Parents,
        /// The voted size above which units pay more.
        threshold: ThresholdSize,
    },
    /// A question was not answered, or not so that it could be believed.
    Unanswered {
        /// Which.
        ask: AskId,
    },
    /// What the hub said to a posted unit.
    PostAnswered {
        /// Of which textcoin.
        no: TextcoinNo,
        /// Which of its units.
        version: VersionNo,
        /// The answer.
        answer: PostAnswer,
        /// The hub's words, bounded, for the operator.
        text: String,
    },
    /// No answer came to a posted unit.
    PostUnanswered {
        /// Of which textcoin.
        no: TextcoinNo,
        /// Which of its units.
        version: VersionNo,
    },
    /// How the network charges units now.
    FeeLaw(TpsLaw),
    /// Time passed.
    Tick,
}

/// What is to be done, in the order given; nothing behind a [`Persist`](Self::Persist) may begin before the store
/// has committed it. Each question and each post is answered by exactly one event, or by
/// [`KeeperEvent::Disconnected`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeeperAction {
    /// Commit these, in one transaction.
    Persist(Vec<SweepChange>),
    /// Ask the hub what lies at these addresses, at most 100.
    AskBalances {
        /// Names the question.
        ask: AskId,
        /// The addresses.
        addresses: Vec<Address>,
    },
    /// Ask the hub for a history, and prove it.
    AskHistory(AskHistory),
    /// Ask the hub for parents of a unit from one address to another.
    AskParents {
        /// Names the question.
        ask: AskId,
        /// Who pays.
        from: Address,
        /// Who is paid.
        to: Address,
    },
    /// Post this unit, these exact bytes.
    Post {
        /// Of which textcoin.
        no: TextcoinNo,
        /// Which of its units.
        version: VersionNo,
        /// The unit.
        json: Arc<str>,
    },
    /// Something stands in the way that an operator may want to know.
    Note {
        /// The textcoin.
        no: TextcoinNo,
        /// What.
        what: String,
    },
}
