//! How textcoins end: claimed, or taken back; each is booked once.

use ledger::{Account, PayoutNumber, TextcoinOut, events};
use obyte::compose::Coin;
use obyte::{Bytes, UnitHash};
use payout::{PayoutId, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use crate::sqlite::codec::{Fields, millis};
use crate::sqlite::{book, purchases, refunds, totals};
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

/// A unit of somebody else that spends it is proven good. The same again changes nothing.
pub(super) fn claimed(
    connection: &Connection,
    endpoint: Endpoint,
    payout: i64,
    unit: UnitHash,
    at: Timestamp,
) -> Result<(), StoreError> {
    if let Some(before) = outcome(connection, payout)? {
        let same = before == ("claimed".to_owned(), unit.to_string());
        return if same { Ok(()) } else { Err(Violation::TextcoinEnded(PayoutId::new(payout)).into()) };
    }
    let entry = events::textcoin_claimed(PayoutNumber::new(payout), &textcoin_out(connection, payout)?)?;
    book::post(connection, endpoint, at, &entry)?;
    end(connection, endpoint, payout, "claimed", unit, at)
}

/// The textcoin that a unit takes back, if it is such a unit.
pub(in crate::sqlite) fn taken_back(
    connection: &Connection,
    endpoint: Endpoint,
    coin: &Coin,
    reserve: Bytes,
    at: Timestamp,
) -> Result<Option<TakenBack>, StoreError> {
    let Some(payout) = swept_by(connection, endpoint, coin)? else { return Ok(None) };
    if outcome(connection, payout)?.is_some() {
        return Err(Violation::TextcoinEnded(PayoutId::new(payout)).into());
    }
    let textcoin = textcoin_out(connection, payout)?;
    let fees = given(&textcoin)?.checked_sub(coin.amount).ok_or(ledger::EntryError::TooLarge)?;
    let to_fund = textcoin.fees_max().checked_sub(fees).ok_or(ledger::EntryError::TooLarge)?;
    let reserve = reserve.min(to_fund);
    let receivable = book::held(connection, endpoint, Account::Receivable(textcoin.partner))?;
    let number = PayoutNumber::new(payout);
    let entry = events::textcoin_taken_back(number, &textcoin, fees, reserve, receivable)?;
    Ok(Some(TakenBack { payout, reserve, entry, unit: coin.id.unit, at }))
}

/// A textcoin that came back.
pub(in crate::sqlite) struct TakenBack {
    /// Its payout.
    pub(in crate::sqlite) payout: i64,
    /// What is set aside of the coin for spending it.
    pub(in crate::sqlite) reserve: Bytes,
    /// How it is booked.
    pub(in crate::sqlite) entry: ledger::Entry,
    unit: UnitHash,
    at: Timestamp,
}

impl TakenBack {
    /// What follows once it is booked: the purchase got no cashback. What its partner was charged for a return is its
    /// own again, and limits count it no more; the unit that proved the purchase stays used.
    pub(in crate::sqlite) fn finish(
        &self,
        connection: &Connection,
        endpoint: Endpoint,
    ) -> Result<(), StoreError> {
        let payout = PayoutId::new(self.payout);
        end(connection, endpoint, self.payout, "taken back", self.unit, self.at)?;
        connection
            .prepare_cached("UPDATE sweeps SET status = iif(unit = ?, 'final', 'dead') WHERE payout = ?")?
            .execute(params![self.unit.as_str(), self.payout])?;
        totals::unfinish_payout(connection, payout)?;
        totals::take_out(connection, payout)?;
        refunds::undo(connection, endpoint, payout, self.at)
    }
}

fn swept_by(connection: &Connection, endpoint: Endpoint, coin: &Coin) -> Result<Option<i64>, StoreError> {
    let found = connection
        .prepare_cached(
            "SELECT sweeps.payout FROM sweeps JOIN textcoins ON textcoins.payout = sweeps.payout
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
            |row| row.get(0),
        )
        .optional()?;
    Ok(found)
}

/// Whether the textcoin of a payout is proven taken back.
pub(in crate::sqlite) fn is_taken_back(
    connection: &Connection,
    payout: PayoutId,
) -> Result<bool, StoreError> {
    let outcome = outcome(connection, payout.get())?;
    Ok(outcome.is_some_and(|(outcome, _)| outcome == "taken back"))
}

/// How it ended, and by which unit.
pub(super) fn outcome(connection: &Connection, payout: i64) -> Result<Option<(String, String)>, StoreError> {
    let found = connection
        .prepare_cached("SELECT outcome, ended_by FROM textcoins WHERE payout = ? AND outcome IS NOT NULL")?
        .query_row([payout], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    Ok(found)
}

fn end(
    connection: &Connection,
    endpoint: Endpoint,
    payout: i64,
    outcome: &str,
    unit: UnitHash,
    at: Timestamp,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE textcoins SET outcome = ?1, ended_by = ?2, ended_at = ?3, ended_no = 1 + coalesce(
                 (SELECT max(ended_no) FROM textcoins WHERE endpoint = ?4 AND outcome IS NOT NULL), 0)
             WHERE payout = ?5",
        )?
        .execute(params![outcome, unit.as_str(), millis(at)?, endpoint.code(), payout])?;
    Ok(())
}
