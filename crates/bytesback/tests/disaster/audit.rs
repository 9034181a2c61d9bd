//! Judges what is left after a kill: with the books of the simulation's auditor, those of the tills, and
//! what was there at the audit before.

use std::path::Path;

use obyte::{Address, Unit};
use payout::{FeeLimits, Timestamp};
use simulation::{Broken, Promise, Record, Replay};

use crate::orders::Orders;
use crate::records::Database;

/// Compares audit with audit.
pub(crate) struct Auditor {
    pub(crate) payer: Address,
    /// The deposit of the shop, and when it was booked.
    pub(crate) deposit: (Timestamp, Record),
    before: Database,
    units_before: Vec<String>,
}

impl Auditor {
    pub(crate) fn new(payer: Address, deposit: (Timestamp, Record)) -> Self {
        Self { payer, deposit, before: Database::default(), units_before: Vec::new() }
    }

    /// Looks through everything. No server runs; the network may.
    pub(crate) fn audit(&mut self, database: &Path, network: &Path, orders: &Orders) -> Replay {
        let database = Database::read(database);
        // Later than the database, so that whatever was proven is there.
        let units = obyte_devnet::accepted_units(network).expect("a network");
        let replay = match self.replay(&database, &units) {
            Ok(replay) => replay,
            Err(broken) => panic!("{broken}"),
        };
        self.check_nothing_is_gone(&database, &units);
        check_orders(&database, orders, &replay);
        (self.before, self.units_before) = (database, units);
        replay
    }

    /// The auditor is tested, too: what is wrong in these ways must be found, for the right reason.
    pub(crate) fn finds_what_is_wrong(&self) {
        let (database, units) = (&self.before, &self.units_before);
        let broken = |database: &Database, units: &[String]| {
            self.replay(database, units).err().map(|broken| broken.promise)
        };
        let last = database.settled.last_key_value().map(|(_, unit)| *unit).expect("something was paid");
        let without: Vec<_> = units.iter().filter(|json| unit(json).hash() != last).cloned().collect();
        assert_eq!(broken(database, units), None);
        assert_eq!(broken(&database.without_the_last_slot(), units), Some(Promise::JournaledFirst));
        assert_eq!(broken(&database.with_another_amount(), units), Some(Promise::PaidOnce));
        assert_eq!(broken(database, &without), Some(Promise::Proven));
    }

    fn replay(&self, database: &Database, units: &[String]) -> Result<Replay, Broken> {
        let mut replay = Replay::new(vec![self.payer], FeeLimits::default(), database.reserve);
        for json in units {
            replay.observe(&unit(json))?;
        }
        for record in database.records(self.deposit.clone()) {
            replay.play(record)?;
        }
        replay.check_network()?;
        Ok(replay)
    }

    /// What was accepted, signed, final or on the network stays so.
    fn check_nothing_is_gone(&self, database: &Database, units: &[String]) {
        for (order, accepted) in &self.before.accepted {
            assert_eq!(database.accepted.get(order), Some(accepted), "order {order} was accepted otherwise");
        }
        for (unit, json) in &self.before.units {
            assert_eq!(database.units.get(unit), Some(json), "{unit} was journaled otherwise");
        }
        for (slot, unit) in &self.before.settled {
            assert_eq!(database.settled.get(slot), Some(unit), "slot {slot} was final");
        }
        assert!(units.starts_with(&self.units_before), "the network has forgotten units");
    }
}

fn unit(json: &str) -> Unit {
    let json = serde_json::from_str(json).expect("the devnet keeps JSON");
    Unit::from_json(json).expect("the devnet keeps units")
}

/// What the tills were told is what the database says.
fn check_orders(database: &Database, orders: &Orders, replay: &Replay) {
    let orders = orders.lock();
    for (name, order) in orders.iter() {
        let Some(accepted) = database.accepted.get(name) else {
            assert!(order.taken.is_none(), "order {name} was taken, and is lost");
            continue;
        };
        let is_taken = |offer: &crate::orders::Offer| {
            offer.to == accepted.recipient && offer.cashback() == accepted.amount.get()
        };
        let number = order.offers.iter().position(is_taken);
        let number = number.unwrap_or_else(|| panic!("order {name} is accepted as nobody offered it"));
        assert!(!order.offers[number].hopeless, "order {name} is accepted, and could not be");
        assert!(order.taken.is_none_or(|taken| taken == number), "order {name} was told otherwise");
        assert!(!order.late.contains(&number), "order {name} was refused for ever");
        if let Some(unit) = &order.unit
            && let Err(broken) = replay.check_told(accepted.payout, unit)
        {
            panic!("order {name}: {broken}");
        }
    }
    for name in database.accepted.keys() {
        assert!(orders.contains_key(name), "order {name} is accepted, and nobody sent it");
    }
}
