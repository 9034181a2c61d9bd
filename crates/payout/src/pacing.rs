//! When to send: what a unit costs against what the waiting of its payouts is worth.
//!
//! A unit costs its size, which its payouts share, and a TPS fee that grows exponentially with units per
//! second (4.10); and it makes the units beside it dearer ([`Tariff`]). Against that stands the waiting:
//! so many payouts, so many seconds each, at a price per second. A unit leaves
//!
//! * when the waiting of the whole queue since the payouts came is worth what one unit more costs. Whoever
//!   pays so pays for waiting as much as for units, which is the cheapest mixture. A hundred payouts are
//!   soon worth a unit, a queue of thousands even a dear one, so that the line is the faster the more
//!   there is to do;
//! * at the latest some time after the unit before: then waiting one step more would save a lone payout
//!   less fee than the step is worth ([`Pacing::gap`]). After a quiet second it leaves at once; that others
//!   might come who share its size is not waited for;
//! * but not while its fee would be above the ceiling: asking the hub then is in vain. And when the slots of the
//!   line run short, not faster than proofs free them: units that follow each other evenly, with more in each,
//!   are better than a line that stands still for a minute.
//!
//! The load is foretold from our own units: those that are not proven count from the oldest of them on, as
//! the network counts units since the last ball. Of others nothing is known before the hub asks for more
//! than the ceiling.

mod budget;
mod limits;
mod tariff;

use std::time::Duration;

use obyte::Bytes;
use obyte::fee::{Load, TpsLaw};

pub use self::budget::DailyBudget;
pub use self::limits::FeeLimits;
use self::tariff::{STEPS, Tariff};
use crate::{Settings, Timestamp};

/// In what steps the gap between two units is weighed: in shorter ones fees, which are whole bytes, hardly differ.
const STEP: Duration = Duration::from_millis(50);
/// Nobody waits longer than this for company.
const LONGEST_GAP: Duration = Duration::from_secs(1);
/// Nor longer than this for a fee that the ceiling allows, before the hub is asked: it knows better.
const LONGEST_FORECAST: Duration = Duration::from_secs(2);
/// The network counts whole seconds, and none as one (4.10).
const SHORTEST_WINDOW: Duration = Duration::from_secs(1);
/// How long a proof may take, before the first one came.
const FIRST_PROOF: Duration = Duration::from_secs(100);
/// A hub that asked too much is not asked again sooner, nor later.
const RETRY: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(10)];

/// Beside the change, 128 outputs are the limit (1.1).
const BATCH_MAX: usize = 127;

/// How paying is paced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pacing {
    /// What it is worth that one payout waits one second less, in bytes of fee. Nothing counts as one byte.
    pub price_per_second: Bytes,
    /// How many payouts fill a batch, at least 1 and at most 127.
    pub batch: usize,
}

impl Default for Pacing {
    fn default() -> Self {
        Self { price_per_second: Bytes::literal(150), batch: BATCH_MAX }
    }
}

impl Pacing {
    /// After what time at the latest a unit may follow another one, under this law.
    ///
    /// Between units that follow each other after a gap the load is one unit per gap. The gap is long
    /// enough when one more step of it would save a lone payout less than the price of that step.
    pub fn gap(&self, law: &TpsLaw) -> Duration {
        let price_of_step = self.price() * millis(STEP) / 1000;
        // From the longest downwards: for very short gaps the law asks more than can be told apart.
        let mut gap = LONGEST_GAP;
        let mut fee = fee_after(law, gap);
        while gap > STEP {
            let fee_before = fee_after(law, gap - STEP);
            if fee_before.saturating_sub(fee).get() > price_of_step {
                return gap;
            }
            (gap, fee) = (gap - STEP, fee_before);
        }
        // Without fees there is nothing to wait for.
        Duration::ZERO
    }

    /// How many payouts fill a batch, whatever was configured.
    pub(crate) fn batch_size(&self) -> usize {
        self.batch.clamp(1, BATCH_MAX)
    }

    /// Were waiting worth nothing, a long queue would never be worth a unit.
    fn price(&self) -> u64 {
        self.price_per_second.get().max(1)
    }
}

/// The TPS fee of a unit that comes a gap after the one before.
fn fee_after(law: &TpsLaw, gap: Duration) -> Bytes {
    // So many units in so many seconds, both taken a thousandfold.
    law.charged(Load::of(1000, millis(gap)), 0)
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

/// The payouts that wait for a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// How many there are.
    pub count: usize,
    /// Since when the first of them waits.
    pub oldest: Timestamp,
    /// Since when the last of them waits.
    pub newest: Timestamp,
}

impl Waiting {
    /// How long all of them together have waited at some time, in milliseconds, as if they had come
    /// evenly.
    fn together(&self, at: Timestamp) -> u64 {
        let ages = at.since(self.oldest).saturating_add(at.since(self.newest));
        millis(ages).saturating_mul(self.count as u64) / 2
    }
}

