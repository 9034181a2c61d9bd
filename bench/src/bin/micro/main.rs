//! Micro-benchmarks of what the server does most: hashing, signing, reading addresses, composing,
//! validating, and verifying histories.
//!
//! Each is repeated until a run lasts long enough to be measured; of several runs the fastest and the
//! median are shown. The fastest is the figure to compare: everything else is the machine's noise.

mod cases;
mod timing;

use std::path::PathBuf;

use anyhow::Context;
use clap::Parser;

use bench::layout::Layout;
use bench::machine::Machine;
use timing::{Timing, time};

/// The same as the server's, of which this measures parts.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

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
    /// Write the table and the machine it was made on to this file, in Markdown.
    #[arg(long)]
    markdown: Option<PathBuf>,
}

const LAYOUT: Layout = Layout(&[("function", 52), ("min ns/op", 14), ("median ns/op", 14), ("op/s", 12)]);

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    anyhow::ensure!(!cfg!(debug_assertions), "figures of a debug build mean nothing: run with --release");
    let machine = Machine::this();
    println!("{machine}\n\n{}", LAYOUT.head());
    let mut rows = Vec::new();
    for (name, mut function) in cases::all()? {
        if name.contains(&options.only) {
            let cells = cells(name, time(options.runs.into(), &mut *function));
            println!("{}", LAYOUT.line(&cells));
            rows.push(cells);
        }
    }
    if let Some(file) = &options.markdown {
        let text = format!("{machine}\n\n{}", LAYOUT.markdown(&rows));
        std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))?;
    }
    Ok(())
}

fn cells(name: String, Timing { min, median }: Timing) -> Vec<String> {
    vec![name, format!("{min:.0}"), format!("{median:.0}"), format!("{:.0}", 1e9 / min)]
}
