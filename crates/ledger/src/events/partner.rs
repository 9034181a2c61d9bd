//! What happens between the fund and a partner: deposits, and purchases that were returned.
//!
//! A returned purchase is charged to the partner: its deposit pays what it can, and for the rest the partner
//! owes the fund a *receivable*, which is no coins. Whatever is credited to the partner later settles its
//! receivable first ([`credited`]). So a partner stands better by exactly what it was credited with, and worse
//! by exactly what it was charged, in whichever order both happen.

use obyte::Bytes;

use crate::{Account, Cause, CommandId, Entry, EntryError, OutputRef, PartnerId, PayoutNumber, Transfer};

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

/// Bytes of a partner arrived at its deposit address. A part of them, at most all, is set aside for the fees of
/// spending this coin: by the fund, as far as it holds as much, otherwise out of the deposit. `fund` and
/// `receivable` are what stands there at this moment.
///
/// # Errors
/// [`EntryError::Empty`] for no bytes.
pub fn deposit_received(
    output: OutputRef,
    partner: PartnerId,
    amount: Bytes,
    reserve: Bytes,
    fund: Bytes,
    receivable: Bytes,
) -> Result<Entry, EntryError> {
    let reserve = reserve.min(amount);
    let by_fund = reserve.min(fund);
    let by_partner = reserve.saturating_sub(by_fund);
    let rest = amount.saturating_sub(by_partner);
    let [deposit, settled, claims] = credited(Account::DepositsReceived, partner, rest, receivable);
    let by_fund = Transfer::new(Account::Fund, Account::FeeReserve, by_fund);
    let by_partner = Transfer::new(Account::DepositsReceived, Account::FeeReserve, by_partner);
    Entry::of_transfers(Cause::DepositReceived(output), &[deposit, settled, claims, by_fund, by_partner])
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
