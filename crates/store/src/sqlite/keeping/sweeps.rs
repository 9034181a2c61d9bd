//! Journaling units that take textcoins back.

use obyte::{Bytes, Unit};
use payout::{PayoutId, Sweep, SweepChange, TextcoinNo, VersionStatus};
use rusqlite::{Connection, OptionalExtension, params};

use super::ending::{claimed, given, outcome, textcoin_out};
use super::reading::{funding, status};
use crate::sqlite::codec::{Fields, is_taken, millis};
use crate::{Endpoint, StoreError, Violation};

pub(super) fn keep(
    connection: &Connection,
    endpoint: Endpoint,
    change: &SweepChange,
) -> Result<(), StoreError> {
    match change {
        SweepChange::Signed { no, sweep } => {
            let payout = payout_of(connection, endpoint, *no)?;
            check(connection, payout, sweep)?;
            journal(connection, payout, sweep)
        }
        SweepChange::Answered { no, version, status, answer, at } => {
            let payout = payout_of(connection, endpoint, *no)?;
            if *status == VersionStatus::Final {
                return Err(Violation::BadSweep(PayoutId::new(payout), "only its coin makes it final").into());
            }
            // The payer may have proven first how it ended. Against a proof no answer counts.
            if is_proven(connection, payout, version.get())? {
                return Ok(());
            }
            connection
                .prepare_cached(
                    "UPDATE sweeps SET status = ?, answer = ?, answered_at = ? WHERE payout = ? AND version = ?",
                )?
                .execute(params![status.code(), answer, millis(*at)?, payout, version.get()])?;
            Ok(())
        }
        SweepChange::ClaimSeen { no, claim } => {
            let payout = payout_of(connection, endpoint, *no)?;
            connection
                .prepare_cached("UPDATE textcoins SET claim_seen = ? WHERE payout = ?")?
                .execute(params![claim.as_ref().map(obyte::UnitHash::as_str), payout])?;
            Ok(())
        }
        SweepChange::Claimed { no, unit, at } => {
            let payout = payout_of(connection, endpoint, *no)?;
            let is_own =
                connection.prepare_cached("SELECT 1 FROM sweeps WHERE unit = ?")?.exists([unit.as_str()])?;
            if is_own {
                return Err(Violation::BadSweep(PayoutId::new(payout), "its own unit claims it").into());
            }
            claimed(connection, endpoint, payout, *unit, *at)?;
            connection
                .prepare_cached("UPDATE sweeps SET status = 'dead' WHERE payout = ?")?
                .execute([payout])?;
            Ok(())
        }
    }
}

/// The payout of a textcoin that a hub has accepted.
fn payout_of(connection: &Connection, endpoint: Endpoint, no: TextcoinNo) -> Result<i64, StoreError> {
    let found = connection
        .prepare_cached(
            "SELECT id FROM payouts JOIN textcoins ON textcoins.payout = id
             WHERE payouts.endpoint = ? AND generation = ? AND counter = ?",
        )?
        .query_row(params![endpoint.code(), no.generation, no.counter], |row| row.get(0))
        .optional()?;
    found.ok_or_else(|| Violation::NoTextcoin(no).into())
}

fn is_proven(connection: &Connection, payout: i64, version: u32) -> Result<bool, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT id, status FROM sweeps WHERE payout = ? AND version = ?")?;
    let mut rows = statement.query(params![payout, version])?;
    let row = rows.next()?;
    let Some(row) = row else {
        return Err(Violation::BadSweep(PayoutId::new(payout), "there is no such version").into());
    };
    let status = status(&Fields::new("sweeps", row))?;
    Ok(matches!(status, VersionStatus::Final | VersionStatus::Dead))
}

/// The unit spends what was given and nothing else, has the one output that is said, and costs no more than it may;
/// so any two for the same textcoin conflict, and no partner loses anything.
fn check(connection: &Connection, payout: i64, sweep: &Sweep) -> Result<(), StoreError> {
    let bad = |why| StoreError::from(Violation::BadSweep(PayoutId::new(payout), why));
    if outcome(connection, payout)?.is_some() {
        return Err(Violation::TextcoinEnded(PayoutId::new(payout)).into());
    }
    let next: u32 = connection
        .prepare_cached("SELECT count(*) FROM sweeps WHERE payout = ?")?
        .query_row([payout], |row| row.get(0))?;
    if sweep.version.get() != next || sweep.status != VersionStatus::Journaled {
        return Err(bad("it is not the next one, or not new"));
    }
    let funding = funding(connection, payout)?.ok_or_else(|| bad("its unit is not proven"))?;
    let unit = serde_json::from_str(&sweep.json).ok().and_then(|json| Unit::from_json(json).ok());
    let unit =
        unit.filter(|unit| unit.hash() == sweep.unit).ok_or_else(|| bad("it is no unit, or another"))?;
    if unit.spent_coins().ne([funding]) {
        return Err(bad("it does not spend the coin that was given"));
    }
    let wanted = (sweep.coin.id, sweep.coin.address, sweep.coin.amount);
    if unit.outputs().map(|(id, output)| (id, output.address, output.amount)).ne([wanted]) {
        return Err(bad("its output is another"));
    }
    let textcoin = textcoin_out(connection, payout)?;
    let (given, fees) = (given(&textcoin)?, sweep.fees.total());
    if given.checked_sub(sweep.coin.amount) != Some(fees) || fees > textcoin.fees_max() {
        return Err(bad("its amounts do not add up, or it costs too much"));
    }
    debug_assert!(sweep.coin.amount > Bytes::ZERO, "a unit has no output of nothing");
    Ok(())
}

fn journal(connection: &Connection, payout: i64, sweep: &Sweep) -> Result<(), StoreError> {
    let inserted = connection
        .prepare_cached(
            "INSERT INTO sweeps (payout, version, unit, json, message_index, output_index, amount, address,
                 size_fee, tps_fee, signed_at, status)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            payout,
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
