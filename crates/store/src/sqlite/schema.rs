//! Opening connections, and bringing a database to the newest schema.

use std::fs::{File, OpenOptions};
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use crate::StoreError;

/// How long to wait for another process that writes.
pub(super) const BUSY: Duration = Duration::from_secs(5);
/// Marks our files: `BYTB` in ASCII.
const APPLICATION_ID: i32 = 0x4259_5442;
/// All migrations, in their order; the schema version is how many were applied.
const MIGRATIONS: [&str; 26] = [
    include_str!("../../migrations/sqlite/0001_initial.sql"),
    include_str!("../../migrations/sqlite/0002_operator.sql"),
    include_str!("../../migrations/sqlite/0003_parked.sql"),
    include_str!("../../migrations/sqlite/0004_addresses.sql"),
    include_str!("../../migrations/sqlite/0005_pulls.sql"),
    include_str!("../../migrations/sqlite/0006_holds.sql"),
    include_str!("../../migrations/sqlite/0007_rules.sql"),
    include_str!("../../migrations/sqlite/0008_refunds.sql"),
    include_str!("../../migrations/sqlite/0009_audits.sql"),
    include_str!("../../migrations/sqlite/0010_limits.sql"),
    include_str!("../../migrations/sqlite/0011_restoring.sql"),
    include_str!("../../migrations/sqlite/0012_deposits.sql"),
    include_str!("../../migrations/sqlite/0013_purchase_units.sql"),
    include_str!("../../migrations/sqlite/0014_withdrawals.sql"),
    include_str!("../../migrations/sqlite/0015_textcoins.sql"),
    include_str!("../../migrations/sqlite/0016_mails.sql"),
    include_str!("../../migrations/sqlite/0017_sweeps.sql"),
    include_str!("../../migrations/sqlite/0018_attested.sql"),
    include_str!("../../migrations/sqlite/0019_claims_seen.sql"),
    include_str!("../../migrations/sqlite/0020_resends.sql"),
    include_str!("../../migrations/sqlite/0021_languages.sql"),
    include_str!("../../migrations/sqlite/0022_found_textcoins.sql"),
    include_str!("../../migrations/sqlite/0023_corrections.sql"),
    include_str!("../../migrations/sqlite/0024_taken_back_late.sql"),
    include_str!("../../migrations/sqlite/0025_contacts.sql"),
    include_str!("../../migrations/sqlite/0026_limits_of_corrections.sql"),
];

/// The page cache of the writer and of one reader, in KiB.
const WRITER_CACHE: i64 = 8 * 1024;
const READER_CACHE: i64 = 2 * 1024;
/// Pages in the log that start a checkpoint, and what is left of the file after one, in bytes.
const CHECKPOINT_PAGES: i64 = 2_000;
const LOG_KEPT: i64 = 16 * 1024 * 1024;

/// The connection that writes; the file is made if there is none, readable by its owner only.
pub(super) fn open_writer(path: &Path) -> Result<Connection, StoreError> {
    drop(open_private(path)?);
    let mut connection = Connection::open_with_flags(path, flags(OpenFlags::SQLITE_OPEN_READ_WRITE))?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -WRITER_CACHE)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "journal_size_limit", LOG_KEPT)?;
    connection.set_prepared_statement_cache_capacity(128);
    migrate(&mut connection)?;
    Ok(connection)
}

/// A connection that cannot write.
pub(super) fn open_reader(path: &Path) -> Result<Connection, StoreError> {
    let connection = Connection::open_with_flags(path, flags(OpenFlags::SQLITE_OPEN_READ_ONLY))?;
    connection.busy_timeout(BUSY)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "cache_size", -READER_CACHE)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

fn flags(mode: OpenFlags) -> OpenFlags {
    // Each connection stays on one thread.
    mode | OpenFlags::SQLITE_OPEN_NO_MUTEX
}

/// Opens a file for writing, or makes it, readable by its owner only. (The log and the index beside a
/// database get its permissions from SQLite.)
pub(super) fn open_private(path: &Path) -> Result<File, StoreError> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| StoreError::Io(error.to_string()))
}

fn migrate(connection: &mut Connection) -> Result<(), StoreError> {
    // Immediate, so that of two processes that start at once the second sees what the first did.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let version: u32 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let application: i32 = transaction.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: u32 = transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if application != APPLICATION_ID && tables > 0 {
        return Err(StoreError::Corrupt("it is the database of another program".to_owned()));
    }
    let known = u32::try_from(MIGRATIONS.len()).expect("a handful of migrations");
    if version > known {
        return Err(StoreError::TooNew { found: version, known });
    }
    let applied = usize::try_from(version).expect("a handful of migrations");
    for migration in &MIGRATIONS[applied..] {
        transaction.execute_batch(migration)?;
    }
    if version < known {
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", known)?;
    }
    Ok(transaction.commit()?)
}

