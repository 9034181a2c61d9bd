//! `textcoin show`: one of them, with its mails.

use std::io::Write;

use anyhow::Context;
use clap::Args;

use super::{OrderArgs, facts, order};
use crate::cli::purchase::find;
use crate::clock::{Clock, SystemClock};
use crate::textcoin_words;

#[derive(Debug, Args)]
pub(in crate::cli) struct ShowArgs {
    #[command(flatten)]
    order: OrderArgs,
    /// Print JSON for machines.
    #[arg(long)]
    json: bool,
}

pub(super) async fn show(args: &ShowArgs) -> anyhow::Result<()> {
    let (store, key) = find(&args.order).await?;
    let record = store.textcoin(args.order.endpoint, &key).await?;
    let record = record.with_context(|| {
        format!(
            "{} has no such order that is paid by a textcoin at the {} endpoint",
            args.order.partner, args.order.endpoint
        )
    })?;
    let now = SystemClock.now();
    let mut out = std::io::stdout().lock();
    if args.json {
        writeln!(out, "{}", textcoin_words::object(&record, now))?;
    } else {
        writeln!(out, "{}: {}", order(&record), textcoin_words::state(&record, now))?;
        for line in facts(&record) {
            writeln!(out, "{line}")?;
        }
    }
    Ok(out.flush()?)
}
