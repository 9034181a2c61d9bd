//! `purchase held`, `release` and `reject`: what is held for review, and what becomes of it.
//!
//! All of it works in the database, beside a server that runs as well as without one.

use std::io::Write;

use anyhow::{Context, bail};
use clap::Args;
use serde_json::{Value, json};
use store::{
    Endpoint, HoldReason, MerchantScope, OrderId, Partner, PartnerName, PayoutState, PurchaseKey,
    PurchaseRecord, Reviewed, Store, StoreError, Thing,
};

use crate::cli::DataDir;
use crate::cli::people::{date, in_groups, plain};
use crate::clock::{Clock, SystemClock};

#[derive(Debug, Args)]
pub(in crate::cli) struct HeldArgs {
    /// live or test; both if it is missing.
    #[arg(long)]
    endpoint: Option<Endpoint>,
    /// Print JSON for machines.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: DataDir,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct OrderArgs {
    /// The partner's number of the sale.
    order_id: String,
    /// Whose order.
    #[arg(long)]
    pub(in crate::cli) partner: PartnerName,
    /// The merchant, where the partner is a payment processor.
    #[arg(long)]
    merchant: Option<String>,
    /// live or test.
    #[arg(long)]
    pub(in crate::cli) endpoint: Endpoint,
    #[command(flatten)]
    data: DataDir,
}

pub(super) async fn held(args: &HeldArgs) -> anyhow::Result<()> {
    let store = args.data.open()?;
    let partners = store.partners().await?;
    let mut out = std::io::stdout().lock();
    let mut listed = Vec::new();
    for endpoint in Endpoint::ALL.into_iter().filter(|one| args.endpoint.is_none_or(|wanted| wanted == *one))
    {
        for record in store.held(endpoint).await? {
            if args.json {
                listed.push(object(endpoint, &record, &partners));
            } else {
                write!(out, "{}", text(endpoint, &record, &partners))?;
                listed.push(Value::Null);
            }
        }
    }
    if args.json {
        serde_json::to_writer_pretty(&mut out, &listed)?;
        writeln!(out)?;
    } else if listed.is_empty() {
        writeln!(out, "nothing is held")?;
    }
    Ok(out.flush()?)
}

pub(super) async fn release(args: &OrderArgs) -> anyhow::Result<()> {
    let (store, key) = find(args).await?;
    let reviewed = store.release(args.endpoint, &key, SystemClock.now()).await;
    let record = done(reviewed, args)?;
    say(&format!(
        "order {} is released: {} bytes to {}; a server that runs pays them within two seconds",
        plain(key.order_id.as_str()),
        in_groups(record.payout.amount),
        record.payout.payee
    ))
}

pub(super) async fn reject(args: &OrderArgs) -> anyhow::Result<()> {
    let (store, key) = find(args).await?;
    let reviewed = store.reject(args.endpoint, &key, SystemClock.now()).await;
    let record = done(reviewed, args)?;
    let what = match record.state {
        PayoutState::Rejected { reason: HoldReason::Unexplained, .. } => {
            "count as paid by the unit that the book does not know, or returned if that has paid another order"
        }
        _ => "returned to where they came from, and it is never paid",
    };
    say(&format!(
        "order {} is rejected: its {} bytes {what}",
        plain(key.order_id.as_str()),
        in_groups(record.payout.amount)
    ))
}

pub(in crate::cli) async fn find(
    args: &OrderArgs,
) -> anyhow::Result<(std::sync::Arc<dyn Store>, PurchaseKey)> {
    let store = args.data.open()?;
    let partner = store.partner(&args.partner).await?;
    let partner = partner.with_context(|| format!("there is no partner {}", args.partner))?;
    let merchant = args.merchant.as_deref().map(MerchantScope::new);
    let key = PurchaseKey {
        partner: partner.id,
        merchant: merchant.transpose().context("this is no merchant")?,
        order_id: OrderId::new(args.order_id.as_str()).context("this is no order id")?,
    };
    Ok((store, key))
}

fn done(reviewed: Result<Reviewed, StoreError>, args: &OrderArgs) -> anyhow::Result<Box<PurchaseRecord>> {
    match reviewed {
        Ok(Reviewed::Done(record)) => Ok(record),
        Ok(Reviewed::NotHeld(record)) => {
            bail!("this order is not held: {}; nothing has changed", stands(&record.state))
        }
        Err(StoreError::Unknown(Thing::Purchase)) => bail!(
            "{} has no such order at the {} endpoint; see `bytesback purchase held`",
            args.partner,
            args.endpoint
        ),
        Err(error) => Err(error.into()),
    }
}

const fn stands(state: &PayoutState) -> &'static str {
    match state {
        PayoutState::Queued => "it waits in the queue",
        PayoutState::InUnit { .. } => "it is on its way",
        PayoutState::Parked => "its payee is an autonomous agent, it is never paid",
        PayoutState::Held { .. } => "it is held",
        PayoutState::Rejected { .. } => "it was rejected",
        PayoutState::Final { .. } => "it is paid",
    }
}

fn text(endpoint: Endpoint, record: &PurchaseRecord, partners: &[Partner]) -> String {
    let PayoutState::Held { reason, since } = record.state else { return String::new() };
    let merchant = record.key.merchant.as_ref().map(|merchant| format!(" for {}", plain(merchant.as_str())));
    format!(
        "{endpoint} order {} of {}{}\n  held since {}: {reason}\n  {}, {} bytes to {}\n",
        plain(record.key.order_id.as_str()),
        name(record, partners),
        merchant.unwrap_or_default(),
        date(since),
        record.terms.price,
        in_groups(record.payout.amount),
        record.payout.payee,
    )
}

fn object(endpoint: Endpoint, record: &PurchaseRecord, partners: &[Partner]) -> Value {
    let PayoutState::Held { reason, since } = record.state else { return Value::Null };
    json!({
        "endpoint": endpoint.code(),
        "partner": name(record, partners),
        "merchant": record.key.merchant.as_ref().map(|merchant| merchant.as_str()),
        "order_id": record.key.order_id.as_str(),
        "reason": reason.to_string(),
        "since": {"at": date(since), "ms": since.as_millis()},
        "currency": record.terms.price.currency.code(),
        "currency_amount": record.terms.price.amount.to_string(),
        "payout": record.payout.id,
        "amount": record.payout.amount,
        "address": record.payout.payee.place(),
        "customer": record.details.customer,
    })
}

fn name(record: &PurchaseRecord, partners: &[Partner]) -> String {
    let named = partners.iter().find(|partner| partner.id == record.key.partner);
    named.map_or_else(|| format!("partner {}", record.key.partner), |partner| partner.name.to_string())
}

fn say(text: &str) -> anyhow::Result<()> {
    Ok(writeln!(std::io::stdout(), "{text}")?)
}
