//! Percent-encoding as JavaScript's `encodeURIComponent` and `decodeURIComponent` do it, and queries.

use std::collections::HashMap;
use std::fmt::Write;

use super::UriError;

pub(super) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => encoded.push(char::from(byte)),
            b'-' | b'_' | b'.' | b'!' | b'~' | b'*' | b'\'' | b'(' | b')' => encoded.push(char::from(byte)),
            other => write!(encoded, "%{other:02X}").expect("a String takes all"),
        }
    }
    encoded
}

pub(super) fn decode(text: &str) -> Result<String, UriError> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        if byte == b'%' {
            let (digits, behind) = rest.split_at_checked(2).ok_or(UriError::Percent)?;
            decoded.push(hex(digits[0])? << 4 | hex(digits[1])?);
            rest = behind;
        } else {
            decoded.push(byte);
        }
    }
    String::from_utf8(decoded).map_err(|_| UriError::Percent)
}

fn hex(digit: u8) -> Result<u8, UriError> {
    let value = char::from(digit).to_digit(16).ok_or(UriError::Percent)?;
    Ok(u8::try_from(value).expect("a digit is below 16"))
}

/// The parameters of a query. Pairs without exactly one `=` are ignored; of a repeated name the last
/// counts.
pub(super) fn parameters(query: &str) -> Result<HashMap<String, String>, UriError> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .filter(|(_, value)| !value.contains('='))
        .map(|(name, value)| Ok((decode(name)?, decode(value)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_comes_back_from_its_encoding() {
        for text in ["", "plain", "a b+c%20/=&?#", "é😀\u{7f}\0", "-_.!~*'()"] {
            assert_eq!(decode(&encode(text)).as_deref(), Ok(text));
        }
        assert_eq!(encode("a+/=é"), "a%2B%2F%3D%C3%A9");
        assert_eq!(decode("%c3%a9+").as_deref(), Ok("é+"));
    }

    #[test]
    fn what_javascript_throws_at_is_an_error() {
        for text in ["%", "%4", "%zz", "%ff", "%C3", "a%+1"] {
            assert_eq!(decode(text), Err(UriError::Percent), "{text}");
        }
    }

    #[test]
    fn a_pair_has_exactly_one_equals_sign() {
        let parameters = parameters("a=1&b&c=2=3&d=&a=4&%65=5").expect("readable");
        let mut parameters: Vec<_> = parameters.into_iter().collect();
        parameters.sort();
        let expected = [("a", "4"), ("d", ""), ("e", "5")].map(|(name, value)| (name.into(), value.into()));
        assert_eq!(parameters, expected);
    }
}
