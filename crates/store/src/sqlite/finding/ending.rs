//! How textcoins that were found end.
//!
//! That somebody claimed one books nothing: its bytes left before the book began. What comes back is the fund's, which
//! has made up for it. Where an order counts as paid by it, that order's partner gets its share.

use ledger::restored::{ShareBack, textcoin_found, textcoin_found_late};
use ledger::{Account, Entry, OutputRef, PartnerId};
use obyte::compose::Coin;
use obyte::{Bytes, UnitHash};
use payout::{PayoutId, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use super::reading::coin_of;
use crate::sqlite::keeping::{Which, got_nothing, is_whole, top_up};
use crate::sqlite::{book, deposits, purchases};
use crate::{Endpoint, StoreError};

/// What the partner of a purchase has given to its payout.
pub(super) fn share_of(
    connection: &Connection,
    payout: PayoutId,
) -> Result<Option<(PartnerId, Bytes)>, StoreError> {
    let is_purchase = connection
        .prepare_cached("SELECT 1 FROM purchase_payouts WHERE payout = ?")?
        .exists([payout.get()])?;
    if !is_purchase {
        return Ok(None);
    }
    let set_aside = purchases::set_aside(connection, payout)?;
    Ok(Some((set_aside.partner, set_aside.partner_share)))
}

/// The order that counts as paid by a found textcoin.
fn paid(connection: &Connection, id: i64) -> Result<Option<PayoutId>, StoreError> {
    let payout: Option<i64> = connection
        .prepare_cached(
            "SELECT foreign_outputs.payout FROM found_textcoins
             JOIN foreign_outputs ON foreign_outputs.id = output WHERE found_textcoins.id = ?",
        )?
        .query_row([id], |row| row.get(0))?;
    Ok(payout.map(PayoutId::new))
}

/// What returns to the partner of an order with the textcoin that it counted as paid by. `held` tells what an account
/// holds.
pub(in crate::sqlite) fn share_back(
    connection: &Connection,
    payout: Option<PayoutId>,
    held: impl Fn(Account) -> Result<Bytes, StoreError>,
) -> Result<Option<ShareBack>, StoreError> {
    let Some(payout) = payout else { return Ok(None) };
    let Some((partner, share)) = share_of(connection, payout)? else { return Ok(None) };
    Ok(Some(ShareBack { partner, share, receivable: held(Account::Receivable(partner))? }))
}

/// How it is booked that one came back with a coin, what is set aside of that, and which order got nothing then.
pub(in crate::sqlite) fn taken_back(
    connection: &Connection,
    endpoint: Endpoint,
    id: i64,
    coin: &Coin,
    reserve: Bytes,
) -> Result<(Entry, Bytes, Option<PayoutId>), StoreError> {
    let payout = paid(connection, id)?;
    let back = share_back(connection, payout, |account| book::held(connection, endpoint, account))?;
    let share = back.map_or(Bytes::ZERO, |back| back.share);
    let reserve = reserve.min(coin.amount.saturating_sub(share));
    let entry = textcoin_found(output_of(coin), coin.amount, reserve, back)?;
    Ok((entry, reserve, payout))
}

fn output_of(coin: &Coin) -> OutputRef {
    OutputRef { unit: coin.id.unit, message: coin.id.message_index, output: coin.id.output_index }
}

/// Which order got nothing by that it came back.
pub(in crate::sqlite) fn note_returned(
    connection: &Connection,
    id: i64,
    payout: Option<PayoutId>,
) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE found_textcoins SET payout = ? WHERE id = ?")?
        .execute(params![payout.map(PayoutId::get), id])?;
    Ok(())
}

/// The one that counts as claimed by the unit that brings this coin. A lost database had taken it back.
pub(in crate::sqlite) fn ended_by(
    connection: &Connection,
    endpoint: Endpoint,
    coin: &Coin,
) -> Result<Option<i64>, StoreError> {
    let found: Option<i64> = connection
        .prepare_cached(
            "SELECT id FROM found_textcoins WHERE endpoint = ? AND ended_by = ? AND outcome = 'claimed'
             ORDER BY id LIMIT 1",
        )?
        .query_row(params![endpoint.code(), coin.id.unit.as_str()], |row| row.get(0))
        .optional()?;
    let Some(found) = found else { return Ok(None) };
    // What comes to a partner's address is its deposit, wherever it came from.
    let is_deposit = deposits::owner(connection, endpoint, &coin.address)?.is_some();
    let (textcoin, _) = coin_of(connection, found)?;
    let is_whole = is_whole(connection, endpoint, textcoin.amount, coin.amount)?;
    Ok(Some(found).filter(|_| is_whole && !is_deposit))
}

/// If the unit that spends it brought a coin to the wallet that was taken for a top-up, a lost database had taken it
/// back. Tells whether it is so.
pub(in crate::sqlite) fn came_back_late(
    connection: &Connection,
    endpoint: Endpoint,
    id: i64,
    unit: UnitHash,
    at: Timestamp,
) -> Result<bool, StoreError> {
    let Some((coin_id, coin)) = top_up(connection, endpoint, unit)? else { return Ok(false) };
    let (textcoin, _) = coin_of(connection, id)?;
    if !is_whole(connection, endpoint, textcoin.amount, coin.amount)? {
        return Ok(false);
    }
    let held = |account| book::held(connection, endpoint, account);
    let payout = paid(connection, id)?;
    let back = share_back(connection, payout, held)?;
    let entry = textcoin_found_late(output_of(&coin), coin.amount, held(Account::Fund)?, back)?;
    book::post(connection, endpoint, at, &entry)?;
    connection.prepare_cached("UPDATE coins SET found = ? WHERE id = ?")?.execute([id, coin_id])?;
    Which::Found(id).end(connection, endpoint, "taken back", unit, at)?;
    connection.prepare_cached("UPDATE found_textcoins SET late = 1 WHERE id = ?")?.execute([id])?;
    note_returned(connection, id, payout)?;
    payout.map_or(Ok(()), |payout| got_nothing(connection, endpoint, payout, at))?;
    Ok(true)
}
