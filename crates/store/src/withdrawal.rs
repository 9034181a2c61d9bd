//! Deposits and parts of the fund that leave the wallet again.
//!
//! A withdrawal is a payout like any other, named by an id that is claimed for ever, so that repeating the command
//! changes nothing. A deposit goes only to the address that its partner has registered.

use async_trait::async_trait;
use ledger::{CommandId, PartnerId, Purse};
use obyte::{Address, Bytes};
use payout::{Payout, SlotNo, Timestamp};

use crate::{AnsweredUnit, Endpoint, PayoutState, StoreError};

/// What is to leave, and where to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WithdrawalOrder {
    /// Names it.
    pub command: CommandId,
    /// Whose bytes.
    pub from: WithdrawalFrom,
    /// How many; above zero.
    pub amount: Bytes,
    /// When.
    pub at: Timestamp,
}

/// Whose bytes leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WithdrawalFrom {
    /// Of the fund, to this address.
    Fund {
        /// Where to.
        to: Address,
    },
    /// Of the deposit of a partner, to its registered address.
    Deposit(PartnerId),
}

impl WithdrawalFrom {
    /// Where the bytes stand in the book.
    pub const fn purse(self) -> Purse {
        match self {
            Self::Fund { .. } => Purse::Fund,
            Self::Deposit(partner) => Purse::Deposit(partner),
        }
    }
}

/// What became of a [`WithdrawalOrder`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WithdrawalVerdict {
    /// It is owed from here on, and queued; or held, since a unit that the book does not know may have paid it.
    Accepted(Box<WithdrawalRecord>),
    /// The same was accepted before. Nothing has changed; this is how it stands.
    Replay(Box<WithdrawalRecord>),
    /// The id was used for another purse, amount or address. Nothing has changed.
    Conflict(Box<WithdrawalRecord>),
    /// The partner has registered no address. Nothing has changed.
    NoAddress,
    /// The address is one of this server's. Nothing has changed.
    OwnAddress,
    /// No server has run here, so it is not known what is to be set aside. Nothing has changed.
    NeverServed,
    /// There is less to withdraw. Nothing has changed.
    TooLow {
        /// So much could be withdrawn: of a deposit what its partner does not owe; of the fund what neither its
        /// reserve nor the network fees need.
        available: Bytes,
    },
    /// The fund does not hold what is to be set aside for network fees. Nothing has changed.
    FeesTooLow {
        /// How much it lacks.
        missing: Bytes,
    },
}

/// A withdrawal that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WithdrawalRecord {
    /// What names it.
    pub command: CommandId,
    /// Whose bytes.
    pub purse: Purse,
    /// What leaves, and where to.
    pub payout: Payout,
    /// What was set aside for network fees.
    pub fee_reserve: Bytes,
    /// Where it stands.
    pub state: PayoutState,
    /// The unit to tell, once a hub has accepted one.
    pub answered: Option<AnsweredUnit>,
    /// The slots with a version that pays it, oldest first.
    pub slots: Vec<SlotNo>,
}

/// What became of a release or a rejection of a withdrawal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WithdrawalReviewed {
    /// It is done; this is how it stands now.
    Done(Box<WithdrawalRecord>),
    /// It is not held: nothing has changed. This is how it stands.
    NotHeld(Box<WithdrawalRecord>),
    /// There is no such withdrawal.
    Unknown,
}

/// What became of an address that was to be registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressVerdict {
    /// It holds from here on.
    Registered,
    /// It held before. Nothing has changed.
    Unchanged,
    /// It is one of this server's. Nothing has changed.
    Own,
}

/// An address to which a partner's deposit may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WithdrawalAddress {
    /// The address.
    pub address: Address,
    /// Since when.
    pub since: Timestamp,
}

/// How the server that was started last is configured, for commands beside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Provisions {
    /// What is set aside for the network fees of one payout.
    pub fee_reserve: Bytes,
    /// What never leaves the fund, but for the network fees of withdrawn deposits.
    pub fund_reserve: Bytes,
    /// Below this the fund is low; never without it.
    pub low_fund: Option<Bytes>,
    /// Below this a partner's deposit is low; never without it.
    pub low_deposit: Option<Bytes>,
    /// How often the mail of a textcoin is sent once more within 24 hours; nothing where no mails are sent.
    pub resends_per_day: Option<u32>,
}

/// Lets bytes leave the wallet again.
#[async_trait]
pub trait Withdrawals: Send + Sync {
    /// Accepts a withdrawal, or says why not: claims its id, sets its amount and a fee reserve aside, and queues its
    /// payout. The payer finds it among its [`Wishes`](crate::Wishes).
    ///
    /// # Errors
    /// [`StoreError::Unknown`] for the partner, [`StoreError::Unbookable`] for no bytes.
    async fn withdraw(
        &self,
        endpoint: Endpoint,
        order: WithdrawalOrder,
    ) -> Result<WithdrawalVerdict, StoreError>;

    /// What was withdrawn of a purse, or of all, in the order in which it was accepted.
    async fn withdrawals(
        &self,
        endpoint: Endpoint,
        of: Option<Purse>,
    ) -> Result<Vec<WithdrawalRecord>, StoreError>;

    /// The withdrawal that a payout is for.
    async fn withdrawal_of(
        &self,
        endpoint: Endpoint,
        payout: payout::PayoutId,
    ) -> Result<Option<WithdrawalRecord>, StoreError>;

    /// Lets a held withdrawal be paid.
    async fn release_withdrawal(
        &self,
        endpoint: Endpoint,
        command: &CommandId,
        at: Timestamp,
    ) -> Result<WithdrawalReviewed, StoreError>;

    /// Has a held withdrawal never be paid: the operator says that a unit that the book does not know has paid it.
    async fn reject_withdrawal(
        &self,
        endpoint: Endpoint,
        command: &CommandId,
        at: Timestamp,
    ) -> Result<WithdrawalReviewed, StoreError>;

    /// Registers where the deposit of a partner may go, from here on.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] for the partner.
    async fn register_address(
        &self,
        endpoint: Endpoint,
        partner: PartnerId,
        address: Address,
        at: Timestamp,
    ) -> Result<AddressVerdict, StoreError>;

    /// All addresses that a partner has ever registered, oldest first; the last one holds.
    async fn registered_addresses(
        &self,
        endpoint: Endpoint,
        partner: PartnerId,
    ) -> Result<Vec<WithdrawalAddress>, StoreError>;

    /// Keeps how a server that starts is configured.
    async fn keep_provisions(&self, endpoint: Endpoint, provisions: Provisions) -> Result<(), StoreError>;

    /// How the server that was started last is configured, if there ever was one.
    async fn provisions(&self, endpoint: Endpoint) -> Result<Option<Provisions>, StoreError>;
}
