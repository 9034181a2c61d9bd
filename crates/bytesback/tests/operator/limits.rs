//! Limits and merchants, set beside a server that runs.

use bytesback_client::{Endpoint, PurchaseAnswer, PurchaseRequest};
use obyte::Bytes;
use serde_json::Value;

use crate::common::{CASHBACK, address, argument, purchase, run, until};
use crate::site::Site;
use crate::stage::Stage;

async fn send(site: &Site, request: &PurchaseRequest) -> PurchaseAnswer {
    site.client().new_purchase(Endpoint::Test, request).await.expect("the server answers")
}

fn is_paid(answer: &PurchaseAnswer) -> bool {
    matches!(answer, PurchaseAnswer::Ok { .. })
}

fn is_refused(answer: &PurchaseAnswer, because: &str) -> bool {
    matches!(answer, PurchaseAnswer::Error { text } if text.contains(because))
}

/// `bytesback partner COMMAND …`, and what it says as JSON.
fn partner(site: &Site, arguments: &[&str]) -> Value {
    let (good, said) =
        run(&[&["partner"], arguments, &["--json", "--data-dir", argument(&site.folder)]].concat());
    assert!(good, "{said}");
    serde_json::from_str(&said).expect("JSON")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_refuses_or_holds_as_it_is_set_for_the_partner() {
    let (stage, _server) = Stage::set().await;
    let site = &stage.site;
    let limit = format!("recipient_day={}", 2 * CASHBACK - 1);
    let shown = partner(site, &["limits", "demo-shop", "--set", &limit]);
    assert_eq!(shown["limits"]["recipient_day"]["from"], "partner");
    assert_eq!(shown["limits"]["fund_day"]["from"], "default");
    let customer = address("a customer");
    let order = |id: &str| purchase(id, customer, "1");
    assert!(is_paid(&send(site, &order("1")).await));
    let refused = send(site, &order("2")).await;
    assert!(
        is_refused(&refused, "limit recipient_day: ") && is_refused(&refused, "00:00 UTC"),
        "{refused:?}"
    );
    assert!(is_paid(&send(site, &purchase("2", address("another"), "1")).await), "the order id was free");
    assert!(is_paid(&send(site, &order("1")).await), "what was paid is told as before");

    partner(site, &["limits", "demo-shop", "--set", "hold=recipient_day"]);
    let held = send(site, &order("3")).await;
    assert!(matches!(&held, PurchaseAnswer::Held { .. }), "{held:?}");
    let shown = partner(site, &["limits", "demo-shop"]);
    assert_eq!(shown["given"]["test"]["held"], CASHBACK);
    assert_eq!(shown["given"]["test"]["today"], 2 * CASHBACK);
    let data = ["--partner", "demo-shop", "--endpoint", "test", "--data-dir", argument(&site.folder)];
    let (released, said) = run(&[&["purchase", "release", "3"], &data[..]].concat());
    assert!(released, "{said}");
    until("the released order is paid", async || is_paid(&send(site, &order("3")).await)).await;

    partner(site, &["limits", "demo-shop", "--unset", "recipient_day", "--unset", "hold"]);
    assert!(is_paid(&send(site, &order("4")).await));
    for (wrong, because) in [("recipients=1", "no limit of this name"), ("fund_day=1", "[limits]")] {
        let arguments =
            ["partner", "limits", "demo-shop", "--set", wrong, "--data-dir", argument(&site.folder)];
        let (good, said) = run(&arguments);
        assert!(!good && said.contains(because), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn amounts_that_cannot_be_meant_are_refused_with_the_name_of_the_field() {
    let (stage, _server) = Stage::set().await;
    let site = &stage.site;
    let order = |id: &str, amount| purchase(id, address(id), amount);
    let huge = send(site, &order("huge", "5000")).await;
    assert!(is_refused(&huge, "currency_amount is too large for one purchase"), "{huge:?}");
    let mut bytes = order("bytes", "60000");
    bytes.currency = "GBYTE".to_owned();
    let refused = send(site, &bytes).await;
    assert!(is_refused(&refused, "currency_amount looks like bytes"), "{refused:?}");
    for number in 0..10 {
        assert!(is_paid(&send(site, &order(&number.to_string(), "1")).await));
    }
    let far = send(site, &order("far", "101")).await;
    assert!(is_refused(&far, "currency_amount is far above earlier purchases"), "{far:?}");
    let usual = send(site, &order("far", "100")).await;
    assert!(
        matches!(usual, PurchaseAnswer::Ok { cashback_amount, .. } if cashback_amount == Bytes::literal(100 * CASHBACK))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn merchants_of_a_processor_have_orders_limits_and_a_lock_of_their_own() {
    let (stage, _server) = Stage::set().await;
    let site = &stage.site;
    let name = "demo-processor";
    let (good, said) =
        run(&["partner", "add", name, "--kind", "processor", "--data-dir", argument(&site.folder)]);
    let key = said.lines().find_map(|line| line.strip_prefix("partner_key: "));
    let key = key.filter(|_| good).expect("a key is printed").to_owned();
    let order = |id: &str, merchant: &str| PurchaseRequest {
        partner: name.to_owned(),
        partner_key: key.clone(),
        merchant: merchant.to_owned(),
        ..purchase(id, address(&format!("{merchant} {id}")), "1")
    };
    let nobody = send(site, &order("1", "")).await;
    assert!(is_refused(&nobody, "merchant is missing; a payment processor must send it"), "{nobody:?}");
    for merchant in ["north", "south"] {
        assert!(is_paid(&send(site, &order("1", merchant)).await), "each has an order 1");
    }
    let listed = partner(site, &["merchants", name, "--block", "north", "--only-listed"]);
    assert_eq!(listed["merchants"].as_array().expect("a list").len(), 2);
    assert!(is_refused(&send(site, &order("2", "north")).await, "merchant is blocked"));
    assert!(is_paid(&send(site, &order("1", "north")).await), "what was paid is told as before");
    assert!(is_refused(&send(site, &order("1", "east")).await, "merchant is not on the list"));
    partner(site, &["merchants", name, "--unblock", "north", "--add", "east"]);
    for merchant in ["north", "east"] {
        assert!(is_paid(&send(site, &order("2", merchant)).await));
    }

    let limit = format!("merchant_day={}", 2 * CASHBACK);
    partner(site, &["limits", name, "--merchant", "north", "--set", &limit]);
    let used_up = send(site, &order("3", "north")).await;
    assert!(is_refused(&used_up, "limit merchant_day"), "{used_up:?}");
    assert!(is_paid(&send(site, &order("3", "south")).await));
    let (good, said) =
        run(&["partner", "limits", name, "--merchant", "west", "--data-dir", argument(&site.folder)]);
    assert!(!good && said.contains("no such merchant"), "{said}");
    let (good, said) = run(&["partner", "merchants", "demo-shop", "--data-dir", argument(&site.folder)]);
    assert!(!good && said.contains("is a merchant itself"), "{said}");
}
