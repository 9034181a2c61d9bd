//! Deposit addresses of partners.

use async_trait::async_trait;
use ledger::PartnerId;
use obyte::Address;
use payout::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::SqliteStore;
use crate::sqlite::codec::{Fields, is_taken, millis};
use crate::sqlite::{partners, payers};
use crate::{DepositAddress, Deposits, Endpoint, PayerLock, StoreError, Thing};

#[async_trait]
impl Deposits for SqliteStore {
    async fn deposit_address(
        &self,
        endpoint: Endpoint,
        partner: PartnerId,
    ) -> Result<Option<DepositAddress>, StoreError> {
        self.readers.run(move |connection| of_partner(connection, endpoint, partner)).await
    }

    async fn without_deposit_address(&self, endpoint: Endpoint) -> Result<(Vec<PartnerId>, u32), StoreError> {
        self.readers.run(move |connection| without(connection, endpoint)).await
    }

    async fn give_deposit_address(
        &self,
        lock: &PayerLock,
        given: DepositAddress,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let claim = lock.claim();
        let write = move |connection: &Connection| {
            payers::check(connection, claim)?;
            give(connection, claim.0, &given, at)
        };
        self.writer.run(write).await
    }
}

fn of_partner(
    connection: &Connection,
    endpoint: Endpoint,
    partner: PartnerId,
) -> Result<Option<DepositAddress>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT partner AS id, number, address FROM deposit_addresses WHERE endpoint = ? AND partner = ?",
    )?;
    let mut rows = statement.query(params![endpoint.code(), partner.get()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let fields = Fields::new("deposit_addresses", row);
    Ok(Some(DepositAddress { partner, number: fields.number("number")?, address: fields.text("address")? }))
}

fn without(connection: &Connection, endpoint: Endpoint) -> Result<(Vec<PartnerId>, u32), StoreError> {
    let partners: Vec<i64> = connection
        .prepare_cached(
            "SELECT id FROM partners WHERE disabled_at IS NULL AND NOT EXISTS (
                 SELECT 1 FROM deposit_addresses WHERE endpoint = ? AND partner = partners.id) ORDER BY id",
        )?
        .query_map([endpoint.code()], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    Ok((partners.into_iter().map(PartnerId::new).collect(), count(connection, endpoint)? + 1))
}

/// How many deposit addresses were given, or may have been.
pub(super) fn count(connection: &Connection, endpoint: Endpoint) -> Result<u32, StoreError> {
    let count = connection
        .prepare_cached(
            "SELECT max(deposits, coalesce((SELECT max(number) FROM deposit_addresses
                 WHERE deposit_addresses.endpoint = lines.endpoint), 0)) FROM lines WHERE endpoint = ?",
        )?
        .query_row([endpoint.code()], |row| row.get(0))?;
    Ok(count)
}

fn give(
    connection: &Connection,
    endpoint: Endpoint,
    given: &DepositAddress,
    at: Timestamp,
) -> Result<(), StoreError> {
    if !partners::exists(connection, given.partner)? {
        return Err(StoreError::Unknown(Thing::Partner));
    }
    let DepositAddress { partner, number, address } = given;
    let inserted = connection
        .prepare_cached(
            "INSERT INTO deposit_addresses (endpoint, partner, number, address, assigned_at)
             VALUES (?, ?, ?, ?, ?)",
        )?
        .execute(params![endpoint.code(), partner.get(), number, address.as_str(), millis(at)?]);
    match inserted {
        Err(error) if is_taken(&error) => Err(StoreError::Taken(Thing::DepositAddress)),
        other => Ok(other.map(drop)?),
    }
}

/// Whose deposits come to an address.
pub(super) fn owner(
    connection: &Connection,
    endpoint: Endpoint,
    address: &Address,
) -> Result<Option<PartnerId>, StoreError> {
    let found: Option<i64> = connection
        .prepare_cached("SELECT partner FROM deposit_addresses WHERE endpoint = ? AND address = ?")?
        .query_row(params![endpoint.code(), address.as_str()], |row| row.get(0))
        .optional()?;
    Ok(found.map(PartnerId::new))
}
