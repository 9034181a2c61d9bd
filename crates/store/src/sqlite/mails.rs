//! The outbox, on SQLite.

mod reading;
mod resending;
mod taking;

pub(super) use self::reading::of_purchase;

use std::time::Duration;

use async_trait::async_trait;
use payout::{PayoutId, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use super::SqliteStore;
use crate::sqlite::codec::{Fields, integer, millis};
use crate::{
    Endpoint, MailBacklog, MailNo, MailOutcome, MailTask, Mails, PurchaseKey, ResendOrder, ResendVerdict,
    StoreError, TextcoinRecord,
};

const DAY: u64 = 24 * 60 * 60 * 1000;

#[async_trait]
impl Mails for SqliteStore {
    async fn take_mails(
        &self,
        endpoint: Endpoint,
        now: Timestamp,
        lease: Duration,
        most: u32,
    ) -> Result<Vec<MailTask>, StoreError> {
        self.writer.run(move |connection| taking::take(connection, endpoint, now, lease, most)).await
    }

    async fn is_wanted(&self, no: MailNo) -> Result<bool, StoreError> {
        self.readers.run(move |connection| taking::is_wanted(connection, no)).await
    }

    async fn next_mail(&self, endpoint: Endpoint) -> Result<Option<Timestamp>, StoreError> {
        self.readers.run(move |connection| next(connection, endpoint)).await
    }

    async fn note_mail(
        &self,
        no: MailNo,
        attempt: u32,
        outcome: MailOutcome,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        self.writer.run(move |connection| taking::note(connection, no, attempt, &outcome, at)).await
    }

    async fn free_mails(&self, endpoint: Endpoint, now: Timestamp) -> Result<(), StoreError> {
        self.writer.run(move |connection| free(connection, endpoint, now)).await
    }

    async fn plan_reminders(
        &self,
        endpoint: Endpoint,
        days: &[u32],
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut days = days.to_vec();
        days.sort_unstable();
        days.dedup();
        self.writer.run(move |connection| plan(connection, endpoint, &days, now)).await
    }

    async fn resend_mail(&self, endpoint: Endpoint, order: ResendOrder) -> Result<ResendVerdict, StoreError> {
        self.writer.run(move |connection| resending::resend(connection, endpoint, &order)).await
    }

    async fn textcoin(
        &self,
        endpoint: Endpoint,
        key: &PurchaseKey,
    ) -> Result<Option<TextcoinRecord>, StoreError> {
        let key = key.clone();
        self.readers.run(move |connection| reading::of_purchase(connection, endpoint, &key)).await
    }

    async fn textcoins(
        &self,
        endpoint: Endpoint,
        after: Option<PayoutId>,
        limit: u32,
    ) -> Result<Vec<TextcoinRecord>, StoreError> {
        self.readers.run(move |connection| reading::page(connection, endpoint, after, limit)).await
    }

    async fn mail_backlog(&self, endpoint: Endpoint) -> Result<MailBacklog, StoreError> {
        self.readers.run(move |connection| backlog(connection, endpoint)).await
    }
}

fn next(connection: &Connection, endpoint: Endpoint) -> Result<Option<Timestamp>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, wake_at FROM mails WHERE endpoint = ? AND state = 'waiting' ORDER BY wake_at LIMIT 1",
    )?;
    let mut rows = statement.query([endpoint.code()])?;
    rows.next()?.map(|row| Fields::new("mails", row).time("wake_at")).transpose()
}

fn free(connection: &Connection, endpoint: Endpoint, now: Timestamp) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE mails SET leased = 0, wake_at = ?2
             WHERE endpoint = ?1 AND state = 'waiting' AND leased = 1",
        )?
        .execute(params![endpoint.code(), millis(now)?])?;
    Ok(())
}

/// From the last day to the first, so that of several that are due only the newest is made.
fn plan(
    connection: &Connection,
    endpoint: Endpoint,
    days: &[u32],
    now: Timestamp,
) -> Result<u64, StoreError> {
    let mut made = 0;
    for day in days.iter().rev().filter(|day| **day > 0) {
        let after = integer(u64::from(*day) * DAY)?;
        made += connection
            .prepare_cached(
                "INSERT INTO mails (endpoint, payout, generation, counter, kind, sending, written_at, wake_at)
                 SELECT payouts.endpoint, payouts.id, generation, counter, ?3, 0, ?2, ?2
                 FROM textcoins JOIN payouts ON payouts.id = textcoins.payout
                 WHERE textcoins.endpoint = ?1 AND outcome IS NULL AND recalled_at IS NULL AND claim_seen IS NULL
                     AND accepted_at <= ?2 - ?4
                     AND expires_at > ?2 AND expires_at > accepted_at + ?4
                     AND EXISTS (SELECT 1 FROM mails WHERE payout = payouts.id AND counter = payouts.counter
                         AND generation = payouts.generation AND kind = 0 AND state = 'sent')
                     AND NOT EXISTS (SELECT 1 FROM mails WHERE payout = payouts.id AND counter = payouts.counter
                         AND generation = payouts.generation AND (kind >= ?3 OR state = 'refused'))",
            )?
            .execute(params![endpoint.code(), millis(now)?, day, after])?;
    }
    Ok(u64::try_from(made).unwrap_or(u64::MAX))
}

fn backlog(connection: &Connection, endpoint: Endpoint) -> Result<MailBacklog, StoreError> {
    let found = connection
        .prepare_cached(
            "SELECT count(*), min(written_at) FROM mails WHERE endpoint = ? AND state = 'waiting'",
        )?
        .query_row([endpoint.code()], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?)))
        .optional()?;
    let Some((waiting, oldest)) = found else { return Ok(MailBacklog::default()) };
    let oldest = oldest.and_then(|oldest| u64::try_from(oldest).ok()).map(Timestamp::from_millis);
    Ok(MailBacklog { waiting: u64::try_from(waiting).unwrap_or_default(), oldest })
}
