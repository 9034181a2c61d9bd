//! From a payout in the queue to a unit at the hub.

use std::time::Duration;

use obyte::answer::PostAnswer;
use obyte::compose::Coin;
use payout::{Action, Change, Event, InHand, PayoutId, VersionStatus};

use crate::world::desk::Desk;
use crate::world::{payout, settings};

fn position(log: &[Action], wanted: impl Fn(&Action) -> bool) -> usize {
    log.iter().position(wanted).expect("the engine does it")
}

#[test]
fn a_unit_is_journaled_before_it_is_posted() {
    let mut desk = Desk::new();
    desk.owe(1);
    desk.give_parents();
    let journaled = position(
        &desk.log,
        |action| matches!(action, Action::Persist(changes) if matches!(changes[..], [Change::SlotOpened(_)])),
    );
    let posted = position(&desk.log, |action| matches!(action, Action::Post { .. }));
    assert!(journaled < posted, "{:?}", desk.log);
}

#[test]
fn after_a_crash_the_same_bytes_are_posted_again() {
    let mut desk = Desk::new();
    let (_, version) = desk.post_for(2);
    let before = desk.posts.clone();
    desk.crash();
    assert_eq!(desk.posts, before);
    desk.let_hub_answer(version);
    desk.crash();
    assert_eq!(desk.posts, before, "also when it was accepted");
}

#[test]
fn after_a_crash_nothing_is_composed_before_a_history_is_proven() {
    let mut desk = Desk::new();
    desk.pay(1);
    desk.crash();
    desk.owe(1);
    desk.let_hub_answer(Desk::id(0, 0));
    assert!(desk.parents_asked.is_none() && !desk.engine.is_synced());
    desk.give_history();
    assert!(desk.parents_asked.is_some() && desk.engine.is_synced());
}

#[test]
fn who_waits_is_told_once_the_acceptance_is_kept() {
    let mut desk = Desk::new();
    let (ids, version) = desk.post_for(2);
    assert_eq!(desk.engine.in_hand(ids[0]), Some(InHand::Waiting));
    desk.answer(version, PostAnswer::Accepted);
    let kept = position(&desk.log, |action| matches!(action, Action::Persist(_)));
    let told = position(&desk.log, |action| matches!(action, Action::Accepted { .. }));
    assert!(kept < told, "{:?}", desk.log);
    let unit = desk.version(version).unit;
    assert_eq!(desk.told, [(ids.clone(), unit)]);
    assert_eq!(desk.engine.in_hand(ids[1]), Some(InHand::Accepted(unit)));
}

#[test]
fn no_second_unit_is_composed_while_one_is_unanswered() {
    let mut desk = Desk::new();
    let (_, version) = desk.post_for(1);
    desk.owe(200);
    desk.pass(Duration::from_secs(5));
    assert!(desk.parents_asked.is_none());
    desk.let_hub_answer(version);
    assert!(desk.parents_asked.is_some());
}

#[test]
fn the_next_unit_spends_the_change_of_the_one_before() {
    let mut desk = Desk::new();
    let (_, first) = desk.pay(1);
    let (_, second) = desk.pay(1);
    assert_eq!(desk.version(second).inputs, [desk.version(first).change]);
}

#[test]
fn a_unit_takes_as_many_payouts_as_it_has_outputs_in_their_order() {
    let mut desk = Desk::new();
    let ids = desk.owe(130);
    desk.give_parents();
    let paid: Vec<PayoutId> = desk.version(Desk::id(0, 0)).outputs.iter().map(|out| out.payout).collect();
    assert_eq!(paid, ids[..127]);
    assert_eq!(desk.engine.queued(), 3);
}

#[test]
fn units_that_are_not_full_keep_their_distance() {
    let mut desk = Desk::new();
    let (_, version) = desk.post_for(1);
    desk.let_hub_answer(version);
    desk.owe(1);
    assert!(desk.parents_asked.is_none(), "the gap is not over");
    let wakes = desk.engine.wake_at(desk.time()).expect("it waits for the gap");
    desk.pass(wakes.since(desk.time()));
    assert!(desk.parents_asked.is_some());
}

#[test]
fn a_payout_that_is_reported_twice_is_paid_once() {
    let mut desk = Desk::new();
    let (ids, _) = desk.pay(1);
    let again = desk.books.journal.payouts[&ids[0]];
    desk.tell(Event::Queued(vec![again]));
    assert_eq!(desk.engine.queued(), 0);
    let new = payout(900, desk.time());
    desk.books.journal.accept(new).expect("it is new");
    desk.tell(Event::Queued(vec![new, new]));
    assert_eq!(desk.engine.queued(), 1);
    desk.let_time_pass(70);
    desk.check_rest();
}

#[test]
fn proven_coins_are_added_where_the_anchor_does_not_suffice() {
    let mut desk = Desk::with(settings(), 30_000);
    let refill: Coin = desk.deposit(60_000);
    desk.settle_down();
    let (_, first) = desk.pay(3);
    let version = desk.version(first);
    assert_eq!(version.inputs[0], refill, "the largest coin comes first");
    assert_eq!(version.inputs.len(), 2);
    desk.let_time_pass(70);
    desk.check_rest();
}

#[test]
fn coins_that_suffice_for_some_pay_those() {
    let mut desk = Desk::with(settings(), 50_000);
    desk.settle_down();
    let ids = desk.owe(4);
    desk.give_parents();
    let paid: Vec<_> = desk.version(Desk::id(0, 0)).outputs.iter().map(|output| output.payout).collect();
    assert_eq!(paid, ids[..2], "the first ones");
    desk.deposit(1_000_000);
    desk.let_time_pass(70);
    desk.check_rest();
}

#[test]
fn the_last_bytes_can_be_paid() {
    let mut desk = Desk::with(settings(), 21_000);
    desk.settle_down();
    desk.pay(1);
    assert!(desk.version(Desk::id(0, 0)).change.amount.get() < 1_000);
    desk.let_time_pass(70);
    desk.check_rest();
}

#[test]
fn a_line_that_is_long_enough_does_not_grow() {
    let mut desk = Desk::with(payout::Settings { open_slots_max: 2, ..settings() }, 1_000_000_000);
    desk.settle_down();
    // The hub accepts, and nothing becomes stable.
    for no in 0..2 {
        desk.post_for(1);
        desk.answer(Desk::id(no, 0), PostAnswer::Accepted);
        // Where slots run short units keep a longer distance.
        desk.pass(Duration::from_secs(2));
    }
    desk.owe(1);
    desk.pass(Duration::from_secs(2));
    assert!(desk.parents_asked.is_none());
    assert_eq!(desk.engine.open_slots().count(), 2);
    assert!(desk.engine.open_slots().all(|slot| slot.head().status == VersionStatus::Accepted));
}
