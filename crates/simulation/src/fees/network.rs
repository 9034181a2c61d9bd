//! The network as far as fees see it.

use obyte::Bytes;
use obyte::fee::{Load, TpsLaw};

/// What is assumed of a network. Times in milliseconds.
#[derive(Clone, Copy, Debug)]
pub struct Model {
    /// Its name.
    pub name: &'static str,
    /// The law of the TPS fee.
    pub law: TpsLaw,
    /// A unit of an order provider comes every so often, and all that was posted before gets its index.
    pub every: u64,
    /// So long after that it is stable.
    pub stable_after: u64,
    /// So long after that again a light wallet can prove it.
    pub proven_after: u64,
    /// Somebody else posts a unit every so often.
    pub others_every: u64,
    /// From asking for parents until the unit is accepted; half of it until the unit is made.
    pub answer: u64,
    /// The size of a unit from one coin, with change, without payouts.
    pub bare_unit: u64,
}

/// The live network, quiet apart from us.
pub const LIVENET: Model = Model {
    name: "livenet",
    law: TpsLaw::DEFAULT,
    every: 5_000,
    stable_after: 60_000,
    proven_after: 15_000,
    others_every: 10_000,
    answer: 150,
    bare_unit: 663,
};

/// The embedded devnet.
pub const DEVNET: Model = Model {
    name: "devnet",
    law: TpsLaw::DEVNET,
    every: 500,
    stable_after: 1_000,
    proven_after: 1_000,
    others_every: 3_600_000,
    answer: 40,
    bare_unit: 666,
};

/// The size of an output.
const OUTPUT: u64 = 53;

/// An own unit.
#[derive(Clone, Copy, Debug)]
struct Unit {
    at: u64,
    prepaid: Bytes,
}

/// The units on a network, and what they are charged.
#[derive(Debug)]
pub(super) struct Network {
    model: Model,
    own: Vec<Unit>,
    /// The first main chain index that is not charged yet, and the first own unit.
    next: (u64, usize),
    /// What was paid in advance and not charged, after the last index that is charged.
    balance: i128,
    pub(super) charged: u128,
    pub(super) prepaid: u128,
}

impl Network {
    pub(super) const fn new(model: Model) -> Self {
        Self { model, own: Vec::new(), next: (0, 0), balance: 0, charged: 0, prepaid: 0 }
    }

    pub(super) const fn size(&self, payouts: usize) -> u64 {
        self.model.bare_unit + OUTPUT * payouts as u64
    }

    pub(super) fn post(&mut self, at: u64, prepaid: Bytes) {
        self.prepaid += u128::from(prepaid.get());
        self.own.push(Unit { at, prepaid });
    }

    /// When a unit posted at a time is proven to a light wallet.
    pub(super) const fn proven_at(&self, at: u64) -> u64 {
        self.time_of(self.index_of(at)) + self.model.stable_after + self.model.proven_after
    }

    /// What a hub asks of the payer for a unit that is made now: the most of what the unit's own past
    /// demands and what the hub recommends by two windows, less the payer's balance.
    pub(super) fn asked(&mut self, now: u64) -> Bytes {
        let stable = self.stable_at(now);
        self.charge_through(stable);
        let all = self.count(now) + now / self.model.every + 1;
        let law = self.model.law;
        let past = self.load(all, stable, now);
        let ahead = self.load(all, (stable + 1).min(now / self.model.every), now);
        let required = law.required(past, 1).max(law.recommended(past, 1)).max(law.recommended(ahead, 1));
        let missing = (i128::from(required.get()) - self.balance).max(0);
        u64::try_from(missing).ok().and_then(|missing| Bytes::new(missing).ok()).unwrap_or(Bytes::MAX)
    }

    /// Charges everything that was ever posted.
    pub(super) fn finish(&mut self) {
        if let Some(last) = self.own.last() {
            self.charge_through(self.index_of(last.at));
        }
    }

