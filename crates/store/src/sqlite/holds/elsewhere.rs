//! Payouts that a unit which the journal does not hold may have paid, before a database was lost.

use ledger::{PayoutNumber, restored};
use obyte::Bytes;
use payout::{Payee, Payout, PayoutId, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use super::{give_back, mark_rejected};
use crate::sqlite::{book, totals, withdrawals};
use crate::{Endpoint, StoreError};

/// Whether a unit that the journal does not hold may have paid this: an output of it explains no order yet.
pub(in crate::sqlite) fn may_be_paid(
    connection: &Connection,
    endpoint: Endpoint,
    payee: &Payee,
    amount: Bytes,
    fee_reserve: Bytes,
) -> Result<bool, StoreError> {
    Ok(unexplained(connection, endpoint, payee, amount, fee_reserve)?.is_some())
}

/// The first such output: as much to this address. Which textcoin a lost database gave to whom nobody knows, so for
/// a textcoin it is any that holds the amount, and at most what is set aside for fees on top: the one that the payout
/// itself had before, one that is known to be a textcoin, and otherwise the first. What came back has paid nobody.
fn unexplained(
    connection: &Connection,
    endpoint: Endpoint,
    payee: &Payee,
    amount: Bytes,
    fee_reserve: Bytes,
) -> Result<Option<i64>, StoreError> {
    let code = endpoint.code();
    let found = match payee {
        Payee::Address(address) => connection
            .prepare_cached(
                "SELECT id FROM foreign_outputs
                 WHERE endpoint = ? AND address = ? AND amount = ? AND payout IS NULL ORDER BY id LIMIT 1",
            )?
            .query_row(params![code, address.as_str(), i64::from(amount)], |row| row.get(0)),
        Payee::Textcoin(_) => {
            let most = amount.checked_add(fee_reserve).unwrap_or(Bytes::MAX);
            let own = payee.place();
            connection
                .prepare_cached(
                    "SELECT foreign_outputs.id FROM foreign_outputs
                     LEFT JOIN found_textcoins ON output = foreign_outputs.id
                     WHERE foreign_outputs.endpoint = ? AND amount BETWEEN ? AND ?
                         AND foreign_outputs.payout IS NULL AND outcome IS NOT 'taken back'
                     ORDER BY address IS ? DESC, output IS NULL, foreign_outputs.id LIMIT 1",
                )?
                .query_row(
                    params![
                        code,
                        i64::from(amount),
                        i64::from(most),
                        own.as_ref().map(|address| address.as_str())
                    ],
                    |row| row.get(0),
                )
        }
    };
    Ok(found.optional()?)
}

/// A payout that is held for a unit that the journal does not hold is never paid: that unit has paid it. Where all
/// such units have explained other payouts in the meantime, nobody has paid it, and what was set aside returns.
pub(in crate::sqlite) fn give_up(
    connection: &Connection,
    endpoint: Endpoint,
    payout: &Payout,
    at: Timestamp,
) -> Result<(), StoreError> {
    mark_rejected(connection, payout.id, at)?;
    if explain(connection, endpoint, payout)? {
        note_paid_elsewhere(connection, endpoint, payout.id, at)
    } else {
        give_back(connection, endpoint, payout.id, at)
    }
}

/// The operator says that such a unit paid it: the output explains this payout and no other. Tells whether there is
/// one.
fn explain(connection: &Connection, endpoint: Endpoint, payout: &Payout) -> Result<bool, StoreError> {
    let reserve = withdrawals::owed_for(connection, payout.id)?.fee_reserve;
    let output = unexplained(connection, endpoint, &payout.payee, payout.amount, reserve)?;
    if let Some(output) = output {
        connection
            .prepare_cached("UPDATE foreign_outputs SET payout = ? WHERE id = ?")?
            .execute(params![payout.id.get(), output])?;
    }
    Ok(output.is_some())
}

fn note_paid_elsewhere(
    connection: &Connection,
    endpoint: Endpoint,
    payout: PayoutId,
    at: Timestamp,
) -> Result<(), StoreError> {
    let set_aside = withdrawals::owed_for(connection, payout)?;
    let missing = book::missing(connection, endpoint)?;
    let entry = restored::paid_elsewhere(PayoutNumber::new(payout.get()), &set_aside, missing)?;
    book::post(connection, endpoint, at, &entry)?;
    // The bytes have left, and a good unit proves it. On which day they left nobody knows.
    totals::count_payout(connection, payout, at)?;
    totals::finish_payout(connection, payout)?;
    book::cover_missing(connection, endpoint, at)
}

/// Whether a payout was given up since a unit that the journal does not hold has paid it.
pub(in crate::sqlite) fn is_paid_elsewhere(
    connection: &Connection,
    payout: PayoutId,
) -> Result<bool, StoreError> {
    Ok(connection.prepare_cached("SELECT 1 FROM foreign_outputs WHERE payout = ?")?.exists([payout.get()])?)
}
