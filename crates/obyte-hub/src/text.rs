//! Texts that a hub sent, made safe to show.

use std::fmt;

/// A text from a hub: at most [`HubText::MAX`] characters, without control characters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct HubText(String);

impl HubText {
    /// How many characters are kept.
    pub const MAX: usize = 300;

    /// What is safe to keep and show of a text.
    pub fn new(text: &str) -> Self {
        let mut kept: String =
            text.chars().take(Self::MAX).map(|c| if is_plain(c) { c } else { ' ' }).collect();
        if kept.len() < text.len() && text.chars().nth(Self::MAX).is_some() {
            kept.push('…');
        }
        Self(kept)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Neither a control character nor one that changes the direction of what follows it in a log.
fn is_plain(c: char) -> bool {
    !c.is_control()
        && !matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

impl fmt::Display for HubText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_bounded_and_has_no_control_characters() {
        assert_eq!(HubText::new("wrong\r\n\u{1b}[31mred\u{202e}").as_str(), "wrong   [31mred ");
        assert_eq!(HubText::new(&"ä".repeat(HubText::MAX)).as_str(), "ä".repeat(HubText::MAX));
        let long = HubText::new(&"ä".repeat(HubText::MAX + 1));
        assert_eq!(long.as_str().chars().count(), HubText::MAX + 1);
        assert!(long.as_str().ends_with('…'));
    }
}
