//! Textcoins by their numbers: given by a payout of this database, or found again after another was lost.

use obyte::unit::CoinId;
use obyte::{Bytes, UnitHash};
use payout::{PayoutId, TextcoinNo, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use super::reading::funding;
use super::{ending, lost};
use crate::sqlite::codec::millis;
use crate::sqlite::{corrections, finding};
use crate::{Endpoint, StoreError, Violation};

/// A textcoin by its row.
#[derive(Clone, Copy, Debug)]
pub(in crate::sqlite) enum Which {
    /// Of this payout.
    Given(i64),
    /// The one found with this id.
    Found(i64),
}

/// What a unit that takes it back has to keep to.
pub(super) struct Terms {
    /// What it spends, if that is proven.
    pub(super) coin: Option<CoinId>,
    /// What that holds.
    pub(super) holds: Bytes,
    /// What it may cost.
    pub(super) fees_max: Bytes,
}

impl Which {
    /// The textcoin with this number. Where a payout was held since a lost unit has given its textcoin, it is found.
    pub(super) fn of(
        connection: &Connection,
        endpoint: Endpoint,
        no: TextcoinNo,
    ) -> Result<Self, StoreError> {
        let number = params![endpoint.code(), no.generation, no.counter];
        let found = connection
            .prepare_cached(
                "SELECT id FROM found_textcoins WHERE endpoint = ? AND generation = ? AND counter = ?",
            )?
            .query_row(number, |row| row.get(0).map(Self::Found))
            .optional()?;
        if let Some(found) = found {
            return Ok(found);
        }
        let given = connection
            .prepare_cached(
                "SELECT id FROM payouts JOIN textcoins ON textcoins.payout = id
                 WHERE payouts.endpoint = ? AND generation = ? AND counter = ?",
            )?
            .query_row(number, |row| row.get(0).map(Self::Given))
            .optional()?;
        given.ok_or_else(|| Violation::NoTextcoin(no).into())
    }

    /// The table of its kind, the column that names it there, and the name.
    const fn row(self) -> (&'static str, &'static str, i64) {
        match self {
            Self::Given(payout) => ("textcoins", "payout", payout),
            Self::Found(id) => ("found_textcoins", "id", id),
        }
    }

    pub(super) fn terms(self, connection: &Connection) -> Result<Terms, StoreError> {
        match self {
            Self::Given(payout) => {
                let textcoin = ending::textcoin_out(connection, payout)?;
                Ok(Terms {
                    coin: funding(connection, payout)?,
                    holds: ending::given(&textcoin)?,
                    fees_max: textcoin.fees_max(),
                })
            }
            Self::Found(id) => {
                let (coin, fees_max) = finding::coin_of(connection, id)?;
                Ok(Terms { coin: Some(coin.id), holds: coin.amount, fees_max })
            }
        }
    }

    /// How it ended, and by which unit.
    pub(super) fn outcome(self, connection: &Connection) -> Result<Option<(String, String)>, StoreError> {
        let (table, column, name) = self.row();
        let query =
            format!("SELECT outcome, ended_by FROM {table} WHERE {column} = ? AND outcome IS NOT NULL");
        let found = connection
            .prepare_cached(&query)?
            .query_row([name], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        Ok(found)
    }

    /// It has ended, and gets the next place in the order in which all textcoins do.
    pub(in crate::sqlite) fn end(
        self,
        connection: &Connection,
        endpoint: Endpoint,
        outcome: &str,
        unit: UnitHash,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let (table, column, name) = self.row();
        let query = format!(
            "UPDATE {table} SET outcome = ?1, ended_by = ?2, ended_at = ?3, ended_no = 1 + max(
                 coalesce((SELECT max(ended_no) FROM textcoins WHERE endpoint = ?4 AND outcome IS NOT NULL), 0),
                 coalesce((SELECT max(ended_no) FROM found_textcoins
                     WHERE endpoint = ?4 AND outcome IS NOT NULL), 0))
             WHERE {column} = ?5"
        );
        connection.prepare_cached(&query)?.execute(params![
            outcome,
            unit.as_str(),
            millis(at)?,
            endpoint.code(),
            name
        ])?;
        Ok(())
    }

    pub(super) fn note_claim(
        self,
        connection: &Connection,
        claim: Option<&UnitHash>,
    ) -> Result<(), StoreError> {
        let (table, column, name) = self.row();
        connection
            .prepare_cached(&format!("UPDATE {table} SET claim_seen = ? WHERE {column} = ?"))?
            .execute(params![claim.map(UnitHash::as_str), name])?;
        Ok(())
    }

    /// A unit of somebody else that spends it is proven good. The same again changes nothing.
    pub(super) fn claimed(
        self,
        connection: &Connection,
        endpoint: Endpoint,
        no: TextcoinNo,
        unit: UnitHash,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        if let Some((_, by)) = self.outcome(connection)? {
            let is_same = by == unit.as_str();
            return if is_same { Ok(()) } else { Err(Violation::TextcoinEnded(no).into()) };
        }
        match self {
            Self::Given(payout) => {
                if lost::came_back_late(connection, endpoint, payout, unit, at)? {
                    return Ok(());
                }
                ending::book_claimed(connection, endpoint, payout, at)?;
                corrections::end_claimed(connection, PayoutId::new(payout), at)?;
            }
            Self::Found(id) => {
                if finding::came_back_late(connection, endpoint, id, unit, at)? {
                    return Ok(());
                }
            }
        }
        self.end(connection, endpoint, "claimed", unit, at)
    }
}
