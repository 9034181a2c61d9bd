//! Journaling units that take textcoins back.

use obyte::{Bytes, Unit};
use payout::{Sweep, SweepChange, TextcoinNo, VersionStatus};
use rusqlite::{Connection, params};

use super::reading::status;
use super::which::Which;
use crate::sqlite::codec::{Fields, is_taken, millis};
use crate::{Endpoint, StoreError, Violation};

pub(super) fn keep(
    connection: &Connection,
    endpoint: Endpoint,
    change: &SweepChange,
) -> Result<(), StoreError> {
    let which = |no| Which::of(connection, endpoint, no);
    match change {
        SweepChange::Signed { no, sweep } => {
            check(connection, endpoint, *no, which(*no)?, sweep)?;
            journal(connection, endpoint, *no, sweep)
        }
        SweepChange::Answered { no, version, status, answer, at } => {
            which(*no)?;
            if *status == VersionStatus::Final {
                return Err(Violation::BadSweep(*no, "only its coin makes it final").into());
            }
            // The payer may have proven first how it ended. Against a proof no answer counts.
            if is_proven(connection, endpoint, *no, version.get())? {
                return Ok(());
            }
            connection
                .prepare_cached(
                    "UPDATE sweeps SET status = ?, answer = ?, answered_at = ?
                     WHERE endpoint = ? AND generation = ? AND counter = ? AND version = ?",
                )?
                .execute(params![
                    status.code(),
                    answer,
                    millis(*at)?,
                    endpoint.code(),
                    no.generation,
                    no.counter,
                    version.get()
                ])?;
            Ok(())
        }
        SweepChange::ClaimSeen { no, claim } => which(*no)?.note_claim(connection, claim.as_ref()),
        SweepChange::Claimed { no, unit, at } => {
            let which = which(*no)?;
            let is_own =
                connection.prepare_cached("SELECT 1 FROM sweeps WHERE unit = ?")?.exists([unit.as_str()])?;
            if is_own {
                return Err(Violation::BadSweep(*no, "its own unit claims it").into());
            }
            which.claimed(connection, endpoint, *no, *unit, *at)?;
            connection
                .prepare_cached(
                    "UPDATE sweeps SET status = 'dead' WHERE endpoint = ? AND generation = ? AND counter = ?",
                )?
                .execute(params![endpoint.code(), no.generation, no.counter])?;
            Ok(())
        }
    }
}

fn is_proven(
    connection: &Connection,
    endpoint: Endpoint,
    no: TextcoinNo,
    version: u32,
) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, status FROM sweeps
         WHERE endpoint = ? AND generation = ? AND counter = ? AND version = ?",
    )?;
    let mut rows = statement.query(params![endpoint.code(), no.generation, no.counter, version])?;
    let row = rows.next()?;
    let Some(row) = row else {
        return Err(Violation::BadSweep(no, "there is no such version").into());
    };
    let status = status(&Fields::new("sweeps", row))?;
    Ok(matches!(status, VersionStatus::Final | VersionStatus::Dead))
}

/// The unit spends what was given and nothing else, has the one output that is said, and costs no more than it may;
/// so any two for the same textcoin conflict, and no partner loses anything.
fn check(
    connection: &Connection,
    endpoint: Endpoint,
    no: TextcoinNo,
    which: Which,
    sweep: &Sweep,
) -> Result<(), StoreError> {
    let bad = |why| StoreError::from(Violation::BadSweep(no, why));
    if which.outcome(connection)?.is_some() {
        return Err(Violation::TextcoinEnded(no).into());
    }
    let next: u32 = connection
        .prepare_cached("SELECT count(*) FROM sweeps WHERE endpoint = ? AND generation = ? AND counter = ?")?
        .query_row(params![endpoint.code(), no.generation, no.counter], |row| row.get(0))?;
    if sweep.version.get() != next || sweep.status != VersionStatus::Journaled {
        return Err(bad("it is not the next one, or not new"));
    }
    let terms = which.terms(connection)?;
    let coin = terms.coin.ok_or_else(|| bad("its unit is not proven"))?;
    let unit = serde_json::from_str(&sweep.json).ok().and_then(|json| Unit::from_json(json).ok());
    let unit =
        unit.filter(|unit| unit.hash() == sweep.unit).ok_or_else(|| bad("it is no unit, or another"))?;
    if unit.spent_coins().ne([coin]) {
        return Err(bad("it does not spend the coin that was given"));
    }
    let wanted = (sweep.coin.id, sweep.coin.address, sweep.coin.amount);
    if unit.outputs().map(|(id, output)| (id, output.address, output.amount)).ne([wanted]) {
        return Err(bad("its output is another"));
    }
    let fees = sweep.fees.total();
    if terms.holds.checked_sub(sweep.coin.amount) != Some(fees) || fees > terms.fees_max {
        return Err(bad("its amounts do not add up, or it costs too much"));
    }
    debug_assert!(sweep.coin.amount > Bytes::ZERO, "a unit has no output of nothing");
    Ok(())
}

fn journal(
    connection: &Connection,
    endpoint: Endpoint,
    no: TextcoinNo,
    sweep: &Sweep,
) -> Result<(), StoreError> {
    let inserted = connection
        .prepare_cached(
            "INSERT INTO sweeps (endpoint, generation, counter, version, unit, json, message_index,
                 output_index, amount, address, size_fee, tps_fee, signed_at, status)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            endpoint.code(),
            no.generation,
            no.counter,
            sweep.version.get(),
            sweep.unit.as_str(),
            &*sweep.json,
            sweep.coin.id.message_index,
            sweep.coin.id.output_index,
            i64::from(sweep.coin.amount),
            sweep.coin.address.as_str(),
            i64::from(sweep.fees.size),
            i64::from(sweep.fees.tps),
            millis(sweep.signed_at)?,
            sweep.status.code(),
        ]);
    match inserted {
        Err(error) if is_taken(&error) => Err(Violation::RepeatedUnit(sweep.unit).into()),
        other => Ok(other.map(drop)?),
    }
}
