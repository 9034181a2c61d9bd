//! Persistence: one contract, one behaviour suite, SQLite behind it.
