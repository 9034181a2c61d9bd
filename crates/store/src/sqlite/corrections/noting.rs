//! That a mailbox is to be corrected.

use payout::Timestamp;
use program::{EmailAddress, Recipient, Stop};
use rusqlite::{Connection, params};

use super::end_waiting;
use crate::sqlite::codec::millis;
use crate::sqlite::totals::{self, Subject};
use crate::sqlite::{keeping, limits, mails, purchases, refunds};
use crate::{
    Asker, CorrectionOrder, CorrectionState, CorrectionVerdict, Endpoint, PayoutState, StoreError,
    TextcoinEnd, TextcoinRecord,
};

pub(super) fn note(
    connection: &Connection,
    endpoint: Endpoint,
    order: &CorrectionOrder,
) -> Result<CorrectionVerdict, StoreError> {
    let Some(record) = mails::of_purchase(connection, endpoint, &order.key)? else {
        return Ok(CorrectionVerdict::NoTextcoin);
    };
    if let Some(verdict) = repeated(&record, order).or_else(|| impossible(&record)) {
        return Ok(verdict);
    }
    let payout = record.payout.id;
    if refunds::find(connection, payout)?.is_some() {
        return Ok(CorrectionVerdict::Returned);
    }
    if order.by == Asker::Partner
        && let Some(verdict) = forbidden(connection, endpoint, &record, order)?
    {
        return Ok(verdict);
    }
    end_waiting(connection, payout, "replaced", order.at)?;
    write(connection, endpoint, &record, order, order.at)?;
    // One that has come back needs no wish.
    keeping::recall(connection, endpoint, payout, order.at)?;
    Ok(CorrectionVerdict::Noted)
}

/// What was asked for before. An operator who repeats what a partner has asked for means it to hold beyond the limits.
fn repeated(record: &TextcoinRecord, order: &CorrectionOrder) -> Option<CorrectionVerdict> {
    if let Some(waiting) = record.waiting_correction() {
        let is_same =
            waiting.mailbox == order.mailbox && (order.by == Asker::Partner || waiting.asked_by == order.by);
        return is_same.then_some(CorrectionVerdict::Replay);
    }
    if record.recipient != order.mailbox {
        return None;
    }
    let was_given = CorrectionState::Given(record.payout.id);
    let is_corrected = record.corrections.iter().any(|one| one.state == was_given);
    Some(if is_corrected { CorrectionVerdict::Replay } else { CorrectionVerdict::SameMailbox })
}

/// Why nothing could be given anew.
fn impossible(record: &TextcoinRecord) -> Option<CorrectionVerdict> {
    match (record.ended, record.times, record.paid) {
        (Some((TextcoinEnd::Claimed, ..)), ..) => Some(CorrectionVerdict::Claimed),
        (_, _, PayoutState::Parked | PayoutState::Rejected { .. }) => Some(CorrectionVerdict::NeverPaid),
        (None, None, _) => Some(CorrectionVerdict::WaitsForUnit),
        _ => None,
    }
}

/// Why a partner may not.
fn forbidden(
    connection: &Connection,
    endpoint: Endpoint,
    record: &TextcoinRecord,
    order: &CorrectionOrder,
) -> Result<Option<CorrectionVerdict>, StoreError> {
    let asked = record.corrections.iter().filter(|one| one.asked_by == Asker::Partner).count();
    if u32::try_from(asked).unwrap_or(u32::MAX) >= order.most {
        return Ok(Some(CorrectionVerdict::TooOften));
    }
    stopped(connection, endpoint, record, order).map(|stop| stop.map(CorrectionVerdict::Stopped))
}

/// What stops the mailbox from getting so much more of the fund. All other limits count it as given until it is back; so
/// does the recipient's, where the mailbox that has it is known by the same name.
fn stopped(
    connection: &Connection,
    endpoint: Endpoint,
    record: &TextcoinRecord,
    order: &CorrectionOrder,
) -> Result<Option<Stop>, StoreError> {
    let Some(defaults) = &order.limits else { return Ok(None) };
    let counted_as = |mailbox: &EmailAddress| Recipient::Email(mailbox.clone()).counted_as().into_owned();
    let recipient = counted_as(&order.mailbox);
    if record.ended.is_none() && recipient == counted_as(&record.recipient) {
        return Ok(None);
    }
    let shares = purchases::set_aside(connection, record.payout.id)?;
    let from_fund = shares.base.checked_add(shares.matched).ok_or(ledger::EntryError::TooLarge)?;
    let rules = limits::rules(connection, defaults, &order.key)?;
    let subject = Subject::new(endpoint, &order.key, &recipient, "");
    let spent = subject.rows(connection, totals::day_of(order.at))?.standing(0).recipient;
    Ok(rules.judge_recipient(from_fund, spent))
}

fn write(
    connection: &Connection,
    endpoint: Endpoint,
    record: &TextcoinRecord,
    order: &CorrectionOrder,
    at: Timestamp,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO corrections (endpoint, payout, mailbox, asked_by, asked_at) VALUES (?, ?, ?, ?, ?)",
        )?
        .execute(params![
            endpoint.code(),
            record.payout.id.get(),
            order.mailbox.as_str(),
            order.by.code(),
            millis(at)?,
        ])?;
    Ok(())
}
