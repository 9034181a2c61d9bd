//! Where textcoins stand, with their mails.

use obyte::UnitHash;
use payout::{PayoutId, TextcoinNo, Timestamp};
use program::Recipient;
use rusqlite::{Connection, Row, params};

use super::taking::kind;
use crate::sqlite::codec::Fields;
use crate::sqlite::{corrections, line, purchases};
use crate::{Endpoint, MailNo, MailRecord, PurchaseKey, StoreError, TextcoinEnd, TextcoinRecord};

const RECORD: &str =
    "SELECT payouts.id, address, amount, queued_at, textcoin, generation, counter, claim_reserve,
        slot, parked_at, held_at, first_payout, recipient, accepted_at, expires_at, recalled_at, claim_seen, outcome, ended_by,
        ended_at
     FROM payouts JOIN purchase_payouts ON purchase_payouts.payout = payouts.id
         LEFT JOIN textcoins ON textcoins.payout = payouts.id
     WHERE payouts.endpoint = ?1 AND textcoin = 1 AND ";

/// The textcoin that holds for a purchase.
pub(in crate::sqlite) fn of_purchase(
    connection: &Connection,
    endpoint: Endpoint,
    key: &PurchaseKey,
) -> Result<Option<TextcoinRecord>, StoreError> {
    let Some(payout) = purchases::newest_payout(connection, endpoint, key)? else { return Ok(None) };
    let mut statement = connection.prepare_cached(&format!("{RECORD} payouts.id = ?2"))?;
    let mut rows = statement.query(params![endpoint.code(), payout.get()])?;
    rows.next()?.map(|row| record(connection, row, key.clone())).transpose()
}

pub(super) fn page(
    connection: &Connection,
    endpoint: Endpoint,
    after: Option<PayoutId>,
    limit: u32,
) -> Result<Vec<TextcoinRecord>, StoreError> {
    let mut statement =
        connection.prepare_cached(&format!("{RECORD} payouts.id > ?2 ORDER BY payouts.id LIMIT ?3"))?;
    let mut rows = statement.query(params![endpoint.code(), after.map_or(i64::MIN, PayoutId::get), limit])?;
    let mut page = Vec::new();
    while let Some(row) = rows.next()? {
        let fields = Fields::new("payouts", row);
        let payout = PayoutId::new(fields.plain("id")?);
        let key = purchases::key_of(connection, endpoint, payout)?;
        let key = key.ok_or_else(|| fields.bad("id", "its purchase is gone"))?;
        page.push(record(connection, row, key)?);
    }
    Ok(page)
}

fn record(connection: &Connection, row: &Row<'_>, key: PurchaseKey) -> Result<TextcoinRecord, StoreError> {
    let fields = Fields::new("payouts", row);
    let payout = line::payout(&fields)?;
    let recipient: Recipient = fields.text("recipient")?;
    let recipient = recipient.email().cloned();
    let (paid, answered) = purchases::standing(connection, &fields, payout.id)?;
    let times = match (fields.optional_time("accepted_at")?, fields.optional_time("expires_at")?) {
        (Some(accepted), Some(expires)) => Some((accepted, expires)),
        _ => None,
    };
    let mails = match payout.payee.issue() {
        Some(issue) => mails(connection, payout.id, issue.no)?,
        None => Vec::new(),
    };
    Ok(TextcoinRecord {
        key,
        recipient: recipient.ok_or_else(|| fields.bad("recipient", "no mailbox"))?,
        payout,
        paid,
        answered,
        times,
        is_recalled: fields.optional_time("recalled_at")?.is_some(),
        claim_seen: fields.optional_text("claim_seen")?,
        ended: ended(&fields)?,
        mails,
        corrections: corrections::of_purchase(connection, fields.plain("first_payout")?)?,
    })
}

fn ended(fields: &Fields<'_>) -> Result<Option<(TextcoinEnd, UnitHash, Timestamp)>, StoreError> {
    let end = match fields.plain::<Option<String>>("outcome")?.as_deref() {
        None => return Ok(None),
        Some("claimed") => TextcoinEnd::Claimed,
        Some(_) => TextcoinEnd::TakenBack,
    };
    Ok(Some((end, fields.text("ended_by")?, fields.time("ended_at")?)))
}

fn mails(connection: &Connection, payout: PayoutId, no: TextcoinNo) -> Result<Vec<MailRecord>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT * FROM mails WHERE payout = ? AND generation = ? AND counter = ? ORDER BY id",
    )?;
    let mut rows = statement.query(params![payout.get(), no.generation, no.counter])?;
    let mut mails = Vec::new();
    while let Some(row) = rows.next()? {
        let fields = Fields::new("mails", row);
        mails.push(MailRecord {
            no: MailNo::new(fields.plain("id")?),
            kind: kind(&fields)?,
            sending: fields.number("sending")?,
            asked_by: fields.optional_text("asked_by")?,
            written_at: fields.time("written_at")?,
            wake_at: fields.time("wake_at")?,
            tries: fields.number("tries")?,
            state: fields.text("state")?,
            code: fields.plain("code")?,
            reason: fields.plain("reason")?,
            ended_at: fields.optional_time("ended_at")?,
        });
    }
    Ok(mails)
}
