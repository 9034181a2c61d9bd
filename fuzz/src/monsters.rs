//! Inputs that are hostile by their size or depth, in shapes that every parser of JSON must bear.

use std::fmt::Write;

/// The longest message that a wallet takes from a hub, in bytes.
pub const MESSAGE_MAX: usize = 64 * 1024 * 1024;

/// Brackets that never close.
pub fn abyss(len: usize) -> String {
    "[".repeat(len)
}

/// Objects in objects in objects, all of them closed.
pub fn well(depth: usize) -> String {
    format!("{}1{}", r#"{"unit":"#.repeat(depth), "}".repeat(depth))
}

/// An object with so many different keys.
pub fn keys(count: usize) -> String {
    let mut text = String::from("{");
    for number in 0..count {
        let comma = if number == 0 { "" } else { "," };
        write!(text, "{comma}\"k{number}\":{number}").expect("a String takes all");
    }
    text.push('}');
    text
}

/// The same key over and over.
pub fn same_key(count: usize) -> String {
    format!("{{{}\"unit\":1}}", "\"unit\":{\"unit\":\"x\"},".repeat(count))
}

/// One number of so many digits.
pub fn digits(len: usize) -> String {
    format!("{}.{}e-{len}", "9".repeat(len / 2), "7".repeat(len / 2))
}

/// A list of small objects, which take far more memory than text.
pub fn crumbs(len: usize) -> String {
    let crumb = "{\"\":[]},";
    format!("[{}{{}}]", crumb.repeat(len / crumb.len()))
}
