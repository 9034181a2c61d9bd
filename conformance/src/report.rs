//! What is told of a run.

use std::fmt;
use std::time::Duration;

use serde_json::{Value, json};

use crate::cases::Case;
use crate::target::Options;

/// How a case ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The server does what its clients expect.
    Ok,
    /// What was expected, and what came.
    Fail(String),
    /// Why it cannot be judged.
    Skip(String),
}

/// One case that was run. Its `Display` is its line.
#[derive(Debug)]
pub struct Row {
    /// The case.
    pub case: Case,
    /// How it ended.
    pub outcome: Outcome,
    /// How long it took.
    pub took: Duration,
}

impl Row {
    fn parts(&self) -> (&'static str, Option<&str>) {
        match &self.outcome {
            Outcome::Ok => ("ok", None),
            Outcome::Fail(text) => ("FAIL", Some(text)),
            Outcome::Skip(text) => ("skip", Some(text)),
        }
    }

    fn to_json(&self) -> Value {
        let (outcome, text) = self.parts();
        json!({
            "details": self.case.details,
            "name": self.case.name,
            "outcome": outcome.to_ascii_lowercase(),
            "text": text,
            "milliseconds": u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
        })
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (outcome, text) = self.parts();
        write!(f, "{:<12} {outcome:<5} {}", self.case.details.join(" "), self.case.name)?;
        text.map_or(Ok(()), |text| write!(f, ": {text}"))
    }
}

/// A whole run. Its `Display` is the summary.
#[derive(Debug)]
pub struct Report {
    url: String,
    run_id: String,
    /// In the order in which they ran.
    pub rows: Vec<Row>,
}

impl Report {
    pub(crate) fn new(options: &Options) -> Self {
        Self { url: options.target.to_string(), run_id: options.run_id.clone(), rows: Vec::new() }
    }

    /// Whether nothing failed.
    pub fn is_good(&self) -> bool {
        self.failed() == 0
    }

    /// How many cases failed.
    pub fn failed(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Fail(_)))
    }

    fn count(&self, which: impl Fn(&Outcome) -> bool) -> usize {
        self.rows.iter().filter(|row| which(&row.outcome)).count()
    }

    /// Everything, for programs.
    pub fn to_json(&self) -> Value {
        json!({
            "url": self.url,
            "run_id": self.run_id,
            "failed": self.failed(),
            "cases": self.rows.iter().map(Row::to_json).collect::<Vec<_>>(),
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ok = self.count(|outcome| *outcome == Outcome::Ok);
        let skipped = self.count(|outcome| matches!(outcome, Outcome::Skip(_)));
        write!(f, "{ok} ok, {} failed, {skipped} skipped; run {}", self.failed(), self.run_id)
    }
}
