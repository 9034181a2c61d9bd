//! What the server takes from a client, and how it ends.

use std::time::Duration;

use bytesback::http::{BODY_MAX, DRAIN_MAX, Limits, Reserved};
use tokio::net::TcpStream;

use super::support::*;

const SHORT: Duration = Duration::from_millis(300);

#[tokio::test]
async fn a_body_of_64_kib_is_read_and_one_byte_more_is_not() {
    let server = Server::start().await;
    let fill = |length: usize| form(&format!("x={}", "y".repeat(length - form("x=").len())));
    assert_eq!(server.post("/new_purchase", FORM, fill(BODY_MAX)).await.body, PAID);
    let reply = server.post("/new_purchase", FORM, fill(BODY_MAX + 1)).await;
    assert_eq!((reply.status(), reply.error().as_str()), (413, "the request is larger than 64 KiB"));
    assert_eq!(server.purchases(), 1);
}

#[tokio::test]
async fn a_client_that_sends_too_much_gets_to_read_the_answer() {
    let server = Server::start().await;
    let reply = server.post("/new_purchase", FORM, vec![b'x'; DRAIN_MAX]).await;
    assert_eq!(reply.status(), 413);
    let mut connection = server.connect().await;
    let head = format!("POST /new_purchase HTTP/1.1\r\nHost: x\r\n{FORM}Transfer-Encoding: chunked\r\n\r\n");
    connection.write(head).await;
    for _ in 0..20 {
        connection.write([b"10000\r\n".as_slice(), &vec![b'x'; 65_536], b"\r\n"].concat()).await;
    }
    connection.write("0\r\n\r\n").await;
    assert_eq!(connection.reply().await.status(), 413);
}

#[tokio::test]
async fn a_client_that_asks_before_sending_too_much_is_told_at_once() {
    let server = Server::start().await;
    let head = format!(
        "POST /new_purchase HTTP/1.1\r\nHost: x\r\n{FORM}Expect: 100-continue\r\nContent-Length: 9999999\r\n\r\n"
    );
    let reply = server.send(head).await;
    assert_eq!(reply.status_line, "HTTP/1.1 413 Payload Too Large");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for_for_ever() {
    let server = Server::within(Limits { body: SHORT, ..Limits::default() }).await;
    let mut connection = server.connect().await;
    connection.write(&post("/new_purchase", FORM, form(""))[..200]).await;
    let reply = connection.reply().await;
    assert_eq!((reply.status(), reply.error().as_str()), (408, "the request took too long to arrive"));
    assert!(connection.is_closed().await);
}

#[tokio::test]
async fn a_head_that_does_not_come_is_not_waited_for_for_ever() {
    let server = Server::within(Limits { head: SHORT, ..Limits::default() }).await;
    let mut connection = server.connect().await;
    connection.write("POST /new_purchase HTTP/1.1\r\nHost:").await;
    assert!(connection.is_closed().await);
}

#[tokio::test]
async fn a_head_without_end_is_cut_off() {
    let server = Server::start().await;
    let mut connection = server.connect().await;
    connection.write(format!("GET / HTTP/1.1\r\nX: {}", "y".repeat(33_000))).await;
    assert!(connection.head().await.starts_with("HTTP/1.1 431 "));
}

#[tokio::test]
async fn what_is_no_http_is_cut_off_without_a_body() {
    let server = Server::start().await;
    for nonsense in
        ["hello\r\n\r\n", "POST /new_purchase HTTP/1.1\r\nno header\r\n\r\n", "\u{16}\u{3}\u{1}\r\n\r\n"]
    {
        let mut connection = server.connect().await;
        connection.write(nonsense).await;
        let head = connection.head().await;
        assert!(head.starts_with("HTTP/1.1 400 ") && head.contains("content-length: 0"), "{head}");
        assert!(connection.is_closed().await);
    }
    assert_eq!(server.purchase("").await.body, PAID);
}

#[tokio::test]
async fn connections_beyond_the_limit_wait_their_turn() {
    let server = Server::within(Limits { connections: 1, ..Limits::default() }).await;
    let mut first = server.connect().await;
    first.write(post("/new_purchase", FORM, form("order_id=wait"))).await;
    within_patience(server.cashier.arrived.notified()).await;
    let mut second = server.connect().await;
    second.write(post("/new_purchase", FORM, form("order_id=2"))).await;
    server.cashier.release.notify_one();
    first.reply().await;
    assert_eq!(server.purchases(), 1);
    drop(first);
    assert_eq!(second.reply().await.body, PAID);
}

#[tokio::test]
async fn a_server_that_stops_answers_what_is_under_way() {
    let mut server = Server::start().await;
    let mut idle = server.connect().await;
    idle.write(post("/new_purchase", FORM, form(""))).await;
    idle.reply().await;
    let mut busy = server.connect().await;
    busy.write(post("/new_purchase", FORM, form("order_id=wait"))).await;
    within_patience(server.cashier.arrived.notified()).await;
    server.tell_to_stop();
    assert!(idle.is_closed().await);
    server.cashier.release.notify_one();
    assert_eq!(busy.reply().await.body, PAID);
    server.has_stopped().await;
    assert!(tokio::net::TcpStream::connect(server.address).await.is_err());
}

#[tokio::test]
async fn a_server_that_stops_waits_for_purchases_whose_clients_are_gone() {
    let mut server = Server::start().await;
    let mut connection = server.connect().await;
    connection.write(post("/new_purchase", FORM, form("order_id=wait"))).await;
    within_patience(server.cashier.arrived.notified()).await;
    drop(connection);
    server.tell_to_stop();
    server.cashier.release.notify_one();
    server.has_stopped().await;
    within_patience(server.cashier.finished.notified()).await;
}

#[tokio::test]
async fn a_server_that_stops_does_not_wait_for_ever() {
    let mut server = Server::within(Limits { shutdown: SHORT, ..Limits::default() }).await;
    let mut connection = server.connect().await;
    connection.write(post("/new_purchase", FORM, form("order_id=wait"))).await;
    within_patience(server.cashier.arrived.notified()).await;
    server.tell_to_stop();
    server.has_stopped().await;
}

#[tokio::test]
async fn nobody_is_let_in_before_there_is_somebody_to_answer() {
    let reserved = Reserved::at("127.0.0.1:0".parse().expect("an address")).expect("a free port");
    let address = reserved.address().expect("bound");
    let refused = TcpStream::connect(address).await.expect_err("nobody listens");
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    let listener = reserved.listen().expect("nobody else does");
    TcpStream::connect(address).await.expect("let in");
    assert!(Reserved::at(address).is_err(), "the address is taken");
    drop(listener);
}