/// Writes a page as it was, which takes all that a change takes. (A value that stays the same would not be
/// written at all.)
pub(super) fn rewrite_a_page(connection: &Connection) -> Result<(), StoreError> {
    connection.prepare_cached("UPDATE lines SET next_slot = next_slot + 1")?.execute([])?;
    connection.prepare_cached("UPDATE lines SET next_slot = next_slot - 1")?.execute([])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_memory() -> Connection {
        Connection::open_in_memory().expect("memory suffices")
    }

    #[test]
    fn migrating_twice_changes_nothing() {
        let mut connection = in_memory();
        migrate(&mut connection).expect("an empty database");
        migrate(&mut connection).expect("a database of the newest version");
        let version: u32 =
            connection.pragma_query_value(None, "user_version", |row| row.get(0)).expect("a number");
        assert_eq!(usize::try_from(version), Ok(MIGRATIONS.len()));
    }

    #[test]
    fn the_answers_of_an_older_database_are_kept() {
        let mut connection = in_memory();
        connection.execute_batch(MIGRATIONS[0]).expect("the first schema");
        connection
            .execute_batch(
                "INSERT INTO slots VALUES ('test', 0, 'a unit', 0, 0, 9, 'an address', 'open', NULL, NULL, NULL, NULL);
                 INSERT INTO versions VALUES
                     (7, 'test', 0, 0, 'one', '{}', 0, 0, 5, 'an address', 3, 1, 8, 'accepted', 'fine', 9, 0),
                     (8, 'test', 0, 1, 'two', '{}', 0, 0, 5, 'an address', 3, 1, 8, 'journaled', NULL, NULL, NULL);",
            )
            .expect("rows of the first schema");
        connection.pragma_update(None, "application_id", APPLICATION_ID).expect("a number");
        connection.pragma_update(None, "user_version", 1).expect("a number");
        migrate(&mut connection).expect("a database of an older version");
        let kept: (i64, String, i64, i64) = connection
            .query_row("SELECT version, answer, first_at, times FROM version_answers", [], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .expect("one answer");
        assert_eq!(kept, (7, "fine".to_owned(), 9, 1));
    }

    #[test]
    fn what_was_given_before_there_were_limits_counts() {
        let mut connection = in_memory();
        for migration in &MIGRATIONS[..9] {
            connection.execute_batch(migration).expect("an older schema");
        }
        connection
            .execute_batch(
                "INSERT INTO partners (id, name, kind, trusted, added_at) VALUES (1, 'many', 'processor', 0, 5);
                 INSERT INTO slots (endpoint, no, anchor_unit, anchor_message, anchor_output, anchor_amount,
                     anchor_address, state, winner, closed_at)
                 VALUES ('test', 0, 'a unit', 0, 0, 9, 'an address', 'settled', 0, 7);
                 -- Paid, queued, parked, held and rejected.
                 INSERT INTO payouts (id, endpoint, address, amount, fee_reserve, queued_at, slot, position,
                     parked_at, held_at, rejected_at)
                 VALUES (1, 'test', 'a', 1, 0, 86400001, 0, 0, NULL, NULL, NULL),
                     (2, 'test', 'a', 1, 0, 86400002, NULL, NULL, NULL, NULL, NULL),
                     (3, 'test', 'a', 1, 0, 86400003, NULL, NULL, 9, NULL, NULL),
                     (4, 'test', 'a', 1, 0, 86400004, NULL, NULL, NULL, 9, NULL),
                     (5, 'test', 'a', 1, 0, 86400005, NULL, NULL, NULL, 9, 10);
                 INSERT INTO purchases (endpoint, partner, merchant_scope, order_id, recipient, currency,
                     currency_amount, percentage, customer, merchant, description, base, partner_share,
                     matched, rates, payout)
                 SELECT 'test', 1, 'stall', id, 'a', 'USD', '1', '0', 'c1', '', '', 100 * id, 50, 1, '', id
                 FROM payouts;",
            )
            .expect("rows of an older schema");
        connection.pragma_update(None, "application_id", APPLICATION_ID).expect("a number");
        connection.pragma_update(None, "user_version", 9).expect("a number");
        migrate(&mut connection).expect("a database of an older version");
        let mut statement = connection
            .prepare(
                "SELECT scope || ' ' || merchant || who, given, held, finished FROM totals ORDER BY scope",
            )
            .expect("the newest schema");
        let totals: Vec<(String, i64, i64, i64)> = statement
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .expect("rows")
            .collect::<Result<_, _>>()
            .expect("rows");
        let row = |name: &str, given, held, finished| (name.to_owned(), given, held, finished);
        assert_eq!(
            totals,
            [
                row("fund ", 302, 0, 0),
                row("merchant stall", 302, 0, 0),
                row("partner ", 302, 401, 101),
                row("recipient a", 302, 0, 0),
            ]
        );
        let (days, listed): (String, i64) = connection
            .query_row(
                "SELECT (SELECT group_concat(coalesce(counted_day, 'no') || '') FROM payouts),
                     (SELECT added_at FROM merchants WHERE name = 'stall')",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .expect("one row");
        assert_eq!((days.as_str(), listed), ("1,1,no,no,no", 86_400_001));
    }

    #[test]
    fn units_that_take_textcoins_back_are_kept_by_the_numbers_of_those() {
        let mut connection = in_memory();
        for migration in &MIGRATIONS[..21] {
            connection.execute_batch(migration).expect("an older schema");
        }
        connection
            .execute_batch(
                "INSERT INTO payouts (id, endpoint, address, amount, fee_reserve, queued_at, textcoin, counter,
                     generation, claim_reserve, expires_after)
                 VALUES (7, 'test', 'a', 1, 0, 5, 1, 4, 2, 9, 60000);
                 INSERT INTO textcoins (payout, endpoint, accepted_at, expires_at) VALUES (7, 'test', 6, 60006);
                 INSERT INTO sweeps (id, payout, version, unit, json, message_index, output_index, amount, address,
                     size_fee, tps_fee, signed_at, status)
                 VALUES (3, 7, 0, 'a unit', '{}', 0, 0, 8, 'home', 1, 1, 70000, 'accepted');",
            )
            .expect("rows of an older schema");
        connection.pragma_update(None, "application_id", APPLICATION_ID).expect("a number");
        connection.pragma_update(None, "user_version", 21).expect("a number");
        migrate(&mut connection).expect("a database of an older version");
        let kept: (String, u32, u32, String, i64) = connection
            .query_row("SELECT endpoint, generation, counter, unit, amount FROM sweeps", [], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?))
            })
            .expect("one unit");
        assert_eq!(kept, ("test".to_owned(), 2, 4, "a unit".to_owned(), 8));
    }

    #[test]
    fn corrections_that_wait_are_kept() {
        let mut connection = in_memory();
        for migration in &MIGRATIONS[..24] {
            connection.execute_batch(migration).expect("an older schema");
        }
        connection
            .execute_batch(
                "INSERT INTO payouts (id, endpoint, address, amount, fee_reserve, queued_at, textcoin, expires_after)
                 VALUES (7, 'test', '', 1, 0, 5, 1, 60000);
                 INSERT INTO corrections (id, endpoint, payout, mailbox, asked_by, asked_at, tried_at, waits_for, missing)
                 VALUES (3, 'test', 7, 'a@example.org', 'partner', 6, 8, 'fund', 9);",
            )
            .expect("rows of an older schema");
        connection.pragma_update(None, "application_id", APPLICATION_ID).expect("a number");
        connection.pragma_update(None, "user_version", 24).expect("a number");
        migrate(&mut connection).expect("a database of an older version");
        let again = "INSERT INTO corrections (endpoint, payout, mailbox, asked_by, asked_at)
             VALUES ('test', 7, 'b@example.org', 'partner', 9)";
        assert!(connection.execute(again, []).is_err(), "one at a time");
        let limited = "UPDATE corrections SET waits_for = 'partner_day', missing = NULL
             WHERE id = 3 AND payout = 7 AND mailbox = 'a@example.org' AND tried_at = 8 AND missing = 9";
        assert_eq!(connection.execute(limited, []).expect("any limit"), 1);
    }

    #[test]
    fn a_newer_database_is_refused() {
        let mut connection = in_memory();
        migrate(&mut connection).expect("an empty database");
        connection.pragma_update(None, "user_version", 99).expect("a number");
        assert!(matches!(migrate(&mut connection), Err(StoreError::TooNew { found: 99, .. })));
    }

    #[test]
    fn the_database_of_another_program_is_refused() {
        let mut connection = in_memory();
        connection.execute_batch("CREATE TABLE partners (id INTEGER)").expect("a table");
        assert!(matches!(migrate(&mut connection), Err(StoreError::Corrupt(_))));
    }
}
