//! The payer's line of an endpoint: what the engine wants kept, checked and booked.

mod booking;
mod close;
mod coins;
mod heard;
mod open;
mod oversight;
mod payouts;
mod restoring;
mod slots;
mod snapshot;
mod textcoins;

use obyte::compose::Coin;
use payout::{Change, FirstUnit, SlotNo, VersionId, VersionNo};
use rusqlite::{Connection, OptionalExtension, params};

use crate::sqlite::codec::{Fields, integer};
use crate::{Endpoint, StoreError, Violation};

pub(super) use self::booking::settlement_of;
pub(super) use self::coins::coin;
pub(super) use self::heard::heard;
pub(super) use self::oversight::{
    overview, payouts_of_order, slot, slot_of_unit, slots, slots_ever_of, trail,
};
pub(super) use self::payouts::{payee, payout};
pub(super) use self::snapshot::snapshot;

/// Applies changes to the line of one endpoint, within one transaction.
pub(super) fn apply(
    connection: &Connection,
    endpoint: Endpoint,
    changes: Vec<Change>,
) -> Result<(), StoreError> {
    let line = Line { connection, endpoint };
    let mut died = Vec::new();
    for change in changes {
        match change {
            Change::SlotOpened(slot) => line.open_slot(&slot)?,
            Change::VersionAdded { version, appended } => line.add_version(&version, &appended)?,
            Change::Answered { version, status, answer, at } => line.answer(version, status, &answer, at)?,
            Change::Settled(settlement) => line.settle(&settlement)?,
            Change::SlotDied { slot, at } => {
                line.bury(slot, at)?;
                died.push(slot);
            }
            Change::CoinProven { coin, origin, reserve, at } => line.credit(&coin, origin, reserve, at)?,
            Change::Parked { payout, at } => line.park(payout, at)?,
            Change::RestoreBegun { cause, .. } => line.begin_restoring(cause)?,
            Change::ForeignUnit { unit, main_chain_index, authors, paid, made_at, at } => {
                let first = FirstUnit { unit, main_chain_index };
                line.take_foreign(first, &authors, &paid, made_at, at)?;
            }
            Change::CoinLost { coin, at } => line.lose(&coin, at)?,
            Change::Reached { places, deposits } => line.reached(places, deposits)?,
            Change::Restored { at } => line.end_restoring(at)?,
            Change::Synced { main_chain_index } => line.synced(main_chain_index)?,
        }
    }
    line.check_lives(&died)
}

/// The coins that a version spends, by its number in the table.
pub(super) fn inputs_of(
    connection: &Connection,
    endpoint: Endpoint,
    version: i64,
) -> Result<Vec<Coin>, StoreError> {
    Line { connection, endpoint }.inputs(version)
}

/// The line of an endpoint, within a transaction.
struct Line<'a> {
    connection: &'a Connection,
    endpoint: Endpoint,
}

/// A version as it stands in the database.
struct Row {
    id: i64,
    json_unit: obyte::UnitHash,
    status: payout::VersionStatus,
    change: Coin,
    fees: payout::Fees,
}

impl Line<'_> {
    fn code(&self) -> &'static str {
        self.endpoint.code()
    }

    /// The anchor of an open slot.
    fn open_anchor(&self, slot: SlotNo) -> Result<Coin, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT no, anchor_unit, anchor_message, anchor_output, anchor_amount, anchor_address
             FROM slots WHERE endpoint = ? AND no = ? AND state = 'open'",
        )?;
        let mut rows = statement.query(params![self.code(), integer(slot.get())?])?;
        let row = rows.next()?.ok_or(Violation::NotOpen(slot))?;
        anchor(&Fields::new("slots", row))
    }

    fn version(&self, id: VersionId) -> Result<Row, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT * FROM versions WHERE endpoint = ? AND slot = ? AND version = ?")?;
        let mut rows = statement.query(params![self.code(), integer(id.slot.get())?, id.version.get()])?;
        let row = rows.next()?.ok_or(Violation::NoVersion(id))?;
        let fields = Fields::new("versions", row);
        Ok(Row {
            id: fields.plain("id")?,
            json_unit: fields.text("unit")?,
            status: super::purchases::status(&fields)?,
            change: change(&fields)?,
            fees: fees(&fields)?,
        })
    }

    /// How many versions a slot has.
    fn versions_of(&self, slot: SlotNo) -> Result<VersionNo, StoreError> {
        let count = self
            .connection
            .prepare_cached("SELECT count(*) FROM versions WHERE endpoint = ? AND slot = ?")?
            .query_row(params![self.code(), integer(slot.get())?], |row| row.get(0))?;
        Ok(VersionNo::new(count))
    }

    /// The version that made a coin as its change, where that is known to be dead.
    fn is_dead_change(&self, coin: &Coin) -> Result<bool, StoreError> {
        let found = self
            .connection
            .prepare_cached("SELECT 1 FROM versions WHERE unit = ? AND status = 'dead'")?
            .query_row([coin.id.unit.as_str()], |_| Ok(()))
            .optional()?;
        Ok(found.is_some())
    }

    /// After all changes: whoever chains on a slot that is closed chains on its good version, and only
    /// slots died whose anchor never existed, or is lost, or is the change of one that died.
    fn check_lives(&self, died: &[SlotNo]) -> Result<(), StoreError> {
        let orphan = self
            .connection
            .prepare_cached(
                "SELECT slots.no FROM slots INDEXED BY slots_open
                 JOIN versions ON versions.unit = slots.anchor_unit
                 JOIN slots AS before ON before.endpoint = versions.endpoint AND before.no = versions.slot
                 WHERE slots.endpoint = ? AND slots.state = 'open' AND status = 'dead'
                     AND before.state <> 'open' LIMIT 1",
            )?
            .query_row([self.code()], |row| row.get::<_, i64>(0))
            .optional()?;
        if let Some(no) = orphan {
            return Err(Violation::WrongLife(SlotNo::new(no.unsigned_abs())).into());
        }
        for slot in died {
            let mut statement = self.connection.prepare_cached(
                "SELECT no, anchor_unit, anchor_message, anchor_output, anchor_amount, anchor_address
                 FROM slots WHERE endpoint = ? AND no = ?",
            )?;
            let mut rows = statement.query(params![self.code(), integer(slot.get())?])?;
            let row = rows.next()?.ok_or(Violation::NotOpen(*slot))?;
            let anchor = anchor(&Fields::new("slots", row))?;
            if !self.is_dead_change(&anchor)? && !self.is_lost(&anchor.id)? {
                return Err(Violation::WrongLife(*slot).into());
            }
        }
        Ok(())
    }
}

fn anchor(fields: &Fields<'_>) -> Result<Coin, StoreError> {
    fields.coin(["anchor_unit", "anchor_message", "anchor_output", "anchor_amount", "anchor_address"])
}

/// The change of a version, which is an output of its own unit.
pub(super) fn change(fields: &Fields<'_>) -> Result<Coin, StoreError> {
    fields.coin(["unit", "change_message", "change_output", "change_amount", "change_address"])
}

pub(super) fn fees(fields: &Fields<'_>) -> Result<payout::Fees, StoreError> {
    Ok(payout::Fees { size: fields.bytes("size_fee")?, tps: fields.bytes("tps_fee")? })
}
