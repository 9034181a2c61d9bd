//! The keys of a wallet (2.2, 2.3): seed, account, payment keys; and the key of its device.

pub mod extended;

mod base58;

use std::fmt;

use self::extended::{Derivation, ExtendedKey, Step};
use crate::address::{Address, DeviceAddress};
use crate::definition::Definition;
use crate::hash::sha256_base64;
use crate::mnemonic::Seed;
use crate::signature::{PublicKey, SecretKey, Signature};

impl Seed {
    /// Whether the two ways of deriving keys give different keys on the paths of a wallet (2.2).
    ///
    /// Where they do, the coins of an imported mnemonic are found with [`Derivation::Bitcore`], unless a
    /// strict wallet made them; a mnemonic that is generated is drawn again.
    pub fn derivations_differ(&self) -> bool {
        let both = |path: &[Step]| {
            let [bitcore, strict] = [Derivation::Bitcore, Derivation::Strict]
                .map(|derivation| ExtendedKey::master(self).derive(path, derivation));
            bitcore.secret_key().as_bytes() != strict.secret_key().as_bytes()
                || bitcore.chain_code() != strict.chain_code()
        };
        both(&account_path(0)) || both(&DEVICE_PATH)
    }
}

/// Which of the two chains of an account's addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Chain {
    /// Addresses to be shown to others.
    Receive,
    /// Addresses for the change of own payments.
    Change,
}

/// The path of a payment key below the seed: `m/44'/0'/account'/chain/index` (2.3).
///
/// Account and index are below 2^31.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PaymentPath {
    /// The number of the wallet, mostly 0.
    pub account: u32,
    /// Receiving or change.
    pub chain: Chain,
    /// The number of the address.
    pub index: u32,
}

impl PaymentPath {
    /// `m/44'/0'/0'/0/0`: the only key of a single-address wallet, and that of a textcoin.
    pub const FIRST: Self = Self { account: 0, chain: Chain::Receive, index: 0 };
}

impl fmt::Display for PaymentPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let chain = chain_number(self.chain);
        write!(f, "m/44'/0'/{}'/{chain}/{}", self.account, self.index)
    }
}

const fn chain_number(chain: Chain) -> u32 {
    match chain {
        Chain::Receive => 0,
        Chain::Change => 1,
    }
}

/// The coin type is 0 on every network, so a mnemonic has the same addresses on all of them.
const fn account_path(account: u32) -> [Step; 3] {
    [Step::Hardened(44), Step::Hardened(0), Step::Hardened(account)]
}

/// The keys of one account, `m/44'/0'/account'`.
#[derive(Clone, Debug)]
pub struct AccountKey(ExtendedKey);

impl AccountKey {
    /// The account's keys as existing wallets derive them.
    pub fn new(seed: &Seed, account: u32) -> Self {
        Self::derive(seed, account, Derivation::Bitcore)
    }

    /// The account's keys, derived the given way.
    pub fn derive(seed: &Seed, account: u32, derivation: Derivation) -> Self {
        Self(ExtendedKey::master(seed).derive(&account_path(account), derivation))
    }

    /// A key to pay with. The index is below 2^31.
    pub fn payment_key(&self, chain: Chain, index: u32) -> PaymentKey {
        let path = [Step::Normal(chain_number(chain)), Step::Normal(index)];
        // No step is hardened, so both derivations agree.
        PaymentKey::new(self.0.derive(&path, Derivation::Strict).secret_key().clone())
    }

    /// The extended key.
    pub fn extended(&self) -> &ExtendedKey {
        &self.0
    }

    /// What identifies the account towards other devices: the hash of its extended public key.
    pub fn wallet_id(&self) -> String {
        sha256_base64(&self.0.to_xpub())
    }
}

/// A key that controls an address by itself.
#[derive(Clone, Debug)]
pub struct PaymentKey {
    secret: SecretKey,
    address: Address,
}

impl PaymentKey {
    /// The key with its single-sig definition and address.
    pub fn new(secret: SecretKey) -> Self {
        let address = Definition::single_sig(secret.public_key()).chash();
        Self { secret, address }
    }

    /// The key at a path below the seed, as existing wallets derive it.
    pub fn derive(seed: &Seed, path: PaymentPath) -> Self {
        AccountKey::new(seed, path.account).payment_key(path.chain, path.index)
    }

    /// The address that the key controls.
    pub fn address(&self) -> Address {
        self.address
    }

    /// The public key.
    pub fn public_key(&self) -> PublicKey {
        self.secret.public_key()
    }

    /// The secret key.
    pub fn secret_key(&self) -> &SecretKey {
        &self.secret
    }

