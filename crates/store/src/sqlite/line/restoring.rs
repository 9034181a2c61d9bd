//! Restoring a wallet: units that no journal holds, what they spent and made, and which orders they may have
//! paid.

use ledger::{OutputRef, restored};
use obyte::compose::Coin;
use obyte::unit::CoinId;
use obyte::{Address, Bytes, UnitHash};
use payout::{FirstUnit, Payout, PayoutId, RestoreCause, Timestamp};
use rusqlite::{OptionalExtension, params};

use super::Line;
use crate::sqlite::codec::{Fields, integer, millis};
use crate::sqlite::{book, holds};
use crate::{HoldReason, StoreError, Violation};

/// What stands for [`RestoreCause::Declared`]; the name of a unit is longer.
const DECLARED: &str = "declared";
/// How many of the units found last are told.
const FOREIGN_UNITS: i64 = 10_000;

/// Where restoring stands.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) cause: Option<RestoreCause>,
    pub(super) places: u32,
}

impl Line<'_> {
    pub(super) fn restoring(&self) -> Result<Standing, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT 0 AS id, restoring, places FROM lines WHERE endpoint = ?")?;
        let mut rows = statement.query([self.code()])?;
        let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        let fields = Fields::new("lines", row);
        let cause = match fields.plain::<Option<String>>("restoring")?.as_deref() {
            None => None,
            Some(DECLARED) => Some(RestoreCause::Declared),
            Some(_) => Some(RestoreCause::Seen(fields.text("restoring")?)),
        };
        Ok(Standing { cause, places: fields.number("places")? })
    }

    /// A restore begins.
    pub(super) fn begin_restoring(&self, cause: RestoreCause) -> Result<(), StoreError> {
        let code = match &cause {
            RestoreCause::Declared => DECLARED,
            RestoreCause::Seen(unit) => unit.as_str(),
        };
        self.connection
            .prepare_cached("UPDATE lines SET restoring = ?, places = 0 WHERE endpoint = ?")?
            .execute(params![code, self.code()])?;
        Ok(())
    }

    pub(super) fn reached(&self, places: u32, deposits: u32) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("UPDATE lines SET places = ?, deposits = max(deposits, ?) WHERE endpoint = ?")?
            .execute(params![places, deposits, self.code()])?;
        Ok(())
    }

    /// Textcoins are given in another generation from here on. It is the place to which all coins went, which no
    /// life of this wallet has used before, whatever its database knew.
    pub(super) fn end_restoring(&self, at: Timestamp) -> Result<(), StoreError> {
        self.connection
            .prepare_cached(
                "UPDATE lines SET restoring = NULL, generation = max(places, generation + 1), textcoins = 0
                 WHERE endpoint = ?",
            )?
            .execute([self.code()])?;
        self.hold_unexplained(at)?;
        book::balance_missing(self.connection, self.endpoint, at)
    }

    /// Keeps a unit that no journal holds, and what it paid.
    pub(super) fn take_foreign(
        &self,
        first: FirstUnit,
        authors: &[Address],
        paid: &[Coin],
        made_at: Option<Timestamp>,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let unit = first.unit;
        if self.is_journaled(&unit)? {
            return Err(Violation::NotForeign(unit).into());
        }
        let is_new = self
            .connection
            .prepare_cached(
                "INSERT INTO foreign_units (endpoint, unit, found_at, made_at) VALUES (?, ?, ?, ?)
                 ON CONFLICT DO NOTHING",
            )?
            .execute(params![self.code(), unit.as_str(), millis(at)?, made_at.map(millis).transpose()?])?
            == 1;
        if !is_new {
            return Ok(());
        }
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO foreign_outputs (endpoint, unit, message_index, output_index, address, amount)
             VALUES (?, ?, ?, ?, ?, ?)",
        )?;
        for coin in paid {
            insert.execute(params![
                self.code(),
                unit.as_str(),
                coin.id.message_index,
                coin.id.output_index,
                coin.address.as_str(),
                i64::from(coin.amount)
            ])?;
        }
        self.note_authors(first, authors)
    }

    /// The first unit of an address is that with the lowest index.
    fn note_authors(&self, first: FirstUnit, authors: &[Address]) -> Result<(), StoreError> {
        let mut upsert = self.connection.prepare_cached(
            "INSERT INTO first_units (endpoint, address, unit, mci) VALUES (?, ?, ?, ?)
             ON CONFLICT (endpoint, address) DO UPDATE SET unit = excluded.unit, mci = excluded.mci
                 WHERE excluded.mci IS NOT NULL AND (mci IS NULL OR excluded.mci < mci)",
        )?;
        let index = first.main_chain_index.map(integer).transpose()?;
        for author in authors {
            upsert.execute(params![self.code(), author.as_str(), first.unit.as_str(), index])?;
        }
        Ok(())
    }

    /// Holds what waits and may have been paid by such a unit.
    fn hold_unexplained(&self, at: Timestamp) -> Result<(), StoreError> {
        for payout in self.queue()? {
            let Payout { id, payee, amount, .. } = payout;
            let reserve = self.reserve_of(id)?;
            if holds::may_be_paid(self.connection, self.endpoint, &payee, amount, reserve)? {
                holds::hold(self.connection, self.endpoint, id, HoldReason::Unexplained, at)?;
            }
        }
        Ok(())
    }

    /// What was set aside for the fees of a payout.
    fn reserve_of(&self, payout: PayoutId) -> Result<Bytes, StoreError> {
        let mut statement =
            self.connection.prepare_cached("SELECT id, fee_reserve FROM payouts WHERE id = ?")?;
        let mut rows = statement.query([payout.get()])?;
        let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        Fields::new("payouts", row).bytes("fee_reserve")
    }

    /// A coin that was free, or the end of the line, is spent by such a unit.
    pub(super) fn lose(&self, coin: &Coin, at: Timestamp) -> Result<(), StoreError> {
        let reserve = match self.lose_free(coin, at)? {
            Some(reserve) => reserve,
            None if self.open_slots()?.is_empty() && self.last_change()? == Some(*coin) => Bytes::ZERO,
            None => return Err(Violation::NotHeld(coin.id).into()),
        };
        let CoinId { unit, message_index, output_index } = coin.id;
        self.connection
            .prepare_cached(
                "INSERT INTO lost_coins (endpoint, unit, message_index, output_index, amount, reserve, lost_at)
                 VALUES (?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                self.code(),
                unit.as_str(),
                message_index,
                output_index,
                i64::from(coin.amount),
                i64::from(reserve),
                millis(at)?
            ])?;
        let output = OutputRef { unit, message: message_index, output: output_index };
        let entry = restored::coin_lost(output, coin.amount, reserve)?;
        book::post(self.connection, self.endpoint, at, &entry)
    }

    /// What was set aside for a coin from outside that is free, and is so no more.
    fn lose_free(&self, coin: &Coin, at: Timestamp) -> Result<Option<Bytes>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "UPDATE coins SET lost_at = ?1 WHERE endpoint = ?2 AND unit = ?3 AND message_index = ?4
                 AND output_index = ?5 AND amount = ?6 AND slot IS NULL AND lost_at IS NULL
             RETURNING id, reserve",
        )?;
        let mut rows = statement.query(params![
            millis(at)?,
            self.code(),
            coin.id.unit.as_str(),
            coin.id.message_index,
            coin.id.output_index,
            i64::from(coin.amount)
        ])?;
        let reserve = rows.next()?.map(|row| Fields::new("coins", row).bytes("reserve")).transpose()?;
        // The statement ends when it has no more rows to tell.
        while rows.next()?.is_some() {}
        Ok(reserve)
    }

    pub(super) fn is_lost(&self, coin: &CoinId) -> Result<bool, StoreError> {
        let found = self
            .connection
            .prepare_cached(
                "SELECT 1 FROM lost_coins WHERE endpoint = ? AND unit = ? AND message_index = ?
                     AND output_index = ?",
            )?
            .query_row(
                params![self.code(), coin.unit.as_str(), coin.message_index, coin.output_index],
                |_| Ok(()),
            )
            .optional()?;
        Ok(found.is_some())
    }

    /// The units that no journal holds, those found last.
    pub(super) fn foreign_units(&self) -> Result<Vec<UnitHash>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, unit FROM foreign_units WHERE endpoint = ? ORDER BY id DESC LIMIT ?",
        )?;
        let mut rows = statement.query(params![self.code(), FOREIGN_UNITS])?;
        let mut units = Vec::new();
        while let Some(row) = rows.next()? {
            units.push(Fields::new("foreign_units", row).text("unit")?);
        }
        units.reverse();
        Ok(units)
    }
}
