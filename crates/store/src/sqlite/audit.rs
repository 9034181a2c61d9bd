//! What auditors and bookkeepers read, on SQLite.

mod books;
mod expected;
mod happened;
mod statement;
mod task;

use std::collections::BTreeSet;

use async_trait::async_trait;
use obyte::UnitHash;
use tokio::sync::mpsc;

use super::{SqliteStore, partners};
use crate::{
    AuditMark, AuditTask, BookAudit, Bookkeeping, Endpoint, Identity, StatementPart, StatementQuery,
    StoreError,
};

#[async_trait]
impl Bookkeeping for SqliteStore {
    async fn audit_book(&self, endpoint: Endpoint) -> Result<BookAudit, StoreError> {
        self.readers.run(move |connection| books::audit(connection, endpoint)).await
    }

    async fn identity(&self, endpoint: Endpoint) -> Result<Option<Identity>, StoreError> {
        self.readers.run(move |connection| partners::identity(connection, endpoint)).await
    }

    async fn audit_mark(&self, endpoint: Endpoint) -> Result<AuditMark, StoreError> {
        self.readers.run(move |connection| task::mark(connection, endpoint)).await
    }

    async fn keep_audit_mark(&self, endpoint: Endpoint, mark: AuditMark) -> Result<(), StoreError> {
        self.writer.run(move |connection| task::keep_mark(connection, endpoint, mark)).await
    }

    async fn audit_task(&self, endpoint: Endpoint, mark: AuditMark) -> Result<AuditTask, StoreError> {
        self.readers.run(move |connection| task::read(connection, endpoint, mark)).await
    }

    async fn journaled(
        &self,
        endpoint: Endpoint,
        units: Vec<UnitHash>,
    ) -> Result<BTreeSet<UnitHash>, StoreError> {
        self.readers.run(move |connection| task::journaled(connection, endpoint, units)).await
    }

    async fn statement(
        &self,
        endpoint: Endpoint,
        query: StatementQuery,
        parts: mpsc::Sender<StatementPart>,
    ) -> Result<(), StoreError> {
        self.readers.run(move |connection| statement::read(connection, endpoint, &query, &parts)).await
    }
}
