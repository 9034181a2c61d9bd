//! `textcoin list`: all of them, or those in a state.

use std::io::Write;

use clap::Args;
use serde_json::Value;
use store::{Endpoint, TextcoinState};

use super::{found, order};
use crate::cli::DataDir;
use crate::cli::people::{date, in_groups};
use crate::clock::{Clock, SystemClock};
use crate::textcoin_words;

/// How many are read at once.
pub(super) const PAGE: u32 = 500;

#[derive(Debug, Args)]
pub(in crate::cli) struct ListArgs {
    /// live or test; both if it is missing.
    #[arg(long)]
    endpoint: Option<Endpoint>,
    /// Only those in this state, such as mail_waiting or undeliverable.
    #[arg(long)]
    pub(super) state: Option<TextcoinState>,
    /// Print JSON for machines: one object in each line.
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    data: DataDir,
}

pub(super) async fn list(args: &ListArgs) -> anyhow::Result<()> {
    let store = args.data.open()?;
    let partners = store.partners().await?;
    let mut out = std::io::stdout();
    let mut is_empty = true;
    for endpoint in Endpoint::ALL.into_iter().filter(|one| args.endpoint.is_none_or(|wanted| wanted == *one))
    {
        let mut after = None;
        loop {
            let page = store.textcoins(endpoint, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.payout.id);
            let now = SystemClock.now();
            for record in page.iter().filter(|one| args.state.is_none_or(|wanted| one.state(now) == wanted)) {
                is_empty = false;
                let named = partners.iter().find(|partner| partner.id == record.key.partner);
                let partner = named.map(|partner| partner.name.to_string()).unwrap_or_default();
                if args.json {
                    let mut object = textcoin_words::object(record, now);
                    object["endpoint"] = Value::from(endpoint.code());
                    object["partner"] = Value::from(partner);
                    writeln!(out, "{object}")?;
                } else {
                    let expires = record.times.map(|(_, expires)| format!(", until {}", date(expires)));
                    let state = record.state(now);
                    let amount = in_groups(record.payout.amount);
                    let expires = expires.unwrap_or_default();
                    writeln!(
                        out,
                        "{endpoint} {} of {partner}: {state}, {amount} bytes{expires}",
                        order(record)
                    )?;
                }
            }
        }
        is_empty &= !found::list(&*store, endpoint, args, &mut out).await?;
    }
    if is_empty && !args.json {
        writeln!(out, "there are none")?;
    }
    Ok(out.flush()?)
}
