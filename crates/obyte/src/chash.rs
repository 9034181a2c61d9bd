//! Checksummed hashes (2.5): a hash with 32 bits of checksum mixed into it at fixed places.

use std::sync::LazyLock;

use data_encoding::{BASE32_NOPAD, BASE64};
use ripemd::Ripemd160;
use sha2::Digest;

use crate::hash::sha256;

/// The digits of pi behind the point, which place the bits of the checksum.
const PI: &[u8] = b"14159265358979323846264338327950288419716939937510";

/// The bytes of a chash of 160 bits.
static PLACES_160: LazyLock<Vec<Place>> = LazyLock::new(|| places(160, 0));
/// The bytes of a chash of 288 bits.
static PLACES_288: LazyLock<Vec<Place>> = LazyLock::new(|| places(288, 4));

/// One byte of a chash: some of its bits are the hash's, the others the checksum's.
///
/// Taken apart, the bits of the hash stand left and those of the checksum right, both in their order.
struct Place {
    /// How many bits are the checksum's.
    checks: u32,
    /// The byte taken apart, for each value.
    apart: [u8; 256],
    /// The other way round.
    together: [u8; 256],
}

impl Place {
    /// `mask` has the bits that are the checksum's.
    fn new(mask: u8) -> Self {
        let mut place = Self { checks: mask.count_ones(), apart: [0; 256], together: [0; 256] };
        for value in 0..=u8::MAX {
            let apart = gather(value, !mask).checked_shl(place.checks).unwrap_or(0) | gather(value, mask);
            place.apart[usize::from(value)] = apart;
            place.together[usize::from(apart)] = value;
        }
        place
    }
}

/// The bits of a byte that the mask has, moved together to the right.
fn gather(value: u8, mask: u8) -> u8 {
    let bits = (0..8).rev().filter(|bit| mask >> bit & 1 == 1);
    bits.fold(0, |gathered, bit| gathered << 1 | (value >> bit & 1))
}

fn places(bits: usize, extra: usize) -> Vec<Place> {
    let mut masks = vec![0; bits / 8];
    for offset in offsets(bits, extra) {
        masks[offset / 8] |= 0x80 >> (offset % 8);
    }
    masks.into_iter().map(Place::new).collect()
}

/// Where the bits of the checksum stand.
fn offsets(bits: usize, extra: usize) -> impl Iterator<Item = usize> {
    PI.iter()
        .map(|digit| usize::from(digit - b'0'))
        .filter(|&digit| digit > 0)
        .scan(0, move |offset, digit| {
            *offset += digit + extra;
            Some(*offset)
        })
        .take_while(move |&offset| offset < bits)
}

/// The chash160 of a text: 32 characters of base32.
pub fn chash160(text: &str) -> String {
    let digest = Ripemd160::digest(text.as_bytes());
    BASE32_NOPAD.encode(&mix::<20>(&digest[4..], &PLACES_160))
}

/// The chash288 of a text: 48 characters of base64.
pub fn chash288(text: &str) -> String {
    BASE64.encode(&mix::<36>(&sha256(text.as_bytes()), &PLACES_288))
}

/// Whether 32 characters of base32 hold a valid checksum.
pub fn is_valid_chash160(text: &str) -> bool {
    let mut mixed = [0; 20];
    text.len() == 32
        && BASE32_NOPAD.decode_mut(text.as_bytes(), &mut mixed).is_ok()
        && is_valid::<16>(&mixed, &PLACES_160)
}

/// Whether 48 characters of base64 hold a valid checksum.
pub fn is_valid_chash288(text: &str) -> bool {
    text.len() == 48 && crate::base64::decode(text).is_some_and(|mixed| is_valid::<32>(&mixed, &PLACES_288))
}

fn checksum(clean: &[u8]) -> u32 {
    let digest = sha256(clean);
    u32::from_be_bytes([digest[5], digest[13], digest[21], digest[29]])
}

fn mix<const MIXED: usize>(clean: &[u8], places: &[Place]) -> [u8; MIXED] {
    let checksum = checksum(clean);
    let mut clean = clean.iter();
    let mut mixed = [0; MIXED];
    // The lowest `held` bits wait to be placed, and the lowest `checks` bits of the checksum.
    let (mut waiting, mut held, mut checks) = (0u32, 0, u32::BITS);
    for (byte, place) in mixed.iter_mut().zip(places) {
        let wanted = 8 - place.checks;
        if held < wanted {
            waiting = waiting << 8 | u32::from(*clean.next().expect("as many bits as places for them"));
            held += 8;
        }
        held -= wanted;
        checks -= place.checks;
        let kept = waiting >> held << place.checks;
        let check = checksum.checked_shr(checks).unwrap_or(0) & ((1 << place.checks) - 1);
        *byte = place.together[usize::from((kept | check) as u8)];
    }
    mixed
}

fn is_valid<const CLEAN: usize>(mixed: &[u8], places: &[Place]) -> bool {
    let mut clean = [0; CLEAN];
    let mut free = clean.iter_mut();
    // The lowest `held` bits wait until they fill a byte.
    let (mut waiting, mut held, mut check) = (0u32, 0, 0u32);
    for (byte, place) in mixed.iter().zip(places) {
        let apart = u32::from(place.apart[usize::from(*byte)]);
        check = check << place.checks | (apart & ((1 << place.checks) - 1));
        waiting = waiting << (8 - place.checks) | apart >> place.checks;
        held += 8 - place.checks;
        if held >= 8 {
            held -= 8;
            *free.next().expect("as many bits as places for them") = (waiting >> held) as u8;
        }
    }
    check == checksum(&clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_have_room_for_the_whole_checksum() {
        assert_eq!(offsets(160, 0).count(), 32);
        assert_eq!(offsets(160, 0).last(), Some(154));
        assert_eq!(offsets(288, 4).count(), 32);
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
