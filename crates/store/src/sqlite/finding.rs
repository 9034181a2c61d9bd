//! Textcoins of lost databases, on SQLite.

mod ending;
mod reading;
mod searching;

use async_trait::async_trait;
use payout::{TextcoinNo, Timestamp};
use rusqlite::{Connection, params};

pub(super) use self::ending::{came_back_late, ended_by, note_returned, share_back, taken_back};
pub(super) use self::reading::{coin_of, one};
use super::codec::millis;
use super::{SqliteStore, payers};
use crate::{
    Endpoint, Finding, FoundTextcoin, OpenFound, PayerLock, Recalled, SearchTask, StoreError, TextcoinEnd,
    Tried,
};

#[async_trait]
impl Finding for SqliteStore {
    async fn search_task(&self, endpoint: Endpoint, most: u32) -> Result<Option<SearchTask>, StoreError> {
        self.readers.run(move |connection| searching::task(connection, endpoint, most)).await
    }

    async fn keep_tried(&self, lock: &PayerLock, tried: Tried) -> Result<u32, StoreError> {
        let claim = lock.claim();
        let write = move |connection: &Connection| {
            payers::check(connection, claim)?;
            searching::keep(connection, claim.0, &tried)
        };
        self.writer.run(write).await
    }

    async fn open_found(&self, endpoint: Endpoint, after: i64) -> Result<OpenFound, StoreError> {
        self.readers.run(move |connection| reading::open(connection, endpoint, after)).await
    }

    async fn found_textcoins(
        &self,
        endpoint: Endpoint,
        after: Option<TextcoinNo>,
        limit: u32,
    ) -> Result<Vec<FoundTextcoin>, StoreError> {
        self.readers.run(move |connection| reading::all(connection, endpoint, after, limit)).await
    }

    async fn found_textcoin(
        &self,
        endpoint: Endpoint,
        no: TextcoinNo,
    ) -> Result<Option<FoundTextcoin>, StoreError> {
        self.readers.run(move |connection| reading::one(connection, endpoint, no)).await
    }

    async fn recall_found(
        &self,
        endpoint: Endpoint,
        no: TextcoinNo,
        at: Timestamp,
    ) -> Result<Recalled, StoreError> {
        self.writer.run(move |connection| recall(connection, endpoint, no, at)).await
    }
}

fn recall(
    connection: &Connection,
    endpoint: Endpoint,
    no: TextcoinNo,
    at: Timestamp,
) -> Result<Recalled, StoreError> {
    let Some(found) = reading::one(connection, endpoint, no)? else { return Ok(Recalled::NoTextcoin) };
    match (found.ended, found.recalled_at) {
        (Some((TextcoinEnd::Claimed, ..)), _) => return Ok(Recalled::Claimed),
        (Some((TextcoinEnd::TakenBack, ..)), _) => return Ok(Recalled::TakenBack),
        (None, Some(_)) => return Ok(Recalled::Already),
        (None, None) => {}
    }
    connection
        .prepare_cached(
            "UPDATE found_textcoins SET recalled_at = ? WHERE endpoint = ? AND generation = ? AND counter = ?",
        )?
        .execute(params![millis(at)?, endpoint.code(), no.generation, no.counter])?;
    Ok(Recalled::Noted)
}
