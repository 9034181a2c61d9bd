//! What the coins of a unit prove that is not proven itself.
//!
//! The hash of a unit covers which coins it spends, and the hashes of the units that made them cover what they
//! hold and whose they are. So a unit is followed back along its coins to units that are proven: whoever makes
//! one up needs coins that exist, and the keys to them. That nobody spends them in another unit only finality
//! tells.

use std::collections::{BTreeMap, BTreeSet};

use obyte::history::{ProvenUnit, State};
use obyte::unit::{CoinId, Input};
use obyte::validate::balance;
use obyte::{Address, Bytes, Unit, UnitHash};

/// The units that were shown, by their hashes.
pub(super) type Shown = BTreeMap<UnitHash, ProvenUnit>;

/// The units that made the coins of a unit.
pub(super) fn sources(unit: &Unit) -> impl Iterator<Item = UnitHash> + '_ {
    unit.spent_coins().map(|coin| coin.unit)
}

/// Checks that every coin of a unit exists as far as `shown` tells, is its author's and is spent only here of
/// all that were checked before, and that the unit pays no more than they hold; says in a few words what is wrong.
pub(super) fn check(unit: &Unit, shown: &Shown, spent: &mut BTreeSet<CoinId>) -> Result<(), &'static str> {
    let (_, payment) = unit.base_payment().ok_or("it pays nothing")?;
    let mut held = Vec::new();
    for input in &payment.inputs {
        let Input::Transfer(coin) = input else { return Err("it spends earnings, which no hash covers") };
        if !spent.insert(*coin) {
            return Err("a coin of it is spent twice");
        }
        let (owner, amount) = output(*coin, shown)?;
        if !unit.is_authored_by(&owner) {
            return Err("it spends a coin of somebody else");
        }
        held.push(amount);
    }
    balance(unit, held).map_err(|_| "it pays another amount than its coins hold")
}

fn output(coin: CoinId, shown: &Shown) -> Result<(Address, Bytes), &'static str> {
    let source = shown.get(&coin.unit).ok_or("a unit that made a coin of it is not shown")?;
    if source.state == State::FinalBad {
        return Err("a unit that made a coin of it is void");
    }
    let mut outputs = source.unit.outputs();
    let (_, output) = outputs.find(|(id, _)| *id == coin).ok_or("a coin of it does not exist")?;
    Ok((output.address, output.amount))
}
