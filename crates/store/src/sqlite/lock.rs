//! The right to pay: an exclusive lock on a file beside the database, which the system takes back from a
//! process that dies.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use crate::{Endpoint, PayerLock, StoreError};

pub(super) fn take(database: &Path, endpoint: Endpoint) -> Result<PayerLock, StoreError> {
    let mut path = database.as_os_str().to_owned();
    path.push(format!(".{endpoint}.payer-lock"));
    let io = |error: std::io::Error| StoreError::Io(error.to_string());
    let file: File = OpenOptions::new().write(true).create(true).truncate(false).open(path).map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(PayerLock::new(endpoint, file)),
        Err(TryLockError::WouldBlock) => Err(StoreError::PaidElsewhere(endpoint)),
        Err(TryLockError::Error(error)) => Err(io(error)),
    }
}
