//! Deciding on the next unit: a new slot for what is queued, or another version of a slot whose units
//! were refused. The hub is asked for parents, and when they come the unit is made.

use std::collections::BTreeSet;

use obyte::Address;
use obyte::compose::Coin;

use super::line::Need;
use super::making::Found;
use super::{Engine, Outbox};
use crate::pacing::{Lately, Waiting};
use crate::{Action, Alarm, AskId, AskParents, Payout, Slot, SlotNo, TextcoinNo, Timestamp};

/// A question for parents that is not answered yet, and what the unit is for.
#[derive(Debug)]
pub(super) struct Asking {
    pub(super) ask: AskId,
    pub(super) plan: Plan,
    /// The parents, while the hub is asked which payees are agents.
    pub(super) found: Option<Found>,
}

/// What the next unit is for. Every payout in it stands in the queue or in the slot already.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    /// The open slot that gets another version; otherwise a new slot is opened.
    pub(super) replaces: Option<SlotNo>,
    /// The coin that is spent first.
    pub(super) anchor: Coin,
    /// Coins that come along, whether they are needed or not.
    pub(super) along: Vec<Coin>,
    /// Where the change goes.
    pub(super) change: Address,
    /// What must be in it: the payouts of the slot, but for those to agents. A new slot has none yet.
    pub(super) held: Vec<Payout>,
    /// What comes along from the queue, as far as there are coins for it.
    pub(super) joining: Vec<Payout>,
    /// Textcoins for those of them that need one, in their order, until they are issued.
    pub(super) offered: Vec<(TextcoinNo, Address)>,
}

impl Plan {
    pub(super) fn payouts(&self) -> impl Iterator<Item = &Payout> {
        self.held.iter().chain(&self.joining)
    }

    /// The owners of the coins that are spent in any case.
    pub(super) fn authors(&self) -> BTreeSet<Address> {
        self.along.iter().chain([&self.anchor]).map(|coin| coin.address).collect()
    }

    /// Whether fewer could join.
    pub(super) fn can_shrink(&self) -> bool {
        self.len() > 1 && !self.joining.is_empty()
    }

    /// Only half of those who wanted to join come along.
    pub(super) fn shrink(&mut self) {
        self.joining.truncate(self.joining.len() / 2);
    }

    pub(super) fn len(&self) -> usize {
        self.held.len() + self.joining.len()
    }
}

impl Engine {
    pub(super) fn compose_next(&mut self, now: Timestamp, out: &mut Outbox) {
        if self.next_composing(now).is_none_or(|at| at > now) {
            return;
        }
        let Some(mut plan) = self.plan() else {
            let owed = self.queue.iter().take(self.settings.pacing.batch_size());
            let missing = owed.map(|payout| payout.amount.get()).sum();
            return self.not_now(now, Alarm::NotEnoughCoins { missing }, out);
        };
        self.offer_textcoins(&mut plan);
        let ask = self.new_ask();
        let fresh: Vec<Address> = plan.offered.iter().map(|(_, address)| *address).collect();
        let placed = plan.payouts().filter_map(|payout| Some(payout.output()?.address));
        let to: BTreeSet<Address> = placed.chain(fresh.iter().copied()).chain([plan.change]).collect();
        let question = AskParents {
            ask,
            from: plan.authors().into_iter().collect(),
            to: to.into_iter().collect(),
            look_up: plan.authors().iter().filter_map(|author| self.to_look_up(author)).collect(),
            fresh,
        };
        self.asking = Some(Asking { ask, plan, found: None });
        out.push(Action::AskParents(question));
    }

    /// When the next unit may be made; `None` while something else has to happen first.
    pub(super) fn next_composing(&self, now: Timestamp) -> Option<Timestamp> {
        if self.asking.is_some() {
            return None;
        }
        match self.may_need()? {
            Need::Version(_) => Some(self.compose_at),
            Need::Slot(_) if self.restoring.is_some() => Some(self.compose_at),
            Need::Slot(_) => self.next_slot_time(now),
        }
    }

    /// What the line needs, if anything may be made now.
    fn may_need(&self) -> Option<Need> {
        let has_seen = if self.restoring.is_some() { self.may_sweep() } else { self.follow.has_seen() };
        let may = self.paused.is_none() && has_seen;
        may.then(|| self.need()).flatten()
    }

    fn next_slot_time(&self, now: Timestamp) -> Option<Timestamp> {
        if self.slots.len() >= self.settings.open_slots_max {
            return None;
        }
        let (Some(first), Some(last)) = (self.queue.front(), self.queue.back()) else {
            return Some(self.pull_time()?.max(self.compose_at));
        };
        let count = self.queue.len();
        let waiting = Waiting { count, oldest: first.queued_at, newest: last.queued_at };
        Some(self.pacer.send_at(&waiting, &self.lately(), now).max(self.compose_at))
    }

