//! What the engine is told, and what it asks for in return.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use obyte::answer::PostAnswer;
use obyte::compose::{Coin, Parents};
use obyte::fee::{ThresholdSize, TpsLaw};
use obyte::unit::CoinId;
use obyte::{Address, Bytes, UnitHash};
use serde::{Deserialize, Serialize};

use crate::{AskStock, Change, Payout, PayoutId, SlotNo, Stock, TextcoinNo, VersionId};

/// Names a question to the hub, so that a late answer to an old question is known as such.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AskId(pub(crate) u64);

/// Something that happened outside.
#[derive(Clone, Debug)]
pub enum Event {
    /// Payouts were accepted and are owed.
    Queued(Vec<Payout>),
    /// The hub is there, for the first time or again.
    Connected,
    /// The hub is gone; what was asked of it will not be answered.
    Disconnected,
    /// The hub's parents for a unit, and the main chain index of the unit that was looked up after them.
    Parents {
        /// Which question this answers.
        ask: AskId,
        /// The answer.
        parents: Parents,
        /// The voted size above which units pay more, at the parents' last ball.
        threshold: ThresholdSize,
        /// The main chain indexes of those of [`AskParents::look_up`] that have one.
        looked_up: BTreeMap<UnitHash, u64>,
        /// How many autonomous agents the hub finds among the addresses that are to be paid.
        agents: u64,
        /// What was found about [`AskParents::fresh`]; nothing if there were none.
        claims: Option<Claims>,
    },
    /// Which of the addresses in [`Action::LookUpAgents`] are autonomous agents, by their definitions.
    Agents {
        /// Which question this answers.
        ask: AskId,
        /// The agents.
        agents: Vec<Address>,
    },
    /// The hub did not give parents, or not the definitions that it was asked for then.
    NoParents {
        /// Which question this answers.
        ask: AskId,
    },
    /// What the hub said to a posted unit.
    PostAnswered {
        /// The version that was posted.
        version: VersionId,
        /// The answer.
        answer: PostAnswer,
        /// The hub's words, bounded, for the operator.
        text: String,
    },
    /// No answer came to a posted unit.
    PostUnanswered {
        /// The version that was posted.
        version: VersionId,
    },
    /// Something that is watched became stable.
    HaveUpdates,
    /// A history of the payer's address and open units was proven.
    History {
        /// Which question this answers.
        ask: AskId,
        /// The units, each with what is proven of it.
        units: Vec<SeenUnit>,
    },
    /// No history came, or none that could be believed.
    NoHistory {
        /// Which question this answers.
        ask: AskId,
    },
    /// The history is too large for the hub to tell (6.4).
    HistoryTooLarge {
        /// Which question this answers.
        ask: AskId,
    },
    /// Stock was taken.
    Stock {
        /// Which question this answers.
        ask: AskId,
        /// What was found.
        stock: Stock,
    },
    /// No stock could be taken, or none that could be believed.
    NoStock {
        /// Which question this answers.
        ask: AskId,
    },
    /// How the network charges units now, from its system variables.
    FeeLaw(TpsLaw),
    /// Paying was stopped: by the operator, or by an alarm before this start. No unit is made until
    /// [`Resumed`](Self::Resumed); what is posted is followed.
    Paused(Alarm),
    /// The operator lets paying go on.
    Resumed,
    /// So many deposit addresses were given to partners by now.
    Deposits(u32),
    /// The addresses of textcoins that were derived ahead of need, by their numbers; nothing for those that are skipped.
    /// They answer [`Engine::textcoins_wanted`](crate::Engine::textcoins_wanted), early or late or not at all.
    TextcoinsDerived(Vec<(TextcoinNo, Option<Address>)>),
    /// The operator wants the units of this open slot posted again at once, or those of all open slots.
    Repost(Option<SlotNo>),
    /// Time passed.
    Tick,
}

/// What a hub says of textcoins that are about to be given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claims {
    /// Which of their addresses have a history.
    pub used: BTreeSet<Address>,
    /// The TPS fee that one would have to pay who claims one now.
    pub tps_fee: Bytes,
}

/// A unit in a history that was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenUnit {
    /// The unit.
    pub unit: UnitHash,
    /// What is proven of it.
    pub standing: Standing,
    /// Whether one of the payer's addresses is among its authors.
    pub is_own: bool,
    /// The outputs of bytes to the payer's addresses.
    pub coins: Vec<Coin>,
    /// Its main chain index as the hub tells it; no proof covers it.
    pub main_chain_index: Option<u64>,
    /// The TPS fee finally charged, as the hub tells it; no proof covers it.
    pub charged_tps_fee: Option<Bytes>,
    /// What a unit of the payer spends and pays, where [`AskHistory::moves`] asks for it.
    pub moves: Option<Moves>,
}

/// Which bytes a unit of the payer moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moves {
    /// Which of the payer's addresses sign it.
    pub authors: Vec<Address>,
    /// The coins of bytes that it spends.
    pub spent: Vec<CoinId>,
    /// Its outputs of bytes to others.
    pub paid: Vec<Coin>,
    /// When it was made, as it says itself; nothing for a form of units whose hash does not cover that.
    pub made_at: Option<crate::Timestamp>,
}

/// What a verified history says of a unit (7.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Proven stable and good, for ever.
    FinalGood,
    /// Proven stable and bad: it never existed.
    FinalBad,
    /// Not proven; the hub lists it as good.
    Unstable,
}

