//! The generator against a server of known behaviour.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bench::http::Target;
use bench::load::{Caller, Load, drained, fill, settle, warm_up, windows};
use bench::options::Options;
use bench::shop::Shop;
use clap::Parser;
use obyte::UnitHash;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the server answers to its nth request, counted from 0: a body, after a while. No body closes.
type Behaviour = fn(usize) -> (Option<String>, Duration);

const AT_ONCE: Duration = Duration::ZERO;

fn paid(unit: usize) -> Option<String> {
    let unit = UnitHash::of(&unit.to_string());
    Some(format!(r#"{{"result":"ok","cashback_amount":5,"unit":"{unit}"}}"#))
}

fn pending() -> Option<String> {
    Some(r#"{"result":"error","error":"accepted, being sent","pending":true}"#.to_owned())
}

/// A caller, and a server that behaves.
async fn caller(behaviour: Behaviour) -> Arc<Caller> {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let requests = Arc::new(std::sync::atomic::AtomicUsize::new(0));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let requests = Arc::clone(&requests);
            let next = move || requests.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            tokio::spawn(serve(stream, next, behaviour));
        }
    });
    let target = Target::new(&url, "/test/new_purchase").expect("on this machine");
    Arc::new(Caller::new(Shop::new(target, &Options::parse_from(["bench"]))))
}

async fn serve(mut stream: TcpStream, next: impl Fn() -> usize, behaviour: Behaviour) {
    let mut request = Vec::new();
    loop {
        request.clear();
        // Every request ends with this empty field.
        while !request.ends_with(b"&purchase_unit=") {
            if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
                return;
            }
        }
        let (body, pause) = behaviour(next());
        tokio::time::sleep(pause).await;
        let Some(body) = body else { return };
        let response = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        if stream.write_all(response.as_bytes()).await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn open_load_sends_what_is_due_and_counts_units() {
    let caller = caller(|number| (paid(number / 10), AT_ONCE)).await;
    let tally = Load::Open { rate: 100 }.run(Duration::from_secs(1), &caller).await;
    assert_eq!((tally.paid, tally.errors(), tally.units.len()), (100, 0, 10));
    assert!(tally.until >= Duration::from_millis(990), "the last is due after 990 ms: {:?}", tally.until);
}

#[tokio::test]
async fn a_server_that_stalls_delays_no_arrival_and_its_latency_is_seen() {
    const STALL: Duration = Duration::from_millis(400);
    let caller = caller(|_| (paid(1), STALL)).await;
    let begun = Instant::now();
    let tally = Load::Open { rate: 50 }.run(Duration::from_secs(1), &caller).await;
    assert_eq!(tally.paid, 50);
    assert!(tally.latencies.iter().all(|latency| *latency >= STALL));
    assert!(begun.elapsed() < 50 * STALL / 4, "arrivals did not wait for answers");
}

#[tokio::test]
async fn closed_load_keeps_to_its_number_of_clients() {
    let caller = caller(|_| (paid(1), Duration::from_millis(50))).await;
    let tally = Load::Closed { clients: 4 }.run(Duration::from_secs(1), &caller).await;
    assert!((4..=80).contains(&tally.paid), "4 clients cannot make {} in steps of 50 ms", tally.paid);
    assert_eq!(tally.errors(), 0);
}

#[tokio::test]
async fn pending_purchases_are_asked_for_until_they_are_paid() {
    let caller = caller(|number| (if number < 15 { pending() } else { paid(number) }, AT_ONCE)).await;
    let mut tally = Load::Open { rate: 10 }.run(Duration::from_secs(1), &caller).await;
    assert_eq!((tally.paid, tally.errors()), (0, 10));
    settle(&caller, &mut tally, Duration::from_secs(30)).await;
    assert_eq!((tally.paid, tally.errors(), tally.paid_late, tally.payouts()), (0, 10, 10, 10));
}

#[tokio::test]
async fn a_connection_that_the_server_closed_is_replaced_and_a_dead_server_is_an_error() {
    let closing = caller(|number| (if number % 2 == 1 { None } else { paid(number) }, AT_ONCE)).await;
    let tally = Load::Open { rate: 10 }.run(Duration::from_secs(1), &closing).await;
    assert_eq!((tally.paid, tally.errors()), (10, 0), "{:?}", tally.failures);
    let dead = caller(|_| (None, AT_ONCE)).await;
    let tally = Load::Open { rate: 10 }.run(Duration::from_secs(1), &dead).await;
    assert_eq!((tally.paid, tally.errors(), tally.latencies.len()), (0, 10, 0));
}

#[tokio::test]
async fn the_first_purchase_is_repeated_until_it_is_paid() {
    let caller = caller(|number| (if number < 2 { pending() } else { paid(1) }, AT_ONCE)).await;
    warm_up(&caller, Duration::from_secs(30)).await.expect("paid at the third asking");
    let never = self::caller(|_| (pending(), AT_ONCE)).await;
    let error = warm_up(&never, AT_ONCE).await.expect_err("never paid");
    assert!(error.to_string().contains("still pending"), "{error}");
}

#[tokio::test]
async fn filling_reports_exactly_so_many_purchases() {
    let caller = caller(|number| (paid(number), AT_ONCE)).await;
    let tally = fill(100, 7, &caller).await;
    assert_eq!((tally.paid, tally.errors(), caller.numbers()), (100, 0, 100));
}

#[tokio::test]
async fn windows_count_purchases_by_when_they_were_due() {
    const LATE: Duration = Duration::from_millis(300);
    let caller = caller(|number| (paid(number), if number < 25 { LATE } else { AT_ONCE })).await;
    let second = Duration::from_secs(1);
    let windows = windows(50, second, second / 2, &caller).await;
    assert_eq!(windows.iter().map(|tally| tally.paid).collect::<Vec<_>>(), [25, 25]);
    assert!(windows[0].latencies.iter().all(|latency| *latency >= LATE));
}

#[tokio::test]
async fn a_queue_is_drained_when_the_last_of_it_is_paid() {
    let caller = caller(|number| (if number < 2 { pending() } else { paid(number / 4) }, AT_ONCE)).await;
    let numbers: Vec<_> = (0..40).collect();
    let drained = drained(&caller, &numbers, Duration::from_secs(30)).await.expect("paid");
    assert!(drained.first >= Duration::from_millis(400), "asked three times: {:?}", drained.first);
    assert!(drained.last >= drained.first);
    assert_eq!(drained.units.values().sum::<u64>(), numbers.len() as u64);
}

#[tokio::test]
async fn a_payout_that_is_paid_behind_the_last_counts_into_the_time() {
    // The first two requests are for the first and the last; the third is for one that still waits.
    let caller = caller(|number| (if number == 2 { pending() } else { paid(number) }, AT_ONCE)).await;
    let numbers: Vec<_> = (0..40).collect();
    let drained = drained(&caller, &numbers, Duration::from_secs(30)).await.expect("paid");
    assert!(drained.last >= drained.first + Duration::from_millis(200), "{drained:?}");
    assert_eq!(drained.units.len(), 40);
}

#[tokio::test]
async fn a_queue_that_is_never_paid_is_an_error() {
    let caller = caller(|_| (pending(), AT_ONCE)).await;
    let error = drained(&caller, &[1, 2], AT_ONCE).await.expect_err("never paid");
    assert!(error.to_string().contains("not paid in time"), "{error}");
}
