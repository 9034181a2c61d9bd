//! Making the next unit: a new slot for what is queued, or another version of a slot whose unit was
//! refused.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use obyte::compose::{self, Coin, ComposeError, FirstUnit, Parents, Payer, Payment, SignedUnit, Spend};
use obyte::compose::{UnsignedUnit, definition_needed};
use obyte::fee::ThresholdSize;
use obyte::unit::{CoinId, Output};
use obyte::{Address, Bytes, UnitHash};

use super::{Engine, Outbox};
use crate::{
    Action, Alarm, AskId, AskParents, Change, Fees, PaidOutput, Payout, PayoutId, Slot, SlotNo, Timestamp,
    Version, VersionId, VersionNo, VersionStatus,
};

/// Below this the change could not fund the next unit; coins are added until it is more.
const CHANGE_MIN: Bytes = Bytes::literal(10_000);

/// A question for parents that is not answered yet, and what the unit is for.
#[derive(Debug)]
pub(super) struct Asking {
    ask: AskId,
    plan: Plan,
}

/// What the hub found for a unit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<'a> {
    pub(super) parents: &'a Parents,
    pub(super) threshold: ThresholdSize,
    pub(super) looked_up_mci: Option<u64>,
}

/// What the next unit is for. Every payout in it stands in the queue or in the slot already.
#[derive(Clone, Debug)]
struct Plan {
    /// The open slot that gets another version; otherwise a new slot is opened.
    replaces: Option<SlotNo>,
    payouts: Vec<Payout>,
    anchor: Coin,
}

impl Engine {
    pub(super) fn compose_next(&mut self, now: Timestamp, out: &mut Outbox) {
        if self.next_composing(now).is_none_or(|at| at > now) {
            return;
        }
        let Some(plan) = self.plan() else { return };
        let ask = self.new_ask();
        let mut to: BTreeSet<Address> = plan.payouts.iter().map(|payout| payout.address).collect();
        to.insert(self.address());
        let question = AskParents {
            ask,
            from: self.address(),
            to: to.into_iter().collect(),
            look_up: self.to_look_up(),
        };
        self.asking = Some(Asking { ask, plan });
        out.push(Action::AskParents(question));
    }

    /// When the next unit may be made; `None` while something else has to happen first.
    pub(super) fn next_composing(&self, now: Timestamp) -> Option<Timestamp> {
        if self.asking.is_some() || self.paused.is_some() || !self.is_synced() {
            return None;
        }
        match self.slots.back().map(|slot| slot.head().status) {
            // The line goes on only behind a unit that the hub has.
            Some(VersionStatus::Refused | VersionStatus::Dead) => Some(self.compose_at),
            Some(VersionStatus::Accepted) | None => self.next_slot_time(now),
            Some(_) => None,
        }
    }

    fn next_slot_time(&self, now: Timestamp) -> Option<Timestamp> {
        if self.queue.is_empty() || self.slots.len() >= self.settings.open_slots_max {
            return None;
        }
        let paced = self.settings.pacing.send_at(self.gap, self.queue.len(), self.last_sent, now);
        Some(paced.max(self.compose_at.min(now.plus(self.settings.retry_after))))
    }

    fn plan(&self) -> Option<Plan> {
        let batch = self.settings.pacing.batch;
        if let Some(slot) = self.slots.back().filter(|slot| needs_another(slot)) {
            // The same payouts with the same amounts; what waits may come along (8.5).
            let room = batch.saturating_sub(slot.payouts.len());
            let payouts = slot.payouts.iter().chain(self.queue.iter().take(room)).copied().collect();
            return Some(Plan { replaces: Some(slot.no), payouts, anchor: slot.anchor });
        }
        let payouts = self.queue.iter().take(batch).copied().collect();
        Some(Plan { replaces: None, payouts, anchor: self.next_anchor()? })
    }

    /// The unit whose main chain index decides about the definition, where it is not known yet.
    fn to_look_up(&self) -> Option<UnitHash> {
        match self.first_unit {
            Some(first) => first.main_chain_index.is_none().then_some(first.unit),
            None => self.first_open_unit(),
        }
    }

