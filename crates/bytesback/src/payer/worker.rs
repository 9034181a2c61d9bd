//! The loop of a payer.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use obyte::Address;
use obyte::fee::{ThresholdSize, TpsLaw};
use obyte_hub::{Hubs, HubsEvents};
use payout::{Action, Alarm, Engine, Event, InHand, Timestamp};
use store::{Endpoint, StoreError};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep};
use tokio_util::sync::CancellationToken;

use super::errand::Errands;
use super::heard::{answers, heard};
use super::history::Historian;
use super::suspicion::{Parentage, Progress};
use super::waiting::Waiting;
use super::{Command, DEFAULT_THRESHOLD, PayerParts, PayerStatus, reporter};
use crate::textcoin;

/// How many commands are taken at once, so that a burst becomes one batch.
const BURST: usize = 1024;
/// The longest time between two looks at the clock.
const LONGEST_SLEEP: Duration = Duration::from_secs(10);
/// How long to wait before going on after the store refused.
const AFTER_FAILURE: Duration = Duration::from_secs(1);
/// So long after a start another process may still accept purchases, if it lost the right to pay to this one.
const TAKE_UP_AFTER: Duration = Duration::from_secs(10);
/// How often the operator's wishes are looked for.
const OBEY_EVERY: Duration = Duration::from_secs(1);
/// So many textcoins are derived at once, ahead of need.
const DERIVED_AT_ONCE: usize = 16;
/// The same alarm is not repeated in the log within this time.
const ALARM_EVERY: Duration = Duration::from_secs(60);

/// Pays until it is told to stop, or another process has taken the right to pay. When the store refuses, it
/// begins again from what the store holds.
pub(super) async fn run(
    parts: PayerParts,
    commands: mpsc::UnboundedReceiver<Command>,
    publish: watch::Sender<PayerStatus>,
    stop: CancellationToken,
) {
    let endpoint = parts.endpoint;
    let (hubs, hub_events) = parts.hubs;
    let parts = Fixed {
        historian: Arc::new(Historian {
            order_providers: parts.order_providers,
            genesis: parts.genesis,
            network: parts.settings.network,
            clock: Arc::clone(&parts.clock),
        }),
        lock: parts.lock,
        store: parts.store,
        keyring: parts.keyring,
        settings: parts.settings,
        clock: parts.clock,
        accepted: parts.accepted,
        textcoin_expiry: parts.textcoin_expiry,
        limits: parts.limits,
        endpoint,
        parentage: Arc::new(Parentage::new(parts.settings.clock_skew_max)),
        hubs,
        news: watch::Sender::default(),
    };
    let paying = pay_on(&parts, commands, hub_events, &publish, &stop);
    let reporting = reporter::run(&parts, publish.subscribe(), &stop);
    let keeping = textcoin::keep(&parts, publish.subscribe(), &stop);
    let searching = textcoin::search(&parts, publish.subscribe(), &stop);
    tokio::join!(paying, reporting, keeping, searching);
    parts.hubs.close();
}

async fn pay_on(
    fixed: &Fixed,
    mut commands: mpsc::UnboundedReceiver<Command>,
    mut hub_events: HubsEvents,
    publish: &watch::Sender<PayerStatus>,
    stop: &CancellationToken,
) {
    let endpoint = fixed.endpoint;
    let mut waiting = Waiting::default();
    while !stop.is_cancelled() {
        match pay(fixed, &mut commands, &mut hub_events, &mut waiting, publish, stop).await {
            Ok(Ending::Stopped) => return,
            Ok(Ending::BeginsAnew) => tracing::info!(%endpoint, "paying begins anew from the database"),
            Err(error @ StoreError::Superseded(_)) => {
                tracing::error!(%endpoint, %error, "paying is stopped for good");
                publish.send_modify(|status| {
                    status.superseded = true;
                    status.paused = Some(error.to_string());
                });
                return;
            }
            Err(error) => {
                tracing::error!(%endpoint, %error, "paying is interrupted, and goes on from the database");
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = sleep(AFTER_FAILURE) => {}
                }
            }
        }
    }
}

/// What stays the same over restarts of the engine.
pub(crate) struct Fixed {
    pub(crate) endpoint: Endpoint,
    pub(crate) lock: store::PayerLock,
    pub(crate) store: Arc<dyn store::Store>,
    pub(crate) hubs: Hubs,
    parentage: Arc<Parentage>,
    pub(crate) historian: Arc<Historian>,
    pub(crate) keyring: payout::Keyring,
    pub(crate) settings: payout::Settings,
    pub(crate) clock: Arc<dyn crate::clock::Clock>,
    accepted: Arc<tokio::sync::Notify>,
    /// How long textcoins of lost databases are there to be claimed.
    pub(crate) textcoin_expiry: Duration,
    pub(super) limits: Option<Arc<program::LimitRules>>,
    /// What hubs say on their own, for whoever works beside the payer.
    pub(crate) news: watch::Sender<News>,
}

