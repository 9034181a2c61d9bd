//! What can go wrong in a store.

use ledger::{BookError, EntryError, Refusal};
use obyte::UnitHash;
use obyte::unit::CoinId;
use payout::{PayoutId, SlotNo, TextcoinNo, VersionId};

use crate::{Endpoint, IdentityPart};

/// Why a store did not do what it was asked. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk is full.
    #[error("the disk of the database is full: free some space, nothing is lost")]
    DiskFull,
    /// Another process has kept the database for too long.
    #[error("the database is busy: another process has kept it locked for too long, repeat later")]
    Busy,
    /// The file cannot be read or written.
    #[error("the database cannot be read or written: {0}")]
    Io(String),
    /// The file is damaged, or no database at all.
    #[error("the database is damaged ({0}): stop the server and restore the newest backup")]
    Corrupt(String),
    /// A row holds what it cannot hold.
    #[error("row {row} of {table} is damaged in column {column}: {why}")]
    BadRow {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// What identifies the row.
        row: String,
        /// What is wrong, without the value.
        why: String,
    },
    /// The database was written by a newer version of this software.
    #[error(
        "the database has version {found}, this program knows versions up to {known}: use a newer program"
    )]
    TooNew {
        /// The version of the database.
        found: u32,
        /// The newest known version.
        known: u32,
    },
    /// The balances are not those of a book.
    #[error("the book of endpoint {endpoint} is damaged: {source}")]
    BadBook {
        /// Whose book.
        endpoint: Endpoint,
        /// What is wrong.
        source: BookError,
    },
    /// The endpoint is bound to something else.
    #[error(
        "the {part} of endpoint {endpoint} is another than this database was made for: use the right data directory or wallet"
    )]
    OtherIdentity {
        /// The endpoint.
        endpoint: Endpoint,
        /// What is different.
        part: IdentityPart,
    },
    /// Another process pays for the endpoint.
    #[error("another process pays for endpoint {0} already: stop it first")]
    PaidElsewhere(Endpoint),
    /// Another process has taken the right to pay from this one.
    #[error(
        "another process has begun to pay for endpoint {0}, so this one pays no more: find out why there are two, stop one, and start this one again if it is to pay"
    )]
    Superseded(Endpoint),
    /// There is no such thing.
    #[error("there is no such {0}")]
    Unknown(Thing),
    /// There is such a thing already.
    #[error("there is such a {0} already")]
    Taken(Thing),
    /// A text with the character U+0000, which not every database keeps.
    #[error("a text to be stored holds the character U+0000")]
    NulInText,
    /// The event cannot be booked.
    #[error("the event cannot be booked: {0}")]
    Unbookable(#[from] EntryError),
    /// An account does not hold enough for an event that should be booked.
    #[error("the event is not booked: {0}")]
    Overdraft(#[from] Refusal),
    /// What the payer wants to keep breaks an invariant.
    #[error("the payer's change is refused, paying must stop: {0}")]
    Violation(#[from] Violation),
    /// Another change of the same transaction failed so badly that all of them were undone.
    #[error("the transaction was given up because another change in it failed: repeat it")]
    GivenUp,
    /// The store was shut down.
    #[error("the store was shut down")]
    Closed,
    /// Anything else that the database refuses.
    #[error("the database refuses: {0}")]
    Database(String),
}

/// A kind of thing with a name of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    /// A partner.
    Partner,
    /// A key of a partner.
    Key,
    /// A purchase.
    Purchase,
    /// A merchant of a payment processor.
    Merchant,
    /// A deposit address.
    DepositAddress,
    /// A correction of a mailbox that waits.
    Correction,
}

impl std::fmt::Display for Thing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Partner => "partner",
            Self::Key => "partner key",
            Self::Purchase => "purchase",
            Self::Merchant => "merchant",
            Self::DepositAddress => "deposit address",
            Self::Correction => "correction that waits",
        })
    }
}

