//! What a proven history brings: settled slots, coins, alarms.

use std::time::Duration;

use obyte::answer::{PostAnswer, UnitError};
use obyte::{Bytes, UnitHash};
use payout::{Action, Alarm, Change, Event, Standing, VersionStatus};

use crate::world::desk::Desk;
use crate::world::{HUB, settings};

const SECOND: Duration = Duration::from_secs(1);
const REFUSED: PostAnswer = PostAnswer::UnitError(UnitError::FeeTooLow(obyte::answer::FeeTooLow {
    address: None,
    required: Some(Bytes::literal(600)),
}));

#[test]
fn a_proof_settles_a_slot_and_nothing_else_does() {
    let mut desk = Desk::new();
    let (ids, version) = desk.pay(1);
    desk.tell(Event::HaveUpdates);
    desk.give_history();
    assert_eq!(desk.version(version).status, VersionStatus::Accepted);
    desk.pass(2 * SECOND);
    desk.tell(Event::HaveUpdates);
    desk.give_history();
    assert_eq!(desk.version(version).status, VersionStatus::Final);
    assert_eq!(desk.books.journal.paid[&ids[0]], desk.version(version).unit);
    assert_eq!(desk.engine.in_hand(ids[0]), None);
}

#[test]
fn payouts_of_a_losing_version_return_to_the_queue() {
    let mut desk = Desk::new();
    let (first, old) = desk.post_for(1);
    let late = desk.owe(1);
    // The hub refuses the unit to our face, and keeps it.
    let (_, json) = desk.posts[0].clone();
    desk.answer(old, REFUSED);
    desk.smuggle(&json, desk.now + 1_000);
    desk.give_parents();
    assert_eq!(desk.let_hub_answer(Desk::id(0, 1)), PostAnswer::Conflict);
    desk.pass(SECOND);
    desk.settle_down();
    assert_eq!(desk.books.journal.paid.keys().copied().collect::<Vec<_>>(), first);
    assert_eq!(desk.version(Desk::id(0, 1)).status, VersionStatus::Dead);
    desk.let_time_pass(70);
    assert!(desk.books.journal.paid.contains_key(&late[0]));
    desk.check_rest();
}

#[test]
fn a_coin_that_only_a_losing_version_spent_is_free_again() {
    let mut desk = Desk::with(settings(), 100_000);
    desk.settle_down();
    let (_, old) = desk.post_for(1);
    let refill = desk.deposit(50_000);
    desk.pass(2 * SECOND);
    desk.tell(Event::HaveUpdates);
    desk.give_history();
    desk.owe(4);
    let (_, json) = desk.posts[0].clone();
    desk.answer(old, REFUSED);
    desk.smuggle(&json, desk.now + 1_000);
    desk.give_parents();
    assert!(desk.version(Desk::id(0, 1)).inputs.contains(&refill));
    desk.let_hub_answer(Desk::id(0, 1));
    desk.let_time_pass(70);
    assert_eq!(desk.version(Desk::id(0, 0)).status, VersionStatus::Final);
    assert!(desk.version(Desk::id(1, 0)).inputs.contains(&refill), "it pays what was freed");
    desk.check_rest();
}

#[test]
fn a_proven_slot_proves_the_slots_before_it() {
    let mut desk = Desk::new();
    let (_, first) = desk.pay(1);
    let (_, second) = desk.pay(1);
    let hidden = desk.version(first).unit;
    desk.pass(2 * SECOND);
    desk.tell(Event::HaveUpdates);
    let question = desk.history_asked.clone().expect("asked");
    let units = desk.books.chain.history(HUB, &question);
    desk.give_history_of(units.into_iter().filter(|seen| seen.unit != hidden).collect());
    assert_eq!(desk.version(first).status, VersionStatus::Final);
    assert_eq!(desk.version(second).status, VersionStatus::Final);
    let (_, third) = desk.pay(1);
    assert_eq!(desk.version(third).inputs, [desk.version(second).change]);
}

#[test]
fn a_coin_is_credited_once() {
    let mut desk = Desk::new();
    let coin = desk.deposit(77_000);
    let credits = |desk: &Desk| {
        let changes = desk.log.iter().filter_map(|action| match action {
            Action::Persist(changes) => Some(changes.clone()),
            _ => None,
        });
        let credits =
            |change: &Change| matches!(change, Change::CoinProven { coin: new, .. } if *new == coin);
        changes.flatten().filter(credits).count()
    };
    let mut count = 0;
    for round in 0..4 {
        desk.tell(Event::HaveUpdates);
        desk.give_history();
        count += credits(&desk);
        if round == 1 {
            desk.crash();
            desk.give_history();
            count += credits(&desk);
        }
    }
    assert_eq!(count, 1);
}

#[test]
fn a_coin_is_not_credited_before_it_is_proven() {
    let mut desk = Desk::new();
    desk.books.chain.deposit(77_000, desk.now + 5_000);
    desk.tell(Event::HaveUpdates);
    desk.give_history();
    assert_eq!(desk.books.journal.snapshot().refills.len(), 1, "the first one");
    desk.pass(5 * SECOND);
    desk.tell(Event::HaveUpdates);
    desk.give_history();
    assert_eq!(desk.books.journal.snapshot().refills.len(), 2);
}

#[test]
fn change_is_never_a_deposit() {
    let mut desk = Desk::new();
    desk.pay(2);
    desk.let_time_pass(70);
    desk.crash();
    desk.settle_down();
    let snapshot = desk.books.journal.snapshot();
    assert_eq!((snapshot.refills.len(), snapshot.anchor.is_some()), (0, true));
    assert!(desk.engine.paused().is_none());
}

