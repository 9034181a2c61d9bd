//! Reading textcoins that are open.

use obyte::compose::Coin;
use obyte::unit::CoinId;
use payout::{Fees, OpenTextcoin, SlotNo, Sweep, TextcoinNo, Timestamp, VersionNo, VersionStatus};
use rusqlite::{Connection, ToSql, params};

use super::ending::textcoin_out;
use crate::sqlite::codec::{Fields, integer, millis};
use crate::sqlite::{line, purchases};
use crate::{EndedTextcoin, Endpoint, OpenTextcoins, StoreError, TextcoinCounts};

/// What is read of an open textcoin; behind it stands where it is looked for.
const COLUMNS: &str =
    "SELECT textcoins.payout AS payout, expires_at, recalled_at, claim_seen, versions.unit AS unit,
         versions.change_message AS message_index, version_outputs.output_index AS output_index,
         payouts.amount + claim_reserve AS amount, payouts.address AS address, generation, counter";

/// From the textcoins to their units.
const ALL: &str = " FROM textcoins INDEXED BY textcoins_open
     CROSS JOIN payouts ON payouts.id = textcoins.payout
     CROSS JOIN slots ON slots.endpoint = payouts.endpoint AND slots.no = payouts.slot AND state = 'settled'
     CROSS JOIN versions ON versions.endpoint = slots.endpoint AND versions.slot = slots.no
         AND versions.version = winner
     CROSS JOIN version_outputs ON version_outputs.version = versions.id
         AND version_outputs.payout = payouts.id
     WHERE textcoins.endpoint = ?1 AND outcome IS NULL AND ?2 IS NULL";

/// From the slots to what they give: few of them are behind the last one that was read.
const BEHIND: &str = " FROM slots
     CROSS JOIN versions ON versions.endpoint = slots.endpoint AND versions.slot = slots.no
         AND versions.version = winner
     CROSS JOIN version_outputs ON version_outputs.version = versions.id
     CROSS JOIN payouts ON payouts.id = version_outputs.payout
     CROSS JOIN textcoins ON textcoins.payout = payouts.id
     WHERE slots.endpoint = ?1 AND slots.no > ?2 AND state = 'settled' AND outcome IS NULL";

pub(super) fn open(
    connection: &Connection,
    endpoint: Endpoint,
    after: Option<SlotNo>,
) -> Result<OpenTextcoins, StoreError> {
    let through = last_settled(connection, endpoint)?;
    let behind = after.map(|slot| integer(slot.get())).transpose()?;
    let source = if behind.is_some() { BEHIND } else { ALL };
    let mut statement = connection.prepare_cached(&format!("{COLUMNS}{source}"))?;
    let mut rows = statement.query(params![endpoint.code(), behind])?;
    let mut textcoins = Vec::new();
    while let Some(row) = rows.next()? {
        textcoins.push(read(connection, endpoint, &Fields::new("textcoins", row))?);
    }
    Ok(OpenTextcoins { textcoins, through: through.or(after) })
}

/// The coins of all that are open.
pub(in crate::sqlite) fn open_coins(
    connection: &Connection,
    endpoint: Endpoint,
) -> Result<Vec<Coin>, StoreError> {
    let mut statement = connection.prepare_cached(&format!("{COLUMNS}{ALL}"))?;
    let mut rows = statement.query(params![endpoint.code(), None::<i64>])?;
    let mut coins = Vec::new();
    while let Some(row) = rows.next()? {
        coins.push(coin(&Fields::new("textcoins", row))?);
    }
    let mut statement = connection.prepare_cached(
        "SELECT foreign_outputs.* FROM found_textcoins JOIN foreign_outputs ON foreign_outputs.id = output
         WHERE found_textcoins.endpoint = ? AND outcome IS NULL",
    )?;
    let mut rows = statement.query([endpoint.code()])?;
    while let Some(row) = rows.next()? {
        coins.push(coin(&Fields::new("foreign_outputs", row))?);
    }
    Ok(coins)
}

