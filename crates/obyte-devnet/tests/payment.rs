//! A payment from posting to its proof.

mod common;

use std::time::Instant;

use common::{Client, PATIENCE, Wallet, start, to};
use obyte::Bytes;
use serde_json::{Value, json};

#[tokio::test]
async fn a_payment_is_accepted_becomes_stable_and_is_proven() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let devnet = start(&dir).await;
    let mut client = Client::connect(&devnet.url()).await;
    let mut wallet = Wallet::new(1);
    wallet.fund(&devnet, &mut client, Bytes::GBYTE).await;
    let payee = Wallet::new(2).address();
    let unit = wallet.pay(&mut client, &[to(payee, 777_777)]).await;
    let accepted = Instant::now();
    client.wait_until_stable(&unit.hash()).await;
    println!("stable after {:?}", accepted.elapsed());
    let params = json!({"witnesses": [devnet.order_provider()], "addresses": [payee]});
    while accepted.elapsed() < PATIENCE {
        let history = client.request("light/get_history", params.clone()).await;
        let balls = history["proofchain_balls"].as_array().cloned().unwrap_or_default();
        if balls.iter().any(|ball| ball["unit"] == json!(unit.hash())) {
            println!("proven after {:?}", accepted.elapsed());
            break;
        }
    }
    let balances = client.request("light/get_balances", json!([payee])).await;
    assert_eq!(balances[payee.as_str()]["base"]["stable"], 777_777);
    assert_eq!(client.post(&unit).await, json!({"error": "known"}));
    let unknown = client.request("get_joint", json!("MlF7NjQqwrjKeg9ty7h6qyoMt/exL9iCgRB2szzHpcI=")).await;
    assert_eq!(unknown, json!({"joint_not_found": "MlF7NjQqwrjKeg9ty7h6qyoMt/exL9iCgRB2szzHpcI="}));
    let _: Value = unknown;
    devnet.shutdown().await;
}