/// What hubs have said on their own.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct News {
    /// How often something that is watched became stable.
    pub(crate) updates: u64,
    /// How often another connection began to be asked.
    pub(crate) connections: u64,
    /// The voted size above which units pay more.
    pub(crate) threshold: Option<ThresholdSize>,
    /// How the network charges units.
    pub(crate) law: Option<TpsLaw>,
}

/// Why an engine is no longer used.
enum Ending {
    /// The server stops.
    Stopped,
    /// It asks for another one from the store.
    BeginsAnew,
}

async fn pay(
    fixed: &Fixed,
    commands: &mut mpsc::UnboundedReceiver<Command>,
    hub_events: &mut HubsEvents,
    waiting: &mut Waiting,
    publish: &watch::Sender<PayerStatus>,
    stop: &CancellationToken,
) -> Result<Ending, StoreError> {
    let snapshot = fixed.store.snapshot(fixed.endpoint).await?;
    let (events, mut errands_done) = mpsc::unbounded_channel();
    let errands = Errands {
        hubs: fixed.hubs.clone(),
        parentage: Arc::clone(&fixed.parentage),
        historian: Arc::clone(&fixed.historian),
        events,
    };
    let engine = Engine::new(fixed.settings, fixed.keyring.clone(), snapshot);
    let mut payer = Worker {
        fixed,
        errands,
        engine,
        waiting,
        publish,
        threshold: DEFAULT_THRESHOLD,
        progress: Progress::default(),
        own: Arc::default(),
        alarms: HashMap::new(),
        last_alarm: publish.borrow().alarm.clone(),
        is_deriving: false,
        begins_anew: false,
    };
    // What was stopped before stays so.
    payer.obey().await?;
    let mut look = interval_at(Instant::now() + OBEY_EVERY, OBEY_EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut take_up = pin!(sleep(TAKE_UP_AFTER));
    let mut has_taken_up = false;
    if fixed.hubs.is_connected() {
        payer.handle(Event::Connected).await?;
    }
    loop {
        if payer.begins_anew {
            return Ok(Ending::BeginsAnew);
        }
        payer.publish();
        payer.watch_progress();
        payer.derive_textcoins();
        let pause = payer.pause();
        tokio::select! {
            biased;
            () = stop.cancelled() => return Ok(Ending::Stopped),
            _ = look.tick() => payer.obey().await?,
            () = &mut take_up, if !has_taken_up => {
                has_taken_up = true;
                payer.take_up().await?;
            }
            Some(event) = errands_done.recv() => {
                payer.is_deriving &= !matches!(event, Event::TextcoinsDerived(_));
                payer.handle(event).await?;
            }
            Some(event) = hub_events.recv() => payer.on_hubs(event).await?,
            Some(first) = commands.recv() => {
                let mut burst = vec![first];
                while burst.len() < BURST && let Ok(next) = commands.try_recv() {
                    burst.push(next);
                }
                payer.on_commands(burst).await?;
            }
            () = sleep(pause) => {
                payer.waiting.sweep();
                payer.handle(Event::Tick).await?;
            }
        }
    }
}

pub(super) struct Worker<'a> {
    pub(super) fixed: &'a Fixed,
    errands: Errands,
    pub(super) engine: Engine,
    waiting: &'a mut Waiting,
    publish: &'a watch::Sender<PayerStatus>,
    /// The voted size above which units pay more.
    pub(super) threshold: ThresholdSize,
    progress: Progress,
    own: Arc<[Address]>,
    /// When each kind of alarm was logged last.
    alarms: HashMap<std::mem::Discriminant<Alarm>, Instant>,
    last_alarm: Option<(String, Timestamp)>,
    /// Textcoins are being derived beside.
    is_deriving: bool,
    /// Another engine is to begin from the store.
    begins_anew: bool,
}

