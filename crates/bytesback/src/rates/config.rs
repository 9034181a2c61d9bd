//! `[rates]` of the configuration.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use program::{GuardSettings, Pair, PairSettings, RateSource, RateTable};
use reqwest::Url;
use serde::Deserialize;

use super::settings::{RatesSettings, SourceSettings};
use super::{cbr, coingecko, coinpaprika, ecb};

/// Who is asked, if nothing is said.
const USUAL: [RateSource; 5] =
    [RateSource::Hub, RateSource::CoinGecko, RateSource::CoinPaprika, RateSource::Ecb, RateSource::Cbr];

/// Where prices come from, and how careful the guard is.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RatesConfig {
    /// Fixed dollars for a GBYTE, as text.
    #[serde(rename = "GBYTE_USD")]
    pub gbyte_usd: Option<String>,
    /// Fixed dollars for a bitcoin.
    #[serde(rename = "BTC_USD")]
    pub btc_usd: Option<String>,
    /// Fixed dollars for a euro.
    #[serde(rename = "EUR_USD")]
    pub eur_usd: Option<String>,
    /// Fixed dollars for a rouble.
    #[serde(rename = "RUB_USD")]
    pub rub_usd: Option<String>,
    /// Who is asked for the others; all that there are, if it is missing.
    pub sources: Option<Vec<String>>,
    /// After a jump a price is used again when all fresh sources have agreed for so long.
    pub confirm_minutes: Option<u64>,
    /// The same where fewer than half of them say otherwise.
    pub confirm_disputed_minutes: Option<u64>,
    /// How careful the guard is with a price, by its name.
    pub guard: BTreeMap<String, PairConfig>,
    /// The hub of the endpoint.
    pub hub: SourceConfig,
    /// CoinGecko.
    pub coingecko: SourceConfig,
    /// CoinPaprika.
    pub coinpaprika: SourceConfig,
    /// The European Central Bank.
    pub ecb: SourceConfig,
    /// The Bank of Russia.
    pub cbr: SourceConfig,
}

/// How careful the guard is with one price.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PairConfig {
    /// So many sources must agree.
    pub sources_min: Option<usize>,
    /// The highest may be so many percent above the lowest, as text.
    pub spread_max: Option<String>,
    /// A price that moves by more percent has to be confirmed, as text.
    pub jump_max: Option<String>,
}

/// How a source is asked.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SourceConfig {
    /// What is asked for.
    pub url: Option<String>,
    /// The pause between two answers.
    pub every_seconds: Option<u64>,
    /// For how long its prices may be used.
    pub age_max_minutes: Option<u64>,
}

/// A file with nothing but this section.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RatesFile {
    rates: RatesConfig,
}

