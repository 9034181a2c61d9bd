//! Bytes that leave again: a deposit to its partner, or a part of the fund to the operator.
//!
//! A withdrawal is owed like cashback until it is proven paid, and its network fees are set aside from the fund
//! like those of any payout. It ends in an account of its own, so that what was paid stays what customers got.

use obyte::Bytes;

use crate::events::credited;
use crate::{Account, Cause, Entry, EntryError, PartnerId, PayoutNumber, Transfer};

/// Whose bytes are withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purse {
    /// The distribution fund.
    Fund,
    /// The deposit of a partner.
    Deposit(PartnerId),
}

impl Purse {
    /// Where they stand in the book.
    pub const fn account(self) -> Account {
        match self {
            Self::Fund => Account::Fund,
            Self::Deposit(partner) => Account::Deposit(partner),
        }
    }
}

/// What is set aside when a withdrawal is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// Whose bytes they are.
    pub purse: Purse,
    /// How many leave.
    pub amount: Bytes,
    /// From the fund: set aside for the network fees of the payout.
    pub fee_reserve: Bytes,
}

/// A withdrawal is accepted: from here on it is owed.
///
/// # Errors
/// [`EntryError::Empty`] if neither amount nor reserve hold any bytes.
pub fn withdrawal_accepted(payout: PayoutNumber, withdrawal: &Withdrawal) -> Result<Entry, EntryError> {
    let Withdrawal { purse, amount, fee_reserve } = *withdrawal;
    let transfers = [
        Transfer::new(purse.account(), Account::Owed, amount),
        Transfer::new(Account::Fund, Account::FeeReserve, fee_reserve),
    ];
    Entry::of_transfers(Cause::WithdrawalAccepted(payout), &transfers)
}

/// A withdrawal that was accepted will never be paid: all of it returns. A deposit is credited anew, so what its
/// partner has come to owe in between (`receivable`, of this moment) is settled first.
///
/// # Errors
/// As [`withdrawal_accepted`].
pub fn withdrawal_cancelled(
    payout: PayoutNumber,
    withdrawal: &Withdrawal,
    receivable: Bytes,
) -> Result<Entry, EntryError> {
    let Withdrawal { purse, amount, fee_reserve } = *withdrawal;
    let mut transfers = vec![Transfer::new(Account::FeeReserve, Account::Fund, fee_reserve)];
    match purse {
        Purse::Fund => transfers.push(Transfer::new(Account::Owed, Account::Fund, amount)),
        Purse::Deposit(partner) => transfers.extend(credited(Account::Owed, partner, amount, receivable)),
    }
    Entry::of_transfers(Cause::WithdrawalCancelled(payout), &transfers)
}
