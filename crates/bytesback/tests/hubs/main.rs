//! Hubs that misbehave in front of an honest one: every purchase is paid once and proven all the same.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/inside.rs"]
mod inside;
mod log;
mod proxy;
mod stage;

use std::time::Duration;

use obyte::Network;
use obyte_devnet::{Lie, Rule, Trick};
use obyte_hub::Patience;
use payout::Settings;

use common::until;
use proxy::Mischief;
use stage::{Place, Stage};

/// Bad hubs are left for the whole test, at their first fault.
fn strict() -> Patience {
    Patience { failures_max: 1, settle: Duration::from_millis(100), ..Patience::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hub_that_lies_from_the_start_is_left_and_named() {
    let mut stage = Stage::set(Mischief::Lie, Patience::default()).await;
    stage.synced().await;
    stage.asks(&stage.second()).await;
    stage.buy(20).await;
    stage.asks(&stage.second()).await;
    let (liar, honest) = (stage.first(), stage.second());
    let named = log::lines_with(&liar);
    let accused = |line: &String| line.contains("ERROR") && line.contains("the hub misbehaves: it lied");
    assert!(named.iter().any(accused), "{named:?}");
    let figures = stage.figures().await;
    let figure = |name: &str, hub: &str, more: &str| {
        let start = format!("{name}{{endpoint=\"test\",hub=\"{hub}\"{more}}} ");
        let found = figures.lines().find_map(|line| line.strip_prefix(&start));
        found.unwrap_or_else(|| panic!("no {start}in {figures}")).parse::<u64>().expect("a number")
    };
    let lied = r#",kind="lied""#;
    assert!(figure("bytesback_hub_misbehaviours_total", &liar, lied) >= 1);
    assert_eq!(figure("bytesback_hub_misbehaviours_total", &honest, lied), 0);
    assert_eq!(figure("bytesback_hub_switches_total", &liar, ""), 1);
    let disgrace = "bytesback_hub_in_disgrace_until_timestamp_seconds";
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("after 1970").as_secs();
    assert!((now + 3000..now + 3610).contains(&figure(disgrace, &liar, "")), "for an hour");
    assert_eq!(figure(disgrace, &honest, ""), 0);
    for (name, of_liar, of_honest) in [("connected", 1, 1), ("preferred", 0, 1)] {
        let name = format!("bytesback_hub_{name}");
        assert_eq!((figure(&name, &liar, ""), figure(&name, &honest, "")), (of_liar, of_honest));
    }
    assert!(figure("bytesback_hub_posts_total", &liar, "") >= 1, "units are posted to all");
    assert!(figures.contains("\nbytesback_purchases_total{endpoint=\"test\",outcome=\"paid\"} 20\n"));
    assert!(figures.contains("\nbytesback_payer_open_slots{endpoint=\"test\"} 0\n"));
    assert!(figures.contains("\nbytesback_book_bytes{account=\"paid\",endpoint=\"test\"} 100000000\n"));
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_a_lie_the_next_hub_is_asked_at_once() {
    // Longer than the test waits for anything.
    let settings = Settings { retry_after: Duration::from_secs(120), ..Settings::new(Network::Devnet) };
    let mut stage = Stage::with(Mischief::Lie, strict(), settings, [Place::Proxy, Place::Devnet]).await;
    stage.synced().await;
    stage.asks(&stage.second()).await;
    stage.buy(3).await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_every_hub_lies_the_server_is_ready_and_says_that_it_is_degraded() {
    let mut stage = Stage::set(Mischief::None, strict()).await;
    stage.synced().await;
    assert_eq!(stage.readiness().await, (200, false));
    stage.proxy.do_from_now(Mischief::Lie);
    stage.devnet.hub(0).mischief().add(Rule::on("light/get_history", Trick::Lie(Lie::Amounts)));
    let ordered = stage.begin_order();
    until("both hubs are found out", async || {
        let figures = stage.figures().await;
        let lied = |hub: &str| {
            let start = format!(
                "bytesback_hub_misbehaviours_total{{endpoint=\"test\",hub=\"{hub}\",kind=\"lied\"}} "
            );
            figures.lines().any(|line| line.strip_prefix(&start).is_some_and(|count| count != "0"))
        };
        lied(&stage.first()) && lied(&stage.second())
    })
    .await;
    assert_eq!(stage.readiness().await, (200, true));
    stage.proxy.do_from_now(Mischief::None);
    stage.devnet.hub(0).mischief().stop();
    ordered.await.expect("paid");
    stage.buy(3).await;
    assert_eq!(stage.readiness().await, (200, true), "an hour is not over");
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hub_that_comes_back_beside_the_first_gets_the_open_line_at_once() {
    let settings = Settings { repost_every: Duration::from_secs(600), ..Settings::new(Network::Devnet) };
    let mut stage = Stage::with(Mischief::None, strict(), settings, [Place::Devnet, Place::Proxy]).await;
    stage.synced().await;
    stage.buy(2).await;
    stage.devnet.rest_order_provider(true);
    stage.proxy.do_from_now(Mischief::Gone);
    let posts = format!("bytesback_hub_posts_total{{endpoint=\"test\",hub=\"{}\"}} ", stage.second());
    let connected = posts.replace("posts_total", "connected");
    stage.until_figure(&connected, 0).await;
    let before = stage.figure(&posts).await;
    for _ in 0..3 {
        stage.order().await;
    }
    assert_eq!(stage.figure(&posts).await, before);
    assert_eq!(stage.figure("bytesback_payer_open_slots{endpoint=\"test\"} ").await, 3);
    stage.proxy.do_from_now(Mischief::None);
    stage.until_figure(&posts, before + 3).await;
    stage.devnet.rest_order_provider(false);
    stage.buy(2).await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hub_that_begins_to_lie_is_left_and_asked_again_after_its_disgrace() {
    let patience = Patience { lied: Duration::from_secs(6), ..strict() };
    let mut stage = Stage::set(Mischief::None, patience).await;
    stage.synced().await;
    stage.asks(&stage.first()).await;
    stage.buy(5).await;
    stage.proxy.do_from_now(Mischief::Lie);
    stage.buy(5).await;
    stage.proxy.do_from_now(Mischief::None);
    stage.asks(&stage.first()).await;
    stage.buy(5).await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn payouts_go_on_through_the_next_hub_when_the_first_goes_away() {
    let mut stage = Stage::set(Mischief::None, strict()).await;
    stage.synced().await;
    stage.buy(5).await;
    stage.proxy.do_from_now(Mischief::Gone);
    stage.asks(&stage.second()).await;
    stage.buy(5).await;
    stage.proxy.do_from_now(Mischief::None);
    stage.asks(&stage.first()).await;
    stage.buy(5).await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hub_that_answers_only_errors_is_left() {
    let mut stage = Stage::set(Mischief::None, strict()).await;
    stage.synced().await;
    stage.proxy.do_from_now(Mischief::Errors);
    stage.buy(5).await;
    stage.asks(&stage.second()).await;
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hub_that_falls_silent_is_left() {
    let mut stage = Stage::set(Mischief::Stall, strict()).await;
    stage.synced().await;
    stage.asks(&stage.second()).await;
    stage.buy(5).await;
    stage.end().await;
}
