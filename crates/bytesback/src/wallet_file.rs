//! The file that holds a wallet's mnemonic, encrypted with a passphrase.
//!
//! A small JSON object, readable by its owner only, made once and never overwritten:
//!
//! ```json
//! {"format":"bytesback wallet","version":1,
//!  "kdf":{"name":"argon2id","memory_kib":65536,"passes":3,"lanes":1,"salt":"..."},
//!  "cipher":{"name":"xchacha20poly1305","nonce":"..."},
//!  "ciphertext":"...","checksum":"..."}
//! ```
//!
//! The key is the Argon2id of the passphrase, with the parameters that stand in the file. The words,
//! padded so that their length does not show, are sealed with XChaCha20-Poly1305; everything that
//! stands before the ciphertext is its associated data, so that none of it can be changed.
//!
//! The checksum (SHA-256) covers everything else and tells accidents apart: where it fails the file is
//! damaged; where it holds and opening fails the passphrase is wrong. Somebody who changes the file
//! on purpose can compute a new checksum; then opening fails as if the passphrase were wrong.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use obyte::Mnemonic;
use zeroize::Zeroizing;

mod format;

use format::{Header, Kdf, WalletFile};

/// The longest file that is read, in bytes.
const FILE_MAX: u64 = 64 * 1024;
/// The words are padded to a multiple of this many bytes.
const PADDING: usize = 256;

/// How hard it is to try a passphrase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KdfCost {
    /// Memory, in KiB: at least 8 for each lane, at most [`KdfCost::MEMORY_MAX`].
    pub memory_kib: u32,
    /// Passes over it, 1 to 64.
    pub passes: u32,
    /// Lanes, 1 to 16.
    pub lanes: u32,
}

impl KdfCost {
    /// For a wallet that holds money: 64 MiB, a fraction of a second.
    pub const STANDARD: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 1 };
    /// For development on a devnet, where the bytes are worth nothing: 1 MiB.
    pub const DEVNET: Self = Self { memory_kib: 1024, passes: 1, lanes: 1 };
    /// The most memory that a file may ask for: 1 GiB.
    pub const MEMORY_MAX: u32 = 1024 * 1024;

    fn params(self) -> Result<argon2::Params, WalletFileError> {
        let sane = self.memory_kib <= Self::MEMORY_MAX
            && (1..=64).contains(&self.passes)
            && (1..=16).contains(&self.lanes);
        let params = || argon2::Params::new(self.memory_kib, self.passes, self.lanes, Some(KEY)).ok();
        sane.then(params).flatten().ok_or(WalletFileError::Cost)
    }
}

const KEY: usize = 32;

/// What is wrong with a wallet file, and what to do. Holds no secret.
#[derive(Debug, thiserror::Error)]
pub enum WalletFileError {
    /// There is a file at this place.
    #[error("the wallet file exists already; it is never overwritten, move it away first")]
    Exists,
    /// There is none.
    #[error("there is no wallet file; make one with `bytesback init`")]
    Missing,
    /// Reading or writing failed.
    #[error("the wallet file could not be {doing}: {source}")]
    Io {
        /// "read" or "written".
        doing: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// Others than its owner have rights to it.
    #[error("the wallet file has mode {mode:04o} and is open to others; set it to 0600 (chmod 600)")]
    Mode {
        /// The permission bits.
        mode: u32,
    },
    /// A directory, a device, or far too large.
    #[error("this is no wallet file")]
    NotAWallet,
    /// Made by a later version of this program.
    #[error("the wallet file has a version that this program does not know; use a newer program")]
    Version,
    /// Its text or its checksum is wrong.
    #[error("the wallet file is damaged; take it from a backup, or restore the wallet from its words")]
    Damaged,
    /// The checksum is right and opening failed.
    #[error("the passphrase of the wallet file is wrong")]
    WrongPassphrase,
    /// An empty passphrase protects nothing.
    #[error("the passphrase must not be empty")]
    EmptyPassphrase,
    /// Outside the limits of [`KdfCost`].
    #[error("the wallet file asks for a key derivation outside of the limits")]
    Cost,
    /// The system gave none.
    #[error("the system gave no random bytes")]
    NoRandomness,
}

/// Writes a new wallet file and makes sure that it is on the disk.
///
/// Takes the time and memory of `cost`: call it where blocking is allowed.
pub fn create(
    path: &Path,
    mnemonic: &Mnemonic,
    passphrase: &str,
    cost: KdfCost,
) -> Result<(), WalletFileError> {
    if passphrase.is_empty() {
        return Err(WalletFileError::EmptyPassphrase);
    }
    let text = seal(mnemonic, passphrase, cost)?.to_text();
    let written = |source| WalletFileError::Io { doing: "written", source };
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(
        |error| match error.kind() {
            io::ErrorKind::AlreadyExists => WalletFileError::Exists,
            _ => written(error),
        },
    )?;
    let result =
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).and_then(|()| sync_parent(path));
    result.map_err(|error| {
        // Ours, made a moment ago, and never used: a half file would only stand in the way.
        let _ = std::fs::remove_file(path);
        written(error)
    })
}

