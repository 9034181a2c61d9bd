//! The configuration file of `serve`.
//!
//! Unknown keys are errors, so that a misspelled ceiling is not silently none. Secrets have no place in
//! it: wallets are encrypted files, their passphrase comes from the environment, a file or a prompt.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use obyte::history::OrderProviders;
use obyte::{Address, Bytes, Network};
use obyte_hub::{HubConfig, HubsConfig};
use payout::{FeeLimits, Pacing, Settings};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::Deserialize;

use crate::desk::{DeskSettings, Mailboxes};
use crate::rates::RatesConfig;

mod alerts;
mod limits;
mod mail;
mod programme;
mod textcoins;
mod units;

pub use alerts::{AlertsConfig, Threshold};
pub use limits::{LimitValue, LimitsConfig};
pub use mail::MailConfig;
pub use programme::ProgrammeConfig;
pub use textcoins::TextcoinsConfig;
pub use units::UnitsConfig;

/// The order providers with which livenet and testnet began version 4.0 (section 1); an operator may pin
/// others.
const LIVENET_PROVIDERS: &str = "2TO6NYBGX3NF5QS24MQLFR7KXYAMCIE5 4GDZSXHEFVFMHCUCSHZVXBVF5T2LJHMU \
    APABTE2IBKOIHLS2UNK6SAR4T5WRGH2J DXYWHSZ72ZDNDZ7WYZXKWBBH425C6WZN FAB6TH7IRAVHDLK2AAWY5YBE6CEBUACF \
    FOPUBEUPBC6YLIQDLKL6EW775BMV7YOH GFK3RDAPQLLNCMQEVGGD2KCPZTLSG3HN I2ADHGP4HL6J37NQAD73J7E5SKFIXJOT \
    JMFXY26FN76GWJJG7N36UI2LNONOGZJV JPQKPRI5FMTQRJF4ZZMYZYDQVRD55OTC TKT4UESIKTTRALRRLWS4SENSTJX6ODCW \
    UE25S4GRWZOLNXZKY4VWFHNJZWUSYCQC";
const TESTNET_PROVIDERS: &str = "2FF7PSL7FYXVU5UIQHCVDTTPUOOG75GX 2GPBEZTAXKWEXMWCTGZALIZDNWS5B3V7 \
    4H2AMKF6YO2IWJ5MYWJS3N7Y2YU2T4Z5 DFVODTYGTS3ILVOQ5MFKJIERH6LGKELP ERMF7V2RLCPABMX5AMNGUQBAH4CD5TK4 \
    F4KHJUCLJKY4JV7M5F754LAJX4EB7M4N IOF6PTBDTLSTBS5NWHUSD7I2NHK3BQ2T O4K4QILG6VPGTYLRAI2RGYRFJZ7N2Q2O \
    OPNUXBRSSQQGHKQNEPD2GLWQYEUY5XLD PA4QK46276MJJD5DBOLIBMYKNNXMUVDP RJDYXC4YQ4AZKFYTJVCR5GQJF5J6KPRI \
    WELOXP3EOA75JWNO6S5ZJHOO3EYFKPIR";

/// Each mailbox is looked up with so many attestors, one after the other.
const ATTESTORS_MAX: usize = 4;

/// What a configuration file says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where to answer requests.
    pub listen: SocketAddr,
    /// Where the database is; the file's own folder if it is missing.
    #[serde(default)]
    pub data_dir: Option<PathBuf>,
    /// `/new_purchase`.
    pub live: EndpointConfig,
    /// `/test/new_purchase`.
    pub test: EndpointConfig,
    /// Where prices come from, for both endpoints.
    #[serde(default)]
    pub rates: RatesConfig,
    /// The rules of the programme.
    #[serde(default)]
    pub programme: ProgrammeConfig,
    /// How much is given at most, to and for whom.
    #[serde(default)]
    pub limits: LimitsConfig,
    /// Which purchase units count.
    #[serde(default)]
    pub purchase_units: UnitsConfig,
    /// When to announce that balances are low.
    #[serde(default)]
    pub alerts: AlertsConfig,
    /// Mail to customers.
    #[serde(default)]
    pub mail: Option<MailConfig>,
    /// Cashback for mailboxes.
    #[serde(default)]
    pub textcoins: TextcoinsConfig,
    /// How to pay.
    #[serde(default)]
    pub payer: PayerConfig,
}

/// One endpoint.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EndpointConfig {
    /// `livenet`, `testnet` or `devnet`.
    pub network: Network,
    /// The hub; the network's usual one if it is missing.
    #[serde(default)]
    pub hub: Option<String>,
    /// Several hubs in order of preference, instead of one.
    #[serde(default)]
    pub hubs: Vec<String>,
    /// A certificate in PEM to trust beside the public ones, for `wss://` hubs of a private network.
    #[serde(default)]
    pub hub_root: Option<PathBuf>,
    /// The encrypted wallet file.
    pub wallet: PathBuf,
    /// The order providers to trust; those of the network's beginning if it is missing.
    #[serde(default)]
    pub order_providers: Vec<Address>,
    /// Who says in public whose wallet goes with an e-mail address, the most trusted first; nobody if it is missing.
    #[serde(default)]
    pub email_attestors: Vec<Address>,
}

