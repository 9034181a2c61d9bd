//! Payees that are autonomous agents (8.8): paying one would run its code.
//!
//! The hub counts them when it is asked for parents. When it finds any it is asked for their definitions,
//! which hash to their addresses and so cannot be made up. A payout to an agent that no unit holds yet is
//! parked for good; one that a signed unit holds already is left out of the versions to come, and parked
//! once a version without it is proven.

use std::collections::BTreeSet;

use obyte::Address;

use super::composing::{Asking, Plan};
use super::making::Found;
use super::{Engine, Outbox};
use crate::{Action, Alarm, AskId, Change, Payout, PayoutId, Timestamp};

/// So many agents are remembered. An agent stays one for ever; one that was forgotten is found again.
const REMEMBERED: usize = 10_000;

impl Engine {
    pub(super) fn look_up_agents(&mut self, ask: AskId, plan: Plan, found: Found, out: &mut Outbox) {
        let addresses: BTreeSet<Address> =
            plan.payouts().filter_map(|payout| payout.payee.address()).collect();
        self.asking = Some(Asking { ask, plan, found: Some(found) });
        out.push(Action::LookUpAgents { ask, addresses: addresses.into_iter().collect() });
    }

    pub(super) fn on_agents(&mut self, now: Timestamp, ask: AskId, agents: Vec<Address>, out: &mut Outbox) {
        let asking = self.asking.take_if(|asking| asking.ask == ask && asking.found.is_some());
        let Some(Asking { plan, found: Some(found), .. }) = asking else { return };
        if self.agents.len() + agents.len() > REMEMBERED {
            self.agents.clear();
        }
        let before = self.agents.len();
        self.agents.extend(agents);
        if self.agents.len() == before {
            // Nothing that could be avoided: the hub counts what it cannot show, or the slot's last payout.
            return self.go_by(now, plan, found, out);
        }
        // The fee counts the agents, so the hub is asked for parents without them.
        self.park_queued(now, out);
    }

    /// Parks what waits for a unit and would go to an agent.
    pub(super) fn park_queued(&mut self, now: Timestamp, out: &mut Outbox) {
        if self.agents.is_empty() {
            return;
        }
        let parked: Vec<PayoutId> = self
            .queue
            .iter()
            .filter(|payout| is_among(&self.agents, payout))
            .map(|payout| payout.id)
            .collect();
        if parked.is_empty() {
            return;
        }
        let agents = &self.agents;
        self.queue.retain(|payout| !is_among(agents, payout));
        for payout in &parked {
            self.owed.remove(payout);
            out.persist(Change::Parked { payout: *payout, at: now });
        }
        out.push(Action::Alarm(Alarm::Agents(parked.len())));
        out.push(Action::Parked { payouts: parked });
    }

    /// The payouts of a slot without those to agents. One stays in any case: its reserve pays for the unit.
    pub(super) fn without_agents(&self, held: &[Payout]) -> Vec<Payout> {
        let mut kept: Vec<Payout> =
            held.iter().filter(|payout| !is_among(&self.agents, payout)).copied().collect();
        if kept.is_empty() {
            kept.extend(held.first());
        }
        kept
    }
}

/// Whether a payout goes to one of these agents. The address of a textcoin is made from a key, and is none.
fn is_among(agents: &BTreeSet<Address>, payout: &Payout) -> bool {
    payout.payee.address().is_some_and(|address| agents.contains(&address))
}
