//! The two canonical strings of a value, and its length in bytes of size (section 3).
//!
//! Values are [`serde_json::Value`]. Numbers mean what JavaScript makes of them: an integer beyond
//! 2^53 is rounded to a double before it is printed.

use std::cmp::Ordering;

use serde_json::{Map, Number, Value};

/// A value has no canonical string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CanonicalError {
    /// `null` somewhere inside.
    #[error("null value")]
    Null,
    /// `[]` somewhere inside.
    #[error("empty array")]
    EmptyArray,
    /// `{}` somewhere inside.
    #[error("empty object")]
    EmptyObject,
    /// U+0000 in a string or a key, which would make the joined string ambiguous.
    #[error("string with U+0000")]
    Nul,
    /// A number that JavaScript cannot hold.
    #[error("number out of range")]
    Number,
}

/// The NUL-joined, typed string of `getSourceString` (3.1).
pub fn source_string(value: &Value) -> Result<String, CanonicalError> {
    let mut out = String::new();
    push_source(value, &mut out)?;
    // Behind the last part nothing follows.
    out.pop();
    Ok(out)
}

fn push_source(value: &Value, out: &mut String) -> Result<(), CanonicalError> {
    match value {
        Value::Null => return Err(CanonicalError::Null),
        Value::String(text) => {
            push_part("s", out);
            push_part(without_nul(text)?, out);
        }
        Value::Number(number) => {
            push_part("n", out);
            push_number(number, out)?;
            push_part("", out);
        }
        Value::Bool(flag) => {
            push_part("b", out);
            push_part(if *flag { "true" } else { "false" }, out);
        }
        Value::Array(elements) => {
            if elements.is_empty() {
                return Err(CanonicalError::EmptyArray);
            }
            push_part("[", out);
            elements.iter().try_for_each(|element| push_source(element, out))?;
            push_part("]", out);
        }
        Value::Object(fields) => {
            for (key, field) in sorted(fields)? {
                push_part(without_nul(key)?, out);
                push_source(field, out)?;
            }
        }
    }
    Ok(())
}

/// Parts are joined by U+0000.
fn push_part(part: &str, out: &mut String) {
    out.push_str(part);
    out.push('\0');
}

/// The sorted, space-free JSON of `getJsonSourceString` (3.2).
pub fn json_source_string(value: &Value) -> Result<String, CanonicalError> {
    let mut out = String::new();
    push_json(value, false, &mut out)?;
    Ok(out)
}

/// The same, with empty arrays and objects allowed (`bAllowEmpty` of the reference).
pub fn json_source_string_allow_empty(value: &Value) -> Result<String, CanonicalError> {
    let mut out = String::new();
    push_json(value, true, &mut out)?;
    Ok(out)
}

fn push_json(value: &Value, allow_empty: bool, out: &mut String) -> Result<(), CanonicalError> {
    match value {
        Value::Null => return Err(CanonicalError::Null),
        Value::String(text) => push_json_text(text, out),
        Value::Number(number) => push_number(number, out)?,
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Array(elements) => {
            if elements.is_empty() && !allow_empty {
                return Err(CanonicalError::EmptyArray);
            }
            out.push('[');
            for (index, element) in elements.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                push_json(element, allow_empty, out)?;
            }
            out.push(']');
        }
        Value::Object(fields) => {
            let fields = if fields.is_empty() && allow_empty { Vec::new() } else { sorted(fields)? };
            out.push('{');
            for (index, (key, field)) in fields.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                push_json_text(key, out);
                out.push(':');
                push_json(field, allow_empty, out)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

fn push_json_text(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    while let Some(index) = rest.bytes().position(is_escaped) {
        out.push_str(&rest[..index]);
        // What is escaped is ASCII or the first byte of its character.
        let mut behind = rest[index..].chars();
        behind.next().into_iter().for_each(|character| push_escaped(character, out));
        rest = behind.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

/// Whether a character that begins with this byte is written in another way.
const fn is_escaped(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\' | ..b' ' | 0xf0..)
}

fn push_escaped(character: char, out: &mut String) {
    use std::fmt::Write;

    match character {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\u{8}' => out.push_str("\\b"),
        '\t' => out.push_str("\\t"),
        '\n' => out.push_str("\\n"),
        '\u{c}' => out.push_str("\\f"),
        '\r' => out.push_str("\\r"),
        other => {
            for code_unit in other.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{code_unit:04x}").expect("a String takes all");
            }
        }
    }
}

/// The size that a value counts for (3.5); keys count since version 3.0.
pub fn length(value: &Value, with_keys: bool) -> u64 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 8,
        Value::String(text) => text_length(text),
        Value::Array(elements) => elements.iter().map(|element| length(element, with_keys)).sum(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, field)| length(field, with_keys) + if with_keys { text_length(key) } else { 0 })
            .sum(),
    }
}