    fn first_open_unit(&self) -> Option<UnitHash> {
        let first = self.slots.front()?;
        first
            .versions
            .iter()
            .find(|version| version.status == VersionStatus::Accepted)
            .map(|version| version.unit)
    }

    pub(super) fn on_no_parents(&mut self, now: Timestamp, ask: AskId) {
        if self.asking.as_ref().is_some_and(|asking| asking.ask == ask) {
            self.asking = None;
            self.compose_at = now.plus(self.settings.retry_after);
        }
    }

    pub(super) fn on_parents(&mut self, now: Timestamp, ask: AskId, found: &Found<'_>, out: &mut Outbox) {
        let Some(Asking { plan, .. }) = self.asking.take_if(|asking| asking.ask == ask) else { return };
        // The line may have moved while the question was on its way; then another plan is made.
        if !self.still_holds(&plan) {
            return;
        }
        if let Err(alarm) = self.make_unit(now, plan, found, out) {
            self.compose_at = now.plus(self.settings.retry_after);
            out.push(Action::Alarm(alarm));
        }
    }

    fn still_holds(&self, plan: &Plan) -> bool {
        match plan.replaces {
            Some(no) => self.slots.back().is_some_and(|slot| slot.no == no && needs_another(slot)),
            None => self.next_anchor() == Some(plan.anchor),
        }
    }

    fn make_unit(
        &mut self,
        now: Timestamp,
        plan: Plan,
        found: &Found<'_>,
        out: &mut Outbox,
    ) -> Result<(), Alarm> {
        self.check_clock(now, found.parents)?;
        self.check_fee(now, &plan, found.parents)?;
        let version = self.compose(now, &plan, found)?;
        self.last_sent = Some(now);
        self.prepaid.push_back((now, version.fees.tps));
        for coin in &version.inputs {
            self.refills.remove(&coin.id);
        }
        let id = version.id;
        match plan.replaces {
            Some(_) => self.add_version(version, &plan, out),
            None => self.open_slot(version, plan, out),
        }
        self.post(now, id, out);
        Ok(())
    }

    fn open_slot(&mut self, version: Version, plan: Plan, out: &mut Outbox) {
        self.leave_queue(&plan.payouts);
        self.anchor = None;
        self.next_slot = self.next_slot.next();
        let slot =
            Slot { no: version.id.slot, anchor: plan.anchor, payouts: plan.payouts, versions: vec![version] };
        out.persist(Change::SlotOpened(slot.clone()));
        self.slots.push_back(slot);
    }

    fn add_version(&mut self, version: Version, plan: &Plan, out: &mut Outbox) {
        let slot = self.slots.back_mut().expect("a version is added to the last open slot");
        let appended = plan.payouts[slot.payouts.len()..].to_vec();
        slot.payouts.extend(&appended);
        slot.versions.push(version.clone());
        self.leave_queue(&appended);
        out.persist(Change::VersionAdded { version, appended });
    }

    fn leave_queue(&mut self, payouts: &[Payout]) {
        let leaving: HashSet<PayoutId> = payouts.iter().map(|payout| payout.id).collect();
        self.queue.retain(|payout| !leaving.contains(&payout.id));
    }

    fn check_clock(&self, now: Timestamp, parents: &Parents) -> Result<(), Alarm> {
        let hub = Timestamp::from_millis(parents.timestamp.saturating_mul(1000));
        if hub.since(now).max(now.since(hub)) > self.settings.clock_skew_max {
            return Err(Alarm::ClocksApart);
        }
        Ok(())
    }

    fn check_fee(&mut self, now: Timestamp, plan: &Plan, parents: &Parents) -> Result<(), Alarm> {
        let spent = self.prepaid_today(now);
        let ceiling = self.settings.limits.ceiling(plan.payouts.len(), spent);
        if parents.tps_fee > ceiling {
            return Err(Alarm::FeeAboveCeiling { asked: parents.tps_fee.get(), ceiling: ceiling.get() });
        }
        Ok(())
    }

