//! The parts of a unit: authors, messages, inputs and outputs.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{Address, Bytes, PayloadHash, UnitHash};

/// Who signed a unit (4.7).
#[derive(Clone, Debug, PartialEq)]
pub struct Author {
    /// The address that signs.
    pub address: Address,
    /// The address's definition, where the unit reveals it.
    pub definition: Option<Value>,
    /// Signatures by their path in the definition; none in units of autonomous agents.
    pub authentifiers: BTreeMap<String, String>,
}

/// Who earns how much of the headers commissions (4.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// Who earns.
    pub address: Address,
    /// The share in percent, 1 to 100.
    pub share: u8,
}

/// One message of a unit (4.2).
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// The application, such as `payment` or `text`.
    pub app: String,
    /// The hash of the payload. It was checked where the payload is inline.
    pub payload_hash: PayloadHash,
    /// What the message carries.
    pub payload: Payload,
}

/// What a message carries.
#[derive(Clone, Debug, PartialEq)]
pub enum Payload {
    /// A payment in bytes.
    Payment(Payment),
    /// The inline payload of any other application, payments in assets among them.
    Inline(Value),
    /// A payload that stands elsewhere: private, or at a URI.
    Elsewhere,
}

/// A payment in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// What is spent. Never empty.
    pub inputs: Vec<Input>,
    /// What is paid. Never empty.
    pub outputs: Vec<Output>,
}

impl Payment {
    /// The coins among the inputs.
    pub fn spent_coins(&self) -> impl Iterator<Item = CoinId> + '_ {
        self.inputs.iter().filter_map(|input| match input {
            Input::Transfer(coin) => Some(*coin),
            _ => None,
        })
    }

    /// The sum of the outputs; `None` above [`Bytes::MAX`].
    pub fn total_output(&self) -> Option<Bytes> {
        Bytes::checked_sum(self.outputs.iter().map(|output| output.amount))
    }
}

/// The output of a unit that a coin is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct CoinId {
    /// The unit that made the coin.
    pub unit: UnitHash,
    /// The message in that unit, from 0.
    pub message_index: u32,
    /// The output in that message, from 0.
    pub output_index: u32,
}

impl fmt::Display for CoinId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}-{}", self.unit, self.message_index, self.output_index)
    }
}

/// What a payment spends (4.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// A coin.
    Transfer(CoinId),
    /// The genesis unit's issue of all bytes.
    Issue {
        /// How much.
        amount: Bytes,
        /// Which issue.
        serial_number: u64,
        /// Whose, in a unit of several authors.
        address: Option<Address>,
    },
    /// Earnings from the headers commissions of a range of the main chain.
    HeadersCommission(Earnings),
    /// Earnings of an order provider from a range of the main chain.
    Witnessing(Earnings),
}

/// A range of the main chain, both ends included, whose earnings are spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Earnings {
    /// The first main chain index.
    pub from_mci: u64,
    /// The last main chain index.
    pub to_mci: u64,
    /// Whose, in a unit of several authors.
    pub address: Option<Address>,
}

impl Input {
    /// The JSON form.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Transfer(coin) => json!({
                "unit": coin.unit, "message_index": coin.message_index, "output_index": coin.output_index,
            }),
            Self::Issue { amount, serial_number, address } => with_address(
                json!({"type": "issue", "amount": amount, "serial_number": serial_number}),
                *address,
            ),
            Self::HeadersCommission(earnings) => earnings.to_json("headers_commission"),
            Self::Witnessing(earnings) => earnings.to_json("witnessing"),
        }
    }
}

impl Earnings {
    fn to_json(self, kind: &str) -> Value {
        let range = json!({
            "type": kind, "from_main_chain_index": self.from_mci, "to_main_chain_index": self.to_mci,
        });
        with_address(range, self.address)
    }
}

fn with_address(mut input: Value, address: Option<Address>) -> Value {
    if let Some(address) = address {
        input["address"] = json!(address);
    }
    input
}

/// Some bytes for an address (4.4). Sorted by address, then amount, as the network wants them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Output {
    /// Who receives.
    pub address: Address,
    /// How much, at least 1 byte.
    pub amount: Bytes,
}
