//! Checksummed hashes (2.5): a hash with 32 bits of checksum mixed into it at fixed places.

use std::sync::LazyLock;

use data_encoding::{BASE32_NOPAD, BASE64};
use ripemd::Ripemd160;
use sha2::Digest;

use crate::hash::sha256;

/// The digits of pi behind the point, which place the bits of the checksum.
const PI: &[u8] = b"14159265358979323846264338327950288419716939937510";

/// Where the bits of the checksum stand in a chash of 160 bits.
static OFFSETS_160: LazyLock<Vec<usize>> = LazyLock::new(|| offsets(160, 0));
/// Where the bits of the checksum stand in a chash of 288 bits.
static OFFSETS_288: LazyLock<Vec<usize>> = LazyLock::new(|| offsets(288, 4));

fn offsets(bits: usize, extra: usize) -> Vec<usize> {
    PI.iter()
        .map(|digit| usize::from(digit - b'0'))
        .filter(|&digit| digit > 0)
        .scan(0, |offset, digit| {
            *offset += digit + extra;
            Some(*offset)
        })
        .take_while(|&offset| offset < bits)
        .collect()
}

/// The chash160 of a text: 32 characters of base32.
pub fn chash160(text: &str) -> String {
    let digest = Ripemd160::digest(text.as_bytes());
    BASE32_NOPAD.encode(&mix(&digest[4..], &OFFSETS_160))
}

/// The chash288 of a text: 48 characters of base64.
pub fn chash288(text: &str) -> String {
    BASE64.encode(&mix(&sha256(text.as_bytes()), &OFFSETS_288))
}

/// Whether 32 characters of base32 hold a valid checksum.
pub fn is_valid_chash160(text: &str) -> bool {
    text.len() == 32 && BASE32_NOPAD.decode(text.as_bytes()).is_ok_and(|mixed| is_valid(&mixed, &OFFSETS_160))
}

/// Whether 48 characters of base64 hold a valid checksum.
pub fn is_valid_chash288(text: &str) -> bool {
    text.len() == 48 && crate::base64::decode(text).is_some_and(|mixed| is_valid(&mixed, &OFFSETS_288))
}

fn checksum(clean: &[u8]) -> [u8; 4] {
    let digest = sha256(clean);
    [digest[5], digest[13], digest[21], digest[29]]
}

fn mix(clean: &[u8], offsets: &[usize]) -> Vec<u8> {
    let checksum = checksum(clean);
    let mut mixed = vec![0; clean.len() + checksum.len()];
    let (mut next_clean, mut next_check) = (0, 0);
    for position in 0..mixed.len() * 8 {
        let (source, next) = if offsets.get(next_check) == Some(&position) {
            (&checksum[..], &mut next_check)
        } else {
            (clean, &mut next_clean)
        };
        set_bit(&mut mixed, position, bit(source, *next));
        *next += 1;
    }
    mixed
}

fn is_valid(mixed: &[u8], offsets: &[usize]) -> bool {
    let mut clean = vec![0; mixed.len() - 4];
    let mut check = [0; 4];
    let (mut next_clean, mut next_check) = (0, 0);
    for position in 0..mixed.len() * 8 {
        let (target, next) = if offsets.get(next_check) == Some(&position) {
            (&mut check[..], &mut next_check)
        } else {
            (&mut clean[..], &mut next_clean)
        };
        set_bit(target, *next, bit(mixed, position));
        *next += 1;
    }
    check == checksum(&clean)
}

fn bit(bytes: &[u8], position: usize) -> bool {
    bytes[position / 8] & (0x80 >> (position % 8)) != 0
}

fn set_bit(bytes: &mut [u8], position: usize, on: bool) {
    // Without a branch: the bits of a hash cannot be predicted.
    bytes[position / 8] |= u8::from(on) << (7 - position % 8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_have_room_for_the_whole_checksum() {
        assert_eq!(OFFSETS_160.len(), 32);
        assert_eq!(OFFSETS_160.last(), Some(&154));
        assert_eq!(OFFSETS_288.len(), 32);
    }

    #[test]
    fn a_chash_is_valid_and_one_changed_letter_is_not() {
        let chash = chash160("anything");
        assert!(is_valid_chash160(&chash));
        let other = if chash.starts_with('A') { "B" } else { "A" };
        assert!(!is_valid_chash160(&format!("{other}{}", &chash[1..])));
        assert!(is_valid_chash288(&chash288("anything")));
    }
}
