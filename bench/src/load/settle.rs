//! Before and after rows: until the server pays, and until it owes nothing.

use std::sync::Arc;
use std::time::Duration;

use anyhow::bail;
use obyte::UnitHash;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::Caller;
use crate::shop::Answer;
use crate::tally::Tally;

/// Between two askings for the same purchase.
const PAUSE: Duration = Duration::from_millis(200);
/// Purchases that are asked for again at a time.
const AT_A_TIME: usize = 64;

/// Reports one purchase until it is paid; answers how long that took, and in which unit it is.
///
/// # Errors
/// What the server says after `limit`.
pub async fn warm_up(caller: &Caller, limit: Duration) -> anyhow::Result<(Duration, UnitHash)> {
    let (start, number) = (Instant::now(), caller.next_number());
    loop {
        let answer = caller.report(number, Instant::now()).await;
        match answer {
            Answer::Paid(unit) => return Ok((start.elapsed(), unit)),
            _ if start.elapsed() < limit => sleep(PAUSE).await,
            Answer::Pending => bail!("the first purchase is still pending after {} s", limit.as_secs()),
            Answer::Failed(why) => bail!("the first purchase is not paid: {why}"),
        }
    }
}

/// Asks again for what is pending, until it is paid or `limit` is over.
pub async fn settle(caller: &Arc<Caller>, tally: &mut Tally, limit: Duration) {
    let deadline = Instant::now() + limit;
    let mut open = tally.pending.clone();
    let mut asked = JoinSet::new();
    loop {
        while asked.len() < AT_A_TIME
            && Instant::now() < deadline
            && let Some(number) = open.pop()
        {
            let caller = Arc::clone(caller);
            asked.spawn(async move { (number, caller.report(number, Instant::now()).await) });
        }
        match asked.join_next().await {
            Some(Ok((_, Answer::Paid(unit)))) => tally.count_late(unit),
            Some(Ok((number, _))) => {
                open.insert(0, number);
                sleep(PAUSE).await;
            }
            Some(Err(_)) => {}
            None => return,
        }
    }
}
