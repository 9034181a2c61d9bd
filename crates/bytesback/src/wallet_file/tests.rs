//! What a wallet file keeps, and how it fails.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::*;

const WORDS: &str = "undo step snap hurdle visit usual angle egg print people expire clinic";
const PASSPHRASE: &str = "correct horse";
const CHEAP: KdfCost = KdfCost { memory_kib: 8, passes: 1, lanes: 1 };

fn mnemonic() -> Mnemonic {
    WORDS.parse().expect("a mnemonic")
}

struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().expect("a temporary directory") }
    }

    fn path(&self) -> PathBuf {
        self.directory.path().join("live.wallet")
    }

    fn with_wallet() -> Self {
        let place = Self::new();
        create(&place.path(), &mnemonic(), PASSPHRASE, CHEAP).expect("created");
        place
    }

    fn with_text(text: &[u8]) -> Self {
        let place = Self::new();
        fs::write(place.path(), text).expect("written");
        fs::set_permissions(place.path(), Permissions::from_mode(0o600)).expect("changed");
        place
    }

    fn text(&self) -> String {
        fs::read_to_string(self.path()).expect("readable")
    }

    fn open(&self, passphrase: &str) -> Result<Mnemonic, WalletFileError> {
        open(&self.path(), passphrase)
    }
}

#[test]
fn the_words_come_back_out_with_the_same_passphrase() {
    let place = Place::with_wallet();
    assert_eq!(place.open(PASSPHRASE).expect("opened").phrase(), WORDS);
    assert!(!place.text().contains("clinic"));
    let mode = fs::metadata(place.path()).expect("there").permissions().mode();
    assert_eq!(mode & 0o7777, 0o600);
}

#[test]
fn another_passphrase_is_told_apart_from_damage() {
    let place = Place::with_wallet();
    assert!(matches!(place.open("Correct horse"), Err(WalletFileError::WrongPassphrase)));
    assert!(matches!(place.open(""), Err(WalletFileError::WrongPassphrase)));
}

#[test]
fn a_wallet_file_is_never_overwritten() {
    let place = Place::with_text(b"precious");
    let refused = create(&place.path(), &mnemonic(), PASSPHRASE, CHEAP);
    assert!(matches!(refused, Err(WalletFileError::Exists)));
    assert_eq!(place.text(), "precious");
}

#[test]
fn an_empty_passphrase_is_refused_before_anything_is_written() {
    let place = Place::new();
    let refused = create(&place.path(), &mnemonic(), "", CHEAP);
    assert!(matches!(refused, Err(WalletFileError::EmptyPassphrase)));
    assert!(matches!(place.open(PASSPHRASE), Err(WalletFileError::Missing)));
}

#[test]
fn a_file_that_others_may_read_is_refused() {
    let place = Place::with_wallet();
    for mode in [0o640, 0o604, 0o660, 0o601] {
        fs::set_permissions(place.path(), Permissions::from_mode(mode)).expect("changed");
        assert!(
            matches!(place.open(PASSPHRASE), Err(WalletFileError::Mode { mode: found }) if found == mode)
        );
    }
    fs::set_permissions(place.path(), Permissions::from_mode(0o400)).expect("changed");
    assert!(place.open(PASSPHRASE).is_ok());
}

#[test]
fn every_changed_character_is_noticed() {
    let text = Place::with_wallet().text();
    for at in 0..text.len() {
        let mut changed = text.clone().into_bytes();
        changed[at] = if changed[at] == b'1' { b'2' } else { b'1' };
        let opened = Place::with_text(&changed).open(PASSPHRASE);
        assert!(opened.is_err(), "a change at {at} went unnoticed");
        assert!(!matches!(opened, Err(WalletFileError::WrongPassphrase)), "a change at {at}");
    }
}

#[test]
fn a_truncated_file_is_damaged() {
    let text = Place::with_wallet().text();
    for end in [0, 1, text.len() / 2, text.len() - 3] {
        let opened = Place::with_text(&text.as_bytes()[..end]).open(PASSPHRASE);
        assert!(matches!(opened, Err(WalletFileError::Damaged)), "up to {end}");
    }
}

#[test]
fn a_header_changed_on_purpose_does_not_open() {
    let place = Place::with_wallet();
    let mut file = WalletFile::of_text(&place.text()).expect("valid");
    file.header.kdf.cost.passes = 2;
    let opened = Place::with_text(file.to_text().as_bytes()).open(PASSPHRASE);
    assert!(matches!(opened, Err(WalletFileError::WrongPassphrase)));
}

#[test]
fn what_the_file_may_ask_for_is_limited() {
    let place = Place::with_wallet();
    for cost in [
        KdfCost { memory_kib: KdfCost::MEMORY_MAX + 1, ..CHEAP },
        KdfCost { memory_kib: 7, ..CHEAP },
        KdfCost { passes: 0, ..CHEAP },
        KdfCost { passes: 65, ..CHEAP },
        KdfCost { lanes: 17, memory_kib: 1024, ..CHEAP },
    ] {
        let mut file = WalletFile::of_text(&place.text()).expect("valid");
        file.header.kdf.cost = cost;
        let opened = Place::with_text(file.to_text().as_bytes()).open(PASSPHRASE);
        assert!(matches!(opened, Err(WalletFileError::Cost)), "{cost:?}");
    }
}

#[test]
fn what_is_no_wallet_file_is_said_to_be_none() {
    let huge = vec![b' '; 70_000];
    assert!(matches!(Place::with_text(&huge).open(PASSPHRASE), Err(WalletFileError::NotAWallet)));
    let other = br#"{"format":"other","version":1}"#;
    assert!(matches!(Place::with_text(other).open(PASSPHRASE), Err(WalletFileError::NotAWallet)));
    let later = br#"{"format":"bytesback wallet","version":2,"new":true}"#;
    assert!(matches!(Place::with_text(later).open(PASSPHRASE), Err(WalletFileError::Version)));
    let place = Place::new();
    assert!(matches!(open(place.directory.path(), PASSPHRASE), Err(WalletFileError::NotAWallet)));
    assert!(matches!(place.open(PASSPHRASE), Err(WalletFileError::Missing)));
}

#[test]
fn two_files_of_the_same_words_have_nothing_secret_in_common() {
    let of = |place: &Place| WalletFile::of_text(&place.text()).expect("valid");
    let (one, two) = (of(&Place::with_wallet()), of(&Place::with_wallet()));
    assert_ne!(one.header.kdf.salt, two.header.kdf.salt);
    assert_ne!(one.header.nonce, two.header.nonce);
    assert_ne!(one.ciphertext, two.ciphertext);
}

#[test]
fn files_of_the_first_version_can_be_opened_for_ever() {
    let opened = Place::with_text(include_bytes!("version1.json")).open(PASSPHRASE);
    assert_eq!(opened.expect("opened").phrase(), WORDS);
}

#[test]
fn errors_name_no_secret() {
    for error in [WalletFileError::WrongPassphrase, WalletFileError::Damaged, WalletFileError::Exists] {
        let text = format!("{error} {error:?}");
        assert!(!text.contains(PASSPHRASE) && !text.contains("clinic"));
    }
}
