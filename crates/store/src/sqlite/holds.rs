//! Holding payouts, and what becomes of those that are held.

mod elsewhere;

use ledger::{Account, PayoutNumber, Purse, Withdrawal, events};
use obyte::Bytes;
use payout::{PayoutId, Timestamp};
use rusqlite::{Connection, params};

pub(super) use self::elsewhere::{give_up, is_paid_elsewhere, may_be_paid};

use crate::sqlite::codec::{Fields, millis};
use crate::sqlite::{book, corrections, purchases, receiving, refunds, totals, withdrawals};
use crate::{
    Endpoint, HeldBacklog, HoldReason, PayoutState, PurchaseKey, PurchaseRecord, Reviewed, StoreError, Thing,
    Violation,
};

/// Holds a payout that waits in the queue, and so is in no slot. What was set aside for it stays so.
///
/// Whoever has the payout in hand must let go of it in the same step, since the queue does not hold it any
/// more: a slot that takes it is refused.
///
/// # Errors
/// [`Violation::NotQueued`] for any other payout.
pub(super) fn hold(
    connection: &Connection,
    endpoint: Endpoint,
    payout: PayoutId,
    reason: HoldReason,
    at: Timestamp,
) -> Result<(), StoreError> {
    let held = connection
        .prepare_cached(
            "UPDATE payouts SET held_at = ? WHERE id = ? AND endpoint = ? AND slot IS NULL
                 AND parked_at IS NULL AND held_at IS NULL",
        )?
        .execute(params![millis(at)?, payout.get(), endpoint.code()])?;
    if held != 1 {
        return Err(Violation::NotQueued(payout).into());
    }
    connection
        .prepare_cached("INSERT INTO holds (endpoint, payout, reason, held_at) VALUES (?, ?, ?, ?)")?
        .execute(params![endpoint.code(), payout.get(), reason.to_string(), millis(at)?])?;
    // While it is held it counts as held only.
    totals::take_out(connection, payout)?;
    totals::note_held(connection, payout, true)
}

/// How a payout stands that has a moment in `held_at`.
pub(super) fn state(connection: &Connection, payout: PayoutId) -> Result<PayoutState, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, reason, held_at, outcome, ended_at FROM holds WHERE payout = ? ORDER BY id DESC LIMIT 1",
    )?;
    let mut rows = statement.query([payout.get()])?;
    let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    let fields = Fields::new("holds", row);
    let reason = fields.text("reason")?;
    match fields.plain::<Option<String>>("outcome")?.as_deref() {
        None => Ok(PayoutState::Held { reason, since: fields.time("held_at")? }),
        Some("rejected") => Ok(PayoutState::Rejected { reason, at: fields.time("ended_at")? }),
        Some(_) => Err(fields.bad("outcome", "the payout is held all the same")),
    }
}

pub(super) fn held(connection: &Connection, endpoint: Endpoint) -> Result<Vec<PurchaseRecord>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT payout FROM holds WHERE endpoint = ? AND outcome IS NULL
                 AND payout NOT IN (SELECT payout FROM withdrawals) ORDER BY id",
    )?;
    let payouts: Vec<i64> =
        statement.query_map([endpoint.code()], |row| row.get(0))?.collect::<Result<_, _>>()?;
    payouts.into_iter().map(|payout| record(connection, endpoint, PayoutId::new(payout))).collect()
}

fn record(
    connection: &Connection,
    endpoint: Endpoint,
    payout: PayoutId,
) -> Result<PurchaseRecord, StoreError> {
    let key = purchases::key_of(connection, endpoint, payout)?.ok_or(StoreError::Unknown(Thing::Purchase))?;
    let record = purchases::find_as_paid(connection, endpoint, &key, Some(payout))?;
    record.ok_or(StoreError::Unknown(Thing::Purchase))
}

fn known(
    connection: &Connection,
    endpoint: Endpoint,
    key: &PurchaseKey,
) -> Result<PurchaseRecord, StoreError> {
    purchases::find_newest(connection, endpoint, key)?.ok_or(StoreError::Unknown(Thing::Purchase))
}

pub(super) fn release(
    connection: &Connection,
    endpoint: Endpoint,
    key: &PurchaseKey,
    at: Timestamp,
) -> Result<Reviewed, StoreError> {
    let before = known(connection, endpoint, key)?;
    let PayoutState::Held { .. } = before.state else { return Ok(Reviewed::NotHeld(before.into())) };
    let_go(connection, before.payout.id, at)?;
    totals::count_payout(connection, before.payout.id, at)?;
    Ok(Reviewed::Done(known(connection, endpoint, key)?.into()))
}

/// A payout that is held joins the queue.
pub(super) fn let_go(connection: &Connection, payout: PayoutId, at: Timestamp) -> Result<(), StoreError> {
    connection.prepare_cached("UPDATE payouts SET held_at = NULL WHERE id = ?")?.execute([payout.get()])?;
    end(connection, payout, "released", at)
}

pub(super) fn reject(
    connection: &Connection,
    endpoint: Endpoint,
    key: &PurchaseKey,
    at: Timestamp,
) -> Result<Reviewed, StoreError> {
    let before = known(connection, endpoint, key)?;
    let PayoutState::Held { reason, .. } = before.state else { return Ok(Reviewed::NotHeld(before.into())) };
    match reason {
        HoldReason::Unexplained => give_up(connection, endpoint, &before.payout, at)?,
        HoldReason::Limit(_) => {
            mark_rejected(connection, before.payout.id, at)?;
            give_back(connection, endpoint, before.payout.id, at)?;
        }
    }
    Ok(Reviewed::Done(known(connection, endpoint, key)?.into()))
}

