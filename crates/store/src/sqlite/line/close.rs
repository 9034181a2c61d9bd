//! What becomes of slots and versions.

use std::collections::BTreeSet;

use ledger::{Account, Refusal, events};
use obyte::compose::Coin;
use obyte::{Bytes, UnitHash};
use payout::{PayoutId, Settlement, SlotNo, Timestamp, VersionId, VersionNo, VersionStatus};
use rusqlite::{Connection, params};

use super::{Line, Row};
use crate::sqlite::codec::{Fields, integer, millis};
use crate::sqlite::{book, holds, receiving, totals};
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

impl Line<'_> {
    /// What a hub said, or that the version is proven bad. That one is proven good comes as a settlement.
    pub(super) fn answer(
        &self,
        id: VersionId,
        status: VersionStatus,
        answer: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let row = self.version(id)?;
        let is_proven = matches!(row.status, VersionStatus::Final | VersionStatus::Dead);
        if is_proven || status == VersionStatus::Final {
            return Err(Violation::AgainstProof(id).into());
        }
        self.connection
            .prepare_cached("UPDATE versions SET status = ? WHERE id = ?")?
            .execute(params![status.code(), row.id])?;
        self.keep_answer(row.id, answer, at)?;
        if status == VersionStatus::Accepted {
            self.number_acceptance(row.id)?;
        }
        Ok(())
    }

    /// Numbers a version in the order in which versions were accepted first.
    fn number_acceptance(&self, version: i64) -> Result<(), StoreError> {
        let numbered = self
            .connection
            .prepare_cached(
                "UPDATE versions SET accepted_no = (SELECT accepted_units FROM lines WHERE endpoint = ?)
                 WHERE id = ? AND accepted_no IS NULL",
            )?
            .execute(params![self.code(), version])?;
        if numbered == 1 {
            self.connection
                .prepare_cached("UPDATE lines SET accepted_units = accepted_units + 1 WHERE endpoint = ?")?
                .execute([self.code()])?;
        }
        Ok(())
    }

    /// One version is good for ever, the others are dead, and the money has moved.
    pub(super) fn settle(&self, settlement: &Settlement) -> Result<(), StoreError> {
        let slot = settlement.version.slot;
        let anchor = self.open_anchor(slot)?;
        let row = self.version(settlement.version)?;
        if row.json_unit != settlement.unit {
            return Err(Violation::OtherVersion(settlement.version).into());
        }
        if self.is_dead_change(&anchor)? {
            return Err(Violation::WrongLife(slot).into());
        }
        self.check_coins(settlement, &row)?;
        self.check_parting(settlement, &row)?;
        self.free_payouts(&settlement.freed)?;
        self.free_coins_except(slot, &settlement.spent)?;
        self.mark_settled(settlement, &row)?;
        self.note_first_unit(settlement)?;
        totals::finish(self.connection, self.endpoint, row.id)?;
        self.book_settlement(settlement, &row)
    }

    fn check_coins(&self, settlement: &Settlement, row: &Row) -> Result<(), StoreError> {
        let order = |coins: &[Coin]| coins.iter().map(|coin| (coin.id, coin.amount)).collect::<BTreeSet<_>>();
        let spent = self.inputs(row.id)?;
        if settlement.change == row.change && order(&settlement.spent) == order(&spent) {
            Ok(())
        } else {
            Err(Violation::WrongCoins(settlement.version.slot).into())
        }
    }

    fn check_parting(&self, settlement: &Settlement, row: &Row) -> Result<(), StoreError> {
        let slot = settlement.version.slot;
        let held: BTreeSet<_> = self.slot_payouts(slot)?.iter().map(|payout| payout.id).collect();
        let paid: BTreeSet<_> = self.outputs(row.id)?.iter().map(|output| output.payout).collect();
        let freed: BTreeSet<_> = held.difference(&paid).copied().collect();
        let says = |ids: &[PayoutId], wanted: &BTreeSet<PayoutId>| {
            ids.len() == wanted.len() && ids.iter().all(|id| wanted.contains(id))
        };
        if says(&settlement.paid, &paid) && says(&settlement.freed, &freed) {
            Ok(())
        } else {
            Err(Violation::WrongParting(slot).into())
        }
    }

    fn mark_settled(&self, settlement: &Settlement, row: &Row) -> Result<(), StoreError> {
        let slot = integer(settlement.version.slot.get())?;
        self.number_acceptance(row.id)?;
        self.connection
            .prepare_cached(
                "UPDATE versions SET status = iif(id = ?, 'final', 'dead') WHERE endpoint = ? AND slot = ?",
            )?
            .execute(params![row.id, self.code(), slot])?;
        self.connection
            .prepare_cached(
                "UPDATE slots SET state = 'settled', winner = ?, mci = ?, charged_tps_fee = ?, closed_at = ?,
                     kept = ?
                 WHERE endpoint = ? AND no = ?",
            )?
            .execute(params![
                settlement.version.version.get(),
                settlement.main_chain_index.map(integer).transpose()?,
                settlement.charged_tps_fee.map(i64::from),
                millis(settlement.at)?,
                i64::from(settlement.kept),
                self.code(),
                slot
            ])?;
        Ok(())
    }

    /// The first good unit of an address stays the first.
    fn note_first_unit(&self, settlement: &Settlement) -> Result<(), StoreError> {
        let mut insert = self.connection.prepare_cached(
            "INSERT INTO first_units (endpoint, address, unit, mci) VALUES (?, ?, ?, ?)
             ON CONFLICT (endpoint, address) DO NOTHING",
        )?;
        let index = settlement.main_chain_index.map(integer).transpose()?;
        let authors: BTreeSet<_> = settlement.spent.iter().map(|coin| coin.address).collect();
        for author in authors {
            insert.execute(params![self.code(), author.as_str(), settlement.unit.as_str(), index])?;
        }
        Ok(())
    }

    fn book_settlement(&self, settlement: &Settlement, row: &Row) -> Result<(), StoreError> {
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
        let (paid, withdrawn, of_payouts) = self.amounts_of(row.id)?;
        let of_coins = self.coin_reserves(row.id)?;
        let before = self.kept_before(slot)?;
        let reserve =
            Bytes::checked_sum([of_payouts, of_coins, before]).ok_or(ledger::EntryError::TooLarge)?;
        let (size_fees, tps_fee) = (row.fees.size, row.fees.tps);
        let released = reserve.checked_sub(kept);
        Ok(released.map(|reserve_released| ledger::Settlement {
            paid,
            withdrawn,
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

    /// The sums of the cashback and of the withdrawals that a version pays, and of their fee reserves.
    fn amounts_of(&self, version: i64) -> Result<(Bytes, Bytes, Bytes), StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT ?1 AS version, coalesce(sum(iif(withdrawals.id IS NULL, amount, 0)), 0) AS paid,
                 coalesce(sum(iif(withdrawals.id IS NULL, 0, amount)), 0) AS withdrawn,
                 coalesce(sum(fee_reserve), 0) AS reserve
             FROM payouts LEFT JOIN withdrawals ON withdrawals.payout = payouts.id
             WHERE payouts.id IN (SELECT payout FROM version_outputs WHERE version = ?1)",
        )?;
        let mut rows = statement.query([version])?;
        let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        let fields = Fields::new("payouts", row);
        Ok((fields.bytes("paid")?, fields.bytes("withdrawn")?, fields.bytes("reserve")?))
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

    /// A slot is dead with its anchor: all that it held is free again.
    pub(super) fn bury(&self, slot: SlotNo, at: Timestamp) -> Result<(), StoreError> {
        self.open_anchor(slot)?;
        let freed: Vec<_> = self.slot_payouts(slot)?.iter().map(|payout| payout.id).collect();
        self.free_payouts(&freed)?;
        self.free_coins_except(slot, &[])?;
        let no = integer(slot.get())?;
        self.connection
            .prepare_cached("UPDATE versions SET status = 'dead' WHERE endpoint = ? AND slot = ?")?
            .execute(params![self.code(), no])?;
        self.connection
            .prepare_cached("UPDATE slots SET state = 'dead', closed_at = ? WHERE endpoint = ? AND no = ?")?
            .execute(params![millis(at)?, self.code(), no])?;
        Ok(())
    }

    /// A payout that waits in the queue is never paid; what was set aside for it returns.
    pub(super) fn park(&self, payout: PayoutId, at: Timestamp) -> Result<(), StoreError> {
        let parked = self
            .connection
            .prepare_cached(
                "UPDATE payouts SET parked_at = ? WHERE id = ? AND endpoint = ? AND slot IS NULL
                     AND parked_at IS NULL AND held_at IS NULL",
            )?
            .execute(params![millis(at)?, payout.get(), self.code()])?;
        if parked != 1 {
            return Err(Violation::NotQueued(payout).into());
        }
        receiving::give_back(self.connection, payout)?;
        holds::give_back(self.connection, self.endpoint, payout, at)
    }

    fn free_payouts(&self, payouts: &[PayoutId]) -> Result<(), StoreError> {
        let mut update =
            self.connection.prepare_cached("UPDATE payouts SET slot = NULL, position = NULL WHERE id = ?")?;
        for payout in payouts {
            update.execute([payout.get()])?;
        }
        Ok(())
    }

    fn free_coins_except(&self, slot: SlotNo, spent: &[Coin]) -> Result<(), StoreError> {
        let no = integer(slot.get())?;
        let spent: BTreeSet<_> = spent.iter().map(|coin| coin.id).collect();
        for coin in self.coins_of(slot)? {
            if !spent.contains(&coin) {
                self.connection
                    .prepare_cached(
                        "UPDATE coins SET slot = NULL WHERE endpoint = ? AND unit = ? AND message_index = ?
                             AND output_index = ? AND slot = ?",
                    )?
                    .execute(params![
                        self.code(),
                        coin.unit.as_str(),
                        coin.message_index,
                        coin.output_index,
                        no
                    ])?;
            }
        }
        Ok(())
    }
}
