//! The line moves along the addresses of the wallet, and coins elsewhere come along.

use std::time::Duration;

use payout::{Event, Settings, VersionId};
use simulation::{deposit_address, own_addresses};

use crate::world::desk::Desk;
use crate::world::{KEPT, settings};

/// A payer whose line moves after two slots.
fn restless() -> Desk {
    let settings = Settings { slots_per_address: 2, ..settings() };
    let mut desk = Desk::with(settings, 1_000_000_000);
    desk.settle_down();
    desk
}

/// A payer whose line stands at its second address with hardly anything left.
fn poor() -> Desk {
    let settings = Settings { slots_per_address: 1, ..settings() };
    let mut desk = Desk::with(settings, 60_000);
    desk.settle_down();
    for _ in 0..2 {
        desk.pay(1);
        desk.let_time_pass(5);
    }
    desk
}

/// Which address of the wallet a unit spends from, and to which its change goes.
fn way(desk: &Desk, id: VersionId) -> (usize, usize) {
    let place = |address| own_addresses().iter().position(|own| *own == address).expect("an own address");
    let version = desk.version(id);
    (place(version.inputs[0].address), place(version.change.address))
}

#[test]
fn after_so_many_slots_the_change_goes_to_the_next_address() {
    let mut desk = restless();
    let ways: Vec<_> = (0..7)
        .map(|_| {
            let (_, version) = desk.pay(1);
            desk.let_time_pass(5);
            way(&desk, version)
        })
        .collect();
    assert_eq!(ways, [(0, 0), (0, 0), (0, 1), (1, 1), (1, 1), (1, 2), (2, 2)]);
    desk.check_rest();
}

#[test]
fn the_line_moves_while_nothing_is_stable_and_after_starts() {
    let mut desk = restless();
    desk.stable_after = 30_000;
    for _ in 0..4 {
        desk.pay(1);
        desk.crash();
        desk.settle_down();
    }
    assert_eq!(way(&desk, Desk::id(3, 0)), (1, 1));
    desk.let_time_pass(120);
    desk.check_rest();
}

#[test]
fn another_version_of_a_slot_keeps_the_address_of_the_change() {
    use obyte::answer::{PostAnswer, UnitError};
    let mut desk = restless();
    desk.pay(1);
    desk.pay(1);
    let (_, first) = desk.post_for(1);
    desk.answer(first, PostAnswer::UnitError(UnitError::Parents));
    desk.pass(std::time::Duration::from_secs(1));
    desk.give_parents();
    assert_eq!(way(&desk, desk.posts[0].0), (0, 1));
    desk.let_time_pass(70);
    desk.check_rest();
}

#[test]
fn coins_at_an_address_that_the_line_has_left_come_along() {
    let mut desk = restless();
    for _ in 0..4 {
        desk.pay(1);
        desk.let_time_pass(5);
    }
    let (late, dust) = (desk.deposit(70_000), desk.deposit(300));
    desk.let_time_pass(61);
    let (_, version) = desk.pay(1);
    let inputs = &desk.version(version).inputs;
    assert!(inputs.contains(&late) && !inputs.contains(&dust), "{inputs:?}");
    desk.let_time_pass(70);
    desk.check_rest();
}

#[test]
fn coins_elsewhere_are_spent_where_the_line_has_too_little() {
    let mut desk = poor();
    desk.deposit(90_000);
    desk.let_time_pass(61);
    let (ids, version) = desk.pay(4);
    assert_eq!((desk.version(version).outputs.len(), desk.version(version).inputs.len()), (ids.len(), 2));
    desk.let_time_pass(70);
    desk.check_rest();
}

#[test]
fn many_small_coins_become_few() {
    let mut desk = Desk::with(settings(), 1_000_000_000);
    for _ in 0..40 {
        desk.deposit(5_000);
    }
    desk.let_time_pass(61);
    for expected in [17, 17, 9, 1] {
        let (_, version) = desk.pay(1);
        assert_eq!(desk.version(version).inputs.len(), expected);
    }
    desk.let_time_pass(70);
    desk.check_rest();
}

