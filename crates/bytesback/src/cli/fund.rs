//! `fund`: what is there, whether the book is sound, and taking a part of it out.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::ExitCode;

use clap::Subcommand;
use ledger::{Account, Book, Purse};
use store::{Endpoint, Partner, Store};

use super::people::in_groups;
use super::{DataDir, withdrawal};
use crate::alerts::Thresholds;

/// What can be asked about the fund, and done with it.
#[derive(Debug, Subcommand)]
pub(super) enum FundCommand {
    /// Print the balances of both books, and prove them by reading every entry.
    Status(DataDir),
    /// Pay a part of the fund to an address of another wallet.
    Withdraw(withdrawal::FundArgs),
    /// List what was withdrawn of the fund, and decide about withdrawals that are held.
    Withdrawals(withdrawal::FundListArgs),
}

pub(super) async fn run(command: FundCommand) -> anyhow::Result<ExitCode> {
    let data = match command {
        FundCommand::Status(data) => data,
        FundCommand::Withdraw(args) => {
            withdrawal::of_fund(args).await?;
            return Ok(ExitCode::SUCCESS);
        }
        FundCommand::Withdrawals(args) => {
            withdrawal::fund_list(args).await?;
            return Ok(ExitCode::SUCCESS);
        }
    };
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
    let low = low(store, endpoint, &book).await?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{endpoint} endpoint")?;
    for (account, balance) in book.balances() {
        writeln!(out, "  {:<32} {:>22} bytes", name(account, partners), in_groups(balance))?;
    }
    for purse in low {
        writeln!(out, "  LOW: {} holds less than [alerts] wants", withdrawal::purse(purse, partners))?;
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

/// What is low, as the server that was started last is configured.
pub(super) async fn low(
    store: &dyn Store,
    endpoint: Endpoint,
    book: &Book,
) -> anyhow::Result<BTreeSet<Purse>> {
    let provisions = store.provisions(endpoint).await?;
    Ok(provisions.map(|provisions| Thresholds::from(provisions).low(book)).unwrap_or_default())
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
