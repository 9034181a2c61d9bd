//! Mails that reach nobody, on SQLite.

use async_trait::async_trait;
use payout::{PayoutId, Timestamp};
use rusqlite::{Connection, params};

use super::{SqliteStore, purchases};
use crate::sqlite::codec::{Fields, millis};
use crate::{Endpoint, MailNo, StoreError, Undelivered, UndeliveredMail};

#[async_trait]
impl Undelivered for SqliteStore {
    async fn undelivered_mails(
        &self,
        endpoint: Endpoint,
        since: Timestamp,
        most: u32,
    ) -> Result<Vec<UndeliveredMail>, StoreError> {
        self.readers.run(move |connection| untold(connection, endpoint, since, most)).await
    }

    async fn note_told(&self, mails: Vec<MailNo>, at: Timestamp) -> Result<(), StoreError> {
        self.writer.run(move |connection| told(connection, &mails, at)).await
    }
}

fn untold(
    connection: &Connection,
    endpoint: Endpoint,
    since: Timestamp,
    most: u32,
) -> Result<Vec<UndeliveredMail>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT * FROM (
             SELECT mails.id AS id, mails.payout AS payout, partners.name AS partner_name, contact, language, merchant, recipient,
                 reason, mails.ended_at AS ended_at,
                 row_number() OVER (PARTITION BY partners.id ORDER BY mails.id) AS place
             FROM mails JOIN payouts ON payouts.id = mails.payout JOIN textcoins ON textcoins.payout = mails.payout
                 JOIN purchase_payouts ON purchase_payouts.payout = mails.payout
                 JOIN partners ON partners.id = purchase_payouts.partner
             WHERE mails.endpoint = ?1 AND state IN ('refused', 'dead') AND told_at IS NULL
                 AND (state = 'refused' OR mails.kind = 0)
                 AND mails.ended_at >= ?2 AND outcome IS NOT 'claimed' AND recalled_at IS NULL
                 AND mails.generation = payouts.generation AND mails.counter = payouts.counter)
         WHERE place <= ?3 ORDER BY id",
    )?;
    let mut rows = statement.query(params![endpoint.code(), millis(since)?, most])?;
    let mut mails = Vec::new();
    while let Some(row) = rows.next()? {
        let fields = Fields::new("mails", row);
        let key = purchases::key_of(connection, endpoint, PayoutId::new(fields.plain("payout")?))?;
        mails.push(UndeliveredMail {
            no: MailNo::new(fields.plain("id")?),
            key: key.ok_or_else(|| fields.bad("payout", "its purchase is gone"))?,
            partner: fields.text("partner_name")?,
            contact: fields.optional_text("contact")?,
            language: fields.optional_text("language")?,
            merchant: fields.plain("merchant")?,
            recipient: fields.text("recipient")?,
            reason: fields.plain::<Option<String>>("reason")?.unwrap_or_default(),
            ended_at: fields.time("ended_at")?,
        });
    }
    Ok(mails)
}

fn told(connection: &Connection, mails: &[MailNo], at: Timestamp) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "UPDATE mails SET told_at = ?2 WHERE id = ?1 AND state IN ('refused', 'dead') AND told_at IS NULL",
    )?;
    for no in mails {
        statement.execute(params![no.get(), millis(at)?])?;
    }
    Ok(())
}
