//! `partner limits`: how much a partner, or one of its merchants, is given at most.

use std::io::Write;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use clap::Args;
use payout::Timestamp;
use program::{Day, LimitRules, LimitSetting};
use serde_json::{Value, json};
use store::{Endpoint, MerchantScope, Partner, PartnerName, Scope, Shop, Store, Totals};

use super::find;
use crate::cli::DataDir;
use crate::cli::people::{in_groups, plain};
use crate::clock::{Clock, SystemClock};
use crate::config::Config;

#[derive(Debug, Args)]
pub(in crate::cli) struct LimitsArgs {
    /// Whose limits.
    name: PartnerName,
    /// One merchant of a payment processor, instead of the processor.
    #[arg(long)]
    merchant: Option<String>,
    /// Show the limits and what was given; this is the default, and comes after changes.
    #[arg(long)]
    show: bool,
    /// Set a limit: an amount in bytes, or none, such as recipient_day=20000000000. The next purchase finds it.
    #[arg(long, value_name = "LIMIT=VALUE")]
    set: Vec<Setting>,
    /// Take back what was set, so that the partner's or the default holds again.
    #[arg(long, value_name = "LIMIT")]
    unset: Vec<String>,
    /// The configuration of the server, whose defaults are shown; otherwise the built-in ones.
    #[arg(long)]
    config: Option<PathBuf>,
    /// Print JSON for machines.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    data: DataDir,
}

/// `LIMIT=VALUE`.
#[derive(Clone, Debug)]
struct Setting(LimitSetting);

impl FromStr for Setting {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, value) = text.split_once('=').context("write it as LIMIT=VALUE")?;
        Ok(Self(LimitSetting::read(name.trim(), value.trim())?))
    }
}

pub(super) async fn run(args: LimitsArgs) -> anyhow::Result<()> {
    let store = args.data.open()?;
    let partner = find(&*store, &args.name).await?;
    let merchant =
        args.merchant.as_deref().map(MerchantScope::new).transpose().context("this is no merchant")?;
    if let Some(merchant) = &merchant {
        let listed = store.merchants(partner.id).await?.listed;
        ensure!(
            listed.iter().any(|one| one.name == *merchant),
            "{} has no such merchant; see `bytesback partner merchants {0}`",
            partner.name
        );
    }
    let shop = Shop { partner: partner.id, merchant };
    // Before anything changes: what follows a change must not fail for the sake of the configuration.
    let defaults = defaults(args.config.as_ref())?;
    change(&*store, &shop, &args).await?;
    show(&*store, &partner, &shop, defaults, args.json).await
}

async fn change(store: &dyn Store, shop: &Shop, args: &LimitsArgs) -> anyhow::Result<()> {
    for Setting(setting) in &args.set {
        ensure!(
            setting.is_for_partners(),
            "{} is everybody's: set it in [limits] of the configuration",
            setting.name()
        );
        ensure!(
            shop.merchant.is_none() || setting.is_for_merchants(),
            "{} is for the payment processor, not for one of its merchants",
            setting.name()
        );
    }
    let names: Vec<_> = LimitRules::none().settings().iter().map(LimitSetting::name).collect();
    for name in &args.unset {
        if !names.contains(&name.as_str()) {
            bail!("there is no limit of this name; there are: {}", names.join(", "));
        }
    }
    for name in &args.unset {
        store.unset_limit(shop, name).await?;
    }
    for Setting(setting) in &args.set {
        store.set_limit(shop, setting).await?;
    }
    Ok(())
}

/// Where limits are switched off there is nothing to show.
fn defaults(config: Option<&PathBuf>) -> anyhow::Result<Arc<LimitRules>> {
    match config {
        None => Ok(Arc::default()),
        Some(file) => {
            let rules = Config::read(file)?.limits.rules().context("in [limits]")?;
            rules.context("[limits] is switched off in this configuration; nothing has changed")
        }
    }
}

