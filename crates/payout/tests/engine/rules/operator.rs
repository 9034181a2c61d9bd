//! What an operator may ask for.

use obyte::UnitHash;
use obyte::answer::{PostAnswer, UnitError};
use payout::{Alarm, Event, SlotNo, VersionStatus};

use crate::world::desk::Desk;

fn stop() -> Event {
    Event::Paused(Alarm::Operator("counting the till".to_owned()))
}

#[test]
fn while_paying_is_stopped_no_unit_is_made_and_posted_ones_are_followed() {
    let mut desk = Desk::new();
    let (_, version) = desk.post_for(1);
    desk.tell(stop());
    desk.owe(1);
    assert_eq!(desk.let_hub_answer(version), PostAnswer::Accepted);
    desk.let_time_pass(70);
    assert_eq!(desk.version(version).status, VersionStatus::Final);
    assert_eq!((desk.engine.queued(), desk.engine.open_slots().count()), (1, 0));
    desk.tell(Event::Resumed);
    desk.let_time_pass(10);
    desk.check_rest();
}

#[test]
fn paying_stops_also_when_the_parents_were_on_their_way() {
    let mut desk = Desk::new();
    desk.owe(1);
    desk.tell(stop());
    desk.give_parents();
    assert!(desk.posts.is_empty());
}

#[test]
fn after_a_unit_of_somebody_else_the_wallet_is_restored_when_paying_goes_on() {
    let mut desk = Desk::new();
    let foreign = UnitHash::of("somebody else has the mnemonic");
    desk.crash_and_stay_offline();
    desk.tell(Event::Paused(Alarm::ForeignUnit(foreign)));
    desk.tell(stop());
    assert_eq!(desk.engine.paused(), Some(&Alarm::ForeignUnit(foreign)), "the first one counts");
    desk.tell(Event::Connected);
    desk.tell(Event::Resumed);
    assert_eq!(desk.engine.paused(), None);
    assert!(desk.engine.is_restoring(), "nothing is as the journal has it");
}

#[test]
fn a_unit_is_posted_again_when_the_operator_wants_it() {
    let mut desk = Desk::new();
    let (_, first) = desk.pay(1);
    let (_, second) = desk.post_for(1);
    let repost = |desk: &mut Desk, slot| {
        let before = desk.posts.len();
        desk.tell(Event::Repost(slot));
        desk.posts[before..].iter().map(|(id, _)| *id).collect::<Vec<_>>()
    };
    assert_eq!(repost(&mut desk, None), [first], "the other one is on its way");
    desk.answer(second, PostAnswer::Accepted);
    desk.answer(first, PostAnswer::Accepted);
    assert_eq!(repost(&mut desk, Some(SlotNo::new(1))), [second]);
    assert_eq!(repost(&mut desk, Some(SlotNo::new(9))), []);
    desk.tell(Event::Disconnected);
    assert_eq!(repost(&mut desk, None), [], "there is nobody to post to");
}

#[test]
fn of_a_slot_that_was_refused_the_newest_unit_is_posted_again() {
    let mut desk = Desk::new();
    let (_, version) = desk.post_for(1);
    desk.tell(stop());
    desk.answer(version, PostAnswer::UnitError(UnitError::Parents));
    assert_eq!(desk.version(version).status, VersionStatus::Refused);
    assert!(desk.posts.is_empty() && desk.parents_asked.is_none());
    desk.tell(Event::Repost(None));
    assert_eq!(desk.let_hub_answer(version), PostAnswer::Accepted);
    assert_eq!(desk.version(version).status, VersionStatus::Accepted);
}