/// The length of a text in UTF-16 code units, as JavaScript counts it.
pub fn text_length(text: &str) -> u64 {
    if text.is_ascii() { text.len() as u64 } else { text.encode_utf16().count() as u64 }
}

/// JavaScript's order of strings: by UTF-16 code units (3.3).
pub fn compare_utf16(a: &str, b: &str) -> Ordering {
    if a.is_ascii() && b.is_ascii() { a.cmp(b) } else { a.encode_utf16().cmp(b.encode_utf16()) }
}

fn sorted(fields: &Map<String, Value>) -> Result<Vec<(&String, &Value)>, CanonicalError> {
    if fields.is_empty() {
        return Err(CanonicalError::EmptyObject);
    }
    let mut fields: Vec<_> = fields.iter().collect();
    fields.sort_by(|(a, _), (b, _)| compare_utf16(a, b));
    Ok(fields)
}

fn without_nul(text: &str) -> Result<&str, CanonicalError> {
    if text.contains('\0') { Err(CanonicalError::Nul) } else { Ok(text) }
}

/// A number as JavaScript prints it.
fn push_number(number: &Number, out: &mut String) -> Result<(), CanonicalError> {
    use std::fmt::Write;

    const EXACT: u64 = 1 << 53;
    if let Some(integer) = number.as_i64().filter(|integer| integer.unsigned_abs() <= EXACT) {
        write!(out, "{integer}").expect("a String takes all");
        return Ok(());
    }
    let double = number.as_f64().filter(|double| double.is_finite()).ok_or(CanonicalError::Number)?;
    out.push_str(ryu_js::Buffer::new().format(double));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_worked_example_of_section_3_3_holds() {
        let value: Value =
            serde_json::from_str(r#"{"b":[1,"x",true],"a":{"z":0.1,"é":"\n😀"},"n":1e21}"#).expect("JSON");
        assert_eq!(
            source_string(&value).expect("canonical"),
            "a\0z\0n\x000.1\0é\0s\0\n😀\0b\0[\0n\x001\0s\0x\0b\0true\0]\0n\0n\x001e+21"
        );
        assert_eq!(
            json_source_string(&value).expect("canonical"),
            r#"{"a":{"z":0.1,"é":"\n\ud83d\ude00"},"b":[1,"x",true],"n":1e+21}"#
        );
        assert_eq!((length(&value, false), length(&value, true)), (29, 34));
    }

    #[test]
    fn empty_texts_are_parts_as_well() {
        assert_eq!(source_string(&json!({"": ["", {"a": ""}]})).expect("canonical"), "\0[\0s\0\0a\0s\0\0]");
    }

    #[test]
    fn whatever_stands_beside_it_is_escaped_and_nothing_else() {
        assert_eq!(
            json_source_string(&json!("é\u{7f}\u{1}\u{1f}\"x\\ \u{8}\t\u{c}\r\u{ffff}\u{10000}end"))
                .expect("canonical"),
            "\"é\u{7f}\\u0001\\u001f\\\"x\\\\ \\b\\t\\f\\r\u{ffff}\\ud800\\udc00end\""
        );
    }

    #[test]
    fn keys_are_ordered_by_utf16_and_not_by_utf8() {
        let value = json!({"\u{e000}": 1, "\u{10000}": 2});
        assert!(json_source_string(&value).expect("canonical").starts_with(r#"{"\ud800\udc00":2"#));
    }

    #[test]
    fn decimals_are_read_to_the_nearest_double() {
        for number in ["1.2e+31", "122.416294033786585", "0.1", "5e-324", "1.7976931348623157e+308"] {
            let value: Value = serde_json::from_str(number).expect("JSON");
            let double: f64 = number.parse().expect("a number");
            assert_eq!(value.as_f64(), Some(double), "{number}");
        }
        assert_eq!(json_source_string(&serde_json::from_str("1.2e31").expect("JSON")), Ok("1.2e+31".into()));
        assert_eq!(json_source_string(&serde_json::from_str("-0").expect("JSON")), Ok("0".into()));
        assert_eq!(json_source_string(&json!(9_007_199_254_740_993_u64)), Ok("9007199254740992".into()));
    }

    #[test]
    fn what_has_no_canonical_string_is_named() {
        assert_eq!(source_string(&json!({"a": null})), Err(CanonicalError::Null));
        assert_eq!(source_string(&json!([])), Err(CanonicalError::EmptyArray));
        assert_eq!(json_source_string(&json!({})), Err(CanonicalError::EmptyObject));
        assert_eq!(source_string(&json!("a\0")), Err(CanonicalError::Nul));
        assert_eq!(
            json_source_string_allow_empty(&json!({"a": [], "b": {}})),
            Ok(r#"{"a":[],"b":{}}"#.into())
        );
    }
}
