//! Composing a payment (section 8): from coins and outputs to a signed unit.
//!
//! Pure: what the hub answered comes in as [`Parents`], what the wallet owns as [`Coin`]s. The plan:
//! [`compose`] chooses inputs so that outputs, change and all fees are covered exactly, and gives an
//! [`UnsignedUnit`] whose sizes are final, since signatures have a fixed length; signing it gives a
//! [`SignedUnit`], whose text is what to journal and to post. A unit made here passes
//! [`crate::validate::structure`].

mod definition;
mod request;
mod select;
mod unsigned;

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

pub use definition::{FirstUnit, definition_needed};
pub use request::{Coin, Note, Parents, ParentsError, Payer, Payment, Spend};
pub use unsigned::{Change, Fees, Layout, SignError, SignedUnit, UnsignedUnit};

use crate::fee::ThresholdSize;
use crate::unit::{Format, Output, hashes};
use crate::{Address, Bytes, Network, size};
use select::Costs;

/// The most authors of a unit (1.1).
pub const MAX_AUTHORS: usize = 16;
/// The most outputs of a payment, change included (1.1).
pub const MAX_OUTPUTS: usize = 128;
/// The most messages of a unit (1.1).
pub const MAX_MESSAGES: usize = 128;
/// The most inputs that a composed payment takes. The network's limit is 128.
pub const MAX_INPUTS: usize = 100;

/// A payment cannot be composed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// The coins hold too little.
    #[error("{missing} bytes are missing; {left_out} coins were left out because a unit takes no more")]
    NotEnough {
        /// How much more is needed, with the fees of the coins at hand.
        missing: Bytes,
        /// How many further coins there are, beyond the most inputs that one unit takes.
        left_out: usize,
    },
    /// More outputs than a unit takes.
    #[error("a unit has at most {MAX_OUTPUTS} outputs, change included; asked for {count}")]
    TooManyOutputs {
        /// How many were asked for, change included.
        count: usize,
    },
    /// More coins that must be spent than a unit takes.
    #[error("a unit is given at most {MAX_INPUTS} inputs; {count} are mandatory")]
    TooManyInputs {
        /// How many are mandatory.
        count: usize,
    },
    /// Nobody pays, one payer twice, or too many.
    #[error("a unit has 1 to {MAX_AUTHORS} different payers")]
    Payers,
    /// More notes than a unit has room for.
    #[error("a unit has at most {MAX_MESSAGES} messages")]
    TooManyMessages,
    /// A coin belongs to none of the payers.
    #[error("a coin belongs to none of the payers")]
    ForeignCoin,
    /// The same coin twice.
    #[error("a coin was given twice")]
    DuplicateCoin,
    /// An output of nothing.
    #[error("an output must pay at least 1 byte")]
    EmptyOutput,
    /// Sums above what the network can express.
    #[error("the amounts are above the cap of the network")]
    TooMuch,
    /// A note whose payload has no hash.
    #[error("a note cannot be hashed: {0}")]
    Note(#[from] crate::canonical::CanonicalError),
}

/// Composes a payment.
pub fn compose(payment: &Payment<'_>) -> Result<UnsignedUnit, ComposeError> {
    let authors = authors(payment)?;
    check_outputs(payment)?;
    let coins = check_coins(payment, &authors)?;
    let skeleton = skeleton(payment, &authors)?;
    let headers = size::headers_size(&skeleton);
    let costs = Costs {
        outputs: Bytes::checked_sum(payment.outputs.iter().map(|output| output.amount))
            .ok_or(ComposeError::TooMuch)?,
        size_without_inputs: headers + size::payload_size(&skeleton),
        threshold: payment.threshold,
        tps_fee: payment.parents.tps_fee,
        least_rest: payment.spend.least_rest(),
    };
    let selection = select::select(payment, coins, &costs)?;
    Ok(UnsignedUnit::assemble(payment, &authors, skeleton, headers, selection))
}

/// The payers in the order of their addresses.
fn authors(payment: &Payment<'_>) -> Result<Vec<Payer>, ComposeError> {
    let mut authors = payment.payers.to_vec();
    authors.sort_by_key(Payer::address);
    let different = authors.windows(2).all(|pair| pair[0].address() != pair[1].address());
    if different && (1..=MAX_AUTHORS).contains(&authors.len()) {
        Ok(authors)
    } else {
        Err(ComposeError::Payers)
    }
}

