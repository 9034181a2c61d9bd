//! Units: the network's transactions, as types that cannot be built malformed (section 4).
//!
//! A [`Unit`] keeps the JSON object that it was read from beside the typed view, because its hashes
//! cover every field of that object, also those of applications that this crate does not know. Its
//! unit hash and payload hashes were checked when it was read. Whether it also obeys the rules of
//! the network is for [`crate::validate`] to say; whether it is final, for [`crate::history`].

mod fields;
pub mod hashes;
mod joint;
mod parse;
mod parts;

use serde_json::{Map, Value};

use crate::{Address, BallHash, Bytes, Network, UnitHash};

pub use joint::{Ball, HubHints, Joint, ball_hash};
pub use parse::UnitFormError;
pub use parts::{Author, CoinId, Earnings, Input, Message, Output, Payload, Payment, Recipient};

pub(crate) use fields::integer;
pub(crate) use parse::{STRIPPED_FIELDS, UNIT_FIELDS};

/// The generation of a unit's format, without the network's suffix (section 14).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// `1.0`: typed source strings, and a timestamp that no hash covers.
    V1,
    /// `2.0`: JSON source strings.
    V2,
    /// `3.0`: the names of keys count for size.
    V3,
    /// `4.0`: written today.
    V4,
}

impl Format {
    /// Reads the `version` of a unit, which also names its network.
    pub fn of_version(version: &str) -> Option<(Self, Network)> {
        let network = Network::ALL.into_iter().find(|network| network.accepts_version(version))?;
        let format = match version.as_bytes().first()? {
            b'1' => Self::V1,
            b'2' => Self::V2,
            b'3' => Self::V3,
            _ => Self::V4,
        };
        Some((format, network))
    }

    /// Whether hashes are those of the JSON source string (3.4).
    pub const fn hashes_json(self) -> bool {
        !matches!(self, Self::V1)
    }

    /// Whether names of keys count for size (3.5).
    pub const fn counts_keys(self) -> bool {
        matches!(self, Self::V3 | Self::V4)
    }
}

/// The newest ball that a unit knows to be stable (4.8).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LastBall {
    /// Its hash.
    pub ball: BallHash,
    /// The unit of that ball.
    pub unit: UnitHash,
}

/// A unit whose form, unit hash and payload hashes were checked when it was read.
#[derive(Clone, Debug)]
pub struct Unit {
    raw: Map<String, Value>,
    hash: UnitHash,
    network: Network,
    format: Format,
    authors: Vec<Author>,
    parents: Vec<UnitHash>,
    last_ball: Option<LastBall>,
    timestamp: Option<u64>,
    content: Option<Content>,
}

/// What a stripped unit has lost.
#[derive(Clone, Debug)]
struct Content {
    messages: Vec<Message>,
    recipients: Vec<Recipient>,
    headers_commission: Bytes,
    payload_commission: Bytes,
    oversize_fee: Bytes,
    tps_fee: Option<Bytes>,
    burn_fee: Bytes,
    max_aa_responses: Option<u64>,
}

impl Unit {
    /// Reads a unit. What a hub adds beside the unit's own fields is dropped; [`Joint::from_json`]
    /// keeps it.
    pub fn from_json(value: Value) -> Result<Self, UnitFormError> {
        Joint::of_unit_json(value).map(|joint| joint.unit)
    }

    /// A unit from its fields, whose unit hash and payload hashes were just computed.
    pub(crate) fn of_hashed(raw: Map<String, Value>, hash: UnitHash) -> Result<Self, UnitFormError> {
        Self::parse_hashed(raw, hash).map_err(|(error, _)| error)
    }

    /// Exactly the fields to post.
    pub fn to_json(&self) -> Value {
        Value::Object(self.raw.clone())
    }

    /// Exactly the fields to post, borrowed.
    pub const fn fields(&self) -> &Map<String, Value> {
        &self.raw
    }

    /// The hash that names the unit.
    pub const fn hash(&self) -> UnitHash {
        self.hash
    }

    /// The hash of the unit with its signatures but without payloads (4.9).
    pub fn content_hash(&self) -> String {
        match self.raw.get("content_hash") {
            Some(Value::String(hash)) => hash.clone(),
            _ => hashes::content_hash(&self.raw).expect("the unit hash covers it and was computed"),
        }
    }

