//! What all sources of prices have in common.

use std::time::Duration;

use async_trait::async_trait;
use obyte_hub::HubError;
use program::{Moment, Pair, Rate, RateSource};

/// A price as a source tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Which price.
    pub pair: Pair,
    /// How much.
    pub rate: Rate,
    /// Since when it holds, as the source says; where it does not say, now.
    pub at: Moment,
}

/// Somebody who tells prices.
#[async_trait]
pub trait Source: Send + Sync + 'static {
    /// Who.
    fn id(&self) -> RateSource;

    /// Asks once. An answer in which nothing is told, or one part of which cannot be, is an error.
    async fn read(&self, now: Moment) -> Result<Vec<Quote>, SourceError>;
}

/// Why a source told nothing.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The answer did not come in time.
    #[error("it did not answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    /// No connection, or a broken one.
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
    /// We ask too often.
    #[error("it is asked too often (status 429)")]
    TooOften {
        /// How long it wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// Its address is another one now; nobody is followed to a place that the operator did not name.
    #[error("it answers that it has moved (status {0}); name its new address in the configuration")]
    Moved(u16),
    /// It refuses, or does not work.
    #[error("it answered with status {0}")]
    Status(u16),
    /// More than is read.
    #[error("its answer is larger than {max} bytes")]
    TooLarge {
        /// How much is read.
        max: usize,
    },
    /// Not what this source answers.
    #[error("its answer is not understood: {0}")]
    Malformed(&'static str),
    /// The hub did not answer.
    #[error(transparent)]
    Hub(#[from] HubError),
}
