//! A mail that somebody wants once more.

use payout::{Payee, Timestamp};
use rusqlite::{Connection, params};

use super::{DAY, reading};
use crate::sqlite::codec::{integer, millis};
use crate::{
    Endpoint, MailKind, MailRecord, MailState, ResendOrder, ResendVerdict, StoreError, TextcoinRecord,
};

pub(super) fn resend(
    connection: &Connection,
    endpoint: Endpoint,
    order: &ResendOrder,
) -> Result<ResendVerdict, StoreError> {
    let Some(record) = reading::of_purchase(connection, endpoint, &order.key)? else {
        return Ok(ResendVerdict::NoTextcoin);
    };
    if let Some(verdict) = refused(&record, order) {
        return Ok(verdict);
    }
    let Payee::Textcoin(Some(issue)) = record.payout.payee else { return Ok(ResendVerdict::WaitsForUnit) };
    let asked = record.mails.iter().map(|mail| mail.sending).max().unwrap_or_default();
    connection
        .prepare_cached(
            "INSERT INTO mails (endpoint, payout, generation, counter, kind, sending, asked_by, written_at, wake_at)
             VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, ?7, ?7)",
        )?
        .execute(params![
            endpoint.code(),
            record.payout.id.get(),
            issue.no.generation,
            issue.no.counter,
            integer(u64::from(asked) + 1)?,
            order.by.code(),
            millis(order.at)?,
        ])?;
    Ok(ResendVerdict::Queued)
}

/// Why there is no other mail.
fn refused(record: &TextcoinRecord, order: &ResendOrder) -> Option<ResendVerdict> {
    if let Some((end, ..)) = record.ended {
        return Some(ResendVerdict::Ended(end));
    }
    let Some((_, expires_at)) = record.times else { return Some(ResendVerdict::WaitsForUnit) };
    if record.waiting_correction().is_some() {
        return Some(ResendVerdict::BeingCorrected);
    }
    if expires_at <= order.at || record.is_recalled {
        return Some(ResendVerdict::Expired);
    }
    let waits = |mail: &MailRecord| mail.state == MailState::Waiting && mail.kind == MailKind::Textcoin;
    if record.mails.iter().any(waits) {
        return Some(ResendVerdict::OnItsWay);
    }
    let since = order.at.as_millis().saturating_sub(DAY);
    let mut lately = record.mails.iter().rev().filter(|mail| mail.sending > 0);
    // The oldest of the last so many decides when there is room again.
    let Some(index) = usize::try_from(order.per_day).ok()?.checked_sub(1) else {
        return Some(ResendVerdict::TooOften { again_at: expires_at });
    };
    let oldest = lately.nth(index).map(|mail| mail.written_at.as_millis()).filter(|at| *at > since)?;
    Some(ResendVerdict::TooOften { again_at: Timestamp::from_millis(oldest.saturating_add(DAY)) })
}
