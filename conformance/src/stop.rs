//! Why a case ended before its end.

use crate::report::Outcome;

/// The longest text of a failure that is shown, in characters.
const SHOWN: usize = 400;

/// A case that did not end well.
#[derive(Debug)]
pub(crate) enum Stop {
    /// What was expected, and what came.
    Fail(String),
    /// Why it cannot be judged here.
    Skip(String),
}

pub(crate) type Judged<T> = Result<T, Stop>;

impl Stop {
    pub(crate) fn text(&self) -> &str {
        match self {
            Self::Fail(text) | Self::Skip(text) => text,
        }
    }

    /// Says what it was about, where a case tries several things.
    pub(crate) fn at(self, what: &str) -> Self {
        match self {
            Self::Fail(text) => Self::Fail(format!("{what}: {text}")),
            Self::Skip(text) => Self::Skip(format!("{what}: {text}")),
        }
    }

    pub(crate) fn into_outcome(self, cleaned: impl Fn(&str) -> String) -> Outcome {
        match self {
            Self::Fail(text) => Outcome::Fail(bounded(&cleaned(&text))),
            Self::Skip(text) => Outcome::Skip(bounded(&cleaned(&text))),
        }
    }
}

pub(crate) fn fail<T>(text: impl Into<String>) -> Judged<T> {
    Err(Stop::Fail(text.into()))
}

pub(crate) fn skip<T>(text: impl Into<String>) -> Judged<T> {
    Err(Stop::Skip(text.into()))
}

/// Fails with `expected ..., came ...`.
pub(crate) fn expect(holds: bool, expected: &str, came: impl std::fmt::Display) -> Judged<()> {
    if holds { Ok(()) } else { fail(format!("expected {expected}, came {}", quoted(&came.to_string()))) }
}

/// What came, on one line and bounded.
fn quoted(text: &str) -> String {
    let line: String = text.chars().take(200).flat_map(char::escape_debug).collect();
    if text.chars().count() > 200 { format!("{line}...") } else { line }
}

fn bounded(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_is_shown_on_one_line_and_bounded() {
        let Err(Stop::Fail(text)) = expect(false, "this", format!("a\n{}", "b".repeat(1000))) else {
            panic!("it holds not");
        };
        assert!(text.starts_with("expected this, came a\\nbbb") && text.ends_with("..."));
        assert!(text.len() < 300);
    }
}