    fn compose(&self, now: Timestamp, plan: &Plan, found: &Found<'_>) -> Result<Version, Alarm> {
        let payer = Payer::new(self.key.public_key(), self.definition_needed(found));
        let outputs: Vec<Output> = plan
            .payouts
            .iter()
            .map(|payout| Output { address: payout.address, amount: payout.amount })
            .collect();
        // A coin that some version of the slot spends already may be spent by this one again.
        let candidates: Vec<Coin> = self.own_coins(plan).filter(|coin| coin.id != plan.anchor.id).collect();
        let unsigned = compose::compose(&Payment {
            network: self.settings.network,
            parents: found.parents,
            threshold: found.threshold,
            payers: &[payer],
            mandatory: &[plan.anchor],
            candidates: &candidates,
            outputs: &outputs,
            spend: Spend::AsNeeded { change: payer.address(), least_change: CHANGE_MIN },
            notes: &[],
        })
        .map_err(alarm_of)?;
        let signed = unsigned
            .sign(std::slice::from_ref(&self.key))
            .map_err(|error| Alarm::CannotCompose(error.to_string()))?;
        Ok(version_of(self.id_for(plan), now, plan, &unsigned, signed))
    }

    /// Proven coins that are free, with those that versions of the same slot spend.
    fn own_coins<'a>(&'a self, plan: &'a Plan) -> impl Iterator<Item = Coin> + 'a {
        let slot = self.slots.iter().filter(move |slot| Some(slot.no) == plan.replaces);
        let shared = slot.flat_map(|slot| slot.versions.iter().flat_map(|version| version.inputs.iter()));
        let coins: BTreeMap<CoinId, Coin> =
            self.refills.values().chain(shared).map(|coin| (coin.id, *coin)).collect();
        coins.into_values()
    }

    fn definition_needed(&self, found: &Found<'_>) -> bool {
        let known = self.first_unit.and_then(|first| first.main_chain_index);
        let first = match (self.to_look_up(), known.or(found.looked_up_mci)) {
            (None, None) => FirstUnit::None,
            (Some(_), None) => FirstUnit::Unplaced,
            (_, Some(index)) => FirstUnit::At(index),
        };
        definition_needed(first, found.parents.last_ball_mci, self.settings.network)
    }

    fn id_for(&self, plan: &Plan) -> VersionId {
        match plan.replaces {
            Some(_) => self.slots.back().expect("the plan still holds").next_version(),
            None => VersionId { slot: self.next_slot, version: VersionNo::new(0) },
        }
    }
}

/// Whether a slot's newest unit was refused, or is dead, so that it needs another version.
fn needs_another(slot: &Slot) -> bool {
    matches!(slot.head().status, VersionStatus::Refused | VersionStatus::Dead)
}

fn version_of(
    id: VersionId,
    now: Timestamp,
    plan: &Plan,
    unsigned: &UnsignedUnit,
    signed: SignedUnit,
) -> Version {
    let layout = &unsigned.layout;
    let outputs = plan.payouts.iter().zip(&layout.output_indexes);
    let change = CoinId {
        unit: signed.hash,
        message_index: layout.message_index,
        output_index: layout.change.output_index,
    };
    Version {
        id,
        unit: signed.hash,
        json: signed.json.into(),
        inputs: unsigned.inputs.clone(),
        outputs: outputs
            .map(|(payout, index)| PaidOutput { payout: payout.id, output_index: *index })
            .collect(),
        change: Coin {
            id: change,
            amount: layout.change.output.amount,
            address: layout.change.output.address,
        },
        fees: Fees { size: unsigned.fees.for_size(), tps: unsigned.fees.tps_fee },
        signed_at: now,
        status: VersionStatus::Journaled,
    }
}

fn alarm_of(error: ComposeError) -> Alarm {
    match error {
        ComposeError::NotEnough { missing, .. } => Alarm::NotEnoughCoins { missing: missing.get() },
        other => Alarm::CannotCompose(other.to_string()),
    }
}
