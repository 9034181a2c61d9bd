//! Slots, their versions and their payouts, as the engine knows them.

use std::sync::Arc;

use obyte::compose::Coin;
use payout::{PaidOutput, Payout, PayoutId, Slot, SlotNo, Version, VersionId, VersionNo};
use rusqlite::params;

use super::{Line, anchor, change, coin, fees, payout};
use crate::StoreError;
use crate::sqlite::codec::{Fields, integer};
use crate::sqlite::purchases::status;

impl Line<'_> {
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
            "SELECT id, address, amount, queued_at, textcoin, generation, counter, claim_reserve FROM payouts
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
}
