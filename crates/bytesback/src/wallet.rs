//! The wallet of an endpoint: from its mnemonic to the keys that pay.

use obyte::keys::{AccountKey, Chain};
use obyte::{Address, Mnemonic};
use payout::Keyring;
use store::Endpoint;

/// The keys of the first account, and of the textcoins of an endpoint. An imported mnemonic derives as existing wallets derive it (2.2).
pub fn keyring(mnemonic: &Mnemonic, endpoint: Endpoint) -> Keyring {
    Keyring::new(&mnemonic.to_seed(""), endpoint.code())
}

/// The address to which the fund of a wallet is sent; it is the same at both endpoints.
pub fn fund_address(mnemonic: &Mnemonic) -> Address {
    AccountKey::new(&mnemonic.to_seed(""), 0).payment_key(Chain::Receive, 0).address()
}

/// A new mnemonic, on which every wallet derives the same addresses.
///
/// # Errors
/// Where the operating system gives no random numbers.
pub fn new_mnemonic() -> Result<Mnemonic, getrandom::Error> {
    loop {
        let mut entropy = zeroize::Zeroizing::new([0; 16]);
        getrandom::fill(entropy.as_mut())?;
        // About one in a hundred is drawn again.
        if let Ok(mnemonic) = Mnemonic::from_entropy(&entropy) {
            return Ok(mnemonic);
        }
    }
}
