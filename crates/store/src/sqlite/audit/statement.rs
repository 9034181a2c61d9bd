//! What happened to some accounts, handed on while it is read.

use ledger::{Account, Cause, SignedBytes};
use payout::{PayoutId, Timestamp};
use rusqlite::{Connection, params};
use tokio::sync::mpsc;

use crate::sqlite::codec::{Fields, millis};
use crate::sqlite::purchases;
use crate::{Endpoint, EntryId, StatementLine, StatementPart, StatementQuery, StoreError};

type Parts = mpsc::Sender<StatementPart>;

pub(super) fn read(
    connection: &Connection,
    endpoint: Endpoint,
    query: &StatementQuery,
    parts: &Parts,
) -> Result<(), StoreError> {
    let balances = |before: Timestamp| {
        let sums = query.accounts.iter().map(|account| sum(connection, endpoint, *account, before));
        sums.collect::<Result<Vec<_>, _>>()
    };
    if parts.blocking_send(StatementPart::Opening(balances(query.from)?)).is_ok()
        && lines(connection, endpoint, query, parts)?
    {
        // Whoever took the lines may have gone.
        drop(parts.blocking_send(StatementPart::Closing(balances(query.until)?)));
    }
    Ok(())
}

/// The balance of an account from all that was booked before a moment.
fn sum(
    connection: &Connection,
    endpoint: Endpoint,
    account: Account,
    before: Timestamp,
) -> Result<SignedBytes, StoreError> {
    let sum = connection
        .prepare_cached(
            "SELECT coalesce(sum(change), 0) FROM entries NOT INDEXED
             JOIN postings ON postings.entry = entries.id AND account = ?
             WHERE endpoint = ? AND at < ?",
        )?
        .query_row(params![account.to_string(), endpoint.code(), moment(before)?], |row| row.get(0))?;
    Ok(SignedBytes::new(sum))
}

/// A moment behind all that can be written is the last one that can.
fn moment(at: Timestamp) -> Result<i64, StoreError> {
    Ok(millis(at).unwrap_or(i64::MAX))
}

/// Hands on the lines as they were booked, which needs no sorting in memory; whether somebody has taken them all.
fn lines(
    connection: &Connection,
    endpoint: Endpoint,
    query: &StatementQuery,
    parts: &Parts,
) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, at, cause, note FROM entries NOT INDEXED
         WHERE endpoint = ? AND at >= ? AND at < ? ORDER BY id",
    )?;
    let mut rows = statement.query(params![endpoint.code(), moment(query.from)?, moment(query.until)?])?;
    let codes: Vec<String> = query.accounts.iter().map(ToString::to_string).collect();
    while let Some(row) = rows.next()? {
        let fields = Fields::new("entries", row);
        let id: i64 = fields.plain("id")?;
        let changes = changes(connection, id, &codes)?;
        if changes.iter().all(|change| change.is_zero()) {
            continue;
        }
        let cause: Cause = fields.text("cause")?;
        let payout = cause.payout().map(|payout| PayoutId::new(payout.get()));
        let purchase = payout.map(|payout| purchases::key_of(connection, endpoint, payout)).transpose()?;
        let line = StatementLine {
            entry: EntryId::new(id),
            at: fields.time("at")?,
            cause,
            purchase: purchase.flatten(),
            note: fields.plain("note")?,
            changes,
        };
        if parts.blocking_send(StatementPart::Line(line)).is_err() {
            return Ok(false);
        }
    }
    Ok(true)
}

fn changes(connection: &Connection, entry: i64, codes: &[String]) -> Result<Vec<SignedBytes>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT coalesce(sum(change), 0) FROM postings WHERE entry = ? AND account = ?")?;
    let change = |code: &String| statement.query_row(params![entry, code], |row| row.get(0));
    let changes: Vec<i64> = codes.iter().map(change).collect::<Result<_, _>>()?;
    Ok(changes.into_iter().map(SignedBytes::new).collect())
}
