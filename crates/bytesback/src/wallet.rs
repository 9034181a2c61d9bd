//! The wallet of an endpoint: from its mnemonic to the key that pays.

use obyte::keys::PaymentPath;
use obyte::{Mnemonic, PaymentKey};

/// The key of the first receiving address, which is the fund's address and pays.
///
/// An imported mnemonic derives as existing wallets derive it (2.2).
pub fn paying_key(mnemonic: &Mnemonic) -> PaymentKey {
    PaymentKey::derive(&mnemonic.to_seed(""), PaymentPath::FIRST)
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
