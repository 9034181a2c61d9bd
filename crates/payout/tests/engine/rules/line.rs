//! The line under trouble: units that the hub forgets, and what hangs on them.

use std::time::Duration;

use obyte::answer::{PostAnswer, UnitError};
use payout::{Event, InHand, VersionId, VersionStatus};

use simulation::{Fate, State};

use crate::world::desk::Desk;

const SECOND: Duration = Duration::from_secs(1);
const BAD_PARENTS: PostAnswer = PostAnswer::UnitError(UnitError::Parents);

/// For so many seconds the hub does not take this unit, and is honest about everything else.
fn shun(desk: &mut Desk, shunned: VersionId, seconds: u32) {
    for _ in 0..seconds {
        desk.pass(SECOND);
        loop {
            if let Some((version, _)) = desk.posts.first().cloned() {
                if version == shunned {
                    desk.answer(version, BAD_PARENTS);
                } else {
                    desk.let_hub_answer(version);
                }
            } else if desk.history_asked.is_some() {
                desk.give_history();
            } else if desk.parents_asked.is_some() {
                desk.give_parents();
            } else {
                break;
            }
        }
    }
}

#[test]
fn a_unit_that_the_hub_forgot_is_posted_again() {
    let mut desk = Desk::new();
    let (_, version) = desk.pay(1);
    let unit = desk.version(version).unit;
    desk.forget(unit);
    desk.let_time_pass(65);
    assert!(matches!(desk.books.chain.fate(&unit), Some(Fate::Good(_))));
    desk.check_rest();
}

#[test]
fn on_a_new_connection_the_whole_line_is_posted_oldest_first() {
    let mut desk = Desk::new();
    for _ in 0..3 {
        desk.pay(1);
    }
    desk.tell(Event::Disconnected);
    desk.tell(Event::Connected);
    let posted: Vec<_> = desk.posts.iter().map(|(id, _)| *id).collect();
    assert_eq!(posted, [Desk::id(0, 0), Desk::id(1, 0), Desk::id(2, 0)]);
    let posted: Vec<_> = desk.posts.iter().map(|(_, json)| json.clone()).collect();
    assert_eq!(desk.engine.line().collect::<Vec<_>>(), posted, "as it is handed to a hub that joins");
}

#[test]
fn a_version_that_was_refused_is_not_in_the_line_that_others_get() {
    let mut desk = Desk::new();
    let (_, version) = desk.post_for(1);
    assert_eq!(desk.engine.line().count(), 1);
    desk.answer(version, BAD_PARENTS);
    assert_eq!(desk.version(version).status, VersionStatus::Refused);
    assert_eq!(desk.engine.line().count(), 0);
}

#[test]
fn an_accepted_unit_that_the_hub_does_not_take_again_is_given_up_slowly() {
    let mut desk = Desk::new();
    let (ids, first) = desk.pay(1);
    let unit = desk.version(first).unit;
    desk.forget(unit);
    desk.tell(Event::Connected);
    shun(&mut desk, first, 20);
    assert_eq!(desk.books.journal.slots.len(), 1);
    assert_eq!(desk.engine.open_slots().next().map(|slot| slot.versions.len()), Some(1), "it may come back");
    shun(&mut desk, first, 300);
    assert_eq!(desk.version(Desk::id(0, 1)).status, VersionStatus::Final, "another version won");
    assert_eq!(desk.version(first).status, VersionStatus::Dead);
    assert!(desk.books.journal.paid.contains_key(&ids[0]));
    desk.check_rest();
}

#[test]
fn customers_are_told_of_the_first_unit_until_it_is_proven_dead() {
    let mut desk = Desk::new();
    let (ids, first) = desk.pay(1);
    let unit = desk.version(first).unit;
    desk.forget(unit);
    desk.tell(Event::Connected);
    let is_replaced = |desk: &Desk| desk.engine.open_slots().any(|slot| slot.versions.len() == 2);
    for _ in 0..300 {
        if !is_replaced(&desk) {
            shun(&mut desk, first, 1);
        }
    }
    assert!(is_replaced(&desk), "by another version");
    assert_eq!(desk.engine.in_hand(ids[0]), Some(InHand::Accepted(unit)));
}

