//! Coins from outside, and how far the history is known.

use ledger::{Account, Entry, OutputRef, PartnerId, events, restored};
use obyte::compose::Coin;
use obyte::unit::CoinId;
use obyte::{Bytes, UnitHash};
use payout::{Origin, SlotNo, Timestamp};
use rusqlite::{OptionalExtension, params};

use super::Line;
use crate::sqlite::codec::{Fields, integer, millis};
use crate::sqlite::{book, deposits, keeping};
use crate::{StoreError, Violation};

impl Line<'_> {
    /// Credits a coin, to the partner whose deposit address it lies at, otherwise to the fund. The same coin again
    /// changes nothing.
    pub(super) fn credit(
        &self,
        coin: &Coin,
        origin: Origin,
        reserve: Bytes,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        if let Some(known) = self.known_coin(&coin.id)? {
            return if known == *coin { Ok(()) } else { Err(Violation::OtherCoin(coin.id).into()) };
        }
        if self.is_journaled(&coin.id.unit)? {
            return Err(Violation::OwnCoin(coin.id).into());
        }
        let reserve = match origin {
            Origin::Others => reserve.min(coin.amount),
            // It moves at once, and what that costs is not known to be there.
            Origin::ForeignUnit => Bytes::ZERO,
        };
        let back = match origin {
            Origin::Others => keeping::came_back(self.connection, self.endpoint, coin, reserve, at)?,
            Origin::ForeignUnit => None,
        };
        let reserve = back.as_ref().map_or(reserve, |back| back.reserve);
        let partner = deposits::owner(self.connection, self.endpoint, &coin.address)?;
        let partner = partner.filter(|_| origin == Origin::Others && back.is_none());
        self.connection
            .prepare_cached(
                "INSERT INTO coins (endpoint, unit, message_index, output_index, amount, address, proven_at,
                     reserve, origin, partner, textcoin, found)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?
            .execute(params![
                self.code(),
                coin.id.unit.as_str(),
                coin.id.message_index,
                coin.id.output_index,
                i64::from(coin.amount),
                coin.address.as_str(),
                millis(at)?,
                i64::from(reserve),
                match origin {
                    Origin::Others => "others",
                    Origin::ForeignUnit => "foreign unit",
                },
                partner.map(PartnerId::get),
                back.as_ref().and_then(keeping::TakenBack::payout),
                back.as_ref().and_then(keeping::TakenBack::found)
            ])?;
        let output =
            OutputRef { unit: coin.id.unit, message: coin.id.message_index, output: coin.id.output_index };
        if let Some(back) = back {
            book::post(self.connection, self.endpoint, at, &back.entry)?;
            back.finish(self.connection, self.endpoint)?;
            return book::cover_missing(self.connection, self.endpoint, at);
        }
        let entry = match (origin, partner) {
            (Origin::Others, Some(partner)) => self.deposited(output, partner, coin.amount, reserve)?,
            (Origin::Others, None) => events::fund_received(output, coin.amount, reserve)?,
            (Origin::ForeignUnit, _) => restored::coin_found(output, coin.amount)?,
        };
        book::post(self.connection, self.endpoint, at, &entry)?;
        book::cover_missing(self.connection, self.endpoint, at)
    }

    fn deposited(
        &self,
        output: OutputRef,
        partner: PartnerId,
        amount: Bytes,
        reserve: Bytes,
    ) -> Result<Entry, StoreError> {
        let held = |account| book::held(self.connection, self.endpoint, account);
        let (fund, receivable) = (held(Account::Fund)?, held(Account::Receivable(partner))?);
        Ok(events::deposit_received(output, partner, amount, reserve, fund, receivable)?)
    }

    fn known_coin(&self, id: &CoinId) -> Result<Option<Coin>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT id, unit, message_index, output_index, amount, address FROM coins
             WHERE endpoint = ? AND unit = ? AND message_index = ? AND output_index = ?",
        )?;
        let mut rows =
            statement.query(params![self.code(), id.unit.as_str(), id.message_index, id.output_index])?;
        rows.next()?.map(|row| coin(&Fields::new("coins", row))).transpose()
    }

    /// Whether a unit is one of the journal: its outputs are payouts and change.
    pub(super) fn is_journaled(&self, unit: &UnitHash) -> Result<bool, StoreError> {
        let found = self
            .connection
            .prepare_cached("SELECT 1 FROM versions WHERE unit = ? AND endpoint = ?")?
            .query_row(params![unit.as_str(), self.code()], |_| Ok(()))
            .optional()?;
        Ok(found.is_some())
    }

    /// The coins from outside that a slot spends.
    pub(super) fn coins_of(&self, slot: SlotNo) -> Result<Vec<CoinId>, StoreError> {
        // By way of the inputs, which are few; there is no index from slots to coins.
        let mut statement = self.connection.prepare_cached(
            "SELECT DISTINCT coins.id, coins.unit, coins.message_index, coins.output_index, coins.amount,
                 coins.address
             FROM versions
             JOIN version_inputs ON version_inputs.version = versions.id
             JOIN coins ON coins.endpoint = versions.endpoint AND coins.unit = version_inputs.unit
                 AND coins.message_index = version_inputs.message_index
                 AND coins.output_index = version_inputs.output_index
             WHERE versions.endpoint = ? AND versions.slot = ?",
        )?;
        let mut rows = statement.query(params![self.code(), integer(slot.get())?])?;
        let mut coins = Vec::new();
        while let Some(row) = rows.next()? {
            coins.push(coin(&Fields::new("coins", row))?.id);
        }
        Ok(coins)
    }

    /// From where on the next history is asked for.
    pub(super) fn synced(&self, main_chain_index: u64) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("UPDATE lines SET synced_mci = ? WHERE endpoint = ?")?
            .execute(params![integer(main_chain_index)?, self.code()])?;
        Ok(())
    }
}

pub(in crate::sqlite) fn coin(fields: &Fields<'_>) -> Result<Coin, StoreError> {
    fields.coin(["unit", "message_index", "output_index", "amount", "address"])
}
