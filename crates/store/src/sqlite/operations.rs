//! What operators and payers tell each other, on SQLite.

use async_trait::async_trait;
use obyte::UnitHash;
use payout::{Alarm, PayoutId, SlotNo, Timestamp, VersionId};

use super::{SqliteStore, line, no_nul, payers, wishes};
use crate::{
    Endpoint, Operations, OrderId, Overview, Pause, PauseNo, PayerLock, PayerReport, PayoutTrail, Repost,
    RepostNo, SlotLine, SlotRecord, StoreError, WhichSlots, Wishes,
};

#[async_trait]
impl Operations for SqliteStore {
    async fn pause(&self, endpoint: Endpoint, why: &Alarm, at: Timestamp) -> Result<Pause, StoreError> {
        no_nul([why.to_string().as_str()])?;
        let why = why.clone();
        self.writer.run(move |connection| wishes::pause(connection, endpoint, &why, at)).await
    }

    async fn resume(&self, endpoint: Endpoint, through: PauseNo, at: Timestamp) -> Result<(), StoreError> {
        self.writer.run(move |connection| wishes::resume(connection, endpoint, through, at)).await
    }

    async fn ask_repost(
        &self,
        endpoint: Endpoint,
        slot: Option<SlotNo>,
        at: Timestamp,
    ) -> Result<Repost, StoreError> {
        self.writer.run(move |connection| wishes::ask_repost(connection, endpoint, slot, at)).await
    }

    async fn wishes(&self, lock: &PayerLock) -> Result<Wishes, StoreError> {
        let claim = lock.claim();
        let read = move |connection: &rusqlite::Connection| {
            payers::check(connection, claim)?;
            wishes::wishes(connection, claim.0)
        };
        self.readers.run(read).await
    }

    async fn reposted(&self, lock: &PayerLock, through: RepostNo, at: Timestamp) -> Result<(), StoreError> {
        let claim = lock.claim();
        let write = move |connection: &rusqlite::Connection| {
            payers::check(connection, claim)?;
            wishes::reposted(connection, claim.0, through, at)
        };
        self.writer.run(write).await
    }

    async fn heard(
        &self,
        lock: &PayerLock,
        version: VersionId,
        answer: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let (claim, answer) = (lock.claim(), answer.to_owned());
        let write = move |connection: &rusqlite::Connection| {
            payers::check(connection, claim)?;
            line::heard(connection, claim.0, version, &answer, at)
        };
        self.writer.run(write).await
    }

    async fn report(&self, lock: &PayerLock, report: PayerReport) -> Result<(), StoreError> {
        let claim = lock.claim();
        let write = move |connection: &rusqlite::Connection| {
            payers::check(connection, claim)?;
            payers::write_report(connection, claim.0, &report)
        };
        self.writer.run(write).await
    }

    async fn overview(&self, endpoint: Endpoint, fees_since: Timestamp) -> Result<Overview, StoreError> {
        self.readers.run(move |connection| line::overview(connection, endpoint, fees_since)).await
    }

    async fn slots(
        &self,
        endpoint: Endpoint,
        which: WhichSlots,
        limit: u32,
    ) -> Result<Vec<SlotLine>, StoreError> {
        self.readers.run(move |connection| line::slots(connection, endpoint, which, limit)).await
    }

    async fn slot(&self, endpoint: Endpoint, slot: SlotNo) -> Result<Option<SlotRecord>, StoreError> {
        self.readers.run(move |connection| line::slot(connection, endpoint, slot)).await
    }

    async fn slot_of_unit(&self, endpoint: Endpoint, unit: UnitHash) -> Result<Option<SlotNo>, StoreError> {
        self.readers.run(move |connection| line::slot_of_unit(connection, endpoint, unit)).await
    }

    async fn trail(&self, endpoint: Endpoint, payout: PayoutId) -> Result<Option<PayoutTrail>, StoreError> {
        self.readers.run(move |connection| line::trail(connection, endpoint, payout)).await
    }

    async fn payouts_of_order(
        &self,
        endpoint: Endpoint,
        order: &OrderId,
    ) -> Result<Vec<PayoutId>, StoreError> {
        let order = order.clone();
        self.readers.run(move |connection| line::payouts_of_order(connection, endpoint, &order)).await
    }
}
