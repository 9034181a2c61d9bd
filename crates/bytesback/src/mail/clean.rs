//! Texts from outside, made fit for one line of a mail.

/// The text in one line: without control characters, without invisible characters that reorder or hide
/// text, and not longer than `max` characters.
///
/// `=?` begins an encoded word in a header, so that a text could come out as another than the one that was
/// looked at: a space takes it apart.
pub(super) fn one_line(text: &str, max: usize) -> String {
    let visible = text.chars().filter(|character| !is_hidden(*character));
    let spaced: String = visible.map(|character| if is_break(character) { ' ' } else { character }).collect();
    let line = spaced.split_whitespace().collect::<Vec<_>>().join(" ").replace("=?", "= ?");
    shortened(&line, max)
}

fn shortened(line: &str, max: usize) -> String {
    if line.chars().count() <= max {
        return line.to_owned();
    }
    let kept: String = line.chars().take(max.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

fn is_break(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}

/// Marks and controls of direction, things of no width, and characters that only mean something to programs.
pub(super) fn is_hidden(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
        | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_line_of_what_can_be_seen() {
        assert_eq!(one_line("  A\r\nBcc: x@y\0\tB\u{2028}C ", 80), "A Bcc: x@y B C");
        assert_eq!(one_line("a\u{202e}b\u{200b}c\u{2066}d\u{feff}", 80), "abcd");
        assert_eq!(one_line("=?utf-8?q?x?=", 80), "= ?utf-8?q?x?=");
        assert_eq!(one_line("=\u{200b}?utf-8", 80), "= ?utf-8");
        assert_eq!(one_line("\r\n\u{202e}", 80), "");
        assert_eq!(one_line("קפה שלום 🙂 كافيه", 80), "קפה שלום 🙂 كافيه");
    }

    #[test]
    fn a_long_line_ends_with_an_ellipsis() {
        assert_eq!(one_line("12345", 5), "12345");
        assert_eq!(one_line("123 567", 5), "123…");
        assert_eq!(one_line(&"я".repeat(1000), 80).chars().count(), 80);
    }

    proptest::proptest! {
        #[test]
        fn nothing_is_left_that_breaks_or_turns_a_line(text in "(\\PC|[\r\n\0\t\u{85}\u{202e}\u{2066}=?]){0,60}", max in 1usize..40) {
            let line = one_line(&text, max);
            proptest::prop_assert!(!line.chars().any(|character| is_break(character) || is_hidden(character)));
            proptest::prop_assert!(!line.contains("=?"));
            proptest::prop_assert!(line.chars().count() <= max);
        }
    }
}
