//! The book: entries, their postings, and the balances that are kept of them.

mod verify;

use std::collections::BTreeMap;

use ledger::{Account, Book, BookError, Cause, Entry, Posting, Refusal, SignedBytes, events, restored};
use obyte::Bytes;
use payout::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use crate::sqlite::codec::{Fields, millis};
use crate::sqlite::partners;
use crate::{BookedEntry, DepositOrder, DepositVerdict, Endpoint, EntryId, StoreError, Thing};

pub(super) use self::verify::{compare, verify};

/// The balances after an entry, if it can be booked.
pub(super) type After = Vec<(Account, SignedBytes)>;

/// What the balances of the accounts would be after `entry`. Writes nothing.
pub(super) fn weigh(
    connection: &Connection,
    endpoint: Endpoint,
    entry: &Entry,
) -> Result<Result<After, Refusal>, StoreError> {
    let mut before = BTreeMap::new();
    for posting in entry.postings() {
        before.insert(posting.account, balance(connection, endpoint, posting.account)?);
    }
    Ok(entry.balances_after(|account| before.get(&account).copied().unwrap_or_default()))
}

/// Writes an entry that was weighed.
pub(super) fn write(
    connection: &Connection,
    endpoint: Endpoint,
    at: Timestamp,
    entry: &Entry,
    note: &str,
    after: &After,
) -> Result<(), StoreError> {
    let id = connection
        .prepare_cached("INSERT INTO entries (endpoint, at, cause, note) VALUES (?, ?, ?, ?)")?
        .insert(params![endpoint.code(), millis(at)?, entry.cause().to_string(), note])?;
    let mut insert =
        connection.prepare_cached("INSERT INTO postings (entry, account, change) VALUES (?, ?, ?)")?;
    for posting in entry.postings() {
        insert.execute(params![id, posting.account.to_string(), posting.change.get()])?;
    }
    let mut update = connection.prepare_cached(
        "INSERT INTO balances (endpoint, account, balance) VALUES (?, ?, ?)
         ON CONFLICT DO UPDATE SET balance = excluded.balance",
    )?;
    for (account, balance) in after {
        update.execute(params![endpoint.code(), account.to_string(), balance.get()])?;
    }
    Ok(())
}

/// Books an entry.
pub(super) fn post(
    connection: &Connection,
    endpoint: Endpoint,
    at: Timestamp,
    entry: &Entry,
) -> Result<(), StoreError> {
    let after = weigh(connection, endpoint, entry)??;
    write(connection, endpoint, at, entry, "", &after)
}

/// What a guarded account holds.
pub(super) fn held(
    connection: &Connection,
    endpoint: Endpoint,
    account: Account,
) -> Result<Bytes, StoreError> {
    let source = BookError::BelowZero { account };
    balance(connection, endpoint, account)?.to_bytes().ok_or(StoreError::BadBook { endpoint, source })
}

fn balance(connection: &Connection, endpoint: Endpoint, account: Account) -> Result<SignedBytes, StoreError> {
    let found = connection
        .prepare_cached("SELECT balance FROM balances WHERE endpoint = ? AND account = ?")?
        .query_row(params![endpoint.code(), account.to_string()], |row| row.get(0))
        .optional()?;
    Ok(found.map_or(SignedBytes::ZERO, SignedBytes::new))
}

/// How many bytes are missing from the wallet; none while more was found.
pub(super) fn missing(connection: &Connection, endpoint: Endpoint) -> Result<Bytes, StoreError> {
    let balance = balance(connection, endpoint, Account::Missing)?.get();
    Ok(Bytes::new(balance.min(0).unsigned_abs()).unwrap_or(Bytes::MAX))
}

/// A wallet is restored: the fund gets what was found beyond what is gone, or makes up for what is missing.
pub(super) fn balance_missing(
    connection: &Connection,
    endpoint: Endpoint,
    at: Timestamp,
) -> Result<(), StoreError> {
    let surplus = balance(connection, endpoint, Account::Missing)?.to_bytes().unwrap_or_default();
    if surplus.is_zero() {
        return cover_missing(connection, endpoint, at);
    }
    post(connection, endpoint, at, &restored::surplus_found(next_entry(connection)?, surplus)?)
}

fn next_entry(connection: &Connection) -> Result<u64, StoreError> {
    let number: i64 =
        connection.query_row("SELECT coalesce(max(id), 0) + 1 FROM entries", [], |row| row.get(0))?;
    Ok(number.unsigned_abs())
}

