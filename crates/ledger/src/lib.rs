//! A double-entry book in bytes, pure.
