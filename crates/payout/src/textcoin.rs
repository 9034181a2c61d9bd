//! Textcoins that the payer gives (section 9): what names them, and the keys that follow from it.
//!
//! The words of a textcoin are made from a keyed hash of its number, so they need to be kept nowhere: whoever has
//! the wallet makes them again, and nobody else can. A payout gets its number when it enters a slot for the first
//! time, so that numbers have no gaps but for those that are skipped, and keeps it whatever becomes of the slot.

mod search;
mod token;

use std::fmt;
use std::str::FromStr;

use hmac::{Hmac, KeyInit, Mac};
use obyte::{Address, Bytes, Network, Output, Seed, Textcoin};
use sha2::Sha256;
use zeroize::Zeroizing;

pub use self::search::Search;
use crate::{FeeLimits, Payout};

/// Keeps this key apart from whatever else is made of a seed.
const PURPOSE: &[u8] = b"bytesback textcoins v1";

/// Names a textcoin of a wallet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TextcoinNo {
    /// In which life of the wallet it was given: the place of the line's address at which that began. Every restore
    /// moves the line to an address that no life before it has used, so no two lives have the same.
    pub generation: u32,
    /// Counted from 0 within it.
    pub counter: u32,
}

impl fmt::Display for TextcoinNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.generation, self.counter)
    }
}

/// The text is no number of a textcoin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the number of a textcoin is two numbers with a dot between them, such as 0.17")]
pub struct TextcoinNoError;

impl FromStr for TextcoinNo {
    type Err = TextcoinNoError;

    /// As it is displayed.
    fn from_str(text: &str) -> Result<Self, TextcoinNoError> {
        let (generation, counter) = text.split_once('.').ok_or(TextcoinNoError)?;
        let part = |text: &str| {
            let is_plain = text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse().ok().filter(|_| is_plain).ok_or(TextcoinNoError)
        };
        Ok(Self { generation: part(generation)?, counter: part(counter)? })
    }
}

/// A textcoin that was given to a payout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Issue {
    /// Which.
    pub no: TextcoinNo,
    /// Where its coins lie.
    pub address: Address,
    /// What it holds above the cashback, for the fees of claiming it.
    pub reserve: Bytes,
}

/// Who receives a payout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payee {
    /// This address.
    Address(Address),
    /// Whoever is sent the words of a textcoin; nothing while the payout was in no slot yet.
    Textcoin(Option<Issue>),
}

impl Payee {
    /// The address of a payout that is not paid by a textcoin.
    pub const fn address(&self) -> Option<Address> {
        match self {
            Self::Address(address) => Some(*address),
            Self::Textcoin(_) => None,
        }
    }

    /// The textcoin, if one was given.
    pub const fn issue(&self) -> Option<Issue> {
        match self {
            Self::Textcoin(issue) => *issue,
            Self::Address(_) => None,
        }
    }

    /// Where the coins go, as far as it is known.
    pub fn place(&self) -> Option<Address> {
        self.address().or_else(|| Some(self.issue()?.address))
    }

    /// Whether it is a textcoin, given already or not.
    pub const fn is_textcoin(&self) -> bool {
        matches!(self, Self::Textcoin(_))
    }
}

impl fmt::Display for Payee {
    /// For people: the address, or which textcoin and where it lies.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Textcoin(None) => f.write_str("a textcoin"),
            Self::Textcoin(Some(issue)) => write!(f, "textcoin {} at {}", issue.no, issue.address),
        }
    }
}

impl Payout {
    /// The output that pays it; nothing for a textcoin without a number yet.
    pub fn output(&self) -> Option<Output> {
        match self.payee {
            Payee::Address(address) => Some(Output { address, amount: self.amount }),
            Payee::Textcoin(issue) => {
                let Issue { address, reserve, .. } = issue?;
                Some(Output { address, amount: self.amount.checked_add(reserve)? })
            }
        }
    }
}

impl FeeLimits {
    /// The most that a textcoin holds above the cashback: what claiming it takes, twice the ceiling of the TPS fee
    /// included.
    pub fn claim_reserve(&self, network: Network) -> Bytes {
        claim_reserve(network, self.per_payout)
    }

    /// What has to be set aside when a payout to a mailbox is accepted: as for any other, and what its textcoin holds
    /// above the cashback.
    pub fn mailbox_reserve(&self, network: Network) -> Bytes {
        self.reserve().checked_add(self.claim_reserve(network)).unwrap_or(Bytes::MAX)
    }
}

