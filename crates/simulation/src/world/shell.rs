//! What the shell does for the engine, and what becomes of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use obyte::compose::Parents;
use obyte::fee::ThresholdSize;
use obyte::{Address, Bytes};
use payout::{Action, AskHistory, AskId, AskParents, AskStock, Claims, Engine, Event, VersionId};

use super::{Item, World};
use crate::broken::{Broken, hold};
use crate::keys::keyring;

impl World {
    pub(super) fn carry_out(&mut self, action: Action) -> Result<(), Broken> {
        let delay = self.delay();
        match action {
            Action::Persist(changes) => {
                let journal = &self.books.journal;
                self.saboteur.before_commit(|| journal.snapshot());
                self.books.commit(&changes)?;
                self.counter.commit(&changes, &self.books.journal)?;
            }
            Action::Post { version, json } => {
                self.books.check_post(version, &json)?;
                self.count_request();
                self.later(delay, Item::Arrive(self.hub, version, json));
            }
            Action::Accepted { payouts, unit } => {
                self.books.check_told(&payouts, &unit)?;
                for payout in payouts {
                    if self.waiting.remove(&payout) {
                        self.answer(payout)?;
                    }
                }
            }
            Action::AskParents(question) => self.ask_parents(question, delay),
            Action::Parked { payouts } => {
                for payout in payouts {
                    let is_kept = self.books.journal.parked.contains(&payout);
                    hold!(SameAnswer, is_kept, "payout {payout} is called parked, and is not");
                    self.waiting.remove(&payout);
                }
            }
            Action::BeginAnew => self.begin_anew()?,
            Action::LookUpAgents { ask, .. } if self.is_lost() => {
                self.count_request();
                self.later(2_000, Item::Tell(Event::NoParents { ask }));
            }
            Action::LookUpAgents { ask, addresses } => {
                self.count_request();
                self.later(delay, Item::Agents(ask, addresses));
            }
            Action::AskHistory(question) if self.is_lost() => {
                self.count_request();
                self.later(2_000, Item::Tell(Event::NoHistory { ask: question.ask }));
            }
            Action::AskHistory(question) => {
                self.count_request();
                self.later(delay, Item::History(question));
            }
            Action::TakeStock(question) if self.is_lost() => {
                self.count_request();
                self.later(2_000, Item::Tell(Event::NoStock { ask: question.ask }));
            }
            Action::TakeStock(question) => {
                self.count_request();
                self.later(delay, Item::Stock(question));
            }
            Action::Alarm(_) => {
                if let Some(why) = self.engine.paused().cloned() {
                    self.pause.get_or_insert(why);
                    // The operator looks, and lets it go on.
                    self.later(20_000, Item::Tell(Event::Resumed));
                }
            }
        }
        Ok(())
    }

    fn count_request(&mut self) {
        self.count.requests += u64::from(self.is_calm);
    }

    fn ask_parents(&mut self, question: AskParents, delay: u64) {
        self.count_request();
        if self.is_lost() {
            return self.later(2_000, Item::Tell(Event::NoParents { ask: question.ask }));
        }
        let hub = &self.hubs[self.hub];
        let fee = hub.fee(&mut self.random);
        let parents = self.books.chain.parents(hub.eye(), self.now, fee);
        self.later(delay, Item::LookUp(question, parents));
    }

    fn is_lost(&mut self) -> bool {
        !self.is_calm && self.random.chance(100)
    }

    fn delay(&mut self) -> u64 {
        if !self.is_calm && self.random.chance(100) {
            self.random.between(100, 8_000)
        } else {
            self.random.between(5, 100)
        }
    }

    pub(super) fn look_up(&mut self, question: &AskParents, parents: Parents) -> Result<(), Broken> {
        let eye = self.hubs[self.hub].eye();
        let looked_up = self.books.chain.mcis_of(eye, &question.look_up);
        let threshold = ThresholdSize::DEFAULT;
        let is_agent = |address: &&Address| self.books.chain.is_agent(address);
        let agents = question.to.iter().filter(is_agent).count() as u64;
        // Some hubs cannot count.
        let is_wrong = !self.is_calm && self.random.chance(100);
        let agents = if is_wrong { self.random.between(0, 2) } else { agents };
        let claims = (!question.fresh.is_empty()).then(|| self.claims(&question.fresh));
        self.tell(Event::Parents { ask: question.ask, parents, threshold, looked_up, agents, claims })
    }

    /// Now and then a hub shows a history that is none, so that a number is skipped.
    fn claims(&mut self, fresh: &[Address]) -> Claims {
        let has_history = |address: &&Address| self.books.chain.knows(address);
        let mut used: BTreeSet<Address> = fresh.iter().filter(has_history).copied().collect();
        if !self.is_calm && self.random.chance(100) {
            used.extend(fresh.first());
        }
        let tps_fee = self.hubs[self.hub].fee(&mut self.random);
        Claims { used, tps_fee: Bytes::new(tps_fee).unwrap_or(Bytes::MAX) }
    }

