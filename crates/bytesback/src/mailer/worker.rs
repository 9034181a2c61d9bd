//! The loop of a worker.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use payout::Timestamp;
use store::{MailOutcome, MailTask, StoreError};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::MailerParts;
use super::letters::letter;
use super::pace::{Trouble, is_of_relay, retry_after};
use super::status::Counted;
use crate::mail::{Accepted, Cause, Message, Reason, Refusal, Stage};

/// How often to look whether something is due, when nobody says so: what other processes have asked for.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How often reminders are looked for, by the wall clock.
const PLAN_EVERY: Duration = Duration::from_secs(60);
/// A mail that was taken is another's after this time.
const LEASE: Duration = Duration::from_secs(30 * 60);
/// So long it may wait here, and so long being sent may take, which together is less: nobody sends what another is sending,
/// however slow the relay is.
const WAIT_MAX: Duration = Duration::from_secs(10 * 60);
const SENDING_MAX: Duration = Duration::from_secs(15 * 60);
/// So many are taken at once for each that can be on its way.
const WAITING_PER_PLACE: usize = 4;
/// How long what is on its way may take when the server ends.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// How long to wait after the store refused.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Sends until it is told to stop; `failed` hears of each mail that has failed for good.
pub(super) async fn run(parts: Arc<MailerParts>, failed: &Notify, stop: CancellationToken) {
    let endpoint = parts.endpoint;
    let mut worker = Worker {
        parts,
        failed,
        waiting: VecDeque::new(),
        running: JoinSet::new(),
        trouble: None,
        planned_at: None,
    };
    worker.free(&stop).await;
    while !stop.is_cancelled() {
        if let Err(error) = worker.work().await {
            tracing::error!(%endpoint, %error, "mails cannot be looked for");
            sleep(AFTER_FAILURE).await;
        }
        let wake = Arc::clone(&worker.parts.wake);
        tokio::select! {
            () = stop.cancelled() => break,
            Some(done) = worker.running.join_next() => worker.done(done.ok()).await,
            () = wake.notified() => {}
            () = sleep(LOOK_EVERY) => {}
        }
    }
    worker.end().await;
}

struct Worker<'a> {
    parts: Arc<MailerParts>,
    failed: &'a Notify,
    /// What was taken, when, and is not on its way yet.
    waiting: VecDeque<(Instant, MailTask)>,
    running: JoinSet<(MailTask, Result<Accepted, Failure>)>,
    trouble: Option<Trouble>,
    planned_at: Option<Timestamp>,
}

/// Why a mail was not taken.
enum Failure {
    /// By the relay.
    Refused(Refusal),
    /// It cannot be written.
    Unwritten(String),
    /// It was not sent: nobody needs it any more, or that could not be found out.
    Unwanted,
}

