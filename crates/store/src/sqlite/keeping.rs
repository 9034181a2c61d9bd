//! Following textcoins, on SQLite.

mod ending;
mod lost;
mod reading;
mod sweeps;
mod which;

use async_trait::async_trait;
use payout::{PayoutId, SlotNo, SweepChange, TextcoinNo, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

pub(super) use self::ending::{TakenBack, came_back, given, got_nothing, is_taken_back, textcoin_out};
pub(super) use self::lost::{is_whole, top_up};
pub(super) use self::reading::{ended, open_coins, sweeps_of};
pub(super) use self::which::Which;
use super::codec::millis;
use super::{SqliteStore, payers};
use crate::{Endpoint, Keeping, OpenTextcoins, PayerLock, Recalled, StoreError, TextcoinCounts};

#[async_trait]
impl Keeping for SqliteStore {
    async fn open_textcoins(
        &self,
        endpoint: Endpoint,
        after: Option<SlotNo>,
    ) -> Result<OpenTextcoins, StoreError> {
        self.readers.run(move |connection| reading::open(connection, endpoint, after)).await
    }

    async fn recalled(&self, endpoint: Endpoint) -> Result<Vec<TextcoinNo>, StoreError> {
        self.readers.run(move |connection| reading::recalled(connection, endpoint)).await
    }

    async fn recall(
        &self,
        endpoint: Endpoint,
        payout: PayoutId,
        at: Timestamp,
    ) -> Result<Recalled, StoreError> {
        self.writer.run(move |connection| recall(connection, endpoint, payout, at)).await
    }

    async fn keep_sweeps(&self, lock: &PayerLock, changes: Vec<SweepChange>) -> Result<(), StoreError> {
        let claim = lock.claim();
        let write = move |connection: &Connection| {
            payers::check(connection, claim)?;
            changes.iter().try_for_each(|change| sweeps::keep(connection, claim.0, change))
        };
        self.writer.run(write).await
    }

    async fn textcoin_counts(
        &self,
        endpoint: Endpoint,
        now: Timestamp,
    ) -> Result<TextcoinCounts, StoreError> {
        self.readers.run(move |connection| reading::counts(connection, endpoint, now)).await
    }
}

pub(super) fn recall(
    connection: &Connection,
    endpoint: Endpoint,
    payout: PayoutId,
    at: Timestamp,
) -> Result<Recalled, StoreError> {
    let found: Option<(Option<String>, Option<i64>)> = connection
        .prepare_cached("SELECT outcome, recalled_at FROM textcoins WHERE payout = ? AND endpoint = ?")?
        .query_row(params![payout.get(), endpoint.code()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((outcome, recalled_at)) = found else { return Ok(Recalled::NoTextcoin) };
    match (outcome.as_deref(), recalled_at) {
        (Some("claimed"), _) => return Ok(Recalled::Claimed),
        (Some(_), _) => return Ok(Recalled::TakenBack),
        (None, Some(_)) => return Ok(Recalled::Already),
        (None, None) => {}
    }
    connection
        .prepare_cached("UPDATE textcoins SET recalled_at = ? WHERE payout = ?")?
        .execute(params![millis(at)?, payout.get()])?;
    Ok(Recalled::Noted)
}
