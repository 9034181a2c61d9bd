//! Making a unit: checked, composed, signed, journaled, and only then posted.

use std::collections::{BTreeMap, HashSet};

use obyte::answer::{PostAnswer, UnitError};
use obyte::compose::UnsignedUnit;
use obyte::compose::{self, Coin, ComposeError, Parents, Payment, SignedUnit, Spend};
use obyte::fee::ThresholdSize;
use obyte::unit::{CoinId, Output};
use obyte::{Bytes, SecretKey, UnitHash};

use super::composing::Plan;
use super::{Engine, Outbox};
use crate::{
    Alarm, Change, Claims, Fees, PaidOutput, Payout, PayoutId, Slot, Timestamp, Version, VersionId,
    VersionNo, VersionStatus,
};

/// Below this the change could hardly fund the next unit; coins are added until it is more, as long as
/// there are any.
const CHANGE_MIN: Bytes = Bytes::literal(10_000);
/// The least change that a unit has.
const CHANGE_LEAST: Bytes = Bytes::literal(1);

/// What the hub found for a unit.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) parents: Parents,
    pub(super) threshold: ThresholdSize,
    pub(super) looked_up: BTreeMap<UnitHash, u64>,
    /// How many of the payees are autonomous agents.
    pub(super) agents: u64,
    /// What was found about new textcoins.
    pub(super) claims: Option<Claims>,
}

/// What a refusal taught about the next unit. It counts for one attempt.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    /// The hub saw it the other way round (4.7).
    definition: Option<bool>,
    /// The least TPS fee that it said it takes.
    tps_fee: Bytes,
    /// It found agents that it had not counted before.
    agents: bool,
}

impl Wishes {
    pub(super) const fn want_agents(&self) -> bool {
        self.agents
    }

    pub(super) fn learn(&mut self, answer: PostAnswer) {
        match answer {
            PostAnswer::UnitError(UnitError::DefinitionMissing) => self.definition = Some(true),
            PostAnswer::UnitError(UnitError::DefinitionRepeated) => self.definition = Some(false),
            PostAnswer::UnitError(UnitError::Agents) => self.agents = true,
            _ => {}
        }
        if let Some(required) = answer.fee_too_low().and_then(|fee| fee.required) {
            self.tps_fee = required;
        }
    }
}

impl Engine {
    pub(super) fn make_unit(
        &mut self,
        now: Timestamp,
        mut plan: Plan,
        mut found: Found,
        out: &mut Outbox,
    ) -> Result<(), Alarm> {
        let wishes = std::mem::take(&mut self.wishes);
        found.parents.tps_fee = found.parents.tps_fee.max(wishes.tps_fee);
        self.check_clock(now, &found.parents)?;
        self.issue_textcoins(&mut plan, &found)?;
        let version = self.compose_what_fits(now, &mut plan, &found, &wishes)?;
        self.check_fee(now, &plan, &found.parents)?;
        if self.version_with(&version.unit).is_some() {
            // Nothing has changed at the hub since it refused this very unit.
            self.compose_at = now.plus(self.settings.retry_after);
            return Ok(());
        }
        self.last_sent = Some(now);
        self.compose_at = Timestamp::default();
        self.remember_fee(now, &plan, &version);
        for coin in &version.inputs {
            self.refills.remove(&coin.id);
        }
        let id = version.id;
        match plan.replaces {
            Some(_) => self.add_version(version, plan, out),
            None => self.open_slot(version, plan, out),
        }
        self.post(now, id, out);
        Ok(())
    }

    fn open_slot(&mut self, version: Version, plan: Plan, out: &mut Outbox) {
        self.leave_queue(&plan.joining);
        self.note_issued(&plan.joining);
        self.note_opened(plan.anchor.address, plan.change);
        self.anchor = None;
        self.next_slot = self.next_slot.next();
        let slot =
            Slot { no: version.id.slot, anchor: plan.anchor, payouts: plan.joining, versions: vec![version] };
        out.persist(Change::SlotOpened(slot.clone()));
        self.slots.push_back(slot);
    }

    fn add_version(&mut self, version: Version, plan: Plan, out: &mut Outbox) {
        self.leave_queue(&plan.joining);
        self.note_issued(&plan.joining);
        let mut slots = self.slots.iter_mut();
        let slot = slots.find(|slot| slot.no == version.id.slot).expect("the plan still holds");
        slot.payouts.extend(&plan.joining);
        slot.versions.push(version.clone());
        out.persist(Change::VersionAdded { version, appended: plan.joining });
    }

    fn leave_queue(&mut self, payouts: &[Payout]) {
        let mut leaving: HashSet<PayoutId> = payouts.iter().map(|payout| payout.id).collect();
        // Most often they are the first ones.
        while self.queue.front().is_some_and(|first| leaving.remove(&first.id)) {
            self.queue.pop_front();
        }
        if !leaving.is_empty() {
            self.queue.retain(|payout| !leaving.contains(&payout.id));
        }
    }

    fn check_clock(&self, now: Timestamp, parents: &Parents) -> Result<(), Alarm> {
        let hub = Timestamp::from_millis(parents.timestamp.saturating_mul(1000));
        if hub.since(now).max(now.since(hub)) > self.settings.clock_skew_max {
            return Err(Alarm::ClocksApart);
        }
        Ok(())
    }

