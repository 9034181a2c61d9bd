//! The wallet of an endpoint: from its mnemonic to the keys that pay.

use obyte::Mnemonic;
use obyte::keys::AccountKey;
use payout::Keyring;

/// The keys of the first account. An imported mnemonic derives as existing wallets derive it (2.2).
pub fn keyring(mnemonic: &Mnemonic) -> Keyring {
    Keyring::new(AccountKey::new(&mnemonic.to_seed(""), 0))
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
