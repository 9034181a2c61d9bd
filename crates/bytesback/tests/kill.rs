//! `kill -9` in the middle of everything: nothing is lost and nothing is paid twice.

mod common;

use std::collections::HashMap;
use std::time::Duration;

use bytesback_client::{Endpoint, PurchaseAnswer};
use common::{Dev, address, argument, data_dir, ok, purchase, run, settle, until};
use futures_util::future::join_all;
use obyte::{Address, UnitHash};

const ROUNDS: u64 = 10;
const PURCHASES: usize = 200;

/// Goal: whatever moment the power goes, each order has exactly one paid output afterwards.
///
/// Method: in each round 200 purchases are sent at once and the process, server and devnet together, is
/// killed a little later each time. After a restart every order is repeated until it is answered, and the
/// outputs that the network holds are counted.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_kill_9_each_order_has_exactly_one_output() {
    let (_folder, data) = data_dir();
    let mut orders: Vec<(String, Address)> = Vec::new();
    for round in 0..ROUNDS {
        let dev = Dev::start(&data);
        let client = dev.client();
        let fresh: Vec<_> = (0..PURCHASES)
            .map(|n| (format!("{round}-{n}"), address(&format!("customer {round} {n}"))))
            .collect();
        let sending: Vec<_> = fresh
            .iter()
            .map(|(order, to)| {
                let (client, request) = (client.clone(), purchase(order, *to, "1"));
                tokio::spawn(async move { client.new_purchase(Endpoint::Test, &request).await })
            })
            .collect();
        // From before the first acceptance to after the last answer.
        tokio::time::sleep(Duration::from_millis(15 * round)).await;
        dev.kill();
        for sent in join_all(sending).await {
            if let Ok(Ok(PurchaseAnswer::Error { text })) = sent {
                panic!("refused: {text}");
            }
        }
        orders.extend(fresh);
    }

    let dev = Dev::start(&data);
    let client = dev.client();
    let mut paid_by: HashMap<UnitHash, Vec<Address>> = HashMap::new();
    for chunk in orders.chunks(PURCHASES) {
        let answers = chunk.iter().map(|(order, to)| {
            let (client, request) = (client.clone(), purchase(order, *to, "1"));
            async move { (settle(&client, Endpoint::Test, &request).await, request.address) }
        });
        for (answer, to) in join_all(answers).await {
            let (amount, unit, _) = ok(answer);
            assert_eq!(amount, 5_000_000);
            paid_by.entry(unit).or_default().push(to.parse().expect("an address"));
        }
    }
    let hub = dev.hub().await;
    for (unit, payees) in &paid_by {
        let joint = hub.get_joint(*unit).await.expect("answered").expect("the hub has the unit");
        for payee in payees {
            let outputs = joint.unit.outputs().filter(|(_, output)| output.address == *payee).count();
            assert_eq!(outputs, 1, "{payee} in {unit}");
        }
    }
    // No output to any customer anywhere else.
    for chunk in orders.chunks(100) {
        let addresses: Vec<Address> = chunk.iter().map(|(_, to)| *to).collect();
        let balances = hub.balances(&addresses).await.expect("answered");
        for to in &addresses {
            let balance = balances.get(to).expect("it was paid").base();
            assert_eq!(balance.stable + balance.pending, 5_000_000, "{to}");
        }
    }
    until("everything is proven and booked", || async {
        let (good, status) = run(&["fund", "status", "--data-dir", argument(&data)]);
        assert!(good, "{status}");
        let paid = ROUNDS * PURCHASES as u64 * 5_000_000;
        paid_in_test_book(&status) == Some(paid)
    })
    .await;
    dev.interrupt();
}

/// The balance of the account of paid cashback in the test endpoint's book.
fn paid_in_test_book(status: &str) -> Option<u64> {
    let book = status.split("test endpoint").nth(1)?;
    let line = book.lines().find(|line| line.trim_start().starts_with("paid "))?;
    let digits: String = line.chars().filter(char::is_ascii_digit).collect();
    digits.parse().ok()
}
