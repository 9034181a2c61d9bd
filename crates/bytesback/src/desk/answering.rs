//! From an accepted purchase to its answer: the unit, once the hub has accepted it, or that it is being sent.

use std::sync::Arc;
use std::time::Duration;

use obyte::UnitHash;
use store::{Acceptance, Endpoint, PayoutState, PurchaseRecord, Verdict};
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, timeout_at};

use super::{Desk, Refusal, by};
use crate::http::{Answer, Paid};

/// How often the store is asked while the payer does not know a payout.
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// Tells the unit of a payout once the hub has accepted it.
type AcceptedUnit = oneshot::Receiver<UnitHash>;

impl Desk {
    /// Has the store decide, and tells the payer what was accepted. A task of its own: the payer is told
    /// even where the store takes longer than the answer may.
    pub(super) async fn accept(
        &self,
        endpoint: Endpoint,
        acceptance: Acceptance,
        due: Instant,
    ) -> Result<(Verdict, Option<AcceptedUnit>), Refusal> {
        let (store, payer) = (Arc::clone(&self.store), self.side(endpoint).payer.clone());
        let accepting = tokio::spawn(async move {
            let verdict = store.accept(endpoint, acceptance).await?;
            let unit = match &verdict {
                Verdict::Accepted(record) => Some(payer.accepted(record.payout)),
                _ => None,
            };
            Ok((verdict, unit))
        });
        let accepted = timeout_at(due, accepting).await.map_err(|_| Refusal::Late)?;
        accepted.map_err(|_| Refusal::Internal)?
    }

    pub(super) async fn answer_first(
        &self,
        endpoint: Endpoint,
        record: &PurchaseRecord,
        unit: Option<AcceptedUnit>,
        due: Instant,
    ) -> Result<Answer, Refusal> {
        let Some(unit) = unit else { return Err(Refusal::Internal) };
        match timeout_at(due, unit).await {
            Ok(Ok(unit)) => Ok(paid(record, unit, false, false)),
            // The payer begins anew; the payout is in the store.
            Ok(Err(_)) => self.look_until(endpoint, record.clone(), due, false).await,
            Err(_) => Ok(Answer::Pending),
        }
    }

    pub(super) async fn answer_again(
        &self,
        endpoint: Endpoint,
        record: PurchaseRecord,
        due: Instant,
    ) -> Result<Answer, Refusal> {
        self.look_until(endpoint, record, due, true).await
    }

    /// Answers with the unit that the store knows, or waits for one.
    async fn look_until(
        &self,
        endpoint: Endpoint,
        mut record: PurchaseRecord,
        due: Instant,
        replayed: bool,
    ) -> Result<Answer, Refusal> {
        loop {
            match record.state {
                PayoutState::Parked => return Err(Refusal::Agent),
                PayoutState::Held { .. } => return Ok(Answer::Held),
                PayoutState::Rejected { .. } => return Err(Refusal::Rejected),
                PayoutState::Queued | PayoutState::InUnit { .. } | PayoutState::Final { .. } => {}
            }
            if let Some(answered) = record.answered {
                return Ok(paid(&record, answered.unit, replayed, answered.replaced));
            }
            let unit = self.side(endpoint).payer.watch(record.payout.id);
            match timeout_at(due, unit).await {
                // What is told is kept already, and the store knows whether another unit was told before.
                Ok(Ok(_)) => {}
                Ok(Err(_)) if Instant::now() + LOOK_AGAIN < due => sleep(LOOK_AGAIN).await,
                Ok(Err(_)) | Err(_) => return Ok(Answer::Pending),
            }
            match by(due, self.store.purchase(endpoint, &record.key)).await {
                Ok(Some(now)) => record = now,
                Ok(None) => return Err(Refusal::Internal),
                Err(Refusal::Late) => return Ok(Answer::Pending),
                Err(refusal) => return Err(refusal),
            }
        }
    }
}

fn paid(record: &PurchaseRecord, unit: UnitHash, replayed: bool, replaced: bool) -> Answer {
    Answer::Ok(Paid { cashback_amount: record.payout.amount, unit, replayed, replaced })
}
