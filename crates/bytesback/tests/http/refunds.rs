//! `POST /v1/refund`, and the same for the test endpoint.

use super::support::*;

const SHOP: &str = "partner=demo-shop&partner_key=demo-shop-key";

#[tokio::test]
async fn a_refund_is_answered_to_the_byte_and_repeated_as_it_was() {
    let server = Server::start().await;
    for path in ["/v1/refund", "/test/v1/refund"] {
        let send = async || server.post(path, FORM, format!("{SHOP}&order_id=1001")).await.body;
        let first = r#"{"result":"ok","refund_amount":60,"from_deposit":60,"receivable":60}"#;
        assert_eq!(send().await, first, "{path}");
        assert_eq!(send().await, first.replace('}', r#","replayed":true}"#), "{path}");
    }
    let json = r#"{"partner":"demo-processor","partner_key":"demo-processor-key","merchant":"m","order_id":1,
        "currency_amount":1.5}"#;
    let reply = server.post("/v1/refund", "Content-Type: application/json\r\n", json).await;
    assert_eq!(reply.body, r#"{"result":"ok","refund_amount":20,"from_deposit":20,"receivable":20}"#);
}

#[tokio::test]
async fn who_is_not_known_is_told_nothing_else() {
    let server = Server::start().await;
    for body in
        ["", "order_id=1", "partner=demo-shop&partner_key=wrong&order_id=", "partner=nobody&order_id=1"]
    {
        assert_eq!(server.post("/v1/refund", FORM, body).await.body, UNAUTHENTICATED, "{body}");
    }
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let server = Server::start().await;
    for (more, error) in [
        ("", "order_id is missing"),
        ("&order_id=1&currency_amount=x", "currency_amount is not a number, write it like 12.50"),
        ("&order_id=refuse", "order_id is unknown"),
        ("&order_id=panic", "internal error; repeating the same request is safe"),
    ] {
        let reply = server.post("/v1/refund", FORM, format!("{SHOP}{more}")).await;
        assert_eq!((reply.status(), reply.error().as_str()), (200, error), "{more}");
    }
    let reply = server.send("GET /v1/refund HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
    assert_eq!(reply.status(), 405);
}
