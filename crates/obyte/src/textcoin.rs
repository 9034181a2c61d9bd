//! Textcoins (section 9): bytes on a one-off address, given away as the words of its mnemonic.

use std::str::FromStr;

use zeroize::Zeroizing;

use crate::address::Address;
use crate::amount::Bytes;
use crate::keys::{PaymentKey, PaymentPath};
use crate::mnemonic::{DerivationsDiffer, Mnemonic, MnemonicError, Seed};
use crate::network::Network;

/// Where the page lives that opens a wallet with the words. They stand behind the `#`, so no server
/// sees them.
const LINK: &str = "https://obyte.org/#textcoin?";

/// The words of a textcoin and the key of its address. Whoever knows the words can take the coins.
#[derive(Clone, Debug)]
pub struct Textcoin {
    mnemonic: Mnemonic,
    key: PaymentKey,
}

impl Textcoin {
    /// The textcoin of 128 bits that nobody can guess, if every wallet finds the same address.
    pub fn from_entropy(entropy: &[u8; 16]) -> Result<Self, DerivationsDiffer> {
        Mnemonic::with_seed(entropy).map(|(mnemonic, seed)| Self::of(mnemonic, &seed))
    }

    /// The textcoin of a mnemonic. Its passphrase is always empty.
    pub fn new(mnemonic: Mnemonic) -> Self {
        let seed = mnemonic.to_seed("");
        Self::of(mnemonic, &seed)
    }

    fn of(mnemonic: Mnemonic, seed: &Seed) -> Self {
        Self { mnemonic, key: PaymentKey::derive(seed, PaymentPath::FIRST) }
    }

    /// The mnemonic.
    pub fn mnemonic(&self) -> &Mnemonic {
        &self.mnemonic
    }

    /// Where the coins are.
    pub fn address(&self) -> Address {
        self.key.address()
    }

    /// The key that spends them.
    pub fn key(&self) -> &PaymentKey {
        &self.key
    }

    /// The words with dashes between them.
    pub fn dashed(&self) -> Zeroizing<String> {
        Zeroizing::new(self.mnemonic.phrase().replace(' ', "-"))
    }

    /// The link to be sent by e-mail.
    pub fn link(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{LINK}{}", *self.dashed()))
    }

    /// The URI that opens a wallet of the network.
    pub fn uri(&self, network: Network) -> Zeroizing<String> {
        Zeroizing::new(format!("{}:textcoin?{}", network.uri_scheme(), *self.dashed()))
    }
}

/// Reads words as the form does into which they are typed: with dashes or spaces, in any case.
impl FromStr for Textcoin {
    type Err = MnemonicError;

    fn from_str(words: &str) -> Result<Self, Self::Err> {
        let phrase = Zeroizing::new(words.to_lowercase().replace('-', " "));
        // Counted before other kinds of spaces are made plain ones, so the form takes none of them.
        if !phrase.split(' ').count().is_multiple_of(3) {
            return Err(MnemonicError::WordCount);
        }
        phrase.parse().map(Self::new)
    }
}

/// What has to be paid to a textcoin's address so that `amount` is left for who claims it.
///
/// On top come the size of the claiming unit and twice the TPS fee that the hub now asks for the
/// address, since the fee may have risen when it is claimed. Nothing where the sum is above the cap.
pub fn funding(amount: Bytes, network: Network, tps_fee: Bytes) -> Option<Bytes> {
    let claim_fee = Bytes::literal(network.textcoin_claim_fee());
    Bytes::checked_sum([amount, claim_fee, tps_fee.checked_mul(2)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: &str = "leave-future-vital-protect-magnet-trumpet-genius-someone-burger-doctor-cheese-entry";

    #[test]
    fn words_are_read_as_they_are_typed() {
        let textcoin: Textcoin = WORDS.parse().expect("valid");
        assert_eq!(textcoin.address().as_str(), "GVR5WGTBTMCZTEW3CUBH2MVETVGN5CVC");
        assert_eq!(*textcoin.dashed(), WORDS);
        for typed in [WORDS.to_uppercase(), WORDS.replace('-', " ")] {
            assert_eq!(typed.parse::<Textcoin>().expect("valid").address(), textcoin.address());
        }
        for bad in [
            "",
            &WORDS[6..],
            &WORDS.replace('-', "_"),
            &WORDS.replace('-', "  "),
            &WORDS.replace('-', "\u{a0}"),
        ] {
            assert!(bad.parse::<Textcoin>().is_err(), "{bad}");
        }
    }

    #[test]
    fn links_and_uris_carry_the_dashed_words() {
        let textcoin: Textcoin = WORDS.parse().expect("valid");
        assert_eq!(*textcoin.link(), format!("https://obyte.org/#textcoin?{WORDS}"));
        assert_eq!(*textcoin.uri(Network::Testnet), format!("obyte-tn:textcoin?{WORDS}"));
        assert_eq!(format!("{textcoin:?}").find("leave"), None);
    }

    #[test]
    fn the_funding_leaves_the_amount_after_claiming() {
        let amount = Bytes::literal(1000);
        assert_eq!(funding(amount, Network::Livenet, Bytes::literal(5)), Some(Bytes::literal(1782)));
        assert_eq!(funding(amount, Network::Devnet, Bytes::ZERO), Some(Bytes::literal(1775)));
        assert_eq!(funding(Bytes::MAX, Network::Livenet, Bytes::ZERO), None);
    }
}
