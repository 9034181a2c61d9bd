//! The devnet that everything stands on: an embedded one, or another.

use std::fs;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::Path;

use anyhow::Context;
use obyte::history::OrderProviders;
use obyte::{Address, Bytes, Network, UnitHash};
use obyte_devnet::{Devnet, DevnetConfig};
use obyte_hub::HubConfig;
use payout::{Keyring, Settings};
use program::{Pair, RateTable, UnitRules};
use store::Endpoint;

use super::samples::till;
use super::{DEPOSIT, DevOptions};
use crate::rates::{RatesConfig, RatesSettings};
use crate::server::EndpointSetup;

/// What the fund of each endpoint begins with, in GBYTE.
const FUND: u64 = 300_000;
/// What somebody pays to the sample shop at each start, so that there is a purchase unit to try, in bytes.
const SAMPLE_PAYMENT: u64 = 100_000_000;
/// The rates of a devnet.
const RATES: [(Pair, &str); 4] =
    [(Pair::GbyteUsd, "20"), (Pair::BtcUsd, "100000"), (Pair::EurUsd, "1.10"), (Pair::RubUsd, "0.0125")];

/// The devnet that everything stands on.
pub(super) struct DevNetwork {
    pub(super) embedded: Option<Devnet>,
    pub(super) hub: String,
    order_provider: Option<Address>,
    pub(super) genesis: Option<UnitHash>,
    rates: RatesSettings,
}

impl DevNetwork {
    pub(super) async fn open(options: &DevOptions, funds: [Address; 2]) -> anyhow::Result<Self> {
        let rates = match &options.rates {
            Some(file) => RatesConfig::read(file)?.settings()?,
            None => rates().into(),
        };
        if let Some(hub) = &options.hub {
            let DevOptions { order_provider, genesis, .. } = *options;
            return Ok(Self { embedded: None, hub: hub.clone(), order_provider, genesis, rates });
        }
        let devnet = start_devnet(options, funds).await?;
        Ok(Self {
            hub: devnet.url(),
            order_provider: Some(devnet.order_provider()),
            genesis: Some(devnet.genesis_unit()),
            embedded: Some(devnet),
            rates,
        })
    }

    /// The one hub of the embedded devnet is part of this process, so its word is enough.
    pub(super) fn unit_rules(&self) -> UnitRules {
        let usual = UnitRules::default();
        let hubs_min = if self.embedded.is_some() { NonZeroUsize::MIN } else { usual.hubs_min };
        UnitRules { hubs_min, ..usual }
    }

    pub(super) fn setup(&self, endpoint: Endpoint, keyring: Keyring) -> anyhow::Result<EndpointSetup> {
        let order_providers = self.order_provider.map(|address| OrderProviders::new(vec![address]));
        Ok(EndpointSetup {
            endpoint,
            hubs: HubConfig::new(&self.hub, Network::Devnet)?.into(),
            order_providers: order_providers.transpose()?,
            genesis: self.genesis,
            email_attestors: Vec::new(),
            keyring,
            rates: self.rates.clone(),
            settings: Settings::new(Network::Devnet),
        })
    }

    /// Somebody buys at the sample shop: the unit that pays, on the embedded devnet.
    pub(super) async fn pay_sample_shop(&self) -> anyhow::Result<Option<UnitHash>> {
        let Some(devnet) = &self.embedded else { return Ok(None) };
        let paid = devnet.pay(till(), Bytes::literal(SAMPLE_PAYMENT)).await;
        paid.map(Some).context("the faucet of the embedded devnet cannot pay")
    }
}

async fn start_devnet(options: &DevOptions, funds: [Address; 2]) -> anyhow::Result<Devnet> {
    let gbytes = |count| Bytes::GBYTE.checked_mul(count).expect("far below the cap");
    // Two coins each, so that the deposit of the sample shop comes on top of the fund.
    let allocations =
        funds.into_iter().flat_map(|fund| [(fund, gbytes(FUND)), (fund, gbytes(DEPOSIT))]).collect();
    let port_file = options.data_dir.join("devnet.port");
    let port = read_port(&port_file)?;
    let config = DevnetConfig {
        listen: SocketAddr::from(([127, 0, 0, 1], port.unwrap_or(0))),
        fees: options.fees,
        allocations,
        ..DevnetConfig::new(options.data_dir.join("devnet"))
    };
    let devnet = Devnet::start(config).await.context("the embedded devnet cannot start")?;
    if port.is_none() {
        fs::write(&port_file, devnet.local_addr().port().to_string()).context("the port cannot be kept")?;
    }
    Ok(devnet)
}

/// The port that the devnet had before: clients that know it find it again.
fn read_port(file: &Path) -> anyhow::Result<Option<u16>> {
    match fs::read_to_string(file) {
        Ok(text) => {
            let port = text.trim().parse();
            port.map(Some).with_context(|| format!("{} holds no port: remove it", file.display()))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", file.display())),
    }
}

fn rates() -> RateTable {
    let mut table = RateTable::new();
    for (pair, rate) in RATES {
        table.set(pair, Some(rate.parse().expect("a rate in the source")));
    }
    table
}
