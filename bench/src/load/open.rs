//! Open load.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::Caller;
use crate::shop::Answer;
use crate::tally::Tally;

/// Purchases that may wait for their answer; further ones are counted as failed.
const MAX_WAITING: usize = 50_000;

/// Reports purchases on schedule. Latency counts from the schedule, so a generator or server that falls
/// behind does not look better for it.
pub(super) async fn run(rate: u32, lasting: Duration, caller: &Arc<Caller>) -> Tally {
    windows(rate, lasting, lasting, caller).await.remove(0)
}

/// The same, counted apart for each window of time by when purchases were due; there is at least one.
pub async fn windows(rate: u32, lasting: Duration, window: Duration, caller: &Arc<Caller>) -> Vec<Tally> {
    let count = lasting.as_nanos().div_ceil(window.as_nanos().max(1)).max(1);
    let tallies = vec![Tally::default(); usize::try_from(count).expect("rows last minutes")];
    let tallies = Arc::new(Mutex::new(tallies));
    let start = Instant::now();
    let mut waiting = JoinSet::new();
    for due in schedule(rate, lasting) {
        let at = At { start, due: start + due, window: index(due, window) };
        sleep_until(at.due).await;
        while waiting.try_join_next().is_some() {}
        let number = caller.next_number();
        if waiting.len() >= MAX_WAITING {
            let answer = Answer::failed("not sent: too many purchases wait for an answer");
            count_answer(&tallies, number, answer, at);
            continue;
        }
        let (caller, tallies) = (Arc::clone(caller), Arc::clone(&tallies));
        waiting.spawn(async move {
            let answer = caller.report(number, at.due).await;
            count_answer(&tallies, number, answer, at);
        });
    }
    while waiting.join_next().await.is_some() {}
    std::mem::take(&mut tallies.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Where a purchase belongs.
#[derive(Clone, Copy)]
struct At {
    start: Instant,
    due: Instant,
    window: usize,
}

fn index(due: Duration, window: Duration) -> usize {
    usize::try_from(due.as_nanos() / window.as_nanos().max(1)).expect("rows last minutes")
}

fn count_answer(tallies: &Mutex<Vec<Tally>>, number: u64, answer: Answer, at: At) {
    let now = Instant::now();
    let mut tallies = tallies.lock().unwrap_or_else(PoisonError::into_inner);
    tallies[at.window].count(number, answer, now - at.due, now - at.start);
}

/// When each purchase is due, from the row's beginning: evenly spaced, without adding up rounding.
fn schedule(rate: u32, lasting: Duration) -> impl Iterator<Item = Duration> {
    let count = lasting.as_nanos() * u128::from(rate) / NANOS;
    (0..count).map(move |index| {
        let nanos = index * NANOS / u128::from(rate);
        Duration::from_nanos(u64::try_from(nanos).expect("rows last minutes, not centuries"))
    })
}

const NANOS: u128 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrivals_are_evenly_spaced_and_as_many_as_asked_for() {
        let seconds = Duration::from_secs;
        assert_eq!(schedule(1, seconds(3)).collect::<Vec<_>>(), [seconds(0), seconds(1), seconds(2)]);
        for (rate, lasting) in [(3, 20), (1000, 20), (7, 600)] {
            let all: Vec<_> = schedule(rate, seconds(lasting)).collect();
            assert_eq!(all.len() as u64, u64::from(rate) * lasting);
            assert!(all.last().is_some_and(|last| *last < seconds(lasting)));
            let gap = Duration::from_secs(1) / rate;
            for pair in all.windows(2) {
                assert!((pair[1] - pair[0]).abs_diff(gap) <= Duration::from_nanos(1), "{rate}: {pair:?}");
            }
        }
    }
}
