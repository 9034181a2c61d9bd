//! Base58 with a checksum, in which extended keys are written.

use crate::hash::sha256;

const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// The text of some bytes and the first four bytes of their double SHA-256.
pub(super) fn encode_check(payload: &[u8]) -> String {
    let checksum = sha256(&sha256(payload));
    encode(payload.iter().chain(&checksum[..4]).copied())
}

fn encode(bytes: impl Iterator<Item = u8> + Clone) -> String {
    let zeros = bytes.clone().take_while(|&byte| byte == 0).count();
    let mut digits: Vec<u8> = Vec::new(); // the least significant first
    for byte in bytes {
        let mut carry = u32::from(byte);
        for digit in &mut digits {
            carry += u32::from(*digit) << 8;
            *digit = (carry % 58) as u8;
            carry /= 58;
        }
        while carry > 0 {
            digits.push((carry % 58) as u8);
            carry /= 58;
        }
    }
    let zeros = std::iter::repeat_n(0, zeros);
    zeros.chain(digits.into_iter().rev()).map(|digit| char::from(ALPHABET[usize::from(digit)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_draft_standard_hold() {
        let encoded = |bytes: &[u8]| encode(bytes.iter().copied());
        assert_eq!(encoded(b"Hello World!"), "2NEpo7TZRRrLZSi2U");
        assert_eq!(encoded(&[0, 0, 0x28, 0x7f, 0xb4, 0xcd]), "11233QC4");
        assert_eq!(encoded(&[]), "");
        assert_eq!(encode_check(&[0; 21]), "1111111111111111111114oLvT2");
    }
}
