//! `quote --url`: what a server says that a purchase would get.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Context;
use bytesback_client::{Client, PurchaseRequest, QuoteAnswer};
use store::Endpoint;

use super::QuoteArgs;

pub(super) async fn ask(url: &str, args: &QuoteArgs) -> anyhow::Result<ExitCode> {
    let text = |text: Option<String>| text.unwrap_or_default();
    let request = PurchaseRequest {
        partner: text(args.partner.as_ref().map(ToString::to_string)),
        partner_key: text(args.partner_key.clone()),
        merchant: text(args.merchant.clone()),
        currency: args.currency.to_string(),
        currency_amount: args.amount.to_string(),
        partner_cashback_percentage: args.percentage.to_string(),
        ..PurchaseRequest::default()
    };
    let endpoint = match args.endpoint {
        Endpoint::Live => bytesback_client::Endpoint::Live,
        Endpoint::Test => bytesback_client::Endpoint::Test,
    };
    let answer = Client::new(url)?.quote(endpoint, &request).await.context("there is no quote")?;
    let mut out = std::io::stdout();
    match answer {
        QuoteAnswer::Ok { explanation, .. } => {
            for line in explanation {
                writeln!(out, "{line}")?;
            }
            Ok(ExitCode::SUCCESS)
        }
        QuoteAnswer::Error { text } => {
            writeln!(out, "refused: {text}")?;
            Ok(ExitCode::FAILURE)
        }
    }
}
