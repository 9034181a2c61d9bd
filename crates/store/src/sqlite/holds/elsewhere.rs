//! Payouts that a unit which the journal does not hold may have paid, before a database was lost.

use ledger::{PayoutNumber, restored};
use obyte::{Address, Bytes};
use payout::{Payout, PayoutId, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use super::{give_back, mark_rejected};
use crate::sqlite::{book, totals, withdrawals};
use crate::{Endpoint, StoreError};

/// Whether a unit that the journal does not hold pays as much to this address, and explains no order yet.
pub(in crate::sqlite) fn may_be_paid(
    connection: &Connection,
    endpoint: Endpoint,
    address: &Address,
    amount: Bytes,
) -> Result<bool, StoreError> {
    let found = connection
        .prepare_cached(
            "SELECT 1 FROM foreign_outputs
             WHERE endpoint = ? AND address = ? AND amount = ? AND payout IS NULL LIMIT 1",
        )?
        .query_row(params![endpoint.code(), address.as_str(), i64::from(amount)], |_| Ok(()))
        .optional()?;
    Ok(found.is_some())
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
    let explained = connection
        .prepare_cached(
            "UPDATE foreign_outputs SET payout = ? WHERE id = (SELECT id FROM foreign_outputs
                 WHERE endpoint = ? AND address = ? AND amount = ? AND payout IS NULL ORDER BY id LIMIT 1)",
        )?
        .execute(params![
            payout.id.get(),
            endpoint.code(),
            payout.address.as_str(),
            i64::from(payout.amount)
        ])?;
    Ok(explained == 1)
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
