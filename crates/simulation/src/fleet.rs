//! Many seeds, on every core.

use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use crate::outcome::Count;
use crate::world::play;

/// What many seeds brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// How many seeds were played.
    pub seeds: u64,
    /// The lowest seed that broke a promise.
    pub failed: Option<u64>,
    /// Sums of what was counted; of the recovery the longest.
    pub count: Count,
}

impl Report {
    fn add(&mut self, count: &Count) {
        self.seeds += 1;
        let sum = &mut self.count;
        sum.steps += count.steps;
        sum.orders += count.orders;
        sum.refused += count.refused;
        sum.starts += count.starts;
        sum.units += count.units;
        sum.pulls += count.pulls;
        sum.upsets += count.upsets;
        sum.deaths += count.deaths;
        sum.parked += count.parked;
        sum.losses += count.losses;
        sum.rejected += count.rejected;
        sum.replaced += count.replaced;
        sum.requests += count.requests;
        sum.recovery = sum.recovery.max(count.recovery);
    }

    fn fail(&mut self, seed: u64) {
        self.failed = Some(self.failed.map_or(seed, |failed| failed.min(seed)));
    }
}

/// Plays these seeds with a healthy engine, on every core, until one fails. `progress` hears now and then
/// how many are done.
pub fn play_all(seeds: Range<u64>, progress: impl Fn(u64) + Sync) -> Report {
    let next = AtomicU64::new(seeds.start);
    let stop = AtomicBool::new(false);
    let report = Mutex::new(Report::default());
    let work = || {
        let mut own = Report::default();
        while !stop.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                break;
            }
            let outcome = play(seed, None, false);
            own.add(&outcome.count);
            if outcome.broken.is_some() {
                own.fail(seed);
                stop.store(true, Ordering::Relaxed);
            }
            let done = seed - seeds.start + 1;
            if done.is_multiple_of(1_000) {
                progress(done);
            }
        }
        let mut report = report.lock().expect("no thread panics while it holds this");
        report.seeds += own.seeds;
        let before = report.seeds;
        report.add(&own.count);
        report.seeds = before;
        if let Some(seed) = own.failed {
            report.fail(seed);
        }
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(work);
        }
    });
    report.into_inner().expect("no thread panics while it holds this")
}
