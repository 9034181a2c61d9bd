//! When the engine waits, what for, and that it never waits for ever.

use std::collections::BTreeMap;
use std::time::Duration;

use obyte::Bytes;
use obyte::compose::Coin;
use payout::{Alarm, Event, FeeLimits, Settings};

use crate::world::desk::Desk;
use crate::world::{HUB, settings};

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_fee_above_the_ceiling_waits() {
    let mut desk = Desk::new();
    desk.owe(1);
    desk.give_parents_for(1_001);
    assert!(desk.posts.is_empty());
    assert_eq!(
        desk.alarms,
        [Alarm::FeeAboveCeiling { asked: Bytes::literal(1_001), ceiling: Bytes::literal(1_000) }]
    );
    desk.pass(2 * SECOND);
    desk.give_parents_for(1_000);
    assert_eq!(desk.posts.len(), 1);
}

#[test]
fn a_fee_that_our_own_units_made_is_asked_for_again_when_it_has_fallen() {
    let mut desk = Desk::new();
    desk.pay(1);
    desk.owe(1);
    // The load behind this fee is half as much again as that behind the ceiling, and a second old.
    desk.give_parents_for(3_500);
    assert!(matches!(desk.alarms[..], [Alarm::FeeAboveCeiling { .. }]));
    desk.pass(Duration::from_millis(400));
    assert!(desk.parents_asked.is_none());
    desk.pass(Duration::from_millis(200));
    desk.give_parents();
    assert_eq!(desk.posts.len(), 1);
}

#[test]
fn what_is_paid_in_advance_within_a_day_has_a_ceiling() {
    let limits = FeeLimits { per_day: Bytes::literal(1_500), ..FeeLimits::default() };
    let mut desk = Desk::with(Settings { limits, ..settings() }, 1_000_000_000);
    desk.settle_down();
    for fee in [900, 601] {
        desk.owe(1);
        desk.give_parents_for(fee);
        desk.settle_down();
        desk.pass(SECOND);
    }
    let [Alarm::DailyBudgetSpent { asked, spent, per_day }] = desk.alarms[..] else {
        panic!("{:?}", desk.alarms);
    };
    assert_eq!([asked, spent, per_day], [601, 900, 1_500].map(Bytes::literal));
    desk.now += 24 * 3_600_000;
    desk.pass(SECOND);
    desk.settle_down();
    assert_eq!(desk.alarms.len(), 1);
    desk.let_time_pass(70);
    desk.check_rest();
}

#[test]
fn what_was_paid_counts_until_it_is_a_day_old() {
    const DAY: u64 = 24 * 3_600_000;
    let limits = FeeLimits { per_day: Bytes::literal(1_500), ..FeeLimits::default() };
    let mut desk = Desk::with(Settings { limits, ..settings() }, 1_000_000_000);
    desk.settle_down();
    desk.owe(1);
    desk.give_parents_for(900);
    let free_again = desk.now + DAY;
    desk.settle_down();
    desk.let_time_pass(70);
    desk.owe(1);
    desk.give_parents_for(601);
    desk.now = free_again - 1;
    desk.tell(Event::Tick);
    desk.give_parents_for(601);
    desk.give_history();
    assert!(desk.posts.is_empty());
    assert_eq!(desk.alarms.len(), 2);
    assert_eq!(desk.engine.wake_at(desk.time()), Some(payout::Timestamp::from_millis(free_again)));
    desk.now = free_again;
    desk.tell(Event::Tick);
    desk.give_parents_for(601);
    assert_eq!(desk.posts.len(), 1);
}

#[test]
fn without_any_coin_the_engine_waits_for_one() {
    let mut desk = Desk::penniless(settings());
    desk.tell(Event::Connected);
    desk.owe(2);
    desk.settle_down();
    assert_eq!(desk.alarms, [Alarm::NotEnoughCoins { missing: 40_005 }]);
    let Coin { amount, .. } = desk.deposit(1_000_000);
    assert!(amount.get() > 40_005);
    desk.tell(Event::HaveUpdates);
    desk.let_time_pass(70);
    desk.check_rest();
}

#[test]
fn while_coins_are_missing_the_hub_is_hardly_asked() {
    let mut desk = Desk::with(settings(), 10_000);
    desk.settle_down();
    desk.owe(1);
    let mut asked = 0;
    for _ in 0..600 {
        desk.pass(SECOND);
        asked += u32::from(desk.parents_asked.is_some());
        desk.settle_down();
    }
    assert!((5..=11).contains(&asked), "{asked} times in ten minutes");
    desk.deposit(1_000_000);
    desk.tell(Event::HaveUpdates);
    desk.give_history();
    assert!(desk.parents_asked.is_some(), "a coin that comes is spent at once");
    desk.let_time_pass(70);
    desk.check_rest();
}

