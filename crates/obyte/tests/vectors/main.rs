//! What the reference implementation made of given inputs, and what we make of them.
//!
//! The files stand beside this one; `OBYTE_VECTORS=DIR` takes others of the same names and formats.

mod chash;
mod history;
mod javascript;
mod keys;
mod posted;
mod signatures;
mod source_string;
mod tampering;
mod textcoins;
mod units;

#[path = "../tampering/mod.rs"]
mod one_change;

use std::path::{Path, PathBuf};

use serde_json::Value;

/// The directory of the files.
///
/// Tests run in the directory of the crate, while who sets the variable mostly stands at the root of the
/// workspace, so a relative path is looked for in both.
fn vectors_dir() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let Some(dir) = std::env::var_os("OBYTE_VECTORS") else { return own.join("tests/vectors") };
    let dir = PathBuf::from(dir);
    [own.join("../..").join(&dir), own.join(&dir)]
        .into_iter()
        .find(|candidate| candidate.is_dir())
        .unwrap_or_else(|| panic!("OBYTE_VECTORS is {}, which is no directory", dir.display()))
}

/// The text of a file, which must be there.
fn read(file: &str) -> String {
    let path = vectors_dir().join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The JSON of a file.
fn load(file: &str) -> Value {
    serde_json::from_str(&read(file)).unwrap_or_else(|error| panic!("{file} is not JSON: {error}"))
}

/// A list of the file, which must not be empty.
fn list<'a>(value: &'a Value, file: &str, name: &str) -> &'a [Value] {
    match value.get(name).and_then(Value::as_array) {
        Some(list) if !list.is_empty() => list,
        _ => panic!("{file} has no vectors under {name}"),
    }
}

/// A text field, which must be there.
fn text<'a>(vector: &'a Value, field: &str) -> &'a str {
    vector[field].as_str().unwrap_or_else(|| panic!("a vector has no text under {field}: {vector}"))
}

/// A field that is true or false, which must be there.
fn flag(vector: &Value, field: &str) -> bool {
    vector[field].as_bool().unwrap_or_else(|| panic!("a vector has no truth under {field}: {vector}"))
}

/// The bytes of a text field in hex, which may be empty.
fn hex(vector: &Value, field: &str) -> Vec<u8> {
    data_encoding::HEXLOWER
        .decode(text(vector, field).as_bytes())
        .unwrap_or_else(|error| panic!("{field} is not hex: {error}: {vector}"))
}

/// 32 bytes of a text field in hex. The reference writes numbers without leading zero bytes.
fn hex32(vector: &Value, field: &str) -> [u8; 32] {
    let bytes = hex(vector, field);
    let mut padded = [0; 32];
    let start = 32usize.checked_sub(bytes.len()).unwrap_or_else(|| panic!("{field} is too long: {vector}"));
    padded[start..].copy_from_slice(&bytes);
    padded
}
