//! What partners report, and what they are answered.

use payout::{Event, PayoutId};

use super::{DUE, Item, World};
use crate::broken::Broken;
use crate::counter::{Order, Ruling, Terms};

impl World {
    /// A partner reports a purchase; the store decides, and perhaps the process dies right then.
    pub(super) fn request(&mut self, order: Order, terms: Terms) -> Result<(), Broken> {
        let at = self.clock();
        let ruling = self.counter.accept(order, terms, at, &mut self.books.journal)?;
        self.tell_story(format_args!("order {}/{}: {ruling:?}", order.partner, order.id));
        match ruling {
            Ruling::Accepted(payout) => {
                if !self.is_calm && self.random.chance(20) {
                    return self.crash();
                }
                self.wait_for(payout.id);
                self.tell(Event::Queued(vec![payout]))
            }
            Ruling::Replay(payout) => {
                let journal = &self.books.journal;
                let is_stopped = [&journal.parked, &journal.held, &journal.rejected]
                    .into_iter()
                    .any(|stopped| stopped.contains(&payout));
                if !self.answer(payout)? && !is_stopped {
                    self.wait_for(payout);
                }
                Ok(())
            }
            Ruling::Refused => {
                self.count.refused += 1;
                Ok(())
            }
            Ruling::Held(payout) => {
                self.hold(&[payout]);
                Ok(())
            }
            Ruling::OtherTerms => Ok(()),
        }
    }

    fn wait_for(&mut self, payout: PayoutId) {
        self.waiting.insert(payout);
        self.later(DUE, Item::Due(payout));
    }

    /// Answers from the store; tells whether there is an answer.
    pub(super) fn answer(&mut self, payout: PayoutId) -> Result<bool, Broken> {
        let (auditor, chain) = (&self.books.auditor, &self.books.chain);
        let is_dead = |unit: &obyte::UnitHash| auditor.is_dead(unit, chain);
        let answered = self.counter.answer(payout, &self.books.journal, is_dead)?;
        let Some(answered) = answered else { return Ok(false) };
        self.count.replaced += u64::from(answered.replaced);
        self.books.check_told(&[payout], &answered.unit)?;
        Ok(true)
    }
}