    pub(super) fn answer_agents(&mut self, ask: AskId, addresses: Vec<Address>) -> Result<(), Broken> {
        // A definition cannot be made up, but it can be withheld.
        let hides = !self.is_calm && self.random.chance(200);
        let is_agent = |address: &Address| !hides && self.books.chain.is_agent(address);
        let agents = addresses.into_iter().filter(is_agent).collect();
        self.tell(Event::Agents { ask, agents })
    }

    pub(super) fn answer_history(&mut self, question: &AskHistory) {
        let hub = &self.hubs[self.hub];
        let mut units = self.books.chain.history(hub.eye(), question);
        hub.distort(&mut self.random, &mut units, question);
        // Sometimes, says the hub, there is too much to tell.
        let is_large = !self.is_calm && self.random.chance(20);
        let event = if is_large {
            Event::HistoryTooLarge { ask: question.ask }
        } else {
            Event::History { ask: question.ask, units }
        };
        // On its way it may be overtaken.
        let delay = if self.random.chance(500) { 0 } else { self.delay() };
        self.later(delay, Item::Tell(event));
    }

    pub(super) fn answer_stock(&mut self, question: &AskStock) {
        let hub = &self.hubs[self.hub];
        let mut stock = self.books.chain.stock(hub.eye(), question);
        hub.miscount(&mut self.random, &mut stock);
        let delay = self.delay();
        self.later(delay, Item::Tell(Event::Stock { ask: question.ask, stock }));
    }

    /// A unit reaches a hub; perhaps its answer reaches nobody, or comes twice.
    pub(super) fn arrive(&mut self, hub: usize, version: VersionId, json: &Arc<str>, life: (u64, u64)) {
        let posted = self.hubs[hub].post(&mut self.random, &mut self.books.chain, json, self.now);
        self.tell_story(format_args!(
            "    {version} arrives at hub {hub}: {:?} {}",
            posted.answer, posted.truth
        ));
        let event = match posted.answer {
            Some(answer) => Event::PostAnswered { version, answer, text: format!("{answer:?}") },
            None => Event::PostUnanswered { version },
        };
        if !self.is_calm && self.random.chance(20) {
            let delay = self.delay();
            self.later_for(life, delay, Item::Tell(event.clone()));
        }
        let delay = self.delay();
        self.later_for(life, delay, Item::Tell(event));
        let gossip = self.random.between(50, 3_000);
        self.later(gossip, Item::Exchange);
    }

    pub(super) fn connect(&mut self) -> Result<(), Broken> {
        if self.connected {
            return Ok(());
        }
        if self.now < self.offline_until {
            let wait = self.offline_until - self.now;
            self.later(wait, Item::Connect);
            return Ok(());
        }
        self.connected = true;
        self.tell(Event::Connected)
    }

    /// The process dies and begins again from the store.
    pub(super) fn crash(&mut self) -> Result<(), Broken> {
        self.tell_story(format_args!("the process dies and starts again"));
        self.count.starts += 1;
        self.make_engine();
        self.connected = false;
        self.waiting.clear();
        let pause = self.random.between(0, 3_000);
        self.later(pause, Item::Connect);
        self.remind_of_pause()
    }

    /// The same process begins again from the store.
    fn begin_anew(&mut self) -> Result<(), Broken> {
        self.make_engine();
        self.remind_of_pause()?;
        self.tell(Event::Connected)
    }

    fn make_engine(&mut self) {
        let journal = &self.books.journal;
        let paid = || journal.paid.keys().filter_map(|id| journal.payouts.get(id)).copied().collect();
        let snapshot = self.saboteur.snapshot(journal.snapshot(), paid);
        self.engine = Engine::new(self.saboteur.settings(self.plan.settings), keyring(), snapshot);
        self.life.0 += 1;
        let held: Vec<_> = self.books.journal.held.iter().copied().collect();
        self.hold(&held);
    }

    /// What was stopped before stays so.
    fn remind_of_pause(&mut self) -> Result<(), Broken> {
        match self.pause.clone() {
            Some(why) => self.tell(Event::Paused(why)),
            None => Ok(()),
        }
    }

    pub(super) fn disconnect(&mut self) -> Result<(), Broken> {
        if !self.connected {
            return Ok(());
        }
        self.connected = false;
        self.life.1 += 1;
        self.tell(Event::Disconnected)?;
        let pause = self.random.between(0, 20_000);
        self.later(pause, Item::Connect);
        Ok(())
    }
}
