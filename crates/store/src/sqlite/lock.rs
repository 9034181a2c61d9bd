//! The right to pay: an exclusive lock on a file beside the database, which the system takes back from a
//! process that dies.

use std::fs::{File, TryLockError};
use std::path::Path;

use crate::sqlite::schema::open_private;
use crate::{Endpoint, StoreError};

/// The locked file.
pub(super) fn take(database: &Path, endpoint: Endpoint) -> Result<File, StoreError> {
    let mut path = database.as_os_str().to_owned();
    path.push(format!(".{endpoint}.payer-lock"));
    let file = open_private(path.as_ref())?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::PaidElsewhere(endpoint)),
        Err(TryLockError::Error(error)) => Err(StoreError::Io(error.to_string())),
    }
}
