//! Partners, keys, and what an endpoint is tied to.

use ledger::PartnerId;
use obyte::Address;
use payout::Timestamp;
use program::{EmailAddress, Language, PartnerTerms};
use rusqlite::{Connection, Params, named_params, params};

use crate::sqlite::codec::{Fields, is_dangling, is_taken, millis};
use crate::sqlite::rulebook;
use crate::{
    Endpoint, Identity, KeyHash, KeyId, NewPartner, Partner, PartnerKey, PartnerName, StoreError, Thing,
};

pub(super) fn bind(connection: &Connection, endpoint: Endpoint, wanted: &Identity) -> Result<(), StoreError> {
    let Some(bound) = identity(connection, endpoint)? else {
        let providers: Vec<_> = wanted.sorted_providers().iter().map(ToString::to_string).collect();
        connection
            .prepare_cached(
                "INSERT INTO identities (endpoint, network, wallet, order_providers) VALUES (?, ?, ?, ?)",
            )?
            .execute(params![
                endpoint.code(),
                wanted.network.to_string(),
                wanted.wallet.as_str(),
                providers.join(" ")
            ])?;
        return Ok(());
    };
    match bound.differs_in(wanted) {
        None => Ok(()),
        Some(part) => Err(StoreError::OtherIdentity { endpoint, part }),
    }
}

pub(super) fn identity(connection: &Connection, endpoint: Endpoint) -> Result<Option<Identity>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT * FROM identities WHERE endpoint = ?")?;
    let mut rows = statement.query([endpoint.code()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let fields = Fields::new("identities", row);
    let providers: String = fields.plain("order_providers")?;
    let order_providers = providers
        .split_whitespace()
        .map(|text| text.parse::<Address>().map_err(|error| fields.bad("order_providers", error)))
        .collect::<Result<_, _>>()?;
    Ok(Some(Identity { network: fields.text("network")?, wallet: fields.text("wallet")?, order_providers }))
}

pub(super) fn add(connection: &Connection, partner: &NewPartner) -> Result<Partner, StoreError> {
    let inserted = connection
        .prepare_cached("INSERT INTO partners (name, kind, trusted, added_at) VALUES (?, ?, ?, ?)")?
        .insert(params![partner.name.as_str(), partner.kind.code(), partner.trusted, millis(partner.at)?]);
    let id = inserted.map_err(|error| taken(error, Thing::Partner))?;
    Ok(Partner {
        id: PartnerId::new(id),
        name: partner.name.clone(),
        kind: partner.kind,
        trusted: partner.trusted,
        terms: PartnerTerms::default(),
        language: None,
        contact: None,
        added_at: partner.at,
        disabled_at: None,
        keys: Vec::new(),
    })
}

pub(super) fn disable(connection: &Connection, partner: PartnerId, at: Timestamp) -> Result<(), StoreError> {
    let changed = connection
        .prepare_cached("UPDATE partners SET disabled_at = coalesce(disabled_at, ?) WHERE id = ?")?
        .execute(params![millis(at)?, partner.get()])?;
    if changed == 1 { Ok(()) } else { Err(StoreError::Unknown(Thing::Partner)) }
}

pub(super) fn set_language(
    connection: &Connection,
    partner: PartnerId,
    language: Option<&Language>,
) -> Result<(), StoreError> {
    let changed = connection
        .prepare_cached("UPDATE partners SET language = ? WHERE id = ?")?
        .execute(params![language.map(Language::as_str), partner.get()])?;
    if changed == 1 { Ok(()) } else { Err(StoreError::Unknown(Thing::Partner)) }
}

pub(super) fn set_contact(
    connection: &Connection,
    partner: PartnerId,
    contact: Option<&EmailAddress>,
) -> Result<(), StoreError> {
    let changed = connection
        .prepare_cached("UPDATE partners SET contact = ? WHERE id = ?")?
        .execute(params![contact.map(EmailAddress::as_str), partner.get()])?;
    if changed == 1 { Ok(()) } else { Err(StoreError::Unknown(Thing::Partner)) }
}

pub(super) fn add_key(
    connection: &Connection,
    partner: PartnerId,
    hash: &KeyHash,
    label: &str,
    at: Timestamp,
) -> Result<KeyId, StoreError> {
    let inserted = connection
        .prepare_cached("INSERT INTO partner_keys (partner, hash, label, added_at) VALUES (?, ?, ?, ?)")?
        .insert(params![partner.get(), hash.digest(), label, millis(at)?]);
    match inserted {
        Ok(id) => Ok(KeyId::new(id)),
        Err(error) if is_dangling(&error) => Err(StoreError::Unknown(Thing::Partner)),
        Err(error) => Err(taken(error, Thing::Key)),
    }
}

pub(super) fn disable_key(connection: &Connection, key: KeyId, at: Timestamp) -> Result<(), StoreError> {
    let changed = connection
        .prepare_cached("UPDATE partner_keys SET disabled_at = coalesce(disabled_at, ?) WHERE id = ?")?
        .execute(params![millis(at)?, key.get()])?;
    if changed == 1 { Ok(()) } else { Err(StoreError::Unknown(Thing::Key)) }
}

pub(super) fn exists(connection: &Connection, partner: PartnerId) -> Result<bool, StoreError> {
    Ok(added_at(connection, partner)?.is_some())
}

/// When a partner was added, if there is one.
pub(super) fn added_at(connection: &Connection, partner: PartnerId) -> Result<Option<Timestamp>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT id, added_at FROM partners WHERE id = ?")?;
    let mut rows = statement.query([partner.get()])?;
    rows.next()?.map(|row| Fields::new("partners", row).time("added_at")).transpose()
}

