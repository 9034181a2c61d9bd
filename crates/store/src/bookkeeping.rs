//! What an auditor and a bookkeeper read, and where the last audit ended.

use std::collections::BTreeSet;

use async_trait::async_trait;
use ledger::{Account, Cause, SignedBytes};
use obyte::compose::Coin;
use obyte::{Address, Bytes, UnitHash};
use payout::{Fees, SlotNo, TextcoinNo, Timestamp};
use tokio::sync::mpsc;

use crate::{Difference, Endpoint, EntryId, Identity, PurchaseKey, StoreError};

/// So many faults are listed; the rest is counted.
pub const FAULTS_MAX: usize = 1_000;

/// Something in the books of an endpoint that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BookFault {
    /// An entry of an unknown cause or account, or with a posting that cannot be.
    #[error("entry {entry} cannot be read: {why}")]
    Unreadable {
        /// The entry.
        entry: EntryId,
        /// Why.
        why: String,
    },
    /// The postings of an entry do not sum to zero, or there are none.
    #[error("entry {entry} does not balance")]
    Unbalanced {
        /// The entry.
        entry: EntryId,
    },
    /// A guarded account is below zero with an entry.
    #[error("with entry {entry} the account {account} goes below zero, to {balance}")]
    Overdrawn {
        /// The entry.
        entry: EntryId,
        /// The account.
        account: Account,
        /// Its balance then.
        balance: i128,
    },
    /// An entry of something that has not happened.
    #[error("entry {entry} ({cause}) is for nothing that has happened")]
    Groundless {
        /// The entry.
        entry: EntryId,
        /// What it says.
        cause: Cause,
    },
    /// An entry has other postings than what has happened demands.
    #[error("entry {entry} ({cause}) books other amounts than the rows say")]
    OtherAmounts {
        /// The entry.
        entry: EntryId,
        /// What it is for.
        cause: Cause,
    },
    /// Something is booked more than once.
    #[error("{cause} is booked {times} times")]
    Doubled {
        /// The code of its cause.
        cause: String,
        /// How often.
        times: u64,
    },
    /// Something has happened that is not booked.
    #[error("no entry for {cause}")]
    NotBooked {
        /// The code of its cause.
        cause: String,
    },
    /// A payout goes to another address than its purchase says.
    #[error("payout {payout} goes to another address than its purchase names")]
    OtherAddress {
        /// Its number.
        payout: i64,
    },
    /// A payout is not the sum of its shares.
    #[error("payout {payout} is not the sum of the shares of its purchase")]
    OtherSum {
        /// Its number.
        payout: i64,
    },
    /// A payout gives the cashback of a purchase anew that is given already.
    #[error(
        "payout {payout} gives the cashback of its purchase anew, without a correction, or without proof that all was taken back before"
    )]
    GivenTwice {
        /// Its number.
        payout: i64,
    },
    /// A payout counts as paid, but the good unit of its slot does not pay it.
    #[error("payout {payout} counts as paid, but the unit of its slot does not pay it")]
    NotPaid {
        /// Its number.
        payout: i64,
    },
    /// A good unit pays a payout that belongs elsewhere: it may be paid twice.
    #[error("payout {payout} is paid by the unit of slot {slot}, to which it does not belong")]
    PaidElsewhere {
        /// Its number.
        payout: i64,
        /// The slot.
        slot: SlotNo,
    },
    /// A good unit pays a payout more than once.
    #[error("payout {payout} is paid {times} times by the unit of slot {slot}")]
    PaidTwice {
        /// Its number.
        payout: i64,
        /// The slot.
        slot: SlotNo,
        /// How often.
        times: u64,
    },
    /// A kept balance is not the sum of its postings.
    #[error("account {} is kept as {}, but its postings sum to {}", .0.account, .0.kept, .0.posted)]
    Balance(Difference),
    /// A guarded account is below zero.
    #[error("account {0} is below zero")]
    BelowZero(Account),
    /// What partners owe is not what is claimed.
    #[error("receivables and refund claims sum to {0} instead of zero")]
    Claims(i128),
    /// A row is damaged.
    #[error("{0}")]
    Damaged(String),
}

/// What an audit of the books has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BookAudit {
    /// How many entries were read.
    pub entries: u64,
    /// How many purchases were compared with their entries.
    pub purchases: u64,
    /// How many settled units were.
    pub units: u64,
    /// What is wrong, at most [`FAULTS_MAX`].
    pub faults: Vec<BookFault>,
    /// How many faults more.
    pub more: u64,
}

impl BookAudit {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.faults.is_empty()
    }
}

