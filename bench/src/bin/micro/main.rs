//! Micro-benchmarks of what the server does most: hashing, signing, reading addresses, composing,
//! validating, and verifying histories.
//!
//! Each is repeated until a run lasts long enough to be measured; of several runs the fastest and the
//! median are shown. The fastest is the figure to compare: everything else is the machine's noise.

mod cases;
mod timing;

use clap::Parser;

use bench::machine::Machine;
use timing::{Timing, time};

/// Prints how long single functions take.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    /// Only those whose name holds this text.
    #[arg(default_value = "")]
    only: String,
    /// How many runs each is given, 1 to 1000.
    #[arg(long, default_value_t = 15, value_parser = clap::value_parser!(u16).range(1..=1000))]
    runs: u16,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    anyhow::ensure!(!cfg!(debug_assertions), "figures of a debug build mean nothing: run with --release");
    println!("{}\n", Machine::this());
    println!("{:<52}{:>14}{:>14}{:>12}", "function", "min ns/op", "median ns/op", "op/s");
    println!("{}", "-".repeat(92));
    for (name, mut function) in cases::all()? {
        if name.contains(&options.only) {
            let Timing { min, median } = time(options.runs.into(), &mut *function);
            println!("{name:<52}{min:>14.0}{median:>14.0}{:>12.0}", 1e9 / min);
        }
    }
    Ok(())
}
