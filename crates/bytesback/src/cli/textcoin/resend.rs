//! `textcoin resend`: the same words once more, in another mail.

use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use store::{Asker, ResendOrder};

use super::OrderArgs;
use crate::cli::people::plain;
use crate::cli::purchase::find;
use crate::clock::{Clock, SystemClock};
use crate::desk::RESENDS_PER_DAY;
use crate::textcoin_words;

#[derive(Debug, Args)]
pub(in crate::cli) struct ResendArgs {
    #[command(flatten)]
    order: OrderArgs,
    /// How often within 24 hours, with what the partner has asked for; as the server is configured if it is missing.
    #[arg(long)]
    per_day: Option<u32>,
}

pub(super) async fn resend(args: &ResendArgs) -> anyhow::Result<ExitCode> {
    let (store, key) = find(&args.order).await?;
    let name = plain(key.order_id.as_str());
    let configured = store.provisions(args.order.endpoint).await?.and_then(|known| known.resends_per_day);
    let per_day = args.per_day.or(configured).unwrap_or(RESENDS_PER_DAY);
    let order = ResendOrder { key, by: Asker::Operator, per_day, at: SystemClock.now() };
    let verdict = store.resend_mail(args.order.endpoint, order).await?;
    let mut out = std::io::stdout();
    match textcoin_words::no_resend(&verdict) {
        None => {
            writeln!(out, "order {name}: another mail waits; a server that runs sends it within seconds")?;
            Ok(ExitCode::SUCCESS)
        }
        Some(why) => {
            writeln!(out, "order {name}: no mail is sent: {why}")?;
            Ok(ExitCode::FAILURE)
        }
    }
}
