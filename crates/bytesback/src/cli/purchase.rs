//! `purchase`: report one as a shop would, and that it was returned; decide about those that are held.

mod refund;
mod review;
mod show;

pub(super) use self::review::{OrderArgs, find};

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use bytesback_client::{Client, PurchaseAnswer, PurchaseRequest};
use clap::{Args, Subcommand};
use store::Endpoint;

/// What can be done with purchases.
#[derive(Debug, Subcommand)]
pub(super) enum PurchaseCommand {
    /// Report a purchase to a server and print what it answers. Repeating it is safe.
    Send(Box<SendArgs>),
    /// Report to a server that a purchase was returned. The partner is charged; repeating it is safe.
    Refund(refund::RefundArgs),
    /// List the orders that are held for review, and why.
    Held(review::HeldArgs),
    /// Show an accepted order: its terms, the rates that it was valued at, and where its payout stands.
    Show(review::OrderArgs),
    /// Let a held order be paid, as it was accepted.
    Release(review::OrderArgs),
    /// Have a held order never be paid. Its bytes return to where they came from; its order id stays taken.
    Reject(review::OrderArgs),
}

/// Who asks which server, and about which sale.
#[derive(Debug, Args)]
struct TillArgs {
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
}

#[derive(Debug, Args)]
pub(super) struct SendArgs {
    #[command(flatten)]
    till: TillArgs,
    /// The customer's Obyte address.
    #[arg(long)]
    address: String,
    /// USD, EUR, RUR, GBYTE or BTC.
    #[arg(long)]
    currency: String,
    /// How much was paid.
    #[arg(long)]
    amount: String,
    /// What the partner adds, in percent.
    #[arg(long, default_value = "0")]
    percentage: String,
    /// The customer as the partner knows it.
    #[arg(long, default_value = "0")]
    customer: String,
    /// What was bought.
    #[arg(long, default_value = "")]
    description: String,
    /// The merchant, for payment processors.
    #[arg(long, default_value = "")]
    merchant: String,
    /// The unit that paid, for purchases in GBYTE.
    #[arg(long, default_value = "")]
    purchase_unit: String,
}

pub(super) async fn run(command: PurchaseCommand) -> anyhow::Result<ExitCode> {
    match command {
        PurchaseCommand::Send(args) => return send(*args).await,
        PurchaseCommand::Refund(args) => return refund::refund(args).await,
        PurchaseCommand::Held(args) => review::held(&args).await?,
        PurchaseCommand::Show(args) => show::show(&args).await?,
        PurchaseCommand::Release(args) => review::release(&args).await?,
        PurchaseCommand::Reject(args) => review::reject(&args).await?,
    }
    Ok(ExitCode::SUCCESS)
}

const fn place(endpoint: Endpoint) -> bytesback_client::Endpoint {
    match endpoint {
        Endpoint::Live => bytesback_client::Endpoint::Live,
        Endpoint::Test => bytesback_client::Endpoint::Test,
    }
}

async fn send(args: SendArgs) -> anyhow::Result<ExitCode> {
    let client = Client::new(&args.till.url)?;
    let request = PurchaseRequest {
        partner: args.till.partner,
        partner_key: args.till.partner_key,
        customer: args.customer,
        order_id: args.till.order_id,
        description: args.description,
        merchant: args.merchant,
        address: args.address,
        currency: args.currency,
        currency_amount: args.amount,
        partner_cashback_percentage: args.percentage,
        purchase_unit: args.purchase_unit,
    };
    let answer = client
        .new_purchase(place(args.till.endpoint), &request)
        .await
        .context("the purchase was not answered")?;
    report(&answer)
}

fn report(answer: &PurchaseAnswer) -> anyhow::Result<ExitCode> {
    let mut out = std::io::stdout();
    match answer {
        PurchaseAnswer::Ok { cashback_amount, unit, replayed, .. } => {
            let before = if *replayed { " (as answered before)" } else { "" };
            writeln!(out, "paid {cashback_amount} bytes in unit {unit}{before}")?;
            Ok(ExitCode::SUCCESS)
        }
        PurchaseAnswer::Pending { text } | PurchaseAnswer::Held { text } => {
            writeln!(out, "{text}")?;
            Ok(ExitCode::from(2))
        }
        PurchaseAnswer::Error { text } => {
            writeln!(out, "refused: {text}")?;
            Ok(ExitCode::FAILURE)
        }
    }
}
