//! Orders that are held for review, beside a server that runs.

use bytesback::clock::{Clock, SystemClock};
use bytesback_client::{Endpoint, PurchaseAnswer};
use ledger::Account;
use obyte::Bytes;
use program::{Currency, CurrencyAmount, Limit, Turnover};
use store::{
    Acceptance, Details, Explanation, HoldReason, OrderId, PurchaseKey, Review, Shares, Store, Terms, Verdict,
};

use crate::common::{CASHBACK, address, argument, purchase, run, until};
use crate::site::Site;
use crate::stage::Stage;
use crate::{STOPPED, payer, payer_json};

/// Accepts an order as the server would, and holds it.
async fn hold(site: &Site, order: &str) {
    let acceptance = Acceptance {
        key: PurchaseKey {
            partner: site.shop,
            merchant: None,
            order_id: OrderId::new(order).expect("an order id"),
        },
        terms: Terms {
            recipient: address(order).into(),
            price: CurrencyAmount { amount: "1".parse().expect("an amount"), currency: Currency::Usd },
            percentage: "0".parse().expect("a percentage"),
            purchase_unit: None,
        },
        details: Details::default(),
        shares: Shares { base: Bytes::literal(CASHBACK), ..Shares::default() },
        rates: Vec::new(),
        explanation: Explanation::default(),
        fee_reserve: Bytes::literal(10_000),
        by_period: None,
        sold: Turnover::ZERO,
        limits: None,
        forwarded_by: Vec::new(),
        unit_found: None,
        textcoin_expiry: std::time::Duration::ZERO,
        attested: None,
        hold: Some(HoldReason::Limit(Limit::RecipientDay)),
        at: SystemClock.now(),
    };
    let verdict = site.store().accept(store::Endpoint::Test, acceptance).await.expect("the fund suffices");
    assert!(matches!(verdict, Verdict::Held(_)), "{verdict:?}");
}

async fn ask(site: &Site, order: &str) -> PurchaseAnswer {
    let request = purchase(order, address(order), "1");
    site.client().new_purchase(Endpoint::Test, &request).await.expect("the server answers")
}

/// `bytesback purchase COMMAND ORDER` of the shop.
fn review(site: &Site, command: &str, order: &str) -> (bool, String) {
    let data = argument(&site.folder);
    run(&["purchase", command, order, "--partner", "demo-shop", "--endpoint", "test", "--data-dir", data])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_held_order_is_paid_once_released_and_never_once_rejected() {
    let (stage, _server) = Stage::set().await;
    let site = &stage.site;
    hold(site, "good").await;
    hold(site, "bad").await;
    for order in ["good", "bad"] {
        let answer = ask(site, order).await;
        assert!(
            matches!(&answer, PurchaseAnswer::Held { text } if text.starts_with("held for review:")),
            "{answer:?}"
        );
    }
    let mut other = purchase("good", address("good"), "2");
    let refused = site.client().new_purchase(Endpoint::Test, &other).await.expect("the server answers");
    assert!(matches!(refused, PurchaseAnswer::Error { text } if text.contains("used before")));
    let (_, listed) = run(&["purchase", "held", "--data-dir", argument(&site.folder)]);
    assert!(
        listed.contains("test order good of demo-shop") && listed.contains("limit:recipient_day"),
        "{listed}"
    );
    assert_eq!(payer_json(site, &["status"])[0]["held"], 2);

    payer(site, &["pause", "--why", "counting the till"]);
    site.complains(STOPPED).await;
    let (released, said) = review(site, "release", "good");
    assert!(released && said.contains("within two seconds"), "{said}");
    let answer = ask(site, "good").await;
    assert!(matches!(answer, PurchaseAnswer::Pending { .. }), "a release ends no pause: {answer:?}");
    payer(site, &["resume"]);
    let (rejected, said) = review(site, "reject", "bad");
    assert!(rejected && said.contains("returned to where they came from"), "{said}");
    until("the released order is paid", async || {
        matches!(ask(site, "good").await, PurchaseAnswer::Ok { replayed: true, cashback_amount, .. }
            if cashback_amount == Bytes::literal(CASHBACK))
    })
    .await;
    let answer = ask(site, "bad").await;
    assert!(matches!(&answer, PurchaseAnswer::Error { text } if text.starts_with("rejected after review:")));
    other.order_id = "bad".to_owned();
    other.address = address("bad").to_string();
    let refused = site.client().new_purchase(Endpoint::Test, &other).await.expect("the server answers");
    assert!(
        matches!(refused, PurchaseAnswer::Error { text } if text.contains("used before")),
        "never free again"
    );

    for (command, stands) in [("release", "was rejected"), ("reject", "was rejected")] {
        let (good, said) = review(site, command, "bad");
        assert!(!good && said.contains(stands), "{said}");
    }
    let (good, said) = review(site, "release", "unknown");
    assert!(!good && said.contains("no such order"), "{said}");
    assert!(site.store().held(store::Endpoint::Test).await.expect("readable").is_empty());
    until("only one is paid", async || {
        let book = site.store().balances(store::Endpoint::Test).await.expect("a book");
        book.balance(Account::Paid).get() == i64::try_from(CASHBACK).expect("small")
    })
    .await;
}
