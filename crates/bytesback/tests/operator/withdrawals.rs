//! Deposits and parts of the fund that leave again, beside a server that runs.

use obyte::Address;
use obyte_devnet::Devnet;
use serde_json::{Value, json};
use store::{DepositOrder, DepositVerdict, Store};

use crate::common::{address, argument, run, until};
use crate::payer_json;
use crate::site::Site;
use crate::stage::{Stage, hub, is_paid};

const DEPOSIT: u64 = 3_000_000_000;

/// Books a part of the fund as the deposit of the shop.
async fn deposit(site: &Site) {
    let order = DepositOrder {
        command: "d1".parse().expect("an id"),
        partner: site.shop,
        amount: obyte::Bytes::literal(DEPOSIT),
        note: String::new(),
        at: payout::Timestamp::from_millis(1),
    };
    let booked = site.store().book_deposit(store::Endpoint::Test, order).await.expect("the store works");
    assert_eq!(booked, DepositVerdict::Booked);
}

/// `bytesback` with these arguments about the test endpoint.
fn command(site: &Site, arguments: &[&str]) -> (bool, String) {
    let about = ["--endpoint", "test", "--data-dir", argument(&site.folder)];
    run(&[arguments, &about[..]].concat())
}

fn good(site: &Site, arguments: &[&str]) -> String {
    let (good, said) = command(site, arguments);
    assert!(good, "{said}");
    said
}

fn bad(site: &Site, arguments: &[&str]) -> String {
    let (good, said) = command(site, arguments);
    assert!(!good && said.contains("nothing has changed"), "{said}");
    said
}

/// Repeats a withdrawal until it stands so, and tells all about it.
async fn stands(site: &Site, arguments: &[&str], state: &str) -> Value {
    let look = || -> Value {
        let said = good(site, &[arguments, &["--json"]].concat());
        serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"))
    };
    until(state, async || look()["state"] == state).await;
    look()
}

/// What an address got, proven or not.
async fn got(devnet: &Devnet, to: Address) -> u64 {
    let balances = hub(devnet).await.balances(&[to]).await.expect("answered");
    balances.get(&to).map_or(0, |balance| balance.base().stable + balance.base().pending)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn withdrawals_arrive_once_whatever_is_killed_and_repeated() {
    let (mut stage, server) = Stage::set().await;
    deposit(&stage.site).await;
    let (home, operator) = (address("the shop's own wallet"), address("the operator's own wallet"));
    let (home_text, operator_text) = (home.to_string(), operator.to_string());
    let of_shop = ["partner", "withdraw", "demo-shop", "1000000", "--id", "w1"];
    let of_fund = ["fund", "withdraw", "2000000", "--id", "f1", "--to", &operator_text];
    let said = bad(&stage.site, &of_shop);
    assert!(said.contains("partner withdrawal-address"), "{said}");
    good(&stage.site, &["partner", "withdrawal-address", "demo-shop", &home_text]);
    let said = good(&stage.site, &of_shop);
    assert!(said.starts_with("accepted") && said.contains("withdrawal w1 of demo-shop"), "{said}");
    // The power goes, and comes back; the other one is told while nobody is there.
    server.kill();
    let said = good(&stage.site, &of_fund);
    assert!(said.contains("waits in the queue"), "{said}");
    let server = stage.site.start();
    let paid = stands(&stage.site, &of_shop, "final").await;
    assert_eq!((paid["address"].as_str(), paid["amount"].as_u64()), (Some(&*home_text), Some(1_000_000)));
    stands(&stage.site, &of_fund, "final").await;
    let orders = stage.orders(3);
    assert!(stage.send(&orders).await.iter().all(is_paid));
    let again = good(&stage.site, &of_shop);
    assert!(again.contains("nothing has changed") && again.contains("paid for ever by unit"), "{again}");
    assert_eq!((got(&stage.devnet, home).await, got(&stage.devnet, operator).await), (1_000_000, 2_000_000));

    for (wrong, why) in [
        (["partner", "withdraw", "demo-shop", "1000001", "--id", "w1"].to_vec(), "this id was used"),
        (["fund", "withdraw", "2000000", "--id", "f1", "--to", &home_text].to_vec(), "this id was used"),
        (["partner", "withdraw", "demo-shop", "2999000001", "--id", "w2"].to_vec(), "2 999 000 000 bytes"),
        (
            ["fund", "withdraw", "5", "--id", "f2", "--to", &stage.site.fund.to_string()].to_vec(),
            "this server's",
        ),
    ] {
        let said = bad(&stage.site, &wrong);
        assert!(said.contains(why), "{said}");
    }
    let slot = paid["slots"][0].to_string();
    let shown = &payer_json(&stage.site, &["show", &slot])[0];
    let named =
        shown["payouts"].as_array().expect("a list").iter().find(|one| one["withdrawal"]["id"] == "w1");
    assert_eq!(named.expect("it is named")["withdrawal"]["of"], json!({"partner": "demo-shop"}));
    let payout = paid["payout"].to_string();
    let shown = &payer_json(&stage.site, &["show", "--payout", &payout])[0];
    assert_eq!((&shown["withdrawal"], &shown["state"]), (&json!("w1"), &json!("final")));

    let listed = good(&stage.site, &["partner", "withdrawals", "demo-shop"]);
    assert!(listed.contains("withdrawal w1") && !listed.contains("f1"), "{listed}");
    let listed = good(&stage.site, &["fund", "withdrawals", "--all"]);
    assert!(listed.contains("withdrawal w1") && listed.contains("withdrawal f1 of the fund"), "{listed}");
    let statement = good(&stage.site, &["statement", "--partner", "demo-shop"]);
    assert!(statement.contains(&format!("withdrawal w1 to {home_text},-1000000,2999000000")), "{statement}");
    stage.audit().await;
    drop(server);
    let config = stage.site.folder.join("bytesback.toml");
    let said = good(&stage.site, &["audit", "--config", argument(&config)]);
    assert!(!said.contains("withdraw"), "no fault names one: {said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawal_to_an_agent_returns_to_where_it_came_from() {
    let (stage, _server) = Stage::set().await;
    deposit(&stage.site).await;
    let agent = stage
        .devnet
        .define_agent(&json!(["autonomous agent", {"bounce_fees": {"base": 10_000}}]))
        .expect("canonical");
    let before = stage.site.store().balances(store::Endpoint::Test).await.expect("a book");
    good(&stage.site, &["partner", "withdrawal-address", "demo-shop", &agent.to_string()]);
    let of_shop = ["partner", "withdraw", "demo-shop", "1000000", "--id", "w1"];
    let of_fund = ["fund", "withdraw", "1000000", "--id", "f1", "--to", &agent.to_string()];
    for arguments in [&of_shop[..], &of_fund[..]] {
        stands(&stage.site, arguments, "parked").await;
        let said = good(&stage.site, arguments);
        assert!(said.contains("autonomous agent") && said.contains("has returned"), "{said}");
    }
    let after = stage.site.store().balances(store::Endpoint::Test).await.expect("a book");
    let held = |book: &ledger::Book| {
        [ledger::Account::Fund, ledger::Account::Deposit(stage.site.shop), ledger::Account::Owed]
            .map(|account| book.balance(account))
    };
    assert_eq!(held(&after), held(&before));
}
