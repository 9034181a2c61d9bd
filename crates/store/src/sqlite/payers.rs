//! Who pays, and what it says of itself.

use payout::Timestamp;
use rusqlite::{Connection, params};

use crate::lock::Epoch;
use crate::sqlite::codec::{Fields, millis};
use crate::{Endpoint, PayerReport, StoreError};

/// Begins an epoch; those before it are over.
pub(super) fn begin_epoch(connection: &Connection, endpoint: Endpoint) -> Result<Epoch, StoreError> {
    let epoch = connection
        .prepare_cached("UPDATE payers SET epoch = epoch + 1 WHERE endpoint = ? RETURNING epoch")?
        .query_row([endpoint.code()], |row| row.get(0))?;
    Ok(Epoch(epoch))
}

/// Checks, within the transaction that depends on it, that the right to pay was not taken by another.
pub(super) fn check(connection: &Connection, (endpoint, epoch): (Endpoint, Epoch)) -> Result<(), StoreError> {
    let newest: i64 = connection
        .prepare_cached("SELECT epoch FROM payers WHERE endpoint = ?")?
        .query_row([endpoint.code()], |row| row.get(0))?;
    if newest == epoch.0 { Ok(()) } else { Err(StoreError::Superseded(endpoint)) }
}

pub(super) fn write_report(
    connection: &Connection,
    endpoint: Endpoint,
    report: &PayerReport,
) -> Result<(), StoreError> {
    let (alarm, alarm_at) = match &report.alarm {
        Some((alarm, at)) => (Some(alarm), Some(millis(*at)?)),
        None => (None, None),
    };
    connection
        .prepare_cached(
            "UPDATE payers SET reported_at = ?, running = ?, hub = ?, connected = ?, synced = ?,
                 tps_fee_per_day_max = ?, alarm = ?, alarm_at = ? WHERE endpoint = ?",
        )?
        .execute(params![
            millis(report.at)?,
            report.running,
            report.hub,
            report.connected,
            report.synced,
            i64::from(report.tps_fee_per_day_max),
            alarm,
            alarm_at,
            endpoint.code()
        ])?;
    Ok(())
}

pub(super) fn report(connection: &Connection, endpoint: Endpoint) -> Result<Option<PayerReport>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT * FROM payers WHERE endpoint = ? AND reported_at IS NOT NULL")?;
    let mut rows = statement.query([endpoint.code()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let fields = Fields::new("payers", row);
    let alarm: Option<String> = fields.plain("alarm")?;
    let alarm_at: Option<Timestamp> = fields.optional_time("alarm_at")?;
    Ok(Some(PayerReport {
        at: fields.time("reported_at")?,
        running: fields.plain("running")?,
        hub: fields.plain("hub")?,
        connected: fields.plain("connected")?,
        synced: fields.plain("synced")?,
        tps_fee_per_day_max: fields.bytes("tps_fee_per_day_max")?,
        alarm: alarm.zip(alarm_at),
    }))
}
