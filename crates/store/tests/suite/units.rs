//! Units, slots, versions and settlements that keep the rules.

use obyte::compose::Coin;
use obyte::unit::{CoinId, Format, hashes};
use obyte::{Bytes, UnitHash};
use payout::{
    Change, Fees, PaidOutput, Payout, Settlement, Slot, SlotNo, Timestamp, Version, VersionId, VersionNo,
    VersionStatus,
};
use serde_json::{Value, json};

use super::world::{bytes, payer};

/// What a unit here costs; the later versions of a slot pay more TPS fee, until they pay less again.
pub(crate) fn fees(id: VersionId) -> Fees {
    Fees { size: bytes(600), tps: bytes(75 + 5 * u64::from(id.version.get() % 4)) }
}

pub(crate) fn id(slot: u64, version: u32) -> VersionId {
    VersionId { slot: SlotNo::new(slot), version: VersionNo::new(version) }
}

/// A version that spends `inputs` (the anchor first) for `payouts`; the rest is its change.
pub(crate) fn version(id: VersionId, inputs: &[Coin], payouts: &[Payout]) -> Version {
    let spent: Bytes = inputs.iter().map(|coin| coin.amount).sum();
    let paid: Bytes = payouts.iter().filter_map(Payout::output).map(|output| output.amount).sum();
    let change = spent
        .checked_sub(paid)
        .and_then(|left| left.checked_sub(fees(id).total()))
        .filter(|change| !change.is_zero())
        .expect("the test spends enough");
    let mut outputs = vec![json!({"address": payer(), "amount": change})];
    outputs.extend(payouts.iter().map(|payout| json!(payout.output())));
    // Each version has parents of its own, and with them a hash of its own.
    let (unit, json) = unit(&format!("parent of {id}"), fees(id).tps, inputs, &outputs);
    Version {
        id,
        unit,
        json: json.to_string().into(),
        inputs: inputs.to_vec(),
        outputs: payouts
            .iter()
            .zip(1..)
            .map(|(payout, output_index)| PaidOutput { payout: payout.id, output_index })
            .collect(),
        change: Coin {
            id: CoinId { unit, message_index: 0, output_index: 0 },
            amount: change,
            address: payer(),
        },
        fees: fees(id),
        signed_at: Timestamp::from_millis(10_000 + id.slot.get() * 100 + u64::from(id.version.get())),
        status: VersionStatus::Journaled,
    }
}

/// A unit whose form and hashes are right; nobody has signed it.
pub(crate) fn unit(parent: &str, tps_fee: Bytes, inputs: &[Coin], outputs: &[Value]) -> (UnitHash, Value) {
    let payload =
        json!({"inputs": inputs.iter().map(|coin| coin.id).collect::<Vec<_>>(), "outputs": outputs});
    let payload_hash = hashes::payload_hash(Format::V4, "payment", &payload).expect("a plain payload");
    let mut unit = json!({
        "version": "4.0dev",
        "alt": "3",
        "timestamp": 1_700_000_000,
        "authors": [{"address": payer(), "authentifiers": {"r": "A".repeat(88)}}],
        "messages": [
            {"app": "payment", "payload_location": "inline", "payload_hash": payload_hash, "payload": payload},
        ],
        "parent_units": [UnitHash::of(parent)],
        "last_ball": UnitHash::of("last ball"),
        "last_ball_unit": UnitHash::of("last ball unit"),
        "headers_commission": 400,
        "payload_commission": 200,
        "tps_fee": tps_fee,
    });
    let fields = unit.as_object_mut().expect("an object");
    let hash = hashes::unit_hash(fields).expect("a plain unit");
    fields.insert("unit".to_owned(), json!(hash));
    (hash, unit)
}

/// Gives a version another unit, made of these inputs and outputs.
pub(crate) fn with_unit(mut version: Version, inputs: &[Coin], outputs: &[Value]) -> Version {
    let (hash, json) = unit("another parent", version.fees.tps, inputs, outputs);
    version.unit = hash;
    version.change.id.unit = hash;
    version.json = json.to_string().into();
    version
}

/// A slot with its first version, which spends `inputs` (the anchor first) for `payouts`.
pub(crate) fn slot(no: u64, inputs: &[Coin], payouts: &[Payout]) -> Slot {
    Slot {
        no: SlotNo::new(no),
        anchor: inputs[0],
        payouts: payouts.to_vec(),
        versions: vec![version(id(no, 0), inputs, payouts)],
    }
}

/// The settlement of a slot by one of its versions.
pub(crate) fn settled(slot: &Slot, winner: &Version) -> Change {
    let (paid, freed) = slot.payouts.iter().map(|payout| payout.id).partition(|id| winner.pays(*id));
    Change::Settled(Settlement {
        version: winner.id,
        unit: winner.unit,
        paid,
        freed,
        kept: Bytes::ZERO,
        spent: winner.inputs.clone(),
        change: winner.change,
        main_chain_index: Some(100 + slot.no.get()),
        charged_tps_fee: Some(bytes(60)),
        at: Timestamp::from_millis(20_000),
    })
}

/// The same settlement with a part of it altered.
pub(crate) fn altered(change: Change, alter: impl FnOnce(&mut Settlement)) -> Change {
    match change {
        Change::Settled(mut settlement) => {
            alter(&mut settlement);
            Change::Settled(settlement)
        }
        other => other,
    }
}
