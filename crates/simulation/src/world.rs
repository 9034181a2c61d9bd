//! A world driven by chance: everything goes wrong for a while, and then nothing does any more.
//!
//! The driver plays the shell around the engine, the hubs, the operator and the customers. What is on its
//! way (a question, a unit, an answer) stands in an agenda, so that it can be late, lost or overtaken. The
//! process dies between any two actions and begins again from the journal.

mod loss;
mod partners;
mod plan;
mod shell;
mod trouble;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use obyte::answer::PostAnswer;
use obyte::compose::Parents;
use obyte::{Address, Bytes};
use payout::{
    Action, Alarm, AskHistory, AskId, AskParents, AskStock, Engine, Event, PayoutId, Snapshot, Timestamp,
    VersionId,
};

use self::plan::{Plan, RECOVERY};
use crate::books::Books;
use crate::broken::{Broken, Promise, hold};
use crate::chain::HUBS;
use crate::counter::{Counter, Order, Terms};
use crate::hub::Hub;
use crate::journal::{Journal, State};
use crate::keys::{PARTNERS, keyring, own_addresses};
use crate::outcome::{Count, Outcome};
use crate::random::Random;
use crate::sabotage::{Defect, Saboteur};
use crate::story::Story;
use crate::tale::Tale;

/// When every world begins, in milliseconds since 1970.
pub const BEGINNING: u64 = 1_750_000_000_000;

/// After how long a request is answered in any case, in milliseconds.
const DUE: u64 = 4_000;

/// Something on its way.
#[derive(Debug)]
enum Item {
    /// The shell tells the engine, if the process that asked still lives.
    Tell(Event),
    /// A partner reports a purchase.
    Request(Order, Terms),
    /// The answer to who waits for this payout is due.
    Due(PayoutId),
    /// The operator books a part of the fund as a partner's deposit, and tries so many times more.
    BookDeposit(i64, Bytes, u32),
    /// The hub answered with parents, and now looks the unit up.
    LookUp(AskParents, Parents),
    History(AskHistory),
    /// The hub counts the payer's coins.
    Stock(AskStock),
    /// The hub looks up which of these are agents.
    Agents(AskId, Vec<Address>),
    /// A payee becomes an agent.
    DefineAgent(Address),
    /// A unit reaches a hub.
    Arrive(usize, VersionId, Arc<str>),
    /// The hubs tell each other what they have.
    Exchange,
    /// The shell connects again.
    Connect,
    /// Something happens that nobody ordered.
    Trouble,
    /// The operator makes a copy of the database.
    BackUp,
    /// The database is lost, and the operator goes on with the copy, or with the mnemonic alone.
    LoseDatabase,
    /// The operator looks at a payout that is held.
    Decide(PayoutId),
}

/// A world of one seed.
#[derive(Debug)]
pub(crate) struct World {
    plan: Plan,
    random: Random,
    books: Books,
    counter: Counter,
    hubs: [Hub; HUBS],
    saboteur: Saboteur,
    engine: Engine,
    now: u64,
    /// How far the engine's clock is ahead of the network's, in milliseconds.
    ahead: i64,
    is_calm: bool,
    /// The process and its connection to which an item belongs.
    life: (u64, u64),
    connected: bool,
    /// Which hub it is connected to.
    hub: usize,
    /// No hub can be reached before.
    offline_until: u64,
    /// The hubs do not hear of each other before.
    split_until: u64,
    /// Why paying is stopped, as the store keeps it.
    pause: Option<Alarm>,
    /// A copy of the database.
    backup: Option<(Journal, Counter)>,
    /// Who waits for an answer.
    waiting: BTreeSet<PayoutId>,
    agenda: BTreeMap<(u64, u64), (Item, (u64, u64))>,
    serial: u64,
    story: Story,
    count: Count,
}

/// Plays the story of a seed, with a healthy engine or with one that has a defect.
pub fn play(seed: u64, defect: Option<Defect>, keeps_story: bool) -> Outcome {
    let mut world = World::new(seed, defect, keeps_story);
    let broken = world.play().err();
    if let Some(broken) = &broken {
        world.story.tell(world.now - BEGINNING, format_args!("{broken}"));
    }
    let digest = world.story.digest();
    Outcome { seed, digest, broken, story: world.story.into_lines(), count: world.count }
}