#[test]
fn the_next_history_begins_where_the_last_one_ended() {
    let mut desk = Desk::new();
    desk.pay(1);
    desk.let_time_pass(10);
    let synced = desk.books.journal.snapshot().synced_mci;
    assert!(synced > 1);
    desk.tell(Event::HaveUpdates);
    assert_eq!(desk.history_asked.as_ref().map(|question| question.min_mci), Some(synced));
    desk.crash();
    assert_eq!(desk.history_asked.as_ref().map(|question| question.min_mci), Some(synced));
}

/// A history takes a tenth of a second; how long none is asked for after it, in tenths of a second.
fn rest_after(desk: &mut Desk) -> u32 {
    const TENTH: Duration = Duration::from_millis(100);
    desk.tell(Event::HaveUpdates);
    desk.pass(TENTH);
    desk.give_history();
    desk.tell(Event::HaveUpdates);
    let waits = (0..100).take_while(|_| {
        let rests = desk.history_asked.is_none();
        desk.pass(TENTH);
        rests
    });
    waits.count().try_into().expect("at most 100")
}

#[test]
fn a_hub_rests_from_a_history_and_less_after_one_of_many_units() {
    let mut desk = Desk::new();
    desk.stable_after = 3_600_000;
    desk.pay(1);
    desk.settle_down();
    assert_eq!(rest_after(&mut desk), 9);
    for _ in 0..80 {
        desk.settle_down();
        desk.pay(1);
    }
    desk.settle_down();
    desk.pass(SECOND);
    assert_eq!((desk.engine.open_slots().count(), rest_after(&mut desk)), (81, 3));
}

#[test]
fn what_is_not_proven_yet_is_asked_for_again() {
    let mut desk = Desk::new();
    desk.tell(Event::HaveUpdates);
    let seen = [(Standing::FinalGood, 1_000), (Standing::Unstable, 900)].map(|(standing, mci)| {
        let mut seen = desk.rumour(UnitHash::of(&format!("a deposit at {mci}")));
        (seen.is_own, seen.standing, seen.main_chain_index) = (false, standing, Some(mci));
        seen
    });
    desk.give_history_of(seen.to_vec());
    assert_eq!(desk.books.journal.snapshot().synced_mci, 900);
}

#[test]
fn a_unit_of_ours_that_no_journal_holds_stops_paying() {
    let mut desk = Desk::new();
    let foreign = UnitHash::of("somebody else has the mnemonic");
    let show = |desk: &mut Desk| {
        desk.tell(Event::HaveUpdates);
        let mut seen = desk.rumour(foreign);
        (seen.standing, seen.main_chain_index) = (Standing::FinalGood, Some(1_000));
        desk.give_history_of(vec![seen]);
    };
    desk.owe(1);
    show(&mut desk);
    assert_eq!(desk.engine.paused(), Some(&Alarm::ForeignUnit(foreign)));
    desk.give_parents();
    assert!(desk.posts.is_empty(), "also when the parents were on their way");
    assert!(desk.books.journal.snapshot().synced_mci < 1_000, "it is seen again after a start");
}

#[test]
fn a_foreign_unit_that_is_proven_bad_is_no_alarm() {
    let mut desk = Desk::new();
    desk.tell(Event::HaveUpdates);
    let mut seen = desk.rumour(UnitHash::of("it never existed"));
    seen.standing = Standing::FinalBad;
    desk.give_history_of(vec![seen]);
    assert!(desk.engine.paused().is_none());
}

#[test]
fn after_a_stop_nothing_is_composed_before_a_history() {
    let mut desk = Desk::new();
    let (_, version) = desk.post_for(1);
    desk.answer(version, PostAnswer::Unknown);
    desk.tell(Event::Resumed);
    assert!(desk.parents_asked.is_none());
    desk.give_history();
    assert!(desk.parents_asked.is_some());
}

#[test]
fn the_definition_is_repeated_until_the_first_unit_is_below_the_last_ball() {
    let mut desk = Desk::with(settings(), 1_000_000_000);
    desk.settle_down();
    desk.stable_after = 20_000;
    let reveals = |desk: &Desk, no| desk.version(Desk::id(no, 0)).json.contains("\"definition\"");
    desk.pay(1);
    desk.pay(1);
    assert!(reveals(&desk, 0) && reveals(&desk, 1), "the first unit is not stable");
    // Parents from before the first unit became stable, which is looked up afterwards.
    desk.owe(1);
    let question = desk.parents_asked.take().expect("asked");
    assert_eq!(question.look_up, [desk.version(Desk::id(0, 0)).unit]);
    let parents = desk.books.chain.parents(HUB, desk.now, 0);
    desk.now += 20_000;
    desk.books.chain.ripen(desk.now);
    let looked_up = desk.books.chain.mcis_of(HUB, &question.look_up);
    assert!(looked_up.values().all(|mci| *mci > parents.last_ball_mci) && !looked_up.is_empty());
    let threshold = obyte::fee::ThresholdSize::DEFAULT;
    desk.tell(Event::Parents { ask: question.ask, parents, threshold, looked_up, agents: 0, claims: None });
    assert!(reveals(&desk, 2), "the last ball is older than the first unit");
    assert_eq!(desk.let_hub_answer(Desk::id(2, 0)), PostAnswer::Accepted);
    desk.pass(SECOND);
    desk.pay(1);
    assert!(!reveals(&desk, 3), "the first unit is below the last ball");
    desk.let_time_pass(30);
    desk.crash();
    desk.settle_down();
    desk.owe(1);
    let question = desk.parents_asked.as_ref().expect("it asked for parents");
    assert!(question.look_up.is_empty(), "its place is known");
    desk.give_parents();
    assert!(!reveals(&desk, 4));
}
