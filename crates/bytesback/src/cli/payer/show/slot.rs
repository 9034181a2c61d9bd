//! A slot with all that is known of it.

use std::fmt::{Error, Write};

use obyte::compose::Coin;
use payout::{Version, VersionStatus};
use serde_json::{Value, json};
use store::{Endpoint, HubAnswer, PaidFor, Partner, SlotPayout, SlotRecord, SlotState, VersionRecord};

use super::trail::{order, order_json};
use crate::cli::payer::{moment, state_json};
use crate::cli::people::{date, in_groups, plain};
use crate::cli::withdrawal::{purse, purse_json};

pub(super) fn text(endpoint: Endpoint, slot: &SlotRecord, partners: &[Partner]) -> Result<String, Error> {
    let mut out = String::new();
    writeln!(out, "slot {} of the {endpoint} endpoint: {}", slot.no, slot.state.code())?;
    writeln!(out, "  {}", proof(slot.state))?;
    writeln!(out, "  its anchor, which every version spends: {}", coin(&slot.anchor))?;
    for record in &slot.versions {
        version(&mut out, record)?;
    }
    writeln!(out, "  payouts")?;
    for held in &slot.payouts {
        writeln!(out, "    {}", payout(slot, held, partners))?;
    }
    Ok(out)
}

fn proof(state: SlotState) -> String {
    match state {
        SlotState::Open => "nothing is proven yet".to_owned(),
        SlotState::Dead { at } => {
            format!("proven {}: its anchor never existed; its payouts went back to the queue", date(at))
        }
        SlotState::Settled { winner, main_chain_index, charged_tps_fee, at } => {
            let index = main_chain_index.map(|index| format!(", at main chain index {index}"));
            let charged = charged_tps_fee.map(|fee| format!(", {} bytes of TPS fee charged", in_groups(fee)));
            format!(
                "proven {}: version {winner} is good for ever{}{} (index and charge as the hub told them)",
                date(at),
                index.unwrap_or_default(),
                charged.unwrap_or_default()
            )
        }
    }
}

fn coin(coin: &Coin) -> String {
    let id = &coin.id;
    format!("{} bytes of {}:{}:{}", in_groups(coin.amount), id.unit, id.message_index, id.output_index)
}

fn version(out: &mut String, record: &VersionRecord) -> Result<(), Error> {
    let Version { id, unit, inputs, outputs, change, fees, signed_at, status, .. } = &record.version;
    writeln!(out, "  version {}: {}", id.version, meaning(*status))?;
    writeln!(out, "    unit {unit}")?;
    writeln!(
        out,
        "    signed {}, costs {} bytes for its size and {} of TPS fee",
        date(*signed_at),
        in_groups(fees.size),
        in_groups(fees.tps)
    )?;
    for input in inputs {
        writeln!(out, "    spends {}", coin(input))?;
    }
    for output in outputs {
        writeln!(out, "    pays payout {} with output {}", output.payout, output.output_index)?;
    }
    writeln!(out, "    change {}", coin(change))?;
    for heard in &record.answers {
        writeln!(out, "    {}", answer(heard))?;
    }
    if record.answers.is_empty() {
        writeln!(out, "    no answer of a hub is known")?;
    }
    Ok(())
}

const fn meaning(status: VersionStatus) -> &'static str {
    match status {
        VersionStatus::Journaled => "journaled, no answer of a hub is known",
        VersionStatus::Unknown => "unknown, a hub may have it or not",
        VersionStatus::Accepted => "accepted by a hub, not proven",
        VersionStatus::Refused => "refused by a hub, not proven dead",
        VersionStatus::Final => "final, proven good for ever",
        VersionStatus::Dead => "dead, proven never to become good",
    }
}

fn answer(heard: &HubAnswer) -> String {
    let words = plain(&heard.answer);
    if heard.times == 1 {
        return format!("{} {words}", date(heard.first_at));
    }
    format!("{} {words} ({} times, last {})", date(heard.first_at), heard.times, date(heard.last_at))
}

fn payout(slot: &SlotRecord, held: &SlotPayout, partners: &[Partner]) -> String {
    let place = match held.slot {
        Some(no) if no == slot.no && slot.state == SlotState::Open => "in this slot".to_owned(),
        Some(no) if no == slot.no => "paid for ever".to_owned(),
        Some(no) => format!("in slot {no} now"),
        None if held.is_parked => "parked, the payee is an autonomous agent".to_owned(),
        None if held.is_held => "held for review, or rejected".to_owned(),
        None => "back in the queue".to_owned(),
    };
    let payout = &held.payout;
    format!(
        "{}: {} bytes to {}, {}; {place}",
        payout.id,
        in_groups(payout.amount),
        payout.payee,
        reason(&held.paid_for, partners)
    )
}

/// What a payout is for.
fn reason(paid_for: &PaidFor, partners: &[Partner]) -> String {
    match paid_for {
        PaidFor::Purchase(key) => order(key, partners),
        PaidFor::Withdrawal { command, purse: of } => {
            format!("withdrawal {command} of {}", purse(*of, partners))
        }
    }
}

pub(super) fn object(endpoint: Endpoint, slot: &SlotRecord, partners: &[Partner]) -> Value {
    json!({
        "endpoint": endpoint.code(),
        "slot": slot.no,
        "stands": state_json(slot.state),
        "anchor": coin_json(&slot.anchor),
        "versions": slot.versions.iter().map(version_json).collect::<Vec<_>>(),
        "payouts": slot.payouts.iter().map(|held| payout_json(held, partners)).collect::<Vec<_>>(),
    })
}

fn version_json(record: &VersionRecord) -> Value {
    let Version { id, unit, inputs, outputs, change, fees, signed_at, status, .. } = &record.version;
    let pays = |output: &payout::PaidOutput| json!({"payout": output.payout, "output": output.output_index});
    let answers = record.answers.iter().map(|heard| {
        json!({
            "answer": heard.answer, "times": heard.times,
            "first": moment(heard.first_at), "last": moment(heard.last_at),
        })
    });
    json!({
        "version": id.version,
        "unit": unit,
        "status": status,
        "signed": moment(*signed_at),
        "size_fee": fees.size,
        "tps_fee": fees.tps,
        "inputs": inputs.iter().map(coin_json).collect::<Vec<_>>(),
        "pays": outputs.iter().map(pays).collect::<Vec<_>>(),
        "change": coin_json(change),
        "answers": answers.collect::<Vec<_>>(),
    })
}

fn coin_json(coin: &Coin) -> Value {
    json!({
        "unit": coin.id.unit, "message_index": coin.id.message_index, "output_index": coin.id.output_index,
        "amount": coin.amount, "address": coin.address,
    })
}

fn payout_json(held: &SlotPayout, partners: &[Partner]) -> Value {
    let (purchase, withdrawal) = match &held.paid_for {
        PaidFor::Purchase(key) => (order_json(key, partners), Value::Null),
        PaidFor::Withdrawal { command, purse } => {
            (Value::Null, json!({"id": command.to_string(), "of": purse_json(*purse, partners)}))
        }
    };
    json!({
        "payout": held.payout.id,
        "amount": held.payout.amount,
        "address": held.payout.payee.place(),
        "purchase": purchase,
        "withdrawal": withdrawal,
        "slot": held.slot,
        "parked": held.is_parked,
        "held": held.is_held,
    })
}
