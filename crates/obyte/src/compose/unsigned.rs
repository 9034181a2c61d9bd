//! From chosen coins to a unit, and from there to a signed one.

use serde_json::{Map, Value, json};

use super::select::Selection;
use super::{Coin, Payer, Payment};
use crate::definition::SINGLE_SIG_PATH;
use crate::unit::{Format, Input, Output, hashes};
use crate::{Bytes, PublicKey, SecretKey, Unit, UnitHash, size};

/// What a unit costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fees {
    /// For the size of the headers.
    pub headers_commission: Bytes,
    /// For the size of the messages.
    pub payload_commission: Bytes,
    /// For being large.
    pub oversize_fee: Bytes,
    /// For congestion, in advance.
    pub tps_fee: Bytes,
}

impl Fees {
    /// All of them.
    pub fn total(&self) -> Bytes {
        [self.headers_commission, self.payload_commission, self.oversize_fee, self.tps_fee].into_iter().sum()
    }

    /// All but the TPS fee.
    pub fn for_size(&self) -> Bytes {
        [self.headers_commission, self.payload_commission, self.oversize_fee].into_iter().sum()
    }
}

/// Where things stand in the unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    /// The message that is the payment.
    pub message_index: u32,
    /// The output index of each output that was asked for, in the order of asking. Equal outputs are
    /// told apart by that order.
    pub output_indexes: Vec<u32>,
    /// Where the rest went.
    pub change: Change,
}

/// The output that holds what was left: the change, or the swept amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its output index.
    pub output_index: u32,
    /// The output.
    pub output: Output,
}

/// A unit whose amounts and sizes are final, and that is not signed.
#[derive(Clone, Debug, PartialEq)]
pub struct UnsignedUnit {
    raw: Map<String, Value>,
    signers: Vec<PublicKey>,
    /// The coins that it spends, in the order of its inputs.
    pub inputs: Vec<Coin>,
    /// What it costs.
    pub fees: Fees,
    /// Where things stand.
    pub layout: Layout,
}

/// A unit cannot be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the secret key of an author is missing")]
pub struct SignError;

/// A unit to journal and to post.
#[derive(Clone, Debug, PartialEq)]
pub struct SignedUnit {
    /// The unit.
    pub unit: Unit,
    /// Its hash.
    pub hash: UnitHash,
    /// The JSON of the unit as text, from which [`Unit::from_json`] reads the same unit again.
    pub json: String,
}

impl UnsignedUnit {
    pub(super) fn assemble(
        payment: &Payment<'_>,
        authors: &[Payer],
        mut raw: Map<String, Value>,
        headers: u64,
        selection: Selection,
    ) -> Self {
        let rest = Output { address: payment.spend.rest_address(), amount: selection.rest };
        let (outputs, layout) = lay_out(payment, rest);
        let inputs: Vec<_> = selection.coins.iter().map(|coin| Input::Transfer(coin.id).to_json()).collect();
        let payload = json!({"inputs": inputs, "outputs": outputs});
        let hash = hashes::payload_hash(Format::V4, "payment", &payload).expect("no part is empty");
        let message = &mut raw["messages"][payment.notes.len()];
        message["payload"] = payload;
        message["payload_hash"] = json!(hash);
        let fees = Fees {
            headers_commission: Bytes::literal(headers),
            payload_commission: Bytes::literal(size::payload_size(&raw)),
            oversize_fee: selection.oversize_fee,
            tps_fee: payment.parents.tps_fee,
        };
        raw.insert("headers_commission".into(), json!(fees.headers_commission));
        raw.insert("payload_commission".into(), json!(fees.payload_commission));
        if !fees.oversize_fee.is_zero() {
            raw.insert("oversize_fee".into(), json!(fees.oversize_fee));
        }
        let signers = authors.iter().map(Payer::key).collect();
        Self { raw, signers, inputs: selection.coins, fees, layout }
    }

    /// What each author signs (4.9).
    pub fn hash_to_sign(&self) -> [u8; 32] {
        hashes::hash_to_sign(&self.raw).expect("a composed unit has no empty parts")
    }

    /// Signs with the keys of all authors, given in any order. The same keys give the same unit.
    pub fn sign(&self, keys: &[SecretKey]) -> Result<SignedUnit, SignError> {
        let hash = self.hash_to_sign();
        let mut raw = self.raw.clone();
        for (index, signer) in self.signers.iter().enumerate() {
            let key = keys.iter().find(|key| key.public_key() == *signer).ok_or(SignError)?;
            raw["authors"][index]["authentifiers"] = json!({SINGLE_SIG_PATH: key.sign(&hash)});
        }
        let unit_hash = hashes::unit_hash(&raw).expect("a composed unit has no empty parts");
        raw.insert("unit".into(), json!(unit_hash));
        let json = serde_json::to_string(&raw).expect("a JSON object has a text");
        let unit = Unit::of_hashed(raw, unit_hash).expect("a composed unit has every field that units have");
        Ok(SignedUnit { unit, hash: unit_hash, json })
    }
}

/// Sorts outputs and rest as the network wants them, and remembers where each came to stand.
fn lay_out(payment: &Payment<'_>, rest: Output) -> (Vec<Output>, Layout) {
    let mut sorted: Vec<_> = payment.outputs.iter().copied().chain([rest]).enumerate().collect();
    sorted.sort_by_key(|&(asked, output)| (output, asked));
    let mut output_indexes = vec![0; sorted.len()];
    for (&(asked, _), index) in sorted.iter().zip(0..) {
        output_indexes[asked] = index;
    }
    let output_index = output_indexes.pop().expect("the rest is one of them");
    let layout = Layout {
        message_index: u32::try_from(payment.notes.len()).expect("at most 127 notes"),
        output_indexes,
        change: Change { output_index, output: rest },
    };
    (sorted.into_iter().map(|(_, output)| output).collect(), layout)
}
