//! `fund`: what is there, and whether the book is sound.

use std::io::Write;
use std::process::ExitCode;

use clap::Subcommand;
use ledger::Account;
use store::{Endpoint, Partner, Store};

use super::DataDir;
use super::people::in_groups;

/// What can be asked about the fund.
#[derive(Debug, Subcommand)]
pub(super) enum FundCommand {
    /// Print the balances of both books, and prove them by reading every entry.
    Status(DataDir),
}

pub(super) async fn run(command: FundCommand) -> anyhow::Result<ExitCode> {
    let FundCommand::Status(data) = command;
    let store = data.open()?;
    let partners = store.partners().await?;
    let mut sound = true;
    for endpoint in Endpoint::ALL {
        sound &= status(&*store, endpoint, &partners).await?;
    }
    Ok(if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn status(store: &dyn Store, endpoint: Endpoint, partners: &[Partner]) -> anyhow::Result<bool> {
    let book = store.balances(endpoint).await?;
    let check = store.verify_book(endpoint).await?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{endpoint} endpoint")?;
    for (account, balance) in book.balances() {
        writeln!(out, "  {:<32} {:>22} bytes", name(account, partners), in_groups(balance))?;
    }
    let expected = book.coins_expected().map_or_else(|error| error.to_string(), |coins| coins.to_string());
    writeln!(out, "  the wallet must hold {expected} bytes")?;
    if check.is_sound() {
        writeln!(out, "  the book is sound: {} entries, each balanced", check.entries)?;
    } else {
        writeln!(out, "  THE BOOK IS NOT SOUND: {check:?}")?;
    }
    out.flush()?;
    Ok(check.is_sound())
}

fn name(account: Account, partners: &[Partner]) -> String {
    let (what, id) = match account {
        Account::Deposit(id) => ("deposit of", id),
        Account::Receivable(id) => ("receivable of", id),
        _ => return account.to_string(),
    };
    let partner = partners.iter().find(|partner| partner.id == id);
    partner.map_or_else(|| account.to_string(), |partner| format!("{what} {}", partner.name))
}
