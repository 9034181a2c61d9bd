//! `payer slots`.

use serde_json::{Value, json};
use store::{Endpoint, SlotLine, WhichSlots};

use super::{Common, SlotsArgs, moment, state_json};
use crate::cli::people::{count, date, in_groups};

pub(super) async fn slots(args: &SlotsArgs) -> anyhow::Result<()> {
    let store = args.common.data.open()?;
    let which = if args.all { WhichSlots::All } else { WhichSlots::Open };
    let mut found = Vec::new();
    for endpoint in args.common.endpoints() {
        let slots = store.slots(endpoint, which, args.limit).await?;
        found.extend(slots.iter().map(|slot| (text(endpoint, slot), object(endpoint, slot))));
    }
    if found.is_empty() && !args.common.json {
        return nothing(&args.common, which);
    }
    args.common.print(&found)
}

fn nothing(common: &Common, which: WhichSlots) -> anyhow::Result<()> {
    let text = match which {
        WhichSlots::All => "no slots",
        WhichSlots::Open => "no open slots: every unit is proven; --all lists them",
    };
    common.print(&[(format!("{text}\n"), Value::Null)])
}

fn text(endpoint: Endpoint, slot: &SlotLine) -> String {
    format!(
        "{endpoint} slot {:<6} {:<7} {} {:<11} {:>12} {:>20} bytes  {} {}\n",
        slot.no,
        slot.state.code(),
        date(slot.opened_at),
        count(slot.versions.into(), "version"),
        count(slot.payouts.into(), "payout"),
        in_groups(slot.amount),
        slot.unit,
        slot.status.code(),
    )
}

fn object(endpoint: Endpoint, slot: &SlotLine) -> Value {
    json!({
        "endpoint": endpoint.code(),
        "slot": slot.no,
        "stands": state_json(slot.state),
        "opened": moment(slot.opened_at),
        "versions": slot.versions,
        "unit": slot.unit,
        "status": slot.status,
        "payouts": slot.payouts,
        "amount": slot.amount,
        "size_fee": slot.fees.size,
        "tps_fee": slot.fees.tps,
    })
}