fn mark_rejected(connection: &Connection, payout: PayoutId, at: Timestamp) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE payouts SET rejected_at = ? WHERE id = ?")?
        .execute(params![millis(at)?, payout.get()])?;
    corrections::end_rejected(connection, payout, at)?;
    end(connection, payout, "rejected", at)
}

fn end(connection: &Connection, payout: PayoutId, outcome: &str, at: Timestamp) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE holds SET outcome = ?, ended_at = ? WHERE payout = ? AND outcome IS NULL")?
        .execute(params![outcome, millis(at)?, payout.get()])?;
    totals::note_held(connection, payout, false)
}

/// Takes a payout that is never paid out of the totals, lets go of the units that were to prove it, and books what was set aside for it back to where it
/// came from, and what its partner was charged for a return back to the partner.
pub(super) fn give_back(
    connection: &Connection,
    endpoint: Endpoint,
    payout: PayoutId,
    at: Timestamp,
) -> Result<(), StoreError> {
    if let Some(withdrawal) = withdrawals::set_aside(connection, payout)? {
        return give_back_withdrawn(connection, endpoint, payout, &withdrawal, at);
    }
    totals::take_out(connection, payout)?;
    receiving::give_back(connection, payout)?;
    let set_aside = purchases::set_aside(connection, payout)?;
    let receivable = book::held(connection, endpoint, Account::Receivable(set_aside.partner))?;
    let entry = events::payout_cancelled(PayoutNumber::new(payout.get()), &set_aside, receivable)?;
    book::post(connection, endpoint, at, &entry)?;
    // Behind what returned to the fund, which gives this back.
    refunds::undo(connection, endpoint, payout, at)
}

/// What was to be withdrawn returns to where it came from.
fn give_back_withdrawn(
    connection: &Connection,
    endpoint: Endpoint,
    payout: PayoutId,
    withdrawal: &Withdrawal,
    at: Timestamp,
) -> Result<(), StoreError> {
    let receivable = match withdrawal.purse {
        Purse::Fund => Bytes::ZERO,
        Purse::Deposit(partner) => book::held(connection, endpoint, Account::Receivable(partner))?,
    };
    let entry = events::withdrawal_cancelled(PayoutNumber::new(payout.get()), withdrawal, receivable)?;
    book::post(connection, endpoint, at, &entry)
}

pub(super) fn backlog(connection: &Connection, endpoint: Endpoint) -> Result<HeldBacklog, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT ?1 AS id, count(*) AS payouts, min(held_at) AS oldest FROM holds
         WHERE endpoint = ?1 AND outcome IS NULL",
    )?;
    let mut rows = statement.query([endpoint.code()])?;
    let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    let fields = Fields::new("holds", row);
    Ok(HeldBacklog { payouts: fields.number("payouts")?, oldest: fields.optional_time("oldest")? })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sqlite::schema;

    const AT: Timestamp = Timestamp::from_millis(5);

    /// Payouts 1, which waits in the queue, 2, which is in a slot, and 3, which is parked.
    fn payouts(folder: &tempfile::TempDir) -> Connection {
        let connection = schema::open_writer(&folder.path().join("book.sqlite")).expect("a new file");
        connection
            .execute_batch(
                "INSERT INTO slots (endpoint, no, anchor_unit, anchor_message, anchor_output, anchor_amount,
                     anchor_address, state) VALUES ('test', 0, 'a unit', 0, 0, 9, 'an address', 'open');
                 INSERT INTO payouts (id, endpoint, address, amount, fee_reserve, queued_at, slot, position,
                     parked_at)
                 VALUES (1, 'test', 'a', 1, 0, 0, NULL, NULL, NULL), (2, 'test', 'a', 1, 0, 0, 0, 0, NULL),
                     (3, 'test', 'a', 1, 0, 0, NULL, NULL, 4);",
            )
            .expect("rows of the newest schema");
        connection
    }

    fn try_to_hold(connection: &Connection, payout: i64) -> Result<(), StoreError> {
        hold(connection, Endpoint::Test, PayoutId::new(payout), HoldReason::Unexplained, AT)
    }

    #[test]
    fn a_payout_that_waits_in_the_queue_can_be_held() {
        let folder = tempfile::tempdir().expect("a folder");
        let connection = payouts(&folder);
        try_to_hold(&connection, 1).expect("it waits in the queue");
        let held = PayoutState::Held { reason: HoldReason::Unexplained, since: AT };
        assert_eq!(state(&connection, PayoutId::new(1)).expect("it is held"), held);
        let held = HeldBacklog { payouts: 1, oldest: Some(AT) };
        assert_eq!(backlog(&connection, Endpoint::Test).expect("readable"), held);
    }

    #[test]
    fn a_payout_in_a_slot_or_out_of_the_queue_cannot_be_held() {
        let folder = tempfile::tempdir().expect("a folder");
        let connection = payouts(&folder);
        try_to_hold(&connection, 1).expect("it waits in the queue");
        for payout in [1, 2, 3, 4] {
            let refused = try_to_hold(&connection, payout);
            let is_refused = matches!(refused, Err(StoreError::Violation(Violation::NotQueued(_))));
            assert!(is_refused, "payout {payout}: {refused:?}");
        }
        let other = hold(&connection, Endpoint::Live, PayoutId::new(1), HoldReason::Unexplained, AT);
        assert!(other.is_err(), "each endpoint has payouts of its own");
        assert_eq!(backlog(&connection, Endpoint::Test).expect("readable").payouts, 1);
        assert_eq!(backlog(&connection, Endpoint::Live).expect("readable"), HeldBacklog::default());
    }
}
