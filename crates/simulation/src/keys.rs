//! The wallet of every world.

use std::sync::LazyLock;

use obyte::{AccountKey, Address, Mnemonic};
use payout::Keyring;

/// The keys that pay in every world.
pub fn keyring() -> Keyring {
    static KEYRING: LazyLock<Keyring> = LazyLock::new(|| {
        let seed = Mnemonic::from_entropy(&[7; 16]).expect("both derivations agree").to_seed("");
        let mut keyring = Keyring::new(AccountKey::new(&seed, 0));
        keyring.addresses(4);
        keyring
    });
    KEYRING.clone()
}

/// The payer's addresses in every world, more than its line ever comes to.
pub fn own_addresses() -> Vec<Address> {
    static ADDRESSES: LazyLock<Vec<Address>> = LazyLock::new(|| keyring().addresses(200));
    ADDRESSES.clone()
}