pub(super) fn all(connection: &Connection) -> Result<Vec<Partner>, StoreError> {
    read(connection, "SELECT * FROM partners ORDER BY id", [])
}

pub(super) fn by_name(connection: &Connection, name: &PartnerName) -> Result<Option<Partner>, StoreError> {
    let found = read(
        connection,
        "SELECT * FROM partners WHERE name = :name",
        named_params! { ":name": name.as_str() },
    )?;
    if found.is_empty() {
        // As much is read as for a name that is known, so that the time tells nobody which are.
        read(connection, "SELECT * FROM partners ORDER BY id LIMIT 1", [])?;
    }
    Ok(found.into_iter().next())
}

fn read(connection: &Connection, query: &str, params: impl Params) -> Result<Vec<Partner>, StoreError> {
    let mut statement = connection.prepare_cached(query)?;
    let mut rows = statement.query(params)?;
    let mut partners = Vec::new();
    while let Some(row) = rows.next()? {
        let fields = Fields::new("partners", row);
        let id = PartnerId::new(fields.plain("id")?);
        partners.push(Partner {
            id,
            name: fields.text("name")?,
            kind: fields.text("kind")?,
            trusted: fields.plain("trusted")?,
            terms: rulebook::terms_now(connection, id)?,
            language: fields.optional_text("language")?,
            contact: fields.optional_text("contact")?,
            added_at: fields.time("added_at")?,
            disabled_at: fields.optional_time("disabled_at")?,
            keys: keys(connection, id)?,
        });
    }
    Ok(partners)
}

fn keys(connection: &Connection, partner: PartnerId) -> Result<Vec<PartnerKey>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT * FROM partner_keys WHERE partner = ? ORDER BY id")?;
    let mut rows = statement.query([partner.get()])?;
    let mut keys = Vec::new();
    while let Some(row) = rows.next()? {
        let fields = Fields::new("partner_keys", row);
        keys.push(PartnerKey {
            id: KeyId::new(fields.plain("id")?),
            hash: KeyHash::from_digest(fields.plain("hash")?),
            label: fields.plain("label")?,
            added_at: fields.time("added_at")?,
            disabled_at: fields.optional_time("disabled_at")?,
        });
    }
    Ok(keys)
}

fn taken(error: rusqlite::Error, thing: Thing) -> StoreError {
    if is_taken(&error) { StoreError::Taken(thing) } else { StoreError::from(error) }
}
