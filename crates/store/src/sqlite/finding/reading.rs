//! Reading textcoins that were found.

use obyte::Bytes;
use obyte::compose::Coin;
use payout::{OpenTextcoin, PayoutId, TextcoinNo};
use rusqlite::{Connection, ToSql, params};

use super::ending::share_of;
use crate::sqlite::codec::Fields;
use crate::sqlite::keeping;
use crate::{Endpoint, FoundTextcoin, OpenFound, StoreError, TextcoinEnd};

const RECORD: &str =
    "SELECT found_textcoins.id AS id, generation, counter, found_at, expires_at, recalled_at,
         claim_seen, outcome, ended_by, ended_at, unit, message_index, output_index, amount, address,
         foreign_outputs.payout AS paid
     FROM found_textcoins JOIN foreign_outputs ON foreign_outputs.id = output
     WHERE found_textcoins.endpoint = ?1 AND ";

pub(super) fn all(
    connection: &Connection,
    endpoint: Endpoint,
    after: Option<TextcoinNo>,
    limit: u32,
) -> Result<Vec<FoundTextcoin>, StoreError> {
    let (generation, counter) = after.map_or((0, -1), |no| (no.generation, i64::from(no.counter)));
    let behind = "(generation, counter) > (?2, ?3) ORDER BY generation, counter LIMIT ?4";
    read(connection, behind, params![endpoint.code(), generation, counter, limit])
}

pub(in crate::sqlite) fn one(
    connection: &Connection,
    endpoint: Endpoint,
    no: TextcoinNo,
) -> Result<Option<FoundTextcoin>, StoreError> {
    let number = "generation = ?2 AND counter = ?3";
    Ok(read(connection, number, params![endpoint.code(), no.generation, no.counter])?.pop())
}

fn read(
    connection: &Connection,
    which: &str,
    parameters: &[&dyn ToSql],
) -> Result<Vec<FoundTextcoin>, StoreError> {
    let mut statement = connection.prepare_cached(&format!("{RECORD}{which}"))?;
    let mut rows = statement.query(parameters)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(record(&Fields::new("found_textcoins", row))?);
    }
    Ok(found)
}

fn record(fields: &Fields<'_>) -> Result<FoundTextcoin, StoreError> {
    let ended = match fields.plain::<Option<String>>("outcome")?.as_deref() {
        None => None,
        Some("claimed") => Some(TextcoinEnd::Claimed),
        Some(_) => Some(TextcoinEnd::TakenBack),
    };
    let ended =
        ended.map(|end| Ok::<_, StoreError>((end, fields.text("ended_by")?, fields.time("ended_at")?)));
    Ok(FoundTextcoin {
        no: TextcoinNo { generation: fields.number("generation")?, counter: fields.number("counter")? },
        coin: fields.coin(["unit", "message_index", "output_index", "amount", "address"])?,
        payout: fields.plain::<Option<i64>>("paid")?.map(PayoutId::new),
        found_at: fields.time("found_at")?,
        expires_at: fields.time("expires_at")?,
        recalled_at: fields.optional_time("recalled_at")?,
        claim_seen: fields.optional_text("claim_seen")?,
        ended: ended.transpose()?,
    })
}

/// Those that are open, found behind one of them.
pub(super) fn open(connection: &Connection, endpoint: Endpoint, after: i64) -> Result<OpenFound, StoreError> {
    let through: Option<i64> =
        connection.prepare_cached("SELECT max(id) FROM found_textcoins")?.query_row([], |row| row.get(0))?;
    let through = through.unwrap_or_default();
    if through <= after {
        return Ok(OpenFound { textcoins: Vec::new(), through: after });
    }
    let behind = "found_textcoins.id > ?2 AND outcome IS NULL";
    let found = read(connection, behind, params![endpoint.code(), after])?;
    let textcoins = found.into_iter().map(|found| {
        Ok(OpenTextcoin {
            no: found.no,
            coin: found.coin,
            fees_max: fees_max(connection, found.coin.amount, found.payout)?,
            expires_at: found.expires_at,
            recalled: found.recalled_at.is_some(),
            claim: found.claim_seen,
            sweeps: keeping::sweeps_of(connection, endpoint, found.no)?,
        })
    });
    Ok(OpenFound { textcoins: textcoins.collect::<Result<_, StoreError>>()?, through })
}

/// The coin of one, and the most that taking it back may cost.
pub(in crate::sqlite) fn coin_of(connection: &Connection, id: i64) -> Result<(Coin, Bytes), StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT foreign_outputs.*, foreign_outputs.payout AS paid
         FROM found_textcoins JOIN foreign_outputs ON foreign_outputs.id = output WHERE found_textcoins.id = ?",
    )?;
    let mut rows = statement.query([id])?;
    let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    let fields = Fields::new("foreign_outputs", row);
    let coin = fields.coin(["unit", "message_index", "output_index", "amount", "address"])?;
    let payout = fields.plain::<Option<i64>>("paid")?.map(PayoutId::new);
    Ok((coin, fees_max(connection, coin.amount, payout)?))
}

/// Where an order counts as paid by it, the partner's share comes back whole.
fn fees_max(connection: &Connection, amount: Bytes, payout: Option<PayoutId>) -> Result<Bytes, StoreError> {
    let share = payout.map(|payout| share_of(connection, payout)).transpose()?.flatten();
    Ok(OpenTextcoin::fees_max_of_found(amount, share.map_or(Bytes::ZERO, |(_, share)| share)))
}