impl Worker<'_> {
    /// Only one process at a time pays for the endpoint: whoever had taken mails before is gone.
    async fn free(&self, stop: &CancellationToken) {
        while let Err(error) = self.parts.store.free_mails(self.parts.endpoint, self.parts.clock.now()).await
        {
            tracing::error!(endpoint = %self.parts.endpoint, %error, "the outbox cannot be opened");
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep(AFTER_FAILURE) => {}
            }
        }
    }

    /// Sends off as much as may be on its way at once.
    async fn work(&mut self) -> Result<(), StoreError> {
        self.plan().await?;
        let places = match &self.trouble {
            Some(trouble) if !trouble.left(Instant::now()).is_zero() => return Ok(()),
            Some(_) => 1,
            None => self.parts.settings.at_once.max(1),
        };
        while self.running.len() < places {
            if self.waiting.is_empty() && !self.take(places).await? {
                return Ok(());
            }
            let Some((taken_at, task)) = self.waiting.pop_front() else { continue };
            if taken_at.elapsed() > WAIT_MAX {
                // Taken anew it has a whole lease.
                let due = self.parts.clock.now();
                self.note(&task, MailOutcome::Back { due }).await;
                continue;
            }
            let parts = Arc::clone(&self.parts);
            self.running.spawn(async move {
                let sent = send(&parts, &task).await;
                (task, sent)
            });
        }
        Ok(())
    }

    async fn plan(&mut self) -> Result<(), StoreError> {
        let now = self.parts.clock.now();
        // A clock that was put back is no reason to wait.
        let is_recent = |at: Timestamp| at <= now && now.since(at) < PLAN_EVERY;
        if self.planned_at.is_some_and(is_recent) {
            return Ok(());
        }
        let days = &self.parts.settings.reminder_days;
        self.parts.store.plan_reminders(self.parts.endpoint, days, now).await?;
        self.planned_at = Some(now);
        Ok(())
    }

    /// Takes what is due; whether anything was. (What is due may turn out to need no mail.)
    async fn take(&mut self, places: usize) -> Result<bool, StoreError> {
        let MailerParts { endpoint, store, clock, .. } = &*self.parts;
        let now = clock.now();
        if store.next_mail(*endpoint).await?.is_none_or(|due| due > now) {
            return Ok(false);
        }
        let most = if self.trouble.is_some() { 1 } else { places * WAITING_PER_PLACE };
        let most = u32::try_from(most).unwrap_or(u32::MAX);
        let taken_at = Instant::now();
        let tasks = store.take_mails(*endpoint, now, LEASE, most).await?;
        self.waiting.extend(tasks.into_iter().map(|task| (taken_at, task)));
        Ok(true)
    }

    async fn done(&mut self, done: Option<(MailTask, Result<Accepted, Failure>)>) {
        let Some((task, sent)) = done else {
            tracing::error!(endpoint = %self.parts.endpoint, "sending a mail ended in a panic; it is sent again");
            return;
        };
        let outcome = match sent {
            Ok(Accepted { code }) => {
                self.recovered();
                self.count(Counted::Sent, MailOutcome::Sent { code })
            }
            Err(Failure::Unwritten(reason)) => {
                tracing::error!(endpoint = %self.parts.endpoint, mail = %task.no, reason, "a mail cannot be written");
                self.count(Counted::Dead, MailOutcome::Dead { reason })
            }
            Err(Failure::Refused(Refusal::Never(reason))) => {
                self.resumed();
                tracing::info!(endpoint = %self.parts.endpoint, mail = %task.no, %reason, "a mail is undeliverable");
                let (code, reason) = (reason.code, reason.to_string());
                self.count(Counted::Refused, MailOutcome::Refused { code, reason })
            }
            Err(Failure::Refused(Refusal::Later(reason))) => self.later(&task, reason).await,
            Err(Failure::Unwanted) => MailOutcome::Back { due: self.parts.clock.now().plus(LOOK_EVERY) },
        };
        self.note(&task, outcome).await;
    }

    /// Not now: because of the relay, or of this mail.
    async fn later(&mut self, task: &MailTask, reason: Reason) -> MailOutcome {
        let now = self.parts.clock.now();
        if is_of_relay(&reason) {
            self.troubled(reason).await;
            return self.count(Counted::Deferred, MailOutcome::Back { due: now });
        }
        if reason.is_for_operator() {
            self.disliked(reason);
        } else if reason.code.is_some() {
            self.resumed();
        }
        let due = now.plus(retry_after(task.attempt));
        self.count(
            Counted::Deferred,
            MailOutcome::Later { due, code: reason.code, reason: reason.to_string() },
        )
    }

    /// The relay is the trouble: everything pauses. That is said once.
    async fn troubled(&mut self, reason: Reason) {
        let endpoint = self.parts.endpoint;
        match &mut self.trouble {
            Some(trouble) if trouble.cause == reason.cause => trouble.again(reason.cause, Instant::now()),
            Some(trouble) => {
                tracing::error!(%endpoint, %reason, "mails still do not leave");
                trouble.again(reason.cause, Instant::now());
            }
            None => {
                tracing::error!(%endpoint, %reason, "mails do not leave; they are kept, and tried again");
                self.trouble = Some(Trouble::new(reason.cause, Instant::now()));
            }
        }
        self.parts.status.set_trouble(Some(reason.to_string()));
        self.hand_back().await;
    }

    /// The relay works, and the operator should see to what it says. It may be about this mail alone, so no other waits.
    fn disliked(&mut self, reason: Reason) {
        let endpoint = self.parts.endpoint;
        self.trouble = None;
        if self.parts.status.trouble().is_none() {
            tracing::error!(%endpoint, %reason, "the relay does not like a mail; it is tried again, and others leave");
        }
        self.parts.status.set_trouble(Some(reason.to_string()));
    }

    /// The relay answers: nothing pauses any more.
    fn resumed(&mut self) {
        if self.trouble.is_some() {
            self.recovered();
        }
    }

    /// The relay takes mails: all is well.
    fn recovered(&mut self) {
        self.trouble = None;
        if self.parts.status.trouble().is_some() {
            tracing::info!(endpoint = %self.parts.endpoint, "mails leave again");
            self.parts.status.set_trouble(None);
        }
    }

    async fn hand_back(&mut self) {
        let due = self.parts.clock.now();
        for (_, task) in std::mem::take(&mut self.waiting) {
            self.note(&task, MailOutcome::Back { due }).await;
        }
    }

    fn count(&self, what: Counted, outcome: MailOutcome) -> MailOutcome {
        self.parts.status.count(what);
        outcome
    }

    /// What cannot be kept is found out again: the mail is sent once more when its lease is over.
    async fn note(&self, task: &MailTask, outcome: MailOutcome) {
        let MailerParts { endpoint, store, clock, .. } = &*self.parts;
        let has_failed = matches!(outcome, MailOutcome::Refused { .. } | MailOutcome::Dead { .. });
        if let Err(error) = store.note_mail(task.no, task.attempt, outcome, clock.now()).await {
            tracing::error!(%endpoint, mail = %task.no, %error, "what became of a mail cannot be kept");
        }
        if has_failed {
            self.failed.notify_one();
        }
    }

    /// What is on its way may arrive; the rest is the next server's.
    async fn end(mut self) {
        self.hand_back().await;
        let finish = async {
            while let Some(done) = self.running.join_next().await {
                self.done(done.ok()).await;
            }
        };
        if timeout(LAST_WORDS, finish).await.is_err() {
            tracing::info!(endpoint = %self.parts.endpoint, "some mails are sent again after the next start");
        }
    }
}

