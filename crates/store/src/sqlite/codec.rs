//! Between values and columns.

use std::fmt::Display;
use std::str::FromStr;

use obyte::compose::Coin;
use obyte::unit::CoinId;
use obyte::{AmountError, Bytes};
use payout::Timestamp;
use rusqlite::types::{FromSql, ValueRef};
use rusqlite::{ErrorCode, Row};

use crate::StoreError;

impl From<&rusqlite::Error> for StoreError {
    fn from(error: &rusqlite::Error) -> Self {
        let text = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt(text),
            Some(
                ErrorCode::SystemIoFailure
                | ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::PermissionDenied,
            ) => Self::Io(text),
            Some(ErrorCode::OperationAborted) => Self::GivenUp,
            _ => Self::Database(text),
        }
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        Self::from(&error)
    }
}

/// Whether a unique index or primary key has refused a row.
pub(super) fn is_taken(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{SQLITE_CONSTRAINT_PRIMARYKEY, SQLITE_CONSTRAINT_UNIQUE};
    error.sqlite_error().is_some_and(|error| {
        matches!(error.extended_code, SQLITE_CONSTRAINT_UNIQUE | SQLITE_CONSTRAINT_PRIMARYKEY)
    })
}

/// Whether a reference to another row leads nowhere.
pub(super) fn is_dangling(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY;
    error.sqlite_error().is_some_and(|error| error.extended_code == SQLITE_CONSTRAINT_FOREIGNKEY)
}

/// A moment as it is written.
///
/// # Errors
/// Beyond the year 292 million.
pub(super) fn millis(at: Timestamp) -> Result<i64, StoreError> {
    integer(at.as_millis())
}

/// A number as it is written.
///
/// # Errors
/// Beyond 63 bits.
pub(super) fn integer(number: u64) -> Result<i64, StoreError> {
    i64::try_from(number).map_err(|_| StoreError::Database("a number has more than 63 bits".to_owned()))
}

/// Reads the columns of a row into types. By convention the first columns of a query identify the row, and
/// errors name the row by the very first.
pub(super) struct Fields<'a> {
    pub(super) row: &'a Row<'a>,
    pub(super) table: &'static str,
}

impl<'a> Fields<'a> {
    pub(super) const fn new(table: &'static str, row: &'a Row<'a>) -> Self {
        Self { row, table }
    }

    /// A value as SQLite has it.
    pub(super) fn plain<T: FromSql>(&self, column: &'static str) -> Result<T, StoreError> {
        self.row.get(column).map_err(|error| self.bad(column, error))
    }

    /// A number in the range of `T`.
    pub(super) fn number<T: TryFrom<i64, Error: Display>>(
        &self,
        column: &'static str,
    ) -> Result<T, StoreError> {
        T::try_from(self.plain(column)?).map_err(|error| self.bad(column, error))
    }

    /// A text that `T` reads.
    pub(super) fn text<T: FromStr<Err: Display>>(&self, column: &'static str) -> Result<T, StoreError> {
        let text = self.row.get_ref(column).map_err(StoreError::from)?;
        let text = text.as_str().map_err(|error| self.bad(column, error))?;
        text.parse().map_err(|error| self.bad(column, error))
    }

    /// A text that `T` reads, or nothing.
    pub(super) fn optional_text<T: FromStr<Err: Display>>(
        &self,
        column: &'static str,
    ) -> Result<Option<T>, StoreError> {
        match self.row.get_ref(column).map_err(StoreError::from)? {
            ValueRef::Null => Ok(None),
            _ => self.text(column).map(Some),
        }
    }

    pub(super) fn bytes(&self, column: &'static str) -> Result<Bytes, StoreError> {
        let bytes: i64 = self.plain(column)?;
        Bytes::try_from(bytes).map_err(|error: AmountError| self.bad(column, error))
    }

    pub(super) fn time(&self, column: &'static str) -> Result<Timestamp, StoreError> {
        self.number(column).map(Timestamp::from_millis)
    }

    pub(super) fn optional_time(&self, column: &'static str) -> Result<Option<Timestamp>, StoreError> {
        match self.plain::<Option<i64>>(column)? {
            None => Ok(None),
            Some(_) => self.time(column).map(Some),
        }
    }

    /// A coin from columns of these names: unit, message, output, amount, address.
    pub(super) fn coin(&self, columns: [&'static str; 5]) -> Result<Coin, StoreError> {
        let [unit, message, output, amount, address] = columns;
        let id = CoinId {
            unit: self.text(unit)?,
            message_index: self.number(message)?,
            output_index: self.number(output)?,
        };
        Ok(Coin { id, amount: self.bytes(amount)?, address: self.text(address)? })
    }

    pub(super) fn bad(&self, column: &'static str, why: impl Display) -> StoreError {
        let row = match self.row.get_ref(0) {
            Ok(ValueRef::Integer(number)) => number.to_string(),
            Ok(ValueRef::Text(text)) => String::from_utf8_lossy(text).into_owned(),
            _ => "?".to_owned(),
        };
        StoreError::BadRow { table: self.table, column, row, why: why.to_string() }
    }
}
