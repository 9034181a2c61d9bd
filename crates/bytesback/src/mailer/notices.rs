//! Mails to the operator. They hold no secret and are kept nowhere: what they tell of is announced again after a start.

use std::time::Duration;

use payout::Timestamp;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::MailSettings;
use super::pace::retry_after;
use crate::mail::{LetterId, Refusal};

/// How often a notice is tried.
const TRIES: u32 = 5;

/// Writes to the operator, if there is an address, and tries for some hours.
pub(crate) fn tell(
    settings: &MailSettings,
    subject: &str,
    text: &str,
    at: Timestamp,
    stop: CancellationToken,
) {
    let Some(operator) = &settings.operator else { return };
    let id = LetterId::of(&format!("notice/{}/{subject}", at.as_millis()));
    let message = match settings.office.notice(operator, subject, text, id, at) {
        Ok(message) => message,
        Err(error) => {
            tracing::error!(%error, "the operator cannot be written to");
            return;
        }
    };
    let post = settings.post.clone();
    tokio::spawn(async move {
        for attempt in 1..=TRIES {
            let (reason, wait) = match post.deliver(&message).await {
                Ok(_) => return,
                Err(Refusal::Never(reason)) => (reason, None),
                Err(Refusal::Later(reason)) => {
                    (reason, Some(retry_after(attempt)).filter(|_| attempt < TRIES))
                }
            };
            tracing::warn!(%reason, "a mail to the operator was not taken");
            let Some(wait) = wait else { return };
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(wait.max(Duration::from_secs(1))) => {}
            }
        }
    });
}
