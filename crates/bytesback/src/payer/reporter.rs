//! Tells the database how the payer stands, for operators who look at it from another process.
//!
//! Beside the payer's loop and not in it: a database that is slow to write must not hold up paying.

use std::time::Duration;

use payout::Timestamp;
use store::{PayerReport, StoreError};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::PayerStatus;
use super::worker::Fixed;

/// How often something new is looked for.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long a report may take; nobody waits longer for it when the server ends.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often a report is renewed in which nothing is new.
pub(crate) const RENEW_EVERY: Duration = Duration::from_secs(10);

/// Reports until it is told to stop, and then that the payer does not run any more.
pub(super) async fn run(fixed: &Fixed, status: watch::Receiver<PayerStatus>, stop: &CancellationToken) {
    let mut last: Option<PayerReport> = None;
    let mut running = true;
    while running {
        running = !stop.is_cancelled();
        let report = report_of(fixed, &status.borrow(), running);
        if last.as_ref().is_none_or(|last| is_due(last, &report)) {
            match timeout(PATIENCE, fixed.store.report(&fixed.lock, report.clone())).await {
                Ok(Ok(())) => last = Some(report),
                // Whoever pays now reports.
                Ok(Err(StoreError::Superseded(_))) => return,
                Ok(Err(error)) => {
                    tracing::debug!(endpoint = %fixed.endpoint, %error, "the payer's report is not kept");
                }
                Err(_) => {
                    tracing::debug!(endpoint = %fixed.endpoint, "the payer's report is kept late, or not at all");
                }
            }
        }
        if running {
            tokio::select! {
                () = stop.cancelled() => {}
                () = sleep(LOOK_EVERY) => {}
            }
        }
    }
}

fn report_of(fixed: &Fixed, status: &PayerStatus, running: bool) -> PayerReport {
    PayerReport {
        at: fixed.clock.now(),
        running,
        hub: fixed.hubs.name(fixed.hubs.preferred_id()).to_string(),
        connected: running && fixed.hubs.is_connected(),
        synced: status.synced,
        tps_fee_per_day_max: fixed.settings.limits.per_day,
        alarm: status.alarm.clone(),
    }
}

fn is_due(last: &PayerReport, next: &PayerReport) -> bool {
    let same_time = |report: &PayerReport| PayerReport { at: Timestamp::default(), ..report.clone() };
    same_time(last) != same_time(next) || last.at.since(next.at).max(next.at.since(last.at)) >= RENEW_EVERY
}
