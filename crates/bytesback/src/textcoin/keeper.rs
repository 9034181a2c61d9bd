//! The loop around the keeper of textcoins.
//!
//! It runs beside the payer of the endpoint, with the same hubs, keys and right to pay. Nothing is decided here.
//! Should the store refuse, the keeper is thrown away and made again from what the store holds.

use std::time::Duration;

use payout::{Keeper, KeeperAction, KeeperEvent, LineState, SlotNo};
use store::{OpenTextcoins, StoreError};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep};
use tokio_util::sync::CancellationToken;

use super::errands::Errands;
use crate::payer::{DEFAULT_THRESHOLD, Fixed, News, PayerStatus};

/// How often the store is asked for textcoins that are new, and for what operators want back.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// The longest time between two looks at the clock.
const LONGEST_SLEEP: Duration = Duration::from_secs(10);
/// How long to wait before going on after the store refused.
const AFTER_FAILURE: Duration = Duration::from_secs(1);

/// Follows the textcoins of an endpoint until it is told to stop, or another process has taken the right to pay.
pub(crate) async fn keep(fixed: &Fixed, mut status: watch::Receiver<PayerStatus>, stop: &CancellationToken) {
    let endpoint = fixed.endpoint;
    while !stop.is_cancelled() {
        match follow(fixed, &mut status, stop).await {
            Ok(()) => return,
            Err(error @ StoreError::Superseded(_)) => {
                tracing::error!(%endpoint, %error, "textcoins are not followed any more");
                return;
            }
            Err(error) => {
                tracing::error!(%endpoint, %error, "following textcoins is interrupted, and goes on from the database");
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = sleep(AFTER_FAILURE) => {}
                }
            }
        }
    }
}

async fn follow(
    fixed: &Fixed,
    status: &mut watch::Receiver<PayerStatus>,
    stop: &CancellationToken,
) -> Result<(), StoreError> {
    let (events, mut errands_done) = mpsc::unbounded_channel();
    let keys = fixed.keyring.textcoins().clone();
    let mut worker = Worker {
        fixed,
        keeper: Keeper::new(fixed.settings, keys),
        errands: Errands { hubs: fixed.hubs.clone(), historian: fixed.historian.clone(), events },
        seen: News::default(),
        connected: false,
        read_through: None,
        found_through: 0,
        line: LineState::default(),
    };
    let mut news = fixed.news.subscribe();
    let mut look = interval_at(Instant::now(), LOOK_EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let pause = worker.pause();
        tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(()),
            Some(event) = errands_done.recv() => worker.handle(event).await?,
            Ok(()) = news.changed() => {
                let said = *news.borrow_and_update();
                worker.on_news(said).await?;
            }
            _ = look.tick() => {
                let stands = status.borrow_and_update().clone();
                worker.look(&stands).await?;
            }
            () = sleep(pause) => worker.handle(KeeperEvent::Tick).await?,
        }
    }
}

struct Worker<'a> {
    fixed: &'a Fixed,
    keeper: Keeper,
    errands: Errands,
    /// What hubs had said when it was looked at last.
    seen: News,
    connected: bool,
    /// The textcoins of slots up to this one are known.
    read_through: Option<SlotNo>,
    /// And those found up to this one.
    found_through: i64,
    line: LineState,
}

impl Worker<'_> {
    async fn handle(&mut self, event: KeeperEvent) -> Result<(), StoreError> {
        for action in self.keeper.handle(self.fixed.clock.now(), event) {
            self.carry_out(action).await?;
        }
        Ok(())
    }

    async fn carry_out(&mut self, action: KeeperAction) -> Result<(), StoreError> {
        let endpoint = self.fixed.endpoint;
        match action {
            KeeperAction::Persist(changes) => {
                self.fixed.store.keep_sweeps(&self.fixed.lock, changes).await?;
            }
            KeeperAction::AskBalances { ask, addresses } => self.errands.ask_balances(ask, addresses),
            KeeperAction::AskHistory(question) => self.errands.ask_history(question),
            KeeperAction::AskParents { ask, from, to } => {
                let threshold = self.seen.threshold.unwrap_or(DEFAULT_THRESHOLD);
                self.errands.ask_parents(ask, from, to, threshold);
            }
            KeeperAction::Post { no, version, json } => self.errands.post(no, version, json),
            KeeperAction::Note { no, what } => {
                tracing::warn!(%endpoint, textcoin = %no, %what, "a textcoin is not taken back now");
            }
        }
        Ok(())
    }

    async fn on_news(&mut self, said: News) -> Result<(), StoreError> {
        let before = std::mem::replace(&mut self.seen, said);
        if let Some(law) = said.law.filter(|law| before.law != Some(*law)) {
            self.handle(KeeperEvent::FeeLaw(law)).await?;
        }
        if said.connections != before.connections {
            self.connected = self.fixed.hubs.is_connected();
            if self.connected {
                self.handle(KeeperEvent::Connected).await?;
            }
        }
        if said.updates != before.updates {
            self.handle(KeeperEvent::HaveUpdates).await?;
        }
        Ok(())
    }

    /// Looks at what has changed in the database, at the payer, and at the hub.
    async fn look(&mut self, status: &PayerStatus) -> Result<(), StoreError> {
        let Fixed { store, endpoint, hubs, .. } = self.fixed;
        let OpenTextcoins { textcoins, through } = store.open_textcoins(*endpoint, self.read_through).await?;
        self.read_through = through;
        let found = store.open_found(*endpoint, self.found_through).await?;
        self.found_through = found.through;
        let opened: Vec<_> = textcoins.into_iter().chain(found.textcoins).collect();
        if !opened.is_empty() {
            self.handle(KeeperEvent::Open(opened)).await?;
        }
        if self.keeper.open() > 0 {
            let recalled = store.recalled(*endpoint).await?;
            if !recalled.is_empty() {
                self.handle(KeeperEvent::Recalled(recalled)).await?;
            }
        }
        let line = line(status);
        if std::mem::replace(&mut self.line, line) != line {
            self.handle(KeeperEvent::Line(line)).await?;
        }
        match (std::mem::replace(&mut self.connected, hubs.is_connected()), self.connected) {
            (false, true) => self.handle(KeeperEvent::Connected).await,
            (true, false) => self.handle(KeeperEvent::Disconnected).await,
            _ => Ok(()),
        }
    }

    /// How long nothing has to be done if nothing happens.
    fn pause(&self) -> Duration {
        let now = self.fixed.clock.now();
        self.keeper.wake_at(now).map_or(LONGEST_SLEEP, |at| at.since(now)).min(LONGEST_SLEEP)
    }
}

fn line(status: &PayerStatus) -> LineState {
    LineState {
        home: status.home,
        may_sweep: status.synced && status.paused.is_none() && !status.superseded && !status.restoring,
        queued: status.queued,
        open: status.open_slots,
    }
}
