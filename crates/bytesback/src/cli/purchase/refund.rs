//! `purchase refund`: report that one was returned.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use bytesback_client::{Client, RefundAnswer, RefundRequest};
use clap::Args;

use super::TillArgs;

#[derive(Debug, Args)]
pub(in crate::cli) struct RefundArgs {
    #[command(flatten)]
    till: TillArgs,
    /// The merchant, for payment processors.
    #[arg(long, default_value = "")]
    merchant: String,
    /// How much of the price was returned; all of it if it is missing.
    #[arg(long, default_value = "")]
    amount: String,
    /// The currency of the purchase, to have it checked.
    #[arg(long, default_value = "")]
    currency: String,
}

pub(super) async fn refund(args: RefundArgs) -> anyhow::Result<ExitCode> {
    let client = Client::new(&args.till.url)?;
    let request = RefundRequest {
        partner: args.till.partner,
        partner_key: args.till.partner_key,
        order_id: args.till.order_id,
        merchant: args.merchant,
        currency: args.currency,
        currency_amount: args.amount,
    };
    let answer = client
        .refund(super::place(args.till.endpoint), &request)
        .await
        .context("the refund was not answered")?;
    let mut out = std::io::stdout();
    match answer {
        RefundAnswer::Ok { refund_amount, from_deposit, receivable, replayed } => {
            let before = if replayed { " (as answered before)" } else { "" };
            writeln!(
                out,
                "charged {refund_amount} bytes: {from_deposit} from the deposit, {receivable} owed{before}"
            )?;
            Ok(ExitCode::SUCCESS)
        }
        RefundAnswer::Error { text } => {
            writeln!(out, "refused: {text}")?;
            Ok(ExitCode::FAILURE)
        }
    }
}