impl World {
    fn new(seed: u64, defect: Option<Defect>, keeps_story: bool) -> Self {
        let mut random = Random::new(seed);
        let plan = Plan::new(&mut random);
        let saboteur = Saboteur::new(defect);
        let snapshot = Snapshot { deposits: PARTNERS, ..Snapshot::default() };
        let engine = Engine::new(saboteur.settings(plan.settings), keyring(), snapshot);
        let hubs = std::array::from_fn(|no| Hub::new(no, &mut random));
        let mut world = Self {
            plan,
            random,
            books: Books::new(own_addresses(), plan.settings.limits),
            counter: Counter::new(plan.reserves()),
            hubs,
            saboteur,
            engine,
            now: BEGINNING,
            ahead: 0,
            is_calm: false,
            life: (0, 0),
            connected: false,
            hub: 0,
            offline_until: 0,
            split_until: 0,
            pause: None,
            backup: None,
            waiting: BTreeSet::new(),
            agenda: BTreeMap::new(),
            serial: 0,
            story: Story::new(keeps_story),
            count: Count::default(),
        };
        world.books.journal.deposits = PARTNERS;
        world.plan_funds();
        world.later(0, Item::Connect);
        world.later(1, Item::Trouble);
        world.plan_purchases();
        world.plan_agents();
        world.plan_loss();
        world
    }

    /// Trouble, then none, and everybody is paid.
    fn play(&mut self) -> Result<(), Broken> {
        let trouble = self.live_through_trouble()?;
        self.calm_down()?;
        let end = trouble + RECOVERY;
        while !self.is_over() {
            hold!(InTime, self.step(end)?, "not everybody is paid in {} minutes", RECOVERY / 60_000);
            hold!(InTime, self.count.steps < 200_000, "too many steps");
        }
        self.count.recovery = self.now - trouble;
        // The same requests again, for ever; and what arrived meanwhile is seen in the next look.
        for (order, terms) in self.counter.orders() {
            self.request(order, terms)?;
        }
        let end = self.now + 2 * 60_000;
        while self.step(end)? {}
        self.books.check_rest()?;
        self.take_stock();
        let bound = 200 + 20 * self.count.orders + 100 * self.count.losses;
        hold!(InTime, self.count.requests <= bound, "{} requests to hubs", self.count.requests);
        self.counter.check_rest(self.books.chain.purse().iter().map(|coin| coin.amount.get()).sum())
    }

    fn take_stock(&mut self) {
        self.count.orders = self.counter.orders().len() as u64;
        self.count.parked = self.books.journal.parked.len() as u64;
        self.count.rejected = self.books.journal.rejected.len() as u64;
        for (slot, state) in self.books.journal.slots.values() {
            self.count.units += slot.versions.len() as u64;
            self.count.pulls += u64::from(slot.is_pull());
            self.count.deaths += u64::from(*state == State::Dead);
            let newest = State::Settled(slot.head().id.version);
            self.count.upsets += u64::from(*state != State::Dead && *state != newest);
        }
    }

    fn live_through_trouble(&mut self) -> Result<u64, Broken> {
        let mut end = BEGINNING + self.plan.trouble;
        if let Some((from, length)) = self.plan.outage {
            while self.step(BEGINNING + from)? {}
            self.begin_outage(length)?;
            end += length;
        }
        while self.step(end)? {}
        Ok(end)
    }

    fn is_over(&self) -> bool {
        let mut items = self.agenda.values();
        let someone_comes = items.any(|(item, _)| matches!(item, Item::Request(..)));
        let journal = &self.books.journal;
        !someone_comes
            && journal.held.is_empty()
            && !journal.is_restoring()
            && journal.queue.is_empty()
            && journal.open_slots().next().is_none()
    }

    fn later(&mut self, delay: u64, item: Item) {
        let life = self.life;
        self.later_for(life, delay, item);
    }

    fn later_for(&mut self, life: (u64, u64), delay: u64, item: Item) {
        self.serial += 1;
        self.agenda.insert((self.now + delay, self.serial), (item, life));
    }

    fn tell_story(&mut self, line: std::fmt::Arguments<'_>) {
        self.story.tell(self.now - BEGINNING, line);
    }

    /// On to whatever comes next; false when that lies behind the end.
    fn step(&mut self, end: u64) -> Result<bool, Broken> {
        self.count.steps += 1;
        let woken = self.engine.wake_at(self.clock()).map(|at| self.world_time(at));
        let woken = woken.unwrap_or(u64::MAX).max(self.now);
        let next = self.agenda.keys().next().map_or(u64::MAX, |(at, _)| *at);
        if woken.min(next) > end {
            self.now = end;
            return Ok(false);
        }
        self.now = woken.min(next);
        self.ripen()?;
        match self.agenda.first_entry().filter(|entry| entry.key().0 <= woken) {
            Some(entry) => {
                let (item, life) = entry.remove();
                self.happen(item, life)?;
            }
            None => self.tell(Event::Tick)?,
        }
        Ok(true)
    }

