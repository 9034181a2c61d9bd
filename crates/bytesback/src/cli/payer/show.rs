//! `payer show`.

use std::collections::BTreeSet;

use anyhow::{Context, bail, ensure};
use obyte::UnitHash;
use payout::{PayoutId, SlotNo};
use serde_json::Value;
use store::{Endpoint, OrderId, Partner, PayoutTrail, Store};

use super::ShowArgs;
use crate::cli::withdrawal;

mod slot;
mod trail;

/// What is looked for.
enum Sought {
    Slot(SlotNo),
    Unit(UnitHash),
    Payout(PayoutId),
    Order(OrderId),
}

pub(super) async fn show(args: &ShowArgs) -> anyhow::Result<()> {
    let sought = sought(args)?;
    let store = args.common.data.open()?;
    let partners = store.partners().await?;
    let mut found = Vec::new();
    for endpoint in args.common.endpoints() {
        found.append(&mut find(&*store, endpoint, &sought, &partners).await?);
    }
    ensure!(!found.is_empty(), "{}", not_found(&sought));
    args.common.print(&found)
}

fn sought(args: &ShowArgs) -> anyhow::Result<Sought> {
    if let Some(payout) = args.payout {
        return Ok(Sought::Payout(PayoutId::new(payout)));
    }
    let order = |text: &str| OrderId::new(text).map(Sought::Order).context("this is no order id");
    match (&args.order, &args.what) {
        (Some(text), _) => order(text),
        (None, Some(text)) => match (text.parse(), text.parse()) {
            (Ok(slot), _) => Ok(Sought::Slot(SlotNo::new(slot))),
            (_, Ok(unit)) => Ok(Sought::Unit(unit)),
            _ => order(text),
        },
        (None, None) => bail!("name a slot, a unit, a payout or an order"),
    }
}

fn not_found(sought: &Sought) -> String {
    match sought {
        Sought::Slot(no) => {
            format!(
                "there is no slot {no}; look for a payout with --payout {no}, for an order with --order {no}"
            )
        }
        Sought::Unit(unit) => format!("no slot has unit {unit}"),
        Sought::Payout(payout) => format!("there is no payout {payout}"),
        Sought::Order(_) => "there is no purchase with this order id".to_owned(),
    }
}

/// What there is at an endpoint: where payouts stand, and slots.
async fn find(
    store: &dyn Store,
    endpoint: Endpoint,
    sought: &Sought,
    partners: &[Partner],
) -> anyhow::Result<Vec<(String, Value)>> {
    let payouts = match sought {
        Sought::Slot(no) => return slots(store, endpoint, [*no].into(), partners).await,
        Sought::Unit(unit) => {
            let slot = store.slot_of_unit(endpoint, *unit).await?;
            return slots(store, endpoint, slot.into_iter().collect(), partners).await;
        }
        Sought::Payout(payout) => vec![*payout],
        Sought::Order(order) => store.payouts_of_order(endpoint, order).await?,
    };
    let mut found = Vec::new();
    let mut held_by = BTreeSet::new();
    for payout in payouts {
        let Some(trail) = store.trail(endpoint, payout).await? else {
            if let Some(record) = store.withdrawal_of(endpoint, payout).await? {
                let (text, object) = (withdrawal::text, withdrawal::object);
                found.push((text(endpoint, &record, partners), object(endpoint, &record, partners)));
                held_by.extend(record.slots);
            }
            continue;
        };
        found.push((trail::text(endpoint, &trail, partners), trail::object(endpoint, &trail, partners)));
        let PayoutTrail { slots, .. } = trail;
        held_by.extend(slots);
    }
    found.append(&mut slots(store, endpoint, held_by, partners).await?);
    Ok(found)
}

async fn slots(
    store: &dyn Store,
    endpoint: Endpoint,
    numbers: BTreeSet<SlotNo>,
    partners: &[Partner],
) -> anyhow::Result<Vec<(String, Value)>> {
    let mut found = Vec::new();
    for no in numbers {
        if let Some(slot) = store.slot(endpoint, no).await? {
            found.push((slot::text(endpoint, &slot, partners)?, slot::object(endpoint, &slot, partners)));
        }
    }
    Ok(found)
}
