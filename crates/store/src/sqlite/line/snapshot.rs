//! Reading back all that the engine needs.

use std::sync::Arc;
use std::time::Duration;

use obyte::compose::Coin;
use obyte::unit::CoinId;
use obyte::{Address, Bytes, UnitHash};
use payout::{
    FirstUnit, PaidOutput, Payout, PayoutId, Slot, SlotNo, Snapshot, Timestamp, Version, VersionId, VersionNo,
};
use rusqlite::{Connection, OptionalExtension, params};

use super::coins::coin;
use super::{Line, anchor, change, fees};
use crate::sqlite::codec::{Fields, integer, millis};
use crate::sqlite::deposits;
use crate::sqlite::purchases::status;
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
    let (next_slot, synced_mci) = line.position()?;
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
            "SELECT id, address, amount, queued_at FROM payouts WHERE endpoint = ? AND slot IS NULL
                 AND parked_at IS NULL AND held_at IS NULL ORDER BY queued_at, id",
        )?;
        let mut rows = statement.query([self.code()])?;
        let mut queue = Vec::new();
        while let Some(row) = rows.next()? {
            queue.push(payout(&Fields::new("payouts", row))?);
        }
        Ok(queue)
    }

    pub(super) fn open_slots(&self) -> Result<Vec<Slot>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT no, anchor_unit, anchor_message, anchor_output, anchor_amount, anchor_address
             FROM slots INDEXED BY slots_open WHERE endpoint = ? AND state = 'open' ORDER BY no",
        )?;
        let mut rows = statement.query([self.code()])?;
        let mut slots = Vec::new();
        while let Some(row) = rows.next()? {
            let fields = Fields::new("slots", row);
            let no = SlotNo::new(fields.number("no")?);
            slots.push(Slot {
                no,
                anchor: anchor(&fields)?,
                payouts: self.slot_payouts(no)?,
                versions: self.versions(no)?,
            });
        }
        Ok(slots)
    }

    /// The payouts that a slot holds, in the order in which they were assigned to it.
    pub(super) fn slot_payouts(&self, slot: SlotNo) -> Result<Vec<Payout>, StoreError> {
        // By way of the outputs: each payout of a slot is paid by one of its versions at least.
        let mut statement = self.connection.prepare_cached(
            "SELECT id, address, amount, queued_at FROM payouts
             WHERE endpoint = ?1 AND slot = ?2 AND id IN (
                 SELECT payout FROM versions JOIN version_outputs ON version_outputs.version = versions.id
                 WHERE versions.endpoint = ?1 AND versions.slot = ?2)
             ORDER BY position",
        )?;
        let mut rows = statement.query(params![self.code(), integer(slot.get())?])?;
        let mut payouts = Vec::new();
        while let Some(row) = rows.next()? {
            payouts.push(payout(&Fields::new("payouts", row))?);
        }
        Ok(payouts)
    }

    pub(super) fn versions(&self, slot: SlotNo) -> Result<Vec<Version>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT * FROM versions WHERE endpoint = ? AND slot = ? ORDER BY version")?;
        let mut rows = statement.query(params![self.code(), integer(slot.get())?])?;
        let mut versions = Vec::new();
        while let Some(row) = rows.next()? {
            let fields = Fields::new("versions", row);
            let id = fields.plain("id")?;
            let json: String = fields.plain("json")?;
            versions.push(Version {
                id: VersionId { slot, version: VersionNo::new(fields.number("version")?) },
                unit: fields.text("unit")?,
                json: Arc::from(json),
                inputs: self.inputs(id)?,
                outputs: self.outputs(id)?,
                change: change(&fields)?,
                fees: fees(&fields)?,
                signed_at: fields.time("signed_at")?,
                status: status(&fields)?,
            });
        }
        Ok(versions)
    }

    pub(super) fn inputs(&self, version: i64) -> Result<Vec<Coin>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT * FROM version_inputs WHERE version = ? ORDER BY position")?;
        let mut rows = statement.query([version])?;
        let mut inputs = Vec::new();
        while let Some(row) = rows.next()? {
            inputs.push(coin(&Fields::new("version_inputs", row))?);
        }
        Ok(inputs)
    }

    pub(super) fn outputs(&self, version: i64) -> Result<Vec<PaidOutput>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT * FROM version_outputs WHERE version = ? ORDER BY position")?;
        let mut rows = statement.query([version])?;
        let mut outputs = Vec::new();
        while let Some(row) = rows.next()? {
            let fields = Fields::new("version_outputs", row);
            outputs.push(PaidOutput {
                payout: PayoutId::new(fields.plain("payout")?),
                output_index: fields.number("output_index")?,
            });
        }
        Ok(outputs)
    }

    /// The change of the slot that was settled last, unless it is lost.
    pub(super) fn last_change(&self) -> Result<Option<Coin>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT versions.* FROM slots
             JOIN versions ON versions.endpoint = slots.endpoint AND versions.slot = slots.no
                 AND versions.version = slots.winner
             WHERE slots.endpoint = ? AND slots.state = 'settled' ORDER BY slots.no DESC LIMIT 1",
        )?;
        let mut rows = statement.query([self.code()])?;
        let found = rows.next()?.map(|row| change(&Fields::new("versions", row))).transpose()?;
        Ok(match found {
            Some(coin) if self.is_lost(&coin.id)? => None,
            found => found,
        })
    }

    fn position(&self) -> Result<(u64, u64), StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT * FROM lines WHERE endpoint = ?")?;
        let mut rows = statement.query([self.code()])?;
        let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        let fields = Fields::new("lines", row);
        Ok((fields.number("next_slot")?, fields.number("synced_mci")?))
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

pub(in crate::sqlite) fn payout(fields: &Fields<'_>) -> Result<Payout, StoreError> {
    Ok(Payout {
        id: PayoutId::new(fields.plain("id")?),
        address: fields.text("address")?,
        amount: fields.bytes("amount")?,
        queued_at: fields.time("queued_at")?,
    })
}
