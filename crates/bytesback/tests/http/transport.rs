//! Statuses, headers and the order in which a request is judged.

use bytesback::http::Health;

use super::support::*;

#[tokio::test]
async fn the_request_of_the_documentation_is_answered_to_the_byte() {
    let server = Server::start().await;
    let reply = server.purchase("").await;
    assert_eq!(reply.status_line, "HTTP/1.1 200 OK");
    assert_eq!(reply.body, PAID);
    let purchase = server.last().2;
    assert_eq!(purchase.description, "coffee");
    assert_eq!(purchase.amount.to_string(), "12.5 USD");
}

#[tokio::test]
async fn c3_every_decision_of_the_api_has_status_200() {
    let server = Server::start().await;
    for (more, text) in [
        ("partner_key=wrong", "authentication failed"),
        ("partner=unavailable", "temporarily unavailable; please repeat the same request"),
        ("order_id=", "order_id is missing"),
        ("order_id=refuse", "the fund is empty"),
        ("order_id=panic", "internal error; repeating the same request is safe"),
        ("partner=panic", "internal error; repeating the same request is safe"),
    ] {
        let reply = server.purchase(more).await;
        assert_eq!((reply.status(), reply.error().as_str()), (200, text), "{more}");
    }
    assert_eq!(server.purchase("order_id=after").await.body, PAID);
}

#[tokio::test]
async fn c13_a_pending_answer_is_an_error_with_a_mark() {
    let server = Server::start().await;
    assert_eq!(
        server.purchase("order_id=pending").await.body,
        r#"{"result":"error","error":"accepted, being sent: repeat the same request to learn its unit","pending":true}"#
    );
}

