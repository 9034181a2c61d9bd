//! Reading back all that the engine needs.

use std::time::Duration;

use obyte::compose::Coin;
use obyte::unit::CoinId;
use obyte::{Address, Bytes, UnitHash};
use payout::{FirstUnit, Payout, Snapshot, TextcoinNo, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use super::coins::coin;
use super::{Line, payout};
use crate::sqlite::codec::{Fields, millis};
use crate::sqlite::deposits;
use crate::{Endpoint, StoreError};

/// How far back TPS fees paid in advance are told, from the newest one.
const PREPAID: Duration = Duration::from_secs(24 * 60 * 60);
/// How many slots back their units are told.
const SETTLED_SLOTS: i64 = 1_000;
/// How many slots back those of the line's address are counted: a line moves on long before.
const HOME_SLOTS: i64 = 5_000;
/// How many of the coins credited last are told.
const CREDITED_COINS: i64 = 5_000;

pub(in crate::sqlite) fn snapshot(
    connection: &Connection,
    endpoint: Endpoint,
) -> Result<Snapshot, StoreError> {
    let line = Line { connection, endpoint };
    let slots = line.open_slots()?;
    let anchor = if slots.is_empty() { line.last_change()? } else { None };
    let (next_slot, synced_mci, textcoins) = line.position()?;
    let (home_slots, home_prepaid) = line.home()?;
    let restoring = line.restoring()?;
    let foreign = line.foreign_units()?;
    Ok(Snapshot {
        queue: line.queue()?,
        slots,
        next_slot,
        anchor,
        refills: line.free_coins()?,
        first_units: line.first_units()?,
        home_slots,
        home_prepaid,
        synced_mci,
        prepaid: line.prepaid()?,
        textcoins,
        settled_units: line.settled_units()?.into_iter().chain(foreign.iter().copied()).collect(),
        credited_coins: line.credited_coins()?,
        foreign_units: foreign.into_iter().filter(|_| restoring.cause.is_some()).collect(),
        restoring: restoring.cause,
        places: restoring.places,
        deposits: deposits::count(connection, endpoint)?,
    })
}

impl Line<'_> {
    pub(super) fn queue(&self) -> Result<Vec<Payout>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, address, amount, queued_at, textcoin, generation, counter, claim_reserve
             FROM payouts WHERE endpoint = ? AND slot IS NULL
                 AND parked_at IS NULL AND held_at IS NULL ORDER BY queued_at, id",
        )?;
        let mut rows = statement.query([self.code()])?;
        let mut queue = Vec::new();
        while let Some(row) = rows.next()? {
            queue.push(payout(&Fields::new("payouts", row))?);
        }
        Ok(queue)
    }

    fn position(&self) -> Result<(u64, u64, TextcoinNo), StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT * FROM lines WHERE endpoint = ?")?;
        let mut rows = statement.query([self.code()])?;
        let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        let fields = Fields::new("lines", row);
        let textcoins =
            TextcoinNo { generation: fields.number("generation")?, counter: fields.number("textcoins")? };
        Ok((fields.number("next_slot")?, fields.number("synced_mci")?, textcoins))
    }

    fn first_units(&self) -> Result<Vec<(Address, FirstUnit)>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT * FROM first_units WHERE endpoint = ? ORDER BY address")?;
        let mut rows = statement.query([self.code()])?;
        let mut first_units = Vec::new();
        while let Some(row) = rows.next()? {
            let fields = Fields::new("first_units", row);
            let main_chain_index = match fields.plain::<Option<i64>>("mci")? {
                None => None,
                Some(_) => Some(fields.number("mci")?),
            };
            let first = FirstUnit { unit: fields.text("unit")?, main_chain_index };
            first_units.push((fields.text("address")?, first));
        }
        Ok(first_units)
    }

    /// How many slots began at the address to which the change of the last one goes, and what was paid there
    /// in advance and not charged. Of dead slots no trace is left on the network.
    fn home(&self) -> Result<(u64, Bytes), StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT count(*) AS slots, coalesce(sum(iif(state = 'settled', coalesce((
                     SELECT tps_fee FROM versions WHERE versions.endpoint = slots.endpoint
                         AND versions.slot = slots.no AND versions.version = slots.winner), 0)
                 - coalesce(charged_tps_fee, 0), 0)), 0) AS prepaid, 0 AS id
             FROM slots WHERE endpoint = ?1 AND state <> 'dead' AND no >= (
                 SELECT next_slot FROM lines WHERE endpoint = ?1) - ?2
             AND anchor_address = (
                 SELECT change_address FROM versions JOIN slots AS last ON last.endpoint = versions.endpoint
                     AND last.no = versions.slot
                 WHERE versions.endpoint = ?1 AND last.state <> 'dead'
                 ORDER BY versions.slot DESC, versions.version DESC LIMIT 1)",
        )?;
        let mut rows = statement.query(params![self.code(), HOME_SLOTS])?;
        let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        let fields = Fields::new("slots", row);
        let prepaid: i64 = fields.plain("prepaid")?;
        let prepaid = Bytes::new(u64::try_from(prepaid).unwrap_or_default()).unwrap_or(Bytes::MAX);
        Ok((fields.number("slots")?, prepaid))
    }

    fn free_coins(&self) -> Result<Vec<Coin>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, unit, message_index, output_index, amount, address FROM coins
             WHERE endpoint = ? AND slot IS NULL AND lost_at IS NULL ORDER BY id",
        )?;
        let mut rows = statement.query([self.code()])?;
        let mut coins = Vec::new();
        while let Some(row) = rows.next()? {
            coins.push(coin(&Fields::new("coins", row))?);
        }
        Ok(coins)
    }

    /// Of the versions of a slot at most one is ever charged, so each counts with what it costs above the
    /// dearest before it.
    fn prepaid(&self) -> Result<Vec<(Timestamp, Bytes)>, StoreError> {
        let newest: Option<u64> = self
            .connection
            .prepare_cached("SELECT max(signed_at) FROM versions WHERE endpoint = ?")?
            .query_row([self.code()], |row| row.get::<_, Option<i64>>(0))
            .optional()?
            .flatten()
            .map(i64::unsigned_abs);
        let Some(newest) = newest else { return Ok(Vec::new()) };
        self.prepaid_since(Timestamp::from_millis(newest).minus(PREPAID))
    }

    /// TPS fees paid in advance after a moment.
    pub(super) fn prepaid_since(&self, since: Timestamp) -> Result<Vec<(Timestamp, Bytes)>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, signed_at, tps_fee - coalesce(
                 (SELECT max(tps_fee) FROM versions AS before
                  WHERE before.endpoint = versions.endpoint AND before.slot = versions.slot
                      AND before.version < versions.version), 0) AS more
             FROM versions WHERE endpoint = ? AND signed_at > ? AND more > 0 ORDER BY signed_at, id",
        )?;
        let mut rows = statement.query(params![self.code(), millis(since)?])?;
        let mut prepaid = Vec::new();
        while let Some(row) = rows.next()? {
            let fields = Fields::new("versions", row);
            prepaid.push((fields.time("signed_at")?, fields.bytes("more")?));
        }
        Ok(prepaid)
    }

    fn settled_units(&self) -> Result<Vec<UnitHash>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT versions.id, unit FROM versions
             JOIN slots ON slots.endpoint = versions.endpoint AND slots.no = versions.slot
             WHERE versions.endpoint = ?1 AND state <> 'open' AND slot >=
                 (SELECT next_slot FROM lines WHERE endpoint = ?1) - ?2
             ORDER BY slot, version",
        )?;
        let mut rows = statement.query(params![self.code(), SETTLED_SLOTS])?;
        let mut units = Vec::new();
        while let Some(row) = rows.next()? {
            units.push(Fields::new("versions", row).text("unit")?);
        }
        Ok(units)
    }

    fn credited_coins(&self) -> Result<Vec<CoinId>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, unit, message_index, output_index, amount, address
             FROM coins NOT INDEXED WHERE endpoint = ? ORDER BY id DESC LIMIT ?",
        )?;
        let mut rows = statement.query(params![self.code(), CREDITED_COINS])?;
        let mut coins = Vec::new();
        while let Some(row) = rows.next()? {
            coins.push(coin(&Fields::new("coins", row))?.id);
        }
        coins.reverse();
        Ok(coins)
    }
}
