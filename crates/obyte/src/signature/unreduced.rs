//! Signing hashes that are not below the order of the curve.
//!
//! The network's signers put the hash into the nonce as it is; newer versions of the library that we
//! sign with reduce it modulo the order first. Both are valid, and they differ for one hash in 2^128.
//! So that signatures are the same in every case, those hashes are signed here, step by step.

use hmac::{Hmac, KeyInit, Mac};
use secp256k1::constants::CURVE_ORDER;
use secp256k1::{PublicKey, Scalar, SecretKey, ecdsa};
use sha2::Sha256;
use zeroize::Zeroizing;

type Block = Zeroizing<[u8; 32]>;

/// Whether the library would reduce the hash.
pub(super) fn is_reduced(hash: &[u8; 32]) -> bool {
    *hash >= CURVE_ORDER
}

/// The low-S signature with the nonce of RFC 6979 over the hash as it is.
pub(super) fn sign(hash: &[u8; 32], key: &SecretKey) -> ecdsa::Signature {
    let nonce = nonce(hash, key);
    let x = PublicKey::from_secret_key(&nonce).x_only_public_key().0.to_byte_array();
    let r = scalar(&x);
    // s = (hash + r * key) / nonce
    let sum = key.mul_tweak(&r).and_then(|product| product.add_tweak(&scalar(hash)));
    let s = sum.and_then(|sum| inverse(nonce).mul_tweak(&sum.into())).expect("is 0 once in 2^256");
    let mut compact = [0; 64];
    compact[..32].copy_from_slice(&r.to_be_bytes());
    compact[32..].copy_from_slice(s.as_secret_bytes());
    let mut signature = ecdsa::Signature::from_compact(&compact).expect("both are below the order");
    signature.normalize_s();
    signature
}

/// RFC 6979 with HMAC-SHA256 (its section 3.2), without reducing the hash.
fn nonce(hash: &[u8; 32], key: &SecretKey) -> SecretKey {
    let (mut k, mut v) = (Block::default(), Zeroizing::new([1; 32]));
    for step in [0, 1] {
        k = hmac(&k, &[&v[..], &[step], key.as_secret_bytes(), hash]);
        v = hmac(&k, &[&v[..]]);
    }
    loop {
        v = hmac(&k, &[&v[..]]);
        if let Ok(nonce) = SecretKey::from_secret_bytes(*v) {
            return nonce;
        }
        k = hmac(&k, &[&v[..], &[0]]);
        v = hmac(&k, &[&v[..]]);
    }
}

fn hmac(key: &Block, parts: &[&[u8]]) -> Block {
    let mut mac = Hmac::<Sha256>::new_from_slice(&key[..]).expect("HMAC takes keys of any length");
    parts.iter().for_each(|part| mac.update(part));
    Zeroizing::new(mac.finalize().into_bytes().into())
}

/// A number of 256 bits modulo the order of the curve.
fn scalar(number: &[u8; 32]) -> Scalar {
    let mut reduced = *number;
    if is_reduced(number) {
        let mut borrow = 0;
        for (byte, order) in reduced.iter_mut().zip(CURVE_ORDER).rev() {
            let difference = i16::from(*byte) - i16::from(order) - borrow;
            borrow = i16::from(difference < 0);
            *byte = difference.rem_euclid(256) as u8;
        }
    }
    Scalar::from_be_bytes(reduced).expect("the order was subtracted")
}

/// The inverse modulo the order, which is the power of the order minus two (Fermat).
fn inverse(number: SecretKey) -> SecretKey {
    let mut exponent = CURVE_ORDER;
    exponent[31] -= 2;
    let times = |a: SecretKey, b: SecretKey| a.mul_tweak(&b.into()).expect("no product is 0 modulo a prime");
    // The first bit is set, and stands for the number itself.
    (1..256).fold(number, |power, bit| {
        let square = times(power, power);
        if exponent[bit / 8] >> (7 - bit % 8) & 1 == 1 { times(square, number) } else { square }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use secp256k1::Message;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// Where nothing is to be reduced, the library is a second opinion on every step.
        #[test]
        fn ordinary_hashes_are_signed_as_by_the_library(hash: [u8; 32], key: [u8; 32]) {
            prop_assume!(!is_reduced(&hash));
            let Ok(key) = SecretKey::from_secret_bytes(key) else { return Ok(()) };
            prop_assert_eq!(sign(&hash, &key), ecdsa::sign(Message::from_digest(hash), &key));
        }
    }

    #[test]
    fn the_largest_hashes_are_signed_validly() {
        let key = SecretKey::from_secret_bytes([7; 32]).expect("below the order");
        let point = PublicKey::from_secret_key(&key);
        for hash in [CURVE_ORDER, [0xff; 32]] {
            assert!(is_reduced(&hash));
            assert!(ecdsa::verify(&sign(&hash, &key), Message::from_digest(hash), &point).is_ok());
        }
    }
}
