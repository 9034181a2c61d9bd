//! Two servers with one wallet: never do both pay.

use std::sync::Arc;

use bytesback::clock::{Clock, SystemClock};
use bytesback_client::PurchaseAnswer;
use std::time::Duration;

use ledger::Account;
use obyte::Bytes;
use program::{Currency, CurrencyAmount, Turnover};
use store::{
    Acceptance, Details, Endpoint, Explanation, Operations, OrderId, PayoutState, PurchaseKey, Shares, Store,
    Terms, Verdict, WhichSlots,
};

use crate::common::{CASHBACK, address, until};
use crate::site::Site;
use crate::stage::{Stage, is_paid};
use crate::{STOPPED, payer};

/// Loses the locks without their holder noticing, as a network share may.
fn lose_locks(site: &Site) {
    for endpoint in Endpoint::ALL {
        let mut lock = site.database().into_os_string();
        lock.push(format!(".{endpoint}.payer-lock"));
        std::fs::remove_file(lock).expect("there is a lock");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_server_on_the_same_data_refuses_to_start() {
    let (mut stage, _server) = Stage::set().await;
    let said = stage.site.beside().fails_to_start();
    let clear =
        |line: &String| line.contains("another process pays for endpoint") && line.contains("stop it first");
    assert!(said.iter().any(clear), "{said:?}");
    let orders = stage.orders(3);
    assert!(stage.send(&orders).await.iter().all(is_paid), "the first goes on");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_lost_its_lock_to_another_pays_no_more() {
    let (mut stage, server) = Stage::set().await;
    let before = stage.orders(5);
    assert!(stage.send(&before).await.iter().all(is_paid));
    lose_locks(&stage.site);
    let beside = stage.site.beside();
    let second = beside.start();

    until("the first notices", async || server.log.holds("paying is stopped for good")).await;
    stage.site.complains(STOPPED).await;
    let refused = stage.orders(1);
    let answers = stage.send(&refused).await;
    let tells = |text: &str| text.contains("does not pay any more");
    assert!(matches!(&answers[0], Ok(PurchaseAnswer::Error { text }) if tells(text)), "{answers:?}");
    assert!(stage.send(&before).await.iter().all(is_paid), "what was paid is still told");
    let status = payer(&stage.site, &["status"]);
    assert!(status.contains("running") && !status.contains("PAUSED"), "the second runs: {status}");

    let first = std::mem::replace(&mut stage.site, beside);
    let more = stage.orders(5);
    assert!(stage.send(&more).await.iter().all(is_paid));
    stage.audit().await;
    server.kill();
    let said = first.fails_to_start();
    assert!(said.iter().any(|line| line.contains("another process pays")), "{said:?}");
    drop(second);
}

/// As the first of two servers may do, before it notices that the second one pays.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_process_accepted_last_is_paid() {
    let (stage, server) = Stage::set().await;
    server.kill();
    let _server = stage.site.start();
    let other = stage.site.store();
    let acceptance = Acceptance {
        key: PurchaseKey {
            partner: stage.site.shop,
            merchant: None,
            order_id: OrderId::new("accepted elsewhere").expect("an order id"),
        },
        terms: Terms {
            recipient: address("customer").into(),
            price: CurrencyAmount { amount: "1".parse().expect("an amount"), currency: Currency::Usd },
            percentage: "0".parse().expect("a percentage"),
            purchase_unit: None,
        },
        details: Details { customer: String::new(), merchant: String::new(), description: String::new() },
        shares: Shares { base: Bytes::literal(CASHBACK), ..Shares::default() },
        rates: Vec::new(),
        explanation: Explanation::default(),
        fee_reserve: Bytes::literal(10_000),
        by_period: None,
        sold: Turnover::ZERO,
        limits: None,
        forwarded_by: Vec::new(),
        unit_found: None,
        attested: None,
        hold: None,
        textcoin_expiry: Duration::from_secs(7 * 24 * 60 * 60),
        at: SystemClock.now(),
    };
    let key = acceptance.key.clone();
    let verdict = other.accept(Endpoint::Test, acceptance).await.expect("the fund suffices");
    assert!(matches!(verdict, Verdict::Accepted(_)), "{verdict:?}");
    until("it is paid", async || {
        let record = other.purchase(Endpoint::Test, &key).await.expect("it works").expect("it was accepted");
        matches!(record.state, PayoutState::Final { .. })
    })
    .await;
}

/// The mnemonic is used elsewhere, over other data: no lock can know.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unit_of_another_server_with_the_same_wallet_stops_paying() {
    let (mut stage, server) = Stage::set().await;
    let folder = tempfile::tempdir().expect("a folder");
    let elsewhere = stage.site.elsewhere(folder.path()).await;
    let second = elsewhere.start();
    let store: Arc<dyn Store> = Arc::new(elsewhere.store());
    until("the second has found the fund", async || {
        let book = store.balances(Endpoint::Test).await.expect("a book");
        i128::from(book.balance(Account::Fund)) > 0
    })
    .await;

    let first = std::mem::replace(&mut stage.site, elsewhere);
    let orders = stage.orders(1);
    assert!(stage.send(&orders).await.iter().all(is_paid));
    let elsewhere = std::mem::replace(&mut stage.site, first);
    stage.site.complains(STOPPED).await;
    assert!(
        server.log.holds("was sent from the payer's address by somebody else"),
        "{:?}",
        server.log.lines()
    );
    let orders = stage.orders(2);
    assert!(!stage.send(&orders).await.iter().any(is_paid));
    let journal = stage.site.store();
    assert_eq!(journal.slots(Endpoint::Test, WhichSlots::All, 9).await.expect("it works"), []);

    // A restart does not help, nor does the other one's end.
    drop((second, elsewhere));
    server.kill();
    let _server = stage.site.start();
    stage.site.complains(STOPPED).await;
    let status = payer(&stage.site, &["status"]);
    assert!(status.contains("PAUSED") && status.contains("by somebody else"), "{status}");
    assert!(!stage.send(&orders).await.iter().any(is_paid));
}
