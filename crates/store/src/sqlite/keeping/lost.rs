//! Textcoins that a database which was lost had taken back.
//!
//! No journal here holds the unit that did, so it looks like a claim, and what it brought to the wallet like a top-up;
//! which of the two is seen first is chance. When both are known, it is booked as what it was. Who claims a textcoin and
//! sends a part of it to the wallet has claimed it all the same.

use ledger::{Account, Mistaken, PayoutNumber, events};
use obyte::compose::Coin;
use obyte::{Bytes, UnitHash};
use payout::{PayoutId, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use super::ending::{TakenBack, given, got_nothing, textcoin_out};
use super::which::Which;
use crate::sqlite::codec::Fields;
use crate::sqlite::{book, deposits, withdrawals};
use crate::{Endpoint, StoreError};

/// Whether a coin brought all of a textcoin but what a unit may cost.
pub(in crate::sqlite) fn is_whole(
    connection: &Connection,
    endpoint: Endpoint,
    textcoin: Bytes,
    coin: Bytes,
) -> Result<bool, StoreError> {
    let Some(provisions) = withdrawals::provisions_of(connection, endpoint)? else { return Ok(false) };
    Ok(textcoin.checked_sub(coin).is_some_and(|fees| fees <= provisions.fee_reserve))
}

/// A coin that a unit brought and that was booked as a top-up, by its row.
pub(in crate::sqlite) fn top_up(
    connection: &Connection,
    endpoint: Endpoint,
    unit: UnitHash,
) -> Result<Option<(i64, Coin)>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT * FROM coins WHERE endpoint = ? AND unit = ? AND origin = 'others' AND partner IS NULL
             AND textcoin IS NULL AND found IS NULL ORDER BY id LIMIT 1",
    )?;
    let mut rows = statement.query(params![endpoint.code(), unit.as_str()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let fields = Fields::new("coins", row);
    let coin = fields.coin(["unit", "message_index", "output_index", "amount", "address"])?;
    Ok(Some((fields.plain("id")?, coin)))
}

/// If what the unit brought that ends a payout's textcoin was taken for a top-up, it was taken back. Tells whether it is
/// so.
pub(super) fn came_back_late(
    connection: &Connection,
    endpoint: Endpoint,
    payout: i64,
    unit: UnitHash,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let Some((coin_id, coin)) = top_up(connection, endpoint, unit)? else { return Ok(false) };
    let textcoin = textcoin_out(connection, payout)?;
    let held = given(&textcoin)?;
    if !is_whole(connection, endpoint, held, coin.amount)? {
        return Ok(false);
    }
    let fund = book::held(connection, endpoint, Account::Fund)?;
    let entry = events::textcoin_taken_back_late(
        PayoutNumber::new(payout),
        &textcoin,
        held.saturating_sub(coin.amount),
        Bytes::ZERO,
        book::held(connection, endpoint, Account::Receivable(textcoin.partner))?,
        Mistaken::ForTopUp { fund },
    )?;
    book::post(connection, endpoint, at, &entry)?;
    connection.prepare_cached("UPDATE coins SET textcoin = ? WHERE id = ?")?.execute([payout, coin_id])?;
    Which::Given(payout).end(connection, endpoint, "taken back", unit, at)?;
    note_late(connection, payout, "top-up")?;
    got_nothing(connection, endpoint, PayoutId::new(payout), at)?;
    Ok(true)
}

/// If the unit that brings this coin counts as a claim of a payout's textcoin, it has taken that back.
pub(super) fn was_no_claim(
    connection: &Connection,
    endpoint: Endpoint,
    coin: &Coin,
    reserve: Bytes,
    at: Timestamp,
) -> Result<Option<TakenBack>, StoreError> {
    let claimed: Option<i64> = connection
        .prepare_cached(
            "SELECT payout FROM textcoins WHERE endpoint = ? AND ended_by = ? AND outcome = 'claimed'
             ORDER BY payout LIMIT 1",
        )?
        .query_row(params![endpoint.code(), coin.id.unit.as_str()], |row| row.get(0))
        .optional()?;
    let Some(payout) = claimed else { return Ok(None) };
    let textcoin = textcoin_out(connection, payout)?;
    let held = given(&textcoin)?;
    let fees = held.saturating_sub(coin.amount);
    // What comes to a partner's address is its deposit, wherever it came from.
    let is_deposit = deposits::owner(connection, endpoint, &coin.address)?.is_some();
    if is_deposit || fees > textcoin.fees_max() || !is_whole(connection, endpoint, held, coin.amount)? {
        return Ok(None);
    }
    let reserve = reserve.min(textcoin.fees_max().saturating_sub(fees));
    let receivable = book::held(connection, endpoint, Account::Receivable(textcoin.partner))?;
    let number = PayoutNumber::new(payout);
    let entry =
        events::textcoin_taken_back_late(number, &textcoin, fees, reserve, receivable, Mistaken::ForClaim)?;
    Ok(Some(TakenBack {
        which: Which::Given(payout),
        returns: Some(PayoutId::new(payout)),
        reserve,
        entry,
        unit: coin.id.unit,
        at,
        was_claimed: true,
    }))
}

/// For what it was booked before it was known that it was taken back.
pub(super) fn note_late(connection: &Connection, payout: i64, late: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE textcoins SET late = ? WHERE payout = ?")?
        .execute(params![late, payout])?;
    Ok(())
}
