//! What the shell does for the engine, and what becomes of it.

use std::sync::Arc;

use obyte::compose::Parents;
use obyte::fee::ThresholdSize;
use payout::{Action, AskHistory, AskParents, Engine, Event, VersionId};

use super::{Item, Run};
use crate::world::mischief::Mischief;
use crate::world::{key, settings};

impl Run {
    pub(super) fn note(&mut self, action: &Action) {
        for byte in format!("{} {action:?}", self.now).bytes() {
            self.digest = (self.digest ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    pub(super) fn carry_out(&mut self, action: Action) {
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

    pub(super) fn look_up(&mut self, question: &AskParents, parents: Parents) {
        let looked_up_mci = question.look_up.and_then(|unit| self.books.chain.mci_of(&unit));
        let threshold = ThresholdSize::DEFAULT;
        self.tell(Event::Parents { ask: question.ask, parents, threshold, looked_up_mci });
    }

    pub(super) fn answer_history(&mut self, question: &AskHistory) {
        let mut units = self.books.chain.history(question);
        self.hub.distort(&mut self.random, &mut units, question);
        let event = Event::History { ask: question.ask, units };
        self.later(0, Item::Tell(event));
    }

    /// A unit reaches the hub; perhaps its answer reaches nobody.
    pub(super) fn arrive(&mut self, version: VersionId, json: &Arc<str>, life: (u64, u64)) {
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

    pub(super) fn mischief(&mut self) {
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

    pub(super) fn crash(&mut self) {
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
