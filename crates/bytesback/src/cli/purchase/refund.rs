//! `purchase refund`: report that one was returned.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use bytesback_client::{Client, RefundAnswer, RefundRequest};
use clap::Args;
use store::Endpoint;

#[derive(Debug, Args)]
pub(in crate::cli) struct RefundArgs {
    /// The server.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,
    /// live or test.
    #[arg(long, default_value_t = Endpoint::Test)]
    endpoint: Endpoint,
    /// The partner's name.
    #[arg(long)]
    partner: String,
    /// The partner's key; better in the environment than on the command line.
    #[arg(long, env = "BYTESBACK_PARTNER_KEY", hide_env_values = true)]
    partner_key: String,
    /// The partner's number of the sale.
    #[arg(long)]
    order_id: String,
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
    let client = Client::new(&args.url)?;
    let request = RefundRequest {
        partner: args.partner,
        partner_key: args.partner_key,
        order_id: args.order_id,
        merchant: args.merchant,
        currency: args.currency,
        currency_amount: args.amount,
    };
    let answer =
        client.refund(super::place(args.endpoint), &request).await.context("the refund was not answered")?;
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
