//! Extended keys and the two ways of deriving them (2.2).
//!
//! The network's wallets are built on a library that drops the leading zero bytes of a secret key before
//! it derives a hardened child. Where there are such bytes, their keys differ from those of BIP32.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use ripemd::Ripemd160;
use sha2::{Digest, Sha512};
use zeroize::Zeroizing;

use super::base58;
use crate::hash::sha256;
use crate::mnemonic::Seed;
use crate::signature::SecretKey;

const HARDENED: u32 = 1 << 31;
/// Version bytes that make the text begin with `xprv` and `xpub`; the same on every network.
const XPRV: [u8; 4] = [0x04, 0x88, 0xad, 0xe4];
const XPUB: [u8; 4] = [0x04, 0x88, 0xb2, 0x1e];

/// How a hardened step serializes the secret key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Derivation {
    /// Without leading zero bytes, as the wallets of the network do.
    Bitcore,
    /// In 32 bytes, as BIP32 says.
    Strict,
}

/// One step of a path. The number is below 2^31.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// Written with an apostrophe. Needs the secret key.
    Hardened(u32),
    /// Written without.
    Normal(u32),
}

impl Step {
    fn number(self) -> u32 {
        match self {
            Self::Hardened(number) => {
                assert!(number < HARDENED, "the number of a step is below 2^31");
                number | HARDENED
            }
            Self::Normal(number) => {
                assert!(number < HARDENED, "the number of a step is below 2^31");
                number
            }
        }
    }
}

/// A secret key with what is needed to derive others from it.
#[derive(Clone)]
pub struct ExtendedKey {
    secret: SecretKey,
    chain_code: Zeroizing<[u8; 32]>,
    depth: u8,
    parent_fingerprint: [u8; 4],
    number: u32,
}

impl ExtendedKey {
    /// The key `m`, from which all others of a seed are derived.
    pub fn master(seed: &Seed) -> Self {
        let halves = Halves::of(b"Bitcoin seed", &[seed.as_bytes()]);
        Self {
            secret: SecretKey::from_bytes(&halves.left).expect("fails for one seed in 2^127"),
            chain_code: halves.right,
            depth: 0,
            parent_fingerprint: [0; 4],
            number: 0,
        }
    }

    /// The key at the end of a path of at most 255 steps.
    ///
    /// # Panics
    /// Where a number of the path is not below 2^31.
    pub fn derive(&self, path: &[Step], derivation: Derivation) -> Self {
        path.iter().fold(self.clone(), |key, step| key.child(*step, derivation))
    }

    fn child(&self, step: Step, derivation: Derivation) -> Self {
        let number = step.number();
        let public = self.secret.point().serialize();
        let index = number.to_be_bytes();
        let halves = match step {
            Step::Hardened(_) => Halves::of(&self.chain_code[..], &[&[0], self.parent(derivation), &index]),
            Step::Normal(_) => Halves::of(&self.chain_code[..], &[&public, &index]),
        };
        let fingerprint = Ripemd160::digest(sha256(&public));
        Self {
            secret: self.secret.add(&halves.left).expect("fails for one key in 2^127"),
            chain_code: halves.right,
            depth: self.depth.checked_add(1).expect("a path has at most 255 steps"),
            parent_fingerprint: std::array::from_fn(|byte| fingerprint[byte]),
            number,
        }
    }

    fn parent(&self, derivation: Derivation) -> &[u8] {
        let bytes = self.secret.as_bytes();
        let zeros = match derivation {
            Derivation::Bitcore => bytes.iter().take_while(|&&byte| byte == 0).count(),
            Derivation::Strict => 0,
        };
        &bytes[zeros..]
    }

    /// The secret key.
    pub fn secret_key(&self) -> &SecretKey {
        &self.secret
    }

    /// What children are derived with beside the key.
    pub fn chain_code(&self) -> &[u8; 32] {
        &self.chain_code
    }

    /// The text that begins with `xprv`. It is as secret as the key.
    pub fn to_xprv(&self) -> Zeroizing<String> {
        let mut key = Zeroizing::new([0; 33]);
        key[1..].copy_from_slice(self.secret.as_bytes());
        Zeroizing::new(self.serialize(XPRV, &key))
    }

    /// The text that begins with `xpub`. It tells all addresses below the key, and lets nobody pay.
    pub fn to_xpub(&self) -> String {
        self.serialize(XPUB, &self.secret.point().serialize())
    }

    fn serialize(&self, version: [u8; 4], key: &[u8; 33]) -> String {
        let mut payload = Zeroizing::new(Vec::with_capacity(78));
        payload.extend_from_slice(&version);
        payload.push(self.depth);
        payload.extend_from_slice(&self.parent_fingerprint);
        payload.extend_from_slice(&self.number.to_be_bytes());
        payload.extend_from_slice(&self.chain_code[..]);
        payload.extend_from_slice(key);
        base58::encode_check(&payload)
    }
}

impl fmt::Debug for ExtendedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ExtendedKey(..)")
    }
}

/// The two halves of an HMAC-SHA512.
struct Halves {
    left: Zeroizing<[u8; 32]>,
    right: Zeroizing<[u8; 32]>,
}

impl Halves {
    fn of(key: &[u8], parts: &[&[u8]]) -> Self {
        let mut mac = Hmac::<Sha512>::new_from_slice(key).expect("HMAC takes keys of any length");
        for part in parts {
            mac.update(part);
        }
        let output: Zeroizing<[u8; 64]> = Zeroizing::new(mac.finalize().into_bytes().into());
        let mut halves = Self { left: Zeroizing::default(), right: Zeroizing::default() };
        halves.left.copy_from_slice(&output[..32]);
        halves.right.copy_from_slice(&output[32..]);
        halves
    }
}
