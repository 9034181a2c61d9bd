//! Languages in which people are written to.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// The tag of a language in lower case, such as `en` or `pt-br`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Language(Cow<'static, str>);

/// The text is no tag of a language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a language is a tag such as en, ru or pt-br")]
pub struct LanguageError;

impl Language {
    /// `en`
    pub const ENGLISH: Self = Self(Cow::Borrowed("en"));
    /// `ru`
    pub const RUSSIAN: Self = Self(Cow::Borrowed("ru"));

    /// The tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Language {
    type Err = LanguageError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let tag = text.to_ascii_lowercase();
        let mut parts = tag.split('-');
        let first = parts.next().unwrap_or_default();
        let is_name = (2..=3).contains(&first.len()) && first.bytes().all(|byte| byte.is_ascii_lowercase());
        let is_part = |part: &str| {
            (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        let is_tag = is_name && tag.len() <= 20 && parts.all(is_part);
        is_tag.then(|| Self(tag.into())).ok_or(LanguageError)
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_read_in_any_case_and_nothing_else_is() {
        assert_eq!("pt-BR".parse::<Language>().expect("a tag").as_str(), "pt-br");
        assert_eq!("en".parse(), Ok(Language::ENGLISH));
        for bad in ["", "e", "..", "en/../x", "en-", "EN_us", "english", "en-\0a", "e\u{301}n"] {
            assert!(bad.parse::<Language>().is_err(), "{bad}");
        }
    }
}
