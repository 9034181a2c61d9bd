//! Which requests are answered how.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::Lie;

/// Something to do with a request or its answer.
#[derive(Clone, Debug)]
pub enum Trick {
    /// Act as if the request never came.
    Drop,
    /// Do what was asked, and never answer.
    Swallow,
    /// Answer so much later.
    Delay(Duration),
    /// Keep answers back until there are so many, then send them, the last one first.
    Reorder(usize),
    /// End the connection instead of doing what was asked.
    Disconnect,
    /// Do what was asked, and end the connection instead of answering.
    DisconnectAfter,
    /// Answer this, and do nothing.
    Answer(Value),
    /// Answer this error, and do nothing.
    Error(String),
    /// Answer a post with this error, and keep the unit until [`crate::Hub::release_kept`].
    KeepAndError(String),
    /// Answer a post with `accepted`, and forget the unit.
    AcceptAndForget,
    /// Do what was asked, and answer a lie.
    Lie(Lie),
    /// Do what was asked, and answer what this makes of the answer.
    Change(Change),
}

/// Changes the value of an answer.
#[derive(Clone)]
pub struct Change(Arc<dyn Fn(&mut Value) + Send + Sync>);

impl Change {
    /// A change.
    pub fn new(change: impl Fn(&mut Value) + Send + Sync + 'static) -> Self {
        Self(Arc::new(change))
    }

    pub(crate) fn apply(&self, answer: &mut Value) {
        (self.0)(answer);
    }
}

impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Change")
    }
}

/// A trick with the requests on which to play it.
#[derive(Clone, Debug)]
pub struct Rule {
    command: String,
    trick: Trick,
    /// How many fitting requests to let pass first.
    skips: u32,
    /// How many more times; none for always.
    times: Option<u32>,
}

impl Rule {
    /// Plays a trick on every request of this name, such as `post_joint`.
    pub fn on(command: &str, trick: Trick) -> Self {
        Self { command: command.to_owned(), trick, skips: 0, times: None }
    }

    /// So many times only.
    #[must_use]
    pub fn times(self, times: u32) -> Self {
        Self { times: Some(times), ..self }
    }

    /// After so many requests that are served well.
    #[must_use]
    pub fn after(self, skips: u32) -> Self {
        Self { skips, ..self }
    }
}

/// The trick of the first rule that fits, which is used up by it.
pub(super) fn play(rules: &mut Vec<Rule>, command: &str) -> Option<Trick> {
    let mut played = None;
    for rule in rules.iter_mut().filter(|rule| rule.command == command) {
        if rule.skips > 0 {
            rule.skips -= 1;
        } else if rule.times != Some(0) {
            rule.times = rule.times.map(|times| times - 1);
            played = Some(rule.trick.clone());
            break;
        }
    }
    rules.retain(|rule| rule.times != Some(0));
    played
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_lets_pass_what_it_must_and_is_used_up() {
        let mut rules = vec![Rule::on("a", Trick::Drop).after(1).times(2), Rule::on("b", Trick::Swallow)];
        let mut played = |command| play(&mut rules, command).is_some();
        let calls = ["a", "a", "a", "a", "b", "b", "c"].map(&mut played);
        assert_eq!(calls, [false, true, true, false, true, true, false]);
        assert_eq!(rules.len(), 1);
    }
}