async fn send(parts: &Arc<MailerParts>, task: &MailTask) -> Result<Accepted, Failure> {
    match parts.store.is_wanted(task.no).await {
        Ok(true) => {}
        Ok(false) => return Err(Failure::Unwanted),
        Err(error) => {
            tracing::error!(endpoint = %parts.endpoint, mail = %task.no, %error, "a mail cannot be looked up");
            return Err(Failure::Unwanted);
        }
    }
    let message = write(parts, task).await.map_err(Failure::Unwritten)?;
    let delivering = timeout(SENDING_MAX, parts.settings.post.deliver(&message));
    let done = delivering.await.unwrap_or(Err(Refusal::Later(Reason {
        cause: Cause::Timeout,
        stage: Stage::Data,
        code: None,
        status: None,
    })));
    done.map_err(Failure::Refused)
}

/// Making words and pictures takes some milliseconds of work.
async fn write(parts: &Arc<MailerParts>, task: &MailTask) -> Result<Message, String> {
    let (parts, task) = (Arc::clone(parts), task.clone());
    let writing = tokio::task::spawn_blocking(move || {
        let MailerParts { endpoint, network, keys, settings, .. } = &*parts;
        let letter =
            letter((*endpoint, *network), &task, keys, settings).map_err(|error| error.to_string())?;
        settings.office.write(&letter).map_err(|error| error.to_string())
    });
    writing.await.unwrap_or_else(|_| Err("writing it ended in a panic".to_owned()))
}
