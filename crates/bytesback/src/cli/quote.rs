//! `quote`: what a purchase would get, and why.

mod remote;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::Args;
use program::{
    Amount, BaseShare, Currency, CurrencyAmount, Day, Dollars, Pair, Percentage, QuoteError, Rate, RateTable,
    Rules, Sale, Turnover, quote,
};
use store::{Endpoint, MerchantScope, Partner, PartnerKind, PartnerName, Shop, Store};

use super::DataDir;
use crate::clock::{Clock, SystemClock};
use crate::config::{Config, ProgrammeConfig};

#[derive(Debug, Args)]
pub(super) struct QuoteArgs {
    /// USD, EUR, RUR, GBYTE or BTC.
    #[arg(long)]
    currency: Currency,
    /// How much is paid.
    #[arg(long)]
    amount: Amount,
    /// What the partner adds, in percent.
    #[arg(long, default_value = "0")]
    percentage: Percentage,
    /// As with a verified purchase unit.
    #[arg(long)]
    with_purchase_unit: bool,
    /// By the terms of this partner, and what it has sold; by the rules for all if it is missing.
    #[arg(long)]
    partner: Option<PartnerName>,
    /// The merchant, where the partner is a payment processor.
    #[arg(long, requires = "partner")]
    merchant: Option<String>,
    /// live or test.
    #[arg(long, default_value_t = Endpoint::Test)]
    endpoint: Endpoint,
    /// Ask this server, which knows rules, terms and prices. Takes --partner and its key.
    #[arg(long, requires = "partner", requires = "partner_key",
        conflicts_with_all = ["config", "rate", "day", "sold", "with_purchase_unit"])]
    url: Option<String>,
    /// The partner's key, for --url; better in the environment than on the command line.
    #[arg(long, env = "BYTESBACK_PARTNER_KEY", hide_env_values = true)]
    partner_key: Option<String>,
    /// By the rules and the fixed rates of this configuration; by the rules that are in force in the data
    /// directory if it is missing.
    #[arg(long)]
    config: Option<PathBuf>,
    /// A price, such as GBYTE_USD=20; once for each that it takes.
    #[arg(long, value_name = "PAIR=PRICE", value_parser = price)]
    rate: Vec<(Pair, Rate)>,
    /// As on this day (UTC); today if it is missing.
    #[arg(long)]
    day: Option<Day>,
    /// As if the shop had sold for so many dollars within the period of period_tiers, whatever it has sold.
    #[arg(long, value_name = "USD")]
    sold: Option<Dollars>,
    #[command(flatten)]
    data: DataDir,
}

fn price(text: &str) -> Result<(Pair, Rate), String> {
    let (pair, rate) = text.split_once('=').ok_or("a price is written like GBYTE_USD=20")?;
    let pair = pair.parse().map_err(|error: program::UnknownPair| error.to_string())?;
    Ok((pair, rate.parse().map_err(|error: program::RateError| error.to_string())?))
}

pub(super) async fn run(args: QuoteArgs) -> anyhow::Result<ExitCode> {
    if let Some(url) = &args.url {
        return remote::ask(url, &args).await;
    }
    let config = args.config.as_deref().map(Config::read).transpose()?;
    let Terms { rules, sold } = terms(&args, config.as_ref()).await?;
    let sale = Sale {
        price: CurrencyAmount { amount: args.amount, currency: args.currency },
        partner_percentage: args.percentage,
        base_share: if args.with_purchase_unit { BaseShare::WithPurchaseUnit } else { BaseShare::Ordinary },
        day: args.day(),
        turnover: sold,
    };
    let rates = rates(&args.rate, config.as_ref())?;
    let mut out = std::io::stdout();
    match quote(&rules, &sale, &rates) {
        Ok(quote) => {
            for line in quote.explanation() {
                writeln!(out, "{line}")?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(QuoteError::NoRate(error)) => {
            writeln!(out, "no price: tell it with --rate {}=…", error.missing)?;
            Ok(ExitCode::FAILURE)
        }
        Err(error) => {
            writeln!(out, "refused: {error}")?;
            Ok(ExitCode::FAILURE)
        }
    }
}

impl QuoteArgs {
    fn day(&self) -> Day {
        self.day.unwrap_or_else(|| Day::of_millis(SystemClock.now().as_millis()))
    }
}

/// What holds for the purchase.
struct Terms {
    rules: Rules,
    /// What the shop has sold within the period of the rules.
    sold: Turnover,
}

async fn terms(args: &QuoteArgs, config: Option<&Config>) -> anyhow::Result<Terms> {
    let data = config.map_or_else(|| args.data.clone(), |config| DataDir::at(config.data_dir()));
    let rules = match config {
        Some(config) => config.programme.rules().context("in [programme]")?,
        None => in_force(&*data.open()?).await?,
    };
    let told = args.sold.map(Dollars::turnover);
    let Some(name) = &args.partner else { return Ok(Terms { rules, sold: told.unwrap_or_default() }) };
    let store = data.open()?;
    let partner = store.partner(name).await?.with_context(|| format!("there is no partner {name}"))?;
    let rules = rules.on(partner.terms);
    let sold = match told {
        Some(told) => told,
        None => sold(args, &*store, &partner, &rules).await?,
    };
    Ok(Terms { rules, sold })
}

/// What a shop has really sold within the period of the rules.
async fn sold(
    args: &QuoteArgs,
    store: &dyn Store,
    partner: &Partner,
    rules: &Rules,
) -> anyhow::Result<Turnover> {
    let Some(period) = &rules.period else { return Ok(Turnover::ZERO) };
    // As at the desk: only the merchants of a payment processor are shops of their own.
    let merchant = match (partner.kind, &args.merchant) {
        (PartnerKind::Merchant, _) => None,
        (PartnerKind::Processor, Some(merchant)) => {
            Some(MerchantScope::new(merchant.as_str()).context("this is no merchant")?)
        }
        (PartnerKind::Processor, None) => bail!("name the merchant of the payment processor with --merchant"),
    };
    let shop = Shop { partner: partner.id, merchant };
    Ok(store.turnover(args.endpoint, &shop, args.day().first_of(period.days)).await?)
}

/// The rules that the server was started with last.
async fn in_force(store: &dyn Store) -> anyhow::Result<Rules> {
    let newest = store.rules().await?.pop();
    let newest =
        newest.context("no server has run with this data directory; name its configuration with --config")?;
    let config: ProgrammeConfig =
        toml::from_str(&newest.text).context("the rules in force are those of a newer program")?;
    config.rules()
}

fn rates(told: &[(Pair, Rate)], config: Option<&Config>) -> anyhow::Result<RateTable> {
    let mut table = match config {
        Some(config) => config.rates.settings()?.fixed,
        None => RateTable::new(),
    };
    for (pair, rate) in told {
        table.set(*pair, Some(*rate));
    }
    Ok(table)
}
