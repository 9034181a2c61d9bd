//! Where deposits may go, and where nothing may go.

use ledger::PartnerId;
use obyte::Address;
use payout::Timestamp;
use rusqlite::{Connection, params};

use crate::sqlite::codec::{Fields, millis};
use crate::sqlite::partners;
use crate::{AddressVerdict, Endpoint, StoreError, Thing, WithdrawalAddress};

pub(super) fn register(
    connection: &Connection,
    endpoint: Endpoint,
    partner: PartnerId,
    address: &Address,
    at: Timestamp,
) -> Result<AddressVerdict, StoreError> {
    if !partners::exists(connection, partner)? {
        return Err(StoreError::Unknown(Thing::Partner));
    }
    if is_own(connection, address)? {
        return Ok(AddressVerdict::Own);
    }
    if newest(connection, endpoint, partner)?.as_ref() == Some(address) {
        return Ok(AddressVerdict::Unchanged);
    }
    connection
        .prepare_cached(
            "INSERT INTO withdrawal_addresses (partner, endpoint, address, since) VALUES (?, ?, ?, ?)",
        )?
        .execute(params![partner.get(), endpoint.code(), address.as_str(), millis(at)?])?;
    Ok(AddressVerdict::Registered)
}

pub(super) fn newest(
    connection: &Connection,
    endpoint: Endpoint,
    partner: PartnerId,
) -> Result<Option<Address>, StoreError> {
    Ok(registered(connection, endpoint, partner)?.pop().map(|newest| newest.address))
}

pub(super) fn registered(
    connection: &Connection,
    endpoint: Endpoint,
    partner: PartnerId,
) -> Result<Vec<WithdrawalAddress>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, address, since FROM withdrawal_addresses WHERE partner = ? AND endpoint = ? ORDER BY id",
    )?;
    let mut rows = statement.query(params![partner.get(), endpoint.code()])?;
    let mut addresses = Vec::new();
    while let Some(row) = rows.next()? {
        let fields = Fields::new("withdrawal_addresses", row);
        addresses.push(WithdrawalAddress { address: fields.text("address")?, since: fields.time("since")? });
    }
    Ok(addresses)
}

/// Whether the journal knows an address as one of a wallet of this server, whichever endpoint's: that of a fund, a
/// partner's deposit address, one that has signed a good unit, one with a coin that is not spent, or one to which change goes that is not spent.
pub(super) fn is_own(connection: &Connection, address: &Address) -> Result<bool, StoreError> {
    Ok(connection
        .prepare_cached(
            "SELECT 1 FROM identities WHERE wallet = ?1
             UNION ALL SELECT 1 FROM first_units WHERE address = ?1
             UNION ALL SELECT 1 FROM deposit_addresses WHERE address = ?1
             UNION ALL SELECT 1 FROM coins WHERE address = ?1 AND slot IS NULL AND lost_at IS NULL
             UNION ALL SELECT 1 FROM lines JOIN versions ON versions.endpoint = lines.endpoint
                 AND versions.slot >= coalesce((SELECT max(no) FROM slots
                     WHERE slots.endpoint = lines.endpoint AND state = 'settled'), 0)
             WHERE change_address = ?1",
        )?
        .exists([address.as_str()])?)
}