/// What a textcoin holds above the cashback, where the hub asks this TPS fee for claiming it.
pub(crate) fn claim_reserve(network: Network, tps_fee: Bytes) -> Bytes {
    let size = Bytes::new(network.textcoin_claim_fee()).expect("some hundred bytes");
    let twice = tps_fee.checked_mul(2).unwrap_or(Bytes::MAX);
    size.checked_add(twice).unwrap_or(Bytes::MAX)
}

/// From numbers to textcoins.
#[derive(Clone)]
pub struct TextcoinKeys {
    key: Zeroizing<[u8; 32]>,
}

impl TextcoinKeys {
    /// Of a wallet at an endpoint, which is named by its stable code.
    pub fn new(seed: &Seed, endpoint: &str) -> Self {
        let key = hash(seed.as_bytes(), &[PURPOSE, endpoint.as_bytes()]);
        Self { key }
    }

    /// The textcoin with this number. There is none where wallets would not agree on its address (2.2): such a number
    /// is skipped.
    pub fn textcoin(&self, no: TextcoinNo) -> Option<Textcoin> {
        let digest = hash(self.key.as_ref(), &[&no.generation.to_be_bytes(), &no.counter.to_be_bytes()]);
        let mut entropy = Zeroizing::new([0; 16]);
        entropy.copy_from_slice(&digest[..16]);
        Textcoin::from_entropy(&entropy).ok()
    }
}

/// The keys stay out of every log.
impl fmt::Debug for TextcoinKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TextcoinKeys(..)")
    }
}

fn hash(key: &[u8], parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("keys of any length are taken");
    for part in parts {
        mac.update(part);
    }
    Zeroizing::new(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use obyte::Mnemonic;

    use super::*;

    pub(super) fn keys(endpoint: &str) -> TextcoinKeys {
        let words =
            "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";
        let seed = words.parse::<Mnemonic>().expect("a mnemonic of the standard's tests").to_seed("");
        TextcoinKeys::new(&seed, endpoint)
    }

    fn address(endpoint: &str, generation: u32, counter: u32) -> Option<Address> {
        keys(endpoint).textcoin(TextcoinNo { generation, counter }).map(|textcoin| textcoin.address())
    }

    /// Mails that were sent would open nothing any more, and nothing could be taken back.
    #[test]
    fn the_words_of_a_number_never_change() {
        let first = keys("live").textcoin(TextcoinNo { generation: 0, counter: 0 }).expect("not skipped");
        assert_eq!(
            first.mnemonic().phrase(),
            "shadow woman bomb burden actor birth athlete blur leg wall come squeeze"
        );
    }

    #[test]
    fn a_number_is_read_as_it_is_shown() {
        for no in [(0, 0), (3, 17), (u32::MAX, u32::MAX)] {
            let no = TextcoinNo { generation: no.0, counter: no.1 };
            assert_eq!(no.to_string().parse(), Ok(no));
        }
        for bad in ["", "1", ".", "1.", ".1", "1.2.3", "+1.2", "1.-2", "1.4294967296", "a.b"] {
            assert_eq!(bad.parse::<TextcoinNo>(), Err(TextcoinNoError), "{bad}");
        }
    }

    #[test]
    fn every_part_of_the_number_counts() {
        let all = [
            address("live", 0, 0),
            address("live", 0, 1),
            address("live", 1, 0),
            address("test", 0, 0),
            address("live", 0, 0x0100_0000),
        ];
        for (index, one) in all.iter().enumerate() {
            assert!(one.is_some());
            assert!(!all[..index].contains(one));
        }
        assert_eq!(address("live", 0, 0), all[0]);
    }

    #[test]
    fn a_textcoin_holds_the_cashback_and_what_claiming_it_takes() {
        let issue = Issue {
            no: TextcoinNo { generation: 0, counter: 0 },
            address: Address::of_source("a textcoin"),
            reserve: claim_reserve(Network::Devnet, Bytes::literal(10)),
        };
        let payout = Payout {
            id: crate::PayoutId::new(1),
            payee: Payee::Textcoin(Some(issue)),
            amount: Bytes::literal(1_000),
            queued_at: crate::Timestamp::default(),
        };
        assert_eq!(payout.output().map(|output| output.amount), Some(Bytes::literal(1_000 + 775 + 20)));
    }

    #[test]
    fn no_key_is_shown() {
        assert_eq!(format!("{:?}", keys("live")), "TextcoinKeys(..)");
    }
}
