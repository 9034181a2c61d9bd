//! Accepting withdrawals. Whatever stands against one is found before anything is written.

use ledger::{Account, PayoutNumber, Purse, Refusal, Withdrawal, events};
use obyte::{Address, Bytes};
use payout::{Payee, PayoutId};
use rusqlite::{Connection, params};

use super::{addresses, provisions, reading};
use crate::sqlite::codec::millis;
use crate::sqlite::{accepting, book, holds, partners};
use crate::{
    Endpoint, HoldReason, Provisions, StoreError, Thing, WithdrawalFrom, WithdrawalOrder, WithdrawalRecord,
    WithdrawalVerdict,
};

pub(super) fn accept(
    connection: &Connection,
    endpoint: Endpoint,
    order: &WithdrawalOrder,
) -> Result<WithdrawalVerdict, StoreError> {
    if let Some(before) = reading::find(connection, endpoint, &order.command)? {
        let is_same = is_same(&before, order);
        let before = Box::new(before);
        return Ok(if is_same {
            WithdrawalVerdict::Replay(before)
        } else {
            WithdrawalVerdict::Conflict(before)
        });
    }
    if order.amount.is_zero() {
        return Err(ledger::EntryError::Empty.into());
    }
    let Some(to) = address(connection, endpoint, order.from)? else {
        return Ok(WithdrawalVerdict::NoAddress);
    };
    if addresses::is_own(connection, &to)? {
        return Ok(WithdrawalVerdict::OwnAddress);
    }
    let Some(provisions) = provisions::read(connection, endpoint)? else {
        return Ok(WithdrawalVerdict::NeverServed);
    };
    let available = available(connection, endpoint, order.from.purse(), &provisions)?;
    if order.amount > available {
        return Ok(WithdrawalVerdict::TooLow { available });
    }
    book_and_queue(connection, endpoint, order, to, provisions.fee_reserve)
}

/// The order names the address only where it is of the fund: a deposit went where it was registered then.
fn is_same(before: &WithdrawalRecord, order: &WithdrawalOrder) -> bool {
    let is_same_address = match order.from {
        WithdrawalFrom::Fund { to } => before.payout.payee == Payee::Address(to),
        WithdrawalFrom::Deposit(_) => true,
    };
    is_same_address && before.purse == order.from.purse() && before.payout.amount == order.amount
}

fn address(
    connection: &Connection,
    endpoint: Endpoint,
    from: WithdrawalFrom,
) -> Result<Option<Address>, StoreError> {
    match from {
        WithdrawalFrom::Fund { to } => Ok(Some(to)),
        WithdrawalFrom::Deposit(partner) => {
            if !partners::exists(connection, partner)? {
                return Err(StoreError::Unknown(Thing::Partner));
            }
            addresses::newest(connection, endpoint, partner)
        }
    }
}

/// A partner gets back what it does not owe; the operator what neither the reserve nor the fees need.
fn available(
    connection: &Connection,
    endpoint: Endpoint,
    purse: Purse,
    provisions: &Provisions,
) -> Result<Bytes, StoreError> {
    let held = |account| book::held(connection, endpoint, account);
    Ok(match purse {
        Purse::Fund => held(Account::Fund)?
            .saturating_sub(provisions.fund_reserve)
            .saturating_sub(provisions.fee_reserve),
        Purse::Deposit(partner) => {
            held(Account::Deposit(partner))?.saturating_sub(held(Account::Receivable(partner))?)
        }
    })
}

fn book_and_queue(
    connection: &Connection,
    endpoint: Endpoint,
    order: &WithdrawalOrder,
    to: Address,
    fee_reserve: Bytes,
) -> Result<WithdrawalVerdict, StoreError> {
    let id = accepting::next_payout(connection)?;
    let withdrawal = Withdrawal { purse: order.from.purse(), amount: order.amount, fee_reserve };
    let entry = events::withdrawal_accepted(PayoutNumber::new(id.get()), &withdrawal)?;
    let after = match book::weigh(connection, endpoint, &entry)? {
        Ok(after) => after,
        Err(Refusal::Overdraft { account: Account::Fund, missing }) => {
            return Ok(WithdrawalVerdict::FeesTooLow { missing: book::lacking(missing) });
        }
        Err(refusal) => return Err(refusal.into()),
    };
    let note = format!("withdrawal {} to {to}", order.command);
    book::write(connection, endpoint, order.at, &entry, &note, &after)?;
    remember(connection, endpoint, order, id, to, fee_reserve)?;
    if holds::may_be_paid(connection, endpoint, &Payee::Address(to), order.amount, fee_reserve)? {
        holds::hold(connection, endpoint, id, HoldReason::Unexplained, order.at)?;
    }
    let record = reading::find(connection, endpoint, &order.command)?;
    let record = record.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    Ok(WithdrawalVerdict::Accepted(record.into()))
}

fn remember(
    connection: &Connection,
    endpoint: Endpoint,
    order: &WithdrawalOrder,
    payout: PayoutId,
    to: Address,
    fee_reserve: Bytes,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO payouts (id, endpoint, address, amount, fee_reserve, queued_at)
             VALUES (?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            payout.get(),
            endpoint.code(),
            to.as_str(),
            i64::from(order.amount),
            i64::from(fee_reserve),
            millis(order.at)?,
        ])?;
    let partner = match order.from.purse() {
        Purse::Fund => None,
        Purse::Deposit(partner) => Some(partner.get()),
    };
    connection
        .prepare_cached("INSERT INTO withdrawals (endpoint, command, partner, payout) VALUES (?, ?, ?, ?)")?
        .execute(params![endpoint.code(), order.command.to_string(), partner, payout.get()])?;
    Ok(())
}
