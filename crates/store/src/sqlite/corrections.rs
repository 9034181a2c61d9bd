//! Correcting mailboxes, on SQLite.
//!
//! A correction is a row that waits until the textcoin of its payout has ended. If that was claimed, the row ends in the
//! transaction that keeps so; if it came back, another payout is accepted, which the row names from then on.

mod giving;
mod noting;
mod reading;

use async_trait::async_trait;
use payout::{PayoutId, Timestamp};
use rusqlite::{Connection, params};

pub(super) use self::reading::{is_given_rightly, of_purchase};
use super::codec::millis;
use super::{SqliteStore, payers};
use crate::{
    CorrectionNo, CorrectionOrder, CorrectionVerdict, Corrections, Endpoint, GivenAnew, GivingOrder,
    PayerLock, StoreError, Violation,
};

#[async_trait]
impl Corrections for SqliteStore {
    async fn correct(
        &self,
        endpoint: Endpoint,
        order: CorrectionOrder,
    ) -> Result<CorrectionVerdict, StoreError> {
        self.writer.run(move |connection| noting::note(connection, endpoint, &order)).await
    }

    async fn due_corrections(
        &self,
        endpoint: Endpoint,
        now: Timestamp,
    ) -> Result<Vec<CorrectionNo>, StoreError> {
        self.readers.run(move |connection| reading::due(connection, endpoint, now)).await
    }

    async fn give_anew(&self, lock: &PayerLock, order: GivingOrder) -> Result<GivenAnew, StoreError> {
        let claim = lock.claim();
        let write = move |connection: &Connection| {
            payers::check(connection, claim)?;
            giving::give(connection, claim.0, &order)
        };
        self.writer.run(write).await
    }
}

/// The textcoin of a payout was claimed: nothing is left to be given anew.
pub(super) fn end_claimed(
    connection: &Connection,
    payout: PayoutId,
    at: Timestamp,
) -> Result<(), StoreError> {
    end_waiting(connection, payout, "claimed", at)
}

/// The purchase of a payout was returned: its cashback is not given anew.
pub(super) fn end_returned(
    connection: &Connection,
    payout: PayoutId,
    at: Timestamp,
) -> Result<(), StoreError> {
    end_waiting(connection, payout, "returned", at)
}

/// A payout was rejected: its cashback is never given.
pub(super) fn end_rejected(
    connection: &Connection,
    payout: PayoutId,
    at: Timestamp,
) -> Result<(), StoreError> {
    end_waiting(connection, payout, "rejected", at)
}

fn end_waiting(
    connection: &Connection,
    payout: PayoutId,
    outcome: &str,
    at: Timestamp,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "UPDATE corrections SET outcome = ?, ended_at = ? WHERE payout = ? AND outcome IS NULL",
        )?
        .execute(params![outcome, millis(at)?, payout.get()])?;
    Ok(())
}

/// A payout that gives a cashback anew is the only one of its purchase whose bytes are not proven to have come back.
///
/// # Errors
/// [`Violation::NotTakenBack`].
pub(super) fn check_alone(connection: &Connection, payout: PayoutId) -> Result<(), StoreError> {
    let is_another_out = connection
        .prepare_cached(
            "SELECT 1 FROM payouts AS anew
             JOIN payouts AS other ON other.id = anew.origin OR other.origin = anew.origin
             LEFT JOIN textcoins ON textcoins.payout = other.id
             WHERE anew.id = ? AND anew.origin IS NOT NULL AND other.id <> anew.id
                 AND outcome IS NOT 'taken back'",
        )?
        .exists([payout.get()])?;
    if is_another_out { Err(Violation::NotTakenBack(payout).into()) } else { Ok(()) }
}