/// A new name is only durable once its directory is.
fn sync_parent(path: &Path) -> io::Result<()> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(parent)?.sync_all()
}

/// Reads the mnemonic out of a wallet file.
///
/// Takes the time and memory that the file asks for: call it where blocking is allowed.
pub fn open(path: &Path, passphrase: &str) -> Result<Mnemonic, WalletFileError> {
    let text = read(path)?;
    unseal(&WalletFile::of_text(&text)?, passphrase)
}

/// Reads the text of a wallet file, and writes what it read. For those who throw hostile bytes at the
/// reader; no part of the API.
#[doc(hidden)]
pub fn rewritten(text: &str) -> Result<String, WalletFileError> {
    WalletFile::of_text(text).map(|file| file.to_text())
}

fn read(path: &Path) -> Result<String, WalletFileError> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => WalletFileError::Missing,
        _ => WalletFileError::Io { doing: "read", source: error },
    };
    // Before it is opened: opening a pipe would wait.
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(WalletFileError::NotAWallet);
    }
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    let mode = metadata.mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(WalletFileError::Mode { mode });
    }
    let mut text = String::new();
    match file.take(FILE_MAX + 1).read_to_string(&mut text) {
        Ok(_) if text.len() as u64 > FILE_MAX => Err(WalletFileError::NotAWallet),
        Ok(_) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(WalletFileError::Damaged),
        Err(error) => Err(failed(error)),
    }
}

fn seal(mnemonic: &Mnemonic, passphrase: &str, cost: KdfCost) -> Result<WalletFile, WalletFileError> {
    let header = Header { kdf: Kdf { cost, salt: random()? }, nonce: random()? };
    let cipher = cipher(&header.kdf, passphrase)?;
    let phrase = mnemonic.phrase().as_bytes();
    let mut padded = Zeroizing::new(vec![0; phrase.len().next_multiple_of(PADDING)]);
    padded[..phrase.len()].copy_from_slice(phrase);
    let bound = header.to_text();
    let payload = Payload { msg: &padded, aad: bound.as_bytes() };
    let ciphertext =
        cipher.encrypt(&XNonce::from(header.nonce), payload).expect("a few hundred bytes can be sealed");
    Ok(WalletFile { header, ciphertext })
}

fn unseal(file: &WalletFile, passphrase: &str) -> Result<Mnemonic, WalletFileError> {
    let header = &file.header;
    let cipher = cipher(&header.kdf, passphrase)?;
    let bound = header.to_text();
    let payload = Payload { msg: &file.ciphertext, aad: bound.as_bytes() };
    let opened = cipher.decrypt(&XNonce::from(header.nonce), payload);
    let padded = Zeroizing::new(opened.map_err(|_| WalletFileError::WrongPassphrase)?);
    let end = padded.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
    let phrase = std::str::from_utf8(&padded[..end]).map_err(|_| WalletFileError::Damaged)?;
    phrase.parse().map_err(|_| WalletFileError::Damaged)
}

fn cipher(kdf: &Kdf, passphrase: &str) -> Result<XChaCha20Poly1305, WalletFileError> {
    let params = kdf.cost.params()?;
    let argon = argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params);
    let mut key = Zeroizing::new([0; KEY]);
    argon
        .hash_password_into(passphrase.as_bytes(), &kdf.salt, &mut *key)
        .map_err(|_| WalletFileError::Cost)?;
    Ok(XChaCha20Poly1305::new((&*key).into()))
}

fn random<const N: usize>() -> Result<[u8; N], WalletFileError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|_| WalletFileError::NoRandomness)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