#[test]
fn nobody_pays_an_oversize_fee_for_company() {
    let mut desk = poor();
    for _ in 0..80 {
        desk.deposit(45_000);
    }
    desk.let_time_pass(61);
    // All of them in one unit, with the sixty coins that this takes, would be too large.
    desk.owe(127);
    desk.let_time_pass(70);
    let threshold = obyte::fee::ThresholdSize::DEFAULT.get();
    let sizes: Vec<u64> = desk
        .books
        .journal
        .slots
        .values()
        .flat_map(|(slot, _)| &slot.versions)
        .map(|version| version.fees.size.get())
        .collect();
    assert!(sizes.iter().all(|size| *size <= threshold), "{sizes:?}");
    assert!(sizes.iter().any(|size| *size > threshold / 2), "{sizes:?}");
    desk.check_rest();
}

#[test]
fn a_line_that_falls_back_to_an_address_does_not_begin_to_count_there_again() {
    let mut desk = restless();
    desk.stable_after = 3_600_000;
    desk.pay(1);
    desk.pay(1);
    // The slot that moves dies with the one before it, and the line is at the first address again.
    let (_, moving) = desk.pay(1);
    assert_eq!(way(&desk, moving), (0, 1));
    let before = desk.version(Desk::id(1, 0)).unit;
    desk.books.chain.condemn(&before, desk.now);
    desk.tell(Event::HaveUpdates);
    desk.stable_after = 1_000;
    desk.let_time_pass(70);
    let (_, next) = desk.pay(1);
    assert_ne!(way(&desk, next).1, 0, "it moves at once");
    desk.let_time_pass(3_700);
    desk.check_rest();
}

#[test]
fn the_coin_that_the_line_begins_with_is_counted_once() {
    let mut desk = Desk::penniless(settings());
    desk.deposit(100_000);
    desk.books.chain.deposit_at(1, 50_000, desk.now);
    desk.books.chain.deposit_at(2, 40_000, desk.now);
    desk.books.ripen(desk.now).expect(KEPT);
    desk.tell(Event::Connected);
    desk.settle_down();
    // All three coins are needed; twice the first and the second would seem enough.
    let (ids, version) = desk.pay(8);
    assert_eq!((desk.version(version).outputs.len(), desk.version(version).inputs.len()), (ids.len(), 3));
    desk.let_time_pass(70);
    desk.check_rest();
}

#[test]
fn what_comes_to_a_deposit_address_comes_along() {
    let mut desk = Desk::new();
    desk.tell(Event::Deposits(2));
    desk.settle_down();
    let place = own_addresses().iter().position(|own| *own == deposit_address(2)).expect("it is there");
    desk.books.chain.deposit_at(place, 5_000_000, desk.now);
    desk.pass(Duration::from_secs(60));
    desk.settle_down();
    let (_, version) = desk.pay(1);
    let inputs = &desk.version(version).inputs;
    assert!(inputs.iter().any(|coin| coin.address == deposit_address(2)), "{inputs:?}");
    assert_eq!(desk.version(version).change.address, desk.engine.fund_address());
    desk.let_time_pass(20);
    desk.check_rest();
}

#[test]
fn a_line_that_begins_with_a_deposit_does_not_stay_there() {
    let mut desk = Desk::penniless(settings());
    desk.tell(Event::Deposits(1));
    let place = own_addresses().iter().position(|own| *own == deposit_address(1)).expect("it is there");
    desk.books.chain.deposit_at(place, 5_000_000, desk.now);
    desk.pass(Duration::from_secs(1));
    desk.tell(Event::Connected);
    desk.settle_down();
    let (_, version) = desk.pay(1);
    assert_eq!(desk.version(version).change.address, desk.engine.fund_address());
    desk.let_time_pass(20);
    desk.check_rest();
}

#[test]
fn deposit_addresses_that_nobody_was_given_yet_are_known_as_our_own() {
    let desk = Desk::new();
    let own: Vec<_> = desk.engine.own_addresses().collect();
    assert!((1..=20).all(|number| own.contains(&deposit_address(number))));
}
