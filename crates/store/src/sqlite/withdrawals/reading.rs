//! Reading withdrawals that were accepted.

use ledger::{CommandId, PartnerId, Purse, Withdrawal};
use obyte::Bytes;
use payout::PayoutId;
use rusqlite::{Connection, Params, params};

use crate::sqlite::codec::Fields;
use crate::sqlite::{line, purchases};
use crate::{Endpoint, StoreError, WithdrawalRecord};

/// Withdrawals with their payouts, in their order.
macro_rules! withdrawals {
    ($filter:literal) => {
        concat!(
            "SELECT payouts.id, command, partner, address, amount, fee_reserve, queued_at, slot, parked_at,
                 held_at, textcoin, generation, counter, claim_reserve, withdrawals.endpoint
             FROM withdrawals JOIN payouts ON payouts.id = withdrawals.payout WHERE ",
            $filter,
            " ORDER BY withdrawals.id"
        )
    };
}

pub(super) fn find(
    connection: &Connection,
    endpoint: Endpoint,
    command: &CommandId,
) -> Result<Option<WithdrawalRecord>, StoreError> {
    let query = withdrawals!("withdrawals.endpoint = ? AND command = ?");
    Ok(read(connection, query, params![endpoint.code(), command.to_string()])?.pop())
}

pub(super) fn of_payout(
    connection: &Connection,
    endpoint: Endpoint,
    payout: PayoutId,
) -> Result<Option<WithdrawalRecord>, StoreError> {
    let query = withdrawals!("withdrawals.endpoint = ? AND withdrawals.payout = ?");
    Ok(read(connection, query, params![endpoint.code(), payout.get()])?.pop())
}

pub(super) fn all(
    connection: &Connection,
    endpoint: Endpoint,
    of: Option<Purse>,
) -> Result<Vec<WithdrawalRecord>, StoreError> {
    match of {
        None => read(connection, withdrawals!("withdrawals.endpoint = ?"), [endpoint.code()]),
        Some(Purse::Fund) => {
            let query = withdrawals!("withdrawals.endpoint = ? AND partner IS NULL");
            read(connection, query, [endpoint.code()])
        }
        Some(Purse::Deposit(partner)) => {
            let query = withdrawals!("withdrawals.endpoint = ? AND partner = ?");
            read(connection, query, params![endpoint.code(), partner.get()])
        }
    }
}

fn read(
    connection: &Connection,
    query: &str,
    parameters: impl Params,
) -> Result<Vec<WithdrawalRecord>, StoreError> {
    let mut statement = connection.prepare_cached(query)?;
    let mut rows = statement.query(parameters)?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        let fields = Fields::new("payouts", row);
        let payout = line::payout(&fields)?;
        let (state, answered) = purchases::standing(connection, &fields, payout.id)?;
        records.push(WithdrawalRecord {
            command: fields.text("command")?,
            purse: purse(&fields)?,
            payout,
            fee_reserve: fields.bytes("fee_reserve")?,
            state,
            answered,
            slots: line::slots_ever_of(connection, payout.id)?,
        });
    }
    Ok(records)
}

fn purse(fields: &Fields<'_>) -> Result<Purse, StoreError> {
    let partner: Option<i64> = fields.plain("partner")?;
    Ok(partner.map_or(Purse::Fund, |partner| Purse::Deposit(PartnerId::new(partner))))
}

/// The id of the withdrawal that a payout is for, and whose bytes it takes.
pub(in crate::sqlite) fn name_of(
    connection: &Connection,
    payout: PayoutId,
) -> Result<Option<(CommandId, Purse)>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT id, command, partner FROM withdrawals WHERE payout = ?")?;
    let mut rows = statement.query([payout.get()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let fields = Fields::new("withdrawals", row);
    Ok(Some((fields.text("command")?, purse(&fields)?)))
}

/// What was set aside for the withdrawal that a payout is for.
pub(in crate::sqlite) fn set_aside(
    connection: &Connection,
    payout: PayoutId,
) -> Result<Option<Withdrawal>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT payouts.id, partner, amount, fee_reserve
         FROM withdrawals JOIN payouts ON payouts.id = withdrawals.payout WHERE payout = ?",
    )?;
    let mut rows = statement.query([payout.get()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let fields = Fields::new("withdrawals", row);
    Ok(Some(Withdrawal {
        purse: purse(&fields)?,
        amount: fields.bytes("amount")?,
        fee_reserve: fields.bytes("fee_reserve")?,
    }))
}

/// What is owed for any payout, and set aside for its fees, as that of a purchase.
pub(in crate::sqlite) fn owed_for(
    connection: &Connection,
    payout: PayoutId,
) -> Result<ledger::Acceptance, StoreError> {
    match set_aside(connection, payout)? {
        None => purchases::set_aside(connection, payout),
        Some(Withdrawal { amount, fee_reserve, .. }) => Ok(ledger::Acceptance {
            partner: PartnerId::new(0),
            base: amount,
            partner_share: Bytes::ZERO,
            matched: Bytes::ZERO,
            fee_reserve,
        }),
    }
}
