//! Texts that mean one thing: hashes, keys, addresses, words, recipients.

use std::fmt::Display;
use std::str::FromStr;

use bytesback::http::read_recipient;
use obyte::{
    Address, BallHash, DeviceAddress, Mnemonic, PayloadHash, PublicKey, Signature, Textcoin, UnitHash,
};
use program::{EmailAddress, Recipient};

use super::{check_error, text};

/// What is printed is what was read.
fn is_exact<T: FromStr<Err: Display> + Display>(text: &str) {
    match text.parse::<T>() {
        Ok(read) => assert_eq!(read.to_string(), text, "one way to write it"),
        Err(error) => check_error(error),
    }
}

/// Addresses, hashes, keys and signatures.
pub(super) fn ids(data: &[u8]) {
    let text = text(data);
    is_exact::<Address>(&text);
    is_exact::<DeviceAddress>(&text);
    is_exact::<UnitHash>(&text);
    is_exact::<BallHash>(&text);
    is_exact::<PayloadHash>(&text);
    is_exact::<PublicKey>(&text);
    is_exact::<Signature>(&text);
    if let (Ok(key), Ok(signature)) = (text.parse::<PublicKey>(), text.parse::<Signature>()) {
        panic!("{key} is a key and {signature} a signature");
    }
    if let Ok(signature) = text.parse::<Signature>() {
        let key: PublicKey = "A6rrUt10lMNhBJ3mfMaA6D68u72+sTY32SzYRfcDCK9e".parse().expect("a key");
        assert!(!key.verify(&[7; 32], &signature), "a signature that nobody made");
    }
}

/// The words of a wallet or a textcoin.
pub(super) fn mnemonic(data: &[u8]) {
    let text = text(data);
    match text.parse::<Mnemonic>() {
        Ok(read) => {
            assert_eq!(read.phrase().parse::<Mnemonic>().as_ref(), Ok(&read), "read again");
            assert!(read.words().count().is_multiple_of(3), "a number of words that is none");
        }
        Err(error) => check_error(error),
    }
    match text.parse::<Textcoin>() {
        Ok(read) => {
            let again: Textcoin = read.dashed().parse().expect("what was written can be read");
            assert_eq!(again.address(), read.address(), "read again");
        }
        Err(error) => check_error(error),
    }
}

/// An e-mail address.
pub(super) fn email(data: &[u8]) {
    match text(data).parse::<EmailAddress>() {
        Ok(read) => check_email(&read),
        Err(error) => check_error(error),
    }
}

fn check_email(email: &EmailAddress) {
    let text = email.as_str();
    assert!(text.len() <= 254 && text.bytes().all(|byte| byte.is_ascii_graphic()), "one plain word");
    assert_eq!(text.matches('@').count(), 1, "one mailbox");
    assert_eq!(text.parse::<EmailAddress>().as_ref(), Ok(email), "read again");
}

/// To whom a cashback goes.
pub(super) fn recipient(data: &[u8]) {
    match read_recipient(&text(data)) {
        Ok(read) => check_recipient(&read),
        Err(error) => check_error(error),
    }
}

pub(super) fn check_recipient(recipient: &Recipient) {
    if let Recipient::Email(email) = recipient {
        check_email(email);
    }
}
