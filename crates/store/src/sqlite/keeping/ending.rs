//! How textcoins end: claimed, or taken back; each is booked once.

use ledger::{Account, PayoutNumber, TextcoinOut, events};
use obyte::compose::Coin;
use obyte::{Bytes, UnitHash};
use payout::{PayoutId, TextcoinNo, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use super::lost;
use super::which::Which;
use crate::sqlite::codec::Fields;
use crate::sqlite::{book, finding, purchases, refunds, totals};
use crate::{Endpoint, StoreError, Violation};

/// A textcoin that was given, as the book has it.
pub(in crate::sqlite) fn textcoin_out(
    connection: &Connection,
    payout: i64,
) -> Result<TextcoinOut, StoreError> {
    let set_aside = purchases::set_aside(connection, PayoutId::new(payout))?;
    let mut statement = connection
        .prepare_cached("SELECT id, coalesce(claim_reserve, 0) AS claim_reserve FROM payouts WHERE id = ?")?;
    let mut rows = statement.query([payout])?;
    let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    let by_fund = set_aside.base.checked_add(set_aside.matched).ok_or(ledger::EntryError::TooLarge)?;
    Ok(TextcoinOut {
        partner: set_aside.partner,
        by_fund,
        by_partner: set_aside.partner_share,
        claim_reserve: Fields::new("payouts", row).bytes("claim_reserve")?,
    })
}

/// All that it holds.
pub(in crate::sqlite) fn given(textcoin: &TextcoinOut) -> Result<Bytes, StoreError> {
    let sum = textcoin.fees_max().checked_add(textcoin.by_partner);
    Ok(sum.ok_or(ledger::EntryError::TooLarge)?)
}

/// It is claimed.
pub(super) fn book_claimed(
    connection: &Connection,
    endpoint: Endpoint,
    payout: i64,
    at: Timestamp,
) -> Result<(), StoreError> {
    let entry = events::textcoin_claimed(PayoutNumber::new(payout), &textcoin_out(connection, payout)?)?;
    book::post(connection, endpoint, at, &entry)
}

/// A textcoin of a payout that came back with a coin.
fn taken_back(
    connection: &Connection,
    endpoint: Endpoint,
    payout: i64,
    coin: &Coin,
    reserve: Bytes,
    at: Timestamp,
) -> Result<TakenBack, StoreError> {
    let textcoin = textcoin_out(connection, payout)?;
    let fees = given(&textcoin)?.checked_sub(coin.amount).ok_or(ledger::EntryError::TooLarge)?;
    let to_fund = textcoin.fees_max().checked_sub(fees).ok_or(ledger::EntryError::TooLarge)?;
    let reserve = reserve.min(to_fund);
    let receivable = book::held(connection, endpoint, Account::Receivable(textcoin.partner))?;
    let number = PayoutNumber::new(payout);
    let entry = events::textcoin_taken_back(number, &textcoin, fees, reserve, receivable)?;
    Ok(TakenBack {
        which: Which::Given(payout),
        returns: Some(PayoutId::new(payout)),
        reserve,
        entry,
        unit: coin.id.unit,
        at,
        was_claimed: false,
    })
}

/// The textcoin that came back with a coin, if one did: its unit was signed here to take it back, or with a database
/// that was lost.
pub(in crate::sqlite) fn came_back(
    connection: &Connection,
    endpoint: Endpoint,
    coin: &Coin,
    reserve: Bytes,
    at: Timestamp,
) -> Result<Option<TakenBack>, StoreError> {
    let which = match swept_by(connection, endpoint, coin)? {
        Some(no) => {
            let which = Which::of(connection, endpoint, no)?;
            if which.outcome(connection)?.is_some() {
                return Err(Violation::TextcoinEnded(no).into());
            }
            which
        }
        None => {
            let was_claimed = lost::was_no_claim(connection, endpoint, coin, reserve, at)?;
            match finding::ended_by(connection, endpoint, coin)? {
                Some(found) if was_claimed.is_none() => Which::Found(found),
                _ => return Ok(was_claimed),
            }
        }
    };
    match which {
        Which::Given(payout) => taken_back(connection, endpoint, payout, coin, reserve, at).map(Some),
        Which::Found(id) => {
            let (entry, reserve, returns) = finding::taken_back(connection, endpoint, id, coin, reserve)?;
            let unit = coin.id.unit;
            Ok(Some(TakenBack { which, returns, reserve, entry, unit, at, was_claimed: false }))
        }
    }
}

/// A textcoin that came back.
pub(in crate::sqlite) struct TakenBack {
    pub(super) which: Which,
    /// The payout that got nothing then.
    pub(super) returns: Option<PayoutId>,
    /// What is set aside of the coin for spending it.
    pub(in crate::sqlite) reserve: Bytes,
    /// How it is booked.
    pub(in crate::sqlite) entry: ledger::Entry,
    pub(super) unit: UnitHash,
    pub(super) at: Timestamp,
    /// Whether it was booked as claimed before.
    pub(super) was_claimed: bool,
}

impl TakenBack {
    /// Its payout, where it is of this database.
    pub(in crate::sqlite) const fn payout(&self) -> Option<i64> {
        match self.which {
            Which::Given(payout) => Some(payout),
            Which::Found(_) => None,
        }
    }

    /// Its id, where it was found.
    pub(in crate::sqlite) const fn found(&self) -> Option<i64> {
        match self.which {
            Which::Given(_) => None,
            Which::Found(id) => Some(id),
        }
    }

    /// What follows once it is booked.
    pub(in crate::sqlite) fn finish(
        &self,
        connection: &Connection,
        endpoint: Endpoint,
    ) -> Result<(), StoreError> {
        self.which.end(connection, endpoint, "taken back", self.unit, self.at)?;
        connection
            .prepare_cached(
                "UPDATE sweeps SET status = iif(unit = ?1, 'final', 'dead') WHERE id IN (
                     SELECT others.id FROM sweeps JOIN sweeps AS others ON others.endpoint = sweeps.endpoint
                         AND others.generation = sweeps.generation AND others.counter = sweeps.counter
                     WHERE sweeps.unit = ?1)",
            )?
            .execute([self.unit.as_str()])?;
        match self.which {
            Which::Given(payout) if self.was_claimed => lost::note_late(connection, payout, "claim")?,
            Which::Given(_) => {}
            Which::Found(id) => finding::note_returned(connection, id, self.returns)?,
        }
        self.returns.map_or(Ok(()), |payout| got_nothing(connection, endpoint, payout, self.at))
    }
}

