//! A wallet that lives long: many units, an address that is flooded with dust, starts in between. Everybody is
//! paid once, and no history is ever needed that a hub would not tell.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/inside.rs"]
mod inside;
mod stage;

use std::time::Instant;

use obyte::Network;
use payout::{Pacing, Settings};

use stage::Stage;

/// More units than a hub tells of one address.
const FLOOD: u64 = 2_100;
/// What each of them brings.
const DUST: u64 = 700;
/// What a hub tells at most.
const HISTORY_MAX: usize = 2_000;
/// Units of the long run and of the short one, how many in one go, and after how many the line moves.
const UNITS: (usize, usize, u64) = (10_000, 500, 300);
const UNITS_SHORT: (usize, usize, u64) = (240, 40, 15);
/// How much the memory of the server and the network together may grow while the second half is paid.
const GROWTH_MAX_KB: u64 = 150_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dust_that_came_while_the_server_was_down_hides_no_refill() {
    let mut stage = Stage::set(Settings::new(Network::Devnet)).await;
    stage.start().await;
    stage.buy(3).await;
    stage.stop().await;
    stage.flood(FLOOD, DUST).await;
    let refill = stage.refill(7).await;
    stage.start().await;
    stage.is_credited(refill).await;
    assert!(stage.largest_history() > HISTORY_MAX, "the history was too large");
    let (alarm, _) = stage.payer().status().alarm.expect("the operator is told");
    assert!(alarm.contains("is flooded"), "{alarm}");
    stage.buy(20).await;
    stage.audit(DUST).await;
}

/// Nothing gets stable meanwhile, so that histories stay too large.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn payouts_go_on_while_dust_makes_histories_too_large() {
    let mut stage = Stage::set(Settings::new(Network::Devnet)).await;
    stage.start().await;
    stage.buy(3).await;
    stage.devnet().rest_order_provider(true);
    stage.flood(FLOOD, DUST).await;
    let refill = stage.refill(7).await;
    stage.stop().await;
    stage.start().await;
    stage.order(5).await;
    stage.devnet().rest_order_provider(false);
    stage.buy(5).await;
    stage.is_credited(refill).await;
    assert!(stage.largest_history() > HISTORY_MAX, "the history was too large");
    stage.buy(5).await;
    stage.audit(DUST).await;
}

/// With `./test --long` ten thousand units.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_line_needs_no_long_history() {
    let long = std::env::var("BYTESBACK_LONG_TESTS").is_ok_and(|long| long == "1");
    let (units, at_once, slots_per_address) = if long { UNITS } else { UNITS_SHORT };
    // A unit for each payout.
    let pacing = Pacing { batch: 1, ..Pacing::default() };
    let mut stage =
        Stage::set(Settings { slots_per_address, pacing, ..Settings::new(Network::Devnet) }).await;
    let begun = Instant::now();
    let mut halfway = None;
    stage.start().await;
    for round in 1..=units / at_once {
        stage.buy(at_once).await;
        if round % 4 == 0 {
            let refill = stage.refill(u64::try_from(round).expect("small")).await;
            stage.stop().await;
            stage.start().await;
            stage.is_credited(refill).await;
        }
        if halfway.is_none() && round * at_once * 2 >= units {
            halfway = Some(stage::memory_kb());
        }
    }
    let (before, after) = (halfway.expect("there is a middle"), stage::memory_kb());
    let slots = stage.slots().await;
    let addresses = stage.addresses_used().await;
    println!(
        "{slots} units at {addresses} addresses in {:.0} s; {before} kB in the middle, {after} kB at the end; the \
         largest history had {} units",
        begun.elapsed().as_secs_f64(),
        stage.largest_history()
    );
    assert!(slots >= units as u64);
    assert!(addresses > units as u64 / (2 * slots_per_address), "the line moves");
    assert!(stage.largest_history() <= HISTORY_MAX);
    assert!(after.saturating_sub(before) < GROWTH_MAX_KB, "memory grows from {before} to {after} kB");
    stage.audit(DUST).await;
}
