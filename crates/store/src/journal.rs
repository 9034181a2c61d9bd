//! What must be true of a version before it is journaled, as far as it can be seen without a database.

use std::collections::{BTreeMap, HashSet};

use obyte::compose::Coin;
use obyte::{Address, Bytes, Output, Unit};
use payout::{Payout, PayoutId, Version, VersionStatus};

use crate::Violation;

/// Checks a version by itself: nobody has answered it, nothing in it is there twice, and it spends its
/// anchor first.
pub(crate) fn check_version(version: &Version, anchor: &Coin) -> Result<(), Violation> {
    let id = version.id;
    if version.status != VersionStatus::Journaled {
        return Err(Violation::NotNew(id));
    }
    if version.inputs.first() != Some(anchor) {
        return Err(Violation::AnchorNotSpent(id));
    }
    let mut inputs = HashSet::new();
    if let Some(coin) = version.inputs.iter().find(|coin| !inputs.insert(coin.id)) {
        return Err(Violation::ForeignCoin { version: id, coin: coin.id });
    }
    let mut payouts = HashSet::new();
    let mut places = HashSet::from([version.change.id.output_index]);
    for output in &version.outputs {
        if !payouts.insert(output.payout) || !places.insert(output.output_index) {
            return Err(Violation::RepeatedOutput(id));
        }
    }
    Ok(())
}

/// Checks that the amounts of a version add up, and that its unit is exactly what it claims to be:
/// it spends those coins, pays those payouts and the change and nobody else, and costs those fees.
pub(crate) fn check_unit(version: &Version, payouts: &BTreeMap<PayoutId, Payout>) -> Result<(), Violation> {
    let paid = paid(version, payouts)?;
    check_sums(version, &paid)?;
    if is_unit(version, &paid) { Ok(()) } else { Err(Violation::OtherUnit(version.id)) }
}

/// The outputs that a version claims, the change among them, by their index.
fn paid(
    version: &Version,
    payouts: &BTreeMap<PayoutId, Payout>,
) -> Result<BTreeMap<u32, (Address, Bytes)>, Violation> {
    let mut paid =
        BTreeMap::from([(version.change.id.output_index, (version.change.address, version.change.amount))]);
    for output in &version.outputs {
        let payout = payouts
            .get(&output.payout)
            .ok_or(Violation::NotInSlot { version: version.id, payout: output.payout })?;
        let owed = payout.output().ok_or(Violation::NotIssued(output.payout))?;
        paid.insert(output.output_index, (owed.address, owed.amount));
    }
    Ok(paid)
}

fn check_sums(version: &Version, paid: &BTreeMap<u32, (Address, Bytes)>) -> Result<(), Violation> {
    let spent = Bytes::checked_sum(version.inputs.iter().map(|coin| coin.amount));
    let left = Bytes::checked_sum(paid.values().map(|(_, amount)| *amount))
        .and_then(|paid| paid.checked_add(version.fees.size))
        .and_then(|paid| paid.checked_add(version.fees.tps));
    if spent.is_some() && spent == left { Ok(()) } else { Err(Violation::Unbalanced(version.id)) }
}

fn is_unit(version: &Version, paid: &BTreeMap<u32, (Address, Bytes)>) -> bool {
    let Ok(json) = serde_json::from_str(&version.json) else { return false };
    let Ok(unit) = Unit::from_json(json) else { return false };
    let message = version.change.id.message_index;
    let is_claimed = |(coin, output): (obyte::CoinId, Output)| {
        coin.message_index == message
            && paid.get(&coin.output_index) == Some(&(output.address, output.amount))
    };
    let claimed: HashSet<_> = version.inputs.iter().map(|coin| coin.id).collect();
    let spent: Vec<_> = unit.spent_coins().collect();
    let size =
        Bytes::checked_sum([unit.headers_commission(), unit.payload_commission(), unit.oversize_fee()]);
    unit.hash() == version.unit
        && version.change.id.unit == version.unit
        && spent.len() == claimed.len()
        && spent.iter().all(|coin| claimed.contains(coin))
        && unit.outputs().count() == paid.len()
        && unit.outputs().all(is_claimed)
        && size == Some(version.fees.size)
        && unit.tps_fee().unwrap_or_default() == version.fees.tps
}
