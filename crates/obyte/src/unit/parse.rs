//! From a JSON object to a typed unit.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::fields::{
    amount, index, integer, list, object, only, optional, parsed, positive_amount, required,
};
use super::parts::Earnings;
use super::{Author, CoinId, Content, Format, Input, LastBall, Message, Output, Payload, Payment, Recipient};
use super::{Unit, hashes};
use crate::canonical::CanonicalError;
use crate::{PayloadHash, UnitHash};

/// An object is no unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnitFormError {
    /// A field is missing or of the wrong form.
    #[error("the field {0} of the unit is missing or malformed")]
    Field(&'static str),
    /// A part has a field that the format does not know.
    #[error("the {0} of the unit has an unknown field")]
    UnknownField(&'static str),
    /// The unit hash is not the hash of the fields.
    #[error("the unit hash is wrong")]
    Hash,
    /// The hash of a payload is not the payload's.
    #[error("the payload hash of message {index} is wrong")]
    PayloadHash {
        /// Which message, from 0.
        index: usize,
    },
    /// Something has no hash.
    #[error("the unit cannot be hashed: {0}")]
    Canonical(#[from] CanonicalError),
}

type Object = Map<String, Value>;

/// The fields of a unit (4.1), those of older versions among them.
pub(crate) const UNIT_FIELDS: [&str; 18] = [
    "unit",
    "version",
    "alt",
    "timestamp",
    "authors",
    "messages",
    "witness_list_unit",
    "witnesses",
    "earned_headers_commission_recipients",
    "last_ball",
    "last_ball_unit",
    "parent_units",
    "headers_commission",
    "payload_commission",
    "oversize_fee",
    "tps_fee",
    "burn_fee",
    "max_aa_responses",
];

/// The fields of a unit whose messages were stripped off (7.5).
pub(crate) const STRIPPED_FIELDS: [&str; 11] = [
    "unit",
    "version",
    "alt",
    "timestamp",
    "authors",
    "witness_list_unit",
    "witnesses",
    "content_hash",
    "parent_units",
    "last_ball",
    "last_ball_unit",
];

impl Unit {
    /// Reads the fields of a unit, hub-added ones already split off.
    pub(super) fn parse(raw: Object) -> Result<Self, UnitFormError> {
        let known = if raw.contains_key("content_hash") { &STRIPPED_FIELDS[..] } else { &UNIT_FIELDS[..] };
        only(&raw, known, "unit")?;
        let hash: UnitHash = required(&raw, "unit", parsed)?;
        if hashes::unit_hash(&raw)? != hash {
            return Err(UnitFormError::Hash);
        }
        let view = Self::without_fields(&raw, hash)?;
        let unit = Self { raw, ..view };
        unit.check_payload_hashes()?;
        Ok(unit)
    }

    fn check_payload_hashes(&self) -> Result<(), UnitFormError> {
        let raw = self.raw.get("messages").and_then(Value::as_array).into_iter().flatten();
        for (index, (message, raw)) in self.messages().iter().zip(raw).enumerate() {
            let Some(payload) = raw.get("payload") else { continue };
            if hashes::payload_hash(self.format, &message.app, payload)? != message.payload_hash {
                return Err(UnitFormError::PayloadHash { index });
            }
        }
        Ok(())
    }

    /// Reads the fields of a unit whose unit hash and payload hashes were checked. What is refused is given
    /// back, so that a validator can say more about it.
    pub(super) fn parse_hashed(raw: Object, hash: UnitHash) -> Result<Self, (UnitFormError, Object)> {
        match Self::without_fields(&raw, hash) {
            Ok(unit) => Ok(Self { raw, ..unit }),
            Err(error) => Err((error, raw)),
        }
    }

    /// The typed view alone.
    fn without_fields(raw: &Object, hash: UnitHash) -> Result<Self, UnitFormError> {
        let is_stripped = raw.contains_key("content_hash");
        let (format, network) =
            required(raw, "version", |version| version.as_str().and_then(Format::of_version))?;
        required(raw, "alt", |alt| alt.as_str().map(drop))?;
        Ok(Self {
            hash,
            network,
            format,
            authors: list(raw.get("authors").unwrap_or(&Value::Null), "authors", author)?,
            parents: match raw.get("parent_units") {
                Some(parents) => list(parents, "parent_units", |parent| {
                    parsed(parent).ok_or(UnitFormError::Field("parent_units"))
                })?,
                None => Vec::new(),
            },
            last_ball: last_ball(raw)?,
            timestamp: timestamp(raw, format)?,
            content: if is_stripped { None } else { Some(content(raw)?) },
            raw: Object::new(),
        })
    }
}

fn last_ball(raw: &Object) -> Result<Option<LastBall>, UnitFormError> {
    if !raw.contains_key("parent_units") {
        return Ok(None);
    }
    let ball = required(raw, "last_ball", parsed)?;
    let unit = required(raw, "last_ball_unit", parsed)?;
    Ok(Some(LastBall { ball, unit }))
}

fn timestamp(raw: &Object, format: Format) -> Result<Option<u64>, UnitFormError> {
    let positive = |value: &Value| integer(value).filter(|&seconds| seconds > 0);
    match format {
        Format::V1 => optional(raw, "timestamp", positive),
        _ => required(raw, "timestamp", positive).map(Some),
    }
}

fn author(value: &Value) -> Result<Author, UnitFormError> {
    let author = object(value, "authors")?;
    only(author, &["address", "authentifiers", "definition"], "authors")?;
    let authentifiers = match author.get("authentifiers") {
        None => BTreeMap::new(),
        Some(authentifiers) => object(authentifiers, "authentifiers")?
            .iter()
            .map(|(path, signature)| match signature.as_str() {
                Some(signature) => Ok((path.clone(), signature.to_owned())),
                None => Err(UnitFormError::Field("authentifiers")),
            })
            .collect::<Result<_, _>>()?,
    };
    Ok(Author {
        address: required(author, "address", parsed)?,
        definition: optional(author, "definition", |definition| {
            definition.is_array().then(|| definition.clone())
        })?,
        authentifiers,
    })
}

fn content(raw: &Object) -> Result<Content, UnitFormError> {
    Ok(Content {
        messages: list(raw.get("messages").unwrap_or(&Value::Null), "messages", message)?,
        recipients: match raw.get("earned_headers_commission_recipients") {
            Some(recipients) => list(recipients, "earned_headers_commission_recipients", recipient)?,
            None => Vec::new(),
        },
        headers_commission: required(raw, "headers_commission", amount)?,
        payload_commission: required(raw, "payload_commission", amount)?,
        oversize_fee: optional(raw, "oversize_fee", positive_amount)?.unwrap_or_default(),
        tps_fee: optional(raw, "tps_fee", amount)?,
        burn_fee: optional(raw, "burn_fee", positive_amount)?.unwrap_or_default(),
        max_aa_responses: optional(raw, "max_aa_responses", integer)?,
    })
}

fn recipient(value: &Value) -> Result<Recipient, UnitFormError> {
    let recipient = object(value, "earned_headers_commission_recipients")?;
    only(recipient, &["address", "earned_headers_commission_share"], "recipients")?;
    let share = |value: &Value| integer(value).and_then(|share| u8::try_from(share).ok());
    Ok(Recipient {
        address: required(recipient, "address", parsed)?,
        share: required(recipient, "earned_headers_commission_share", share)?,
    })
}

fn message(value: &Value) -> Result<Message, UnitFormError> {
    let message = object(value, "messages")?;
    let app = required(message, "app", |app| app.as_str().map(str::to_owned))?;
    let payload_hash: PayloadHash = required(message, "payload_hash", parsed)?;
    let location = message.get("payload_location").and_then(Value::as_str);
    let payload = match (location.unwrap_or_default(), message.get("payload")) {
        ("inline", Some(payload)) => inline_payload(&app, payload)?,
        ("none" | "uri", None) => Payload::Elsewhere,
        _ => return Err(UnitFormError::Field("payload")),
    };
    Ok(Message { app, payload_hash, payload })
}

fn inline_payload(app: &str, payload: &Value) -> Result<Payload, UnitFormError> {
    match payload.as_object() {
        Some(fields) if app == "payment" && !fields.contains_key("asset") => {
            payment(fields).map(Payload::Payment)
        }
        _ => Ok(Payload::Inline(payload.clone())),
    }
}

fn payment(payload: &Object) -> Result<Payment, UnitFormError> {
    only(payload, &["inputs", "outputs"], "payment")?;
    Ok(Payment {
        inputs: list(payload.get("inputs").unwrap_or(&Value::Null), "inputs", input)?,
        outputs: list(payload.get("outputs").unwrap_or(&Value::Null), "outputs", output)?,
    })
}

fn output(value: &Value) -> Result<Output, UnitFormError> {
    let output = object(value, "outputs")?;
    only(output, &["address", "amount"], "outputs")?;
    Ok(Output {
        address: required(output, "address", parsed)?,
        amount: required(output, "amount", positive_amount)?,
    })
}

fn input(value: &Value) -> Result<Input, UnitFormError> {
    let input = object(value, "inputs")?;
    match input.get("type").map(Value::as_str) {
        None => {
            only(input, &["unit", "message_index", "output_index"], "inputs")?;
            Ok(Input::Transfer(CoinId {
                unit: required(input, "unit", parsed)?,
                message_index: required(input, "message_index", index)?,
                output_index: required(input, "output_index", index)?,
            }))
        }
        Some(Some("issue")) => {
            only(input, &["type", "address", "amount", "serial_number"], "inputs")?;
            Ok(Input::Issue {
                amount: required(input, "amount", positive_amount)?,
                serial_number: required(input, "serial_number", integer)?,
                address: optional(input, "address", parsed)?,
            })
        }
        Some(Some("headers_commission")) => earnings(input).map(Input::HeadersCommission),
        Some(Some("witnessing")) => earnings(input).map(Input::Witnessing),
        Some(_) => Err(UnitFormError::Field("inputs")),
    }
}

fn earnings(input: &Object) -> Result<Earnings, UnitFormError> {
    only(input, &["type", "from_main_chain_index", "to_main_chain_index", "address"], "inputs")?;
    Ok(Earnings {
        from_mci: required(input, "from_main_chain_index", integer)?,
        to_mci: required(input, "to_main_chain_index", integer)?,
        address: optional(input, "address", parsed)?,
    })
}
