//! `kill -9` at random moments, on a server and on the network that it pays on, each a process of its own,
//! while tills report purchases all the time. The auditor of the simulation judges what is left: the
//! database, the network, and every answer that a till got.
//!
//! `BYTESBACK_SEED` repeats the decisions of a run: who is killed when, and what the tills do. What the
//! processes make of them is up to the machine.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/site.rs"]
mod site;

mod audit;
mod orders;
mod records;
mod stage;
mod till;

use std::time::{Duration, SystemTime};

use simulation::Random;

use stage::Stage;

/// How often somebody is killed, usually and in a long run.
const KILLS: u64 = 10;
const KILLS_LONG: u64 = 100;
/// Tills that report purchases, each one after the other.
const TILLS: u64 = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_and_nothing_paid_twice_whoever_is_killed_when() {
    let seed = seed();
    let long = std::env::var("BYTESBACK_LONG_TESTS").is_ok_and(|long| long == "1");
    let kills = if long { KILLS_LONG } else { KILLS };
    println!("BYTESBACK_SEED={seed}, {kills} kills");
    let mut random = Random::new(seed);
    let mut stage = Stage::set().await;
    stage.open_tills(TILLS, &mut random);
    for kill in 1..=kills {
        // The moment is the point of it.
        tokio::time::sleep(millis(&mut random, 20, 1200)).await;
        let (server, network) = match random.between(0, 9) {
            0..=4 => (true, false),
            5..=7 => (false, true),
            _ => (true, true),
        };
        let down = millis(&mut random, 0, 600);
        let aimed = random.chance(500);
        println!(
            "kill {kill}: server {server}, network {network}, for {} ms{}",
            down.as_millis(),
            if aimed { ", as a unit arrives" } else { "" }
        );
        if aimed {
            stage.see_a_unit_arrive().await;
        }
        stage.strike(server, network, down, random.chance(500)).await;
    }
    stage.end().await;
}

fn millis(random: &mut Random, low: u64, high: u64) -> Duration {
    Duration::from_millis(random.between(low, high))
}

fn seed() -> u64 {
    let now = || SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970").as_millis();
    match std::env::var("BYTESBACK_SEED") {
        Ok(seed) => seed.parse().expect("BYTESBACK_SEED is a number"),
        Err(_) => u64::try_from(now()).expect("not so far in the future"),
    }
}
