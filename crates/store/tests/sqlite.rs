//! The behaviour suite on SQLite, and what only a file can show.

mod suite;

use std::sync::Arc;

use store::Store;
use store::sqlite::SqliteStore;
use tempfile::TempDir;

struct InFile {
    directory: TempDir,
}

impl suite::Backend for InFile {
    fn fresh() -> Self {
        Self { directory: TempDir::new().expect("a temporary directory") }
    }

    fn open(&self) -> Arc<dyn Store> {
        Arc::new(SqliteStore::open(self.directory.path().join("test.db")).expect("a good file"))
    }
}

suite::behaviours!(crate::InFile);
