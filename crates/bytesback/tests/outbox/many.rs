//! A thousand purchases for mailboxes at once.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use bytesback_client::Endpoint;
use futures_util::future::join_all;
use serde_json::json;

use crate::common::{CASHBACK, ok, settle, until};
use crate::letter::{Mail, outputs};
use crate::smtp::Smtp;
use crate::stage::{Stage, bought};

const PURCHASES: usize = 1_000;

/// Goal: all are paid in batches, and each gets its mail once, with the words of coins of its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_purchases_at_once_become_a_thousand_mails() {
    let smtp = Smtp::start(json!({}));
    let stage = Stage::behind(&smtp).await;
    let begun = Instant::now();
    let buying = (0..PURCHASES).map(|number| {
        let request = bought(&number.to_string(), &format!("customer{number}@example.org"));
        let client = stage.inside.client.clone();
        async move { ok(settle(&client, Endpoint::Test, &request).await) }
    });
    let units: BTreeSet<_> = join_all(buying).await.into_iter().map(|(_, unit, _)| unit).collect();
    let paid = begun.elapsed();
    let arrived: Vec<_> = (0..PURCHASES).map(|_| smtp.next()).collect();
    let sent = begun.elapsed();
    let mails: Vec<_> = arrived.iter().map(Mail::arrived).collect();
    eprintln!("{PURCHASES} purchases: {} units, paid in {paid:?}, mailed in {sent:?}", units.len());
    assert!(units.len() < PURCHASES / 10, "in batches: {} units", units.len());
    assert!(sent < Duration::from_secs(60), "{sent:?}");
    let recipients: BTreeSet<_> = mails.iter().map(|mail| mail.to.clone()).collect();
    let addresses: BTreeSet<_> = mails.iter().map(Mail::address).collect();
    assert_eq!((recipients.len(), addresses.len()), (PURCHASES, PURCHASES), "each once, each its own");
    let outputs = outputs(&stage.hub().await, units).await;
    for address in &addresses {
        let held = outputs.get(address).expect("it was paid");
        assert!(held.len() == 1 && held[0] > CASHBACK, "{address}: {held:?}");
    }
    until("all is kept", async || {
        let backlog = stage.store.mail_backlog(store::Endpoint::Test).await.expect("works");
        backlog.waiting == 0
    })
    .await;
    assert!(smtp.rest().is_empty());
    stage.inside.end().await;
}