/// Where a limit comes from.
struct Line {
    name: &'static str,
    value: String,
    from: &'static str,
}

async fn show(
    store: &dyn Store,
    partner: &Partner,
    shop: &Shop,
    defaults: Arc<LimitRules>,
    json: bool,
) -> anyhow::Result<()> {
    let lines = lines(store, shop, &defaults).await?;
    let now = SystemClock.now();
    let mut given = Vec::new();
    for endpoint in Endpoint::ALL {
        let day = Day::of_millis(now.as_millis());
        given.push((endpoint, store.totals(endpoint, &Scope::Shop(shop.clone()), day).await?));
    }
    let mut out = std::io::stdout().lock();
    if json {
        serde_json::to_writer_pretty(&mut out, &object(partner, shop, &lines, &given))?;
        writeln!(out)?;
    } else {
        write!(out, "{}", text(partner, shop, &lines, &given, now))?;
    }
    Ok(out.flush()?)
}

async fn lines(store: &dyn Store, shop: &Shop, defaults: &LimitRules) -> anyhow::Result<Vec<Line>> {
    let of_partner = store.limit_settings(&Shop { merchant: None, ..shop.clone() }).await?;
    let of_merchant = match shop.merchant {
        Some(_) => store.limit_settings(shop).await?,
        None => Vec::new(),
    };
    let mut rules = defaults.clone();
    of_partner.iter().chain(&of_merchant).for_each(|setting| rules.set(setting));
    let is_set = |settings: &[LimitSetting], name| settings.iter().any(|setting| setting.name() == name);
    Ok(rules
        .settings()
        .iter()
        .map(|setting| Line {
            name: setting.name(),
            value: setting.value(),
            from: match setting.name() {
                name if is_set(&of_merchant, name) => "set for the merchant",
                name if is_set(&of_partner, name) => "set for the partner",
                _ => "default",
            },
        })
        .collect())
}

fn name(partner: &Partner, shop: &Shop) -> String {
    let merchant = shop.merchant.as_ref().map(|merchant| format!("{} of ", plain(merchant.as_str())));
    format!("{}{}", merchant.unwrap_or_default(), partner.name)
}

fn text(
    partner: &Partner,
    shop: &Shop,
    lines: &[Line],
    given: &[(Endpoint, Totals)],
    now: Timestamp,
) -> String {
    let days = now.since(partner.added_at).as_secs() / (24 * 60 * 60);
    let mut text =
        format!("limits of {} (a partner for {days} days), in bytes of the fund\n", name(partner, shop));
    for Line { name, value, from } in lines {
        let value = value.parse::<u64>().map_or_else(|_| value.clone(), in_groups);
        text += &format!("  {name:<16} {value:>18}  {from}\n");
    }
    for (endpoint, Totals { today, ever, held, finished, .. }) in given {
        text += &format!(
            "given at the {endpoint} endpoint: {} today, {} in all, {} proven; {} more are held\n",
            in_groups(*today),
            in_groups(*ever),
            in_groups(*finished),
            in_groups(*held)
        );
    }
    text
}

fn object(partner: &Partner, shop: &Shop, lines: &[Line], given: &[(Endpoint, Totals)]) -> Value {
    let limits = lines.iter().map(|Line { name, value, from }| {
        (name.to_string(), json!({"value": value, "from": from.trim_start_matches("set for the ")}))
    });
    let given = given.iter().map(|(endpoint, totals)| {
        let Totals { today, ever, held, finished, .. } = totals;
        (endpoint.to_string(), json!({"today": today, "ever": ever, "held": held, "proven": finished}))
    });
    json!({
        "partner": partner.name.as_str(),
        "merchant": shop.merchant.as_ref().map(MerchantScope::as_str),
        "limits": limits.collect::<serde_json::Map<_, _>>(),
        "given": given.collect::<serde_json::Map<_, _>>(),
    })
}
