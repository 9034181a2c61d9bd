//! What a hub says of textcoins that are about to be given.

use std::collections::BTreeSet;

use obyte::Address;
use obyte::compose::Parents;
use obyte_hub::{HistoryRequest, Hub, HubError, ParentsRequest};
use payout::Claims;
use serde_json::Value;

/// Which of the new addresses have a history, and what claiming a textcoin takes, asked as who claims one would ask
/// (section 9).
///
/// Nothing of it is proven, and need not be: a hub that makes a history up wastes a number, and one that hides it
/// helps only who was given the words of that number before, in a life of the wallet that had the same generation.
pub(super) async fn claims(
    hub: &Hub,
    order_providers: &[Address],
    fresh: &[Address],
) -> Result<Claims, HubError> {
    let request = HistoryRequest {
        witnesses: order_providers.to_vec(),
        addresses: fresh.to_vec(),
        requested_joints: Vec::new(),
        known_stable_units: Vec::new(),
        min_mci: None,
    };
    let history = hub.history(&request).await?;
    let first: Vec<Address> = fresh.iter().take(1).copied().collect();
    let request = ParentsRequest {
        witnesses: None,
        from_addresses: first.clone(),
        output_addresses: first,
        max_aa_responses: None,
    };
    let tps_fee = Parents::from(hub.parents(&request).await?).tps_fee;
    let named = named(&history);
    let used = fresh.iter().filter(|address| named.contains(address.as_str())).copied().collect();
    Ok(Claims { used, tps_fee })
}

/// The addresses that sign a unit of a history, or are paid by one.
fn named(history: &Value) -> BTreeSet<&str> {
    let mut named = BTreeSet::new();
    for unit in list(history, "joints").filter_map(|joint| joint.get("unit")) {
        let outputs = list(unit, "messages").filter_map(|message| message.get("payload"));
        let outputs = outputs.flat_map(|payload| list(payload, "outputs"));
        let owners = list(unit, "authors").chain(outputs);
        named.extend(owners.filter_map(|owner| owner.get("address").and_then(Value::as_str)));
    }
    named
}

/// The elements of a list in an object; none without it.
fn list<'a>(object: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    object.get(name).and_then(Value::as_array).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn who_signs_and_who_is_paid_has_a_history() {
        let history = json!({"joints": [
            {"unit": {
                "authors": [{"address": "A"}],
                "messages": [{"app": "payment", "payload": {"outputs": [{"address": "B"}, {"address": "C"}]}}],
            }},
            {"unit": {"authors": [{"address": "D"}], "messages": []}},
        ]});
        assert_eq!(named(&history), BTreeSet::from(["A", "B", "C", "D"]));
        assert_eq!(named(&json!({})), BTreeSet::new());
    }
}
