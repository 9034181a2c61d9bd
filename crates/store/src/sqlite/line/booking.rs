//! What a slot that is settled moves in the book.

use ledger::{Account, Refusal, events};
use obyte::{Bytes, UnitHash};
use payout::{Settlement, SlotNo, VersionId, VersionNo};
use rusqlite::{Connection, params};

use super::{Line, Row};
use crate::sqlite::book;
use crate::sqlite::codec::{Fields, integer};
use crate::{Endpoint, StoreError, Violation};

/// What a unit of the journal has moved, and the TPS fee that it was charged, once its slot is settled by it.
pub(in crate::sqlite) fn settlement_of(
    connection: &Connection,
    endpoint: Endpoint,
    unit: UnitHash,
) -> Result<Option<(ledger::Settlement, Option<Bytes>)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT no, version, kept, charged_tps_fee FROM versions
         JOIN slots ON slots.endpoint = versions.endpoint AND no = slot AND winner = version
         WHERE versions.unit = ? AND versions.endpoint = ? AND state = 'settled'",
    )?;
    let mut rows = statement.query(params![unit.as_str(), endpoint.code()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let fields = Fields::new("slots", row);
    let slot = SlotNo::new(fields.number("no")?);
    let id = VersionId { slot, version: VersionNo::new(fields.number("version")?) };
    let charged: Option<i64> = fields.plain("charged_tps_fee")?;
    let charged = charged.map(|_| fields.bytes("charged_tps_fee")).transpose()?;
    let line = Line { connection, endpoint };
    let moved = line.moved(slot, &line.version(id)?, fields.bytes("kept")?)?;
    Ok(moved.map(|moved| (moved, charged.filter(|fee| !fee.is_zero()))))
}

/// The sums of what a version pays.
struct Amounts {
    /// Cashback, to addresses.
    paid: Bytes,
    /// Withdrawals.
    withdrawn: Bytes,
    /// Cashback, by textcoins.
    textcoins: Bytes,
    /// What these hold on top.
    claim_reserves: Bytes,
    /// What was set aside for fees, of all of them.
    reserve: Bytes,
}

impl Line<'_> {
    pub(super) fn book_settlement(&self, settlement: &Settlement, row: &Row) -> Result<(), StoreError> {
        let slot = settlement.version.slot;
        let moved = self.moved(slot, row, settlement.kept)?.ok_or(Violation::KeptTooMuch(slot))?;
        self.post_settled(settlement, moved)?;
        if let Some(charged) = settlement.charged_tps_fee.filter(|fee| !fee.is_zero()) {
            let entry = events::tps_fee_charged(settlement.unit, charged)?;
            book::post(self.connection, self.endpoint, settlement.at, &entry)?;
        }
        Ok(())
    }

    /// What a good version moves; nothing where more is kept than was set aside.
    fn moved(&self, slot: SlotNo, row: &Row, kept: Bytes) -> Result<Option<ledger::Settlement>, StoreError> {
        let Amounts { paid, withdrawn, textcoins, claim_reserves, reserve: of_payouts } =
            self.amounts_of(row.id)?;
        let of_coins = self.coin_reserves(row.id)?;
        let before = self.kept_before(slot)?;
        let reserve =
            Bytes::checked_sum([of_payouts, of_coins, before]).ok_or(ledger::EntryError::TooLarge)?;
        let (size_fees, tps_fee) = (row.fees.size, row.fees.tps);
        let released = reserve.checked_sub(kept);
        Ok(released.map(|reserve_released| ledger::Settlement {
            paid,
            withdrawn,
            textcoins,
            claim_reserves,
            reserve_released,
            size_fees,
            tps_fee,
            short: Bytes::ZERO,
        }))
    }

    /// While a wallet is restored, moving its coins may cost more than reserves and fund hold.
    fn post_settled(&self, settlement: &Settlement, moved: ledger::Settlement) -> Result<(), StoreError> {
        let entry = events::unit_settled(settlement.unit, &moved)?;
        let weighed = book::weigh(self.connection, self.endpoint, &entry)?;
        let entry = match weighed {
            Err(Refusal::Overdraft { account: Account::Fund, missing })
                if self.restoring()?.cause.is_some() =>
            {
                let short = book::lacking(missing);
                events::unit_settled(settlement.unit, &ledger::Settlement { short, ..moved })?
            }
            _ => entry,
        };
        book::post(self.connection, self.endpoint, settlement.at, &entry)
    }

    /// The sums of what a version pays.
    fn amounts_of(&self, version: i64) -> Result<Amounts, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT ?1 AS version,
                 coalesce(sum(iif(withdrawals.id IS NULL AND NOT textcoin, amount, 0)), 0) AS paid,
                 coalesce(sum(iif(withdrawals.id IS NULL, 0, amount)), 0) AS withdrawn,
                 coalesce(sum(iif(textcoin, amount, 0)), 0) AS textcoins,
                 coalesce(sum(claim_reserve), 0) AS claim_reserves,
                 coalesce(sum(fee_reserve), 0) AS reserve
             FROM payouts LEFT JOIN withdrawals ON withdrawals.payout = payouts.id
             WHERE payouts.id IN (SELECT payout FROM version_outputs WHERE version = ?1)",
        )?;
        let mut rows = statement.query([version])?;
        let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        let fields = Fields::new("payouts", row);
        Ok(Amounts {
            paid: fields.bytes("paid")?,
            withdrawn: fields.bytes("withdrawn")?,
            textcoins: fields.bytes("textcoins")?,
            claim_reserves: fields.bytes("claim_reserves")?,
            reserve: fields.bytes("reserve")?,
        })
    }

    /// What stayed set aside when the slot before this one was settled.
    fn kept_before(&self, slot: SlotNo) -> Result<Bytes, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT no, kept FROM slots WHERE endpoint = ? AND no < ? AND state = 'settled'
             ORDER BY no DESC LIMIT 1",
        )?;
        let mut rows = statement.query(params![self.code(), integer(slot.get())?])?;
        let row = rows.next()?;
        row.map_or(Ok(Bytes::ZERO), |row| Fields::new("slots", row).bytes("kept"))
    }

    /// What was set aside for spending the coins of a version that came from outside.
    fn coin_reserves(&self, version: i64) -> Result<Bytes, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT ?1 AS version, coalesce(sum(coins.reserve), 0) AS reserve
             FROM version_inputs JOIN coins ON coins.endpoint = ?2 AND coins.unit = version_inputs.unit
                 AND coins.message_index = version_inputs.message_index
                 AND coins.output_index = version_inputs.output_index
             WHERE version_inputs.version = ?1",
        )?;
        let mut rows = statement.query(params![version, self.code()])?;
        let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        Fields::new("version_inputs", row).bytes("reserve")
    }
}
