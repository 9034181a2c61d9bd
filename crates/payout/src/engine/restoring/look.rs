//! Looking: which addresses are asked for, and when all was seen.

use std::collections::BTreeSet;

use obyte::{Address, UnitHash};

use super::{GAP, IN_VAIN, Look, Phase};
use crate::engine::addresses::AHEAD;
use crate::engine::{DEPOSITS_AHEAD, Engine, Outbox};
use crate::{AskHistory, AskId, Change, RestoreCause, SeenUnit, Timestamp};

impl Engine {
    /// When the next history is due while the wallet is being restored.
    pub(in crate::engine) fn look_due(&self) -> Option<Timestamp> {
        let restoring = self.restoring.as_ref()?;
        let due = match restoring.phase {
            Phase::Looking(_) => self.follow.not_before(),
            Phase::Sweeping(since) => {
                let again = since.plus(self.settings.look_every);
                if self.slots.is_empty() {
                    again
                } else {
                    again.min(self.follow.usual(self.settings.follow_every))
                }
            }
        };
        Some(due)
    }

    pub(in crate::engine) fn look(&mut self, now: Timestamp, ask: AskId) -> AskHistory {
        let (addresses, units) = self.wanted(now);
        let from_start = self.restoring.as_ref().is_some_and(|restoring| restoring.from_start);
        AskHistory {
            ask,
            addresses,
            units,
            min_mci: if from_start { 0 } else { self.follow.synced_mci() },
            also: self.keyring.derived().collect(),
            moves: true,
        }
    }

    /// Which addresses and units are asked for next.
    fn wanted(&mut self, now: Timestamp) -> (Vec<Address>, Vec<UnitHash>) {
        let open = self.open_units();
        let Some(restoring) = &mut self.restoring else { return Default::default() };
        if let Phase::Sweeping(since) = restoring.phase
            && since.plus(self.settings.look_every) <= now
        {
            restoring.look_again();
        }
        let missing = restoring.missing.iter().copied();
        let cause = match restoring.cause {
            RestoreCause::Seen(unit) if !restoring.evidence => Some(unit),
            _ => None,
        };
        let named: BTreeSet<UnitHash> = open.into_iter().chain(missing).chain(cause).collect();
        let units = named.into_iter().collect();
        let Phase::Looking(Look { from, at_once, .. }) = restoring.phase else { return (Vec::new(), units) };
        self.keyring.reach(from + at_once);
        self.keyring.reach_deposits(from + at_once);
        (self.looked_at().unwrap_or_default(), units)
    }

    /// What hubs tell while the wallet is being restored, in histories or as stock.
    pub(in crate::engine) fn on_look(&mut self, now: Timestamp, units: &[SeenUnit], out: &mut Outbox) {
        self.see_open(now, units, out);
        self.take_in(now, units, out);
        self.look_on(now, out);
    }

    /// The histories of so many addresses are too large: those of fewer may be told. If it is one, its coins are
    /// counted, and what it paid is not known.
    pub(in crate::engine) fn look_at_less(&mut self) -> bool {
        let Some(restoring) = &mut self.restoring else { return false };
        match &mut restoring.phase {
            Phase::Looking(look) if look.at_once > 1 => {
                look.at_once = 1;
                self.follow.ask_at_once();
                true
            }
            Phase::Looking(_) | Phase::Sweeping(_) => false,
        }
    }

    /// The addresses that are asked for next: so many of the line, and as many for deposits.
    pub(in crate::engine) fn looked_at(&self) -> Option<Vec<Address>> {
        let restoring = self.restoring.as_ref()?;
        let Phase::Looking(Look { from, at_once, .. }) = restoring.phase else { return Some(Vec::new()) };
        let line = (from..from + at_once).map(|place| self.keyring.address(place));
        let deposits = self.keyring.deposits(from + at_once).skip(from as usize);
        Some(line.chain(deposits).collect())
    }

    fn look_on(&mut self, now: Timestamp, out: &mut Outbox) {
        let home = self.home();
        let Some(restoring) = &mut self.restoring else { return };
        let deposits = restoring.deposits.max(self.deposits);
        let Phase::Looking(look) = &mut restoring.phase else { return };
        let next = look.from + look.at_once;
        if next <= restoring.used.max(home).max(deposits) + GAP {
            look.from = next;
            return self.follow.ask_at_once();
        }
        let is_vain = !restoring.evidence && restoring.in_vain < IN_VAIN;
        if look.is_open || is_vain || !restoring.missing.is_empty() {
            restoring.look_again();
            restoring.from_start |= is_vain;
            let pause = self.settings.retry_after.saturating_mul(1 << restoring.in_vain.min(10));
            restoring.in_vain += 1;
            return self.follow.ask_at(now.plus(pause.min(self.settings.look_every)));
        }
        restoring.in_vain = 0;
        self.end_look(now, home, out);
    }

    /// All was seen that there is to see.
    fn end_look(&mut self, now: Timestamp, home: u32, out: &mut Outbox) {
        let is_idle = self.slots.is_empty();
        let Some(restoring) = &mut self.restoring else { return };
        restoring.phase = Phase::Sweeping(now);
        let known = restoring.places.filter(|places| restoring.used <= *places);
        let places = known.unwrap_or_else(|| restoring.used.max(home + 1));
        let deposits = self.deposits.max(restoring.deposits);
        let is_new = restoring.places.replace(places) != Some(places) || deposits > self.deposits;
        if std::mem::take(&mut restoring.found) || is_idle {
            self.list_old(places);
        }
        self.keyring.reach(places + AHEAD);
        self.follow.saw_all(now);
        if is_new {
            self.deposits = deposits;
            self.keyring.reach_deposits(deposits + DEPOSITS_AHEAD);
            out.persist(Change::Reached { places, deposits });
        }
    }
}
