//! Asking a source again and again.

use std::sync::Arc;
use std::time::Duration;

use program::Moment;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use super::{Board, Source, SourceError};
use crate::clock::Clock;

/// How soon a source that failed once is asked again, if its pace is not quicker anyway.
const FIRST_RETRY: Duration = Duration::from_secs(30);
/// The longest pause after failures, if the pace is not slower anyway.
const LAST_RETRY: Duration = Duration::from_secs(10 * 60);
/// A source that says how long to leave it alone is believed up to here.
const ALONE_MAX: Duration = Duration::from_secs(60 * 60);
/// How long one question may take, whatever the source does.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often a source is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    every: Duration,
    failures: u32,
}

impl Pace {
    /// A source that answers is asked again after this time.
    pub const fn new(every: Duration) -> Self {
        Self { every, failures: 0 }
    }

    /// How long to wait now.
    pub fn after(&mut self, failure: Option<&SourceError>) -> Duration {
        let Some(error) = failure else {
            self.failures = 0;
            return self.every;
        };
        let doubled = self.every.min(FIRST_RETRY).saturating_mul(1 << self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        let wanted = match error {
            SourceError::TooOften { retry_after } => retry_after.unwrap_or(self.every).min(ALONE_MAX),
            _ => Duration::ZERO,
        };
        doubled.min(self.every.max(LAST_RETRY)).max(wanted)
    }
}

/// Asks a source, and puts on the board what it tells, until `stop`. The board expects it from here on.
pub fn follow(
    source: Arc<dyn Source>,
    board: Arc<Board>,
    every: Duration,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
) -> impl Future<Output = ()> {
    board.expect(source.id());
    ask_again_and_again(source, board, every, clock, stop)
}

async fn ask_again_and_again(
    source: Arc<dyn Source>,
    board: Arc<Board>,
    every: Duration,
    clock: Arc<dyn Clock>,
    stop: CancellationToken,
) {
    let mut pace = Pace::new(every);
    loop {
        let answer = tokio::select! {
            () = stop.cancelled() => return,
            answer = ask(&*source, &board, &*clock) => answer,
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep(jittered(pace.after(answer.as_ref().err()))) => {}
        }
    }
}

/// Asks a source once, and puts on the board what it tells.
///
/// # Errors
/// Where it tells nothing; that stands on the board, too.
pub async fn ask(source: &dyn Source, board: &Board, clock: &dyn Clock) -> Result<(), SourceError> {
    let now = || Moment::from_millis(clock.now().as_millis());
    let answer = timeout(PATIENCE, source.read(now())).await;
    match answer.unwrap_or(Err(SourceError::TimedOut(PATIENCE))) {
        Ok(quotes) => {
            board.tell(source.id(), quotes, now());
            Ok(())
        }
        Err(error) => {
            board.fail(source.id(), &error);
            Err(error)
        }
    }
}

/// Up to a fifth longer, so that many servers do not ask at once.
fn jittered(pause: Duration) -> Duration {
    // Without random numbers there is no jitter, and no harm.
    let share = getrandom::u32().unwrap_or_default() % 200;
    pause + pause / 1000 * share
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn failures_are_followed_by_longer_and_longer_pauses() {
        let mut pace = Pace::new(2 * MINUTE);
        let pauses: Vec<_> = (0..7).map(|_| pace.after(Some(&SourceError::Status(500))).as_secs()).collect();
        assert_eq!(pauses, [30, 60, 120, 240, 480, 600, 600]);
        assert_eq!(pace.after(None), 2 * MINUTE);
        assert_eq!(pace.after(Some(&SourceError::Status(500))).as_secs(), 30);
    }

    #[test]
    fn a_source_that_wants_to_be_left_alone_is() {
        let alone =
            |seconds: Option<u64>| SourceError::TooOften { retry_after: seconds.map(Duration::from_secs) };
        let after = |error| Pace::new(2 * MINUTE).after(Some(&error));
        assert_eq!(after(alone(Some(900))), 15 * MINUTE);
        assert_eq!(after(alone(Some(1))), MINUTE / 2);
        assert_eq!(after(alone(None)), 2 * MINUTE);
        assert_eq!(after(alone(Some(u64::MAX))), 60 * MINUTE);
    }

    #[test]
    fn a_slow_pace_is_not_slowed_down_by_one_failure() {
        let mut pace = Pace::new(60 * MINUTE);
        assert_eq!(pace.after(Some(&SourceError::Moved(301))), MINUTE / 2);
        for _ in 0..40 {
            pace.after(Some(&SourceError::Moved(301)));
        }
        assert_eq!(pace.after(Some(&SourceError::Moved(301))), 60 * MINUTE);
    }

    #[test]
    fn jitter_makes_a_pause_longer_by_less_than_a_fifth() {
        for _ in 0..100 {
            let pause = jittered(MINUTE);
            assert!(MINUTE <= pause && pause < MINUTE + MINUTE / 5, "{pause:?}");
        }
    }
}
