//! Plays seeds until one breaks a promise, and tells its story.

use std::process::ExitCode;
use std::time::Instant;

use clap::{Parser, Subcommand};
use simulation::{Outcome, play, play_all};

/// Seeded disasters around the payout engine.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
    /// How many seeds to play.
    #[arg(long, default_value_t = 10_000)]
    seeds: u64,
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// Tell the story of the first seed, whatever its end.
    #[arg(long)]
    story: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print what payouts cost and how long they wait, by the fee law: the tables of docs/fees.md.
    Fees,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(Command::Fees) = arguments.command {
        print!("{}", simulation::fees::tables());
        return ExitCode::SUCCESS;
    }
    if arguments.story {
        return tell(&play(arguments.from, None, true));
    }
    let begin = Instant::now();
    let seeds = arguments.from..arguments.from.saturating_add(arguments.seeds);
    let report = play_all(seeds, |done| eprintln!("{done} seeds, {:.1} s", begin.elapsed().as_secs_f64()));
    if let Some(seed) = report.failed {
        return tell(&play(seed, None, true));
    }
    let count = report.count;
    println!(
        "{} seeds in {:.1} s: {} orders paid, {} requests refused; {} units, {} won over a newer one, {} slots \
         dead, {} orders parked, {} databases lost and {} orders found paid then, {} answers replaced; {} starts, {} steps; {} requests to hubs and at most {:.0} s until everybody \
         was paid",
        report.seeds,
        begin.elapsed().as_secs_f64(),
        count.orders,
        count.refused,
        count.units,
        count.upsets,
        count.deaths,
        count.parked,
        count.losses,
        count.rejected,
        count.replaced,
        count.starts,
        count.steps,
        count.requests,
        count.recovery as f64 / 1000.0,
    );
    ExitCode::SUCCESS
}

fn tell(outcome: &Outcome) -> ExitCode {
    for line in &outcome.story {
        println!("{line}");
    }
    let seed = outcome.seed;
    println!("seed {seed}, digest {:016x}", outcome.digest);
    match &outcome.broken {
        None => ExitCode::SUCCESS,
        Some(broken) => {
            println!("{broken}");
            println!("again: cargo run --release -p simulation -- --from {seed} --story");
            ExitCode::FAILURE
        }
    }
}
