//! `textcoin correct`: a wish that the server finds in the database.

use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use program::EmailAddress;
use store::{Asker, CorrectionOrder, CorrectionVerdict};

use super::OrderArgs;
use crate::cli::people::plain;
use crate::cli::purchase::find;
use crate::clock::{Clock, SystemClock};
use crate::textcoin_words;

#[derive(Debug, Args)]
pub(in crate::cli) struct CorrectArgs {
    #[command(flatten)]
    order: OrderArgs,
    /// The right e-mail address.
    #[arg(long)]
    email: EmailAddress,
}

pub(super) async fn correct(args: &CorrectArgs) -> anyhow::Result<ExitCode> {
    let (store, key) = find(&args.order).await?;
    let name = plain(key.order_id.as_str());
    let order = CorrectionOrder {
        key,
        mailbox: args.email.clone(),
        by: Asker::Operator,
        most: u32::MAX,
        limits: None,
        at: SystemClock.now(),
    };
    let verdict = store.correct(args.order.endpoint, order).await?;
    let mut out = std::io::stdout();
    match textcoin_words::no_correction(&verdict) {
        None => {
            let before = if verdict == CorrectionVerdict::Replay { " (as was asked before)" } else { "" };
            writeln!(
                out,
                "order {name}: its cashback goes to {}{before}, once its textcoin is back; if that is claimed first, it \
                 stays claimed",
                args.email
            )?;
            Ok(ExitCode::SUCCESS)
        }
        Some(why) => {
            writeln!(out, "order {name}: nothing is corrected: {why}")?;
            Ok(ExitCode::FAILURE)
        }
    }
}
