//! Tokens: numbers of textcoins that nobody else can make or read, so that a link can hold one.
//!
//! A token is 24 bytes in base64url: 16 bytes of a keyed hash of the number, and the number, hidden by another keyed
//! hash of those. Whoever has the wallet finds the number in it, so no token needs to be kept.

use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{TextcoinKeys, TextcoinNo, hash};

/// Keep these keys apart from that of words, which are made of 8 bytes.
const SEAL: &[u8] = b"bytesback claim tokens: seal v1";
const HIDE: &[u8] = b"bytesback claim tokens: hide v1";
const SEAL_LEN: usize = 16;
const NUMBER_LEN: usize = 8;

impl TextcoinKeys {
    /// The token of a number: 32 characters of `A-Za-z0-9_-`. A secret, as it leads to the words.
    pub fn token(&self, no: TextcoinNo) -> Zeroizing<String> {
        let number = bytes_of(no);
        let seal = hash(hash(self.key.as_ref(), &[SEAL]).as_ref(), &[&number]);
        let mut token = Zeroizing::new([0; SEAL_LEN + NUMBER_LEN]);
        token[..SEAL_LEN].copy_from_slice(&seal[..SEAL_LEN]);
        token[SEAL_LEN..].copy_from_slice(&number);
        self.hide(&mut token);
        Zeroizing::new(BASE64URL_NOPAD.encode(token.as_ref()))
    }

    /// The number of a token; nothing for what these keys have not made. The time that it takes does not depend on
    /// how much of it is right.
    pub fn number(&self, token: &str) -> Option<TextcoinNo> {
        let read = Zeroizing::new(BASE64URL_NOPAD.decode(token.as_bytes()).ok()?);
        let mut token = Zeroizing::new(<[u8; SEAL_LEN + NUMBER_LEN]>::try_from(read.as_slice()).ok()?);
        self.hide(&mut token);
        let (seal, number) = token.split_at(SEAL_LEN);
        let key = hash(self.key.as_ref(), &[SEAL]);
        let mut mac = Hmac::<Sha256>::new_from_slice(key.as_ref()).expect("keys of any length are taken");
        mac.update(number);
        mac.verify_truncated_left(seal).ok()?;
        let (generation, counter) = number.split_at(NUMBER_LEN / 2);
        let part = |bytes: &[u8]| bytes.try_into().map(u32::from_be_bytes).ok();
        Some(TextcoinNo { generation: part(generation)?, counter: part(counter)? })
    }

    /// Hides the number behind the seal, or shows it again.
    fn hide(&self, token: &mut [u8; SEAL_LEN + NUMBER_LEN]) {
        let (seal, number) = token.split_at_mut(SEAL_LEN);
        let mask = hash(hash(self.key.as_ref(), &[HIDE]).as_ref(), &[seal]);
        number.iter_mut().zip(mask.iter()).for_each(|(byte, mask)| *byte ^= mask);
    }
}

fn bytes_of(no: TextcoinNo) -> [u8; NUMBER_LEN] {
    let number = u64::from(no.generation) << 32 | u64::from(no.counter);
    number.to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::super::tests::keys;
    use super::*;

    const fn no(generation: u32, counter: u32) -> TextcoinNo {
        TextcoinNo { generation, counter }
    }

    /// Mails that were sent would lead nowhere any more.
    #[test]
    fn the_token_of_a_number_never_changes() {
        assert_eq!(*keys("live").token(no(0, 0)), "yuWzxAwP_ZJ1IegDVP5_9yxMOx4uvR-u");
    }

    #[test]
    fn tokens_look_like_nothing_and_are_all_different() {
        let (live, test) = (keys("live"), keys("test"));
        let tokens = [
            live.token(no(0, 0)),
            live.token(no(0, 1)),
            live.token(no(1, 0)),
            live.token(no(u32::MAX, u32::MAX)),
            test.token(no(0, 0)),
        ];
        for (index, token) in tokens.iter().enumerate() {
            assert_eq!(token.len(), 32);
            assert!(token.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)));
            for other in &tokens[..index] {
                let same = token.bytes().zip(other.bytes()).filter(|(one, other)| one == other).count();
                assert!(same < 8, "{same} characters are the same");
            }
        }
    }

    #[test]
    fn what_was_not_made_by_these_keys_is_no_token() {
        let (live, test) = (keys("live"), keys("test"));
        let token = live.token(no(3, 7));
        assert_eq!(live.number(&token), Some(no(3, 7)));
        assert_eq!(test.number(&token), None);
        for bad in ["", "A", &token[1..], &format!("{}=", *token), &format!("{}A", *token), &"A".repeat(32)] {
            assert_eq!(live.number(bad), None, "{bad}");
        }
        for place in 0..token.len() {
            let mut other = token.as_bytes().to_vec();
            other[place] = if other[place] == b'A' { b'B' } else { b'A' };
            assert_eq!(live.number(std::str::from_utf8(&other).expect("ASCII")), None, "at {place}");
        }
    }

    #[test]
    fn every_number_is_found_in_its_token() {
        let keys = keys("live");
        for bit in 0..64 {
            let number = 1u64 << bit;
            let [generation, counter] = [number >> 32, number & u64::from(u32::MAX)];
            let no =
                no(u32::try_from(generation).expect("32 bits"), u32::try_from(counter).expect("32 bits"));
            assert_eq!(keys.number(&keys.token(no)), Some(no));
        }
    }
}
