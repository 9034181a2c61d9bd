//! Seeds of disaster: whatever happens, everybody is paid exactly once.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use crate::world::run::Run;

/// How many stories the usual tests tell.
const SEEDS: u64 = 300;

/// More with `PAYOUT_SEEDS=N`, or one alone with `PAYOUT_SEED=N`.
fn seeds() -> std::ops::Range<u64> {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    match (number("PAYOUT_SEED"), number("PAYOUT_SEEDS")) {
        (Some(seed), _) => seed..seed + 1,
        (None, count) => 0..count.unwrap_or(SEEDS),
    }
}

#[test]
fn whatever_goes_wrong_everybody_is_paid_exactly_once() {
    for seed in seeds() {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| Run::new(seed).story())) {
            eprintln!("this was seed {seed}: PAYOUT_SEED={seed} tells its story alone");
            resume_unwind(panic);
        }
    }
}

#[test]
fn the_same_seed_tells_the_same_story() {
    for seed in 0..3 {
        assert_eq!(Run::new(seed).story(), Run::new(seed).story(), "seed {seed}");
    }
}
