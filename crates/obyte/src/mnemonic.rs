//! Mnemonics and the seed behind them (2.1).
//!
//! Read are the word lists that the network's wallets know; written is English only.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use bip39::Language;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha512;
use zeroize::{Zeroize, Zeroizing};

use crate::hash::sha256;

/// The word lists in the order in which the wallets try them; the first that has all words counts.
const LANGUAGES: [Language; 5] =
    [Language::SimplifiedChinese, Language::English, Language::French, Language::Japanese, Language::Spanish];
/// A checksum has one bit for each three words, and a hash gives no more than 256.
const MAX_WORDS: usize = 768;
const PBKDF2_ROUNDS: usize = 2048;

/// The words of a wallet or a textcoin: whoever knows them has the coins.
///
/// Overwritten when dropped, and not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Mnemonic(Zeroizing<String>);

/// The words are no mnemonic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MnemonicError {
    /// Not a multiple of three, or none at all.
    #[error("the number of words must be a multiple of 3")]
    WordCount,
    /// Some word stands in no list, or the words stand in different lists. Case counts, and there must
    /// be single spaces.
    #[error("some word is not in the word list; write lower-case words with single spaces between them")]
    UnknownWord,
    /// The words are misspelt or in the wrong order.
    #[error("the checksum of the words is wrong; check each word and their order")]
    Checksum,
}

/// The two ways of deriving keys (2.2) give different keys for this entropy. Draw again.
///
/// About one entropy in a hundred is refused, so that any wallet finds the coins of a generated mnemonic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("wallets disagree about the keys of this mnemonic; draw other entropy")]
pub struct DerivationsDiffer;

impl Mnemonic {
    /// The twelve English words of 128 bits, if every wallet derives the same keys from them with the
    /// empty passphrase.
    pub fn from_entropy(entropy: &[u8; 16]) -> Result<Self, DerivationsDiffer> {
        Self::with_seed(entropy).map(|(mnemonic, _)| mnemonic)
    }

    /// The same with the seed for the empty passphrase, which is most of the work.
    pub(crate) fn with_seed(entropy: &[u8; 16]) -> Result<(Self, Seed), DerivationsDiffer> {
        let mnemonic = Self::of_entropy(entropy);
        let seed = mnemonic.to_seed("");
        if seed.derivations_differ() { Err(DerivationsDiffer) } else { Ok((mnemonic, seed)) }
    }

    fn of_entropy(entropy: &[u8; 16]) -> Self {
        let words = Language::English.word_list();
        let mut bits = u32::from(sha256(entropy)[0] >> 4);
        let mut held = 4;
        let mut indexes = Zeroizing::new([0; 12]);
        let mut next = indexes.len();
        // From the last word back to the first: the checksum is the end of the last word.
        for byte in entropy.iter().rev() {
            bits |= u32::from(*byte) << held;
            held += 8;
            if held >= 11 {
                next -= 1;
                indexes[next] = (bits & 0x7ff) as usize;
                bits >>= 11;
                held -= 11;
            }
        }
        let words: Vec<_> = indexes.iter().map(|index| words[*index]).collect();
        Self(Zeroizing::new(words.join(" ")))
    }

    /// The words with single spaces between them.
    pub fn phrase(&self) -> &str {
        &self.0
    }

    /// The words.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.0.split(' ')
    }

    /// The seed of the words and a passphrase, which is mostly empty.
    pub fn to_seed(&self, passphrase: &str) -> Seed {
        let mut passphrase = Cow::Borrowed(passphrase);
        bip39::Mnemonic::normalize_utf8_cow(&mut passphrase);
        let salt = Zeroizing::new(format!("mnemonic{passphrase}"));
        if let Cow::Owned(mut normalized) = passphrase {
            normalized.zeroize();
        }
        Seed(pbkdf2(self.0.as_bytes(), salt.as_bytes()))
    }
}

/// Strict, as the wallets read: any multiple of three words, in the lists' own spelling, with a valid
/// checksum.
impl FromStr for Mnemonic {
    type Err = MnemonicError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut phrase = Cow::Borrowed(text);
        bip39::Mnemonic::normalize_utf8_cow(&mut phrase);
        let phrase = Zeroizing::new(phrase.into_owned());
        let count = phrase.split(' ').count();
        if !count.is_multiple_of(3) || count > MAX_WORDS {
            return Err(MnemonicError::WordCount);
        }
        let indexes = LANGUAGES
            .into_iter()
            .find_map(|language| indexes(language, &phrase))
            .ok_or(MnemonicError::UnknownWord)?;
        if has_valid_checksum(&indexes) { Ok(Self(phrase)) } else { Err(MnemonicError::Checksum) }
    }
}

impl fmt::Debug for Mnemonic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mnemonic(..)")
    }
}

fn indexes(language: Language, phrase: &str) -> Option<Zeroizing<Vec<u16>>> {
    phrase.split(' ').map(|word| language.find_word(word)).collect::<Option<Vec<_>>>().map(Zeroizing::new)
}

/// Eleven bits a word: the entropy, and then one bit of its hash for each three words.
fn has_valid_checksum(indexes: &[u16]) -> bool {
    let checksum_bits = indexes.len() / 3;
    let entropy_bits = indexes.len() * 11 - checksum_bits;
    let bit = |position: usize| indexes[position / 11] >> (10 - position % 11) & 1;
    let entropy: Zeroizing<Vec<u8>> = Zeroizing::new(
        (0..entropy_bits / 8)
            .map(|byte| (0..8).fold(0, |bits, next| bits << 1 | bit(byte * 8 + next) as u8))
            .collect(),
    );
    let hash = sha256(&entropy);
    (0..checksum_bits).all(|position| {
        u16::from(hash[position / 8] >> (7 - position % 8) & 1) == bit(entropy_bits + position)
    })
}

