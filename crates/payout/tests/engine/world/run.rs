//! A world driven by chance: everything goes wrong for a while, and then nothing does any more.
//!
//! The driver plays the shell around the engine, the hub, the operator and the customers. What is on its
//! way (a question, a unit, an answer) stands in an agenda, so that it can be late, lost or overtaken. It
//! dies between any two actions and begins again from the journal.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use obyte::answer::PostAnswer;
use obyte::compose::Parents;
use obyte::fee::ThresholdSize;
use payout::{Action, AskHistory, AskParents, Engine, Event, Payout, Timestamp, VersionId};

use super::books::Books;
use super::mischief::{Hub, Mischief};
use super::random::Random;
use super::{BEGINNING, key, payout, settings};

/// How long things go wrong, in milliseconds of the world.
const TROUBLE: u64 = 180_000;
/// How long it may take afterwards until every payout is final.
const RECOVERY: u64 = 20 * 60_000;
/// In how many steps that has to happen.
const STEPS_MAX: u64 = 20_000;

/// Something on its way.
#[derive(Debug)]
enum Item {
    /// The shell tells the engine, if the process that asked still lives.
    Tell(Event),
    /// An accepted purchase, told by who accepted it; outlives the engine.
    Purchase(Payout),
    /// The hub answered with parents, and now looks the unit up.
    LookUp(AskParents, Parents),
    History(AskHistory),
    /// A unit reaches the hub.
    Arrive(VersionId, Arc<str>),
    /// The shell connects again.
    Connect,
    /// Something happens that nobody ordered.
    Mischief,
}

pub(crate) struct Run {
    pub(crate) random: Random,
    pub(crate) books: Books,
    pub(crate) hub: Hub,
    engine: Engine,
    now: u64,
    /// The process and its connection to which an item belongs.
    life: (u64, u64),
    connected: bool,
    agenda: BTreeMap<(u64, u64), (Item, (u64, u64))>,
    serial: u64,
    steps: u64,
    /// A digest of all that the engine did.
    pub(crate) digest: u64,
}

impl Run {
    pub(crate) fn new(seed: u64) -> Self {
        let engine = Engine::new(settings(), key(), payout::Snapshot::default());
        let mut random = Random::new(seed);
        let hub = Hub::new(&mut random);
        let mut run = Self {
            random,
            books: Books::new(engine.address()),
            hub,
            engine,
            now: BEGINNING,
            life: (0, 0),
            connected: false,
            agenda: BTreeMap::new(),
            serial: 0,
            steps: 0,
            digest: 0xcbf2_9ce4_8422_2325,
        };
        run.books.chain.deposit(1_000_000_000, BEGINNING);
        run.later(0, Item::Connect);
        run.later(1, Item::Mischief);
        run.plan_purchases();
        run
    }

    /// The whole story of a seed; the digest of it.
    pub(crate) fn story(mut self) -> u64 {
        while self.step(BEGINNING + TROUBLE) {}
        self.calm_down();
        while !self.is_over() {
            assert!(self.step(BEGINNING + TROUBLE + RECOVERY), "not everybody is paid in time");
            assert!(self.steps < STEPS_MAX, "too many steps");
        }
        // What arrived meanwhile is seen when the engine looks the next time.
        let end = self.now + 2 * 60_000;
        while self.step(end) {}
        self.books.check_rest();
        self.digest
    }

    fn plan_purchases(&mut self) {
        let mut id = 0;
        for _ in 0..self.random.between(2, 10) {
            let at = self.random.between(0, TROUBLE * 3 / 4);
            for _ in 0..self.random.between(1, 3) {
                id += 1;
                let payout = payout(id, Timestamp::from_millis(BEGINNING + at));
                self.later(at, Item::Purchase(payout));
            }
        }
    }

