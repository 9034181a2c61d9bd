//! What becomes of slots and versions.

use std::collections::BTreeSet;

use obyte::compose::Coin;
use payout::{PayoutId, Settlement, SlotNo, Timestamp, VersionId, VersionStatus};
use rusqlite::params;

use super::{Line, Row};
use crate::sqlite::codec::{integer, millis};
use crate::sqlite::{holds, totals};
use crate::{StoreError, Violation};

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
            self.note_accepted(row.id, at)?;
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
        self.note_accepted(row.id, settlement.at)?;
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
