//! The database is lost: the operator goes on with an older copy, or with the mnemonic alone.

use payout::{Change, Event, PayoutId, RestoreCause};

use super::{Item, World};
use crate::broken::Broken;
use crate::counter::Counter;
use crate::journal::Journal;
use crate::keys::PARTNERS;

/// How long the operator takes to look at a payout that is held, in milliseconds.
const DECIDES_IN: u64 = 30_000;

impl World {
    /// In some worlds the database is lost.
    pub(super) fn plan_loss(&mut self) {
        if !self.plan.loses_database {
            return;
        }
        let at = self.random.between(self.plan.trouble / 8, self.plan.trouble);
        if self.random.chance(800) {
            let copied = self.random.between(0, at);
            self.later(copied, Item::BackUp);
        }
        self.later(at, Item::LoseDatabase);
    }

    pub(super) fn lose_database(&mut self) -> Result<(), Broken> {
        let reserves = self.plan.reserves();
        let none = || (Journal::default(), Counter::new(reserves));
        let (mut journal, mut counter) = self.backup.take().unwrap_or_else(none);
        self.tell_story(format_args!("the database is lost, a copy has {} slots", journal.slots.len()));
        self.count.losses += 1;
        if journal.slots.is_empty() {
            // Nothing is left that later units must build on. So the operator says that the wallet was used, and
            // the wallet has to believe what it is told.
            let begun = [Change::RestoreBegun { cause: RestoreCause::Declared, at: self.clock() }];
            journal.apply(&begun[0])?;
            counter.commit(&begun, &journal)?;
            self.hubs.iter_mut().for_each(|hub| hub.is_frank = true);
        }
        // The operator adds the same partners again.
        journal.deposits = PARTNERS;
        self.books.lose_journal(journal);
        self.counter = counter;
        self.crash()
    }

    pub(super) fn hold(&mut self, payouts: &[PayoutId]) {
        for payout in payouts {
            self.waiting.remove(payout);
            self.later(DECIDES_IN, Item::Decide(*payout));
        }
    }

    /// The operator looks whether the network has a unit that paid it.
    pub(super) fn decide(&mut self, id: PayoutId) -> Result<(), Broken> {
        let journal = &self.books.journal;
        let Some(payout) = journal.payouts.get(&id).filter(|_| journal.held.contains(&id)).copied() else {
            return Ok(());
        };
        let paid_by = self.books.auditor.paid_before(&payout, &self.books.chain);
        let was_paid = paid_by.is_some();
        self.tell_story(format_args!("the operator looks at payout {id}: was it paid? {was_paid}"));
        self.books.journal.decide(id, paid_by);
        if was_paid {
            return self.counter.note_paid_elsewhere(id);
        }
        self.tell(Event::Queued(vec![payout]))
    }
}
