//! What happens that nobody ordered, and how it ends.

use payout::{Alarm, Event, FeeLimits};

use super::{Item, World};
use crate::broken::Broken;
use crate::chain::HUBS;
use crate::keys::LINE;

/// How far the clock of a machine may be wrong, in milliseconds.
const CLOCKS: [i64; 8] = [0, 0, 0, 60_000, -60_000, 110_000, 3_600_000, -3_600_000];

impl World {
    pub(super) fn trouble(&mut self) -> Result<(), Broken> {
        let which = usize::from(self.random.chance(500));
        match self.random.between(1, 19) {
            1 | 2 => self.crash()?,
            3 | 4 => {
                self.disconnect()?;
                self.hub = which;
            }
            5 => self.repeat()?,
            6 | 7 => {
                self.hubs[which].lose(&mut self.random, &mut self.books.chain);
                self.tell_story(format_args!("    hub {which} loses its memory"));
            }
            8 => self.hubs[which].fees_are_high ^= true,
            9 => {
                let ahead = *self.random.pick(&CLOCKS).expect("there are some");
                self.ahead = ahead;
                self.tell_story(format_args!("the clock is {ahead} ms ahead now"));
            }
            10 => self.somebody_sends(),
            11 => {
                let hub = &mut self.hubs[which];
                hub.frozen_at = if hub.frozen_at.is_some() { None } else { Some(self.now) };
            }
            19 => self.operate()?,
            12 => self.split_until = self.now + self.random.between(1_000, 60_000),
            _ => self.let_out(which),
        }
        let pause = self.random.between(200, 8_000);
        self.later(pause, Item::Trouble);
        Ok(())
    }

    /// The operator stops paying for a while, or has units posted again.
    fn operate(&mut self) -> Result<(), Broken> {
        if self.random.chance(500) {
            return self.tell(Event::Repost(None));
        }
        let pause = self.random.between(1_000, 20_000);
        self.later(pause, Item::Tell(Event::Resumed));
        self.tell(Event::Paused(Alarm::Operator("to look at something".to_owned())))
    }

    /// Whoever accepted purchases tells of them again.
    fn repeat(&mut self) -> Result<(), Broken> {
        let journal = &self.books.journal;
        let again: Vec<_> =
            journal.queue.iter().filter_map(|(_, id)| journal.payouts.get(id)).copied().collect();
        self.tell(Event::Queued(again))
    }

    /// A coin for the fund, or dust.
    fn somebody_sends(&mut self) {
        let amount = if self.random.chance(300) {
            self.random.between(1, 200)
        } else {
            self.random.between(1_000, 200_000)
        };
        let ripe_at = self.now + self.random.between(100, 5_000);
        // Most know the published address only; some send something back to where it came from.
        let place = match self.random.between(1, 10) {
            1 | 2 => self.random.between(1, 2),
            // A deposit.
            3 | 4 => u64::from(LINE) + self.random.between(0, 1),
            _ => 0,
        };
        self.books.chain.deposit_at(usize::try_from(place).expect("small"), amount, ripe_at);
    }

    fn let_out(&mut self, which: usize) {
        let count = self.hubs[which].let_out(&mut self.random, &mut self.books.chain, self.now);
        if count > 0 {
            self.tell_story(format_args!("    hub {which} lets {count} units out"));
            self.later(1_000, Item::Exchange);
        }
    }

    /// The hubs tell each other of the payer's units, unless they do not hear of each other.
    pub(super) fn exchange(&mut self) {
        if self.now < self.split_until {
            let wait = self.split_until - self.now;
            return self.later(wait, Item::Exchange);
        }
        for unit in self.books.chain.unstable_own() {
            for hub in 0..HUBS {
                self.books.chain.show(hub, &unit, self.now);
            }
        }
    }

    /// For weeks no hub can be reached; at its end they let out what they kept.
    pub(super) fn begin_outage(&mut self, length: u64) -> Result<(), Broken> {
        self.tell_story(format_args!("no hub can be reached for {} hours", length / 3_600_000));
        self.disconnect()?;
        self.offline_until = self.now + length;
        self.agenda.retain(|_, (item, _)| !matches!(item, Item::Trouble | Item::Exchange));
        for which in 0..HUBS {
            if self.random.chance(500) {
                self.let_out(which);
            }
        }
        self.later(length + 1, Item::Trouble);
        Ok(())
    }

    /// From here on nothing goes wrong any more.
    pub(super) fn calm_down(&mut self) -> Result<(), Broken> {
        self.tell_story(format_args!("from here on nothing goes wrong"));
        self.is_calm = true;
        self.ahead = 0;
        self.split_until = 0;
        self.offline_until = 0;
        self.agenda.retain(|_, (item, _)| !matches!(item, Item::Trouble));
        if self.plan.tops_up {
            self.books.chain.deposit(100_000_000, self.now);
        }
        for hub in &mut self.hubs {
            hub.become_honest(&mut self.books.chain, self.now);
        }
        self.exchange();
        // The operator lets the day's fees be what they are.
        self.plan.settings.limits = FeeLimits::default();
        self.books.auditor.set_limits(self.plan.settings.limits);
        self.crash()?;
        self.later(0, Item::Tell(Event::Resumed));
        Ok(())
    }
}
