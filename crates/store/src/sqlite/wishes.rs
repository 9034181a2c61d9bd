//! Pauses, and what is to be posted again.

use payout::{Alarm, SlotNo, Timestamp};
use rusqlite::{Connection, params};

use crate::sqlite::codec::{Fields, integer, millis};
use crate::sqlite::handover;
use crate::{Endpoint, Pause, PauseNo, Repost, RepostNo, StoreError, Wishes};

pub(super) fn pause(
    connection: &Connection,
    endpoint: Endpoint,
    why: &Alarm,
    at: Timestamp,
) -> Result<Pause, StoreError> {
    if let Some(open) = pauses(connection, endpoint)?.into_iter().find(|pause| pause.why == *why) {
        return Ok(open);
    }
    let text = serde_json::to_string(why).map_err(|error| StoreError::Database(error.to_string()))?;
    let no = connection
        .prepare_cached("INSERT INTO pauses (endpoint, why, since) VALUES (?, ?, ?)")?
        .insert(params![endpoint.code(), text, millis(at)?])?;
    Ok(Pause { no: PauseNo::new(no), why: why.clone(), since: at })
}

pub(super) fn resume(
    connection: &Connection,
    endpoint: Endpoint,
    through: PauseNo,
    at: Timestamp,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE pauses SET ended_at = ? WHERE endpoint = ? AND id <= ? AND ended_at IS NULL")?
        .execute(params![millis(at)?, endpoint.code(), through.get()])?;
    Ok(())
}

pub(super) fn ask_repost(
    connection: &Connection,
    endpoint: Endpoint,
    slot: Option<SlotNo>,
    at: Timestamp,
) -> Result<Repost, StoreError> {
    let no = connection
        .prepare_cached("INSERT INTO reposts (endpoint, slot, asked_at) VALUES (?, ?, ?)")?
        .insert(params![endpoint.code(), slot.map(|slot| integer(slot.get())).transpose()?, millis(at)?])?;
    Ok(Repost { no: RepostNo::new(no), slot, asked_at: at })
}

pub(super) fn reposted(
    connection: &Connection,
    endpoint: Endpoint,
    through: RepostNo,
    at: Timestamp,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE reposts SET done_at = ? WHERE endpoint = ? AND id <= ? AND done_at IS NULL")?
        .execute(params![millis(at)?, endpoint.code(), through.get()])?;
    Ok(())
}

pub(super) fn wishes(connection: &Connection, endpoint: Endpoint) -> Result<Wishes, StoreError> {
    Ok(Wishes {
        pauses: pauses(connection, endpoint)?,
        reposts: reposts(connection, endpoint)?,
        released: handover::untold(connection, endpoint)?,
    })
}

fn pauses(connection: &Connection, endpoint: Endpoint) -> Result<Vec<Pause>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT * FROM pauses WHERE endpoint = ? AND ended_at IS NULL ORDER BY id")?;
    let mut rows = statement.query([endpoint.code()])?;
    let mut pauses = Vec::new();
    while let Some(row) = rows.next()? {
        let fields = Fields::new("pauses", row);
        let no = PauseNo::new(fields.plain("id")?);
        pauses.push(Pause { no, why: alarm(&fields)?, since: fields.time("since")? });
    }
    Ok(pauses)
}

fn alarm(fields: &Fields<'_>) -> Result<Alarm, StoreError> {
    let text: String = fields.plain("why")?;
    serde_json::from_str(&text).map_err(|error| fields.bad("why", error))
}

fn reposts(connection: &Connection, endpoint: Endpoint) -> Result<Vec<Repost>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT * FROM reposts WHERE endpoint = ? AND done_at IS NULL ORDER BY id")?;
    let mut rows = statement.query([endpoint.code()])?;
    let mut reposts = Vec::new();
    while let Some(row) = rows.next()? {
        let fields = Fields::new("reposts", row);
        let slot: Option<i64> = fields.plain("slot")?;
        reposts.push(Repost {
            no: RepostNo::new(fields.plain("id")?),
            slot: slot.map(|_| fields.number("slot").map(SlotNo::new)).transpose()?,
            asked_at: fields.time("asked_at")?,
        });
    }
    Ok(reposts)
}
