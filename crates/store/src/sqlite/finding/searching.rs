//! The search: which numbers are tried next, and what is behind their addresses.

use std::collections::BTreeSet;
use std::ops::Range;

use obyte::Address;
use payout::{Search, TextcoinNo, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use crate::sqlite::codec::{Fields, integer, millis};
use crate::{Endpoint, SearchTask, StoreError, Tried};

/// A search, and the last output that was known when it began.
struct Standing {
    search: Search,
    output: i64,
}

pub(super) fn task(
    connection: &Connection,
    endpoint: Endpoint,
    most: u32,
) -> Result<Option<SearchTask>, StoreError> {
    let Some(Standing { search, .. }) = standing(connection, endpoint)? else { return Ok(None) };
    let counters = search.counters(most);
    let skipped = skipped(connection, endpoint, search.next.generation, &counters)?;
    let wanted = counters.clone().filter(|counter| !skipped.contains(counter));
    let numbers = wanted.map(|counter| TextcoinNo { counter, ..search.next }).collect();
    Ok(Some(SearchTask { search, counters, numbers }))
}

/// Where the search stands that is not over: it goes on, or begins since outputs were found that it does not know.
fn standing(connection: &Connection, endpoint: Endpoint) -> Result<Option<Standing>, StoreError> {
    let generations = connection
        .prepare_cached("SELECT generation FROM lines WHERE endpoint = ? AND restoring IS NULL")?
        .query_row([endpoint.code()], |row| row.get::<_, u32>(0))
        .optional()?;
    let last: Option<i64> = connection
        .prepare_cached(
            "SELECT max(id) FROM foreign_outputs WHERE endpoint = ? AND message_index IS NOT NULL",
        )?
        .query_row([endpoint.code()], |row| row.get(0))?;
    let (Some(generations), Some(last)) = (generations, last) else { return Ok(None) };
    let kept = kept(connection, endpoint)?.filter(|kept| kept.output == last);
    let standing = kept.unwrap_or_else(|| Standing { search: Search::begin(generations), output: last });
    let search = standing.search;
    if search.is_over() || search.next.counter == 0 && !is_any_unmatched(connection, endpoint)? {
        return Ok(None);
    }
    let search = search.with_given(given(connection, endpoint, search.next.generation)?);
    Ok(Some(Standing { search, ..standing }))
}

fn kept(connection: &Connection, endpoint: Endpoint) -> Result<Option<Standing>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT * FROM textcoin_searches WHERE endpoint = ?")?;
    let mut rows = statement.query([endpoint.code()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let fields = Fields::new("textcoin_searches", row);
    let search = Search {
        next: TextcoinNo { generation: fields.number("generation")?, counter: fields.number("counter")? },
        given: fields.number("given")?,
        generations: fields.number("generations")?,
    };
    Ok(Some(Standing { search, output: fields.plain("output")? }))
}

/// Whether there is an output that may be a textcoin, and is none that was found.
fn is_any_unmatched(connection: &Connection, endpoint: Endpoint) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT 1 FROM foreign_outputs WHERE endpoint = ? AND message_index IS NOT NULL
             AND NOT EXISTS (SELECT 1 FROM found_textcoins WHERE output = foreign_outputs.id) LIMIT 1",
    )?;
    Ok(statement.exists([endpoint.code()])?)
}

/// All numbers of a generation that this database knows to be given are below this.
fn given(connection: &Connection, endpoint: Endpoint, generation: u32) -> Result<u32, StoreError> {
    let given = connection
        .prepare_cached(
            "SELECT 1 + max(
                 coalesce((SELECT max(counter) FROM payouts WHERE endpoint = ?1 AND generation = ?2), -1),
                 coalesce((SELECT max(counter) FROM found_textcoins WHERE endpoint = ?1 AND generation = ?2), -1))",
        )?
        .query_row(params![endpoint.code(), generation], |row| row.get(0))?;
    Ok(given)
}

/// What needs no look: textcoins that a slot of this database gives, and those that are found.
fn skipped(
    connection: &Connection,
    endpoint: Endpoint,
    generation: u32,
    counters: &Range<u32>,
) -> Result<BTreeSet<u32>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT counter FROM payouts WHERE endpoint = ?1 AND generation = ?2 AND counter >= ?3 AND counter < ?4
             AND slot IS NOT NULL
         UNION ALL SELECT counter FROM found_textcoins
         WHERE endpoint = ?1 AND generation = ?2 AND counter >= ?3 AND counter < ?4",
    )?;
    let asked = params![endpoint.code(), generation, counters.start, counters.end];
    Ok(statement.query_map(asked, |row| row.get(0))?.collect::<Result<_, _>>()?)
}

pub(super) fn keep(connection: &Connection, endpoint: Endpoint, tried: &Tried) -> Result<u32, StoreError> {
    let Some(Standing { search, output }) = standing(connection, endpoint)? else { return Ok(0) };
    if search != tried.task.search {
        return Ok(0);
    }
    let (mut found, mut last) = (0, None);
    for (no, address) in &tried.addresses {
        if note(connection, endpoint, *no, address, tried)? {
            found += 1;
            last = last.max(Some(no.counter));
        }
    }
    let Search { next, given, generations } = search.tried(&tried.task.counters, last);
    connection
        .prepare_cached(
            "INSERT INTO textcoin_searches (endpoint, output, generations, generation, counter, given)
             VALUES (?, ?, ?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET output = excluded.output, generations = excluded.generations,
                 generation = excluded.generation, counter = excluded.counter, given = excluded.given",
        )?
        .execute(params![endpoint.code(), output, generations, next.generation, next.counter, given])?;
    Ok(found)
}

/// Keeps the textcoin, if a unit of no journal has paid to its address. Its time began when that was made.
fn note(
    connection: &Connection,
    endpoint: Endpoint,
    no: TextcoinNo,
    address: &Address,
    Tried { expiry, at, .. }: &Tried,
) -> Result<bool, StoreError> {
    let made_at = connection
        .prepare_cached(
            "SELECT made_at FROM foreign_outputs JOIN foreign_units USING (endpoint, unit)
             WHERE endpoint = ? AND address = ? AND message_index IS NOT NULL",
        )?
        .query_row(params![endpoint.code(), address.as_str()], |row| row.get::<_, Option<i64>>(0))
        .optional()?;
    let Some(made_at) = made_at else { return Ok(false) };
    let begun = made_at.map_or(*at, |millis| Timestamp::from_millis(millis.unsigned_abs()));
    let expires_at = integer(begun.plus(*expiry).as_millis()).unwrap_or(i64::MAX);
    let kept = connection
        .prepare_cached(
            "INSERT INTO found_textcoins (endpoint, output, generation, counter, found_at, expires_at)
             SELECT endpoint, id, ?3, ?4, ?5, ?6 FROM foreign_outputs
             WHERE endpoint = ?1 AND address = ?2 AND message_index IS NOT NULL ORDER BY id LIMIT 1
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            endpoint.code(),
            address.as_str(),
            no.generation,
            no.counter,
            millis(*at)?,
            expires_at
        ])?;
    Ok(kept == 1)
}