/// Up to where an endpoint was compared with its network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuditMark {
    /// All slots below were closed.
    pub next_slot: u64,
    /// All coins up to this number.
    pub last_coin: i64,
    /// All textcoins that ended up to this one, in the order in which they ended.
    pub last_textcoin: i64,
    /// What was stable then, as a hub said.
    pub main_chain_index: u64,
    /// When.
    pub at: Timestamp,
}

/// A payout as a good unit must carry it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaidTo {
    /// Its number.
    pub payout: i64,
    /// Where in the unit.
    pub output_index: u32,
    /// To whom.
    pub address: Address,
    /// How much.
    pub amount: Bytes,
}

/// A unit of the wallet that is good for ever, as the journal and the book have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettledUnit {
    /// Its slot.
    pub slot: SlotNo,
    /// Its hash.
    pub unit: UnitHash,
    /// What it spends.
    pub inputs: Vec<Coin>,
    /// Whom it pays.
    pub paid: Vec<PaidTo>,
    /// What comes back.
    pub change: Coin,
    /// What it costs.
    pub fees: Fees,
}

/// A textcoin that is proven claimed or taken back, as the book has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedTextcoin {
    /// Its number.
    pub no: TextcoinNo,
    /// Its payout; nothing for one that a unit of a lost database gave.
    pub payout: Option<i64>,
    /// The coin that was given.
    pub coin: Coin,
    /// The unit that spends it.
    pub unit: UnitHash,
    /// Whether somebody claimed it; otherwise it was taken back.
    pub claimed: bool,
}

/// What is to be compared with the network, all of one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditTask {
    /// Units that were settled since the mark.
    pub units: Vec<SettledUnit>,
    /// Coins from outside that were credited since the mark.
    pub coins: Vec<Coin>,
    /// Textcoins that ended since the mark.
    pub ended: Vec<EndedTextcoin>,
    /// The coins of textcoins that are given and have not ended.
    pub textcoins: Vec<Coin>,
    /// All addresses of the wallet that the journal knows.
    pub addresses: Vec<Address>,
    /// Units of the wallet that no journal held, and that are known since it was restored.
    pub foreign: BTreeSet<UnitHash>,
    /// The next mark, but for the index and the time.
    pub next: AuditMark,
}

/// Whose statement, and of which time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementQuery {
    /// The accounts that are its columns.
    pub accounts: Vec<Account>,
    /// From this moment on.
    pub from: Timestamp,
    /// Up to this moment, which no more belongs to it.
    pub until: Timestamp,
}

/// One entry in a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementLine {
    /// Its number.
    pub entry: EntryId,
    /// When it was booked.
    pub at: Timestamp,
    /// What for.
    pub cause: Cause,
    /// The purchase that it is about.
    pub purchase: Option<PurchaseKey>,
    /// What the operator said to it.
    pub note: String,
    /// What changed, account by account as they were asked for.
    pub changes: Vec<SignedBytes>,
}

/// A part of a statement. The opening balances come first, then the lines in the order in which they were booked,
/// at last the closing balances: opening plus changes is closing. Balances are in the order of the query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatementPart {
    /// The balances before.
    Opening(Vec<SignedBytes>),
    /// An entry.
    Line(StatementLine),
    /// The balances behind, summed up apart from the lines.
    Closing(Vec<SignedBytes>),
}

/// Reads the books whole. Each reading sees one moment, and holds up nobody who writes.
#[async_trait]
pub trait Bookkeeping: Send + Sync {
    /// Compares every entry of an endpoint with what has happened, and all that has happened with the entries.
    async fn audit_book(&self, endpoint: Endpoint) -> Result<BookAudit, StoreError>;

    /// What an endpoint is tied to, once it was started.
    async fn identity(&self, endpoint: Endpoint) -> Result<Option<Identity>, StoreError>;

    /// Where the last audit of the network without a fault ended.
    async fn audit_mark(&self, endpoint: Endpoint) -> Result<AuditMark, StoreError>;

    /// Keeps where an audit of the network without a fault has ended.
    async fn keep_audit_mark(&self, endpoint: Endpoint, mark: AuditMark) -> Result<(), StoreError>;

    /// What there is to compare with the network behind a mark.
    async fn audit_task(&self, endpoint: Endpoint, mark: AuditMark) -> Result<AuditTask, StoreError>;

    /// Which of these units an endpoint knows: the journal holds them, or they brought coins that are credited.
    async fn journaled(
        &self,
        endpoint: Endpoint,
        units: Vec<UnitHash>,
    ) -> Result<BTreeSet<UnitHash>, StoreError>;

    /// Hands on what happened to some accounts, part by part, so that it is never in memory whole. It ends early
    /// where nobody takes the parts any more.
    async fn statement(
        &self,
        endpoint: Endpoint,
        query: StatementQuery,
        parts: mpsc::Sender<StatementPart>,
    ) -> Result<(), StoreError>;
}
