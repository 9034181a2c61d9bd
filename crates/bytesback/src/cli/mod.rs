//! The commands.

mod audit;
mod fund;
mod init;
mod mail;
mod partner;
mod payer;
mod people;
mod purchase;
mod quote;
mod rates;
mod run;
mod statement;
mod textcoin;
mod withdrawal;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use store::Store;
use store::sqlite::SqliteStore;
use tracing_subscriber::EnvFilter;

use crate::server::DATABASE;

/// A self-hosted cashback server for the Obyte network.
///
/// To try it: `bytesback dev`, then paste the curl line that it prints. To run it for real: `bytesback
/// init`, edit the configuration that it writes, `bytesback serve --config FILE`.
#[derive(Debug, Parser)]
#[command(version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run everything in one process on a devnet, with sample partners, ready to try.
    Dev(run::DevArgs),
    /// Make the wallets and a configuration to begin with.
    Init(init::InitArgs),
    /// Run the server.
    Serve(run::ServeArgs),
    /// Add, list and disable partners, make keys for them, book and withdraw deposits, set limits.
    #[command(subcommand)]
    Partner(partner::PartnerCommand),
    /// Look at the distribution fund and the book, and withdraw a part of the fund.
    #[command(subcommand)]
    Fund(fund::FundCommand),
    /// Prove the books: entry by entry, and against the network. Ends with an error where anything is wrong.
    Audit(audit::AuditArgs),
    /// Print what happened to a partner's deposit or to the fund, as CSV or JSON.
    Statement(statement::StatementArgs),
    /// Look at the line of units, stop paying and let it go on.
    #[command(subcommand)]
    Payer(payer::PayerCommand),
    /// Report purchases as a shop would, and decide about those that are held for review.
    #[command(subcommand)]
    Purchase(purchase::PurchaseCommand),
    /// Look at the cashback of mailboxes, and send its mails once more.
    #[command(subcommand)]
    Textcoin(textcoin::TextcoinCommand),
    /// Look at what customers get by e-mail, and try the relay.
    #[command(subcommand)]
    Mail(mail::MailCommand),
    /// Ask the sources of rates once, and say which could be used.
    Rates(rates::RatesArgs),
    /// Say what a purchase would get, and why. Pays nothing.
    Quote(Box<quote::QuoteArgs>),
}

/// Where the data is.
#[derive(Clone, Debug, Args)]
struct DataDir {
    /// The data directory of the server; commands work beside a running server.
    #[arg(long, env = "BYTESBACK_DATA_DIR", default_value = "bytesback-data")]
    data_dir: PathBuf,
}

impl DataDir {
    /// This data directory.
    fn at(path: &Path) -> Self {
        Self { data_dir: path.to_owned() }
    }

    /// Opens the database that is there.
    fn open(&self) -> anyhow::Result<Arc<dyn Store>> {
        let file = self.data_dir.join(DATABASE);
        anyhow::ensure!(
            file.exists(),
            "there is no {}; name the server's data directory with --data-dir",
            file.display()
        );
        Ok(Arc::new(SqliteStore::open(&file).with_context(|| format!("cannot open {}", file.display()))?))
    }
}

/// Reads the command line, does what it says, and reports.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    start_log(&cli.command);
    // Both ends of TLS use the same provider; a second call would only say that it is chosen already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(cli.command)) {
        Ok(code) => code,
        // Whoever reads has seen enough, as `head` does.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether standard output was closed. Of what a network says, no error comes as it is.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Dev(args) => run::dev(args).await?,
        Command::Serve(args) => run::serve(args).await?,
        Command::Init(args) => init::init(&args).await?,
        Command::Partner(command) => partner::run(command).await?,
        Command::Fund(command) => return fund::run(command).await,
        Command::Statement(args) => statement::run(args).await?,
        Command::Audit(args) => return audit::run(args).await,
        Command::Payer(command) => payer::run(command).await?,
        Command::Textcoin(command) => return textcoin::run(command).await,
        Command::Mail(command) => return mail::run(command).await,
        Command::Rates(args) => return rates::run(args).await,
        Command::Purchase(command) => return purchase::run(command).await,
        Command::Quote(args) => return quote::run(*args).await,
    }
    Ok(ExitCode::SUCCESS)
}

/// The log goes to standard error; `RUST_LOG` chooses what is in it.
fn start_log(command: &Command) {
    let usual = match command {
        Command::Serve(_) => "info",
        Command::Dev(_) => "warn,bytesback=info",
        // What a hub refuses is in the report.
        Command::Audit(_) => "warn,obyte_hub=error",
        _ => "warn",
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(usual));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_of_standard_output_a_broken_pipe_is_no_error() {
        let broken = || io::Error::from(io::ErrorKind::BrokenPipe);
        assert!(is_broken_pipe(&broken().into()));
        let network = anyhow::Error::msg("the hub is gone").context("nothing was claimed");
        assert!(!is_broken_pipe(&network));
        let store = store::StoreError::Io(broken().to_string());
        assert!(!is_broken_pipe(&store.into()));
        assert!(!is_broken_pipe(&io::Error::from(io::ErrorKind::NotFound).into()));
    }
}
