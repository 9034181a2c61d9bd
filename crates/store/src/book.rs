//! The book of an endpoint as it is written down.

use std::fmt;

use ledger::{Account, CommandId, Entry, PartnerId, SignedBytes};
use obyte::Bytes;
use payout::Timestamp;

/// The number of an entry; later entries have higher numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(i64);

impl EntryId {
    /// The entry with this number.
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> i64 {
        self.0
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An entry of the book.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookedEntry {
    /// Its number.
    pub id: EntryId,
    /// When it was booked.
    pub at: Timestamp,
    /// What was booked, and what for.
    pub entry: Entry,
    /// What the operator said to it; empty for what happens by itself.
    pub note: String,
}

/// Bytes of the fund that an operator books as a partner's deposit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DepositOrder {
    /// Names the command, so that repeating it books nothing.
    pub command: CommandId,
    /// Whose deposit.
    pub partner: PartnerId,
    /// How much; above zero.
    pub amount: Bytes,
    /// What for, in the operator's words, without U+0000.
    pub note: String,
    /// When.
    pub at: Timestamp,
}

/// What became of a [`DepositOrder`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DepositVerdict {
    /// It is booked.
    Booked,
    /// The same command was booked before, for the same partner and amount. Nothing has changed.
    Replay,
    /// The command was booked before, for another partner or amount. Nothing has changed.
    Conflict,
    /// The fund does not hold enough. Nothing has changed.
    FundTooLow {
        /// How much it lacks.
        missing: Bytes,
    },
}

/// What a full reading of a book found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BookCheck {
    /// How many entries were read.
    pub entries: u64,
    /// Entries whose postings do not sum to zero, or that have none.
    pub unbalanced: Vec<EntryId>,
    /// Accounts whose balance is not the sum of their postings.
    pub differences: Vec<Difference>,
    /// Accounts whose balance is below zero and must not be.
    pub below_zero: Vec<Account>,
}

/// An account whose balance is not the sum of its postings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The account.
    pub account: Account,
    /// The sum of its postings.
    pub posted: i128,
    /// The balance as it is kept.
    pub kept: SignedBytes,
}

impl BookCheck {
    /// Whether nothing is wrong.
    pub fn is_sound(&self) -> bool {
        self.unbalanced.is_empty() && self.differences.is_empty() && self.below_zero.is_empty()
    }
}
