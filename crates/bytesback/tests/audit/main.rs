//! `bytesback audit`, `statement` and refunds on a real `dev`: beside it while it runs, and when it has ended.

#[path = "../common/mod.rs"]
mod common;

mod damage;

use std::path::Path;

use bytesback_client::{Endpoint, RefundAnswer, RefundRequest};
use rusqlite::Connection;
use serde_json::Value;

use crate::common::{Dev, address, argument, data_dir, ok, purchase, run, settle, until};

/// What `bytesback audit` says about the test endpoint, and whether it ended well.
fn audit(data: &Path, more: &[&str]) -> (bool, Value) {
    let about = ["audit", "--json", "--endpoint", "test", "--data-dir", argument(data)];
    let (good, said) = run(&[&about[..], more].concat());
    let mut list: Vec<Value> = serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}"));
    (good, list.remove(0))
}

/// The faults of a part of an audit.
fn faults(report: &Value, part: &str) -> Vec<String> {
    let faults = report[part]["faults"].as_array().unwrap_or_else(|| panic!("no {part} in {report}"));
    faults.iter().map(|fault| fault.as_str().expect("text").to_owned()).collect()
}

/// A `dev` at whose shop these orders were bought, and all of them are proven paid.
async fn with_orders(data: &Path, orders: &[&str]) -> Dev {
    let dev = Dev::start(data);
    let client = dev.client();
    for order in orders {
        ok(settle(&client, Endpoint::Test, &purchase(order, address(order), "1")).await);
    }
    until("all units are proven", async || is_settled(data)).await;
    dev
}

fn is_settled(data: &Path) -> bool {
    let connection = Connection::open(data.join("bytesback.sqlite")).expect("a database");
    let count: i64 = connection
        .query_row("SELECT count(*) FROM slots WHERE endpoint = 'test' AND state = 'open'", [], |row| {
            row.get(0)
        })
        .expect("readable");
    count == 0
}

