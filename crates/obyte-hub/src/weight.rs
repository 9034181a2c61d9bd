//! How much memory a JSON text takes once it is read, known before it is read.
//!
//! Eight characters can become an object of more than half a kilobyte, so that a message within the limit
//! could still fill the memory of a machine. The
//! lists and objects of what honest hubs send hold long texts, and take six to fifteen times their length.

/// The most that the values of one answer may take, in bytes.
pub(crate) const MAX: u64 = 768 * 1024 * 1024;

/// An element in its list, which may have grown to twice what it needs.
const ELEMENT: u64 = 64;
/// A string's own fields and what the allocator adds.
const STRING: u64 = 48;
/// The first node of a map.
const MAP: u64 = 640;
/// The part of a further node for a field.
const FIELD: u64 = 64;

/// About the most that the values of this text take, in bytes.
pub(crate) fn of(json: &str) -> u64 {
    let (mut weight, mut in_string, mut escaped) = (ELEMENT, false, false);
    for byte in json.bytes() {
        if in_string {
            weight += 1;
            in_string = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            continue;
        }
        weight += match byte {
            b'"' => STRING,
            b'[' | b',' => ELEMENT,
            b'{' => MAP,
            b':' => FIELD,
            _ => 0,
        };
        in_string = byte == b'"';
    }
    weight
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_things_weigh_much_and_long_ones_little() {
        assert_eq!(of("1"), ELEMENT);
        assert_eq!(of("[1,2]"), 3 * ELEMENT);
        assert_eq!(of(r#"{"a":1}"#), ELEMENT + MAP + STRING + 2 + FIELD);
        assert_eq!(of(r#""\"[{,:\\""#), ELEMENT + STRING + 9);
        assert_eq!(of(r#"["\\",1]"#), 3 * ELEMENT + STRING + 3);
    }

    /// As many units as a hub sends at once, as large as payouts get, behind very many balls.
    #[test]
    fn the_largest_honest_history_is_light_enough() {
        let hash = "A".repeat(44);
        let ball = format!(r#"{{"unit":"{hash}","ball":"{hash}","parent_balls":["{hash}","{hash}"]}},"#);
        let output = r#"{"address":"QZAB2MYRLRVUNITTOOCF5ZE3AG4TCJDD","amount":1234567},"#;
        let history = of(&ball) * 150_000 + of(output) * 2000 * 128;
        assert!(history <= MAX, "{history}");
    }

    #[test]
    fn a_message_of_crumbs_is_too_heavy() {
        let crumb = r#"{"":[]},"#;
        let count = 64 * 1024 * 1024 / crumb.len() as u64;
        assert!(of(crumb) * count > 5 * MAX);
    }
}
