//! The merchants of payment processors.

use ledger::PartnerId;
use payout::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use crate::sqlite::codec::{Fields, is_dangling, millis};
use crate::{Merchant, MerchantRefusal, MerchantScope, Merchants, PurchaseKey, StoreError, Thing};

/// Why nothing is accepted for the merchant of a purchase, if so.
pub(super) fn refusal(
    connection: &Connection,
    key: &PurchaseKey,
) -> Result<Option<MerchantRefusal>, StoreError> {
    let Some(merchant) = &key.merchant else { return Ok(None) };
    let blocked_at = connection
        .prepare_cached("SELECT blocked_at FROM merchants WHERE partner = ? AND name = ?")?
        .query_row(params![key.partner.get(), merchant.as_str()], |row| row.get::<_, Option<i64>>(0))
        .optional()?;
    match blocked_at {
        Some(Some(_)) => Ok(Some(MerchantRefusal::Blocked)),
        Some(None) => Ok(None),
        None => Ok(only_listed(connection, key.partner)?.then_some(MerchantRefusal::NotListed)),
    }
}

/// Lists the merchant of a purchase that is accepted, if it is new.
pub(super) fn see(connection: &Connection, key: &PurchaseKey, at: Timestamp) -> Result<(), StoreError> {
    key.merchant.as_ref().map_or(Ok(()), |merchant| add(connection, key.partner, merchant, at))
}

fn only_listed(connection: &Connection, partner: PartnerId) -> Result<bool, StoreError> {
    let found = connection
        .prepare_cached("SELECT only_listed FROM partners WHERE id = ?")?
        .query_row([partner.get()], |row| row.get(0))
        .optional()?;
    found.ok_or(StoreError::Unknown(Thing::Partner))
}

pub(super) fn all(connection: &Connection, partner: PartnerId) -> Result<Merchants, StoreError> {
    let only_listed = only_listed(connection, partner)?;
    let mut statement = connection
        .prepare_cached("SELECT name, added_at, blocked_at FROM merchants WHERE partner = ? ORDER BY name")?;
    let mut rows = statement.query([partner.get()])?;
    let mut listed = Vec::new();
    while let Some(row) = rows.next()? {
        let fields = Fields::new("merchants", row);
        let name: String = fields.plain("name")?;
        listed.push(Merchant {
            name: MerchantScope::new(name).map_err(|error| fields.bad("name", error))?,
            added_at: fields.time("added_at")?,
            blocked_at: fields.optional_time("blocked_at")?,
        });
    }
    Ok(Merchants { only_listed, listed })
}

pub(super) fn set_only_listed(
    connection: &Connection,
    partner: PartnerId,
    only_listed: bool,
) -> Result<(), StoreError> {
    let changed = connection
        .prepare_cached("UPDATE partners SET only_listed = ? WHERE id = ?")?
        .execute(params![only_listed, partner.get()])?;
    if changed == 1 { Ok(()) } else { Err(StoreError::Unknown(Thing::Partner)) }
}

pub(super) fn add(
    connection: &Connection,
    partner: PartnerId,
    name: &MerchantScope,
    at: Timestamp,
) -> Result<(), StoreError> {
    let inserted = connection
        .prepare_cached(
            "INSERT INTO merchants (partner, name, added_at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        )?
        .execute(params![partner.get(), name.as_str(), millis(at)?]);
    match inserted {
        Err(error) if is_dangling(&error) => Err(StoreError::Unknown(Thing::Partner)),
        other => Ok(other.map(drop)?),
    }
}

pub(super) fn block(
    connection: &Connection,
    partner: PartnerId,
    name: &MerchantScope,
    from: Option<Timestamp>,
) -> Result<(), StoreError> {
    let changed = connection
        .prepare_cached("UPDATE merchants SET blocked_at = ? WHERE partner = ? AND name = ?")?
        .execute(params![from.map(millis).transpose()?, partner.get(), name.as_str()])?;
    if changed == 1 { Ok(()) } else { Err(StoreError::Unknown(Thing::Merchant)) }
}
