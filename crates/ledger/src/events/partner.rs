//! What happens between the fund and a partner: deposits, and purchases that were returned.
//!
//! A returned purchase is charged to the partner: its deposit pays what it can, and for the rest the partner
//! owes the fund a *receivable*, which is no coins. Whatever is credited to the partner later settles its
//! receivable first ([`credited`]). So a partner stands better by exactly what it was credited with, and worse
//! by exactly what it was charged, in whichever order both happen.

use obyte::Bytes;

use crate::{Account, Cause, CommandId, Entry, EntryError, PartnerId, PayoutNumber, Transfer};

/// Bytes of the account `from` become the partner's: they settle its `receivable` first, in favour of the
/// fund, and the rest is its deposit. For every event that credits a partner.
pub fn credited(from: Account, partner: PartnerId, amount: Bytes, receivable: Bytes) -> [Transfer; 3] {
    let settled = amount.min(receivable);
    [
        Transfer::new(from, Account::Deposit(partner), amount.saturating_sub(settled)),
        Transfer::new(from, Account::Fund, settled),
        Transfer::new(Account::Receivable(partner), Account::RefundClaims, settled),
    ]
}

/// An operator books bytes that already arrived at the fund address as a partner's deposit. `receivable` is
/// what the partner owes at this moment.
///
/// They came from the partner then, so the sources are corrected as well.
///
/// # Errors
/// [`EntryError::Empty`] for no bytes.
pub fn deposit_booked(
    command: CommandId,
    partner: PartnerId,
    amount: Bytes,
    receivable: Bytes,
) -> Result<Entry, EntryError> {
    let [deposit, fund, settled] = credited(Account::Fund, partner, amount, receivable);
    let sources = Transfer::new(Account::DepositsReceived, Account::OperatorTopUps, amount);
    Entry::of_transfers(Cause::DepositBooked(command), &[deposit, fund, settled, sources])
}

/// Whose deposit an entry of [`deposit_booked`] has booked, and how much, whatever was settled with it.
/// Nothing for other entries.
pub fn deposit_in(entry: &Entry) -> Option<(PartnerId, Bytes)> {
    let Cause::DepositBooked(_) = entry.cause() else { return None };
    let partner = entry.postings().iter().find_map(|posting| match posting.account {
        Account::Deposit(partner) | Account::Receivable(partner) => Some(partner),
        _ => None,
    })?;
    let taken = entry.change(Account::DepositsReceived).get().checked_neg()?;
    Some((partner, Bytes::try_from(taken).ok()?))
}

/// A purchase was returned: its partner is charged `claim`, what it holds as `deposit` at this moment first.
/// The customer keeps the cashback.
///
/// # Errors
/// [`EntryError::Empty`] for no bytes: then there is nothing to book.
pub fn purchase_refunded(
    payout: PayoutNumber,
    partner: PartnerId,
    claim: Bytes,
    deposit: Bytes,
) -> Result<Entry, EntryError> {
    let paid = claim.min(deposit);
    let transfers = [
        Transfer::new(Account::Deposit(partner), Account::Fund, paid),
        Transfer::new(Account::RefundClaims, Account::Receivable(partner), claim.saturating_sub(paid)),
    ];
    Entry::of_transfers(Cause::PurchaseRefunded(payout), &transfers)
}

/// The cashback of a returned purchase is never paid after all, so the partner gets back what it was charged:
/// what it owes at this moment (`receivable`) is forgotten first, the rest returns to its deposit.
///
/// # Errors
/// [`EntryError::Empty`] for no bytes: then there is nothing to book.
pub fn refund_undone(
    payout: PayoutNumber,
    partner: PartnerId,
    claim: Bytes,
    receivable: Bytes,
) -> Result<Entry, EntryError> {
    Entry::of_transfers(Cause::RefundUndone(payout), &credited(Account::Fund, partner, claim, receivable))
}
