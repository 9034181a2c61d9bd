//! Taking stock: the payer's coins are counted now and then, and found without a history.
//!
//! Two things hide coins from histories. Whoever sends more than 2,000 units to an address makes its history
//! too large to be told (6.4). And from which main chain index on a history is asked for rests on indexes
//! that no proof covers: after a lie about one, later coins lie before the beginning of every history. So at
//! each connection, once in an hour, and whenever a history is too large, the coins themselves are asked for.
//! Nothing is credited without a proof here either.

use super::{Engine, Outbox};
use crate::{Action, Alarm, AskId, AskStock, Flooded, SeenUnit, Standing, Stock, Timestamp};

/// Where taking stock stands.
#[derive(Debug, Default)]
pub(super) struct Stocktaking {
    /// The question on its way.
    asked: Option<AskId>,
    /// When it is time again, if no history is too large before.
    due: Timestamp,
    /// A history was too large: there is none to go by before stock is taken.
    replaces_history: bool,
    /// What the operator was told of.
    flooded: Vec<Flooded>,
}

impl Stocktaking {
    /// Whether it makes no sense to ask for a history now.
    pub(super) const fn replaces_history(&self) -> bool {
        self.replaces_history
    }

    /// No answer will come, and whoever is asked next may tell the history, and other coins than the one before.
    pub(super) fn forget_question(&mut self) {
        self.asked = None;
        self.replaces_history = false;
        self.due = Timestamp::default();
    }

    /// No stock could be taken, if this was the question; not before that time again.
    pub(super) fn failed(&mut self, ask: AskId, not_before: Timestamp) {
        if self.asked.take_if(|asked| *asked == ask).is_some() {
            self.due = not_before;
        }
    }

    /// The clock was set back to this time.
    pub(super) fn not_after(&mut self, now: Timestamp) {
        self.due = self.due.min(now);
    }
}

impl Engine {
    pub(super) fn stock_due(&self) -> Option<Timestamp> {
        let is_time = self.restoring.is_none() && self.follow.is_synced();
        let is_wanted = self.stocktaking.replaces_history || is_time;
        (is_wanted && self.stocktaking.asked.is_none()).then_some(self.stocktaking.due)
    }

    pub(super) fn ask_stock(&mut self, now: Timestamp, out: &mut Outbox) {
        if self.stock_due().is_none_or(|due| due > now) {
            return;
        }
        let ask = self.new_ask();
        self.stocktaking.asked = Some(ask);
        let anchor = self.anchor.filter(|_| self.slots.is_empty());
        out.push(Action::TakeStock(AskStock {
            ask,
            addresses: self.looked_at().unwrap_or_else(|| self.watched()),
            units: self.open_units(),
            known: self.refills.values().copied().chain(anchor).collect(),
            also: self.keyring.derived().collect(),
        }));
    }

    pub(super) fn on_history_too_large(&mut self, ask: AskId) {
        if self.follow.take(ask) && !self.look_at_less() {
            self.stocktaking.replaces_history = true;
            self.stocktaking.due = Timestamp::default();
        }
    }

    pub(super) fn on_no_stock(&mut self, now: Timestamp, ask: AskId) {
        let replaces = self.stocktaking.replaces_history;
        let pause = if replaces { self.settings.retry_after } else { self.settings.look_every };
        self.stocktaking.failed(ask, now.plus(pause));
    }

    pub(super) fn on_stock(&mut self, now: Timestamp, ask: AskId, stock: &Stock, out: &mut Outbox) {
        if self.stocktaking.asked.take_if(|asked| *asked == ask).is_none() {
            return;
        }
        self.stocktaking.due = now.plus(self.settings.stock_every);
        let replaces_history = std::mem::take(&mut self.stocktaking.replaces_history);
        if self.restoring.is_some() {
            self.on_look(now, &stock.units, out);
            return self.tell_of_floods(&stock.flooded, out);
        }
        let is_start = !self.follow.is_synced();
        if replaces_history {
            self.follow.saw_all_there_is(now.plus(self.settings.follow_every));
        }
        if self.see(now, &stock.units, is_start, out) {
            let up_to = reach(stock.main_chain_index, &stock.units);
            // Small coins and others' units are in histories only, so one that can be told is told.
            if replaces_history || up_to < self.follow.synced_mci() {
                self.follow.sync(up_to, out);
            }
        }
        // What a history tells is not ignored, however many coins there are.
        if replaces_history {
            self.tell_of_floods(&stock.flooded, out);
        }
    }

    /// Once for each address, and again where much larger coins are not seen any more.
    fn tell_of_floods(&mut self, flooded: &[Flooded], out: &mut Outbox) {
        let told = &mut self.stocktaking.flooded;
        for &new in flooded {
            let before = told.iter().position(|before| before.address == new.address);
            match before {
                Some(index) if new.below.get() / 10 <= told[index].below.get() => continue,
                Some(index) => told[index] = new,
                None => told.push(new),
            }
            out.push(Action::Alarm(Alarm::Flooded { address: new.address, below: new.below }));
        }
    }
}

/// Up to which index all is known: what is not proven yet must be seen again.
fn reach(stable: u64, units: &[SeenUnit]) -> u64 {
    let unproven = units.iter().filter(|seen| seen.standing == Standing::Unstable);
    unproven.filter_map(|seen| seen.main_chain_index).fold(stable, u64::min)
}
