//! `multipart/form-data` (RFC 7578), read from a whole body.
//!
//! PHP's curl sends this when it is given an array. Lines may end with a bare line feed; a missing
//! boundary parameter is taken from the first line.

use std::borrow::Cow;

use super::fields::{Field, Fields, Value};
use super::{ReadError, without_mark};

/// The boundary that a content type names.
pub(super) fn boundary_of(content_type: &str) -> Option<Cow<'_, [u8]>> {
    parameter(content_type.as_bytes(), b"boundary").filter(|boundary| !boundary.is_empty())
}

pub(super) fn read<'a>(boundary: Option<Cow<'_, [u8]>>, body: &'a [u8]) -> Result<Fields<'a>, ReadError> {
    let body = without_mark(body);
    let boundary = match boundary {
        Some(boundary) => boundary,
        None => first_line(body.trim_ascii_start())
            .strip_prefix(b"--")
            .filter(|boundary| !boundary.is_empty())
            .ok_or(ReadError::Multipart)?
            .into(),
    };
    let delimiter = [b"\n--".as_slice(), &boundary].concat();
    let mut rest = if body.starts_with(&delimiter[1..]) {
        &body[delimiter.len() - 1..]
    } else {
        split(body, &delimiter).ok_or(ReadError::Multipart)?.1
    };
    let mut fields = Fields::default();
    while !rest.starts_with(b"--") {
        let (padding, part) = split(rest, b"\n").ok_or(ReadError::Multipart)?;
        if !padding.trim_ascii().is_empty() {
            return Err(ReadError::Multipart);
        }
        let (part, after) = split(part, &delimiter).ok_or(ReadError::Multipart)?;
        let (name, value) = read_part(part).ok_or(ReadError::Multipart)?;
        if let Some(field) = Field::of(&name) {
            fields.set(field, Value::Text(value.into()));
        }
        rest = after;
    }
    Ok(fields)
}

/// Name and content of one part, whose last line feed is gone already.
fn read_part(part: &[u8]) -> Option<(Cow<'_, [u8]>, &[u8])> {
    let mut rest = part;
    let mut name = None;
    loop {
        // The line feed behind the headers of an empty part was taken for the delimiter's.
        let (line, after) = split(rest, b"\n").unwrap_or((rest, &[]));
        let line = line.trim_ascii_end();
        if line.is_empty() {
            return Some((name?, after.strip_suffix(b"\r").unwrap_or(after)));
        }
        if let Some((header, value)) = split(line, b":")
            && header.trim_ascii().eq_ignore_ascii_case(b"content-disposition")
        {
            name = parameter(value, b"name");
        }
        rest = after;
    }
}

/// The value of a parameter in `value; one=token; two="quoted \" text"`.
fn parameter<'a>(text: &'a [u8], wanted: &[u8]) -> Option<Cow<'a, [u8]>> {
    let (_, mut rest) = split(text, b";")?;
    loop {
        let (name, after) = split(rest, b"=")?;
        // A parameter without a value may stand before this one.
        let name = name.rsplit(|&byte| byte == b';').next().unwrap_or_default().trim_ascii();
        let (value, after) = parameter_value(after.trim_ascii_start());
        if name.eq_ignore_ascii_case(wanted) {
            return Some(value);
        }
        rest = after;
    }
}

/// The token or quoted text at the start, and what follows the semicolon behind it.
fn parameter_value(text: &[u8]) -> (Cow<'_, [u8]>, &[u8]) {
    let Some(quoted) = text.strip_prefix(b"\"") else {
        let (token, after) = split(text, b";").unwrap_or((text, &[]));
        return (token.trim_ascii().into(), after);
    };
    let mut value = Vec::new();
    let mut rest = quoted;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match (byte, rest.split_first()) {
            (b'"', _) => break,
            (b'\\', Some((&escaped, after))) => {
                value.push(escaped);
                rest = after;
            }
            _ => value.push(byte),
        }
    }
    let after = split(rest, b";").map_or(&[][..], |(_, after)| after);
    (value.into(), after)
}

fn first_line(text: &[u8]) -> &[u8] {
    split(text, b"\n").map_or(text, |(line, _)| line).trim_ascii_end()
}

/// What stands before and behind the first `separator`.
fn split<'a>(text: &'a [u8], separator: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = text.windows(separator.len()).position(|window| window == separator)?;
    Some((&text[..at], &text[at + separator.len()..]))
}
