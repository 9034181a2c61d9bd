//! Asking what a purchase would get.

use super::support::*;

const QUOTE: &str = "currency=USD&currency_amount=12.50";
const KNOWN: &str = "partner=demo-shop&partner_key=demo-shop-key";
/// `demo-shop:demo-shop-key`.
const BASIC: &str = "Authorization: Basic ZGVtby1zaG9wOmRlbW8tc2hvcC1rZXk=\r\n";

async fn ask(server: &Server, path: &str, headers: &str) -> Reply {
    let reply = server.send(format!("GET {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n")).await;
    assert_eq!(reply.status(), 200, "{path}: {}", reply.body);
    assert_eq!(server.purchases(), 0, "a quote reports no purchase");
    reply
}

async fn refused(server: &Server, parameters: &str) -> String {
    ask(server, &format!("/v1/quote?{KNOWN}&{parameters}"), "").await.error()
}

#[tokio::test]
async fn a_quote_tells_the_shares_and_their_reasons() {
    let server = Server::start().await;
    let parameters = format!("{QUOTE}&partner_cashback_percentage=2.5");
    let expected = r#"{"result":"ok","cashback_amount":93750000,"base":62500000,"partner":15625000,"match":15625000,"explanation":["12.5 USD at GBYTE_USD 20 is worth 625000000 bytes","base share 10 % from the fund: 62500000 bytes","partner's share 2.5 % from the deposit: 15625000 bytes","match 2.5 % from the fund: 15625000 bytes","cashback: 93750000 bytes"]}"#;
    assert_eq!(ask(&server, &format!("/v1/quote?{KNOWN}&{parameters}"), "").await.body, expected);
    assert_eq!(ask(&server, &format!("/test/v1/quote?{parameters}"), BASIC).await.body, expected);
    let asked = server.cashier.inquiries.lock().expect("no panic").clone();
    let at: Vec<_> = asked.iter().map(|(at, partner, _)| (at.to_string(), partner.as_str())).collect();
    assert_eq!(at, [("live".to_owned(), "demo-shop"), ("test".to_owned(), "demo-shop")]);
}

#[tokio::test]
async fn all_parameters_of_a_purchase_may_come_along() {
    let server = Server::start().await;
    assert!(ask(&server, &format!("/v1/quote?{}", form("")), "").await.body.contains("62500000"));
    let (_, _, inquiry) = server.cashier.inquiries.lock().expect("no panic").pop().expect("asked");
    assert!(inquiry.recipient.is_some());
}

#[tokio::test]
async fn the_partner_is_authenticated_before_any_field_is_judged() {
    let server = Server::start().await;
    for (parameters, headers) in [
        ("currency=JPY", ""),
        ("partner=demo-shop&partner_key=wrong&currency=JPY", ""),
        ("partner=&partner_key=&currency=JPY", ""),
        (KNOWN, "Authorization: Basic ZGVtby1zaG9wOndyb25n\r\n"),
        (KNOWN, "Authorization: Bearer x\r\n"),
    ] {
        let reply = ask(&server, &format!("/v1/quote?{parameters}"), headers).await;
        assert_eq!(reply.body, UNAUTHENTICATED, "{parameters}");
    }
    assert!(ask(&server, "/v1/quote", BASIC).await.error().contains("currency is missing"));
}

#[tokio::test]
async fn fields_are_judged_as_those_of_a_purchase() {
    let server = Server::start().await;
    let purchase = async |more: &str| server.purchase(more).await.error();
    for wrong in [
        "currency=JPY",
        "currency_amount=",
        "currency_amount=-1",
        "currency_amount=1,000",
        "partner_cashback_percentage=101",
        "address=QZAB2MYRLRVUNITTOOCF5ZE3AG4TCJDX",
        "purchase_unit=short",
        "currency=JPY&currency_amount=x",
        "order_id=%00",
        "merchant=%FF",
    ] {
        assert_eq!(refused(&server, &form(wrong)).await, purchase(wrong).await, "{wrong}");
    }
    let processor = "partner=demo-processor&partner_key=demo-processor-key";
    let error = ask(&server, &format!("/v1/quote?{processor}&{QUOTE}"), "").await.error();
    assert_eq!(error, "merchant is missing; a payment processor must send it");
    let named = format!("/v1/quote?{processor}&merchant=till-7&{QUOTE}");
    assert!(ask(&server, &named, "").await.body.starts_with(r#"{"result":"ok""#));
}

#[tokio::test]
async fn what_is_too_long_is_refused_as_in_a_purchase() {
    let server = Server::start().await;
    let long = "9".repeat(5_000);
    for wrong in [
        format!("currency_amount={long}"),
        "currency_amount=0.123456789012345678901234567890".to_owned(),
        "currency_amount=1e99999999999999999999".to_owned(),
        format!("partner_cashback_percentage={long}"),
        format!("order_id={long}"),
        format!("currency={long}"),
        format!("address={long}"),
        format!("purchase_unit={long}"),
    ] {
        let error = refused(&server, &form(&wrong)).await;
        assert_eq!(error, server.purchase(&wrong).await.error());
        assert!(error.len() <= 100 && !error.contains("9999"), "{error}");
    }
    for name in ["partner", "partner_key"] {
        let path = format!("/v1/quote?{KNOWN}&{QUOTE}&{name}={long}");
        assert_eq!(ask(&server, &path, "").await.body, UNAUTHENTICATED, "{name}");
    }
    let header = format!("Authorization: Basic {}\r\n", "YTpi".repeat(1_500));
    let reply = ask(&server, &format!("/v1/quote?{KNOWN}&{QUOTE}"), &header).await;
    assert_eq!(reply.body, UNAUTHENTICATED, "parameters do not stand in for a header");
}

#[tokio::test]
async fn what_the_rules_refuse_is_an_error_with_status_200() {
    let server = Server::start().await;
    let error = refused(&server, "currency=GBYTE&currency_amount=60000").await;
    assert!(error.starts_with("currency_amount looks like bytes"), "{error}");
    let error = refused(&server, "currency=EUR&currency_amount=1").await;
    assert_eq!(error, "no rate for EUR right now, please repeat later");
}

#[tokio::test]
async fn a_quote_that_panics_is_answered() {
    let server = Server::start().await;
    let error = refused(&server, "currency=BTC&currency_amount=13").await;
    assert!(error.starts_with("internal error"), "{error}");
    let error = ask(&server, "/v1/quote?partner=unavailable&partner_key=x", "").await.error();
    assert!(error.starts_with("temporarily unavailable"), "{error}");
}

#[tokio::test]
async fn a_quote_is_asked_with_get() {
    let server = Server::start().await;
    let reply = server.send("POST /v1/quote HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n").await;
    assert_eq!((reply.status(), reply.header("allow")), (405, Some("GET, HEAD, OPTIONS")));
    assert_eq!(reply.error(), "wrong method; this is asked for with GET");
    let reply = server.send("OPTIONS /test/v1/quote HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!((reply.status(), reply.header("allow")), (204, Some("GET, HEAD, OPTIONS")));
}
