//! Payouts that came into the queue beside the payer, which has to be told of them: what an operator released,
//! withdrawals, and cashback that is given anew. (Purchases are handed to the payer when they are accepted.)

use payout::{Payout, PayoutId, Timestamp};
use rusqlite::{Connection, params};

use crate::sqlite::codec::{Fields, millis};
use crate::sqlite::line;
use crate::{Endpoint, StoreError};

/// Those that wait in the queue and that the payer has not taken up, in the order of their acceptance. A withdrawal
/// that was ever held comes with its release, so that it does not come twice.
pub(super) fn untold(connection: &Connection, endpoint: Endpoint) -> Result<Vec<Payout>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, address, amount, queued_at, textcoin, generation, counter, claim_reserve FROM payouts WHERE id IN (
             SELECT payout FROM holds WHERE endpoint = ?1 AND outcome = 'released' AND taken_up_at IS NULL
             UNION ALL
             SELECT payout FROM withdrawals WHERE endpoint = ?1 AND taken_up_at IS NULL
                 AND NOT EXISTS (SELECT 1 FROM holds WHERE holds.payout = withdrawals.payout)
             UNION ALL
             SELECT next FROM corrections WHERE endpoint = ?1 AND next IS NOT NULL AND taken_up_at IS NULL)
         AND slot IS NULL AND parked_at IS NULL AND held_at IS NULL ORDER BY id",
    )?;
    let mut rows = statement.query([endpoint.code()])?;
    let mut payouts = Vec::new();
    while let Some(row) = rows.next()? {
        payouts.push(line::payout(&Fields::new("payouts", row))?);
    }
    Ok(payouts)
}

/// The payer has these in hand, whichever they are.
pub(super) fn taken_up(
    connection: &Connection,
    endpoint: Endpoint,
    payouts: &[PayoutId],
    at: Timestamp,
) -> Result<(), StoreError> {
    for update in [
        "UPDATE holds SET taken_up_at = ? WHERE endpoint = ? AND payout = ? AND outcome = 'released'
             AND taken_up_at IS NULL",
        "UPDATE withdrawals SET taken_up_at = ? WHERE endpoint = ? AND payout = ? AND taken_up_at IS NULL",
        "UPDATE corrections SET taken_up_at = ? WHERE endpoint = ? AND next = ? AND taken_up_at IS NULL",
    ] {
        let mut update = connection.prepare_cached(update)?;
        for payout in payouts {
            update.execute(params![millis(at)?, endpoint.code(), payout.get()])?;
        }
    }
    Ok(())
}
