//! The data directory: what was accepted is there after any end.

use obyte::{Bytes, UnitHash};
use obyte_devnet::{Devnet, DevnetConfig, DevnetError};
use serde_json::json;

use crate::common::{Client, Scene, Wallet, to, verified_history};
use crate::process::Process;

#[tokio::test]
async fn a_restart_continues_the_same_network_at_the_same_port() {
    let mut scene = Scene::new().await;
    let unit = scene.pay().await;
    scene.wait_until_proven(&unit.hash()).await;
    let unproven = scene.pay().await;
    let (own, payee) = (scene.wallet.address(), scene.payee);
    let balances = scene.client.request("light/get_balances", json!([own, payee])).await;
    let (genesis, provider) = (scene.devnet.genesis_unit(), scene.devnet.order_provider());
    let address = scene.devnet.local_addr();
    let Scene { devnet, mut wallet, dir, .. } = scene;
    devnet.shutdown().await;

    let mut config = DevnetConfig::new(dir.path());
    config.listen = address;
    let devnet = Devnet::start(config).await.expect("it starts again");
    assert_eq!((devnet.genesis_unit(), devnet.order_provider()), (genesis, provider));
    assert_eq!(devnet.local_addr(), address);
    let mut client = Client::connect(&devnet.url()).await;
    let again = client.request("light/get_balances", json!([own, payee])).await;
    for address in [own, payee] {
        let total = |balances: &serde_json::Value| balances[address.as_str()]["base"]["total"].clone();
        assert_eq!(total(&again), total(&balances));
    }
    // What was not stable becomes stable, and the wallet goes on.
    client.wait_until_stable(&unproven.hash()).await;
    let next = wallet.pay(&mut client, &[to(payee, 5)]).await;
    client.wait_until_stable(&next.hash()).await;
    assert_eq!(client.post(&unit).await, json!({"error": "known"}));
    verified_history(&mut client, provider, genesis, &[own, payee], &[]).await;
    devnet.pay(payee, Bytes::literal(3)).await.expect("the faucet goes on");
}

#[tokio::test]
async fn a_directory_serves_one_devnet_at_a_time() {
    let scene = Scene::new().await;
    let second = Devnet::start(DevnetConfig::new(scene.dir.path())).await;
    assert!(matches!(second, Err(DevnetError::InUse { .. })));
}

#[tokio::test]
async fn a_taken_port_is_told() {
    let scene = Scene::new().await;
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut config = DevnetConfig::new(dir.path());
    config.listen = scene.devnet.local_addr();
    assert!(matches!(Devnet::start(config).await, Err(DevnetError::Listen { .. })));
}

#[tokio::test]
async fn a_file_of_something_else_is_not_taken_for_a_journal() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    std::fs::write(dir.path().join("journal"), "0123456789 0123456789 0123456789").expect("written");
    let start = Devnet::start(DevnetConfig::new(dir.path())).await;
    assert!(matches!(start, Err(DevnetError::Io { .. } | DevnetError::Damaged { .. })));
}

#[tokio::test]
async fn what_was_accepted_survives_a_hard_kill() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut wallet = Wallet::new(1);
    let payee = Wallet::new(2).address();
    let allocation = format!("{}=50000000000", wallet.address());
    let mut accepted: Vec<UnitHash> = Vec::new();
    let mut known = None;
    for round in 0..3 {
        let process = Process::start(dir.path(), &["--allocate", &allocation]);
        let identity = (process.provider, process.genesis);
        assert_eq!(*known.get_or_insert(identity), identity);
        let mut client = Client::connect(&process.urls[0]).await;
        if round == 0 {
            wallet.take(&mut client, &process.genesis).await;
        }
        for unit in &accepted {
            let answer = client.request("get_joint", json!(unit)).await;
            assert_eq!(answer["joint"]["unit"]["unit"], json!(unit), "round {round}");
        }
        for _ in 0..4 {
            accepted.push(wallet.pay(&mut client, &[to(payee, 100)]).await.hash());
        }
        process.kill();
        // A record torn by the end of the machine: nobody was told about it.
        let path = dir.path().join("journal");
        let mut journal = std::fs::read(&path).expect("readable");
        let torn: Vec<u8> = journal.iter().rev().take(1000).rev().copied().collect();
        journal.extend_from_slice(&torn);
        std::fs::write(&path, journal).expect("written");
    }
    let process = Process::start(dir.path(), &[]);
    let mut client = Client::connect(&process.urls[0]).await;
    for unit in &accepted {
        client.wait_until_stable(unit).await;
    }
    let balances = client.request("light/get_balances", json!([payee])).await;
    assert_eq!(balances[payee.as_str()]["base"]["total"], 1200);
    process.kill();
}
