//! What an error may say to a client.

use std::borrow::Cow;
use std::fmt;

/// The longest text, in characters: the column of an existing gateway holds as many.
pub const ERROR_TEXT_MAX: usize = 100;

/// An error as a client shows it: one line of at most [`ERROR_TEXT_MAX`] characters of ASCII,
/// without markup, since some clients show it as HTML.
///
/// It must never hold a copy of the input; that cannot be checked here.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ErrorText(Cow<'static, str>);

impl ErrorText {
    /// The text; what may not be said is replaced by `?`, and what is too long is cut.
    pub fn new(text: impl Into<Cow<'static, str>>) -> Self {
        let text = text.into();
        if text.len() <= ERROR_TEXT_MAX && text.chars().all(is_plain) {
            return Self(text);
        }
        let plain = text.chars().map(|c| if is_plain(c) { c } else { '?' }).take(ERROR_TEXT_MAX);
        Self(plain.collect::<String>().into())
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Printable, and neither part of a tag nor in need of an escape in HTML or JSON.
fn is_plain(c: char) -> bool {
    matches!(c, ' '..='~') && !matches!(c, '<' | '>' | '&' | '"' | '\\')
}

impl From<&'static str> for ErrorText {
    fn from(text: &'static str) -> Self {
        Self::new(text)
    }
}

impl From<String> for ErrorText {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl fmt::Display for ErrorText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_could_not_show_does_not_leave() {
        assert_eq!(ErrorText::from("plain, 100%").as_str(), "plain, 100%");
        assert_eq!(ErrorText::new("a\n<b>\u{7f}é\"\\z").as_str(), "a??b?????z");
        assert_eq!(ErrorText::new("é".repeat(200)).as_str(), "?".repeat(100));
        assert_eq!(ErrorText::new("x".repeat(101)).as_str().len(), 100);
    }
}