/// The purchase got no cashback. What its partner was charged for a return is its own again, and limits count it no
/// more; the unit that proved the purchase stays used.
pub(in crate::sqlite) fn got_nothing(
    connection: &Connection,
    endpoint: Endpoint,
    payout: PayoutId,
    at: Timestamp,
) -> Result<(), StoreError> {
    totals::unfinish_payout(connection, payout)?;
    totals::take_out(connection, payout)?;
    refunds::undo(connection, endpoint, payout, at)
}

/// The number of the textcoin that a unit signed here takes back.
fn swept_by(
    connection: &Connection,
    endpoint: Endpoint,
    coin: &Coin,
) -> Result<Option<TextcoinNo>, StoreError> {
    let found = connection
        .prepare_cached(
            "SELECT generation, counter FROM sweeps
             WHERE unit = ? AND endpoint = ? AND message_index = ? AND output_index = ? AND amount = ?",
        )?
        .query_row(
            params![
                coin.id.unit.as_str(),
                endpoint.code(),
                coin.id.message_index,
                coin.id.output_index,
                i64::from(coin.amount)
            ],
            |row| Ok(TextcoinNo { generation: row.get(0)?, counter: row.get(1)? }),
        )
        .optional()?;
    Ok(found)
}

/// Whether the textcoin of a payout is proven taken back, or one that it counted as paid by.
pub(in crate::sqlite) fn is_taken_back(
    connection: &Connection,
    payout: PayoutId,
) -> Result<bool, StoreError> {
    let is_taken_back = connection
        .prepare_cached(
            "SELECT 1 FROM textcoins WHERE payout = ?1 AND outcome = 'taken back'
             UNION ALL SELECT 1 FROM found_textcoins WHERE payout = ?1",
        )?
        .exists([payout.get()])?;
    Ok(is_taken_back)
}
