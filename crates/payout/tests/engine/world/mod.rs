//! Everything around the engine, in small: the models of the simulation, driven by hand.

pub(crate) mod desk;

use obyte::{Address, Bytes, Network};
use payout::{Payee, Payout, PayoutId, Settings, Timestamp};
use simulation::Eye;

/// The only hub, which is awake.
pub(crate) const HUB: Eye = Eye::of(0);

/// What the auditor says where it says nothing.
pub(crate) const KEPT: &str = "every promise is kept";

pub(crate) fn settings() -> Settings {
    Settings::new(Network::Devnet)
}

/// A payout whose amount tells it apart from every other.
pub(crate) fn payout(id: i64, at: Timestamp) -> Payout {
    let number = u64::try_from(id).expect("ids of tests are positive");
    Payout {
        id: PayoutId::new(id),
        payee: Payee::Address(Address::of_source(&format!("customer {}", id % 7))),
        amount: Bytes::literal(20_000 + number),
        queued_at: at,
    }
}
