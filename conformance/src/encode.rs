//! Bodies as the libraries of the clients write them.

use std::fmt::Write as _;

/// How a client writes its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// `http_build_query` of PHP and `urlencode` of Python: `+` for spaces, escapes for the rest.
    Form,
    /// Angular's `HttpParams`, which leaves `@ : $ , ; + = ? /` as they are.
    Angular,
    /// No encoding at all.
    Glued,
    /// `multipart/form-data` as curl writes it, with [`BOUNDARY`].
    Multipart,
    /// One object of strings.
    Json,
}

/// The boundary of multipart bodies.
pub(crate) const BOUNDARY: &str = "------------------------d74496d66958873e";

impl Encoding {
    pub(crate) fn body<'a>(self, fields: impl Iterator<Item = (&'static str, &'a [u8])>) -> Vec<u8> {
        match self {
            Self::Form => pairs(fields, |value| escaped(value, b"-_.", true).into_bytes()),
            Self::Angular => pairs(fields, |value| escaped(value, b"-_.!~*'()@:$,;+=?/", false).into_bytes()),
            Self::Glued => pairs(fields, <[u8]>::to_vec),
            Self::Multipart => multipart(fields),
            Self::Json => json(fields),
        }
    }
}

fn pairs<'a>(
    fields: impl Iterator<Item = (&'static str, &'a [u8])>,
    write: impl Fn(&[u8]) -> Vec<u8>,
) -> Vec<u8> {
    let pairs: Vec<Vec<u8>> =
        fields.map(|(name, value)| [name.as_bytes(), b"=", &write(value)].concat()).collect();
    pairs.join(&b'&')
}

fn escaped(value: &[u8], kept: &[u8], plus_for_space: bool) -> String {
    let mut text = String::with_capacity(value.len());
    for &byte in value {
        if byte.is_ascii_alphanumeric() || kept.contains(&byte) {
            text.push(char::from(byte));
        } else if byte == b' ' && plus_for_space {
            text.push('+');
        } else {
            write!(text, "%{byte:02X}").expect("a string takes everything");
        }
    }
    text
}

fn multipart<'a>(fields: impl Iterator<Item = (&'static str, &'a [u8])>) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        body.extend_from_slice(&[head.as_bytes(), value, b"\r\n"].concat());
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    body
}

fn json<'a>(fields: impl Iterator<Item = (&'static str, &'a [u8])>) -> Vec<u8> {
    let text = |value: &[u8]| serde_json::Value::from(String::from_utf8_lossy(value));
    let pairs: Vec<String> = fields.map(|(name, value)| format!("\"{name}\":{}", text(value))).collect();
    format!("{{{}}}", pairs.join(",")).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(encoding: Encoding) -> String {
        let fields = [("address", b"a+b@x.org".as_slice()), ("customer", "5 % я".as_bytes())];
        String::from_utf8(encoding.body(fields.into_iter())).expect("UTF-8")
    }

    #[test]
    fn bodies_are_those_of_the_libraries() {
        assert_eq!(body(Encoding::Form), "address=a%2Bb%40x.org&customer=5+%25+%D1%8F");
        assert_eq!(body(Encoding::Angular), "address=a+b@x.org&customer=5%20%25%20%D1%8F");
        assert_eq!(body(Encoding::Glued), "address=a+b@x.org&customer=5 % я");
        assert_eq!(body(Encoding::Json), r#"{"address":"a+b@x.org","customer":"5 % я"}"#);
        let multipart = body(Encoding::Multipart);
        assert!(multipart.starts_with("--------------------------d74496d66958873e\r\nContent-Disposition: "));
        assert!(multipart.ends_with("\r\n\r\n5 % я\r\n--------------------------d74496d66958873e--\r\n"));
    }
}