/// The own units that count for the load of the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lately {
    /// How many units are not proven yet.
    pub open: usize,
    /// When the first of them was made.
    pub since: Option<Timestamp>,
    /// When the last unit was made, proven or not.
    pub last: Option<Timestamp>,
    /// How long the last unit that was proven took from making to proof.
    pub proof_took: Option<Duration>,
}

impl Lately {
    /// Over what time the open units count.
    fn window(&self, at: Timestamp) -> Duration {
        self.since.map_or(Duration::ZERO, |since| at.since(since)).max(SHORTEST_WINDOW)
    }

    /// The load with one unit more, in steps, rounded up.
    fn load(&self, at: Timestamp) -> u64 {
        (self.open as u64 + 1).saturating_mul(1000 * STEPS).div_ceil(millis(self.window(at)))
    }

    /// The time between two units at which so many slots suffice until the first of them is proven.
    ///
    /// Half of the slots are for whoever needs them.
    fn slot_gap(&self, slots_max: usize, at: Timestamp) -> Duration {
        if self.open < slots_max / 2 {
            return Duration::ZERO;
        }
        let took = self.proof_took.unwrap_or(FIRST_PROOF);
        took.max(self.window(at)) / u32::try_from(slots_max).unwrap_or(u32::MAX).max(1)
    }
}

/// Decides when units leave, under one law.
#[derive(Clone, Debug)]
pub struct Pacer {
    pacing: Pacing,
    limits: FeeLimits,
    slots_max: usize,
    gap: Duration,
    tariff: Tariff,
}

impl Pacer {
    /// The pacer for a law.
    pub fn new(settings: &Settings, law: &TpsLaw) -> Self {
        let Settings { pacing, limits, open_slots_max: slots_max, .. } = *settings;
        Self { pacing, limits, slots_max, gap: pacing.gap(law), tariff: Tariff::of(law, limits.per_unit) }
    }

    /// When the next unit may leave: now, or some time within the next two seconds.
    ///
    /// What this says holds until something happens: more payouts hasten it, more units delay it.
    pub fn send_at(&self, waiting: &Waiting, lately: &Lately, now: Timestamp) -> Timestamp {
        let Some(last) = lately.last else { return now };
        let is_due = |at| at >= last.plus(LONGEST_FORECAST) || self.is_due(waiting, lately, last, at);
        first(now, last.plus(LONGEST_FORECAST), is_due)
    }

    /// Once a unit is due it stays so if nothing happens: waiting is worth ever more, the load of the units
    /// that there are falls, and their age grows slower than the time.
    fn is_due(&self, waiting: &Waiting, lately: &Lately, last: Timestamp, at: Timestamp) -> bool {
        let load = lately.load(at);
        let payouts = waiting.count.min(self.pacing.batch_size());
        let ceiling = self.limits.ceiling(payouts, Bytes::ZERO);
        let worth = waiting.together(at).saturating_mul(self.pacing.price()) / 1000;
        let has_slot = at >= last.plus(lately.slot_gap(self.slots_max, at));
        let is_worth_it = || self.tariff.cost(load).is_some_and(|cost| worth >= cost);
        has_slot
            && (at >= last.plus(self.gap) || is_worth_it())
            && self.tariff.required(load).is_some_and(|fee| fee <= ceiling)
    }

    /// When to ask again after the hub asked for more than a ceiling: when the load behind its fee will have
    /// fallen below, because the units in it count over an ever longer time. `None` where no own unit is
    /// open: then it is the load of others, of which nothing can be told.
    pub fn retry_at(
        &self,
        asked: Bytes,
        ceiling: Bytes,
        lately: &Lately,
        now: Timestamp,
    ) -> Option<Timestamp> {
        lately.since?;
        let (asked, allowed) = (self.tariff.load_asking(asked), self.tariff.load_asking(ceiling));
        let window = millis(lately.window(now));
        let until = window.saturating_mul(asked.saturating_sub(allowed)) / allowed.max(1);
        let [soonest, latest] = RETRY;
        Some(now.plus(Duration::from_millis(until).clamp(soonest, latest)))
    }
}

/// The first time from `now` on at which something that stays true is true; `end` at the latest.
fn first(now: Timestamp, end: Timestamp, is_true: impl Fn(Timestamp) -> bool) -> Timestamp {
    if end <= now || is_true(now) {
        return now;
    }
    let (mut before, mut after) = (now.as_millis(), end.as_millis());
    while after - before > 1 {
        let middle = before.midpoint(after);
        if is_true(Timestamp::from_millis(middle)) {
            after = middle;
        } else {
            before = middle;
        }
    }
    Timestamp::from_millis(after)
}

#[cfg(test)]
mod tests;