    /// When a unit that pays nobody follows the newest one, to pull it in (8.6). One such unit is enough.
    fn pull_time(&self) -> Option<Timestamp> {
        let head = self.slots.back().filter(|slot| !slot.is_pull())?.head();
        let can_pay = head.change.amount > self.settings.limits.pull();
        can_pay.then(|| head.signed_at.plus(self.settings.pull_after))
    }

    /// What is known of the load that the payer's own units make.
    fn lately(&self) -> Lately {
        let first = self.slots.front().and_then(|slot| slot.versions.first());
        Lately {
            open: self.slots.len(),
            since: first.map(|version| version.signed_at),
            last: self.last_sent,
            proof_took: self.proof_took,
        }
    }

    /// The plan for what the line needs; none without any coin.
    fn plan(&self) -> Option<Plan> {
        match self.need()? {
            Need::Version(no) => {
                let slot = self.slots.iter().find(|slot| slot.no == no)?;
                if self.restoring.is_some() {
                    return self.plan_sweep(slot.anchor, Some(slot));
                }
                self.plan_version(slot)
            }
            Need::Slot(anchor) if self.restoring.is_some() => self.plan_sweep(anchor?, None),
            Need::Slot(anchor) => Some(self.plan_slot(anchor?)),
        }
    }

    fn plan_slot(&self, anchor: Coin) -> Plan {
        let joining: Vec<Payout> = self.waiting(self.settings.pacing.batch_size());
        let along = if joining.is_empty() { Vec::new() } else { self.coins_along(&anchor, &joining) };
        let change = self.change_of_new(&anchor);
        Plan { replaces: None, anchor, along, change, held: Vec::new(), joining, offered: Vec::new() }
    }

    /// The same payouts with the same amounts; what waits may come along (8.5). What was spent from other
    /// addresses is again.
    fn plan_version(&self, slot: &Slot) -> Option<Plan> {
        let held = self.without_agents(&slot.payouts);
        let room = self.settings.pacing.batch_size().saturating_sub(held.len());
        let along = self.coins_along_again(slot, &held);
        Some(Plan {
            replaces: Some(slot.no),
            anchor: slot.anchor,
            along,
            change: slot.head().change.address,
            held,
            joining: self.waiting(room),
            offered: Vec::new(),
        })
    }

    fn waiting(&self, most: usize) -> Vec<Payout> {
        self.queue.iter().take(most).copied().collect()
    }

    pub(super) fn on_no_parents(&mut self, now: Timestamp, ask: AskId) {
        if self.asking.take_if(|asking| asking.ask == ask).is_some() {
            self.compose_at = now.plus(self.settings.retry_after);
        }
    }

    pub(super) fn on_parents(&mut self, now: Timestamp, ask: AskId, found: Found, out: &mut Outbox) {
        let Some(Asking { plan, .. }) = self.asking.take_if(|asking| asking.ask == ask) else { return };
        if self.are_used(now, &found, out) {
            return;
        }
        if self.still_holds(&plan) && (found.agents > 0 || self.wishes.want_agents()) {
            return self.look_up_agents(ask, plan, found, out);
        }
        self.go_by(now, plan, found, out);
    }

    /// Makes the unit; unless the line has moved meanwhile: then another plan is made.
    pub(super) fn go_by(&mut self, now: Timestamp, plan: Plan, found: Found, out: &mut Outbox) {
        if !self.still_holds(&plan) {
            return;
        }
        if let Err(alarm) = self.make_unit(now, plan, found, out) {
            self.not_now(now, alarm, out);
        }
    }

    fn still_holds(&self, plan: &Plan) -> bool {
        match self.may_need() {
            Some(Need::Version(no)) => plan.replaces == Some(no),
            Some(Need::Slot(anchor)) => plan.replaces.is_none() && anchor == Some(plan.anchor),
            None => false,
        }
    }

    fn not_now(&mut self, now: Timestamp, alarm: Alarm, out: &mut Outbox) {
        let soon = now.plus(self.settings.retry_after);
        let later = now.plus(self.settings.look_every);
        self.compose_at = match alarm {
            // A coin that comes, or is free again, ends this.
            Alarm::NotEnoughCoins { .. } => later,
            Alarm::FeeAboveCeiling { asked, ceiling } => {
                self.pacer.retry_at(asked, ceiling, &self.lately(), now).unwrap_or(soon)
            }
            // Or the fee falls before.
            Alarm::DailyBudgetSpent { asked, per_day, .. } => {
                self.prepaid.left_at(asked, per_day, now).map_or(later, |left| left.min(later))
            }
            _ => soon,
        };
        out.push(Action::Alarm(alarm));
    }
}
