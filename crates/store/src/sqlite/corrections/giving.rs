//! What came back is given anew.

use ledger::{Account, PayoutNumber, Refusal, events};
use obyte::Bytes;
use payout::{Payee, Payout, PayoutId, Timestamp};
use program::{Recipient, Stop};
use rusqlite::{Connection, params};

use super::check_alone;
use crate::sqlite::accepting::{fund_left, next_payout};
use crate::sqlite::codec::{Fields, millis};
use crate::sqlite::totals::{self, Subject};
use crate::sqlite::{book, holds, limits, purchases, refunds};
use crate::{
    Asker, CorrectionNo, CorrectionWait, Endpoint, GivenAnew, GivingOrder, HoldReason, PurchaseKey,
    StoreError, Thing,
};

/// A correction that waits, with the payout that came back.
struct Waiting {
    no: CorrectionNo,
    before: PayoutId,
    key: PurchaseKey,
    to: Recipient,
    customer: String,
    asked_by: Asker,
    amount: Bytes,
}

pub(super) fn give(
    connection: &Connection,
    endpoint: Endpoint,
    order: &GivingOrder,
) -> Result<GivenAnew, StoreError> {
    let GivingOrder { correction: no, fee_reserve, at, .. } = *order;
    let waiting = waiting(connection, endpoint, no)?;
    let set_aside = ledger::Acceptance { fee_reserve, ..purchases::set_aside(connection, waiting.before)? };
    let id = next_payout(connection)?;
    let entry = events::purchase_accepted(PayoutNumber::new(id.get()), &set_aside)?;
    let after = match book::weigh(connection, endpoint, &entry)? {
        Ok(after) => after,
        Err(Refusal::Overdraft { account: Account::Fund, missing }) => {
            return wait(connection, no, CorrectionWait::Fund(book::lacking(missing)), at);
        }
        Err(Refusal::Overdraft { account: Account::Deposit(_), missing }) => {
            return wait(connection, no, CorrectionWait::Deposit(book::lacking(missing)), at);
        }
        Err(refusal) => return Err(refusal.into()),
    };
    let from_fund = set_aside.base.checked_add(set_aside.matched).ok_or(ledger::EntryError::TooLarge)?;
    if let Some(stop) = stopped(connection, endpoint, &waiting, order, (from_fund, fund_left(&after)))? {
        return wait(connection, no, CorrectionWait::Limit(stop.limit), at);
    }
    book::write(connection, endpoint, at, &entry, "", &after)?;
    let payout = Payout { id, payee: Payee::Textcoin(None), amount: waiting.amount, queued_at: at };
    queue(connection, &waiting, &payout, fee_reserve)?;
    check_alone(connection, id)?;
    done(connection, &waiting, id, at)?;
    let given = if holds::may_be_paid(connection, endpoint, &payout.payee, payout.amount, fee_reserve)? {
        holds::hold(connection, endpoint, id, HoldReason::Unexplained, at)?;
        GivenAnew::Held(payout)
    } else {
        totals::count_payout(connection, id, at)?;
        GivenAnew::Queued(payout)
    };
    // What was given for a purchase that was returned is charged, whichever payout gives it.
    refunds::book_anew(connection, endpoint, waiting.before, id, &waiting.key, at)?;
    Ok(given)
}

/// What stops it. Limits hold for what partners ask for; and what came back counts for none of them any more.
fn stopped(
    connection: &Connection,
    endpoint: Endpoint,
    waiting: &Waiting,
    order: &GivingOrder,
    amounts: (Bytes, Bytes),
) -> Result<Option<Stop>, StoreError> {
    let Some(defaults) = order.limits.as_deref().filter(|_| waiting.asked_by == Asker::Partner) else {
        return Ok(None);
    };
    let Waiting { key, to, customer, .. } = waiting;
    let subject = Subject::new(endpoint, key, &to.counted_as(), customer);
    let rows = subject.rows(connection, totals::day_of(order.at))?;
    limits::judge_anew(connection, (defaults, key), &rows, amounts, order.at)
}

fn waiting(connection: &Connection, endpoint: Endpoint, no: CorrectionNo) -> Result<Waiting, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT corrections.id, corrections.payout AS before, corrections.mailbox AS mailbox, customer, asked_by, amount
         FROM corrections JOIN payouts ON payouts.id = corrections.payout
             JOIN purchase_payouts ON purchase_payouts.payout = corrections.payout
         WHERE corrections.id = ? AND corrections.endpoint = ? AND outcome IS NULL",
    )?;
    let mut rows = statement.query(params![no.get(), endpoint.code()])?;
    let row = rows.next()?.ok_or(StoreError::Unknown(Thing::Correction))?;
    let fields = Fields::new("corrections", row);
    let before = PayoutId::new(fields.plain("before")?);
    let key = purchases::key_of(connection, endpoint, before)?.ok_or(StoreError::Unknown(Thing::Purchase))?;
    Ok(Waiting {
        no,
        before,
        key,
        to: fields.text("mailbox")?,
        customer: fields.plain("customer")?,
        asked_by: fields.text("asked_by")?,
        amount: fields.bytes("amount")?,
    })
}

/// It cannot be given now; it is known why.
fn wait(
    connection: &Connection,
    no: CorrectionNo,
    wait: CorrectionWait,
    at: Timestamp,
) -> Result<GivenAnew, StoreError> {
    let (code, missing) = match wait {
        CorrectionWait::Fund(missing) => (Some("fund"), Some(i64::from(missing))),
        CorrectionWait::Deposit(missing) => (Some("deposit"), Some(i64::from(missing))),
        CorrectionWait::Limit(limit) => (Some(limit.code()), None),
        CorrectionWait::Return | CorrectionWait::Nothing => (None, None),
    };
    connection
        .prepare_cached("UPDATE corrections SET tried_at = ?, waits_for = ?, missing = ? WHERE id = ?")?
        .execute(params![millis(at)?, code, missing, no.get()])?;
    Ok(GivenAnew::Waits(wait))
}

/// A payout like the one that came back, to the other mailbox.
fn queue(
    connection: &Connection,
    waiting: &Waiting,
    payout: &Payout,
    fee_reserve: Bytes,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO payouts (id, endpoint, address, textcoin, amount, fee_reserve, queued_at, expires_after,
                 origin, mailbox)
             SELECT ?1, endpoint, '', 1, amount, ?2, ?3, expires_after, coalesce(origin, id), ?4
             FROM payouts WHERE id = ?5",
        )?
        .execute(params![
            payout.id.get(),
            i64::from(fee_reserve),
            millis(payout.queued_at)?,
            waiting.to.as_str(),
            waiting.before.get()
        ])?;
    Ok(())
}

fn done(connection: &Connection, waiting: &Waiting, next: PayoutId, at: Timestamp) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE corrections SET outcome = 'given', next = ?, ended_at = ?, waits_for = NULL, missing = NULL
             WHERE id = ?",
        )?
        .execute(params![next.get(), millis(at)?, waiting.no.get()])?;
    Ok(())
}
