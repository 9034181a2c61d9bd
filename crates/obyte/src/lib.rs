//! The Obyte protocol, pure: no IO, no clock, no async.
//!
//! Section numbers in the documentation of items ("4.9") are those of the protocol notes that this
//! crate follows; the oracle behind them is the reference implementation, whose data stands under
//! `tests/vectors`.

pub mod address;
pub mod amount;
pub mod answer;
pub mod attestation;
mod base64;
pub mod canonical;
pub mod chash;
pub mod compose;
pub mod definition;
pub mod device;
pub mod fee;
pub mod hash;
pub mod history;
pub mod keys;
pub mod mnemonic;
pub mod network;
pub mod signature;
pub mod size;
pub mod textcoin;
pub mod unit;
pub mod uri;
pub mod validate;

pub use address::{Address, AddressError, DeviceAddress};
pub use amount::{AmountError, Bytes};
pub use attestation::Attestation;
pub use definition::Definition;
pub use hash::{BallHash, HashError, PayloadHash, UnitHash};
pub use keys::{AccountKey, DeviceKey, PaymentKey};
pub use mnemonic::{Mnemonic, Seed};
pub use network::Network;
pub use signature::{PublicKey, SecretKey, Signature};
pub use textcoin::Textcoin;
pub use unit::{CoinId, Joint, Output, Unit};
pub use uri::Uri;
