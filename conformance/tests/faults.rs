//! Servers that do wrong are found out.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use conformance::{Options, Outcome, Report, run};

/// A server that answers whatever it is sent with what `answer` makes of it. Its threads
/// end with the process.
fn serve(answer: impl Fn(&str) -> String + Send + Sync + Clone + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = answer.clone();
            // A client that goes away ends its thread.
            thread::spawn(move || converse(stream, &answer).unwrap_or(()));
        }
    });
    address
}

fn converse(mut stream: TcpStream, answer: &dyn Fn(&str) -> String) -> std::io::Result<()> {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
            let length = length.and_then(|length| length.parse().ok()).unwrap_or(0);
            if body.len() >= length || head.contains("Expect: ") {
                return stream.write_all(answer(&text).as_bytes());
            }
        }
        match stream.read(&mut buffer)? {
            0 => return Ok(()),
            length => request.extend_from_slice(&buffer[..length]),
        }
    }
}

fn http(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json; charset=utf-8\r\nAccess-Control-Allow-Origin: *\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    )
}

fn ok(number: u64) -> String {
    let unit = format!("{number:042}A=");
    http("200 OK", &format!(r#"{{"result":"ok","cashback_amount":5000000,"unit":"{unit}"}}"#))
}

fn unauthenticated() -> String {
    http("200 OK", r#"{"result":"error","error":"authentication failed"}"#)
}

fn judged(server: SocketAddr, only: &[&str]) -> anyhow::Result<Report> {
    let target = format!("http://{server}").parse()?;
    let only = only.iter().map(|&number| number.to_owned()).collect();
    run(&Options { only, ..Options::new(target, "faults") }, &mut Vec::new())
}

/// The texts of what failed.
fn failures(report: &Report) -> Vec<&str> {
    let rows = report.rows.iter();
    rows.filter_map(|row| match &row.outcome {
        Outcome::Fail(text) => Some(text.as_str()),
        _ => None,
    })
    .collect()
}

#[test]
fn a_server_that_pays_whatever_it_is_asked_fails_nearly_everything() {
    let count: &'static AtomicU64 = Box::leak(Box::new(AtomicU64::new(0)));
    let server = serve(|_| ok(count.fetch_add(1, Ordering::Relaxed)));
    let report = judged(server, &[]).expect("it can be judged");
    let unnoticed: Vec<String> = report
        .rows
        .iter()
        .filter(|row| row.outcome == Outcome::Ok)
        .map(|row| row.case.details.join(" "))
        .collect();
    // Each of these is about being paid at all, about time, or about the options.
    assert_eq!(unnoticed, ["C13 C14 C15", "C17", "C18", "C19", "C30", "C41", "C4"]);
}

#[test]
fn a_server_that_pays_twice_fails_the_double_fire() {
    let count: &'static AtomicU64 = Box::leak(Box::new(AtomicU64::new(0)));
    let server = serve(|request| match request.contains("nobody-by-this-name") {
        true => unauthenticated(),
        false => ok(count.fetch_add(1, Ordering::Relaxed)),
    });
    let report = judged(server, &["C22"]).expect("it can be judged");
    assert_eq!(failures(&report).len(), 1);
    assert!(failures(&report)[0].contains("at most one answer without replayed:true"));
}

#[test]
fn an_echo_of_the_input_is_found_and_no_key_is_shown() {
    let server = serve(|request| match request.contains("nobody-by-this-name") {
        true => unauthenticated(),
        false => {
            let body = request.rsplit("\r\n\r\n").next().unwrap_or_default();
            let text: String = body.chars().filter(char::is_ascii_alphanumeric).take(400).collect();
            http("200 OK", &format!(r#"{{"result":"error","error":"demo-shop-key {text}"}}"#))
        }
    });
    let report = judged(server, &["C12"]).expect("it can be judged");
    let failures = failures(&report);
    assert_eq!(failures.len(), 1);
    assert!(failures[0].contains("***") && !failures[0].contains("demo-shop-key"), "{failures:?}");
}

#[test]
fn another_status_than_200_for_an_error_is_found() {
    let server = serve(|request| match request.contains("nobody-by-this-name") {
        true => unauthenticated(),
        false => http("400 Bad Request", r#"{"result":"error","error":"wrong"}"#),
    });
    let report = judged(server, &["C3"]).expect("it can be judged");
    assert!(failures(&report)[0].contains("expected status 200 (C3)"), "{:?}", report.rows);
}

#[test]
fn where_nothing_can_be_judged_the_run_is_an_error() {
    let wrong_key = judged(serve(|_| unauthenticated()), &[]).expect_err("the partner is unknown");
    assert!(wrong_key.to_string().contains("does not know the partner"), "{wrong_key}");
    judged(serve(|_| String::new()), &[]).expect_err("it says nothing");
    judged(serve(|_| "SSH-2.0-x\r\n\r\n".to_owned()), &[]).expect_err("it speaks something else");
    judged(SocketAddr::from(([127, 0, 0, 1], 9)), &["C99"]).expect_err("there is no such case");
}
