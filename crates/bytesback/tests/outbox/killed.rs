//! `kill -9` while mails are written and sent.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytesback::server::DATABASE;
use bytesback_client::{Endpoint, PurchaseAnswer};
use futures_util::future::join_all;
use serde_json::json;
use store::sqlite::SqliteStore;
use store::{MailState, Mails};

use crate::common::{CASHBACK, Dev, PATIENCE, data_dir, ok, settle};
use crate::letter::Mail;
use crate::smtp::Smtp;
use crate::stage::bought;

const ROUNDS: usize = 8;
const PURCHASES: usize = 25;

/// Goal: whatever moment the power goes, each textcoin is funded once and each mail arrives; what arrives twice is the
/// same mail.
///
/// Method: in each round purchases are sent at once and the process, server and devnet together, is killed a
/// little later each time, at last while mails leave. After a restart every order is repeated until it is
/// answered and every mail has left; then what arrived is compared with what the network holds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_kill_9_each_textcoin_is_funded_once_and_mailed() {
    let smtp = Smtp::start(json!({ "slow": { "at": "data", "ms": 20 } }));
    let relay = format!("smtp://127.0.0.1:{}", smtp.port);
    let (_folder, data) = data_dir();
    let mut orders = Vec::new();
    for round in 0..ROUNDS {
        let dev = Dev::start_with(&data, &["--smtp", &relay]);
        let fresh: Vec<_> = (0..PURCHASES).map(|n| format!("{round}-{n}")).collect();
        let sending: Vec<_> = fresh
            .iter()
            .map(|order| {
                let (client, request) = (dev.client(), bought(order, &mailbox(order)));
                tokio::spawn(async move { client.new_purchase(Endpoint::Test, &request).await })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(60 * round as u64)).await;
        dev.kill();
        for sent in join_all(sending).await {
            if let Ok(Ok(PurchaseAnswer::Error { text })) = sent {
                panic!("refused: {text}");
            }
        }
        orders.extend(fresh);
    }

    let dev = Dev::start_with(&data, &["--smtp", &relay]);
    let client = dev.client();
    let paying = orders.iter().map(|order| {
        let (client, request) = (client.clone(), bought(order, &mailbox(order)));
        async move { ok(settle(&client, Endpoint::Test, &request).await) }
    });
    assert!(join_all(paying).await.iter().all(|(amount, ..)| *amount == CASHBACK));
    let records = all_sent(&data).await;
    assert_eq!(records.len(), orders.len());
    let mut arrived: BTreeMap<_, Vec<Mail>> = BTreeMap::new();
    for mail in smtp.rest() {
        let mail = Mail::arrived(&mail);
        arrived.entry(mail.address()).or_default().push(mail);
    }
    let repeated = arrived.values().filter(|mails| mails.len() > 1).count();
    eprintln!("{} orders, {repeated} mails arrived more than once", orders.len());
    let addresses: Vec<_> = arrived.keys().copied().collect();
    let hub = dev.hub().await;
    for chunk in addresses.chunks(100) {
        let balances = hub.balances(chunk).await.expect("answered");
        for address in chunk {
            let held = balances.get(address).expect("it was paid").base();
            let wanted = records.get(address).expect("no words but those of an order");
            assert_eq!(
                (held.stable + held.pending, &arrived[address][0].to),
                (wanted.0, &wanted.1),
                "{address}"
            );
        }
    }
    assert_eq!(arrived.len(), orders.len(), "each arrives");
    for mails in arrived.values() {
        assert!(mails.iter().all(|mail| mail.bytes == mails[0].bytes), "twice the same, with its Message-ID");
    }
    dev.interrupt();
}

fn mailbox(order: &str) -> String {
    format!("customer{order}@example.org")
}

/// Waits until every mail was sent; what each textcoin must hold, and whose it is, by its address.
async fn all_sent(data: &std::path::Path) -> BTreeMap<obyte::Address, (u64, String)> {
    let store = SqliteStore::open(data.join(DATABASE)).expect("a database");
    let deadline = Instant::now() + PATIENCE;
    loop {
        let records = store.textcoins(store::Endpoint::Test, None, 10_000).await.expect("readable");
        let is_sent = |record: &store::TextcoinRecord| {
            record.mails.len() == 1 && record.mails[0].state == MailState::Sent
        };
        if records.iter().all(is_sent) {
            return records
                .iter()
                .filter_map(|record| {
                    let issue = record.payout.payee.issue()?;
                    let held = record.payout.output()?.amount.get();
                    Some((issue.address, (held, record.recipient.as_str().to_owned())))
                })
                .collect();
        }
        assert!(Instant::now() < deadline, "waited in vain for the mails");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