    fn calm_down(&mut self) {
        self.agenda.retain(|_, (item, _)| !matches!(item, Item::Mischief));
        self.hub.become_honest(&mut self.books.chain, self.now);
        self.later(0, Item::Tell(Event::Resumed));
        if !self.connected {
            self.later(0, Item::Connect);
        }
    }

    fn is_over(&self) -> bool {
        let waits = self.agenda.values().any(|(item, _)| matches!(item, Item::Purchase(_)));
        !waits && self.books.journal.queue.is_empty() && self.books.journal.open_slots().next().is_none()
    }

    fn later(&mut self, delay: u64, item: Item) {
        self.serial += 1;
        self.agenda.insert((self.now + delay, self.serial), (item, self.life));
    }

    /// On to whatever comes next; false when that lies behind the end.
    fn step(&mut self, end: u64) -> bool {
        self.steps += 1;
        let woken = self.engine.wake_at(self.clock()).map(|at| at.as_millis().saturating_sub(self.hub.ahead));
        let woken = woken.unwrap_or(u64::MAX).max(self.now);
        let next = self.agenda.keys().next().map_or(u64::MAX, |(at, _)| *at);
        if woken.min(next) > end {
            self.now = end;
            return false;
        }
        self.now = woken.min(next);
        if self.books.chain.ripen(self.now) && self.connected {
            self.later(50, Item::Tell(Event::HaveUpdates));
        }
        match self.agenda.first_entry().filter(|entry| entry.key().0 <= woken) {
            Some(entry) => {
                let (item, life) = entry.remove();
                self.happen(item, life);
            }
            None => self.tell(Event::Tick),
        }
        true
    }

    /// The clock of the engine's machine.
    fn clock(&self) -> Timestamp {
        Timestamp::from_millis(self.now + self.hub.ahead)
    }

    fn happen(&mut self, item: Item, life: (u64, u64)) {
        match item {
            Item::Purchase(payout) => {
                if !self.books.journal.payouts.contains_key(&payout.id) {
                    self.books.journal.accept(payout);
                }
                self.tell(Event::Queued(vec![payout]));
            }
            Item::Connect if !self.connected => {
                self.connected = true;
                self.tell(Event::Connected);
            }
            Item::Connect => {}
            Item::Mischief => self.mischief(),
            Item::Arrive(version, json) => self.arrive(version, &json, life),
            // Nobody listens to the answers of a process that is dead, or of a connection that is closed;
            // late answers to a post may still come through.
            Item::Tell(event) if life == self.life || self.is_late_answer(&event, life) => self.tell(event),
            Item::LookUp(question, parents) if life == self.life => self.look_up(&question, parents),
            Item::History(question) if life == self.life => self.answer_history(&question),
            Item::Tell(_) | Item::LookUp(..) | Item::History(_) => {}
        }
    }

    fn is_late_answer(&self, event: &Event, life: (u64, u64)) -> bool {
        let answer = matches!(event, Event::PostAnswered { .. } | Event::PostUnanswered { .. });
        (answer && life.0 == self.life.0) || matches!(event, Event::Resumed)
    }

    fn tell(&mut self, event: Event) {
        match &event {
            Event::History { units, .. } => self.books.vouch_for_history(units),
            Event::PostAnswered { version, answer: PostAnswer::Accepted, .. } => {
                self.books.vouch_for_post(*version);
            }
            _ => {}
        }
        let now = self.clock();
        let mut actions: VecDeque<Action> = self.engine.handle(now, event).into();
        let wakes = self.engine.wake_at(now);
        assert!(wakes.is_none_or(|at| at > now), "the engine would be woken for nothing, again and again");
        while let Some(action) = actions.pop_front() {
            if self.hub.mischief && self.random.chance(8) {
                return self.crash();
            }
            self.note(&action);
            self.carry_out(action);
        }
    }

