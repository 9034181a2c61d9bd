//! `partner merchants`: for whom a payment processor reports.

use std::io::Write;

use anyhow::{Context, ensure};
use clap::Args;
use serde_json::{Value, json};
use store::{MerchantScope, Merchants, PartnerKind, PartnerName, StoreError, Thing};

use super::find;
use crate::cli::DataDir;
use crate::cli::people::{date, plain};
use crate::clock::{Clock, SystemClock};

#[derive(Debug, Args)]
pub(in crate::cli) struct MerchantsArgs {
    /// Which payment processor.
    name: PartnerName,
    /// List this merchant before its first purchase.
    #[arg(long, value_name = "MERCHANT")]
    add: Vec<String>,
    /// Accept nothing more for this merchant; what was accepted is paid.
    #[arg(long, value_name = "MERCHANT")]
    block: Vec<String>,
    /// End that.
    #[arg(long, value_name = "MERCHANT")]
    unblock: Vec<String>,
    /// Take purchases only for merchants that are listed; or, with false, list each with its first purchase.
    #[arg(long, value_name = "TRUE|FALSE", num_args = 0..=1, default_missing_value = "true")]
    only_listed: Option<bool>,
    /// Print JSON for machines.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: DataDir,
}

pub(super) async fn run(args: MerchantsArgs) -> anyhow::Result<()> {
    let store = args.data.open()?;
    let partner = find(&*store, &args.name).await?;
    ensure!(
        partner.kind == PartnerKind::Processor,
        "{} is a merchant itself; only payment processors have merchants",
        partner.name
    );
    let now = SystemClock.now();
    let scope = |name: &String| MerchantScope::new(name.as_str()).context("this is no merchant");
    for name in &args.add {
        store.add_merchant(partner.id, &scope(name)?, now).await?;
    }
    for (names, from) in [(&args.block, Some(now)), (&args.unblock, None)] {
        for name in names {
            match store.block_merchant(partner.id, &scope(name)?, from).await {
                Err(StoreError::Unknown(Thing::Merchant)) => {
                    anyhow::bail!("{} has no merchant {}; add it first with --add", partner.name, plain(name))
                }
                other => other?,
            }
        }
    }
    if let Some(only_listed) = args.only_listed {
        store.set_only_listed(partner.id, only_listed).await?;
    }
    let merchants = store.merchants(partner.id).await?;
    let mut out = std::io::stdout().lock();
    if args.json {
        serde_json::to_writer_pretty(&mut out, &object(&args.name, &merchants))?;
        writeln!(out)?;
    } else {
        write!(out, "{}", text(&args.name, &merchants))?;
    }
    Ok(out.flush()?)
}

fn text(name: &PartnerName, merchants: &Merchants) -> String {
    let rule = if merchants.only_listed {
        "takes purchases only for these merchants"
    } else {
        "lists a merchant with its first purchase"
    };
    let mut text = format!("{name} {rule}\n");
    for merchant in &merchants.listed {
        let blocked = merchant.blocked_at.map(|at| format!(", BLOCKED since {}", date(at)));
        let since = date(merchant.added_at);
        text +=
            &format!("  {} since {since}{}\n", plain(merchant.name.as_str()), blocked.unwrap_or_default());
    }
    text
}

fn object(name: &PartnerName, merchants: &Merchants) -> Value {
    let listed = merchants.listed.iter().map(|merchant| {
        json!({
            "merchant": merchant.name.as_str(),
            "added": date(merchant.added_at),
            "blocked": merchant.blocked_at.map(date),
        })
    });
    json!({
        "partner": name.as_str(),
        "only_listed": merchants.only_listed,
        "merchants": listed.collect::<Vec<_>>(),
    })
}