#[tokio::test]
async fn c41_whatever_is_wrong_with_the_partner_is_answered_alike() {
    let server = Server::start().await;
    let long = "x".repeat(60_000);
    for credentials in [
        "partner=nobody",
        "partner=",
        "partner_key=",
        "partner=&partner_key=",
        "partner=demo-shop%00",
        "partner=demo-processor",
        "partner=null&partner_key=null",
        "partner=%FF",
        &format!("partner={long}"),
    ] {
        // Before any field is judged.
        let reply = server.purchase(&format!("{credentials}&order_id=&currency=&address=x")).await;
        assert_eq!((reply.status(), reply.body.as_str()), (200, UNAUTHENTICATED), "{credentials}");
    }
    for body in
        ["", "{}", r#"{"partner":{},"partner_key":[]}"#, r#"{"partner":"demo-shop","partner_key":true}"#]
    {
        assert_eq!(server.post("/new_purchase", "", body).await.body, UNAUTHENTICATED);
    }
}

#[tokio::test]
async fn a_body_that_cannot_be_read_is_refused_before_the_partner_is_asked_for() {
    let server = Server::start().await;
    for (headers, body) in [
        ("Content-Type: application/json\r\n", "partner=demo-shop"),
        ("Content-Type: multipart/form-data; boundary=x\r\n", "partner=demo-shop"),
        ("Content-Type: application/x-www-form-urlencoded\r\nContent-Encoding: gzip\r\n", "partner=panic"),
    ] {
        let reply = server.post("/new_purchase", headers, body).await;
        assert_eq!(reply.status(), 200);
        assert!(reply.error().starts_with("the request could not be read: "), "{}", reply.body);
    }
}

#[tokio::test]
async fn c12_no_error_holds_a_copy_of_the_input() {
    let server = Server::start().await;
    for field in [
        "partner",
        "partner_key",
        "order_id",
        "address",
        "currency",
        "currency_amount",
        "partner_cashback_percentage",
        "purchase_unit",
    ] {
        for value in ["zqx", "zqx@zqx", "zqx%FF", "%3Cb%3Ezqx", "zqx-".repeat(100).as_str()] {
            let reply = server.purchase(&format!("{field}={value}")).await;
            assert!(!reply.body.contains("zqx"), "{}", reply.body);
        }
    }
}

#[tokio::test]
async fn c11_the_answer_is_json_whatever_the_client_accepts() {
    let server = Server::start().await;
    for accept in ["text/plain", "text/html", "application/json", "*/*", "garbage"] {
        let headers = format!("Accept: {accept}\r\n{FORM}");
        assert_eq!(server.post("/new_purchase", &headers, form("partner=x")).await.body, UNAUTHENTICATED);
    }
}

#[tokio::test]
async fn wrong_methods_and_paths_have_their_statuses_and_a_body() {
    let server = Server::start().await;
    for (start, status) in [
        ("GET /new_purchase", 405),
        ("PUT /test/new_purchase/", 405),
        ("DELETE /healthz", 405),
        ("POST /", 405),
        ("GET /nothing", 404),
        ("POST //new_purchase", 404),
        ("POST /new_purchase/x", 404),
        ("POST /NEW_PURCHASE", 404),
        ("POST /test", 404),
    ] {
        let reply = server.send(format!("{start} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")).await;
        assert_eq!(reply.status(), status, "{start}");
        reply.error();
        assert_eq!(reply.header("allow").is_some(), status == 405);
    }
}

#[tokio::test]
async fn options_is_answered_everywhere() {
    let server = Server::start().await;
    for path in ["/new_purchase", "/test/new_purchase/", "/readyz", "/", "/nothing"] {
        let reply = server.send(format!("OPTIONS {path} HTTP/1.1\r\nHost: x\r\n\r\n")).await;
        assert_eq!((reply.status(), reply.body.as_str()), (204, ""), "{path}");
    }
}

#[tokio::test]
async fn health_and_readiness_are_told_apart() {
    let server = Server::start().await;
    let get = async |path: &str| server.send(format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")).await;
    let ready = get("/readyz").await;
    assert_eq!(ready.status(), 200);
    assert_eq!(
        ready.body,
        r#"{"result":"ok","checks":[{"name":"database","ok":true},{"name":"hub","ok":true}]}"#
    );
    let set_hub = |health, what| *server.cashier.hub.lock().expect("no panic") = Some((health, what));
    set_hub(Health::Degraded, "look for another hub");
    let degraded = get("/readyz").await;
    assert_eq!(degraded.status(), 200, "purchases are paid all the same");
    assert_eq!(
        degraded.body,
        r#"{"result":"ok","degraded":true,"checks":[{"name":"database","ok":true},{"degraded":true,"name":"hub","ok":true,"what_to_do":"look for another hub"}]}"#
    );
    set_hub(Health::Broken, "check the URL of the hub");
    let unready = get("/readyz").await;
    assert_eq!((unready.status(), unready.error().as_str()), (503, "not ready"));
    assert!(unready.body.contains(r#""what_to_do":"check the URL of the hub""#), "{}", unready.body);
    let alive = get("/healthz").await;
    assert_eq!((alive.status(), alive.body.as_str()), (200, r#"{"result":"ok"}"#));
    assert!(get("/").await.body.contains("<h1>Bytesback</h1>"));
}

#[tokio::test]
async fn one_connection_serves_many_requests_even_when_they_come_at_once() {
    let server = Server::start().await;
    let mut connection = server.connect().await;
    let requests: Vec<u8> =
        (0..3).flat_map(|number| post("/new_purchase", FORM, form(&format!("order_id={number}")))).collect();
    connection.write(requests).await;
    for _ in 0..3 {
        assert_eq!(connection.reply().await.body, PAID);
    }
    let orders: Vec<_> =
        server.cashier.purchases.lock().expect("no panic").iter().map(|p| p.2.order.to_string()).collect();
    assert_eq!(orders, ["0", "1", "2"]);
}

#[tokio::test]
async fn a_chunked_body_is_put_together() {
    let server = Server::start().await;
    let body = form("order_id=chunked");
    let (one, two) = body.split_at(40);
    let chunk = |text: &str| format!("{:x}\r\n{text}\r\n", text.len());
    let head = format!("POST /new_purchase HTTP/1.1\r\nHost: x\r\n{FORM}Transfer-Encoding: chunked\r\n\r\n");
    let reply = server.send(format!("{head}{}{}0\r\n\r\n", chunk(one), chunk(two))).await;
    assert_eq!(reply.body, PAID);
    assert_eq!(server.last().2.order.as_str(), "chunked");
}

#[tokio::test]
async fn a_client_that_closes_its_direction_still_reads_the_answer() {
    let server = Server::start().await;
    let mut connection = server.connect().await;
    connection.write(post("/new_purchase", FORM, form("order_id=wait"))).await;
    connection.finish_writing().await;
    within_patience(server.cashier.arrived.notified()).await;
    server.cashier.release.notify_one();
    assert_eq!(connection.reply().await.body, PAID);
}

#[tokio::test]
async fn c5_a_purchase_goes_on_when_its_client_hangs_up() {
    let server = Server::start().await;
    let mut connection = server.connect().await;
    connection.write(post("/new_purchase", FORM, form("order_id=wait"))).await;
    within_patience(server.cashier.arrived.notified()).await;
    drop(connection);
    // The server has seen the end of the connection before it answers another one.
    assert_eq!(server.purchase("").await.body, PAID);
    server.cashier.release.notify_one();
    within_patience(server.cashier.finished.notified()).await;
    let replayed = PAID.replace('}', r#","replayed":true}"#);
    server.cashier.release.notify_one();
    assert_eq!(server.purchase("order_id=wait").await.body, replayed);
}
