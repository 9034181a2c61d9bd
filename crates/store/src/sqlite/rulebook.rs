//! The rules of each day and the terms of each partner, on SQLite.

use async_trait::async_trait;
use ledger::PartnerId;
use payout::Timestamp;
use program::PartnerTerms;
use rusqlite::{Connection, OptionalExtension, params};

use super::codec::{Fields, is_dangling, millis};
use super::{SqliteStore, no_nul};
use crate::{Rulebook, RulesRecord, RulesVersion, StoreError, TermsRecord, Thing};

#[async_trait]
impl Rulebook for SqliteStore {
    async fn enact(&self, text: &str, at: Timestamp) -> Result<RulesVersion, StoreError> {
        no_nul([text])?;
        let text = text.to_owned();
        self.writer.run(move |connection| enact(connection, &text, at)).await
    }

    async fn rules(&self) -> Result<Vec<RulesRecord>, StoreError> {
        self.readers.run(rules).await
    }

    async fn agree(&self, partner: PartnerId, terms: PartnerTerms, at: Timestamp) -> Result<(), StoreError> {
        self.writer.run(move |connection| agree(connection, partner, &terms, at)).await
    }

    async fn terms(&self, partner: PartnerId) -> Result<Vec<TermsRecord>, StoreError> {
        self.readers.run(move |connection| terms(connection, partner)).await
    }
}

fn enact(connection: &Connection, text: &str, at: Timestamp) -> Result<RulesVersion, StoreError> {
    let in_force: Option<(i64, String)> = connection
        .prepare_cached("SELECT version, text FROM rules ORDER BY version DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let version = match in_force {
        Some((version, known)) if known == text => version,
        _ => connection
            .prepare_cached("INSERT INTO rules (text, since) VALUES (?, ?)")?
            .insert(params![text, millis(at)?])?,
    };
    Ok(RulesVersion::new(version))
}

fn rules(connection: &Connection) -> Result<Vec<RulesRecord>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT version, text, since FROM rules ORDER BY version")?;
    let mut rows = statement.query([])?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        let fields = Fields::new("rules", row);
        records.push(RulesRecord {
            version: RulesVersion::new(fields.plain("version")?),
            text: fields.plain("text")?,
            since: fields.time("since")?,
        });
    }
    Ok(records)
}

fn agree(
    connection: &Connection,
    partner: PartnerId,
    terms: &PartnerTerms,
    at: Timestamp,
) -> Result<(), StoreError> {
    let inserted = connection
        .prepare_cached(
            "INSERT INTO partner_terms (partner, since, percentage_max, purchase_min_usd, cashback_max_usd)
             VALUES (?, ?, ?, ?, ?)",
        )?
        .execute(params![
            partner.get(),
            millis(at)?,
            terms.max_partner_percentage.map(|percentage| percentage.to_string()),
            terms.smallest_purchase.map(|dollars| dollars.amount().to_string()),
            terms.most_cashback.map(|dollars| dollars.amount().to_string()),
        ]);
    match inserted {
        Ok(_) => Ok(()),
        Err(error) if is_dangling(&error) => Err(StoreError::Unknown(Thing::Partner)),
        Err(error) => Err(error.into()),
    }
}

/// The terms that hold for a partner now.
pub(super) fn terms_now(connection: &Connection, partner: PartnerId) -> Result<PartnerTerms, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT * FROM partner_terms WHERE partner = ? ORDER BY id DESC LIMIT 1")?;
    let mut rows = statement.query([partner.get()])?;
    match rows.next()? {
        Some(row) => Ok(read(&Fields::new("partner_terms", row))?.terms),
        None => Ok(PartnerTerms::default()),
    }
}

fn terms(connection: &Connection, partner: PartnerId) -> Result<Vec<TermsRecord>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT * FROM partner_terms WHERE partner = ? ORDER BY id")?;
    let mut rows = statement.query([partner.get()])?;
    let mut records = Vec::new();
    while let Some(row) = rows.next()? {
        records.push(read(&Fields::new("partner_terms", row))?);
    }
    Ok(records)
}

fn read(fields: &Fields<'_>) -> Result<TermsRecord, StoreError> {
    let terms = PartnerTerms {
        max_partner_percentage: fields.optional_text("percentage_max")?,
        smallest_purchase: fields.optional_text("purchase_min_usd")?,
        most_cashback: fields.optional_text("cashback_max_usd")?,
    };
    Ok(TermsRecord { terms, since: fields.time("since")? })
}
