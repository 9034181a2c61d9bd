//! Journaling: slots and versions, before their units are posted.

use std::collections::BTreeMap;

use obyte::compose::Coin;
use payout::{Payout, PayoutId, Slot, SlotNo, Version, VersionId, VersionNo};
use rusqlite::{OptionalExtension, params};

use super::{Line, change};
use crate::journal::{check_unit, check_version};
use crate::sqlite::codec::{Fields, integer, is_taken, millis};
use crate::sqlite::corrections;
use crate::{StoreError, Violation};

type Payouts = BTreeMap<PayoutId, Payout>;

impl Line<'_> {
    pub(super) fn open_slot(&self, slot: &Slot) -> Result<(), StoreError> {
        self.take_number(slot.no)?;
        let [version] = slot.versions.as_slice() else {
            return Err(Violation::NotOneVersion(slot.no).into());
        };
        self.check_number(version, slot.no, VersionNo::new(0))?;
        check_version(version, &slot.anchor)?;
        self.check_anchor(slot)?;
        self.insert_slot(slot)?;
        let payouts = self.assign(slot.no, 0, &slot.payouts)?;
        self.journal(version, &slot.payouts, &payouts)
    }

    pub(super) fn add_version(&self, version: &Version, appended: &[Payout]) -> Result<(), StoreError> {
        let no = version.id.slot;
        let anchor = self.open_anchor(no)?;
        self.check_number(version, no, self.versions_of(no)?)?;
        check_version(version, &anchor)?;
        let mut payouts = self.payouts_of(no)?;
        payouts.append(&mut self.assign(no, payouts.len(), appended)?);
        self.journal(version, appended, &payouts)
    }

    /// Writes a version whose slot holds `payouts`, the `new` ones for its sake.
    fn journal(&self, version: &Version, new: &[Payout], payouts: &Payouts) -> Result<(), StoreError> {
        if let Some(missing) = new.iter().find(|payout| !version.pays(payout.id)) {
            return Err(Violation::NotPaid { version: version.id, payout: missing.id }.into());
        }
        check_unit(version, payouts)?;
        self.spend(version)?;
        self.insert_version(version)
    }

    fn take_number(&self, found: SlotNo) -> Result<(), StoreError> {
        let next: i64 = self
            .connection
            .prepare_cached("SELECT next_slot FROM lines WHERE endpoint = ?")?
            .query_row([self.code()], |row| row.get(0))?;
        if integer(found.get())? != next {
            return Err(Violation::SlotNumber { expected: SlotNo::new(next.unsigned_abs()), found }.into());
        }
        self.connection
            .prepare_cached("UPDATE lines SET next_slot = next_slot + 1 WHERE endpoint = ?")?
            .execute([self.code()])?;
        Ok(())
    }

    fn check_number(&self, version: &Version, slot: SlotNo, next: VersionNo) -> Result<(), Violation> {
        let expected = VersionId { slot, version: next };
        if version.id == expected {
            Ok(())
        } else {
            Err(Violation::VersionNumber { expected, found: version.id })
        }
    }

    /// A slot begins with a proven coin that is free, or with the change of the slot before: of the good
    /// version where that is settled, of any that may still become good where it is not.
    fn check_anchor(&self, slot: &Slot) -> Result<(), StoreError> {
        if self.free_coin(slot.no, &slot.anchor)? || self.is_end_of_line(&slot.anchor)? {
            Ok(())
        } else {
            Err(Violation::ForeignAnchor(slot.no).into())
        }
    }

    fn is_end_of_line(&self, coin: &Coin) -> Result<bool, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT versions.* FROM versions
             WHERE endpoint = ?1 AND unit = ?2 AND status <> 'dead' AND slot =
                 (SELECT no FROM slots WHERE endpoint = ?1 AND state <> 'dead' ORDER BY no DESC LIMIT 1)",
        )?;
        let mut rows = statement.query(params![self.code(), coin.id.unit.as_str()])?;
        match rows.next()? {
            Some(row) => Ok(change(&Fields::new("versions", row))? == *coin && !self.is_lost(&coin.id)?),
            None => Ok(false),
        }
    }

    /// Whether a coin was proven, and no slot but `slot` spends it.
    fn free_coin(&self, slot: SlotNo, coin: &Coin) -> Result<bool, StoreError> {
        let found = self
            .connection
            .prepare_cached(
                "SELECT 1 FROM coins
                 WHERE endpoint = ? AND unit = ? AND message_index = ? AND output_index = ?
                     AND amount = ? AND address = ? AND (slot IS NULL OR slot = ?) AND lost_at IS NULL",
            )?
            .query_row(
                params![
                    self.code(),
                    coin.id.unit.as_str(),
                    coin.id.message_index,
                    coin.id.output_index,
                    i64::from(coin.amount),
                    coin.address.as_str(),
                    integer(slot.get())?
                ],
                |_| Ok(()),
            )
            .optional()?;
        Ok(found.is_some())
    }

    /// Takes the coins that a version spends beside its anchor; and the anchor, if it is one of these.
    fn spend(&self, version: &Version) -> Result<(), StoreError> {
        let slot = version.id.slot;
        for (index, coin) in version.inputs.iter().enumerate() {
            let free = self.free_coin(slot, coin)?;
            if free {
                self.connection
                    .prepare_cached(
                        "UPDATE coins SET slot = ? WHERE endpoint = ? AND unit = ? AND message_index = ?
                             AND output_index = ?",
                    )?
                    .execute(params![
                        integer(slot.get())?,
                        self.code(),
                        coin.id.unit.as_str(),
                        coin.id.message_index,
                        coin.id.output_index
                    ])?;
            } else if index > 0 {
                return Err(Violation::ForeignCoin { version: version.id, coin: coin.id }.into());
            }
        }
        Ok(())
    }

    /// Takes payouts out of the queue into a slot that holds `held` already.
    fn assign(&self, slot: SlotNo, held: usize, payouts: &[Payout]) -> Result<Payouts, StoreError> {
        let mut update = self.connection.prepare_cached(
            "UPDATE payouts SET slot = ?, position = ? WHERE id = ? AND slot IS NULL AND parked_at IS NULL
                 AND held_at IS NULL",
        )?;
        for (payout, position) in payouts.iter().zip(held..) {
            self.check_owed(payout)?;
            corrections::check_alone(self.connection, payout.id)?;
            let position = i64::try_from(position).expect("a slot holds few payouts");
            if update.execute(params![integer(slot.get())?, position, payout.id.get()])? != 1 {
                return Err(Violation::NotQueued(payout.id).into());
            }
        }
        Ok(payouts.iter().map(|payout| (payout.id, *payout)).collect())
    }

    pub(super) fn owed(&self, id: PayoutId) -> Result<Option<Payout>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, address, amount, queued_at, textcoin, generation, counter, claim_reserve FROM payouts
             WHERE id = ? AND endpoint = ?",
        )?;
        let mut rows = statement.query(params![id.get(), self.code()])?;
        rows.next()?.map(|row| super::payout(&Fields::new("payouts", row))).transpose()
    }

    fn payouts_of(&self, slot: SlotNo) -> Result<Payouts, StoreError> {
        Ok(self.slot_payouts(slot)?.into_iter().map(|payout| (payout.id, payout)).collect())
    }

    fn insert_slot(&self, slot: &Slot) -> Result<(), StoreError> {
        let anchor = &slot.anchor;
        self.connection
            .prepare_cached(
                "INSERT INTO slots (endpoint, no, anchor_unit, anchor_message, anchor_output, anchor_amount,
                     anchor_address, state)
                 VALUES (?, ?, ?, ?, ?, ?, ?, 'open')",
            )?
            .execute(params![
                self.code(),
                integer(slot.no.get())?,
                anchor.id.unit.as_str(),
                anchor.id.message_index,
                anchor.id.output_index,
                i64::from(anchor.amount),
                anchor.address.as_str()
            ])?;
        Ok(())
    }

    fn insert_version(&self, version: &Version) -> Result<(), StoreError> {
        let change = &version.change;
        let inserted = self
            .connection
            .prepare_cached(
                "INSERT INTO versions (endpoint, slot, version, unit, json, change_message, change_output,
                     change_amount, change_address, size_fee, tps_fee, signed_at, status)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .insert(params![
                self.code(),
                integer(version.id.slot.get())?,
                version.id.version.get(),
                version.unit.as_str(),
                &*version.json,
                change.id.message_index,
                change.id.output_index,
                i64::from(change.amount),
                change.address.as_str(),
                i64::from(version.fees.size),
                i64::from(version.fees.tps),
                millis(version.signed_at)?,
                version.status.code()
            ]);
        let id = match inserted {
            Err(error) if is_taken(&error) => return Err(Violation::RepeatedUnit(version.unit).into()),
            other => other?,
        };
        self.insert_inputs(id, version)?;
        self.insert_outputs(id, version)
    }

    fn insert_inputs(&self, id: i64, version: &Version) -> Result<(), StoreError> {
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO version_inputs (version, position, unit, message_index, output_index, amount, address)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )?;
        for (coin, position) in version.inputs.iter().zip(0i64..) {
            insert.execute(params![
                id,
                position,
                coin.id.unit.as_str(),
                coin.id.message_index,
                coin.id.output_index,
                i64::from(coin.amount),
                coin.address.as_str()
            ])?;
        }
        Ok(())
    }

    fn insert_outputs(&self, id: i64, version: &Version) -> Result<(), StoreError> {
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO version_outputs (version, position, payout, output_index) VALUES (?, ?, ?, ?)",
        )?;
        for (output, position) in version.outputs.iter().zip(0i64..) {
            insert.execute(params![id, position, output.payout.get(), output.output_index])?;
        }
        Ok(())
    }
}
