//! Base64 as Node.js decodes it, which is how the reference reads signatures and public keys.

/// Decodes without ever failing: both alphabets at once, other characters skipped, everything from
/// the first `=` on ignored, and bits that fill no byte dropped.
pub(super) fn decode_like_node(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut held) = (0u32, 0);
    for sextet in text.bytes().take_while(|&c| c != b'=').filter_map(sextet) {
        bits = (bits << 6) | u32::from(sextet);
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
            bits &= (1 << held) - 1;
        }
    }
    bytes
}

fn sextet(character: u8) -> Option<u8> {
    match character {
        b'A'..=b'Z' => Some(character - b'A'),
        b'a'..=b'z' => Some(character - b'a' + 26),
        b'0'..=b'9' => Some(character - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::decode_like_node;

    #[test]
    fn what_node_tolerates_is_tolerated() {
        for text in ["aGVsbG8/Pj4=", "aGVsbG8_Pj4", "aGVs bG8/\nPj4", "aGVsbG8/Pj4=aGVsbG8/", "é*aGVsbG8/Pj4"]
        {
            assert_eq!(decode_like_node(text), b"hello?>>", "{text}");
        }
        assert_eq!(decode_like_node(""), b"");
        assert_eq!(decode_like_node("a"), b"");
        assert_eq!(decode_like_node("=aGVs"), b"");
    }
}
