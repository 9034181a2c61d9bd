//! A payer that is nothing but a queue, the policy, and one unit on its way at a time.

use std::collections::VecDeque;
use std::time::Duration;

use obyte::{Bytes, Network as Net};
use payout::{DailyBudget, Lately, Pacer, Settings, Timestamp, Waiting};

use super::network::{Model, Network};
use super::purchases::BEGIN;
use super::tally::Tally;

/// Pays purchases that come at these times (ascending), paced by the engine's policy.
///
/// All are paid in the end, so the load of the others alone must be one at which the ceilings let a unit leave.
pub fn pay(model: Model, settings: &Settings, times: &[u64]) -> Tally {
    let mut payer = Payer::new(model, settings);
    for &time in times {
        payer.go_on_until(time);
        payer.queue.push_back(time);
    }
    payer.go_on_until(u64::MAX);
    payer.tally()
}

/// Pays clients each of whom buys again as soon as the last purchase is paid, for so many seconds.
pub fn pay_clients(model: Model, settings: &Settings, clients: usize, seconds: u64) -> Tally {
    let mut payer = Payer::new(model, settings);
    let end = BEGIN + seconds * 1000;
    let mut buying = (BEGIN, clients);
    loop {
        let (time, count) = buying;
        if time < end {
            payer.go_on_until(time);
            payer.queue.extend(std::iter::repeat_n(time, count));
        }
        let before = payer.tally.waits.len();
        while payer.tally.waits.len() == before {
            let Some(next) = payer.next() else { return payer.tally() };
            payer.step(next);
        }
        // They buy again once their unit is accepted, and no other unit is made before.
        buying = (payer.not_before, payer.tally.waits.len() - before);
    }
}

/// Pays each purchase by a unit of its own, at once.
pub(super) fn pay_each_alone(model: Model, times: &[u64]) -> Tally {
    let mut network = Network::new(model);
    for &time in times {
        network.post(time, Bytes::ZERO);
    }
    network.finish();
    Tally {
        payouts: times.len() as u64,
        units: times.len() as u64,
        size_fees: u128::from(network.size(1)) * times.len() as u128,
        tps_fees: network.charged,
        ..Tally::default()
    }
}

/// A question for parents on its way.
#[derive(Clone, Copy, Debug)]
struct Asking {
    answered_at: u64,
    payouts: usize,
}

struct Payer {
    model: Model,
    settings: Settings,
    pacer: Pacer,
    network: Network,
    budget: DailyBudget,
    queue: VecDeque<u64>,
    /// When each unit was made that is not proven.
    open: VecDeque<u64>,
    last: Option<u64>,
    proof_took: Option<Duration>,
    asking: Option<Asking>,
    /// Nothing is asked before.
    not_before: u64,
    now: u64,
    tally: Tally,
}

impl Payer {
    fn new(model: Model, settings: &Settings) -> Self {
        Self {
            model,
            settings: *settings,
            pacer: Pacer::new(settings, &model.law),
            network: Network::new(model),
            budget: DailyBudget::default(),
            queue: VecDeque::new(),
            open: VecDeque::new(),
            last: None,
            proof_took: None,
            asking: None,
            not_before: 0,
            now: BEGIN,
            tally: Tally::default(),
        }
    }

    /// Does all that is due before a time. At the end of time, all there is to do.
    fn go_on_until(&mut self, end: u64) {
        while let Some(next) = self.next().filter(|next| *next < end) {
            self.step(next);
        }
        self.now = end.max(self.now);
    }

    fn step(&mut self, next: u64) {
        self.now = next.max(self.now);
        self.see_proofs();
        match self.asking.take_if(|asking| asking.answered_at <= self.now) {
            Some(asking) => self.on_parents(asking),
            None => self.ask(),
        }
    }

    fn see_proofs(&mut self) {
        while let Some(made) = self.open.pop_front_if(|made| self.network.proven_at(*made) <= self.now) {
            self.proof_took = Some(at(self.now).since(at(made)));
        }
    }

    /// When something is to be done next.
    fn next(&self) -> Option<u64> {
        if let Some(asking) = self.asking {
            return Some(asking.answered_at);
        }
        let waiting = self.waiting()?;
        let proof = self.open.front().map(|made| self.network.proven_at(*made));
        if self.open.len() >= self.settings.open_slots_max {
            return proof;
        }
        let due = self.pacer.send_at(&waiting, &self.lately(), at(self.now)).as_millis().max(self.not_before);
        // A proof changes what is known of the load.
        Some(proof.map_or(due, |proof| due.min(proof)))
    }

    fn ask(&mut self) {
        if self.open.len() >= self.settings.open_slots_max || self.not_before > self.now {
            return;
        }
        let Some(waiting) = self.waiting() else { return };
        if self.pacer.send_at(&waiting, &self.lately(), at(self.now)) <= at(self.now) {
            let payouts = self.queue.len().min(self.settings.pacing.batch);
            self.asking = Some(Asking { answered_at: self.now + self.model.answer / 2, payouts });
        }
    }

    fn on_parents(&mut self, asking: Asking) {
        let (now, limits) = (at(self.now), self.settings.limits);
        let asked = self.network.asked(self.now);
        let ceiling = limits.ceiling(asking.payouts, self.budget.spent(now));
        if asked > ceiling {
            self.tally.in_vain += 1;
            let retry = self.pacer.retry_at(asked, ceiling, &self.lately(), now);
            self.not_before = retry.unwrap_or(now.plus(self.settings.retry_after)).as_millis();
            return;
        }
        self.budget.note(now, asked);
        self.network.post(self.now, asked);
        self.open.push_back(self.now);
        self.last = Some(self.now);
        // The next unit spends the change of this one, once it is accepted.
        self.not_before = self.now + self.model.answer / 2;
        let leaving = self.queue.drain(..asking.payouts);
        self.tally.waits.extend(leaving.map(|since| self.now - since));
        self.tally.units += 1;
        self.tally.size_fees += u128::from(self.network.size(asking.payouts));
        let per_payout = asked.get().div_ceil(asking.payouts as u64);
        self.tally.dearest_payout = self.tally.dearest_payout.max(per_payout);
        self.tally.dearest_unit = self.tally.dearest_unit.max(asked.get());
    }

    fn waiting(&self) -> Option<Waiting> {
        let (oldest, newest) = (at(*self.queue.front()?), at(*self.queue.back()?));
        Some(Waiting { count: self.queue.len(), oldest, newest })
    }

    fn lately(&self) -> Lately {
        Lately {
            open: self.open.len(),
            since: self.open.front().map(|made| at(*made)),
            last: self.last.map(at),
            proof_took: self.proof_took,
        }
    }

    fn tally(mut self) -> Tally {
        self.network.finish();
        self.tally.waits.sort_unstable();
        Tally {
            payouts: self.tally.waits.len() as u64,
            length: self.last.unwrap_or(BEGIN) - BEGIN,
            tps_fees: self.network.charged,
            prepaid: self.network.prepaid,
            ..self.tally
        }
    }
}

/// The settings that the table is made with.
pub fn usual() -> Settings {
    Settings::new(Net::Livenet)
}

const fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}
