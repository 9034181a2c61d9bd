//! Who has not claimed is reminded on the configured days, and never after the end.

use bytesback::clock::Clock;
use serde_json::json;
use store::{MailKind, TextcoinState};

use crate::common::until;
use crate::letter::Mail;
use crate::smtp::Smtp;
use crate::stage::{DAY, Stage};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reminders_come_after_three_and_six_days_and_none_after_seven() {
    let smtp = Smtp::start(json!({}));
    let stage = Stage::behind(&smtp).await;
    stage.buy("1", "customer@example.org").await;
    let first = Mail::arrived(&smtp.next());
    stage.comes_to("1", TextcoinState::MailSent).await;
    for (day, left) in [(3, "4 days"), (6, "1 day")] {
        stage.clock.advance(DAY * 3);
        let reminder = Mail::arrived(&smtp.next());
        assert_eq!(reminder.address(), first.address(), "the same coins");
        assert_ne!(reminder.id, first.id);
        assert!(reminder.text.contains(left) || reminder.subject.contains(left), "{}", reminder.text);
        until("it is kept", async || {
            let mails = stage.record("1").await.mails;
            mails.last().is_some_and(|mail| mail.kind == MailKind::Reminder(day) && mail.ended_at.is_some())
        })
        .await;
    }
    stage.clock.advance(DAY);
    stage.comes_to("1", TextcoinState::Expired).await;
    let made = stage.store.plan_reminders(store::Endpoint::Test, &[3, 6, 7], stage.clock.now()).await;
    assert_eq!(made.expect("works"), 0);
    assert_eq!(stage.record("1").await.mails.len(), 3);
    assert!(smtp.rest().is_empty());
    stage.inside.end().await;
}