fn refund(order: &str) -> RefundRequest {
    RefundRequest {
        partner: "demo-shop".into(),
        partner_key: "demo-shop-key".into(),
        order_id: order.into(),
        ..RefundRequest::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_audit_beside_a_running_dev_goes_on_where_the_last_one_ended() {
    let (_folder, data) = data_dir();
    let dev = with_orders(&data, &["1", "2"]).await;
    let (good, report) = audit(&data, &[]);
    assert!(good && report["sound"] == true, "{report}");
    let network = &report["network"];
    assert_eq!((network["since"].as_u64(), network["coins"].as_u64()), (Some(0), Some(2)), "{report}");
    assert!(network["units"].as_u64() >= Some(1), "{report}");
    assert_eq!(report["books"]["purchases"], 2);

    let client = dev.client();
    ok(settle(&client, Endpoint::Test, &purchase("3", address("3"), "1")).await);
    until("all units are proven", async || is_settled(&data)).await;
    let (good, report) = audit(&data, &[]);
    assert!(good, "{report}");
    assert_eq!(
        (report["network"]["units"].as_u64(), report["network"]["coins"].as_u64()),
        (Some(1), Some(0))
    );
    assert!(report["network"]["since"].as_u64() > Some(0), "{report}");
    let (good, report) = audit(&data, &["--from-the-start"]);
    assert!(good && report["network"]["units"].as_u64() >= Some(2), "{report}");
    dev.interrupt();

    let (good, report) = audit(&data, &[]);
    assert!(good && report["network"]["devnet_copy"] == true, "{report}");
    let left = std::fs::read_dir(&data).expect("a folder").map(|entry| entry.expect("readable").file_name());
    let copies = left.filter(|name| name.to_string_lossy().starts_with("devnet.audit")).count();
    assert_eq!(copies, 0, "the copy is gone");
    std::fs::rename(data.join("devnet"), data.join("gone")).expect("renamed");
    let (good, report) = audit(&data, &[]);
    let said = report["network"]["error"].as_str().expect("an error");
    assert!(!good && said.contains("no hub can be reached") && said.contains("--books-only"), "{said}");
    let (good, report) = audit(&data, &["--books-only"]);
    assert!(good && report["network"].is_null(), "{report}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_returned_purchase_is_charged_once_and_audited() {
    let (_folder, data) = data_dir();
    let dev = with_orders(&data, &["1"]).await;
    let client = dev.client();
    let first = client.refund(Endpoint::Test, &refund("1")).await.expect("answered");
    let RefundAnswer::Ok { refund_amount, from_deposit, receivable, replayed } = first else {
        panic!("{first:?}")
    };
    assert_eq!((refund_amount.get(), from_deposit.get()), (common::CASHBACK, common::CASHBACK));
    assert!(receivable.is_zero() && !replayed);
    let again = client.refund(Endpoint::Test, &refund("1")).await.expect("answered");
    assert!(matches!(again, RefundAnswer::Ok { replayed: true, .. }), "{again:?}");
    let unknown = client.refund(Endpoint::Test, &refund("2")).await.expect("answered");
    assert!(matches!(&unknown, RefundAnswer::Error { text } if text.contains("unknown")), "{unknown:?}");
    let about = ["purchase", "refund", "--url", &dev.url, "--partner", "demo-shop", "--order-id", "1"];
    let key = [("BYTESBACK_PARTNER_KEY", "demo-shop-key")];
    let (good, said) = common::run_with(&about, &key);
    assert!(good && said.contains("charged 5000000 bytes") && said.contains("as answered before"), "{said}");
    let (good, report) = audit(&data, &[]);
    assert!(good, "{report}");
}

/// The rules change after a return: it is explained by those of its day.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_return_is_charged_and_explained_by_the_rules_of_its_day() {
    let (folder, data) = data_dir();
    let file = folder.path().join("programme.toml");
    let by_share = |share: &str| {
        std::fs::write(&file, format!("[programme]\nrefund_share = \"{share}\"\n")).expect("written");
        Dev::start_with(&data, &["--programme", argument(&file)])
    };
    let dev = by_share("40");
    ok(settle(&dev.client(), Endpoint::Test, &purchase("1", address("customer"), "1")).await);
    let first = dev.client().refund(Endpoint::Test, &refund("1")).await.expect("answered");
    // 40 % of 5,000,000 bytes.
    assert!(matches!(first, RefundAnswer::Ok { refund_amount, .. } if refund_amount.get() == 2_000_000));
    dev.interrupt();

    let dev = by_share("100");
    let again = dev.client().refund(Endpoint::Test, &refund("1")).await.expect("answered");
    assert!(matches!(again, RefundAnswer::Ok { refund_amount, .. } if refund_amount.get() == 2_000_000));
    let order = ["purchase", "show", "1", "--partner", "demo-shop", "--endpoint", "test"];
    let (good, shown) = run(&[&order[..], &["--data-dir", argument(&data)]].concat());
    let charged = ": charged 40 % of base and match in proportion, 2 000 000 bytes; 2 000 000 from the deposit, 0 owed\n";
    assert!(good && shown.contains("returned  1 USD, ") && shown.contains(charged), "{shown}");
    assert!(shown.contains("rules     number 1,") && shown.contains("  refund_share = \"40\"\n"), "{shown}");
    dev.interrupt();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_statement_leads_from_its_opening_to_its_closing_balance() {
    let (_folder, data) = data_dir();
    let dev = with_orders(&data, &["=1+1", "2"]).await;
    dev.client().refund(Endpoint::Test, &refund("2")).await.expect("answered");
    let statement = |more: &[&str]| {
        let about = ["statement", "--endpoint", "test", "--data-dir", argument(&data)];
        let (good, said) = run(&[&about[..], more].concat());
        assert!(good, "{said}");
        said
    };
    let csv = statement(&["--partner", "demo-shop"]);
    let rows: Vec<&str> = csv.split("\r\n").collect();
    assert_eq!(rows.len(), 6, "head, opening, deposit, refund, closing, and the end of the last: {csv}");
    assert!(rows[2].contains(",deposit-booked:dev-sample-deposit,,,the sample shop's deposit"), "{csv}");
    assert!(rows[3].contains(",purchase-refunded:2,2,,,-5000000,9995000000,0,0"), "{csv}");
    assert!(rows[4].ends_with(",,9995000000,,0"), "{csv}");

    for of in [&["--fund"][..], &["--partner", "demo-shop"]] {
        for daily in [&[][..], &["--daily"]] {
            let json: Value =
                serde_json::from_str(&statement(&[of, daily, &["--format", "json"]].concat())).expect("JSON");
            for (account, opening) in json["opening"].as_object().expect("balances") {
                let lines = json["lines"].as_array().expect("a list");
                let sum: i64 =
                    lines.iter().map(|line| line["changes"][account].as_i64().expect("a number")).sum();
                let closing = json["closing"][account].as_i64();
                assert_eq!(opening.as_i64().map(|opening| opening + sum), closing, "{account}: {json}");
            }
        }
    }
    let csv = statement(&["--fund"]);
    assert!(csv.contains(",purchase-accepted:1,'=1+1,,,"), "no spreadsheet computes an order id: {csv}");
    let later = statement(&["--fund", "--from", "2100-01-01"]);
    assert_eq!(later.split("\r\n").count(), 4, "{later}");
    let earlier = statement(&["--fund", "--to", "2001-01-01"]);
    assert!(earlier.ends_with(",,closing balance,,,,,0,,0\r\n"), "{earlier}");
    let about = ["statement", "--fund", "--from", "2026-02-01", "--to", "2026-01-01", "--data-dir"];
    let (good, said) = run(&[&about[..], &[argument(&data)]].concat());
    assert!(!good && said.contains("--to lies before --from"), "{said}");
}