fn last_settled(connection: &Connection, endpoint: Endpoint) -> Result<Option<SlotNo>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT no FROM slots WHERE endpoint = ? AND state = 'settled' ORDER BY no DESC LIMIT 1",
    )?;
    let mut rows = statement.query([endpoint.code()])?;
    rows.next()?.map(|row| Fields::new("slots", row).number("no").map(SlotNo::new)).transpose()
}

fn read(
    connection: &Connection,
    endpoint: Endpoint,
    fields: &Fields<'_>,
) -> Result<OpenTextcoin, StoreError> {
    let payout = fields.plain("payout")?;
    let no = number(fields)?;
    Ok(OpenTextcoin {
        no,
        coin: fields.coin(["unit", "message_index", "output_index", "amount", "address"])?,
        fees_max: textcoin_out(connection, payout)?.fees_max(),
        expires_at: fields.time("expires_at")?,
        recalled: fields.plain::<Option<i64>>("recalled_at")?.is_some(),
        claim: fields.optional_text("claim_seen")?,
        sweeps: sweeps_of(connection, endpoint, no)?,
    })
}

fn number(fields: &Fields<'_>) -> Result<TextcoinNo, StoreError> {
    Ok(TextcoinNo { generation: fields.number("generation")?, counter: fields.number("counter")? })
}

/// The units that were signed to take a textcoin back.
pub(in crate::sqlite) fn sweeps_of(
    connection: &Connection,
    endpoint: Endpoint,
    no: TextcoinNo,
) -> Result<Vec<Sweep>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT * FROM sweeps WHERE endpoint = ? AND generation = ? AND counter = ? ORDER BY version",
    )?;
    let mut rows = statement.query(params![endpoint.code(), no.generation, no.counter])?;
    let mut sweeps = Vec::new();
    while let Some(row) = rows.next()? {
        let fields = Fields::new("sweeps", row);
        sweeps.push(Sweep {
            version: VersionNo::new(fields.number("version")?),
            unit: fields.text("unit")?,
            json: fields.plain::<String>("json")?.into(),
            coin: coin(&fields)?,
            fees: fees(&fields)?,
            signed_at: fields.time("signed_at")?,
            status: status(&fields)?,
        });
    }
    Ok(sweeps)
}

pub(super) fn coin(fields: &Fields<'_>) -> Result<Coin, StoreError> {
    fields.coin(["unit", "message_index", "output_index", "amount", "address"])
}

fn fees(fields: &Fields<'_>) -> Result<Fees, StoreError> {
    line::fees(fields)
}

pub(super) fn status(fields: &Fields<'_>) -> Result<VersionStatus, StoreError> {
    purchases::status(fields)
}

/// The coin that was given, once a settled slot has given it.
pub(super) fn funding(connection: &Connection, payout: i64) -> Result<Option<CoinId>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT versions.unit AS unit, change_message, output_index FROM payouts
         JOIN slots ON slots.endpoint = payouts.endpoint AND slots.no = payouts.slot AND state = 'settled'
         JOIN versions ON versions.endpoint = slots.endpoint AND versions.slot = slots.no
             AND versions.version = winner
         JOIN version_outputs ON version_outputs.version = versions.id
             AND version_outputs.payout = payouts.id
         WHERE payouts.id = ?",
    )?;
    let mut rows = statement.query([payout])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let fields = Fields::new("versions", row);
    Ok(Some(CoinId {
        unit: fields.text("unit")?,
        message_index: fields.number("change_message")?,
        output_index: fields.number("output_index")?,
    }))
}

pub(super) fn recalled(connection: &Connection, endpoint: Endpoint) -> Result<Vec<TextcoinNo>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT payout, generation, counter FROM textcoins INDEXED BY textcoins_recalled
         JOIN payouts ON payouts.id = payout
         WHERE textcoins.endpoint = ?1 AND recalled_at IS NOT NULL AND outcome IS NULL
         UNION ALL SELECT id, generation, counter FROM found_textcoins INDEXED BY found_textcoins_open
         WHERE endpoint = ?1 AND recalled_at IS NOT NULL AND outcome IS NULL",
    )?;
    let mut rows = statement.query([endpoint.code()])?;
    let mut recalled = Vec::new();
    while let Some(row) = rows.next()? {
        recalled.push(number(&Fields::new("payouts", row))?);
    }
    Ok(recalled)
}

