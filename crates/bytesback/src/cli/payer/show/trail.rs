//! Where a payout stands and stood.

use serde_json::{Value, json};
use store::{Endpoint, Partner, PayoutState, PayoutTrail, PurchaseKey};

use crate::cli::payer::moment;
use crate::cli::people::{date, in_groups, plain};

pub(super) fn text(endpoint: Endpoint, trail: &PayoutTrail, partners: &[Partner]) -> String {
    let record = &trail.record;
    let payout = &record.payout;
    let state = match record.state {
        PayoutState::Queued => "waits in the queue".to_owned(),
        PayoutState::Parked => "parked: the payee is an autonomous agent, it is never paid".to_owned(),
        PayoutState::Held { reason, since } => format!("held for review since {} ({reason})", date(since)),
        PayoutState::Rejected { reason, at } => {
            format!("rejected {} after it was held ({reason}), it is never paid", date(at))
        }
        PayoutState::InUnit { unit, status } => format!("in unit {unit}, which is {}", status.code()),
        PayoutState::Final { unit } => format!("paid for ever by unit {unit}"),
    };
    let replaced = match record.answered {
        Some(answered) if answered.replaced => "  the unit that was answered first is proven dead\n",
        _ => "",
    };
    format!(
        "payout {} of the {endpoint} endpoint, for {}\n  {} bytes to {}, accepted {}\n  {state}\n{replaced}",
        payout.id,
        order(&record.key, partners),
        in_groups(payout.amount),
        payout.payee,
        date(payout.queued_at),
    )
}

pub(super) fn object(endpoint: Endpoint, trail: &PayoutTrail, partners: &[Partner]) -> Value {
    let record = &trail.record;
    let (state, unit) = match record.state {
        PayoutState::Queued => ("queued", None),
        PayoutState::Parked => ("parked", None),
        PayoutState::Held { .. } => ("held", None),
        PayoutState::Rejected { .. } => ("rejected", None),
        PayoutState::InUnit { unit, .. } => ("in_unit", Some(unit)),
        PayoutState::Final { unit } => ("final", Some(unit)),
    };
    let reason = match record.state {
        PayoutState::Held { reason, .. } | PayoutState::Rejected { reason, .. } => Some(reason.to_string()),
        _ => None,
    };
    json!({
        "endpoint": endpoint.code(),
        "payout": record.payout.id,
        "purchase": order_json(&record.key, partners),
        "address": record.payout.payee.place(),
        "amount": record.payout.amount,
        "accepted": moment(record.payout.queued_at),
        "state": state,
        "held_for": reason,
        "unit": unit,
        "replaced": record.answered.is_some_and(|answered| answered.replaced),
        "slots": trail.slots,
    })
}

/// A purchase by the names that people know it by.
pub(super) fn order(key: &PurchaseKey, partners: &[Partner]) -> String {
    let merchant = key.merchant.as_ref().map(|merchant| format!(" for {}", plain(merchant.as_str())));
    let order = plain(key.order_id.as_str());
    format!("order {order} of {}{}", partner(key, partners), merchant.unwrap_or_default())
}

pub(super) fn order_json(key: &PurchaseKey, partners: &[Partner]) -> Value {
    json!({
        "partner": partner(key, partners),
        "merchant": key.merchant.as_ref().map(|merchant| merchant.as_str()),
        "order_id": key.order_id.as_str(),
    })
}

fn partner(key: &PurchaseKey, partners: &[Partner]) -> String {
    let named = partners.iter().find(|partner| partner.id == key.partner);
    named.map_or_else(|| format!("partner {}", key.partner), |partner| partner.name.to_string())
}
