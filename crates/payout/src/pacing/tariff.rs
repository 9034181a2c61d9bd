//! What a unit costs at which load of the network.

use obyte::Bytes;
use obyte::fee::{Load, TpsLaw};

/// Into how many steps one unit per second is divided.
pub(super) const STEPS: u64 = 8;
/// No law is looked at beyond 128 units per second.
const STEPS_MAX: u64 = 128 * STEPS;

/// The size of a unit from one coin without its payouts, with the change (4.5).
const BARE_UNIT: u64 = 405 + 116 + 89 + 53;

/// What a unit costs at each step of the load, as far as the ceiling for a unit allows.
///
/// Taken once for a law: its exponential is dear.
#[derive(Clone, Debug)]
pub(super) struct Tariff {
    law: TpsLaw,
    steps: Vec<Step>,
}

#[derive(Clone, Copy, Debug)]
struct Step {
    /// What is asked in advance.
    required: Bytes,
    /// What one unit more costs: its size, its fee, and what it adds to the fees of the others.
    cost: u64,
}

impl Tariff {
    pub(super) fn of(law: &TpsLaw, ceiling: Bytes) -> Self {
        // What all units of a second are charged together, times the steps of a unit.
        let charged = |step: u64| law.charged(load(step), 0).get().saturating_mul(step);
        let mut steps = Vec::new();
        let (mut before, mut least) = (charged(0), BARE_UNIT);
        for step in 0..=STEPS_MAX {
            let required = law.required(load(step), 1);
            if required > ceiling {
                break;
            }
            let after = charged(step + 1);
            // Fees are whole bytes; what rounding makes of the small ones must not let costs fall.
            least = BARE_UNIT.saturating_add(after.saturating_sub(before)).max(least);
            steps.push(Step { required, cost: least });
            before = after;
        }
        Self { law: *law, steps }
    }

    /// What one unit more costs at a load; nothing where the fee is above the ceiling.
    pub(super) fn cost(&self, load: u64) -> Option<u64> {
        self.at(load).map(|step| step.cost)
    }

    /// What is asked in advance at a load; nothing where it is above the ceiling.
    pub(super) fn required(&self, load: u64) -> Option<Bytes> {
        self.at(load).map(|step| step.required)
    }

    fn at(&self, load: u64) -> Option<&Step> {
        // Where no ceiling ends the tariff, the last step stands for all that is above.
        self.steps.get(usize::try_from(load.min(STEPS_MAX)).ok()?)
    }

    /// The highest load at which not more than this is asked.
    pub(super) fn load_asking(&self, fee: Bytes) -> u64 {
        let (mut below, mut above) = (0, STEPS_MAX + 1);
        while above - below > 1 {
            let middle = u64::midpoint(below, above);
            if self.law.required(load(middle), 1) <= fee {
                below = middle;
            } else {
                above = middle;
            }
        }
        below
    }
}

fn load(steps: u64) -> Load {
    Load::of(steps, STEPS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CEILING: Bytes = Bytes::literal(50_000);

    #[test]
    fn a_unit_costs_its_size_its_fee_and_what_it_adds_to_others() {
        let tariff = Tariff::of(&TpsLaw::DEFAULT, CEILING);
        // 10·e^(1/8) - 10 rounds to 1, and nobody else is there.
        assert_eq!(tariff.cost(0), Some(BARE_UNIT + 1));
        // At 4 units per second each is charged 536 bytes, at 4 1/8 it is 609: 33 · 609 - 32 · 536.
        assert_eq!(tariff.cost(4 * STEPS), Some(BARE_UNIT + 33 * 609 - 32 * 536));
    }

    #[test]
    fn a_higher_load_never_costs_less() {
        for law in [TpsLaw::DEFAULT, TpsLaw::DEVNET] {
            let tariff = Tariff::of(&law, CEILING);
            assert!(tariff.steps.is_sorted_by_key(|step| step.required));
            assert!(tariff.steps.is_sorted_by_key(|step| step.cost));
        }
    }

    #[test]
    fn it_ends_where_the_ceiling_is() {
        let tariff = Tariff::of(&TpsLaw::DEFAULT, CEILING);
        let last = tariff.load_asking(CEILING);
        assert!(tariff.required(last).is_some_and(|fee| fee <= CEILING));
        assert_eq!((tariff.required(last + 1), tariff.cost(last + 1)), (None, None));
        // The natural logarithm of 501 is 6.2.
        assert_eq!(last, 49);
    }

    #[test]
    fn without_fees_only_the_size_counts() {
        let free = TpsLaw { base_fee: 0.0, ..TpsLaw::DEFAULT };
        let tariff = Tariff::of(&free, CEILING);
        assert_eq!(tariff.cost(100 * STEPS), Some(BARE_UNIT));
        assert_eq!(tariff.cost(1_000 * STEPS), Some(BARE_UNIT));
        assert_eq!(tariff.load_asking(Bytes::ZERO), STEPS_MAX);
    }
}