/// How to pay; amounts in bytes.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PayerConfig {
    /// The most TPS fee for each payout of a unit.
    pub tps_fee_per_payout_max: Option<Bytes>,
    /// The most TPS fee for one unit.
    pub tps_fee_per_unit_max: Option<Bytes>,
    /// The most TPS fee within a day.
    pub tps_fee_per_day_max: Option<Bytes>,
    /// What a second of waiting is worth.
    pub price_per_second: Option<Bytes>,
}

impl Config {
    /// Reads and checks a file. Relative paths in it are relative to its folder.
    ///
    /// # Errors
    /// Where it cannot be read, or says what cannot be.
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let mut config: Self =
            toml::from_str(&text).with_context(|| format!("{} is no valid configuration", path.display()))?;
        let folder = path.parent().unwrap_or(Path::new(".")).to_owned();
        config.data_dir = Some(folder.join(config.data_dir.take().unwrap_or_default()));
        for endpoint in [&mut config.live, &mut config.test] {
            endpoint.wallet = folder.join(&endpoint.wallet);
            endpoint.hub_root = endpoint.hub_root.take().map(|file| folder.join(file));
        }
        if let Some(mail) = &mut config.mail {
            mail.settle(&folder);
        }
        ensure!(config.live.wallet != config.test.wallet, "both endpoints name the same wallet file");
        for attestors in [&config.live.email_attestors, &config.test.email_attestors] {
            let different: BTreeSet<_> = attestors.iter().collect();
            ensure!(
                different.len() == attestors.len() && attestors.len() <= ATTESTORS_MAX,
                "email_attestors names one twice, or more than {ATTESTORS_MAX}"
            );
        }
        Ok(config)
    }

    /// The folder of the database.
    pub fn data_dir(&self) -> &Path {
        self.data_dir.as_deref().unwrap_or(Path::new("."))
    }

    /// How the desk decides.
    ///
    /// # Errors
    /// For rules that cannot be.
    pub fn desk(&self) -> anyhow::Result<DeskSettings> {
        let usual = self.programme.desk(DeskSettings::default())?;
        let limits = self.limits.rules().context("in [limits]")?;
        Ok(DeskSettings {
            units: self.purchase_units.rules().context("in [purchase_units]")?,
            unit_check: self.purchase_units.check().unwrap_or(usual.unit_check),
            limits,
            alerts: self.alerts.thresholds().context("in [alerts]")?,
            ..usual
        })
    }

    /// How mailboxes get cashback; nothing where no mail is configured.
    ///
    /// # Errors
    /// For whatever of `[mail]` and `[textcoins]` cannot be used.
    pub fn mailboxes(&self) -> anyhow::Result<Option<Mailboxes>> {
        let Some(mail) = &self.mail else { return Ok(None) };
        let read = || {
            let office = mail.office()?;
            let relay = mail.relay()?.context("name a relay, such as smtps://mail.example.org")?;
            anyhow::Ok((mail.settings(office, Arc::new(relay))?, mail.blocked()?))
        };
        let (settings, blocked) = read().context("in [mail]")?;
        self.textcoins.mailboxes(settings, blocked).context("in [textcoins]").map(Some)
    }

    /// How an endpoint on this network pays.
    pub fn payer(&self, network: Network) -> Settings {
        let limits = FeeLimits::default();
        let pacing = Pacing::default();
        Settings {
            limits: FeeLimits {
                per_payout: self.payer.tps_fee_per_payout_max.unwrap_or(limits.per_payout),
                per_unit: self.payer.tps_fee_per_unit_max.unwrap_or(limits.per_unit),
                per_day: self.payer.tps_fee_per_day_max.unwrap_or(limits.per_day),
            },
            pacing: Pacing {
                price_per_second: self.payer.price_per_second.unwrap_or(pacing.price_per_second),
                ..pacing
            },
            ..Settings::new(network)
        }
    }
}

impl EndpointConfig {
    /// How its hubs are reached, the preferred one first.
    ///
    /// # Errors
    /// For an address that is no hub's, for one hub twice, for both `hub` and `hubs`, and for a `hub_root`
    /// that holds no certificate.
    pub fn hubs(&self) -> anyhow::Result<HubsConfig> {
        ensure!(
            self.hub.is_none() || self.hubs.is_empty(),
            "name either one hub or a list of hubs, not both"
        );
        let named = self.hub.iter().chain(&self.hubs);
        let mut hubs: Vec<HubConfig> =
            named.map(|url| HubConfig::new(url, self.network)).collect::<Result<_, _>>()?;
        if hubs.is_empty() {
            hubs.push(HubConfig::of_network(self.network));
        }
        if let Some(file) = &self.hub_root {
            let root = CertificateDer::from_pem_file(file)
                .with_context(|| format!("hub_root: {} holds no certificate in PEM", file.display()))?;
            for hub in &mut hubs {
                hub.extra_root = Some(root.to_vec());
            }
        }
        Ok(HubsConfig::new(hubs)?)
    }

