//! What operators decide about held orders, on SQLite.

use async_trait::async_trait;
use payout::{PayoutId, Timestamp};

use super::{SqliteStore, handover, holds, payers};
use crate::{Endpoint, HeldBacklog, PayerLock, PurchaseKey, PurchaseRecord, Review, Reviewed, StoreError};

#[async_trait]
impl Review for SqliteStore {
    async fn held(&self, endpoint: Endpoint) -> Result<Vec<PurchaseRecord>, StoreError> {
        self.readers.run(move |connection| holds::held(connection, endpoint)).await
    }

    async fn held_backlog(&self, endpoint: Endpoint) -> Result<HeldBacklog, StoreError> {
        self.readers.run(move |connection| holds::backlog(connection, endpoint)).await
    }

    async fn release(
        &self,
        endpoint: Endpoint,
        key: &PurchaseKey,
        at: Timestamp,
    ) -> Result<Reviewed, StoreError> {
        let key = key.clone();
        self.writer.run(move |connection| holds::release(connection, endpoint, &key, at)).await
    }

    async fn reject(
        &self,
        endpoint: Endpoint,
        key: &PurchaseKey,
        at: Timestamp,
    ) -> Result<Reviewed, StoreError> {
        let key = key.clone();
        self.writer.run(move |connection| holds::reject(connection, endpoint, &key, at)).await
    }

    async fn taken_up(
        &self,
        lock: &PayerLock,
        payouts: &[PayoutId],
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let (claim, payouts) = (lock.claim(), payouts.to_vec());
        let write = move |connection: &rusqlite::Connection| {
            payers::check(connection, claim)?;
            handover::taken_up(connection, claim.0, &payouts, at)
        };
        self.writer.run(write).await
    }
}
