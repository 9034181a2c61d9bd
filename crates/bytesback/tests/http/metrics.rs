//! The figures for whoever watches the server.

use super::support::*;

/// The lines of the figures.
async fn figures(server: &Server) -> Vec<String> {
    let reply = server.send("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await;
    assert_eq!((reply.status(), reply.header("cache-control")), (200, Some("no-store")));
    assert_eq!(reply.header("content-type"), Some("text/plain; version=0.0.4"));
    reply.body.lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn every_request_for_cashback_is_counted_by_what_became_of_it() {
    let server = Server::start().await;
    for more in ["", "", "order_id=pending", "order_id=refuse", "order_id=", "order_id=panic", "partner=x"] {
        server.purchase(more).await;
    }
    server.purchase("partner=unavailable").await;
    server.post("/new_purchase", "Content-Encoding: gzip\r\n", "x").await;
    server.post("/new_purchase", "Content-Type: application/json\r\n", "x").await;
    server.post("/new_purchase", FORM, vec![b'x'; 70_000]).await;
    server.post("/test/new_purchase/", FORM, form("")).await;
    let lines = figures(&server).await;
    let count = |endpoint: &str, outcome: &str| {
        let start = format!("bytesback_purchases_total{{endpoint=\"{endpoint}\",outcome=\"{outcome}\"}} ");
        lines.iter().find_map(|line| line.strip_prefix(&start)).expect("counted").to_owned()
    };
    for (outcome, expected) in [
        ("paid", "1"),
        ("replayed", "1"),
        ("pending", "1"),
        ("refused", "2"),
        ("unauthenticated", "1"),
        ("failed", "2"),
        ("unreadable", "3"),
    ] {
        assert_eq!(count("live", outcome), expected, "{outcome}");
    }
    assert_eq!((count("test", "paid").as_str(), count("test", "refused").as_str()), ("1", "0"));
    // All but the one whose body did not come have an answer time.
    assert!(lines.contains(&r#"bytesback_purchase_answer_seconds_count{endpoint="live"} 10"#.to_owned()));
}

#[tokio::test]
async fn figures_name_nobody_and_hold_no_key() {
    let server = Server::start().await;
    server.purchase("order_id=zqx").await;
    server.purchase("order_id=refuse").await;
    let text = figures(&server).await.join("\n");
    for secret in ["demo-shop", "zqx", "coffee", ADDRESS, UNIT, "c1\""] {
        assert!(!text.contains(secret), "{secret}");
    }
}
