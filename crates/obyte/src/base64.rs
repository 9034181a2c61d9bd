//! Base64 in its one form: the usual alphabet, padded, and nothing behind the padding.

use data_encoding::BASE64;

/// The bytes of a text, if it is just what would be written for them.
///
/// The decoder alone would also take several padded texts in a row.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let unpadded = text.trim_end_matches('=');
    if unpadded.contains('=') { None } else { BASE64.decode(text.as_bytes()).ok() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_of_bytes_is_the_only_one() {
        for bytes in [&b""[..], b"a", b"ab", b"abc", b"abcd"] {
            assert_eq!(decode(&BASE64.encode(bytes)).as_deref(), Some(bytes));
        }
        for bad in
            ["YQ", "YR==", "YQ==YQ==", "YWI=YWJj", "YQ==YWJj", "YWJjYQ==YQ==", "-_==", "YWJj\n", "===="]
        {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }
}