    fn check_fee(&self, now: Timestamp, plan: &Plan, parents: &Parents) -> Result<(), Alarm> {
        let (limits, asked) = (self.settings.limits, parents.tps_fee);
        // A unit that pulls another one in counts as one payout.
        let payouts = plan.len().max(1);
        let ceiling = limits.ceiling(payouts, Bytes::ZERO);
        if asked > ceiling {
            return Err(Alarm::FeeAboveCeiling { asked, ceiling });
        }
        let spent = self.prepaid.spent(now);
        if asked > limits.ceiling(payouts, spent) {
            return Err(Alarm::DailyBudgetSpent { asked, spent, per_day: limits.per_day });
        }
        Ok(())
    }

    /// Of the versions of a slot at most one is ever charged: what counts is the dearest.
    fn remember_fee(&mut self, now: Timestamp, plan: &Plan, version: &Version) {
        let slot = self.slots.iter().filter(|slot| Some(slot.no) == plan.replaces);
        let before = slot.flat_map(|slot| &slot.versions).map(|version| version.fees.tps).max();
        let more = version.fees.tps.saturating_sub(before.unwrap_or_default());
        self.prepaid.note(now, more);
    }

    /// Composes the plan; where the coins do not suffice for all who want to join, for half of them, and
    /// so on, so that a large payout does not hold up the others for ever.
    fn compose_what_fits(
        &self,
        now: Timestamp,
        plan: &mut Plan,
        found: &Found,
        wishes: &Wishes,
    ) -> Result<Version, Alarm> {
        loop {
            let composed = match self.compose(plan, found, wishes, CHANGE_MIN) {
                Err(ComposeError::NotEnough { .. }) => self.compose(plan, found, wishes, CHANGE_LEAST),
                other => other,
            };
            match composed {
                // Nobody pays more for company.
                Ok(unsigned) if !unsigned.fees.oversize_fee.is_zero() && plan.can_shrink() => plan.shrink(),
                Ok(unsigned) => return self.sign(now, plan, &unsigned),
                Err(ComposeError::NotEnough { .. }) if plan.can_shrink() => plan.shrink(),
                Err(ComposeError::NotEnough { missing, .. }) => {
                    return Err(Alarm::NotEnoughCoins { missing: missing.get() });
                }
                Err(other) => return Err(Alarm::CannotCompose(other.to_string())),
            }
        }
    }

    fn compose(
        &self,
        plan: &Plan,
        found: &Found,
        wishes: &Wishes,
        least_change: Bytes,
    ) -> Result<UnsignedUnit, ComposeError> {
        let payers = self.payers(plan, found, wishes.definition);
        let mandatory: Vec<Coin> = [plan.anchor].into_iter().chain(plan.along.iter().copied()).collect();
        let outputs: Vec<Output> =
            plan.payouts().map(|payout| payout.output().expect("textcoins were issued")).collect();
        let candidates: Vec<Coin> = self.own_coins(plan).filter(|coin| !mandatory.contains(coin)).collect();
        compose::compose(&Payment {
            network: self.settings.network,
            parents: &found.parents,
            threshold: found.threshold,
            payers: &payers,
            mandatory: &mandatory,
            candidates: &candidates,
            outputs: &outputs,
            spend: Spend::AsNeeded { change: plan.change, least_change },
            notes: &[],
        })
    }

    fn sign(&self, now: Timestamp, plan: &Plan, unsigned: &UnsignedUnit) -> Result<Version, Alarm> {
        let keys: Vec<SecretKey> = plan
            .authors()
            .iter()
            .filter_map(|author| Some(self.keyring.key(author)?.secret_key().clone()))
            .collect();
        let signed = unsigned.sign(&keys).map_err(|error| Alarm::CannotCompose(error.to_string()))?;
        Ok(version_of(self.id_for(plan), now, plan, unsigned, signed))
    }

    /// Proven coins of the anchor's address that are free, with those that versions of the same slot spend.
    fn own_coins<'a>(&'a self, plan: &'a Plan) -> impl Iterator<Item = Coin> + 'a {
        let slot = self.slots.iter().filter(move |slot| Some(slot.no) == plan.replaces);
        let shared = slot.flat_map(|slot| slot.versions.iter().flat_map(|version| version.inputs.iter()));
        let coins: BTreeMap<CoinId, Coin> =
            self.refills.values().chain(shared).map(|coin| (coin.id, *coin)).collect();
        let is_spent =
            |coin: &Coin| self.restoring.as_ref().is_some_and(|restoring| restoring.is_spent(coin));
        coins.into_values().filter(move |coin| coin.address == plan.anchor.address && !is_spent(coin))
    }

    fn id_for(&self, plan: &Plan) -> VersionId {
        let slot = self.slots.iter().find(|slot| Some(slot.no) == plan.replaces);
        let new = || VersionId { slot: self.next_slot, version: VersionNo::new(0) };
        slot.map_or_else(new, Slot::next_version)
    }
}

fn version_of(
    id: VersionId,
    now: Timestamp,
    plan: &Plan,
    unsigned: &UnsignedUnit,
    signed: SignedUnit,
) -> Version {
    let layout = &unsigned.layout;
    let outputs = plan.payouts().zip(&layout.output_indexes);
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