#[test]
fn nothing_is_built_on_slots_that_hang_on_a_lost_version() {
    let mut desk = Desk::new();
    desk.stable_after = 10_000;
    let (_, first) = desk.pay(1);
    desk.pay(1);
    desk.stable_after = 3_600_000;
    desk.forget(desk.version(first).unit);
    desk.tell(Event::Connected);
    shun(&mut desk, first, 300);
    assert_eq!(desk.version(Desk::id(0, 1)).status, VersionStatus::Accepted);
    desk.owe(200);
    shun(&mut desk, first, 300);
    let versions: Vec<_> = desk.engine.open_slots().map(|slot| slot.versions.len()).collect();
    assert_eq!(versions, [2, 1], "the proof decides which of them is good");
}

#[test]
fn slots_behind_a_version_that_lost_die_and_their_payouts_are_paid_again() {
    let mut desk = Desk::new();
    desk.stable_after = 10_000;
    let (_, first) = desk.pay(1);
    let (behind, second) = desk.pay(1);
    desk.forget(desk.version(first).unit);
    desk.tell(Event::Connected);
    shun(&mut desk, first, 400);
    assert_eq!(desk.version(Desk::id(0, 1)).status, VersionStatus::Final);
    assert_eq!(desk.books.journal.slots[&second.slot].1, State::Dead);
    assert!(desk.books.journal.paid.contains_key(&behind[0]));
    desk.let_time_pass(70);
    desk.check_rest();
}

#[test]
fn slots_behind_a_version_that_is_proven_bad_die_at_once() {
    let mut desk = Desk::new();
    desk.stable_after = 10_000;
    let (_, first) = desk.pay(1);
    // A rival that the engine gave up long ago wins; here the second version, let out too late.
    let (_, second) = desk.pay(1);
    let (hash, change) = (desk.version(first).unit, desk.version(first).change);
    desk.tell(Event::HaveUpdates);
    let mut seen = desk.rumour(hash);
    seen.standing = payout::Standing::FinalBad;
    desk.books.chain.condemn(&hash, desk.now);
    desk.give_history_of(vec![seen]);
    assert_eq!(desk.version(first).status, VersionStatus::Dead);
    assert_eq!(desk.books.journal.slots[&second.slot].1, State::Dead);
    assert_eq!(desk.engine.queued(), 1, "what hung on it is queued again");
    desk.let_time_pass(70);
    assert!(
        desk.books
            .journal
            .slots
            .values()
            .all(|(slot, state)| { *state == State::Dead || slot.anchor != change })
    );
    desk.check_rest();
}

#[test]
fn while_two_versions_are_alive_nothing_is_built_on_either() {
    let mut desk = Desk::new();
    let (_, first) = desk.post_for(1);
    let (_, json) = desk.posts[0].clone();
    desk.answer(
        first,
        PostAnswer::Transient(obyte::answer::Transient::FeeTooLow(obyte::answer::FeeTooLow {
            address: None,
            required: None,
        })),
    );
    desk.give_parents_for(77);
    desk.let_hub_answer(Desk::id(0, 1));
    // Another hub has the first one, and two views are shown one after the other.
    desk.tell(Event::HaveUpdates);
    let rumours = [first, Desk::id(0, 1)].map(|id| desk.rumour(desk.version(id).unit));
    desk.give_history_of(rumours.to_vec());
    desk.smuggle(&json, desk.now + 500);
    desk.owe(200);
    desk.pass(SECOND);
    assert!(desk.parents_asked.is_none());
    desk.let_time_pass(70);
    assert_eq!(desk.version(first).status, VersionStatus::Final);
    desk.check_rest();
}
