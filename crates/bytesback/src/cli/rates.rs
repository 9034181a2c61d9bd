//! `rates`: asks the sources of a configuration once, and says what could be used.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use futures_util::future::join_all;
use obyte_hub::{Hubs, HubsConfig};
use payout::Timestamp;
use program::{Guard, Moment, Pair};
use store::Endpoint;

use super::people::date;
use crate::clock::SystemClock;
use crate::config::Config;
use crate::rates::{
    Board, HubSource, Prices, Rates, RatesConfig, RatesSettings, Source, SourceHealth, Verdict, Web, ask,
    codes, web_source,
};

/// How long to wait for a hub.
const FIRST_CONTACT: Duration = Duration::from_secs(10);

/// What `rates` takes.
#[derive(Debug, Args)]
#[group(required = true, multiple = false, args = ["config", "rates"])]
pub(super) struct RatesArgs {
    /// The configuration of `serve`. Of its hubs that of the live endpoint is asked.
    #[arg(long)]
    config: Option<PathBuf>,
    /// A file with the section [rates] of a configuration, as for `dev`. No hub is asked.
    #[arg(long)]
    rates: Option<PathBuf>,
}

pub(super) async fn run(args: RatesArgs) -> anyhow::Result<ExitCode> {
    let (settings, hubs) = read(&args)?;
    let board = Arc::new(Board::default());
    let sources = sources(&settings, hubs).await?;
    join_all(sources.iter().map(|source| ask(&**source, &board, &SystemClock))).await;
    let rates = Rates::new(Endpoint::Live, settings, vec![board], Guard::new(), Arc::new(SystemClock));
    let prices = rates.prices();
    let mut out = std::io::stdout().lock();
    write!(out, "{}{}", told(&prices), heard(&rates.sources()))?;
    out.flush()?;
    let all = prices.iter().all(|(_, verdict)| verdict.rate().is_some());
    Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read(args: &RatesArgs) -> anyhow::Result<(RatesSettings, Option<HubsConfig>)> {
    if let Some(file) = &args.rates {
        return Ok((RatesConfig::read(file)?.settings()?, None));
    }
    let file = args.config.as_deref().context("name a file with --config or --rates")?;
    let config = Config::read(file)?;
    Ok((config.rates.settings()?, Some(config.live.hubs()?)))
}

async fn sources(settings: &RatesSettings, hubs: Option<HubsConfig>) -> anyhow::Result<Vec<Arc<dyn Source>>> {
    let web = Web::new().context("sources of rates cannot be asked")?;
    let mut sources: Vec<_> = settings.web().iter().filter_map(|one| web_source(one, &web)).collect();
    if let Some(hubs) = hubs.filter(|_| settings.hub().is_some()) {
        let (hubs, mut events) = Hubs::start(hubs);
        tokio::spawn(async move { while events.recv().await.is_some() {} });
        // One that is not reached is shown as such.
        let _ = hubs.wait_connected(FIRST_CONTACT).await;
        sources.push(Arc::new(HubSource(hubs)));
    }
    Ok(sources)
}

fn told(prices: &Prices) -> String {
    prices.iter().map(|(pair, verdict)| format!("{pair:<10} {}\n", verdict_text(verdict))).collect()
}

fn verdict_text(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Fixed(rate) => format!("{rate}, fixed"),
        Verdict::Guarded(Ok(good)) => {
            let dissent = match good.dissenters.as_slice() {
                [] => String::new(),
                dissenters => format!("; not what {} says", codes(dissenters)),
            };
            format!("{}, by {}, since {}{dissent}", good.rate, codes(&good.sources), when(good.at))
        }
        Verdict::Guarded(Err(why)) => format!("cannot be used: {why}"),
    }
}

fn heard(sources: &[SourceHealth]) -> String {
    sources.iter().map(|health| format!("{:<12} {}\n", health.source, health_text(health))).collect()
}

fn health_text(health: &SourceHealth) -> String {
    if let Some(trouble) = &health.trouble {
        return trouble.clone();
    }
    let told = Pair::ALL.iter().filter_map(|pair| health.quotes.iter().find(|quote| quote.pair == *pair));
    let told: Vec<_> =
        told.map(|quote| format!("{} {} since {}", quote.pair, quote.rate, when(quote.at))).collect();
    if told.is_empty() { "tells none of these prices".to_owned() } else { told.join(", ") }
}

fn when(at: Moment) -> String {
    date(Timestamp::from_millis(at.as_millis()))
}
