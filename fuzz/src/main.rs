//! Runs fuzz targets for a while: `cargo run --release -p fuzz -- --seconds 60`.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, anyhow};
use clap::Parser;
use fuzz::run::{Budget, check, run};
use fuzz::{TARGETS, Target};

/// Throws hostile bytes at the parsers of Bytesback.
#[derive(Parser)]
struct Options {
    /// A target; all of them if it is missing. May be repeated.
    #[arg(long)]
    target: Vec<String>,
    /// For how long to run each target.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Where the sequence of mutations begins.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Runs the targets on this file only.
    #[arg(long)]
    input: Option<PathBuf>,
    /// Lists the targets.
    #[arg(long)]
    list: bool,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    if options.list {
        return say(&TARGETS.iter().map(|target| target.name).collect::<Vec<_>>().join("\n"));
    }
    // A thread has the small stack that those of a server have, too.
    let worker = std::thread::spawn(move || work(&options));
    worker.join().map_err(|_| anyhow!("a target ended its thread"))?
}

fn work(options: &Options) -> anyhow::Result<()> {
    let named = |name: &String| fuzz::target(name).with_context(|| format!("there is no target {name}"));
    let targets: Vec<&Target> = match options.target.as_slice() {
        [] => TARGETS.iter().collect(),
        names => names.iter().map(named).collect::<Result<_, _>>()?,
    };
    for target in targets {
        if let Some(path) = &options.input {
            let input = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
            check(target, options.seed, 0, &input)?;
            say(&format!("{}: nothing wrong", target.name))?;
            continue;
        }
        let inputs = run(target, options.seed, Budget::Time(Duration::from_secs(options.seconds)))?;
        say(&format!("{}: {inputs} inputs, nothing wrong", target.name))?;
    }
    Ok(())
}

fn say(text: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout(), "{text}")?)
}