    /// The order providers to trust; on a devnet without a list, nobody yet.
    ///
    /// # Errors
    /// For a list that names one twice, or fewer than the network has.
    pub fn order_providers(&self) -> anyhow::Result<Option<OrderProviders>> {
        let pinned = match (self.order_providers.as_slice(), self.network) {
            ([], Network::Devnet) => return Ok(None),
            ([], Network::Livenet) => parse(LIVENET_PROVIDERS),
            ([], Network::Testnet) => parse(TESTNET_PROVIDERS),
            (pinned, _) => pinned.to_vec(),
        };
        let (count, needed) = (pinned.len(), self.network.order_provider_count());
        if self.network != Network::Devnet && count != needed {
            bail!("{} has {needed} order providers, but {count} are listed", self.network);
        }
        Ok(Some(OrderProviders::new(pinned)?))
    }
}

fn parse(list: &str) -> Vec<Address> {
    list.split_whitespace().map(|address| address.parse().expect("an address in the source")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = r#"
        listen = "127.0.0.1:8080"
        [live]
        network = "livenet"
        wallet = "live.wallet"
        [test]
        network = "testnet"
        hub = "wss://hub.example/bb"
        wallet = "test.wallet"
        [rates]
        EUR_USD = "1.10"
        [programme]
        base_percentage = "7.5"
    "#;

    fn read(text: &str) -> anyhow::Result<Config> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("bytesback.toml");
        std::fs::write(&path, text)?;
        Config::read(&path)
    }

    #[test]
    fn a_small_file_is_enough() {
        let config = read(SMALL).expect("valid");
        assert_eq!(config.desk().expect("valid").rules.base, "7.5".parse().expect("a percentage"));
        assert_eq!(
            config.rates.settings().expect("valid").fixed.get(program::Pair::EurUsd),
            "1.10".parse().ok()
        );
        assert_eq!(config.live.order_providers().expect("valid").map(|list| list.majority()), Some(7));
        let hubs = config.test.hubs().expect("valid");
        assert_eq!(
            hubs.hubs().iter().map(|hub| hub.url.as_str()).collect::<Vec<_>>(),
            ["wss://hub.example/bb"]
        );
        assert_eq!(config.live.hubs().expect("valid").hubs()[0].url.as_str(), "wss://obyte.org/bb");
        assert_eq!(config.payer(Network::Livenet), Settings::new(Network::Livenet));
    }

    #[test]
    fn a_misspelled_key_is_an_error() {
        for (right, wrong) in [("listen", "listten"), ("base_percentage", "base"), ("hub =", "hubb =")] {
            assert!(read(&SMALL.replace(right, wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_endpoint_may_name_several_hubs_in_their_order() {
        let hubs = |list: &str| {
            let list = format!("hubs = [{list}]");
            read(&SMALL.replace(r#"hub = "wss://hub.example/bb""#, &list)).expect("TOML").test.hubs()
        };
        let two = hubs(r#""wss://b.example/bb", "wss://a.example/bb""#).expect("valid");
        let hosts: Vec<_> = two.hubs().iter().map(|hub| hub.url.host_str()).collect();
        assert_eq!(hosts, [Some("b.example"), Some("a.example")]);
        assert!(hubs(r#""wss://a.example/bb", "wss://a.example/bb""#).is_err());
        assert!(hubs(r#""https://a.example""#).is_err());
        let both = "hubs = [\"wss://a.example/bb\"]\n        hub = ";
        assert!(read(&SMALL.replace("hub = ", both)).expect("TOML").test.hubs().is_err());
    }

    #[test]
    fn a_root_that_is_no_certificate_is_named() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("bytesback.toml");
        std::fs::write(folder.path().join("root.pem"), "nothing").expect("written");
        std::fs::write(&file, SMALL.replace("wallet = \"test", "hub_root = \"root.pem\"\nwallet = \"test"))
            .expect("written");
        let config = Config::read(&file).expect("it is valid as such");
        let error = config.test.hubs().expect_err("no certificate").to_string();
        assert!(error.contains("root.pem") && error.contains("hub_root"), "{error}");
        assert!(config.live.hubs().is_ok());
    }

    #[test]
    fn what_cannot_be_is_refused() {
        assert!(read(&SMALL.replace("test.wallet", "live.wallet")).is_err());
        for list in [r#"["2FF7PSL7"]"#, &format!("[{0}, {0}]", r#""2FF7PSL7FYXVU5UIQHCVDTTPUOOG75GX""#)] {
            let attestors = format!("email_attestors = {list}\nwallet = \"test");
            assert!(read(&SMALL.replace("wallet = \"test", &attestors)).is_err(), "{list}");
        }
        assert!(read(&SMALL.replace("7.5", "101")).expect("TOML").desk().is_err());
        assert!(read(&SMALL.replace("1.10", "-1")).expect("TOML").rates.settings().is_err());
        let one = "network = \"testnet\"\norder_providers = [\"2FF7PSL7FYXVU5UIQHCVDTTPUOOG75GX\"]";
        let config = read(&SMALL.replace("network = \"testnet\"", one)).expect("TOML");
        assert!(config.test.order_providers().is_err());
    }
}
