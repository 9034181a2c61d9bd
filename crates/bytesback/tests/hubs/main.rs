//! Hubs that misbehave in front of an honest one: every purchase is paid once and proven all the same.

#[path = "../common/mod.rs"]
mod common;
mod proxy;
mod stage;

use std::time::Duration;

use obyte_hub::Patience;

use proxy::Mischief;
use stage::Stage;

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
