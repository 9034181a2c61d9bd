//! Partners send bytes to their deposit addresses.

use bytesback_client::PurchaseRequest;
use ledger::Account;
use obyte::{Address, Bytes, Network};
use serde_json::Value;
use store::{Bookkeeping, Endpoint, Store};

use crate::common::{address, argument, ok, purchase, run, settle, until};
use crate::site::Site;
use crate::stage::Stage;

/// Where the shop of a site sends its deposits.
async fn deposit_address(site: &Site) -> Address {
    let ask = || {
        let data = argument(&site.folder);
        let about = ["--endpoint", "test", "--json", "--data-dir", data];
        let (good, said) = run(&[&["partner", "deposit-address", "demo-shop"], &about[..]].concat());
        assert!(good, "{said}");
        serde_json::from_str::<Value>(&said).expect("JSON")
    };
    until("the shop has an address", async || ask()[0]["address"].is_string()).await;
    let said = ask();
    let address = said[0]["address"].as_str().expect("it was there");
    assert_eq!(said[0]["uri"], format!("{}:{address}", Network::Devnet.uri_scheme()));
    address.parse().expect("an address")
}

async fn deposit(site: &Site) -> i64 {
    let book = site.store().balances(Endpoint::Test).await.expect("a book");
    book.balance(Account::Deposit(site.shop)).get()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_small_top_ups_are_credited_once_each_and_spent() {
    let (stage, server) = Stage::set().await;
    let to = deposit_address(&stage.site).await;
    for _ in 0..12 {
        stage.devnet.pay(to, Bytes::literal(1_000_000)).await.expect("the faucet pays");
    }
    until("all is credited", async || deposit(&stage.site).await == 12_000_000).await;
    server.kill();
    let _server = stage.site.start();
    stage.site.is_well().await;
    assert_eq!(deposit(&stage.site).await, 12_000_000, "whatever restarts");

    // 1 dollar of 20 dollars a GBYTE, 10 percent of it from the deposit.
    let request = PurchaseRequest {
        partner_cashback_percentage: "10".to_owned(),
        ..purchase("with a share", address("somebody"), "1")
    };
    let (amount, ..) = ok(settle(&stage.site.client(), bytesback_client::Endpoint::Test, &request).await);
    assert_eq!(amount, 15_000_000, "base share, partner's share and match");
    assert_eq!(deposit(&stage.site).await, 7_000_000);
    until("it is proven", async || {
        let book = stage.site.store().balances(Endpoint::Test).await.expect("a book");
        book.balance(Account::Owed).get() == 0
    })
    .await;
    let slots =
        store::Operations::slots(&stage.site.store(), Endpoint::Test, store::WhichSlots::All, 1).await;
    let no = slots.expect("it works")[0].no;
    let slot = store::Operations::slot(&stage.site.store(), Endpoint::Test, no).await.expect("it works");
    let inputs = &slot.expect("it is there").versions[0].version.inputs;
    assert!(inputs.iter().any(|coin| coin.address == to), "deposits move to the payer: {inputs:?}");
    let audit = stage.site.store().audit_book(Endpoint::Test).await.expect("it works");
    assert!(audit.is_sound(), "{:?}", audit.faults);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deposit_address_receives_no_cashback() {
    let (stage, _server) = Stage::set().await;
    let to = deposit_address(&stage.site).await;
    let answer = stage
        .site
        .client()
        .new_purchase(bytesback_client::Endpoint::Test, &purchase("to ourselves", to, "1"))
        .await
        .expect("the server answers");
    let said = format!("{answer:?}");
    assert!(said.contains("address") && !said.contains("Ok"), "{said}");
}