impl RatesConfig {
    /// Reads a file with a section `[rates]`, and nothing else.
    ///
    /// # Errors
    /// Where it cannot be read, or says what cannot be.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let file: RatesFile = toml::from_str(&text)
            .with_context(|| format!("{} holds no section [rates] of a configuration", path.display()))?;
        Ok(file.rates)
    }

    /// What it says, checked.
    ///
    /// # Errors
    /// For a rate, a percentage, a source or an address that is none, and for limits that admit nothing.
    pub fn settings(&self) -> anyhow::Result<RatesSettings> {
        let settings =
            || Ok(RatesSettings { fixed: self.fixed()?, guard: self.guard()?, sources: self.sources()? });
        let settings: anyhow::Result<_> = settings();
        settings.context("in [rates]")
    }

    fn fixed(&self) -> anyhow::Result<RateTable> {
        let mut table = RateTable::new();
        for pair in Pair::ALL {
            let text = match pair {
                Pair::GbyteUsd => &self.gbyte_usd,
                Pair::BtcUsd => &self.btc_usd,
                Pair::EurUsd => &self.eur_usd,
                Pair::RubUsd => &self.rub_usd,
            };
            let rate = text.as_ref().map(|text| text.parse()).transpose();
            table.set(pair, rate.with_context(|| pair.to_string())?);
        }
        Ok(table)
    }

    fn guard(&self) -> anyhow::Result<GuardSettings> {
        let mut guard = GuardSettings::default();
        let minutes = |count: u64| Duration::from_secs(count.saturating_mul(60));
        guard.confirm = self.confirm_minutes.map_or(guard.confirm, minutes);
        guard.confirm_disputed = self.confirm_disputed_minutes.map_or(guard.confirm_disputed, minutes);
        ensure!(
            guard.confirm <= guard.confirm_disputed,
            "confirm_minutes must not be more than confirm_disputed_minutes"
        );
        for (name, config) in &self.guard {
            let pair: Pair = name.parse().context("in [rates.guard]")?;
            config.apply(guard.pair_mut(pair)).with_context(|| format!("in [rates.guard.{pair}]"))?;
        }
        for source in USUAL {
            if let Some(age) = self.of(source).and_then(|config| config.age_max_minutes) {
                guard.set_age_max(source, minutes(age));
            }
        }
        Ok(guard)
    }

    fn sources(&self) -> anyhow::Result<Vec<SourceSettings>> {
        let named = match &self.sources {
            None => USUAL.to_vec(),
            Some(names) => names.iter().map(|name| name.parse()).collect::<Result<_, _>>()?,
        };
        let different: BTreeSet<_> = named.iter().collect();
        ensure!(different.len() == named.len(), "sources names one twice");
        named.into_iter().map(|source| self.source(source)).collect()
    }

    fn source(&self, source: RateSource) -> anyhow::Result<SourceSettings> {
        let Some(config) = self.of(source) else {
            bail!("sources names fixed; a rate is fixed as in EUR_USD = \"1.10\"");
        };
        let (url, every) = match source {
            RateSource::Fixed | RateSource::Hub => (None, 120),
            RateSource::CoinGecko => (Some(coingecko::URL), 120),
            RateSource::CoinPaprika => (Some(coinpaprika::URL), 300),
            RateSource::Ecb => (Some(ecb::URL), 3600),
            RateSource::Cbr => (Some(cbr::URL), 3600),
        };
        let every = config.every_seconds.unwrap_or(every);
        ensure!(every > 0, "every_seconds of {source} must be above zero");
        ensure!(url.is_some() || config.url.is_none(), "the hub has its address in the endpoint's section");
        let url = url.map(|usual| address(config.url.as_deref().unwrap_or(usual)));
        let url = url.transpose().with_context(|| format!("in [rates.{source}]"))?;
        Ok(SourceSettings { source, url, every: Duration::from_secs(every) })
    }

    const fn of(&self, source: RateSource) -> Option<&SourceConfig> {
        match source {
            RateSource::Fixed => None,
            RateSource::Hub => Some(&self.hub),
            RateSource::CoinGecko => Some(&self.coingecko),
            RateSource::CoinPaprika => Some(&self.coinpaprika),
            RateSource::Ecb => Some(&self.ecb),
            RateSource::Cbr => Some(&self.cbr),
        }
    }
}

impl PairConfig {
    fn apply(&self, settings: &mut PairSettings) -> anyhow::Result<()> {
        let PairSettings { sources_min, spread_max, jump_max } = settings;
        *sources_min = self.sources_min.unwrap_or(*sources_min);
        ensure!(*sources_min > 0, "sources_min must be above zero");
        for (percentage, text, name) in
            [(spread_max, &self.spread_max, "spread_max"), (jump_max, &self.jump_max, "jump_max")]
        {
            if let Some(text) = text {
                *percentage = text.parse().context(name)?;
            }
        }
        Ok(())
    }
}

