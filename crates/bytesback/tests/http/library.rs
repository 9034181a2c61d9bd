//! The client library against the server.

use bytesback_client::{Client, ClientError, Endpoint, PurchaseAnswer, PurchaseRequest};

use super::support::*;

fn request(order: &str) -> PurchaseRequest {
    PurchaseRequest {
        partner: "demo-shop".into(),
        partner_key: "demo-shop-key".into(),
        customer: "Иван +&=%".into(),
        order_id: order.into(),
        description: "two\nlines & more".into(),
        address: "a+b@x.org".into(),
        currency: "USD".into(),
        currency_amount: "12.50".into(),
        purchase_unit: UNIT.into(),
        ..PurchaseRequest::default()
    }
}

async fn ask(server: &Server, request: &PurchaseRequest) -> Result<PurchaseAnswer, ClientError> {
    let client = Client::new(&format!("http://{}", server.address)).expect("a client");
    client.new_purchase(Endpoint::Test, request).await
}

#[tokio::test]
async fn what_the_client_is_given_arrives_unchanged() {
    let server = Server::start().await;
    let answer = ask(&server, &request("1")).await.expect("answered");
    assert!(matches!(answer, PurchaseAnswer::Ok { replayed: false, replaced: false, .. }), "{answer:?}");
    let (endpoint, partner, purchase) = server.last();
    assert_eq!((endpoint, partner.as_str()), (bytesback::endpoint::Endpoint::Test, "demo-shop"));
    assert_eq!(purchase.customer.as_str(), "Иван +&=%");
    assert_eq!(purchase.description, "two\nlines & more");
    assert_eq!(purchase.recipient.to_string(), "a+b@x.org");
    assert_eq!(purchase.purchase_unit.expect("sent").as_str(), UNIT);
    let again = ask(&server, &request("1")).await.expect("answered");
    assert!(matches!(again, PurchaseAnswer::Ok { replayed: true, .. }), "{again:?}");
}

#[tokio::test]
async fn the_other_answers_are_told_apart() {
    let server = Server::start().await;
    let pending = ask(&server, &request("pending")).await.expect("answered");
    assert!(matches!(pending, PurchaseAnswer::Pending { .. }), "{pending:?}");
    let refused = ask(&server, &request("refuse")).await.expect("answered");
    assert_eq!(refused, PurchaseAnswer::Error { text: "the fund is empty".into() });
    let large = PurchaseRequest { description: "x".repeat(70_000), ..request("large") };
    let error = ask(&server, &large).await.expect_err("too large");
    assert_eq!(error.to_string(), "the server answered with status 413: the request is larger than 64 KiB");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_an_error_that_says_to_repeat() {
    let mut server = Server::start().await;
    server.tell_to_stop();
    server.has_stopped().await;
    let error = ask(&server, &request("1")).await.expect_err("nobody listens");
    assert!(matches!(error, ClientError::Transport(_)));
    assert!(error.to_string().ends_with("repeating the same request is safe"), "{error}");
    assert!(!error.to_string().contains("demo-shop-key"));
}