    /// What the authors sign (4.9). Of a stripped unit it cannot be known.
    pub fn hash_to_sign(&self) -> Option<[u8; 32]> {
        self.content.as_ref()?;
        Some(hashes::hash_to_sign(&self.raw).expect("the unit hash covers it and was computed"))
    }

    /// The network that the version names.
    pub const fn network(&self) -> Network {
        self.network
    }

    /// The generation of the format.
    pub const fn format(&self) -> Format {
        self.format
    }

    /// The authors, in the order of the unit. Never empty.
    pub fn authors(&self) -> &[Author] {
        &self.authors
    }

    /// Whether an address is among the authors.
    pub fn is_authored_by(&self, address: &Address) -> bool {
        self.authors.iter().any(|author| author.address == *address)
    }

    /// The parents, in the order of the unit. Empty only in a genesis unit.
    pub fn parents(&self) -> &[UnitHash] {
        &self.parents
    }

    /// The last ball. Absent only in a genesis unit.
    pub const fn last_ball(&self) -> Option<LastBall> {
        self.last_ball
    }

    /// Seconds since 1970. In format 1.0 no hash covers it.
    pub const fn timestamp(&self) -> Option<u64> {
        self.timestamp
    }

    /// Whether messages were stripped off, as hubs do with units that are final-bad.
    pub const fn is_stripped(&self) -> bool {
        self.content.is_none()
    }

    /// The messages; none in a stripped unit.
    pub fn messages(&self) -> &[Message] {
        self.content.as_ref().map_or(&[], |content| &content.messages)
    }

    /// The payment in bytes and its place among the messages.
    pub fn base_payment(&self) -> Option<(u32, &Payment)> {
        self.messages().iter().zip(0..).find_map(|(message, index)| match &message.payload {
            Payload::Payment(payment) => Some((index, payment)),
            _ => None,
        })
    }

    /// The outputs of bytes, each with the coin that it makes.
    pub fn outputs(&self) -> impl Iterator<Item = (CoinId, Output)> + '_ {
        let unit = self.hash;
        self.base_payment().into_iter().flat_map(move |(message_index, payment)| {
            payment
                .outputs
                .iter()
                .zip(0..)
                .map(move |(output, output_index)| (CoinId { unit, message_index, output_index }, *output))
        })
    }

    /// The coins of bytes that the unit spends; earnings and issues are not among them.
    pub fn spent_coins(&self) -> impl Iterator<Item = CoinId> + '_ {
        self.base_payment().into_iter().flat_map(|(_, payment)| payment.spent_coins())
    }

    /// Who earns from the headers commissions; empty where the unit does not say.
    pub fn recipients(&self) -> &[Recipient] {
        self.content.as_ref().map_or(&[], |content| &content.recipients)
    }

    /// The commission for the headers; zero in a stripped unit.
    pub fn headers_commission(&self) -> Bytes {
        self.content.as_ref().map_or(Bytes::ZERO, |content| content.headers_commission)
    }

    /// The commission for the messages; zero in a stripped unit.
    pub fn payload_commission(&self) -> Bytes {
        self.content.as_ref().map_or(Bytes::ZERO, |content| content.payload_commission)
    }

    /// The fee for being large; zero where absent. No hash covers it: a hub may say what it likes.
    pub fn oversize_fee(&self) -> Bytes {
        self.content.as_ref().map_or(Bytes::ZERO, |content| content.oversize_fee)
    }

    /// The fee paid in advance for congestion; absent before format 4.0.
    pub fn tps_fee(&self) -> Option<Bytes> {
        self.content.as_ref().and_then(|content| content.tps_fee)
    }

    /// Bytes destroyed; zero where absent.
    pub fn burn_fee(&self) -> Bytes {
        self.content.as_ref().map_or(Bytes::ZERO, |content| content.burn_fee)
    }

    /// How many responses of autonomous agents are paid for, where the unit says so.
    pub fn max_aa_responses(&self) -> Option<u64> {
        self.content.as_ref().and_then(|content| content.max_aa_responses)
    }
}

impl PartialEq for Unit {
    fn eq(&self, other: &Self) -> bool {
        self.raw == other.raw
    }
}
