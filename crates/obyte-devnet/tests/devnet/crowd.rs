//! Many at once: a graph with branches, and one order for all.

use obyte::UnitHash;
use obyte::history::State;
use obyte_devnet::Fees;
use serde_json::{Value, json};

use crate::common::{Client, Scene, Wallet, to};

#[tokio::test(flavor = "multi_thread")]
async fn units_posted_by_many_at_once_all_become_final() {
    const WALLETS: u8 = 24;
    const PAYMENTS: u64 = 6;
    let wallets: Vec<_> = (0..WALLETS).map(|seed| Wallet::new(100 + seed)).collect();
    let allocations = wallets.iter().map(|wallet| (wallet.address(), obyte::Bytes::GBYTE)).collect();
    let mut scene = Scene::with(|config| {
        config.fees = Fees::Off;
        config.allocations = allocations;
    })
    .await;
    let (url, genesis, payee) = (scene.devnet.url(), scene.devnet.genesis_unit(), scene.payee);
    let paying = wallets.into_iter().map(|mut wallet| {
        let url = url.clone();
        tokio::spawn(async move {
            let mut client = Client::connect(&url).await;
            wallet.take(&mut client, &genesis).await;
            let mut units: Vec<UnitHash> = Vec::new();
            for number in 0..PAYMENTS {
                units.push(wallet.pay(&mut client, &[to(payee, 10 + number)]).await.hash());
            }
            units
        })
    });
    let paying: Vec<_> = paying.collect();
    let mut units = Vec::new();
    for task in paying {
        units.extend(task.await.expect("the wallet paid"));
    }
    for unit in &units {
        scene.wait_until_proven(unit).await;
    }
    let history = scene.history(&[payee], &[]).await;
    assert_eq!(history.units.len(), units.len());
    assert!(history.units.iter().all(|unit| unit.state == State::FinalGood));
    let expected = u64::from(WALLETS) * (0..PAYMENTS).map(|number| 10 + number).sum::<u64>();
    let balances = scene.client.request("light/get_balances", json!([payee])).await;
    assert_eq!(balances[payee.as_str()]["base"]["stable"], expected);
    let indexes = scene.client.request("get_last_mci", Value::Null).await.as_u64().expect("a number");
    assert!(indexes < units.len() as u64, "the graph had branches: {indexes} for {} units", units.len());
}
