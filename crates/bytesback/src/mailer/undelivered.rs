//! Tells of mails that reach nobody: the partner that has reported the purchase, or the operator where that has given no
//! address.
//!
//! What was told of is kept with each mail, so that nobody is told twice but after a crash. The first one is told at once;
//! those that follow gather for a while, so that a day on which everything bounces brings few notices.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use program::EmailAddress;
use store::{Endpoint, PartnerName, StoreError, UndeliveredMail};
use tokio::sync::Notify;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::MailerParts;
use super::pace::retry_after;
use crate::mail::{LetterId, Reader, Reason, Refusal, UndeliveredLine, UndeliveredNotice};

/// How often to look without being told that there is something.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// How long what follows a notice gathers.
const GATHER: Duration = Duration::from_secs(60);
/// What is older needs no notice any more.
const OLDEST: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// So many mails one notice names at most; the next one names more.
const MOST: u32 = 50;

/// Tells until it is told to stop; `failed` says that a mail has failed for good.
pub(super) async fn run(parts: Arc<MailerParts>, failed: &Notify, stop: CancellationToken) {
    let mut failures = 0;
    let work = async {
        loop {
            let rest = match tell_all(&parts).await {
                Ok(told) => {
                    failures = 0;
                    if told > 0 { GATHER } else { Duration::ZERO }
                }
                Err(error) => {
                    failures += 1;
                    tracing::warn!(endpoint = %parts.endpoint, %error, "nobody can be told of mails that reach nobody");
                    retry_after(failures)
                }
            };
            sleep(rest).await;
            tokio::select! {
                () = failed.notified() => {}
                () = sleep(LOOK_EVERY) => {}
            }
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = work => {}
    }
}

/// Why nobody can be told now.
#[derive(Debug, thiserror::Error)]
enum TellError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the relay does not take the notice: {0}")]
    Relay(Reason),
}

/// Tells each partner, or the operator; how many notices were taken.
async fn tell_all(parts: &MailerParts) -> Result<usize, TellError> {
    let since = parts.clock.now().minus(OLDEST);
    let mails = parts.store.undelivered_mails(parts.endpoint, since, MOST).await?;
    let mut of_partners: BTreeMap<PartnerName, Vec<UndeliveredMail>> = BTreeMap::new();
    for mail in mails {
        of_partners.entry(mail.partner.clone()).or_default().push(mail);
    }
    let mut told = 0;
    for (partner, mails) in of_partners {
        if tell(parts, &partner, &mails).await? {
            let numbers = mails.iter().map(|mail| mail.no).collect();
            parts.store.note_told(numbers, parts.clock.now()).await?;
            told += 1;
        }
    }
    Ok(told)
}

/// Tells of mails of one partner; whether there is anybody to be told.
async fn tell(
    parts: &MailerParts,
    partner: &PartnerName,
    mails: &[UndeliveredMail],
) -> Result<bool, TellError> {
    let contact = mails.iter().find_map(|mail| mail.contact.clone());
    let contact = contact.map(|to| (to, Reader::Partner));
    let operator = parts.settings.operator.clone().map(|to| (to, Reader::Operator));
    let mut is_told = false;
    for (to, reader) in contact.into_iter().chain(operator) {
        is_told = true;
        if send(parts, partner, mails, to, reader).await? {
            break;
        }
    }
    Ok(is_told)
}

/// Sends a notice; whether it may arrive.
async fn send(
    parts: &MailerParts,
    partner: &PartnerName,
    mails: &[UndeliveredMail],
    to: EmailAddress,
    reader: Reader,
) -> Result<bool, TellError> {
    let endpoint = parts.endpoint;
    let message = match parts.settings.office.undelivered(&notice(endpoint, partner, mails, to, reader)) {
        Ok(message) => message,
        Err(error) => {
            tracing::error!(%endpoint, %partner, ?reader, %error, "a notice of mails that reach nobody cannot be written");
            return Ok(false);
        }
    };
    match parts.settings.post.deliver(&message).await {
        Ok(_) => {
            tracing::info!(%endpoint, %partner, ?reader, mails = mails.len(), "told of mails that reach nobody");
            Ok(true)
        }
        Err(Refusal::Never(reason)) => {
            tracing::warn!(%endpoint, %partner, ?reader, %reason, "the address for notices takes no mail");
            Ok(false)
        }
        Err(Refusal::Later(reason)) => Err(TellError::Relay(reason)),
    }
}

/// For the same mails it is always the same.
fn notice(
    endpoint: Endpoint,
    partner: &PartnerName,
    mails: &[UndeliveredMail],
    to: EmailAddress,
    reader: Reader,
) -> UndeliveredNotice {
    let numbers: Vec<_> = mails.iter().map(|mail| mail.no.to_string()).collect();
    UndeliveredNotice {
        id: LetterId::of(&format!("{endpoint}/undelivered/{}/{to}", numbers.join(","))),
        to,
        reader,
        language: mails.iter().find_map(|mail| mail.language.clone()),
        partner: partner.to_string(),
        endpoint: endpoint.code(),
        path: match endpoint {
            Endpoint::Live => "",
            Endpoint::Test => "/test",
        },
        mails: mails.iter().map(|mail| line(mail, partner)).collect(),
        date: mails.iter().map(|mail| mail.ended_at).max().unwrap_or_default(),
    }
}

fn line(mail: &UndeliveredMail, partner: &PartnerName) -> UndeliveredLine {
    // Shops report themselves as the merchant (W2).
    let merchant = Some(&mail.merchant).filter(|merchant| merchant.as_str() != partner.as_str());
    UndeliveredLine {
        order: mail.key.order_id.as_str().to_owned(),
        merchant: merchant.cloned().unwrap_or_default(),
        recipient: mail.recipient.clone(),
        reason: mail.reason.clone(),
    }
}
