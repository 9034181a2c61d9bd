//! Everything around the engine, in small: a network with a hub, a store, an auditor.

pub(crate) mod audit;
pub(crate) mod books;
pub(crate) mod chain;
pub(crate) mod desk;
pub(crate) mod journal;
pub(crate) mod mischief;
pub(crate) mod random;
pub(crate) mod run;

use obyte::{Address, Bytes, Network, SecretKey};
use payout::{Payout, PayoutId, Settings, Timestamp};

/// When every world begins, in milliseconds since 1970.
pub(crate) const BEGINNING: u64 = 1_750_000_000_000;

pub(crate) fn key() -> SecretKey {
    SecretKey::from_bytes(&[7; 32]).expect("in range")
}

pub(crate) fn settings() -> Settings {
    Settings::new(Network::Devnet)
}

/// A payout whose amount tells it apart from every other.
pub(crate) fn payout(id: i64, at: Timestamp) -> Payout {
    let number = u64::try_from(id).expect("ids of tests are positive");
    Payout {
        id: PayoutId::new(id),
        address: Address::of_source(&format!("customer {}", id % 7)),
        amount: Bytes::literal(20_000 + number),
        queued_at: at,
    }
}
