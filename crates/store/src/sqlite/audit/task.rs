//! What is compared with the network, and up to where it was.

use std::collections::BTreeSet;

use obyte::compose::Coin;
use obyte::{Address, UnitHash};
use payout::{SlotNo, Timestamp};
use rusqlite::{Connection, params};

use crate::sqlite::codec::{Fields, integer, millis};
use crate::sqlite::keeping;
use crate::sqlite::line::{self, coin};
use crate::{AuditMark, AuditTask, Endpoint, PaidTo, SettledUnit, StoreError};

pub(super) fn mark(connection: &Connection, endpoint: Endpoint) -> Result<AuditMark, StoreError> {
    let mut statement = connection.prepare_cached("SELECT * FROM audits WHERE endpoint = ?")?;
    let mut rows = statement.query([endpoint.code()])?;
    let Some(row) = rows.next()? else { return Ok(AuditMark::default()) };
    let fields = Fields::new("audits", row);
    Ok(AuditMark {
        next_slot: fields.number("next_slot")?,
        last_coin: fields.plain("last_coin")?,
        last_textcoin: fields.plain("last_textcoin")?,
        main_chain_index: fields.number("mci")?,
        at: fields.time("at")?,
    })
}

pub(super) fn keep_mark(
    connection: &Connection,
    endpoint: Endpoint,
    mark: AuditMark,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO audits (endpoint, next_slot, last_coin, last_textcoin, mci, at) VALUES (?, ?, ?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET next_slot = excluded.next_slot, last_coin = excluded.last_coin,
                 last_textcoin = excluded.last_textcoin,
                 mci = excluded.mci, at = excluded.at",
        )?
        .execute(params![
            endpoint.code(),
            integer(mark.next_slot)?,
            mark.last_coin,
            mark.last_textcoin,
            integer(mark.main_chain_index)?,
            millis(mark.at)?
        ])?;
    Ok(())
}

pub(super) fn read(
    connection: &Connection,
    endpoint: Endpoint,
    mark: AuditMark,
) -> Result<AuditTask, StoreError> {
    let next_slot = first_open_slot(connection, endpoint)?;
    let (coins, last_coin) = coins(connection, endpoint, mark.last_coin)?;
    let (ended, last_textcoin) = keeping::ended(connection, endpoint, mark.last_textcoin)?;
    Ok(AuditTask {
        units: units(connection, endpoint, mark.next_slot, next_slot)?,
        coins,
        ended,
        textcoins: keeping::open_coins(connection, endpoint)?,
        addresses: addresses(connection, endpoint)?,
        foreign: foreign(connection, endpoint)?,
        next: AuditMark {
            next_slot,
            last_coin,
            last_textcoin,
            main_chain_index: mark.main_chain_index,
            at: Timestamp::default(),
        },
    })
}

fn foreign(connection: &Connection, endpoint: Endpoint) -> Result<BTreeSet<UnitHash>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT id, unit FROM foreign_units WHERE endpoint = ?")?;
    let mut rows = statement.query([endpoint.code()])?;
    let mut foreign = BTreeSet::new();
    while let Some(row) = rows.next()? {
        foreign.insert(Fields::new("foreign_units", row).text("unit")?);
    }
    Ok(foreign)
}

/// All slots below it are closed.
fn first_open_slot(connection: &Connection, endpoint: Endpoint) -> Result<u64, StoreError> {
    let open: i64 = connection
        .prepare_cached(
            "SELECT coalesce((SELECT min(no) FROM slots WHERE endpoint = ?1 AND state = 'open'),
                 (SELECT next_slot FROM lines WHERE endpoint = ?1))",
        )?
        .query_row([endpoint.code()], |row| row.get(0))?;
    Ok(open.unsigned_abs())
}

fn coins(connection: &Connection, endpoint: Endpoint, after: i64) -> Result<(Vec<Coin>, i64), StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT * FROM coins WHERE endpoint = ? AND id > ? ORDER BY id")?;
    let mut rows = statement.query(params![endpoint.code(), after])?;
    let (mut coins, mut last) = (Vec::new(), after);
    while let Some(row) = rows.next()? {
        let fields = Fields::new("coins", row);
        last = fields.plain("id")?;
        coins.push(coin(&fields)?);
    }
    Ok((coins, last))
}

fn units(
    connection: &Connection,
    endpoint: Endpoint,
    from: u64,
    until: u64,
) -> Result<Vec<SettledUnit>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT versions.* FROM slots
         JOIN versions ON versions.endpoint = slots.endpoint AND versions.slot = slots.no
             AND versions.version = slots.winner
         WHERE slots.endpoint = ? AND slots.no >= ? AND slots.no < ? AND slots.state = 'settled'
         ORDER BY slots.no",
    )?;
    let mut rows = statement.query(params![endpoint.code(), integer(from)?, integer(until)?])?;
    let mut units = Vec::new();
    while let Some(row) = rows.next()? {
        let fields = Fields::new("versions", row);
        let id = fields.plain("id")?;
        units.push(SettledUnit {
            slot: SlotNo::new(fields.number("slot")?),
            unit: fields.text("unit")?,
            inputs: line::inputs_of(connection, endpoint, id)?,
            paid: paid(connection, id)?,
            change: line::change(&fields)?,
            fees: line::fees(&fields)?,
        });
    }
    Ok(units)
}

fn paid(connection: &Connection, version: i64) -> Result<Vec<PaidTo>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT payouts.id AS payout, output_index, address, amount + coalesce(claim_reserve, 0) AS amount
         FROM version_outputs JOIN payouts ON payouts.id = version_outputs.payout
         WHERE version = ? ORDER BY version_outputs.position",
    )?;
    let mut rows = statement.query([version])?;
    let mut paid = Vec::new();
    while let Some(row) = rows.next()? {
        let fields = Fields::new("payouts", row);
        paid.push(PaidTo {
            payout: fields.plain("payout")?,
            output_index: fields.number("output_index")?,
            address: fields.text("address")?,
            amount: fields.bytes("amount")?,
        });
    }
    Ok(paid)
}

/// Where coins came to, and where change of good units went; no key is needed to know them.
fn addresses(connection: &Connection, endpoint: Endpoint) -> Result<Vec<Address>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT wallet AS address FROM identities WHERE endpoint = ?1
         UNION SELECT address FROM coins WHERE endpoint = ?1
         UNION SELECT anchor_address FROM slots WHERE endpoint = ?1
         UNION SELECT change_address FROM versions WHERE endpoint = ?1",
    )?;
    let mut rows = statement.query([endpoint.code()])?;
    let mut addresses = Vec::new();
    while let Some(row) = rows.next()? {
        addresses.push(Fields::new("coins", row).text("address")?);
    }
    Ok(addresses)
}

/// Units that the wallet has signed, and those that brought coins.
pub(super) fn journaled(
    connection: &Connection,
    endpoint: Endpoint,
    units: Vec<UnitHash>,
) -> Result<BTreeSet<UnitHash>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT 1 FROM versions WHERE unit = ?1 AND endpoint = ?2
             UNION ALL SELECT 1 FROM coins WHERE endpoint = ?2 AND unit = ?1",
    )?;
    let mut known = BTreeSet::new();
    for unit in units {
        if statement.exists(params![unit.as_str(), endpoint.code()])? {
            known.insert(unit);
        }
    }
    Ok(known)
}