/// The fund makes up for what is missing, as far as it can.
pub(super) fn cover_missing(
    connection: &Connection,
    endpoint: Endpoint,
    at: Timestamp,
) -> Result<(), StoreError> {
    let missing = missing(connection, endpoint)?;
    if missing.is_zero() {
        return Ok(());
    }
    let amount = missing.min(held(connection, endpoint, Account::Fund)?);
    if amount.is_zero() {
        return Ok(());
    }
    post(connection, endpoint, at, &restored::missing_covered(next_entry(connection)?, amount)?)
}

/// What an account lacks, as an amount. More than can exist is all that can exist.
pub(super) fn lacking(missing: SignedBytes) -> Bytes {
    missing.to_bytes().unwrap_or(Bytes::MAX)
}

pub(super) fn book_deposit(
    connection: &Connection,
    endpoint: Endpoint,
    order: &DepositOrder,
) -> Result<DepositVerdict, StoreError> {
    if !partners::exists(connection, order.partner)? {
        return Err(StoreError::Unknown(Thing::Partner));
    }
    if let Some(before) = entry_for(connection, endpoint, &Cause::DepositBooked(order.command.clone()))? {
        // What it settled is the book's affair.
        let same = events::deposit_in(&before) == Some((order.partner, order.amount));
        return Ok(if same { DepositVerdict::Replay } else { DepositVerdict::Conflict });
    }
    let receivable = held(connection, endpoint, Account::Receivable(order.partner))?;
    let entry = events::deposit_booked(order.command.clone(), order.partner, order.amount, receivable)?;
    match weigh(connection, endpoint, &entry)? {
        Ok(after) => {
            write(connection, endpoint, order.at, &entry, &order.note, &after)?;
            Ok(DepositVerdict::Booked)
        }
        Err(Refusal::Overdraft { account: Account::Fund, missing }) => {
            Ok(DepositVerdict::FundTooLow { missing: lacking(missing) })
        }
        Err(refusal) => Err(refusal.into()),
    }
}

fn entry_for(
    connection: &Connection,
    endpoint: Endpoint,
    cause: &Cause,
) -> Result<Option<Entry>, StoreError> {
    let mut statement = connection
        .prepare_cached("SELECT id, at, cause, note FROM entries WHERE endpoint = ? AND cause = ?")?;
    let mut rows = statement.query(params![endpoint.code(), cause.to_string()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    read_entry(connection, &Fields::new("entries", row)).map(|booked| Some(booked.entry))
}

pub(super) fn balances(connection: &Connection, endpoint: Endpoint) -> Result<Book, StoreError> {
    Book::of_balances(kept(connection, endpoint)?).map_err(|source| StoreError::BadBook { endpoint, source })
}

pub(super) fn kept(
    connection: &Connection,
    endpoint: Endpoint,
) -> Result<BTreeMap<Account, SignedBytes>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT account, balance FROM balances WHERE endpoint = ?")?;
    let mut rows = statement.query([endpoint.code()])?;
    let mut kept = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let fields = Fields::new("balances", row);
        kept.insert(fields.text("account")?, SignedBytes::new(fields.plain("balance")?));
    }
    Ok(kept)
}

pub(super) fn entries(
    connection: &Connection,
    endpoint: Endpoint,
    after: Option<EntryId>,
    limit: u32,
) -> Result<Vec<BookedEntry>, StoreError> {
    // In the order of the table: the index over causes would have to be sorted first.
    let mut statement = connection.prepare_cached(
        "SELECT id, at, cause, note FROM entries NOT INDEXED
         WHERE endpoint = ? AND id > ? ORDER BY id LIMIT ?",
    )?;
    let mut rows = statement.query(params![endpoint.code(), after.map_or(0, EntryId::get), limit])?;
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(read_entry(connection, &Fields::new("entries", row))?);
    }
    Ok(entries)
}

fn read_entry(connection: &Connection, fields: &Fields<'_>) -> Result<BookedEntry, StoreError> {
    let id: i64 = fields.plain("id")?;
    let mut statement =
        connection.prepare_cached("SELECT entry, account, change FROM postings WHERE entry = ?")?;
    let mut rows = statement.query([id])?;
    let mut postings = Vec::new();
    while let Some(row) = rows.next()? {
        let fields = Fields::new("postings", row);
        let change = SignedBytes::new(fields.plain("change")?);
        postings.push(Posting { account: fields.text("account")?, change });
    }
    let entry =
        Entry::of_postings(fields.text("cause")?, postings).map_err(|error| fields.bad("id", error))?;
    Ok(BookedEntry { id: EntryId::new(id), at: fields.time("at")?, entry, note: fields.plain("note")? })
}
