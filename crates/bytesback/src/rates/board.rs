//! What sources have told last.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use program::{Moment, Pair, RateSource, Reading};

use super::{Quote, SourceError};

/// What some sources have told last, and how they do.
#[derive(Debug, Default)]
pub struct Board(Mutex<BTreeMap<RateSource, Told>>);

/// What one source has told.
#[derive(Debug, Default)]
struct Told {
    quotes: Vec<Quote>,
    answers: u64,
    failures: u64,
    answered_at: Option<Moment>,
    /// Why it fails at the moment.
    trouble: Option<String>,
}

/// How a source does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceHealth {
    /// Which one.
    pub source: RateSource,
    /// How often it was understood.
    pub answers: u64,
    /// How often it was not.
    pub failures: u64,
    /// When it was understood last.
    pub answered_at: Option<Moment>,
    /// Why it was not understood the last time.
    pub trouble: Option<String>,
    /// What it has told last.
    pub quotes: Vec<Quote>,
}

impl Board {
    /// A source will be asked.
    pub(super) fn expect(&self, source: RateSource) {
        self.told().entry(source).or_default();
    }

    /// A source has answered. What it told before and does not name any more is gone.
    pub(super) fn tell(&self, source: RateSource, quotes: Vec<Quote>, now: Moment) {
        let mut told = self.told();
        let told = told.entry(source).or_default();
        if told.trouble.take().is_some() {
            tracing::info!(%source, "the source of rates answers again");
        }
        told.quotes = quotes;
        told.answers += 1;
        told.answered_at = Some(now);
    }

    /// A source has not answered as it should. What it told before stays until it is too old.
    pub(super) fn fail(&self, source: RateSource, error: &SourceError) {
        let mut told = self.told();
        let told = told.entry(source).or_default();
        told.failures += 1;
        let trouble = error.to_string();
        if told.trouble.is_none() {
            tracing::warn!(%source, %error, "a source of rates does not tell them; it is asked again");
        } else {
            tracing::debug!(%source, %error, "a source of rates still does not tell them");
        }
        told.trouble = Some(trouble);
    }

    /// What is told of a price.
    pub fn readings(&self, pair: Pair) -> Vec<Reading> {
        let told = self.told();
        let all =
            told.iter().flat_map(|(source, told)| told.quotes.iter().map(move |quote| (*source, quote)));
        all.filter(|(_, quote)| quote.pair == pair)
            .map(|(source, quote)| Reading { at: quote.at, source, rate: quote.rate })
            .collect()
    }

    /// How all of them do.
    pub fn health(&self) -> Vec<SourceHealth> {
        let told = self.told();
        let health = |(source, told): (&RateSource, &Told)| SourceHealth {
            source: *source,
            answers: told.answers,
            failures: told.failures,
            answered_at: told.answered_at,
            trouble: told.trouble.clone(),
            quotes: told.quotes.clone(),
        };
        told.iter().map(health).collect()
    }

    fn told(&self) -> MutexGuard<'_, BTreeMap<RateSource, Told>> {
        // Each change is one assignment or a few that nothing interrupts.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