fn check_outputs(payment: &Payment<'_>) -> Result<(), ComposeError> {
    let count = payment.outputs.len() + 1;
    if count > MAX_OUTPUTS {
        return Err(ComposeError::TooManyOutputs { count });
    }
    if payment.notes.len() + 1 > MAX_MESSAGES {
        return Err(ComposeError::TooManyMessages);
    }
    if payment.outputs.iter().any(|output| output.amount.is_zero()) {
        return Err(ComposeError::EmptyOutput);
    }
    Ok(())
}

/// Mandatory coins and candidates, all different and all of the payers.
fn check_coins<'a>(payment: &Payment<'a>, authors: &[Payer]) -> Result<select::Coins<'a>, ComposeError> {
    let all = || payment.mandatory.iter().chain(payment.candidates);
    let owners: BTreeSet<Address> = authors.iter().map(Payer::address).collect();
    if !all().all(|coin| owners.contains(&coin.address)) {
        return Err(ComposeError::ForeignCoin);
    }
    let mut seen = BTreeSet::new();
    if !all().all(|coin| seen.insert(coin.id)) {
        return Err(ComposeError::DuplicateCoin);
    }
    if payment.mandatory.len() > MAX_INPUTS {
        return Err(ComposeError::TooManyInputs { count: payment.mandatory.len() });
    }
    Ok(select::Coins { mandatory: payment.mandatory, candidates: payment.candidates })
}

/// The unit with everything but inputs and amounts: what sizes need to be known.
fn skeleton(payment: &Payment<'_>, authors: &[Payer]) -> Result<Map<String, Value>, ComposeError> {
    let parents = payment.parents;
    let rest = Output { address: payment.spend.rest_address(), amount: Bytes::literal(1) };
    let outputs: Vec<_> = payment.outputs.iter().chain([&rest]).collect();
    let mut messages: Vec<_> = payment.notes.iter().map(note_message).collect::<Result<_, _>>()?;
    messages.push(json!({
        "app": "payment",
        "payload_location": "inline",
        "payload_hash": "-".repeat(44),
        "payload": {"inputs": [], "outputs": outputs},
    }));
    let mut unit = Map::new();
    let fields = [
        ("version", json!(payment.network.version())),
        ("alt", json!(payment.network.alt())),
        ("messages", messages.into()),
        ("authors", authors.iter().map(Payer::author_json).collect()),
        ("parent_units", json!(parents.parent_units)),
        ("last_ball", json!(parents.last_ball)),
        ("last_ball_unit", json!(parents.last_ball_unit)),
        ("timestamp", json!(parents.timestamp)),
        ("tps_fee", json!(parents.tps_fee)),
    ];
    unit.extend(fields.map(|(name, value)| (name.to_owned(), value)));
    if authors.len() > 1 {
        unit.insert(
            "earned_headers_commission_recipients".into(),
            json!([{"address": rest.address, "earned_headers_commission_share": 100}]),
        );
    }
    Ok(unit)
}

fn note_message(note: &Note) -> Result<Value, ComposeError> {
    let hash = hashes::payload_hash(Format::V4, &note.app, &note.payload)?;
    Ok(json!({
        "app": note.app,
        "payload_location": "inline",
        "payload_hash": hash,
        "payload": note.payload,
    }))
}

/// The size of a unit of one author without notes, for estimates: `inputs` coins, `outputs` with change.
pub fn payment_size(network: Network, with_definition: bool, inputs: u64, outputs: u64) -> u64 {
    const HEADERS: u64 = 405;
    const DEFINITION: u64 = 63;
    const MESSAGE: u64 = 116;
    let headers =
        HEADERS + network.version_suffix().len() as u64 + if with_definition { DEFINITION } else { 0 };
    headers + MESSAGE + select::INPUT_SIZE * inputs + select::OUTPUT_SIZE * outputs
}

/// The fee of a unit of that size besides the TPS fee; `None` above the cap.
pub fn size_fee(size: u64, threshold: ThresholdSize) -> Option<Bytes> {
    Bytes::new(size).ok()?.checked_add(crate::fee::oversize_fee(size, threshold)?)
}
