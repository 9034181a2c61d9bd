//! Booking that purchases were returned, and taking it back where their cashback is never paid.

use ledger::{Account, PartnerId, PayoutNumber, events};
use obyte::Bytes;
use payout::{PayoutId, Timestamp};
use program::{Amount, refund_claim};
use rusqlite::{Connection, params};

use crate::sqlite::codec::{Fields, millis};
use crate::sqlite::{book, corrections, holds, keeping, purchases};
use crate::{
    Endpoint, PayoutState, PurchaseKey, PurchaseRecord, RefundOrder, RefundRecord, RefundVerdict, StoreError,
};

pub(super) fn refund(
    connection: &Connection,
    endpoint: Endpoint,
    order: &RefundOrder,
) -> Result<RefundVerdict, StoreError> {
    let Some(purchase) = purchases::find_newest(connection, endpoint, &order.key)? else {
        return Ok(RefundVerdict::UnknownOrder);
    };
    let price = purchase.terms.price;
    if let Some(currency) = order.currency.filter(|currency| *currency != price.currency) {
        return Ok(RefundVerdict::OtherCurrency(currency));
    }
    let returned = order.returned.unwrap_or(price.amount);
    let shares = purchase.shares;
    let gave = shares.base.checked_add(shares.matched).ok_or(ledger::EntryError::TooLarge)?;
    let claim = refund_claim(gave, order.share, returned, price.amount);
    if is_never_paid(connection, &purchase)? {
        if claim.is_none() {
            return Ok(RefundVerdict::MoreThanPaid);
        }
        corrections::end_returned(connection, purchase.payout.id, order.at)?;
        return Ok(RefundVerdict::NeverPaid);
    }
    if let Some(before) = find(connection, purchase.payout.id)? {
        let same = before.returned == returned;
        return Ok(if same { RefundVerdict::Replay(before) } else { RefundVerdict::Conflict });
    }
    let Some(claim) = claim else { return Ok(RefundVerdict::MoreThanPaid) };
    book(connection, endpoint, order, &purchase, returned, claim).map(RefundVerdict::Booked)
}

fn is_never_paid(connection: &Connection, purchase: &PurchaseRecord) -> Result<bool, StoreError> {
    Ok(match purchase.state {
        PayoutState::Final { .. } => keeping::is_taken_back(connection, purchase.payout.id)?,
        PayoutState::Parked => true,
        PayoutState::Rejected { .. } => {
            !holds::is_paid_elsewhere(connection, purchase.payout.id)?
                || keeping::is_taken_back(connection, purchase.payout.id)?
        }
        _ => false,
    })
}

fn book(
    connection: &Connection,
    endpoint: Endpoint,
    order: &RefundOrder,
    purchase: &PurchaseRecord,
    returned: Amount,
    claim: Bytes,
) -> Result<RefundRecord, StoreError> {
    let payout = purchase.payout.id;
    let refund =
        RefundRecord { returned, share: order.share, claim, from_deposit: Bytes::ZERO, at: order.at };
    corrections::end_returned(connection, payout, order.at)?;
    charge(connection, endpoint, order.key.partner, payout, refund)
}

/// Charges a partner for what a payout gave; its deposit pays what it can.
fn charge(
    connection: &Connection,
    endpoint: Endpoint,
    partner: PartnerId,
    payout: PayoutId,
    refund: RefundRecord,
) -> Result<RefundRecord, StoreError> {
    let RefundRecord { claim, at, .. } = refund;
    let deposit = book::held(connection, endpoint, Account::Deposit(partner))?;
    let refund = RefundRecord { from_deposit: claim.min(deposit), ..refund };
    if !claim.is_zero() {
        let entry = events::purchase_refunded(PayoutNumber::new(payout.get()), partner, claim, deposit)?;
        book::post(connection, endpoint, at, &entry)?;
    }
    remember(connection, endpoint, payout, &refund)?;
    Ok(refund)
}

fn remember(
    connection: &Connection,
    endpoint: Endpoint,
    payout: PayoutId,
    refund: &RefundRecord,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO refunds (payout, endpoint, returned, share, claim, from_deposit, at)
             VALUES (?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            payout.get(),
            endpoint.code(),
            refund.returned.to_string(),
            refund.share.to_string(),
            i64::from(refund.claim),
            i64::from(refund.from_deposit),
            millis(refund.at)?,
        ])?;
    Ok(())
}

/// What was booked for the return of a purchase.
pub(super) fn of_purchase(
    connection: &Connection,
    endpoint: Endpoint,
    key: &PurchaseKey,
) -> Result<Option<RefundRecord>, StoreError> {
    match purchases::newest_payout(connection, endpoint, key)? {
        Some(payout) => find(connection, payout),
        None => Ok(None),
    }
}

/// What was booked for the return of a payout's purchase, and is not undone.
pub(super) fn find(connection: &Connection, payout: PayoutId) -> Result<Option<RefundRecord>, StoreError> {
    read(connection, "payout = ? AND undone_at IS NULL", payout)
}

fn read(connection: &Connection, which: &str, payout: PayoutId) -> Result<Option<RefundRecord>, StoreError> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT payout, returned, share, claim, from_deposit, at FROM refunds WHERE {which}"
    ))?;
    let mut rows = statement.query([payout.get()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let fields = Fields::new("refunds", row);
    Ok(Some(RefundRecord {
        returned: fields.text("returned")?,
        share: fields.text("share")?,
        claim: fields.bytes("claim")?,
        from_deposit: fields.bytes("from_deposit")?,
        at: fields.time("at")?,
    }))
}

/// The cashback of a returned purchase came back, and is given anew by another payout: its partner, who got back what it
/// was charged, is charged anew.
pub(super) fn book_anew(
    connection: &Connection,
    endpoint: Endpoint,
    before: PayoutId,
    payout: PayoutId,
    key: &PurchaseKey,
    at: Timestamp,
) -> Result<(), StoreError> {
    let Some(refund) = read(connection, "payout = ? AND undone_at IS NOT NULL", before)? else {
        return Ok(());
    };
    charge(connection, endpoint, key.partner, payout, RefundRecord { at, ..refund }).map(drop)
}

/// A payout is given up: what its partner was charged for a return is its own again.
pub(super) fn undo(
    connection: &Connection,
    endpoint: Endpoint,
    payout: PayoutId,
    at: Timestamp,
) -> Result<(), StoreError> {
    let Some(refund) = find(connection, payout)? else { return Ok(()) };
    let partner = purchases::set_aside(connection, payout)?.partner;
    if !refund.claim.is_zero() {
        let receivable = book::held(connection, endpoint, Account::Receivable(partner))?;
        let number = PayoutNumber::new(payout.get());
        let entry = events::refund_undone(number, partner, refund.claim, receivable)?;
        book::post(connection, endpoint, at, &entry)?;
    }
    connection
        .prepare_cached("UPDATE refunds SET undone_at = ? WHERE payout = ?")?
        .execute(params![millis(at)?, payout.get()])?;
    Ok(())
}