/// An invariant of paying that a change would break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// Slots are numbered without gaps.
    #[error("the next slot is {expected}, not {found}")]
    SlotNumber {
        /// The number of the next slot.
        expected: SlotNo,
        /// What the change says.
        found: SlotNo,
    },
    /// The slot is settled, dead, or was never opened.
    #[error("slot {0} is not open")]
    NotOpen(SlotNo),
    /// Versions of a slot are numbered without gaps.
    #[error("version {found} is not the next of its slot, that is {expected}")]
    VersionNumber {
        /// The next version of the slot.
        expected: VersionId,
        /// What the change says.
        found: VersionId,
    },
    /// A unit is called foreign that the journal holds.
    #[error("unit {0} is in the journal, and is called foreign")]
    NotForeign(UnitHash),
    /// A coin is called lost that is not free, nor the end of the line.
    #[error("coin {0:?} is called lost, and is not free")]
    NotHeld(CoinId),
    /// A slot opens with exactly one version.
    #[error("slot {0} does not open with one version")]
    NotOneVersion(SlotNo),
    /// There is no such version.
    #[error("there is no version {0}")]
    NoVersion(VersionId),
    /// The version is not what the store holds under this number.
    #[error("version {0} is another one in the store")]
    OtherVersion(VersionId),
    /// A new version has no answer of any hub yet.
    #[error("version {0} is new but was answered already")]
    NotNew(VersionId),
    /// Final and dead are for ever, and only a settlement makes a version final.
    #[error("the answer to version {0} contradicts a proof, or stands for one")]
    AgainstProof(VersionId),
    /// The anchor is neither a proven coin that nothing spends, nor the change of the slot before.
    #[error("the anchor of slot {0} is not one that it may spend")]
    ForeignAnchor(SlotNo),
    /// Every version of a slot spends its anchor, first of all inputs; so at most one can become good.
    #[error("version {0} does not spend the anchor of its slot")]
    AnchorNotSpent(VersionId),
    /// An input is no proven coin, or another open slot spends it, or a settled one has spent it.
    #[error("version {version} spends a coin that it may not spend: {coin}")]
    ForeignCoin {
        /// The version.
        version: VersionId,
        /// The coin.
        coin: CoinId,
    },
    /// A unit is journaled once.
    #[error("unit {0} is in the journal already")]
    RepeatedUnit(UnitHash),
    /// The payout is not owed at this endpoint, or its amount, address or time are others.
    #[error("payout {0} is not owed so")]
    NotOwed(PayoutId),
    /// A textcoin is to be an output and has no number.
    #[error("the textcoin of payout {0} has no number")]
    NotIssued(PayoutId),
    /// The number of a textcoin was given before, or is of another generation.
    #[error("textcoin {0} is not free to be given")]
    TextcoinGiven(TextcoinNo),
    /// There is no textcoin with this number that a hub has accepted.
    #[error("there is no textcoin {0}")]
    NoTextcoin(TextcoinNo),
    /// The textcoin is proven claimed or taken back, otherwise than is said now.
    #[error("textcoin {0} has ended otherwise")]
    TextcoinEnded(TextcoinNo),
    /// A payout is to give the cashback of a purchase anew that is not proven taken back.
    #[error("payout {0} gives a cashback anew that is not proven taken back")]
    NotTakenBack(PayoutId),
    /// A unit that takes a textcoin back is not as it must be.
    #[error("the unit that takes back textcoin {0} is not kept: {1}")]
    BadSweep(TextcoinNo, &'static str),
    /// The payout is not in the queue: another slot holds it, or it is paid.
    #[error("payout {0} is not in the queue")]
    NotQueued(PayoutId),
    /// The version pays a payout that its slot does not hold.
    #[error("version {version} pays payout {payout}, which its slot does not hold")]
    NotInSlot {
        /// The version.
        version: VersionId,
        /// The payout.
        payout: PayoutId,
    },
    /// The version does not pay a payout that was just assigned to its slot with it.
    #[error("version {version} does not pay payout {payout}, for which it was made")]
    NotPaid {
        /// The version.
        version: VersionId,
        /// The payout.
        payout: PayoutId,
    },
    /// A payout has one output in a unit, and an output pays one payout.
    #[error("two outputs of version {0} are the same")]
    RepeatedOutput(VersionId),
    /// Inputs are not outputs, change and fees together.
    #[error("the amounts of version {0} do not add up")]
    Unbalanced(VersionId),
    /// The unit's own outputs are not those that the version claims.
    #[error("the unit of version {0} does not pay what the version claims")]
    OtherUnit(VersionId),
    /// Paid and freed are not the payouts of the slot, parted by what the good version pays.
    #[error("the settlement of slot {0} does not part its payouts as its versions do")]
    WrongParting(SlotNo),
    /// More is to stay set aside than was.
    #[error("the settlement of slot {0} keeps more than its payouts had set aside")]
    KeptTooMuch(SlotNo),
    /// The coins spent, or the change, are not those of the version.
    #[error("the settlement of slot {0} moves other coins than its version")]
    WrongCoins(SlotNo),
    /// The slot chains on a version that is dead now, and must die too; or is said to have died while its
    /// anchor lives.
    #[error("slot {0} does not live and die with its anchor")]
    WrongLife(SlotNo),
    /// The coin is the payer's own change, not money from outside.
    #[error("coin {0} is the payer's own, it is not credited")]
    OwnCoin(CoinId),
    /// The coin was credited before, with another amount or address.
    #[error("coin {0} was credited before as another")]
    OtherCoin(CoinId),
}