/// A question for parents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskParents {
    /// Names the question.
    pub ask: AskId,
    /// The paying addresses, in ascending order.
    pub from: Vec<Address>,
    /// Every address that the unit will pay, the change included.
    pub to: Vec<Address>,
    /// Units to fetch *after* the parents came, for their main chain indexes (the order of 4.7 that has no
    /// race).
    pub look_up: Vec<UnitHash>,
    /// Addresses of new textcoins among those of `to`: whether they have a history, and what claiming one takes.
    pub fresh: Vec<Address>,
}

/// A question for the payer's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AskHistory {
    /// Names the question.
    pub ask: AskId,
    /// The payer's addresses of which news may come.
    pub addresses: Vec<Address>,
    /// Units of open slots.
    pub units: Vec<UnitHash>,
    /// Units of the addresses below this main chain index are known.
    pub min_mci: u64,
    /// More of the payer's addresses: their units and coins are told as such, but not asked for.
    pub also: Vec<Address>,
    /// Whether [`SeenUnit::moves`] is wanted.
    pub moves: bool,
}

/// What is to be done, in the order given. A [`Persist`](Self::Persist) is done when the store has
/// committed it; nothing behind it may begin before.
///
/// Each question and each post is answered by exactly one event, or by [`Event::Disconnected`]: the engine
/// waits for it without a time limit of its own, which belongs to the shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Commit these, in one transaction.
    Persist(Vec<Change>),
    /// Ask the hub for parents.
    AskParents(AskParents),
    /// Ask the hub which of these addresses are autonomous agents (8.8).
    LookUpAgents {
        /// Names the question; it is that of the parents.
        ask: AskId,
        /// The addresses.
        addresses: Vec<Address>,
    },
    /// Ask the hub for a history, and prove it.
    AskHistory(AskHistory),
    /// Ask the hub for the payer's coins, and prove those that are not known.
    TakeStock(AskStock),
    /// Post this unit, these exact bytes.
    Post {
        /// The version that it is.
        version: VersionId,
        /// The unit.
        json: Arc<str>,
    },
    /// The hub has accepted the unit that pays these payouts: who waits for them can be answered.
    Accepted {
        /// The payouts.
        payouts: Vec<PayoutId>,
        /// The unit.
        unit: UnitHash,
    },
    /// These payouts are given up before any unit paid them: who waits for them can be told.
    Parked {
        /// The payouts.
        payouts: Vec<PayoutId>,
    },
    /// Throw this engine away and begin with another one from the store, which may hold payouts of the queue for
    /// the operator now. It is the last thing to do.
    BeginAnew,
    /// The operator should know.
    Alarm(Alarm),
}

/// What an operator should know. The store keeps those that stop paying.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Alarm {
    /// The operator has stopped paying, for this reason.
    #[error("paying was stopped by the operator: {0}")]
    Operator(String),
    /// A unit of the payer's own address that no journal holds.
    #[error(
        "unit {0} was sent from the payer's address by somebody else: paying is stopped. Is the mnemonic used \
         elsewhere? Stop that first; resuming then moves every coin to a fresh address before anybody is paid"
    )]
    ForeignUnit(UnitHash),
    /// Units of the wallet were found at a start that no journal holds.
    #[error(
        "the network has units of this wallet that the database does not hold: it is new, or older than the network. \
         The wallet is being restored: every coin moves to a fresh address, and nobody is paid before that is \
         proven. Orders that one of those units may have paid are held for you"
    )]
    Restoring,
    /// A refusal that should not be possible.
    #[error("the hub refused unit {unit} in a way that needs a person: paying is stopped. It said: {answer}")]
    Refused {
        /// The unit.
        unit: UnitHash,
        /// The hub's words.
        answer: String,
    },
    /// A unit made now would not be taken, or only late.
    #[error(
        "the hub's clock and this server's are minutes apart: no unit is made until they agree; check this server's time"
    )]
    ClocksApart,
    /// Nothing left to spend.
    #[error("the payer's proven coins do not cover what is owed; {missing} more bytes are needed")]
    NotEnoughCoins {
        /// By how much.
        missing: u64,
    },
    /// The network asks for more than the ceiling allows.
    #[error(
        "the hub asks a TPS fee of {asked} bytes, above the ceiling of {ceiling}; waiting for it to fall"
    )]
    FeeAboveCeiling {
        /// What it asks.
        asked: Bytes,
        /// What is allowed for this unit.
        ceiling: Bytes,
    },
    /// What may be paid in advance within a day is used up.
    #[error(
        "TPS fees of {spent} bytes were paid in advance within the last day and the hub asks {asked} more, above \
         the {per_day} that a day may cost: payouts wait until some of it is a day old or the fee falls; to go on \
         now raise tps_fee_per_day_max"
    )]
    DailyBudgetSpent {
        /// What it asks.
        asked: Bytes,
        /// What was paid within the last day.
        spent: Bytes,
        /// What is allowed within a day.
        per_day: Bytes,
    },
    /// More was sent to an address than a hub tells.
    #[error(
        "address {address} is flooded: so much was sent there that hubs do not tell all of it; coins below {below} \
         bytes there are ignored. Send refills of more than that"
    )]
    Flooded {
        /// The address.
        address: Address,
        /// Every coin of this amount or more is found.
        below: Bytes,
    },
    /// A payee whose code would run.
    #[error(
        "{0} of the payees are autonomous agents; they are not paid: each order is parked, and its shares return"
    )]
    Agents(usize),
    /// A unit could not be composed for a reason that waiting does not mend.
    #[error("no unit can be composed: {0}")]
    CannotCompose(String),
}
