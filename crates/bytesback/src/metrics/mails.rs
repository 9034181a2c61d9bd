//! How mails stand when somebody asks.

use payout::Timestamp;

use super::sheet::Sheet;
use super::{Watched, process, whole};
use crate::mailer::Counted;

pub(super) async fn look(sheet: &Sheet, watched: &[Watched]) {
    let help = "Mails to customers by what became of a try to send them, since the start.";
    let counted = sheet.counter("bytesback_mails_total", help, &["endpoint", "outcome"]);
    let help = "Mails to customers that are to be sent.";
    let waiting = sheet.gauge("bytesback_mails_waiting", help, &["endpoint"]);
    let help = "How long the oldest mail that is to be sent has waited; 0 where none is.";
    let oldest = sheet.gauge("bytesback_mails_oldest_age_seconds", help, &["endpoint"]);
    let help = "Whether all mails pause since the relay takes none, or it did not like one and has taken none since.";
    let trouble = sheet.gauge("bytesback_mail_trouble", help, &["endpoint"]);
    let now = process::now_seconds();
    for Watched { endpoint: of, store, mails, .. } in watched {
        let endpoint = of.code();
        for what in Counted::ALL {
            counted.with_label_values(&[endpoint, what.label()]).inc_by(mails.counted(what));
        }
        trouble.with_label_values(&[endpoint]).set(i64::from(mails.trouble().is_some()));
        match store.mail_backlog(*of).await {
            Ok(backlog) => {
                waiting.with_label_values(&[endpoint]).set(whole(backlog.waiting));
                let age = |at: Timestamp| now.saturating_sub(whole(at.as_millis() / 1000)).max(0);
                oldest.with_label_values(&[endpoint]).set(backlog.oldest.map_or(0, age));
            }
            Err(error) => {
                tracing::warn!(endpoint, %error, "the metrics lack the outbox, which cannot be read")
            }
        }
    }
}