impl Worker<'_> {
    pub(super) async fn handle(&mut self, event: Event) -> Result<(), StoreError> {
        let heard = heard(&event);
        let before = match &event {
            Event::Paused(why) => Some(why.clone()),
            _ => self.engine.paused().cloned(),
        };
        let actions = self.engine.handle(self.fixed.clock.now(), event);
        // What changes nothing about the version is not among the changes.
        let heard = heard.filter(|(version, _)| !actions.iter().any(|action| answers(action, *version)));
        for action in actions {
            self.carry_out(action).await?;
        }
        if let Some((version, answer)) = heard {
            self.fixed.store.heard(&self.fixed.lock, version, &answer, self.fixed.clock.now()).await?;
        }
        self.keep_pause(before.as_ref()).await
    }

    async fn carry_out(&mut self, action: Action) -> Result<(), StoreError> {
        match action {
            Action::Persist(changes) => self.fixed.store.apply(&self.fixed.lock, changes).await?,
            Action::AskParents(question) => self.errands.ask_parents(question, self.threshold),
            Action::AskHistory(question) => self.errands.ask_history(question),
            Action::TakeStock(question) => self.errands.take_stock(question),
            Action::LookUpAgents { ask, addresses } => self.errands.look_up_agents(ask, addresses),
            Action::Post { version, json } => self.errands.post(version, json),
            Action::Accepted { payouts, unit } => {
                self.waiting.answer(&payouts, unit);
                self.fixed.accepted.notify_one();
            }
            Action::Parked { payouts } => self.waiting.send_to_store(&payouts),
            Action::BeginAnew => self.begins_anew = true,
            Action::Alarm(alarm) => self.alarm(&alarm),
        }
        Ok(())
    }

    async fn on_commands(&mut self, commands: Vec<Command>) -> Result<(), StoreError> {
        let mut queued = Vec::new();
        let mut watched = Vec::new();
        for command in commands {
            match command {
                Command::Accepted(payout, waiter) => {
                    self.waiting.add(payout.id, waiter);
                    queued.push(payout);
                }
                Command::Watch(payout, waiter) => watched.push((payout, waiter)),
            }
        }
        if !queued.is_empty() {
            self.handle(Event::Queued(queued)).await?;
        }
        for (payout, waiter) in watched {
            match self.engine.in_hand(payout) {
                Some(InHand::Accepted(unit)) => drop(waiter.send(unit)),
                Some(InHand::Waiting) => self.waiting.add(payout, waiter),
                // Not in hand: the waiter is dropped, which sends the asker to the store.
                None => {}
            }
        }
        Ok(())
    }

    /// Fills the stock of textcoins, some at a time, beside whatever else there is to do.
    fn derive_textcoins(&mut self) {
        if self.is_deriving {
            return;
        }
        let numbers = self.engine.textcoins_wanted(DERIVED_AT_ONCE);
        if !numbers.is_empty() {
            self.is_deriving = true;
            self.errands.derive_textcoins(self.fixed.keyring.textcoins().clone(), numbers);
        }
    }

    /// How long nothing has to be done if nothing happens.
    fn pause(&self) -> Duration {
        let now = self.fixed.clock.now();
        self.engine.wake_at(now).map_or(LONGEST_SLEEP, |at| at.since(now)).min(LONGEST_SLEEP)
    }

    fn publish(&mut self) {
        if self.engine.own_addresses().count() != self.own.len() {
            self.own = self.engine.own_addresses().collect();
        }
        let status = PayerStatus {
            connected: self.fixed.hubs.is_connected(),
            synced: self.engine.is_synced(),
            paused: self.engine.paused().map(ToString::to_string),
            superseded: false,
            queued: self.engine.queued(),
            open_slots: self.engine.open_slots().count(),
            own: Arc::clone(&self.own),
            home: Some(self.engine.home_address()),
            restoring: self.engine.is_restoring(),
            alarm: self.last_alarm.clone(),
        };
        self.publish.send_if_modified(|published| {
            let changed = *published != status;
            *published = status;
            changed
        });
    }

    /// A hub that proves nothing for long is left for another one.
    fn watch_progress(&mut self) {
        let hubs = &self.fixed.hubs;
        let oldest = self.engine.open_slots().next().map(|slot| slot.no);
        // Without a connection nothing can be proven; the time begins again.
        let oldest = oldest.filter(|_| hubs.is_connected());
        let hub = hubs.preferred_id();
        if let Some(what) = self.progress.note(oldest, hub, self.fixed.clock.now()) {
            hubs.report(hub, &what);
        }
    }

    fn alarm(&mut self, alarm: &Alarm) {
        self.last_alarm = Some((alarm.to_string(), self.fixed.clock.now()));
        let kind = std::mem::discriminant(alarm);
        // Not by the clock that the alarm may be about.
        if self.alarms.get(&kind).is_none_or(|last| last.elapsed() >= ALARM_EVERY) {
            self.alarms.insert(kind, Instant::now());
            tracing::error!(endpoint = %self.fixed.endpoint, "{alarm}");
        }
    }
}
