//! `textcoin`: cashback for mailboxes. No command shows words but those that are given them.

mod claim;
mod correct;
mod found;
mod list;
mod resend;
mod show;
mod take_back;

use std::process::ExitCode;

use clap::Subcommand;
use store::TextcoinRecord;

use crate::cli::people::{date, in_groups, plain};
use crate::cli::purchase::OrderArgs;
use crate::textcoin_words;

/// What can be done with textcoins.
#[derive(Debug, Subcommand)]
pub(super) enum TextcoinCommand {
    /// List the cashback that is paid by textcoins, and where it stands; and textcoins of a lost database that were found.
    List(list::ListArgs),
    /// Show the textcoin of an order with its mails. Its words are shown nowhere.
    Show(show::ShowArgs),
    /// Send the mail of an order once more.
    Resend(resend::ResendArgs),
    /// Have the cashback of an order go to another mailbox, once its textcoin has come back.
    Correct(correct::CorrectArgs),
    /// Claim a textcoin, as a customer's wallet would. Needs the words and a hub, and no data of a server.
    Claim(claim::ClaimArgs),
    /// Have the server take a textcoin back before its time. What was claimed before stays claimed.
    TakeBack(take_back::TakeBackArgs),
}

pub(super) async fn run(command: TextcoinCommand) -> anyhow::Result<ExitCode> {
    match command {
        TextcoinCommand::List(args) => list::list(&args).await?,
        TextcoinCommand::Show(args) => show::show(&args).await?,
        TextcoinCommand::Resend(args) => return resend::resend(&args).await,
        TextcoinCommand::Correct(args) => return correct::correct(&args).await,
        TextcoinCommand::Claim(args) => claim::claim(args).await?,
        TextcoinCommand::TakeBack(args) => take_back::take_back(args).await?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Of which order, in one line.
fn order(record: &TextcoinRecord) -> String {
    let merchant = record.key.merchant.as_ref().map(|merchant| format!(" for {}", plain(merchant.as_str())));
    format!("order {}{}", plain(record.key.order_id.as_str()), merchant.unwrap_or_default())
}

/// How much, to whom, and until when.
fn facts(record: &TextcoinRecord) -> Vec<String> {
    let mut lines = vec![
        format!("amount    {} bytes", in_groups(record.payout.amount)),
        format!("mailbox   {}", record.recipient),
    ];
    lines.extend(
        record.payout.payee.issue().map(|issue| format!("textcoin  {} at {}", issue.no, issue.address)),
    );
    lines.extend(record.answered.map(|answered| format!("unit      {}", answered.unit)));
    if let Some((accepted, expires)) = record.times {
        lines.push(format!("accepted  {}", date(accepted)));
        lines.push(format!("expires   {}", date(expires)));
    }
    match (record.ended, record.claim_seen) {
        (Some((_, unit, at)), _) => lines.push(format!("ended     {}, by unit {unit}", date(at))),
        (None, Some(unit)) => lines.push(format!("claim     by unit {unit}, which is not proven yet")),
        (None, None) => {}
    }
    lines.extend(record.mails.iter().map(|mail| format!("mail      {}", textcoin_words::mail(mail))));
    lines.extend(
        record.corrections.iter().map(|one| format!("corrected {}", textcoin_words::correction(one))),
    );
    lines
}
