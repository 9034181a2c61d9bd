//! Runs targets: over their seeds, then over mutations of them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use std::{fs, io};

use crate::{Random, Target, cost, mutate};

/// The most processor time for one input of at most [`mutate::MAX_LEN`] bytes, without optimisation.
pub const TIME_MAX: Duration = Duration::from_secs(10);

/// When a run ends.
#[derive(Clone, Copy, Debug)]
pub enum Budget {
    /// After so many mutations.
    Inputs(usize),
    /// After so long.
    Time(Duration),
}

/// A target met an input that it does not bear.
#[derive(Debug, thiserror::Error)]
#[error(
    "target {target}, seed {seed}, input {number}: {what}\nthe input is kept in {}\n\
     run it again with: cargo run -p fuzz -- --target {target} --input {}\n\
     once that is mended, move it to {} so that it stays so",
    .kept.display(), .kept.display(), .seeds.display()
)]
pub struct Failure {
    target: &'static str,
    seed: u64,
    number: usize,
    what: String,
    kept: PathBuf,
    seeds: PathBuf,
}

/// The seeds of a target, in the order of their names.
///
/// # Errors
/// Where the folder cannot be read, or is empty.
pub fn seeds(target: &Target) -> io::Result<Vec<Vec<u8>>> {
    let mut paths: Vec<_> =
        fs::read_dir(seeds_of(target))?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    paths.sort();
    let seeds: Vec<_> = paths.into_iter().map(fs::read).collect::<Result<_, _>>()?;
    if seeds.is_empty() { Err(io::Error::other("a target without seeds")) } else { Ok(seeds) }
}

fn seeds_of(target: &Target) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target.name)
}

/// Runs a target over all its seeds, and then over mutations of them; tells how many inputs it saw.
///
/// # Errors
/// At the first input that it does not bear, which is kept in a file.
///
/// # Panics
/// Where the seeds cannot be read.
pub fn run(target: &Target, seed: u64, budget: Budget) -> Result<usize, Box<Failure>> {
    let seeds = seeds(target).unwrap_or_else(|error| panic!("seeds of {}: {error}", target.name));
    let mut number = 0;
    let mut next = |input: &[u8]| {
        number += 1;
        check(target, seed, number, input).map(|()| number)
    };
    for input in &seeds {
        next(input)?;
    }
    let mut random = Random::new(seed);
    let start = Instant::now();
    loop {
        let (seed, other) = (random.pick(&seeds), random.pick(&seeds));
        let input = mutate::mutate(&mut random, seed, other);
        let seen = next(&input)?;
        let is_over = match budget {
            Budget::Inputs(inputs) => seen >= inputs + seeds.len(),
            Budget::Time(time) => start.elapsed() >= time,
        };
        if is_over {
            return Ok(seen);
        }
    }
}

/// Runs a target once.
///
/// # Errors
/// Where it does not bear the input, which is kept in a file.
pub fn check(target: &Target, seed: u64, number: usize, input: &[u8]) -> Result<(), Box<Failure>> {
    let (result, time) = cost::timed(|| catch_unwind(AssertUnwindSafe(|| (target.run)(input))));
    let what = match result {
        Err(panic) => text_of(&*panic),
        Ok(()) if time > TIME_MAX => format!("it took {} ms of processor time", time.as_millis()),
        Ok(()) => return Ok(()),
    };
    let kept = keep(target, seed, number, input);
    Err(Box::new(Failure { target: target.name, seed, number, what, kept, seeds: seeds_of(target) }))
}

fn text_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it panicked").to_owned()
}

fn keep(target: &Target, seed: u64, number: usize, input: &[u8]) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("failures");
    let path = folder.join(format!("{}-{seed}-{number}", target.name));
    let kept = fs::create_dir_all(&folder).and_then(|()| fs::write(&path, input));
    kept.unwrap_or_else(|error| panic!("the failing input cannot be kept in {}: {error}", path.display()));
    path
}