pub(super) fn counts(
    connection: &Connection,
    endpoint: Endpoint,
    now: Timestamp,
) -> Result<TextcoinCounts, StoreError> {
    let (code, now) = (endpoint.code(), millis(now)?);
    let number = |query: &str, parameters: &[&dyn ToSql]| -> Result<u64, StoreError> {
        let number: i64 = connection.prepare_cached(query)?.query_row(parameters, |row| row.get(0))?;
        Ok(number.unsigned_abs())
    };
    let both = |condition: &str, parameters: &[&dyn ToSql]| -> Result<u64, StoreError> {
        let given = format!("SELECT count(*) FROM textcoins WHERE endpoint = ?1 AND {condition}");
        let found = format!("SELECT count(*) FROM found_textcoins WHERE endpoint = ?1 AND {condition}");
        Ok(number(&given, parameters)? + number(&found, parameters)?)
    };
    Ok(TextcoinCounts {
        open: both("outcome IS NULL", params![code])?,
        expired: both(
            "outcome IS NULL AND (expires_at <= ?2 OR recalled_at IS NOT NULL)",
            params![code, now],
        )?,
        swept: number(SWEPT, params![code])?,
        claimed: both("outcome = 'claimed'", params![code])?,
        taken_back: both("outcome = 'taken back'", params![code])?,
        found: number("SELECT count(*) FROM found_textcoins WHERE endpoint = ?1", params![code])?,
        corrections: number(
            "SELECT count(*) FROM corrections WHERE endpoint = ?1 AND outcome IS NULL",
            params![code],
        )?,
    })
}

/// How many that are open have a unit that takes them back.
const SWEPT: &str = "SELECT count(*) FROM (
         SELECT generation, counter FROM textcoins JOIN payouts ON payouts.id = payout
         WHERE textcoins.endpoint = ?1 AND outcome IS NULL
         UNION ALL SELECT generation, counter FROM found_textcoins WHERE endpoint = ?1 AND outcome IS NULL
     ) AS open WHERE EXISTS (SELECT 1 FROM sweeps WHERE endpoint = ?1 AND sweeps.generation = open.generation
         AND sweeps.counter = open.counter)";

/// Textcoins that ended behind the one with a number, and the number of the last.
pub(in crate::sqlite) fn ended(
    connection: &Connection,
    endpoint: Endpoint,
    after: i64,
) -> Result<(Vec<EndedTextcoin>, i64), StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT ended_no, textcoins.payout AS payout, generation, counter, ended_by, outcome, versions.unit AS unit,
             versions.change_message AS message_index, version_outputs.output_index AS output_index,
             payouts.amount + claim_reserve AS amount, payouts.address AS address
         FROM textcoins
         JOIN payouts ON payouts.id = textcoins.payout
         JOIN slots ON slots.endpoint = payouts.endpoint AND slots.no = payouts.slot
         JOIN versions ON versions.endpoint = slots.endpoint AND versions.slot = slots.no
             AND versions.version = winner
         JOIN version_outputs ON version_outputs.version = versions.id
             AND version_outputs.payout = payouts.id
         WHERE textcoins.endpoint = ?1 AND outcome IS NOT NULL AND ended_no > ?2
         UNION ALL SELECT ended_no, NULL, generation, counter, ended_by, outcome, unit,
             message_index, output_index, amount, address
         FROM found_textcoins JOIN foreign_outputs ON foreign_outputs.id = output
         WHERE found_textcoins.endpoint = ?1 AND outcome IS NOT NULL AND ended_no > ?2 ORDER BY ended_no",
    )?;
    let mut rows = statement.query(params![endpoint.code(), after])?;
    let (mut ended, mut last) = (Vec::new(), after);
    while let Some(row) = rows.next()? {
        let fields = Fields::new("textcoins", row);
        last = fields.plain("ended_no")?;
        ended.push(EndedTextcoin {
            no: number(&fields)?,
            payout: fields.plain("payout")?,
            coin: coin(&fields)?,
            unit: fields.text("ended_by")?,
            claimed: fields.plain::<String>("outcome")? == "claimed",
        });
    }
    Ok((ended, last))
}
