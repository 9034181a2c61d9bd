//! The text of a wallet file.

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{KdfCost, WalletFileError};

const FORMAT: &str = "bytesback wallet";
const VERSION: u32 = 1;
const KDF: &str = "argon2id";
const CIPHER: &str = "xchacha20poly1305";

/// How the key is derived from the passphrase.
pub(super) struct Kdf {
    pub(super) cost: KdfCost,
    pub(super) salt: [u8; 16],
}

/// Everything but the ciphertext.
pub(super) struct Header {
    pub(super) kdf: Kdf,
    pub(super) nonce: [u8; 24],
}

impl Header {
    /// The one text of this header, to which the ciphertext is bound.
    pub(super) fn to_text(&self) -> String {
        let KdfCost { memory_kib, passes, lanes } = self.kdf.cost;
        let (salt, nonce) = (BASE64.encode(&self.kdf.salt), BASE64.encode(&self.nonce));
        format!("{FORMAT} {VERSION}\n{KDF} {memory_kib} {passes} {lanes} {salt}\n{CIPHER} {nonce}\n")
    }
}

/// The parts of a file.
pub(super) struct WalletFile {
    pub(super) header: Header,
    pub(super) ciphertext: Vec<u8>,
}

impl WalletFile {
    pub(super) fn to_text(&self) -> String {
        let KdfCost { memory_kib, passes, lanes } = self.header.kdf.cost;
        let salt = BASE64.encode(&self.header.kdf.salt);
        let text = Text {
            format: FORMAT.into(),
            version: VERSION,
            kdf: KdfText { name: KDF.into(), memory_kib, passes, lanes, salt },
            cipher: CipherText { name: CIPHER.into(), nonce: BASE64.encode(&self.header.nonce) },
            ciphertext: BASE64.encode(&self.ciphertext),
            checksum: self.checksum(),
        };
        let mut text = serde_json::to_string_pretty(&text).expect("plain texts and numbers become JSON");
        text.push('\n');
        text
    }

    pub(super) fn of_text(text: &str) -> Result<Self, WalletFileError> {
        let mark: Mark = serde_json::from_str(text).map_err(|_| WalletFileError::Damaged)?;
        if mark.format != FORMAT {
            return Err(WalletFileError::NotAWallet);
        }
        if mark.version != VERSION {
            return Err(WalletFileError::Version);
        }
        let text: Text = serde_json::from_str(text).map_err(|_| WalletFileError::Damaged)?;
        if text.kdf.name != KDF || text.cipher.name != CIPHER {
            return Err(WalletFileError::Damaged);
        }
        let KdfText { memory_kib, passes, lanes, salt, .. } = text.kdf;
        let kdf = Kdf { cost: KdfCost { memory_kib, passes, lanes }, salt: array(&salt)? };
        let header = Header { kdf, nonce: array(&text.cipher.nonce)? };
        let file = Self { header, ciphertext: decoded(&text.ciphertext)? };
        if file.checksum() == text.checksum { Ok(file) } else { Err(WalletFileError::Damaged) }
    }

    fn checksum(&self) -> String {
        let hash = Sha256::new().chain_update(self.header.to_text()).chain_update(&self.ciphertext);
        BASE64.encode(&hash.finalize())
    }
}

fn decoded(text: &str) -> Result<Vec<u8>, WalletFileError> {
    BASE64.decode(text.as_bytes()).map_err(|_| WalletFileError::Damaged)
}

fn array<const N: usize>(text: &str) -> Result<[u8; N], WalletFileError> {
    decoded(text)?.try_into().map_err(|_| WalletFileError::Damaged)
}

/// What every version has.
#[derive(Deserialize)]
struct Mark {
    format: String,
    version: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    format: String,
    version: u32,
    kdf: KdfText,
    cipher: CipherText,
    ciphertext: String,
    checksum: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KdfText {
    name: String,
    memory_kib: u32,
    passes: u32,
    lanes: u32,
    salt: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CipherText {
    name: String,
    nonce: String,
}
