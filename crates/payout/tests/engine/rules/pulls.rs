//! A unit that nobody proves is pulled in by another one that pays nobody (8.6).

use std::time::Duration;

use obyte::Bytes;

use crate::world::desk::Desk;

/// Longer than a unit waits before it is pulled in.
const LONG: u64 = 301;

/// A payer whose units are not proven for an hour.
fn stuck() -> Desk {
    let mut desk = Desk::new();
    desk.stable_after = 3_600_000;
    desk
}

#[test]
fn a_unit_that_is_not_proven_for_long_is_followed_by_one_that_pays_nobody() {
    let mut desk = stuck();
    let (_, first) = desk.pay(1);
    desk.let_time_pass(LONG);
    let pull = Desk::id(1, 0);
    assert_eq!(desk.version(pull).inputs[0], desk.version(first).change);
    assert!(desk.version(pull).outputs.is_empty());
    desk.let_time_pass(LONG);
    assert_eq!(desk.engine.open_slots().count(), 2, "one is enough");
    desk.stable_after = 1_000;
    desk.let_time_pass(3_600);
    desk.check_rest();
}

#[test]
fn a_unit_with_others_behind_it_is_not_pulled_in() {
    let mut desk = stuck();
    desk.pay(1);
    desk.let_time_pass(LONG / 2);
    desk.pay(1);
    desk.let_time_pass(LONG / 2 + 10);
    assert_eq!(desk.engine.open_slots().count(), 2);
}

#[test]
fn what_comes_meanwhile_goes_behind_it() {
    let mut desk = stuck();
    desk.pay(1);
    desk.let_time_pass(LONG);
    let (_, next) = desk.pay(1);
    assert_eq!(next, Desk::id(2, 0));
    desk.pass(Duration::from_secs(3_700));
    desk.let_time_pass(3_700);
    desk.check_rest();
}

#[test]
fn what_it_costs_stays_set_aside_when_the_slot_before_is_settled() {
    let mut desk = stuck();
    let (_, first) = desk.pay(1);
    desk.let_time_pass(LONG);
    let kept = |desk: &Desk| desk.settlements.iter().map(|(id, kept)| (*id, *kept)).collect::<Vec<_>>();
    desk.let_time_pass(3_600);
    let pull = Desk::id(1, 0);
    let cost = desk.version(pull).fees.total();
    assert!(cost < desk.settings.limits.pull());
    assert_eq!(kept(&desk), [(first, desk.settings.limits.pull()), (pull, Bytes::ZERO)]);
}