    /// The index that a unit posted at a time gets.
    const fn index_of(&self, at: u64) -> u64 {
        at.div_ceil(self.model.every)
    }

    const fn time_of(&self, index: u64) -> u64 {
        index * self.model.every
    }

    const fn stable_at(&self, now: u64) -> u64 {
        now.saturating_sub(self.model.stable_after) / self.model.every
    }

    /// Units up to a time, those of the order providers apart.
    fn count(&self, at: u64) -> u64 {
        let own = self.own.partition_point(|unit| unit.at <= at) as u64;
        own + at / self.model.others_every
    }

    /// The load of a unit now: with those after an index, in the whole seconds since then.
    fn load(&self, all: u64, index: u64, now: u64) -> Load {
        let since = self.time_of(index);
        let units = 1 + all - (self.count(since) + index + 1);
        if units == 1 { Load::NONE } else { Load::of(units, seconds(now) - seconds(since)) }
    }

    fn charge_through(&mut self, index: u64) {
        while self.next.0 <= index {
            let (index, first) = self.next;
            let time = self.time_of(index);
            let units = self.own[first..].iter().take_while(|unit| unit.at <= time);
            let prepaid: Vec<Bytes> = units.map(|unit| unit.prepaid).collect();
            self.next = (index + 1, first + prepaid.len());
            if prepaid.is_empty() {
                continue;
            }
            let charged = self.charge(index).get();
            for paid in prepaid {
                self.charged += u128::from(charged);
                self.balance += i128::from(paid.get()) - i128::from(charged);
            }
        }
    }

    /// What each unit of an index is charged: by the units between the last ball of its main chain unit and
    /// that unit.
    fn charge(&self, index: u64) -> Bytes {
        let time = self.time_of(index);
        let last_ball = self.stable_at(time);
        let since = self.time_of(last_ball);
        let units = self.count(time) + index - self.count(since) - last_ball;
        self.model.law.charged(Load::of(units, seconds(time) - seconds(since)), 0)
    }
}

/// The network's clocks have whole seconds.
const fn seconds(millis: u64) -> u64 {
    (millis + 500) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A unit every so many milliseconds, for a minute after ten quiet ones.
    fn steady(model: Model, every: u64) -> Network {
        let mut network = Network::new(model);
        for at in (600_000..660_000).step_by(usize::try_from(every).expect("small")) {
            let asked = network.asked(at);
            network.post(at, asked);
        }
        network.finish();
        network
    }

    fn charged(model: Model, every: u64) -> u128 {
        let network = steady(model, every);
        network.charged / network.own.len() as u128
    }

    #[test]
    fn charges_are_about_those_seen_on_a_devnet() {
        // One, two, four and eight units per second were charged 17, 37, 100 and 835 bytes each.
        let seen = [(1000, 17), (500, 37), (250, 100), (125, 835)];
        for (every, seen) in seen {
            let charged = charged(DEVNET, every);
            assert!((seen * 2 / 3..=seen * 3).contains(&charged), "{every}: {charged}");
        }
    }

    #[test]
    fn a_steady_load_is_that_of_our_units_and_those_of_others() {
        // Five units of ours, a tenth of a unit of others and a fifth of a unit of order providers: at most
        // 10·e^5.3 - 10. The first minute begins lower.
        let charged = charged(LIVENET, 200);
        assert!((300..2_000).contains(&charged), "{charged}");
    }

    #[test]
    fn what_was_paid_in_advance_is_charged_or_left() {
        for model in [LIVENET, DEVNET] {
            let network = steady(model, 250);
            let left = i128::try_from(network.prepaid).expect("small") - network.balance;
            assert_eq!(left, i128::try_from(network.charged).expect("small"));
            assert!(network.prepaid > network.charged);
        }
    }

    #[test]
    fn a_quiet_network_asks_little() {
        assert!(Network::new(LIVENET).asked(600_000).get() < 60);
        // Its order provider posts twice a second.
        assert!(Network::new(DEVNET).asked(600_000).get() < 1_000);
    }
}
