//! Reading corrections.

use payout::{PayoutId, Timestamp};
use program::Limit;
use rusqlite::{Connection, params};

use crate::sqlite::codec::{Fields, millis};
use crate::{CorrectionNo, CorrectionRecord, CorrectionState, CorrectionWait, Endpoint, StoreError};

/// So long nothing is tried again, in milliseconds.
const AGAIN_AFTER: i64 = 5_000;
/// So many are told at once.
const AT_ONCE: i64 = 100;

/// Those of the purchase with this first payout, the oldest first.
pub(in crate::sqlite) fn of_purchase(
    connection: &Connection,
    first_payout: i64,
) -> Result<Vec<CorrectionRecord>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT corrections.*, textcoins.outcome IS 'taken back' AS is_back FROM corrections
         JOIN textcoins ON textcoins.payout = corrections.payout
         WHERE corrections.payout = ?1 OR corrections.payout IN (SELECT id FROM payouts WHERE origin = ?1)
         ORDER BY corrections.id",
    )?;
    let mut rows = statement.query([first_payout])?;
    let mut corrections = Vec::new();
    while let Some(row) = rows.next()? {
        corrections.push(read(&Fields::new("corrections", row))?);
    }
    Ok(corrections)
}

fn read(fields: &Fields<'_>) -> Result<CorrectionRecord, StoreError> {
    Ok(CorrectionRecord {
        no: CorrectionNo::new(fields.plain("id")?),
        payout: PayoutId::new(fields.plain("payout")?),
        mailbox: fields.text("mailbox")?,
        asked_by: fields.text("asked_by")?,
        asked_at: fields.time("asked_at")?,
        state: state(fields)?,
        ended_at: fields.optional_time("ended_at")?,
    })
}

fn state(fields: &Fields<'_>) -> Result<CorrectionState, StoreError> {
    Ok(match fields.plain::<Option<String>>("outcome")?.as_deref() {
        Some("given") => CorrectionState::Given(PayoutId::new(fields.plain("next")?)),
        Some("claimed") => CorrectionState::Claimed,
        Some("replaced") => CorrectionState::Replaced,
        Some("returned") => CorrectionState::Returned,
        Some(_) => CorrectionState::Rejected,
        None if !fields.plain::<bool>("is_back")? => CorrectionState::Waits(CorrectionWait::Return),
        None => CorrectionState::Waits(wait(fields)?),
    })
}

/// What was lacking when it was tried last.
fn wait(fields: &Fields<'_>) -> Result<CorrectionWait, StoreError> {
    Ok(match fields.plain::<Option<String>>("waits_for")?.as_deref() {
        None => CorrectionWait::Nothing,
        Some("fund") => CorrectionWait::Fund(fields.bytes("missing")?),
        Some("deposit") => CorrectionWait::Deposit(fields.bytes("missing")?),
        Some(_) => CorrectionWait::Limit(fields.text::<Limit>("waits_for")?),
    })
}

pub(super) fn due(
    connection: &Connection,
    endpoint: Endpoint,
    now: Timestamp,
) -> Result<Vec<CorrectionNo>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT corrections.id FROM corrections INDEXED BY corrections_waiting
         JOIN textcoins ON textcoins.payout = corrections.payout AND textcoins.outcome = 'taken back'
         WHERE corrections.endpoint = ?1 AND corrections.outcome IS NULL
             AND (tried_at IS NULL OR tried_at NOT BETWEEN ?2 - ?3 + 1 AND ?2)
         ORDER BY coalesce(tried_at, 0), corrections.id LIMIT ?4",
    )?;
    let numbers: Vec<i64> = statement
        .query_map(params![endpoint.code(), millis(now)?, AGAIN_AFTER, AT_ONCE], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok(numbers.into_iter().map(CorrectionNo::new).collect())
}

/// Whether a payout that gives a cashback anew does what a correction says, with as much, and after all textcoins before it
/// of the same purchase have come back.
pub(in crate::sqlite) fn is_given_rightly(
    connection: &Connection,
    payout: PayoutId,
) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT 1 FROM payouts AS anew
         JOIN corrections ON corrections.next = anew.id AND corrections.mailbox = anew.mailbox
             AND corrections.endpoint = anew.endpoint
         JOIN payouts AS before ON before.id = corrections.payout AND before.id < anew.id
             AND coalesce(before.origin, before.id) = anew.origin
         JOIN textcoins ON textcoins.payout = before.id AND textcoins.outcome = 'taken back'
         WHERE anew.id = ? AND NOT EXISTS (
             SELECT 1 FROM payouts AS other LEFT JOIN textcoins ON textcoins.payout = other.id
             WHERE (other.id = anew.origin OR other.origin = anew.origin) AND other.id < anew.id
                 AND outcome IS NOT 'taken back')",
    )?;
    Ok(statement.exists([payout.get()])?)
}
