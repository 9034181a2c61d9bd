//! Timing one function.

use std::time::{Duration, Instant};

/// How long a run lasts at least.
const RUN: Duration = Duration::from_millis(20);

/// Nanoseconds per call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Timing {
    /// Of the fastest run.
    pub(crate) min: f64,
    /// Of the run in the middle.
    pub(crate) median: f64,
}

/// Times a function in so many runs.
pub(crate) fn time(runs: usize, function: &mut dyn FnMut()) -> Timing {
    let calls = calls_per_run(function);
    let each = (0..runs).map(|_| run(calls, function).as_secs_f64() * 1e9 / f64::from(calls)).collect();
    summary(each)
}

fn summary(mut nanos: Vec<f64>) -> Timing {
    nanos.sort_by(f64::total_cmp);
    Timing { min: nanos[0], median: nanos[nanos.len() / 2] }
}

/// So many that a run is long beside the resolution of the clock; finding out also warms up.
fn calls_per_run(function: &mut dyn FnMut()) -> u32 {
    let mut calls = 1;
    while run(calls, function) < RUN {
        calls *= 2;
    }
    calls
}

fn run(calls: u32, function: &mut dyn FnMut()) -> Duration {
    let begun = Instant::now();
    for _ in 0..calls {
        function();
    }
    begun.elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fastest_and_the_middle_run_are_told() {
        assert_eq!(summary(vec![5.0, 1.0, 9.0]), Timing { min: 1.0, median: 5.0 });
        assert_eq!(summary(vec![4.0]), Timing { min: 4.0, median: 4.0 });
    }

    #[test]
    fn a_function_that_does_more_takes_longer() {
        let spin = |times: u32| {
            let mut work = || {
                for number in 0..times {
                    std::hint::black_box(number);
                }
            };
            time(3, &mut work).min
        };
        assert!(spin(20_000) > 2.0 * spin(1_000));
    }
}
