//! Mails are taken, and what becomes of them is kept.

use std::time::Duration;

use payout::{TextcoinNo, Timestamp};
use program::Recipient;
use rusqlite::{Connection, params};

use crate::sqlite::codec::{Fields, millis};
use crate::sqlite::rates;
use crate::{Endpoint, MailKind, MailNo, MailOutcome, MailTask, StoreError};

/// Whether nobody needs a mail any more: its textcoin has ended, is to come back, or has other words by now; or it would
/// remind somebody who is about to claim.
const IS_OVER: &str =
    "(outcome IS NOT NULL OR recalled_at IS NOT NULL OR mails.generation IS NOT payouts.generation
     OR mails.counter IS NOT payouts.counter OR mails.kind > 0 AND claim_seen IS NOT NULL)";
const EXPIRED: &str = "the textcoin expired before its mail could be sent";

pub(super) fn take(
    connection: &Connection,
    endpoint: Endpoint,
    now: Timestamp,
    lease: Duration,
    most: u32,
) -> Result<Vec<MailTask>, StoreError> {
    let (tasks, ended) = due(connection, endpoint, now, most)?;
    let mut end = connection.prepare_cached(
        "UPDATE mails SET state = ?2, reason = ?3, ended_at = ?4, leased = 0 WHERE id = ?1",
    )?;
    for (no, state, reason) in ended {
        end.execute(params![no.get(), state, reason, millis(now)?])?;
    }
    let mut hold =
        connection.prepare_cached("UPDATE mails SET leased = 1, wake_at = ?2, tries = ?3 WHERE id = ?1")?;
    for task in &tasks {
        hold.execute(params![task.no.get(), millis(now.plus(lease))?, task.attempt])?;
    }
    Ok(tasks)
}

/// A mail that is ended, its state, and why.
type Ended = (MailNo, &'static str, Option<&'static str>);

/// What is to be sent, and what need not or cannot be.
fn due(
    connection: &Connection,
    endpoint: Endpoint,
    now: Timestamp,
    most: u32,
) -> Result<(Vec<MailTask>, Vec<Ended>), StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT mails.id, mails.kind, sending, tries, written_at, mails.generation, mails.counter, address, amount, recipient,
             currency, rates, expires_at, language,
             iif(partners.kind = 'processor' AND merchant <> '', merchant, partners.name) AS shop,
             {IS_OVER} AS is_over
         FROM mails JOIN payouts ON payouts.id = mails.payout JOIN textcoins ON textcoins.payout = mails.payout
             JOIN purchase_payouts ON purchase_payouts.payout = mails.payout
             JOIN partners ON partners.id = purchase_payouts.partner
         WHERE mails.endpoint = ? AND state = 'waiting' AND wake_at <= ?
         ORDER BY wake_at, mails.id LIMIT ?",
    ))?;
    let mut rows = statement.query(params![endpoint.code(), millis(now)?, most])?;
    let (mut tasks, mut ended) = (Vec::new(), Vec::new());
    while let Some(row) = rows.next()? {
        let fields = Fields::new("mails", row);
        let no = MailNo::new(fields.plain("id")?);
        if fields.plain("is_over")? {
            ended.push((no, "unneeded", None));
        } else if fields.time("expires_at")? <= now {
            ended.push((no, "dead", Some(EXPIRED)));
        } else {
            tasks.push(task(&fields, no)?);
        }
    }
    Ok((tasks, ended))
}

pub(super) fn is_wanted(connection: &Connection, no: MailNo) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT 1 FROM mails JOIN payouts ON payouts.id = mails.payout JOIN textcoins ON textcoins.payout = mails.payout
         WHERE mails.id = ? AND state = 'waiting' AND NOT {IS_OVER}"
    ))?;
    Ok(statement.exists([no.get()])?)
}

fn task(fields: &Fields<'_>, no: MailNo) -> Result<MailTask, StoreError> {
    let recipient: Recipient = fields.text("recipient")?;
    let email = recipient.email().cloned();
    Ok(MailTask {
        no,
        attempt: fields.number::<u32>("tries")?.saturating_add(1),
        kind: kind(fields)?,
        sending: fields.number("sending")?,
        textcoin: TextcoinNo { generation: fields.number("generation")?, counter: fields.number("counter")? },
        address: fields.text("address")?,
        recipient: email.ok_or_else(|| fields.bad("recipient", "no mailbox"))?,
        language: fields.optional_text("language")?,
        shop: fields.plain("shop")?,
        amount: fields.bytes("amount")?,
        currency: fields.text("currency")?,
        rates: rates::of_row(fields)?,
        written_at: fields.time("written_at")?,
        expires_at: fields.time("expires_at")?,
    })
}

pub(super) fn kind(fields: &Fields<'_>) -> Result<MailKind, StoreError> {
    Ok(match fields.number("kind")? {
        0 => MailKind::Textcoin,
        days => MailKind::Reminder(days),
    })
}

pub(super) fn note(
    connection: &Connection,
    no: MailNo,
    attempt: u32,
    outcome: &MailOutcome,
    at: Timestamp,
) -> Result<(), StoreError> {
    let (state, code, reason) = match outcome {
        MailOutcome::Later { due, code, reason } => {
            connection
                .prepare_cached(
                    "UPDATE mails SET leased = 0, wake_at = ?3, code = ?4, reason = ?5
                     WHERE id = ?1 AND tries = ?2 AND state = 'waiting'",
                )?
                .execute(params![no.get(), attempt, millis(*due)?, code, reason])?;
            return Ok(());
        }
        MailOutcome::Back { due } => {
            connection
                .prepare_cached(
                    "UPDATE mails SET leased = 0, wake_at = ?3, tries = tries - 1
                     WHERE id = ?1 AND tries = ?2 AND state = 'waiting' AND leased = 1",
                )?
                .execute(params![no.get(), attempt, millis(*due)?])?;
            return Ok(());
        }
        MailOutcome::Sent { code } => ("sent", *code, None),
        MailOutcome::Refused { code, reason } => ("refused", *code, Some(reason)),
        MailOutcome::Dead { reason } => ("dead", None, Some(reason)),
    };
    connection
        .prepare_cached(
            "UPDATE mails SET leased = 0, state = ?3, code = ?4, reason = ?5, ended_at = ?6
             WHERE id = ?1 AND state <> 'sent' AND (?3 = 'sent' OR (tries = ?2 AND state = 'waiting'))",
        )?
        .execute(params![no.get(), attempt, state, code, reason, millis(at)?])?;
    Ok(())
}
