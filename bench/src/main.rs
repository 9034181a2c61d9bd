//! The load benchmark; `--help` and the README beside say how to use it.

use bench::options::Options;
use clap::Parser;

// One thread is enough to load a server on the same machine, and leaves it the rest.
#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    tokio::select! {
        done = bench::run::run(options) => done,
        _ = tokio::signal::ctrl_c() => anyhow::bail!("interrupted"),
    }
}
