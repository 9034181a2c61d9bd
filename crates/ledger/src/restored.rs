//! What is booked when a wallet is restored: units that the book does not know have spent its coins and made
//! others.
//!
//! While the wallet is restored [`Account::Missing`] is the balance of coins that are gone and coins that were found.
//! When all is known the fund gets what was found beyond that, or makes up for what is missing, as far as it can; then
//! refills and the orders that such units paid make up for the rest.

use obyte::Bytes;

use crate::events::{Acceptance, credited};
use crate::{Account, Cause, Entry, EntryError, OutputRef, PartnerId, PayoutNumber, Transfer};

/// A coin that the book counted on is spent by a unit that the book does not know. What was set aside for
/// spending it makes up for a part of it.
///
/// # Errors
/// [`EntryError::Empty`] for no bytes.
pub fn coin_lost(output: OutputRef, amount: Bytes, reserve: Bytes) -> Result<Entry, EntryError> {
    let transfers = [
        Transfer::new(Account::Missing, Account::Elsewhere, amount),
        Transfer::new(Account::FeeReserve, Account::Missing, reserve.min(amount)),
    ];
    Entry::of_transfers(Cause::CoinLost(output), &transfers)
}

/// A unit that the book does not know made a coin of the wallet.
///
/// # Errors
/// [`EntryError::Empty`] for no bytes.
pub fn coin_found(output: OutputRef, amount: Bytes) -> Result<Entry, EntryError> {
    let transfer = Transfer::new(Account::Elsewhere, Account::Missing, amount);
    Entry::of_transfers(Cause::CoinFound(output), &[transfer])
}

/// Nothing is missing: more was found, which is the fund's.
///
/// # Errors
/// [`EntryError::Empty`] for no bytes.
pub fn surplus_found(number: u64, amount: Bytes) -> Result<Entry, EntryError> {
    let transfer = Transfer::new(Account::Missing, Account::Fund, amount);
    Entry::of_transfers(Cause::SurplusFound(number), &[transfer])
}

/// The fund makes up for what is missing, as far as it can.
///
/// # Errors
/// [`EntryError::Empty`] for no bytes.
pub fn missing_covered(number: u64, amount: Bytes) -> Result<Entry, EntryError> {
    let transfer = Transfer::new(Account::Fund, Account::Missing, amount);
    Entry::of_transfers(Cause::MissingCovered(number), &[transfer])
}

/// What is owed was paid by a unit that the book does not know: so much of what is `missing` is explained. What
/// the fund had made up for is the fund's again, and the reserve. `acceptance` is what was booked when the
/// purchase was accepted.
///
/// # Errors
/// [`EntryError::Empty`] if neither shares nor a reserve hold any bytes.
pub fn paid_elsewhere(
    payout: PayoutNumber,
    acceptance: &Acceptance,
    missing: Bytes,
) -> Result<Entry, EntryError> {
    let shares = [acceptance.base, acceptance.partner_share, acceptance.matched];
    let owed = Bytes::checked_sum(shares).ok_or(EntryError::TooLarge)?;
    let explained = owed.min(missing);
    let transfers = [
        Transfer::new(Account::Owed, Account::Missing, explained),
        Transfer::new(Account::Owed, Account::Fund, owed.saturating_sub(explained)),
        Transfer::new(Account::FeeReserve, Account::Fund, acceptance.fee_reserve),
    ];
    Entry::of_transfers(Cause::PaidElsewhere(payout), &transfers)
}

/// What returns to a partner with a textcoin: its share of an order that counts as paid by the unit that gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShareBack {
    /// Whose order it was.
    pub partner: PartnerId,
    /// What the deposit gave to it.
    pub share: Bytes,
    /// What the partner owes at this moment, which is settled first.
    pub receivable: Bytes,
}

/// A textcoin came back that a unit which the book does not know had given: `amount` of it. The bytes counted as gone
/// when the wallet was restored, and the fund has made up for them, so they are the fund's, and so is what is set aside
/// of them for spending the coin (`reserve`); but for the share of a partner, as far as it came back.
///
/// # Errors
/// [`EntryError::Empty`] for no bytes.
pub fn textcoin_found(
    output: OutputRef,
    amount: Bytes,
    reserve: Bytes,
    back: Option<ShareBack>,
) -> Result<Entry, EntryError> {
    let share = back.map_or(Bytes::ZERO, |back| back.share.min(amount));
    let to_fund = amount.saturating_sub(share);
    let reserve = reserve.min(to_fund);
    let mut transfers = vec![
        Transfer::new(Account::Elsewhere, Account::FeeReserve, reserve),
        Transfer::new(Account::Elsewhere, Account::Fund, to_fund.saturating_sub(reserve)),
    ];
    if let Some(ShareBack { partner, receivable, .. }) = back {
        transfers.extend(credited(Account::Elsewhere, partner, share, receivable));
    }
    Entry::of_transfers(Cause::TextcoinFound(output), &transfers)
}

/// The same for a coin that was booked as a top-up of the operator, before it was known where it came from: the bytes
/// are the fund's already. A partner's share is returned as far as the `fund` has it.
///
/// # Errors
/// [`EntryError::Empty`] for no bytes.
pub fn textcoin_found_late(
    output: OutputRef,
    amount: Bytes,
    fund: Bytes,
    back: Option<ShareBack>,
) -> Result<Entry, EntryError> {
    let mut transfers = vec![Transfer::new(Account::Elsewhere, Account::OperatorTopUps, amount)];
    if let Some(ShareBack { partner, share, receivable }) = back {
        transfers.extend(credited(Account::Fund, partner, share.min(amount).min(fund), receivable));
    }
    Entry::of_transfers(Cause::TextcoinFound(output), &transfers)
}