    fn note(&mut self, action: &Action) {
        for byte in format!("{} {action:?}", self.now).bytes() {
            self.digest = (self.digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn carry_out(&mut self, action: Action) {
        let delay = self.delay();
        match action {
            Action::Persist(changes) => self.books.commit(&changes),
            Action::Post { version, json } => {
                self.books.check_post(version, &json);
                self.later(delay, Item::Arrive(version, json));
            }
            Action::Accepted { payouts, unit } => self.books.check_told(&payouts, &unit),
            Action::AskParents(question) if self.is_lost() => {
                self.later(2_000, Item::Tell(Event::NoParents { ask: question.ask }));
            }
            Action::AskParents(question) => {
                let fee = self.hub.fee(&mut self.random);
                let parents = self.books.chain.parents(self.now, fee);
                self.later(delay, Item::LookUp(question, parents));
            }
            Action::AskHistory(question) if self.is_lost() => {
                self.later(2_000, Item::Tell(Event::NoHistory { ask: question.ask }));
            }
            Action::AskHistory(question) => self.later(delay, Item::History(question)),
            Action::Alarm(alarm) => {
                assert!(!alarm.to_string().is_empty());
                if self.engine.paused().is_some() {
                    // The operator looks, and lets it go on.
                    self.later(20_000, Item::Tell(Event::Resumed));
                }
            }
        }
    }

    fn is_lost(&mut self) -> bool {
        self.hub.mischief && self.random.chance(100)
    }

    fn delay(&mut self) -> u64 {
        if self.hub.mischief && self.random.chance(100) {
            self.random.between(100, 8_000)
        } else {
            self.random.between(5, 100)
        }
    }

    fn look_up(&mut self, question: &AskParents, parents: Parents) {
        let looked_up_mci = question.look_up.and_then(|unit| self.books.chain.mci_of(&unit));
        let threshold = ThresholdSize::DEFAULT;
        self.tell(Event::Parents { ask: question.ask, parents, threshold, looked_up_mci });
    }

    fn answer_history(&mut self, question: &AskHistory) {
        let mut units = self.books.chain.history(question);
        self.hub.distort(&mut self.random, &mut units, question);
        let event = Event::History { ask: question.ask, units };
        self.later(0, Item::Tell(event));
    }

    /// A unit reaches the hub; perhaps its answer reaches nobody.
    fn arrive(&mut self, version: VersionId, json: &Arc<str>, life: (u64, u64)) {
        let ripe_at = self.now + self.hub.ripening(&mut self.random);
        let answer = self.hub.post(&mut self.random, &mut self.books.chain, json, ripe_at);
        let delay = self.delay();
        let event = match answer {
            Some(answer) => Event::PostAnswered { version, answer, text: format!("{answer:?}") },
            None => Event::PostUnanswered { version },
        };
        self.serial += 1;
        self.agenda.insert((self.now + delay, self.serial), (Item::Tell(event), life));
    }

    fn mischief(&mut self) {
        match self.hub.next_mischief(&mut self.random, &mut self.books.chain, self.now) {
            Mischief::Crash => self.crash(),
            Mischief::Disconnect => self.disconnect(),
            Mischief::RepeatPurchases => {
                let known: Vec<_> = self.books.journal.queue.iter().map(|(_, id)| *id).collect();
                let again = known.iter().map(|id| self.books.journal.payouts[id]).collect();
                self.tell(Event::Queued(again));
            }
            Mischief::InTheHub => {}
        }
        let pause = self.random.between(200, 8_000);
        self.later(pause, Item::Mischief);
    }

    fn crash(&mut self) {
        self.engine = Engine::new(settings(), key(), self.books.journal.snapshot());
        self.life.0 += 1;
        self.connected = false;
        let pause = self.random.between(0, 3_000);
        self.later(pause, Item::Connect);
    }

    fn disconnect(&mut self) {
        if self.connected {
            self.connected = false;
            self.life.1 += 1;
            self.tell(Event::Disconnected);
            let pause = self.random.between(0, 20_000);
            self.later(pause, Item::Connect);
        }
    }
}
