//! `statement`: what happened to a partner's deposit, or to the fund, as CSV or JSON.

mod csv;
mod sheet;

use std::io::BufWriter;

use anyhow::{Context, ensure};
use clap::{Args, ValueEnum};
use ledger::Account;
use payout::Timestamp;
use program::Day;
use store::{Endpoint, PartnerName, StatementQuery};
use tokio::sync::mpsc;

use self::sheet::{Head, Sheet};
use super::DataDir;

/// The length of a day, in milliseconds.
const DAY: u64 = 24 * 60 * 60 * 1000;

/// So many lines wait to be written at most.
const PARTS: usize = 256;

/// What `statement` takes.
#[derive(Debug, Args)]
pub(super) struct StatementArgs {
    /// The statement of this partner: its deposit, and what it owes for returned purchases.
    #[arg(long, value_name = "NAME", required_unless_present = "fund")]
    partner: Option<PartnerName>,
    /// The statement of the distribution fund, and of what is set aside from it for network fees.
    #[arg(long, conflicts_with = "partner")]
    fund: bool,
    /// The first day (UTC), such as 2026-01-31; from the beginning if it is missing.
    #[arg(long, value_name = "DAY")]
    from: Option<Day>,
    /// The last day; up to now if it is missing.
    #[arg(long, value_name = "DAY")]
    to: Option<Day>,
    /// One line for each day instead of each entry.
    #[arg(long)]
    daily: bool,
    /// csv or json.
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// live or test.
    #[arg(long, default_value_t = Endpoint::Live)]
    endpoint: Endpoint,
    #[command(flatten)]
    data: DataDir,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For spreadsheets, by RFC 4180.
    #[default]
    Csv,
    /// For programs.
    Json,
}

pub(super) async fn run(args: StatementArgs) -> anyhow::Result<()> {
    if let (Some(from), Some(to)) = (args.from, args.to) {
        ensure!(from <= to, "--to lies before --from");
    }
    let store = args.data.open()?;
    let (of, columns) = match &args.partner {
        Some(name) => {
            let partner =
                store.partner(name).await?.with_context(|| format!("there is no partner {name}"))?;
            let accounts = [Account::Deposit(partner.id), Account::Receivable(partner.id)];
            (name.to_string(), accounts.into_iter().zip(["deposit", "receivable"]).collect::<Vec<_>>())
        }
        None => ("fund".to_owned(), vec![(Account::Fund, "fund"), (Account::FeeReserve, "fee_reserve")]),
    };
    let (accounts, names) = columns.into_iter().unzip();
    let begin = |day: Day| u64::from(day.number()) * DAY;
    let query = StatementQuery {
        accounts,
        from: Timestamp::from_millis(args.from.map_or(0, begin)),
        until: Timestamp::from_millis(args.to.map_or(u64::MAX, |day| begin(day) + DAY)),
    };
    let head = Head { endpoint: args.endpoint, of, names, from: args.from, to: args.to };
    let out = BufWriter::new(std::io::stdout().lock());
    let mut sheet = Sheet::new(head, args.format, args.daily, out);
    let (sender, parts) = mpsc::channel(PARTS);
    let writing = async {
        // Dropped where nothing can be written any more: then the reading ends, too.
        let mut parts = parts;
        while let Some(part) = parts.recv().await {
            sheet.write(part)?;
        }
        anyhow::Ok(())
    };
    let (read, written) = tokio::join!(store.statement(args.endpoint, query, sender), writing);
    written?;
    Ok(read?)
}