    /// The definition whose chash is the address.
    pub fn definition(&self) -> Definition {
        Definition::single_sig(self.public_key())
    }

    /// Signs a unit's hash to sign (4.9).
    pub fn sign(&self, hash: &[u8; 32]) -> Signature {
        self.secret.sign(hash)
    }
}

const DEVICE_PATH: [Step; 1] = [Step::Hardened(1)];

/// The key `m/1'`, with which a device signs messages and logs in at a hub (2.6).
#[derive(Clone, Debug)]
pub struct DeviceKey {
    secret: SecretKey,
}

impl DeviceKey {
    /// The device key of a seed, as existing wallets derive it.
    pub fn new(seed: &Seed) -> Self {
        let key = ExtendedKey::master(seed).derive(&DEVICE_PATH, Derivation::Bitcore);
        Self { secret: key.secret_key().clone() }
    }

    /// The public key.
    pub fn public_key(&self) -> PublicKey {
        self.secret.public_key()
    }

    /// The secret key.
    pub fn secret_key(&self) -> &SecretKey {
        &self.secret
    }

    /// The address that others send messages to.
    pub fn device_address(&self) -> DeviceAddress {
        DeviceAddress::of_public_key(self.public_key().as_str())
    }

    /// Signs the hash of a device message.
    pub fn sign(&self, hash: &[u8; 32]) -> Signature {
        self.secret.sign(hash)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mnemonic::Mnemonic;

    fn seed(words: &str) -> Seed {
        words.parse::<Mnemonic>().expect("valid").to_seed("")
    }

    #[test]
    fn the_worked_example_of_section_2_5_holds() {
        let seed = seed(
            "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about",
        );
        let account = AccountKey::new(&seed, 0);
        for (chain, index, public, address) in [
            (
                Chain::Receive,
                0,
                "A6rrUt10lMNhBJ3mfMaA6D68u72+sTY32SzYRfcDCK9e",
                "QZAB2MYRLRVUNITTOOCF5ZE3AG4TCJDD",
            ),
            (
                Chain::Receive,
                1,
                "At/K7FMgENcEhg4grWr/jPNHcWT/sC+T1FxVLa3HDtJP",
                "LBFE3LOJHOH24Y4J54RR6GDM3KVL2PWJ",
            ),
            (
                Chain::Change,
                0,
                "A0mLOsjogsXWk1QMSa3yK3obmcG7gEeWZzm/6M3rJy5k",
                "NFSOR7KDWLXZNT674GZOIGZALLZR2CPE",
            ),
        ] {
            let key = account.payment_key(chain, index);
            assert_eq!((key.public_key().as_str(), key.address().as_str()), (public, address));
        }
        let device = DeviceKey::new(&seed);
        assert_eq!(device.public_key().as_str(), "A7UYSlJtrGq9o9jVSlQUcc6D6MImDVZwYFPieAkiMZ9e");
        assert_eq!(device.device_address().to_string(), "0BQHH2EQ754G2WF4O5IQACV7KEOWHT3YY");
    }

    #[test]
    fn the_proof_cases_of_section_2_2_differ_as_told() {
        for (words, bitcore, strict) in [
            (
                "undo step snap hurdle visit usual angle egg print people expire clinic",
                "f9979586fb7e00810374aeff8bb38f6ff8b8939ab69dd130ad175aa8e27f63c7",
                "f0d3fd6941081d1521af18709a575304837fcec300a78766fc263098cba04169",
            ),
            (
                "couch twist swing sugar water genre general sting giant fuel tuna remind",
                "b888c390e05102bdb72c2aa9ea5325c10d2c4fa01fe717da5c7981d4afcfacd0",
                "a4cf33ab60b3bc2e42b5ea12b3d6313341b589732790604e14795c5f8f594b69",
            ),
        ] {
            let seed = seed(words);
            assert!(seed.derivations_differ());
            for (derivation, expected) in [(Derivation::Bitcore, bitcore), (Derivation::Strict, strict)] {
                let key = AccountKey::derive(&seed, 0, derivation).payment_key(Chain::Receive, 0);
                assert_eq!(data_encoding::HEXLOWER.encode(key.secret_key().as_bytes()), expected);
            }
        }
    }

    #[test]
    fn a_path_is_written_as_wallets_write_it() {
        assert_eq!(PaymentPath::FIRST.to_string(), "m/44'/0'/0'/0/0");
        let path = PaymentPath { account: 2, chain: Chain::Change, index: 7 };
        assert_eq!(path.to_string(), "m/44'/0'/2'/1/7");
    }
}
