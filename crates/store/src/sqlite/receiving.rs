//! Receiving addresses and claimed units, on SQLite.

use async_trait::async_trait;
use ledger::PartnerId;
use obyte::{Address, UnitHash};
use payout::PayoutId;
use rusqlite::{Connection, params};

use super::SqliteStore;
use super::codec::{Fields, is_dangling, millis};
use crate::{Acceptance, Endpoint, Receiving, ReceivingAddress, StoreError, Thing};

#[async_trait]
impl Receiving for SqliteStore {
    async fn receiving_addresses(
        &self,
        endpoint: Endpoint,
        partner: PartnerId,
    ) -> Result<Vec<ReceivingAddress>, StoreError> {
        self.readers.run(move |connection| addresses(connection, endpoint, partner)).await
    }

    async fn add_receiving_address(
        &self,
        endpoint: Endpoint,
        partner: PartnerId,
        address: ReceivingAddress,
    ) -> Result<(), StoreError> {
        self.writer.run(move |connection| add(connection, endpoint, partner, &address)).await
    }

    async fn remove_receiving_address(
        &self,
        endpoint: Endpoint,
        partner: PartnerId,
        address: Address,
    ) -> Result<bool, StoreError> {
        self.writer.run(move |connection| remove(connection, endpoint, partner, &address)).await
    }

    async fn is_any_unit_used(&self, endpoint: Endpoint, units: &[UnitHash]) -> Result<bool, StoreError> {
        let units = units.to_vec();
        self.readers.run(move |connection| is_any_used(connection, endpoint, units.iter())).await
    }
}

fn addresses(
    connection: &Connection,
    endpoint: Endpoint,
    partner: PartnerId,
) -> Result<Vec<ReceivingAddress>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT address, role, added_at FROM receiving_addresses
         WHERE endpoint = ? AND partner = ? ORDER BY address",
    )?;
    let mut rows = statement.query(params![endpoint.code(), partner.get()])?;
    let mut addresses = Vec::new();
    while let Some(row) = rows.next()? {
        let fields = Fields::new("receiving_addresses", row);
        addresses.push(ReceivingAddress {
            address: fields.text("address")?,
            role: fields.text("role")?,
            added_at: fields.time("added_at")?,
        });
    }
    Ok(addresses)
}

fn add(
    connection: &Connection,
    endpoint: Endpoint,
    partner: PartnerId,
    new: &ReceivingAddress,
) -> Result<(), StoreError> {
    let inserted = connection
        .prepare_cached(
            "INSERT INTO receiving_addresses (endpoint, partner, address, role, added_at)
             VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET role = excluded.role",
        )?
        .execute(params![
            endpoint.code(),
            partner.get(),
            new.address.as_str(),
            new.role.code(),
            millis(new.added_at)?
        ]);
    match inserted {
        Err(error) if is_dangling(&error) => Err(StoreError::Unknown(Thing::Partner)),
        other => Ok(other.map(drop)?),
    }
}

fn remove(
    connection: &Connection,
    endpoint: Endpoint,
    partner: PartnerId,
    address: &Address,
) -> Result<bool, StoreError> {
    let removed = connection
        .prepare_cached("DELETE FROM receiving_addresses WHERE endpoint = ? AND partner = ? AND address = ?")?
        .execute(params![endpoint.code(), partner.get(), address.as_str()])?;
    Ok(removed > 0)
}

/// The units that a purchase wants for itself.
fn claims(acceptance: &Acceptance) -> impl Iterator<Item = &UnitHash> {
    acceptance.terms.purchase_unit.iter().chain(&acceptance.forwarded_by)
}

/// Whether another purchase has a unit that this one wants.
pub(super) fn is_claimed(
    connection: &Connection,
    endpoint: Endpoint,
    acceptance: &Acceptance,
) -> Result<bool, StoreError> {
    is_any_used(connection, endpoint, claims(acceptance))
}

fn is_any_used<'a>(
    connection: &Connection,
    endpoint: Endpoint,
    units: impl Iterator<Item = &'a UnitHash>,
) -> Result<bool, StoreError> {
    for unit in units {
        let used = connection
            .prepare_cached("SELECT 1 FROM purchase_units WHERE endpoint = ? AND unit = ?")?
            .exists(params![endpoint.code(), unit.as_str()])?;
        if used {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Claims the units of a purchase that is accepted.
pub(super) fn claim(
    connection: &Connection,
    endpoint: Endpoint,
    acceptance: &Acceptance,
    payout: PayoutId,
) -> Result<(), StoreError> {
    for unit in claims(acceptance) {
        connection
            .prepare_cached("INSERT INTO purchase_units (endpoint, unit, payout) VALUES (?, ?, ?)")?
            .execute(params![endpoint.code(), unit.as_str(), payout.get()])?;
    }
    Ok(())
}

/// Gives back what a payout has claimed.
pub(super) fn give_back(connection: &Connection, payout: PayoutId) -> Result<(), StoreError> {
    connection.prepare_cached("DELETE FROM purchase_units WHERE payout = ?")?.execute([payout.get()])?;
    Ok(())
}
