//! The wallet of every world.

use std::sync::LazyLock;

use obyte::{Address, Mnemonic};
use payout::Keyring;

/// The keys that pay in every world.
pub fn keyring() -> Keyring {
    static KEYRING: LazyLock<Keyring> = LazyLock::new(|| {
        let seed = Mnemonic::from_entropy(&[7; 16]).expect("both derivations agree").to_seed("");
        let mut keyring = Keyring::new(&seed, "test");
        keyring.addresses(4);
        keyring.deposit_address(PARTNERS + 20);
        keyring
    });
    KEYRING.clone()
}

/// How many addresses of the line there are among [`own_addresses`].
pub(crate) const LINE: u32 = 200;

/// How many partners with a deposit address there are in every world.
pub const PARTNERS: u32 = 2;

/// Where the deposits of a partner come, counted from 1.
pub fn deposit_address(partner: u32) -> Address {
    own_addresses()[(LINE + partner - 1) as usize]
}

/// The payer's addresses in every world: of its line more than that ever comes to, and those for deposits, and
/// some that nobody was given, behind them.
pub fn own_addresses() -> Vec<Address> {
    static ADDRESSES: LazyLock<Vec<Address>> = LazyLock::new(|| {
        let mut keyring = keyring();
        let mut addresses = keyring.addresses(LINE);
        addresses.extend((1..=PARTNERS + 20).map(|number| keyring.deposit_address(number)));
        addresses
    });
    ADDRESSES.clone()
}
