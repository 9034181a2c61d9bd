//! A world driven by chance: everything goes wrong for a while, and then nothing does any more.
//!
//! The driver plays the shell around the engine, the hub, the operator and the customers. What is on its
//! way (a question, a unit, an answer) stands in an agenda, so that it can be late, lost or overtaken. It
//! dies between any two actions and begins again from the journal.

mod shell;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use obyte::answer::PostAnswer;
use obyte::compose::Parents;
use payout::{Action, AskHistory, AskParents, Engine, Event, Payout, Timestamp, VersionId};

use super::books::Books;
use super::mischief::Hub;
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
        run.plan_funds();
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

    /// One large coin, or many that are hardly enough.
    fn plan_funds(&mut self) {
        if self.random.chance(500) {
            self.books.chain.deposit(1_000_000_000, BEGINNING);
            return;
        }
        for _ in 0..self.random.between(1, 12) {
            let ripe_at = BEGINNING + self.random.between(0, TROUBLE / 4);
            self.books.chain.deposit(self.random.between(5_000, 120_000), ripe_at);
        }
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
        self.books.chain.deposit(100_000_000, self.now);
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
}