#[test]
fn no_unit_is_made_while_the_clocks_are_apart() {
    let mut desk = Desk::new();
    desk.owe(1);
    let truth = desk.now;
    desk.now += 121_000;
    let question = desk.parents_asked.take().expect("the engine asked for parents");
    let parents = desk.books.chain.parents(HUB, truth, 0);
    let threshold = obyte::fee::ThresholdSize::DEFAULT;
    desk.tell(Event::Parents {
        ask: question.ask,
        parents,
        threshold,
        looked_up: BTreeMap::new(),
        agents: 0,
        claims: None,
    });
    assert_eq!(desk.alarms, [Alarm::ClocksApart]);
    assert!(desk.posts.is_empty());
    desk.pass(2 * SECOND);
    desk.give_parents();
    assert_eq!(desk.posts.len(), 1);
}

#[test]
fn a_clock_that_is_set_back_holds_up_nothing() {
    let mut desk = Desk::new();
    desk.pay(1);
    desk.now -= 3_600_000;
    desk.owe(1);
    let wakes = desk.engine.wake_at(desk.time()).expect("it wants to go on");
    assert!(wakes.since(desk.time()) <= SECOND);
    desk.pass(SECOND);
    desk.give_parents();
    desk.settle_down();
    desk.now += 3_600_000;
    desk.let_time_pass(70);
    desk.check_rest();
}

#[test]
fn without_parents_it_asks_again() {
    let mut desk = Desk::new();
    desk.owe(1);
    let question = desk.parents_asked.take().expect("the engine asked for parents");
    desk.tell(Event::NoParents { ask: question.ask });
    assert!(desk.parents_asked.is_none());
    desk.pass(2 * SECOND);
    assert!(desk.parents_asked.is_some());
}

#[test]
fn without_a_history_it_asks_again() {
    let mut desk = Desk::with(settings(), 1_000_000);
    let question = desk.history_asked.take().expect("it asks first of all");
    desk.tell(Event::NoHistory { ask: question.ask });
    assert!(desk.history_asked.is_none() && !desk.engine.is_synced());
    desk.pass(2 * SECOND);
    assert!(desk.history_asked.is_some());
}

#[test]
fn another_hub_is_asked_for_a_history_at_once() {
    let mut desk = Desk::with(settings(), 1_000_000);
    let question = desk.history_asked.take().expect("it asks first of all");
    desk.tell(Event::NoHistory { ask: question.ask });
    assert!(desk.history_asked.is_none());
    desk.tell(Event::Disconnected);
    desk.tell(Event::Connected);
    assert!(desk.history_asked.is_some());
}

#[test]
fn the_history_is_asked_for_now_and_then_although_the_hub_is_silent() {
    let mut desk = Desk::new();
    desk.pass(59 * SECOND);
    assert!(desk.history_asked.is_none());
    desk.pass(SECOND);
    assert!(desk.history_asked.is_some(), "once a minute when all is quiet");
    desk.settle_down();
    desk.pay(1);
    desk.pass(5 * SECOND);
    assert!(desk.history_asked.is_some(), "more often while a slot is open");
}

#[test]
fn news_during_a_question_leads_to_another_one() {
    let mut desk = Desk::with(settings(), 1_000_000);
    desk.tell(Event::HaveUpdates);
    let first = desk.history_asked.clone().expect("asked");
    desk.give_history();
    let second = desk.history_asked.clone().expect("asked again");
    assert_ne!(first.ask, second.ask);
    desk.give_history();
    assert!(desk.history_asked.is_none());
}

#[test]
fn an_answer_to_an_old_question_is_ignored() {
    let mut desk = Desk::new();
    desk.owe(1);
    let question = desk.parents_asked.clone().expect("asked");
    desk.tell(Event::Connected);
    let parents = desk.books.chain.parents(HUB, desk.now, 0);
    let threshold = obyte::fee::ThresholdSize::DEFAULT;
    desk.tell(Event::Parents {
        ask: question.ask,
        parents,
        threshold,
        looked_up: BTreeMap::new(),
        agents: 0,
        claims: None,
    });
    assert!(desk.posts.is_empty());
}

#[test]
fn without_a_connection_nothing_is_wanted() {
    let mut desk = Desk::new();
    desk.pay(1);
    desk.tell(Event::Disconnected);
    desk.owe(1);
    assert_eq!(desk.engine.wake_at(desk.time()), None);
    desk.pass(120 * SECOND);
    assert!(desk.log.is_empty());
    desk.tell(Event::Connected);
    desk.let_time_pass(70);
    desk.check_rest();
}

#[test]
fn a_unit_that_is_not_proven_is_posted_again_every_minute() {
    let mut desk = Desk::new();
    desk.stable_after = 3_600_000;
    let (_, version) = desk.post_for(1);
    desk.let_hub_answer(version);
    let start = desk.now;
    let mut posted_after = Vec::new();
    for _ in 0..200 {
        desk.pass(SECOND);
        if !desk.posts.is_empty() {
            posted_after.push((desk.now - start) / 1000);
        }
        desk.settle_down();
    }
    assert_eq!(posted_after, [60, 120, 180]);
}
