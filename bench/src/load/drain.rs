//! Following a queue until it is empty.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use obyte::UnitHash;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::Caller;
use crate::shop::Answer;

/// Between two askings for the same purchase.
const PAUSE: Duration = Duration::from_millis(200);
/// Purchases that are asked for at a time once the queue seems empty.
const AT_A_TIME: usize = 64;
/// An answer that takes longer was waited for: the payout was still queued when it was asked for.
const AT_ONCE: Duration = Duration::from_millis(100);

/// How a queue was paid.
#[derive(Clone, Debug, Default)]
pub struct Drained {
    /// Until the first of it was paid.
    pub first: Duration,
    /// Until the last of it was paid.
    pub last: Duration,
    /// The units, with how many of its payouts each carries.
    pub units: HashMap<UnitHash, u64>,
}

/// Waits until purchases are paid that were pending, given in the order of their acceptance.
///
/// The server is asked for the first and the last only, and holds those requests while they wait, so that
/// it is left alone while it pays. The others are asked for afterwards; should one of them be paid only
/// then, that time counts.
///
/// # Errors
/// Where one is not paid within `limit`.
pub async fn drained(caller: &Arc<Caller>, pending: &[u64], limit: Duration) -> anyhow::Result<Drained> {
    let start = Instant::now();
    let deadline = start + limit;
    let mut drained = Drained::default();
    let ([first, ..], [.., last]) = (pending, pending) else { return Ok(drained) };
    until_paid(caller, *first, deadline).await?;
    drained.first = start.elapsed();
    until_paid(caller, *last, deadline).await?;
    drained.last = start.elapsed();
    let (mut left, mut asked) = (pending.iter().copied(), JoinSet::new());
    loop {
        while asked.len() < AT_A_TIME
            && let Some(number) = left.next()
        {
            let caller = Arc::clone(caller);
            asked.spawn(async move {
                let begun = Instant::now();
                let unit = until_paid(&caller, number, deadline).await;
                (unit, begun.elapsed() > AT_ONCE)
            });
        }
        let Some(answered) = asked.join_next().await else { return Ok(drained) };
        let (unit, waited) = answered?;
        *drained.units.entry(unit?).or_default() += 1;
        if waited {
            drained.last = start.elapsed();
        }
    }
}

async fn until_paid(caller: &Caller, number: u64, deadline: Instant) -> anyhow::Result<UnitHash> {
    loop {
        match caller.report(number, Instant::now()).await {
            Answer::Paid(unit) => return Ok(unit),
            _ if Instant::now() < deadline => sleep(PAUSE).await,
            Answer::Pending => bail!("the queue was not paid in time"),
            Answer::Failed(why) => bail!("a queued payout was not paid: {why}"),
        }
    }
}