/// An address that nobody on the way can change: with TLS, or on this machine.
fn address(text: &str) -> anyhow::Result<Url> {
    let url = Url::parse(text).context("url")?;
    let local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    ensure!(
        url.scheme() == "https" || (url.scheme() == "http" && local),
        "url must begin with https:// (http:// is for this machine only)"
    );
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(text: &str) -> anyhow::Result<RatesSettings> {
        toml::from_str::<RatesConfig>(text)?.settings()
    }

    fn sources(settings: &RatesSettings) -> Vec<RateSource> {
        settings.needed().map(|source| source.source).collect()
    }

    #[test]
    fn without_a_word_everybody_is_asked() {
        let settings = settings("").expect("valid");
        assert_eq!(sources(&settings), USUAL);
        assert_eq!(settings.guard, GuardSettings::default());
        assert_eq!(settings.fixed, RateTable::new());
        let urls: Vec<_> = settings.web().iter().filter_map(|one| one.url.clone()).collect();
        let urls: Vec<_> = urls.iter().map(Url::as_str).collect();
        assert_eq!(
            urls,
            [
                "https://api.coingecko.com/api/v3/simple/price?ids=byteball,bitcoin\
                 &vs_currencies=usd,eur,rub&include_last_updated_at=true&precision=8",
                "https://api.coinpaprika.com/v1/tickers/gbyte-obyte?quotes=USD,BTC",
                "https://www.ecb.europa.eu/stats/eurofxref/eurofxref-daily.xml",
                "https://www.cbr.ru/scripts/XML_daily.asp",
            ]
        );
    }

    #[test]
    fn who_tells_only_fixed_rates_is_not_asked() {
        let all = "GBYTE_USD = \"20\"\nBTC_USD = \"90000\"\nEUR_USD = \"1.1\"\nRUB_USD = \"0.0125\"";
        assert_eq!(sources(&settings(all).expect("valid")), []);
        let traded = settings("GBYTE_USD = \"20\"\nBTC_USD = \"90000\"").expect("valid");
        assert_eq!(sources(&traded), [RateSource::CoinGecko, RateSource::Ecb, RateSource::Cbr]);
        let gbyte = settings("GBYTE_USD = \"20\"\nEUR_USD = \"1.1\"").expect("valid");
        assert_eq!(
            sources(&gbyte),
            [RateSource::Hub, RateSource::CoinGecko, RateSource::CoinPaprika, RateSource::Cbr]
        );
        assert_eq!(sources(&settings("sources = []").expect("valid")), []);
    }

    #[test]
    fn all_that_can_be_set_is() {
        let settings = settings(
            r#"
            sources = ["ecb", "hub"]
            confirm_minutes = 5
            confirm_disputed_minutes = 30
            guard.GBYTE_USD = { sources_min = 1, spread_max = "7.5", jump_max = "15" }
            hub.every_seconds = 60
            ecb = { url = "http://127.0.0.1:1/ecb.xml", every_seconds = 600, age_max_minutes = 1440 }
            "#,
        )
        .expect("valid");
        let [ecb, hub] = &settings.sources[..] else { panic!("two sources") };
        assert_eq!(ecb.url.as_ref().map(Url::as_str), Some("http://127.0.0.1:1/ecb.xml"));
        assert_eq!((ecb.every.as_secs(), hub.every.as_secs(), hub.url.as_ref()), (600, 60, None));
        let guard = &settings.guard;
        assert_eq!((guard.confirm.as_secs(), guard.confirm_disputed.as_secs()), (300, 1800));
        assert_eq!(guard.age_max(RateSource::Ecb).as_secs(), 86_400);
        let gbyte = guard.pair(Pair::GbyteUsd);
        assert_eq!(gbyte.sources_min, 1);
        assert_eq!((gbyte.spread_max.to_string(), gbyte.jump_max.to_string()), ("7.5".into(), "15".into()));
    }

    #[test]
    fn what_cannot_be_is_refused_and_named() {
        for (text, named) in [
            ("EUR_USD = \"0\"", "EUR_USD"),
            ("XAU_USD = \"1\"", "XAU_USD"),
            ("sources = [\"kraken\"]", "source"),
            ("sources = [\"ecb\", \"ecb\"]", "twice"),
            ("sources = [\"fixed\"]", "fixed"),
            ("confirm_minutes = 90", "confirm_minutes"),
            ("guard.XAU_USD = {}", "guard"),
            ("guard.EUR_USD.spread_max = \"-1\"", "spread_max"),
            ("guard.EUR_USD.sources_min = 0", "sources_min"),
            ("ecb.every_seconds = 0", "every_seconds"),
            ("ecb.url = \"http://ecb.example/\"", "https"),
            ("ecb.url = \"ecb\"", "ecb"),
            ("hub.url = \"https://ecb.example/\"", "hub"),
            ("kraken.url = \"https://kraken.example/\"", "kraken"),
        ] {
            let error = format!("{:#}", settings(text).expect_err(text));
            assert!(error.contains(named), "{text}: {error}");
        }
    }
}