/// The 64 bytes from which all keys are derived. Overwritten when dropped, and not shown by `Debug`.
#[derive(Clone)]
pub struct Seed(Zeroizing<[u8; 64]>);

impl Seed {
    /// The bytes, for those who derive from them.
    pub fn as_bytes(&self) -> &[u8; 64] {
        &self.0
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(..)")
    }
}

/// PBKDF2 with HMAC-SHA512, for the one block that a seed has.
fn pbkdf2(password: &[u8], salt: &[u8]) -> Zeroizing<[u8; 64]> {
    let keyed = Hmac::<Sha512>::new_from_slice(password).expect("HMAC takes keys of any length");
    let round = |input: &[u8], more: &[u8]| -> Zeroizing<[u8; 64]> {
        let output = keyed.clone().chain_update(input).chain_update(more).finalize().into_bytes();
        Zeroizing::new(output.into())
    };
    let mut last = round(salt, &1u32.to_be_bytes());
    let mut seed = last.clone();
    for _ in 1..PBKDF2_ROUNDS {
        last = round(&last[..], &[]);
        for (byte, more) in seed.iter_mut().zip(last.iter()) {
            *byte ^= more;
        }
    }
    seed
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABANDON: &str =
        "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";

    #[test]
    fn entropy_becomes_the_words_of_the_standard() {
        assert_eq!(Mnemonic::of_entropy(&[0; 16]).phrase(), ABANDON);
        let all_ones = Mnemonic::of_entropy(&[0xff; 16]);
        assert_eq!(all_ones.phrase(), format!("{}wrong", "zoo ".repeat(11)));
        for number in 0..=255 {
            let entropy = std::array::from_fn(|byte| (byte as u8).wrapping_mul(37) ^ number);
            let ours = Mnemonic::of_entropy(&entropy);
            let theirs = bip39::Mnemonic::from_entropy(&entropy).expect("128 bits");
            assert_eq!(ours.phrase(), theirs.to_string());
            assert_eq!(ours.phrase().parse(), Ok(ours));
        }
    }

    #[test]
    fn entropy_on_which_wallets_disagree_is_refused() {
        let words = "undo step snap hurdle visit usual angle egg print people expire clinic";
        let entropy = bip39::Mnemonic::parse(words).expect("valid").to_entropy();
        let entropy = entropy.try_into().expect("128 bits");
        assert_eq!(Mnemonic::of_entropy(&entropy).phrase(), words);
        assert_eq!(Mnemonic::from_entropy(&entropy), Err(DerivationsDiffer));
        assert_eq!(Mnemonic::from_entropy(&[0; 16]).expect("all agree").phrase(), ABANDON);
    }

    #[test]
    fn the_seed_is_that_of_the_standard() {
        let mnemonic: Mnemonic = ABANDON.parse().expect("valid");
        let reference = bip39::Mnemonic::parse(ABANDON).expect("valid");
        for passphrase in ["", "TREZOR", "ﬁ Été ①"] {
            assert_eq!(mnemonic.to_seed(passphrase).as_bytes(), &reference.to_seed(passphrase));
        }
    }

    #[test]
    fn words_of_every_list_are_read() {
        for language in LANGUAGES {
            for bytes in [16, 20, 24, 28, 32] {
                let entropy: Vec<u8> = (0..bytes).map(|byte| byte * 7 + 3).collect();
                let words = bip39::Mnemonic::from_entropy_in(language, &entropy).expect("valid").to_string();
                assert_eq!(words.parse::<Mnemonic>().expect("valid").phrase(), words);
                let ideographic = words.replace(' ', "\u{3000}");
                assert_eq!(ideographic.parse::<Mnemonic>().expect("valid").phrase(), words);
            }
        }
    }

    /// Made with the library of the network's wallets.
    #[test]
    fn short_and_long_mnemonics_are_valid_by_their_checksum_alone() {
        for words in [
            "abandon abandon ability",
            "adapt explain ecology",
            "adapt explain ecology dinner glare old",
            "adapt explain ecology dinner glare old unfair empty expire",
            "adapt explain ecology dinner glare old unfair empty expect road off suggest dash dolphin captain \
             version oval census uncover inform arrest trash first organ turtle more clarify",
            "adapt explain ecology dinner glare old unfair empty expect road off suggest dash dolphin captain \
             version oval census uncover inform arrest trash first organ turtle more divert army spend assault \
             master champion wet",
        ] {
            assert!(words.parse::<Mnemonic>().is_ok(), "{words}");
        }
        assert_eq!("abandon abandon abandon".parse::<Mnemonic>(), Err(MnemonicError::Checksum));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let swapped = ABANDON.replacen("abandon about", "about abandon", 1);
        for (text, error) in [
            ("", MnemonicError::WordCount),
            ("abandon abandon", MnemonicError::WordCount),
            (&ABANDON[8..], MnemonicError::WordCount),
            (&ABANDON.to_uppercase(), MnemonicError::UnknownWord),
            (&ABANDON.replacen("abandon", "abaisser", 1), MnemonicError::UnknownWord),
            (&ABANDON.replacen("abandon abandon", "abandon ", 1), MnemonicError::UnknownWord),
            (&swapped, MnemonicError::Checksum),
            (&"abandon ".repeat(12)[..95], MnemonicError::Checksum),
        ] {
            assert_eq!(text.parse::<Mnemonic>(), Err(error), "{text}");
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let mnemonic: Mnemonic = ABANDON.parse().expect("valid");
        assert_eq!(format!("{mnemonic:?} {:?}", mnemonic.to_seed("")), "Mnemonic(..) Seed(..)");
    }
}
