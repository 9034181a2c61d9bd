//! The hub as a source.

use std::time::Duration;

use bytesback::rates::{HubSource, Quote, Source, SourceError};
use obyte::Network;
use obyte_devnet::{Devnet, DevnetConfig};
use obyte_hub::{HubConfig, Hubs};
use program::{Moment, Pair};

const NOW: Moment = Moment::from_millis(1_795_430_868_000);

/// What is made of the rates of a hub.
async fn told(rates: &[(&str, f64)]) -> Result<Vec<Quote>, SourceError> {
    let folder = tempfile::tempdir().expect("a folder");
    let devnet = Devnet::start(DevnetConfig {
        exchange_rates: rates.iter().map(|(name, rate)| ((*name).to_owned(), *rate)).collect(),
        ..DevnetConfig::new(folder.path().join("devnet"))
    });
    let devnet = devnet.await.expect("a devnet");
    let config = HubConfig::new(&devnet.url(), Network::Devnet).expect("an address");
    let (hubs, mut events) = Hubs::start(config);
    tokio::spawn(async move { while events.recv().await.is_some() {} });
    hubs.wait_connected(Duration::from_secs(30)).await.expect("the hub is there");
    let told = HubSource(hubs).read(NOW).await;
    devnet.shutdown().await;
    told
}

#[tokio::test]
async fn a_hub_tells_gbyte_and_bitcoin_as_of_now_and_no_currency_of_a_bank() {
    let rates = [("GBYTE_USD", 7.53), ("BTC_USD", 90_000.5), ("EUR_USD", 9.0), ("GBYTE_BTC", 0.000_083)];
    let quote = |pair, rate: &str| Quote { pair, rate: rate.parse().expect("a rate"), at: NOW };
    assert_eq!(
        told(&rates).await.expect("understood"),
        [quote(Pair::GbyteUsd, "7.53"), quote(Pair::BtcUsd, "90000.5")]
    );
    assert_eq!(told(&[]).await.expect("a hub that catches up knows none"), []);
}

#[tokio::test]
async fn a_hub_that_tells_nonsense_is_not_understood() {
    for nonsense in [0.0, -7.5] {
        let told = told(&[("GBYTE_USD", nonsense), ("BTC_USD", 90_000.0)]).await;
        assert!(matches!(told, Err(SourceError::Malformed(_))), "{told:?}");
    }
}
