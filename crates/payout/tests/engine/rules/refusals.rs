//! What follows from each answer of the table (13).

use std::time::Duration;

use obyte::Bytes;
use obyte::answer::{FeeTooLow, MaybeAccepted, PostAnswer, Transient, UnitError};
use payout::{Alarm, Event, VersionId, VersionStatus};

use crate::world::desk::Desk;

const SECOND: Duration = Duration::from_secs(1);

fn fee_too_low(required: u64) -> PostAnswer {
    let required = Some(Bytes::literal(required));
    PostAnswer::Transient(Transient::FeeTooLow(FeeTooLow { address: None, required }))
}

const KNOWN: PostAnswer = PostAnswer::MaybeAccepted(MaybeAccepted::Known);
const BAD_PARENTS: PostAnswer = PostAnswer::UnitError(UnitError::Parents);

/// The unit that the engine posted last.
fn posted(desk: &Desk) -> VersionId {
    desk.posts.last().expect("a unit was posted").0
}

#[test]
fn a_refusal_for_the_fee_is_followed_at_once_by_a_version_with_the_same_anchor_and_payouts() {
    let mut desk = Desk::new();
    let (ids, first) = desk.post_for(3);
    desk.answer(first, fee_too_low(500));
    desk.give_parents();
    let second = posted(&desk);
    assert_eq!(second, Desk::id(0, 1));
    let (before, after) = (desk.version(first), desk.version(second));
    assert_eq!(before.inputs[0], after.inputs[0]);
    assert!(ids.iter().all(|id| before.pays(*id) && after.pays(*id)));
    assert_eq!(after.fees.tps, Bytes::literal(500), "the fee that the hub wants");
    assert_eq!(before.status, VersionStatus::Refused);
}

#[test]
fn what_waits_comes_along_in_the_next_version() {
    let mut desk = Desk::new();
    let (_, first) = desk.post_for(1);
    let late = desk.owe(2);
    desk.answer(first, fee_too_low(500));
    desk.give_parents();
    let second = desk.version(posted(&desk));
    assert!(late.iter().all(|id| second.pays(*id)));
    assert_eq!(second.outputs.len(), 3);
}

#[test]
fn the_same_unit_is_not_journaled_twice() {
    let mut desk = Desk::new();
    let (_, first) = desk.post_for(1);
    desk.answer(first, BAD_PARENTS);
    // Within the same second the hub gives the same parents.
    desk.give_parents();
    assert!(desk.posts.is_empty() && desk.parents_asked.is_none());
    desk.pass(2 * SECOND);
    desk.give_parents();
    assert_eq!(posted(&desk), Desk::id(0, 1));
}

#[test]
fn refusals_one_after_the_other_are_paced() {
    let mut desk = Desk::new();
    desk.owe(1);
    desk.let_time_pass(0);
    let mut versions = 0;
    for _ in 0..600 {
        desk.pass(SECOND);
        if desk.parents_asked.is_some() {
            desk.give_parents_for(versions % 2);
        }
        while let Some((version, _)) = desk.posts.first() {
            versions += 1;
            desk.answer(*version, BAD_PARENTS);
        }
    }
    assert!((5..30).contains(&versions), "{versions} versions in ten minutes");
}

#[test]
fn known_alone_is_not_accepted() {
    let mut desk = Desk::new();
    let (_, version) = desk.post_for(1);
    desk.answer(version, KNOWN);
    assert!(desk.told.is_empty());
    assert_eq!(desk.version(version).status, VersionStatus::Unknown);
    assert!(desk.history_asked.is_some(), "only a history tells");
    assert!(desk.parents_asked.is_none());
}

#[test]
fn a_unit_listed_as_good_is_accepted() {
    let mut desk = Desk::new();
    let (ids, version) = desk.post_for(1);
    let (_, json) = desk.posts[0].clone();
    desk.smuggle(&json, desk.now + 5_000);
    desk.answer(version, KNOWN);
    desk.give_history();
    assert_eq!(desk.told, [(ids, desk.version(version).unit)]);
    assert_eq!(desk.version(version).status, VersionStatus::Accepted);
}

#[test]
fn an_accepted_unit_that_the_hub_knows_stays_accepted() {
    let mut desk = Desk::new();
    let (_, version) = desk.pay(1);
    desk.tell(Event::Connected);
    desk.answer(version, KNOWN);
    assert_eq!(desk.version(version).status, VersionStatus::Accepted);
    assert_eq!(desk.told.len(), 1, "nobody is told twice");
}

#[test]
fn without_an_answer_the_same_unit_is_posted_again() {
    let mut desk = Desk::new();
    let (_, version) = desk.post_for(1);
    let (_, json) = desk.posts.remove(0);
    desk.tell(Event::PostUnanswered { version });
    desk.pass(2 * SECOND);
    assert_eq!(desk.posts, [(version, json)]);
    assert!(desk.parents_asked.is_none(), "no other unit meanwhile");
}

#[test]
fn a_conflict_waits_for_a_history() {
    let mut desk = Desk::new();
    let (_, version) = desk.post_for(1);
    desk.pass(6 * SECOND);
    assert!(desk.history_asked.is_some(), "one that was asked for before");
    desk.answer(version, PostAnswer::Conflict);
    desk.give_history();
    assert!(desk.parents_asked.is_some(), "nothing is in the way any more");
}

