//! What kind of world a seed makes: how long things go wrong, who buys what when, and from which coins it is
//! paid.

use std::time::Duration;

use obyte::{Address, Bytes, Network};
use payout::{FeeLimits, Pacing, Payee, Settings};

use super::{Item, World};
use crate::counter::{Order, Reserves, Terms};
use crate::random::Random;

/// How long everything may take afterwards until every payout is final, in milliseconds of the world.
pub(super) const RECOVERY: u64 = 20 * 60_000;
const DAY: u64 = 24 * 60 * 60_000;

/// How many customers there are in a world.
const CUSTOMERS: u64 = 7;

/// What a customer gives at the till.
fn payee(number: u64, gives_textcoins: bool) -> Payee {
    if gives_textcoins && number.is_multiple_of(3) {
        Payee::Textcoin(None)
    } else {
        Payee::Address(customer(number))
    }
}

fn customer(number: u64) -> Address {
    Address::of_source(&format!("customer {number}"))
}

/// The kind of a world.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    pub(super) settings: Settings,
    /// How long things go wrong, in milliseconds.
    pub(super) trouble: u64,
    /// A time in which the hub cannot be reached at all: from when, and how long.
    pub(super) outage: Option<(u64, u64)>,
    groups: u64,
    /// At most so many purchases in a group.
    group: u64,
    is_rich: bool,
    /// Whether the operator adds coins when the trouble is over.
    pub(super) tops_up: bool,
    /// Whether the database is lost once.
    pub(super) loses_database: bool,
    /// Whether some customers get textcoins.
    gives_textcoins: bool,
}

impl Plan {
    pub(super) fn new(random: &mut Random) -> Self {
        let mut settings = Settings::new(Network::Devnet);
        if random.chance(100) {
            settings.limits =
                FeeLimits { per_day: Bytes::literal(random.between(1_000, 5_000)), ..settings.limits };
        }
        if random.chance(100) {
            settings.pacing = Pacing { batch: 4, ..settings.pacing };
        }
        if random.chance(100) {
            settings.open_slots_max = 3;
        }
        if random.chance(300) {
            settings.pull_after = Duration::from_secs(random.between(5, 60));
        }
        if random.chance(300) {
            settings.slots_per_address = random.between(1, 4);
        }
        // A few worlds are crowded.
        let is_big = random.chance(20);
        let trouble = if is_big { 180_000 } else { random.between(30_000, 120_000) };
        let weeks = random.chance(80).then(|| random.between(DAY, 40 * DAY));
        if is_big {
            settings.follow_every = Duration::from_secs(10);
        }
        // In crowds amounts do not tell the orders apart.
        let loses_database = !is_big && random.chance(200);
        Self {
            settings,
            trouble,
            outage: weeks.map(|length| (trouble / 2, length)),
            groups: if is_big { 6 } else { random.between(1, 6) },
            group: if is_big { 120 } else { 3 },
            is_rich: random.chance(500),
            // What was spent before a loss may be owed by the copy.
            tops_up: random.chance(700) || loses_database,
            loses_database,
            gives_textcoins: random.chance(500),
        }
    }
}

impl Plan {
    /// What is set aside for payouts.
    pub(super) fn reserves(&self) -> Reserves {
        let Settings { limits, network, .. } = self.settings;
        Reserves { payout: limits.reserve(), claim: limits.claim_reserve(network) }
    }
}

impl World {
    /// One large coin, or many that are hardly enough, or crumbs.
    pub(super) fn plan_funds(&mut self) {
        let now = self.now;
        if self.plan.is_rich {
            self.books.chain.deposit(1_000_000_000, now);
        } else if self.random.chance(100) {
            for _ in 0..self.random.between(20, 90) {
                self.books.chain.deposit(self.random.between(500, 3_000), now);
            }
        } else {
            for _ in 0..self.random.between(1, 12) {
                let ripe_at = now + self.random.between(0, self.plan.trouble / 4);
                self.books.chain.deposit(self.random.between(5_000, 120_000), ripe_at);
            }
        }
        for partner in 1..=2 {
            let at = self.random.between(1_000, self.plan.trouble / 4);
            let amount = Bytes::literal(self.random.between(10_000, 60_000));
            self.later(at, Item::BookDeposit(partner, amount, 10));
        }
    }

    /// Groups of purchases at random times; some are reported again, some with other terms.
    pub(super) fn plan_purchases(&mut self) {
        let mut number = 0;
        for _ in 0..self.plan.groups {
            let at = self.random.between(2_000, self.plan.trouble * 3 / 4);
            for _ in 0..self.random.between(1, self.plan.group) {
                number += 1;
                self.plan_purchase(number, at);
            }
        }
    }

    /// In some worlds a customer gives the address of an agent, or of what becomes one.
    pub(super) fn plan_agents(&mut self) {
        if self.random.chance(200) {
            let at = self.random.between(0, self.plan.trouble);
            let which = self.random.between(0, CUSTOMERS - 1);
            self.later(at, Item::DefineAgent(customer(which)));
        }
    }

    fn plan_purchase(&mut self, number: u64, at: u64) {
        // Partners may use the same order id, and one may use it for two purchases.
        let order = Order { partner: if number.is_multiple_of(3) { 2 } else { 1 }, id: number / 2 };
        let share = if self.random.chance(400) { self.random.between(1, 500) * 10 } else { 0 };
        let terms = Terms {
            recipient: payee(number % CUSTOMERS, self.plan.gives_textcoins),
            // Amounts tell the orders apart.
            base: Bytes::literal(20_000 + number * 10_000 % 70_000 + number),
            share: Bytes::literal(share),
        };
        self.later(at, Item::Request(order, terms));
        let others = Terms { base: Bytes::literal(terms.base.get() + 1), ..terms };
        for (chance, terms) in [(300, terms), (300, terms), (100, others)] {
            if self.random.chance(chance) {
                let pause = self.random.between(0, self.plan.trouble);
                self.later(at + pause, Item::Request(order, terms));
            }
        }
    }
}
