//! `application/x-www-form-urlencoded`, as clients really write it.
//!
//! Some glue their values together without any encoding, so that raw spaces, UTF-8, `%` and `&`
//! stand in the body. A percent sign that begins no escape stands for itself; what follows a raw
//! `&` becomes a field that nobody knows. Every sequence of bytes is some form.

use std::borrow::Cow;

use super::fields::{Field, Fields, Value};
use super::without_mark;

pub(super) fn read(body: &[u8]) -> Fields<'_> {
    let mut fields = Fields::default();
    for pair in without_mark(body).split(|&byte| byte == b'&') {
        let equals = pair.iter().position(|&byte| byte == b'=');
        let (name, value) = equals.map_or((pair, &pair[..0]), |at| (&pair[..at], &pair[at + 1..]));
        if let Some(field) = Field::of(decode(name).trim_ascii()) {
            fields.set(field, Value::Text(decode(value)));
        }
    }
    fields
}

/// Undoes the escapes; borrowed where there are none.
fn decode(text: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = text.iter().position(|byte| matches!(byte, b'+' | b'%')) else {
        return text.into();
    };
    let mut decoded = Vec::with_capacity(text.len());
    decoded.extend_from_slice(&text[..first]);
    let mut rest = &text[first..];
    while let Some((&byte, after)) = rest.split_first() {
        let (byte, after) = match byte {
            b'+' => (b' ', after),
            b'%' => escaped(after).unwrap_or((b'%', after)),
            other => (other, after),
        };
        decoded.push(byte);
        rest = after;
    }
    decoded.into()
}

/// The byte of the two hexadecimal digits that begin `text`, and what follows them.
fn escaped(text: &[u8]) -> Option<(u8, &[u8])> {
    let (digits, after) = text.split_first_chunk::<2>()?;
    let [high, low] = digits.map(|digit| char::from(digit).to_digit(16));
    let byte = high? * 16 + low?;
    Some((u8::try_from(byte).expect("two hexadecimal digits are one byte"), after))
}