#[test]
fn a_history_asked_for_before_a_conflict_does_not_count() {
    let mut desk = Desk::new();
    let (_, version) = desk.post_for(1);
    desk.pass(6 * SECOND);
    let early = desk.history_asked.clone().expect("it looks every few seconds");
    desk.answer(version, PostAnswer::Conflict);
    desk.tell(Event::History { ask: early.ask, units: Vec::new() });
    assert!(desk.parents_asked.is_none());
    desk.give_history();
    assert!(desk.parents_asked.is_some());
}

#[test]
fn a_refused_unit_that_is_alive_after_all_needs_no_other_version() {
    let mut desk = Desk::new();
    let (_, version) = desk.post_for(1);
    let (_, json) = desk.posts[0].clone();
    desk.smuggle(&json, desk.now + 5_000);
    desk.answer(version, PostAnswer::Conflict);
    desk.give_history();
    assert!(desk.parents_asked.is_none());
    assert_eq!(desk.version(version).status, VersionStatus::Accepted);
    desk.let_time_pass(70);
    desk.check_rest();
}

#[test]
fn missing_ancestors_are_posted_first() {
    let mut desk = Desk::new();
    let (_, first) = desk.pay(1);
    let (_, second) = desk.post_for(1);
    desk.answer(second, PostAnswer::Transient(Transient::UnknownParents));
    assert_eq!(desk.posts.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [first]);
    desk.let_hub_answer(first);
    desk.pass(2 * SECOND);
    assert_eq!(posted(&desk), second, "the same unit again");
}

#[test]
fn a_unit_that_is_refused_again_and_again_for_what_should_pass_is_replaced() {
    for answer in [
        PostAnswer::Transient(Transient::UnknownParents),
        PostAnswer::Transient(Transient::LastBallNotStable),
        PostAnswer::Transient(Transient::LastBallAdvanced),
        PostAnswer::MaybeAccepted(MaybeAccepted::KnownUnverified),
    ] {
        let mut desk = Desk::new();
        let (_, version) = desk.post_for(1);
        for _ in 0..2 {
            desk.answer(version, answer);
            desk.pass(4 * SECOND);
            assert_eq!(posted(&desk), version, "the same unit again: {answer:?}");
        }
        desk.answer(version, answer);
        desk.settle_down();
        assert_eq!(desk.engine.open_slots().next().map(|slot| slot.versions.len()), Some(2), "{answer:?}");
        desk.let_time_pass(70);
        desk.check_rest();
    }
}

#[test]
fn what_passes_by_itself_is_waited_for() {
    for answer in [
        PostAnswer::Transient(Transient::CatchingUp),
        PostAnswer::Transient(Transient::TimestampAhead),
        PostAnswer::MaybeAccepted(MaybeAccepted::AlreadyHandling),
    ] {
        let mut desk = Desk::new();
        let (_, version) = desk.post_for(1);
        for _ in 0..20 {
            desk.answer(version, answer);
            desk.pass(2 * SECOND);
            assert_eq!(posted(&desk), version, "{answer:?}");
        }
    }
}

#[test]
fn what_needs_a_person_stops_paying_until_it_is_resumed() {
    for answer in [
        PostAnswer::Unknown,
        PostAnswer::JointError,
        PostAnswer::RequestError,
        PostAnswer::UnitError(UnitError::Signature),
        PostAnswer::Transient(Transient::ComposedWrongly),
    ] {
        let mut desk = Desk::new();
        let (_, version) = desk.post_for(1);
        desk.answer(version, answer);
        desk.owe(1);
        desk.let_time_pass(120);
        assert!(matches!(desk.engine.paused(), Some(Alarm::Refused { .. })), "{answer:?}");
        assert_eq!(desk.engine.open_slots().next().map(|slot| slot.versions.len()), Some(1));
        desk.tell(Event::Resumed);
        desk.let_time_pass(70);
        desk.check_rest();
    }
}

#[test]
fn a_hub_that_blocks_us_is_tried_again_later() {
    let mut desk = Desk::new();
    let (_, version) = desk.post_for(1);
    desk.answer(version, PostAnswer::Blocked);
    assert!(matches!(desk.alarms[..], [Alarm::Refused { .. }]));
    desk.pass(30 * SECOND);
    assert!(desk.posts.is_empty());
    desk.pass(30 * SECOND);
    assert_eq!(posted(&desk), version);
    assert!(desk.engine.paused().is_none());
}

#[test]
fn a_definition_that_the_hub_sees_otherwise_is_turned_round() {
    let mut desk = Desk::new();
    let reveals = |desk: &Desk, id| desk.version(id).json.contains("\"definition\"");
    let (_, first) = desk.post_for(1);
    assert!(reveals(&desk, first));
    desk.answer(first, PostAnswer::UnitError(UnitError::DefinitionRepeated));
    desk.give_parents();
    assert!(!reveals(&desk, posted(&desk)));
    desk.let_time_pass(70);
    let (_, later) = desk.post_for(1);
    assert!(!reveals(&desk, later));
    desk.answer(later, PostAnswer::UnitError(UnitError::DefinitionMissing));
    desk.give_parents();
    assert!(reveals(&desk, posted(&desk)));
}

#[test]
fn an_answer_to_a_proven_unit_changes_nothing() {
    let mut desk = Desk::new();
    let (_, version) = desk.pay(1);
    desk.let_time_pass(10);
    assert_eq!(desk.engine.open_slots().count(), 0);
    desk.tell(Event::PostAnswered { version, answer: PostAnswer::Unknown, text: String::new() });
    assert!(desk.log.is_empty() && desk.engine.paused().is_none());
}