    fn ripen(&mut self) -> Result<(), Broken> {
        let stable = self.books.ripen(self.now)?;
        for unit in &stable {
            let fate = self.books.chain.fate(unit);
            self.tell_story(format_args!("    {} is stable: {fate:?}", crate::tale::Short(unit)));
        }
        if !stable.is_empty() && self.connected {
            self.later(50, Item::Tell(Event::HaveUpdates));
        }
        Ok(())
    }

    /// The clock of the engine's machine.
    fn clock(&self) -> Timestamp {
        Timestamp::from_millis(self.now.saturating_add_signed(self.ahead))
    }

    fn world_time(&self, at: Timestamp) -> u64 {
        at.as_millis().saturating_add_signed(-self.ahead)
    }

    fn happen(&mut self, item: Item, life: (u64, u64)) -> Result<(), Broken> {
        match item {
            Item::Request(order, terms) => self.request(order, terms),
            Item::Due(payout) => {
                self.waiting.remove(&payout);
                Ok(())
            }
            Item::BookDeposit(partner, amount, tries) => {
                let is_booked = self.counter.book_deposit(partner, amount);
                if !is_booked && tries > 0 {
                    self.later(5_000, Item::BookDeposit(partner, amount, tries - 1));
                }
                Ok(())
            }
            Item::Connect => self.connect(),
            Item::Exchange => {
                self.exchange();
                Ok(())
            }
            Item::Trouble => self.trouble(),
            Item::BackUp => {
                self.tell_story(format_args!("the database is copied"));
                self.backup = Some((self.books.journal.clone(), self.counter.clone()));
                Ok(())
            }
            Item::LoseDatabase => self.lose_database(),
            Item::Decide(payout) => self.decide(payout),
            Item::Arrive(hub, version, json) => {
                self.arrive(hub, version, &json, life);
                Ok(())
            }
            // Nobody listens to the answers of a process that is dead, or of a connection that is closed;
            // late answers to a post may still come through.
            Item::Tell(event) if life == self.life || self.is_late_answer(&event, life) => self.tell(event),
            Item::LookUp(question, parents) if life == self.life => self.look_up(&question, parents),
            Item::History(question) if life == self.life => {
                self.answer_history(&question);
                Ok(())
            }
            Item::Stock(question) if life == self.life => {
                self.answer_stock(&question);
                Ok(())
            }
            Item::Agents(ask, addresses) if life == self.life => self.answer_agents(ask, addresses),
            Item::DefineAgent(address) => {
                self.tell_story(format_args!("    {address} becomes an agent"));
                self.books.chain.define_agent(address);
                Ok(())
            }
            Item::Tell(_) | Item::LookUp(..) | Item::History(_) | Item::Stock(_) | Item::Agents(..) => Ok(()),
        }
    }

    fn is_late_answer(&self, event: &Event, life: (u64, u64)) -> bool {
        let answer = matches!(event, Event::PostAnswered { .. } | Event::PostUnanswered { .. });
        (answer && life.0 == self.life.0) || matches!(event, Event::Resumed)
    }

    /// The engine is told something, and does what it does.
    fn tell(&mut self, event: Event) -> Result<(), Broken> {
        match &event {
            Event::Paused(why) => drop(self.pause.get_or_insert_with(|| why.clone())),
            Event::Resumed => self.pause = None,
            Event::History { units, .. } => self.books.vouch_for_history(units),
            Event::Stock { stock, .. } => self.books.vouch_for_history(&stock.units),
            Event::PostAnswered { version, answer: PostAnswer::Accepted, .. } => {
                self.books.vouch_for_post(*version);
            }
            _ => {}
        }
        self.story.tell(self.now - BEGINNING, format_args!("{}", Tale(&event)));
        let now = self.clock();
        let event = self.saboteur.event(event, &self.engine);
        let told = self.saboteur.is_at_work().then(|| event.clone());
        let engine = &mut self.engine;
        let handled = catch_unwind(AssertUnwindSafe(|| (engine.handle(now, event), engine.wake_at(now))));
        let Ok((actions, wakes)) = handled else {
            return Err(Broken::new(Promise::Sound, "the engine panicked"));
        };
        let (actions, dies) = self.saboteur.actions(told.as_ref(), actions, now);
        let ahead = wakes.is_none_or(|at| at > now);
        hold!(Sound, ahead, "the engine would be woken for nothing, again and again");
        let mut actions: VecDeque<Action> = actions.into();
        while let Some(action) = actions.pop_front() {
            if !self.is_calm && self.random.chance(8) {
                return self.crash();
            }
            self.story.tell(self.now - BEGINNING, format_args!("{}", Tale(&action)));
            self.carry_out(action)?;
        }
        if dies { self.crash() } else { Ok(()) }
    }
}
