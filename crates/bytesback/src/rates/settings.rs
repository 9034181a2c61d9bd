//! Where prices come from, and how careful the guard is.

use std::time::Duration;

use program::{GuardSettings, Pair, RateSource, RateTable};
use reqwest::Url;

/// Where prices come from, and how careful the guard is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RatesSettings {
    /// Prices that the operator has fixed; they are not guarded.
    pub fixed: RateTable,
    /// How careful the guard is with the others.
    pub guard: GuardSettings,
    /// Who is asked.
    pub sources: Vec<SourceSettings>,
}

/// A source that is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceSettings {
    /// Which one.
    pub source: RateSource,
    /// What is asked for; nothing for the hub.
    pub url: Option<Url>,
    /// How long to wait between two answers.
    pub every: Duration,
}

/// The prices that a source tells.
pub(super) const fn told_by(source: RateSource) -> &'static [Pair] {
    match source {
        RateSource::Fixed => &[],
        RateSource::Hub | RateSource::CoinPaprika => &[Pair::GbyteUsd, Pair::BtcUsd],
        RateSource::CoinGecko => &Pair::ALL,
        RateSource::Ecb => &[Pair::EurUsd],
        RateSource::Cbr => &[Pair::RubUsd],
    }
}

impl From<RateTable> for RatesSettings {
    /// Nobody is asked.
    fn from(fixed: RateTable) -> Self {
        Self { fixed, ..Self::default() }
    }
}

impl RatesSettings {
    /// The sources that tell a price which is not fixed.
    pub fn needed(&self) -> impl Iterator<Item = &SourceSettings> {
        let is_needed = |pair: &Pair| self.fixed.get(*pair).is_none();
        self.sources.iter().filter(move |source| told_by(source.source).iter().any(is_needed))
    }

    /// Those of the web.
    pub fn web(&self) -> Vec<SourceSettings> {
        self.needed().filter(|source| source.url.is_some()).cloned().collect()
    }

    /// How often the hub is asked, if it is.
    pub fn hub(&self) -> Option<Duration> {
        self.needed().find(|source| source.source == RateSource::Hub).map(|source| source.every)
    }

    /// Whether some source tells this price.
    pub(super) fn tells(&self, pair: Pair) -> bool {
        self.needed().any(|source| told_by(source.source).contains(&pair))
    }

    /// Whether there is any source.
    pub(super) fn asks_anybody(&self) -> bool {
        self.needed().next().is_some()
    }
}
