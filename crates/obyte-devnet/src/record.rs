//! What the journal keeps of a unit beside its JSON: all that the graph and the indexes need, so that a
//! start reads no JSON. The outputs come first, at fixed places, so that one coin is one short read.

use data_encoding::BASE32_NOPAD;
use obyte::unit::Payload;
use obyte::validate::context::{Sequence, tps_fee_shares};
use obyte::{Address, Bytes, CoinId, Output, Unit, UnitHash};
use serde_json::Value;

use crate::index::Key;

/// The bytes behind the text of an address.
pub(crate) type RawAddress = [u8; 20];

/// Where the first output stands: after the index of the message and the number of outputs.
pub(crate) const OUTPUTS_AT: usize = 8;
/// The length of an output: address and amount.
pub(crate) const OUTPUT_LEN: usize = 28;

/// The bytes behind the text of an address.
pub(crate) fn raw_address(address: &Address) -> RawAddress {
    let raw = BASE32_NOPAD.decode(address.as_str().as_bytes()).expect("addresses are base32");
    raw.try_into().expect("32 characters of base32 are 20 bytes")
}

/// By what an address is found in the index.
pub(crate) fn key(address: &RawAddress) -> Key {
    Key::from_be_bytes(address[..8].try_into().expect("an address has 20 bytes"))
}

/// The output that stands in these bytes.
pub(crate) fn read_output(bytes: &[u8]) -> Option<Output> {
    let (raw, amount) = bytes.split_at_checked(20)?;
    let address = BASE32_NOPAD.encode(raw).parse().ok()?;
    let amount = Bytes::new(u64::from_le_bytes(amount.try_into().ok()?)).ok()?;
    Some(Output { address, amount })
}

/// The facts about a unit.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Record {
    /// Which message the payment is.
    pub(crate) message_index: u32,
    pub(crate) outputs: Vec<(RawAddress, Bytes)>,
    pub(crate) hash: UnitHash,
    pub(crate) timestamp: u64,
    pub(crate) tps_fee: Bytes,
    pub(crate) parents: Vec<UnitHash>,
    pub(crate) last_ball_unit: Option<UnitHash>,
    pub(crate) authors: Vec<RecordedAuthor>,
    pub(crate) shares: Vec<(Address, u8)>,
    pub(crate) spent: Vec<CoinId>,
    pub(crate) profile: bool,
    /// The addresses about which the unit attests something.
    pub(crate) attested: Vec<Address>,
    /// Whether it was good when it came, and with which units it was in conflict then.
    pub(crate) sequence: Sequence,
    pub(crate) rivals: Vec<UnitHash>,
}

/// An author, with the JSON of the definition where the unit reveals it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RecordedAuthor {
    pub(crate) address: Address,
    pub(crate) definition: Option<String>,
}

impl Record {
    /// The facts about a unit without conflicts.
    pub(crate) fn of(unit: &Unit) -> Self {
        let (message_index, payment) = unit.base_payment().expect("every valid unit pays for itself");
        let attested = unit.messages().iter().filter_map(|message| match &message.payload {
            Payload::Inline(payload) if message.app == "attestation" => {
                payload.get("address").and_then(Value::as_str)?.parse().ok()
            }
            _ => None,
        });
        Self {
            message_index,
            outputs: payment
                .outputs
                .iter()
                .map(|output| (raw_address(&output.address), output.amount))
                .collect(),
            hash: unit.hash(),
            timestamp: unit.timestamp().unwrap_or(0),
            tps_fee: unit.tps_fee().unwrap_or_default(),
            parents: unit.parents().to_vec(),
            last_ball_unit: unit.last_ball().map(|last_ball| last_ball.unit),
            authors: unit
                .authors()
                .iter()
                .map(|author| RecordedAuthor {
                    address: author.address,
                    definition: author.definition.as_ref().map(Value::to_string),
                })
                .collect(),
            shares: tps_fee_shares(unit),
            spent: payment.spent_coins().collect(),
            profile: unit.messages().iter().any(|message| message.app == "profile"),
            attested: attested.collect(),
            sequence: Sequence::Good,
            rivals: Vec::new(),
        }
    }

    /// The bytes to keep.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Writer(Vec::with_capacity(512 + self.outputs.len() * OUTPUT_LEN));
        out.number(self.message_index);
        out.list(&self.outputs, |out, (address, amount)| {
            out.0.extend_from_slice(address);
            out.long(amount.get());
        });
        out.hash(&self.hash);
        out.long(self.timestamp);
        out.long(self.tps_fee.get());
        out.list(&self.parents, Writer::hash);
        out.list(self.last_ball_unit.as_slice(), Writer::hash);
        out.list(&self.authors, |out, author| {
            out.text(author.address.as_str());
            out.list(author.definition.as_slice(), |out, definition| out.text(definition));
        });
        out.list(&self.shares, |out, (address, share)| {
            out.text(address.as_str());
            out.0.push(*share);
        });
        out.list(&self.spent, |out, coin| {
            out.hash(&coin.unit);
            out.number(coin.message_index);
            out.number(coin.output_index);
        });
        out.0.push(u8::from(self.profile));
        out.list(&self.attested, |out, address| out.text(address.as_str()));
        // Hardly any unit has conflicts, so most records end here.
        if self.sequence != Sequence::Good {
            out.0.push(u8::from(self.sequence == Sequence::FinalBad));
            out.list(&self.rivals, Writer::hash);
        }
        out.0
    }

    /// Reads the bytes again; `None` where they are no record.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut input = Reader(bytes);
        let mut record = Self {
            message_index: input.number()?,
            outputs: input.list(|input| {
                let address = input.take(20)?.try_into().ok()?;
                Some((address, Bytes::new(input.long()?).ok()?))
            })?,
            hash: input.hash()?,
            timestamp: input.long()?,
            tps_fee: Bytes::new(input.long()?).ok()?,
            parents: input.list(Reader::hash)?,
            last_ball_unit: input.list(Reader::hash)?.pop(),
            authors: input.list(|input| {
                let address = input.text()?.parse().ok()?;
                let definition = input.list(|input| input.text().map(str::to_owned))?.pop();
                Some(RecordedAuthor { address, definition })
            })?,
            shares: input.list(|input| Some((input.text()?.parse().ok()?, input.byte()?)))?,
            spent: input.list(|input| {
                Some(CoinId {
                    unit: input.hash()?,
                    message_index: input.number()?,
                    output_index: input.number()?,
                })
            })?,
            profile: input.byte()? == 1,
            attested: input.list(|input| input.text()?.parse().ok())?,
            sequence: Sequence::Good,
            rivals: Vec::new(),
        };
        if !input.0.is_empty() {
            record.sequence = if input.byte()? == 1 { Sequence::FinalBad } else { Sequence::TempBad };
            record.rivals = input.list(Reader::hash)?;
        }
        input.0.is_empty().then_some(record)
    }
}

struct Writer(Vec<u8>);

impl Writer {
    fn number(&mut self, number: u32) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn long(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_le_bytes());
    }

    fn hash(&mut self, hash: &UnitHash) {
        self.0.extend_from_slice(&hash.digest());
    }

    fn text(&mut self, text: &str) {
        self.number(u32::try_from(text.len()).expect("units are small"));
        self.0.extend_from_slice(text.as_bytes());
    }

    fn list<T>(&mut self, elements: &[T], mut write: impl FnMut(&mut Self, &T)) {
        self.number(u32::try_from(elements.len()).expect("units are small"));
        for element in elements {
            write(self, element);
        }
    }
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    fn number(&mut self) -> Option<u32> {
        self.take(4)?.try_into().ok().map(u32::from_le_bytes)
    }

    fn long(&mut self) -> Option<u64> {
        self.take(8)?.try_into().ok().map(u64::from_le_bytes)
    }

    fn hash(&mut self) -> Option<UnitHash> {
        let digest: [u8; 32] = self.take(32)?.try_into().ok()?;
        Some(UnitHash::from_digest(&digest))
    }

    fn text(&mut self) -> Option<&'a str> {
        let len = self.number()?;
        std::str::from_utf8(self.take(len as usize)?).ok()
    }

    fn list<T>(&mut self, mut read: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let len = self.number()?;
        (0..len).map(|_| read(self)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_was_written_and_outputs_stand_at_their_places() {
        let address: Address = "QZAB2MYRLRVUNITTOOCF5ZE3AG4TCJDD".parse().expect("an address");
        let other: Address = "LBFE3LOJHOH24Y4J54RR6GDM3KVL2PWJ".parse().expect("an address");
        let record = Record {
            message_index: 3,
            outputs: vec![(raw_address(&address), Bytes::GBYTE), (raw_address(&other), Bytes::literal(7))],
            hash: UnitHash::of("unit"),
            timestamp: 1_795_400_000,
            tps_fee: Bytes::literal(12),
            parents: vec![UnitHash::of("a"), UnitHash::of("b")],
            last_ball_unit: Some(UnitHash::of("c")),
            authors: vec![
                RecordedAuthor { address, definition: Some("[]".into()) },
                RecordedAuthor { address: other, definition: None },
            ],
            shares: vec![(address, 60), (other, 40)],
            spent: vec![CoinId { unit: UnitHash::of("d"), message_index: 1, output_index: 127 }],
            profile: true,
            attested: vec![other],
            sequence: Sequence::Good,
            rivals: Vec::new(),
        };
        let bytes = record.encode();
        assert_eq!(Record::decode(&bytes).as_ref(), Some(&record));
        for sequence in [Sequence::TempBad, Sequence::FinalBad] {
            let bad = Record { sequence, rivals: vec![UnitHash::of("e")], ..record.clone() };
            assert_eq!(Record::decode(&bad.encode()), Some(bad));
        }
        let second = &bytes[OUTPUTS_AT + OUTPUT_LEN..][..OUTPUT_LEN];
        assert_eq!(read_output(second), Some(Output { address: other, amount: Bytes::literal(7) }));
        for len in 0..bytes.len() {
            assert_eq!(Record::decode(&bytes[..len]), None, "cut at {len}");
        }
    }
}
