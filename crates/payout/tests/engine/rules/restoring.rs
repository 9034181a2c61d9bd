//! After a database was lost: all is looked at, every coin moves, and only then somebody is paid.

use std::time::Duration;

use obyte::UnitHash;
use obyte::answer::{PostAnswer, UnitError};
use payout::{Action, Alarm, Change, Event, RestoreCause, Standing, Timestamp, VersionStatus};
use simulation::{Journal, deposit_address, own_addresses};

use crate::world::desk::Desk;
use crate::world::settings;

/// Some are paid, and then the database is lost; nothing is left of it.
fn after_a_loss() -> Desk {
    let mut desk = Desk::new();
    desk.pay(2);
    desk.let_time_pass(10);
    desk.lose_journal(Journal::default());
    desk
}

fn is_restoring(desk: &Desk) -> bool {
    desk.books.journal.snapshot().restoring.is_some()
}

/// The hub is honest, and no unit that is posted is answered.
fn look(desk: &mut Desk) {
    while desk.posts.is_empty() && (desk.history_asked.is_some() || desk.parents_asked.is_some()) {
        if desk.history_asked.is_some() { desk.give_history() } else { desk.give_parents() }
    }
}

#[test]
fn the_first_unit_spends_every_coin_to_a_fresh_address_and_pays_nobody() {
    let mut desk = after_a_loss();
    let coin = desk.deposit(3_000_000);
    desk.owe(1);
    look(&mut desk);
    assert!(desk.alarms.contains(&Alarm::Restoring));
    let (sweep, _) = desk.posts[0];
    let version = desk.version(sweep);
    assert_eq!((version.inputs.len(), version.outputs.len()), (2, 0));
    assert!(version.inputs.iter().any(|input| input.id == coin.id));
    let own = simulation::own_addresses();
    assert_eq!(version.change.address, own[1], "nothing was ever sent there");
}

#[test]
fn nobody_is_paid_before_that_unit_is_proven() {
    let mut desk = after_a_loss();
    let owed = desk.owe(1);
    look(&mut desk);
    let (sweep, _) = desk.posts[0];
    desk.stable_after = 60_000;
    desk.let_hub_answer(sweep);
    desk.settle_down();
    desk.pass(Duration::from_secs(50));
    desk.settle_down();
    assert_eq!(desk.version(sweep).status, VersionStatus::Accepted);
    assert_eq!((desk.engine.open_slots().count(), desk.engine.queued()), (1, 1));
    desk.stable_after = 2_000;
    desk.let_time_pass(30);
    assert!(!is_restoring(&desk) && !desk.engine.is_restoring());
    assert_eq!(desk.told.last().map(|(payouts, _)| payouts), Some(&owed));
    desk.check_rest();
}

#[test]
fn what_a_unit_of_no_journal_may_have_paid_is_held() {
    let mut desk = Desk::new();
    let before = desk.books.journal.clone();
    desk.pay(1);
    desk.let_time_pass(10);
    desk.lose_journal(before);
    desk.settle_down();
    // The same order again, and another one.
    let paid = desk.repeat_first();
    let new = desk.owe(1);
    desk.let_time_pass(20);
    let journal = &desk.books.journal;
    assert!(journal.held.contains(&paid) && !journal.paid.contains_key(&paid));
    assert!(journal.paid.contains_key(&new[0]));
}

#[test]
fn what_waits_already_is_held_too() {
    let mut desk = Desk::new();
    desk.tell(Event::Paused(Alarm::Operator("a copy is made".to_owned())));
    let owed = desk.owe(1);
    let copy = desk.books.journal.clone();
    desk.tell(Event::Resumed);
    desk.settle_down();
    desk.let_time_pass(10);
    assert!(desk.books.journal.paid.contains_key(&owed[0]));
    desk.lose_journal(copy);
    desk.let_time_pass(20);
    assert!(desk.books.journal.held.contains(&owed[0]) && desk.engine.queued() == 0);
}

#[test]
fn no_hub_can_leave_out_a_unit_that_a_later_one_builds_on() {
    let mut desk = Desk::new();
    let (_, first) = desk.pay(1);
    desk.pay(1);
    desk.let_time_pass(10);
    let hidden = desk.version(first).unit;
    desk.lose_journal(Journal::default());
    for _ in 0..6 {
        let question = desk.history_asked.clone().expect("it is looked for again and again");
        assert!(desk.parents_asked.is_none(), "nothing moves before");
        let mut units = desk.books.chain.history(crate::world::HUB, &question);
        units.retain(|seen| seen.unit != hidden);
        desk.give_history_of(units);
        desk.pass(Duration::from_secs(60));
    }
    assert!(desk.history_asked.as_ref().is_some_and(|question| question.units.contains(&hidden)), "by name");
    desk.let_time_pass(20);
    assert!(!desk.engine.is_restoring());
}

#[test]
fn coins_that_do_not_fit_into_one_unit_move_in_several() {
    let mut desk = Desk::with(settings(), 1_000_000);
    desk.settle_down();
    desk.pay(1);
    desk.let_time_pass(10);
    for amount in 0..150 {
        desk.deposit(2_000 + amount);
    }
    desk.lose_journal(Journal::default());
    desk.let_time_pass(40);
    assert!(!desk.engine.is_restoring());
    let snapshot = desk.books.journal.snapshot();
    assert_eq!((snapshot.next_slot, snapshot.refills.len()), (2, 0));
}

#[test]
fn crumbs_stay_where_they_are() {
    let mut desk = after_a_loss();
    desk.deposit(400);
    desk.let_time_pass(20);
    assert!(!desk.engine.is_restoring());
    assert_eq!(desk.books.journal.snapshot().refills.len(), 1);
}

#[test]
fn without_any_coin_there_is_nothing_to_move() {
    let mut desk = after_a_loss();
    let question = desk.history_asked.clone().expect("asked");
    let mut units = desk.books.chain.history(crate::world::HUB, &question);
    units.retain(|seen| seen.is_own);
    for seen in &mut units {
        seen.coins.clear();
        seen.standing = Standing::FinalBad;
    }
    let mut listed = units.clone();
    listed[0].standing = Standing::Unstable;
    desk.give_history_of(listed);
    assert!(desk.engine.is_restoring());
    while desk.history_asked.is_some() {
        desk.give_history_of(units.clone());
    }
    assert!(!desk.engine.is_restoring() && desk.parents_asked.is_none());
}

#[test]
fn where_the_histories_of_many_addresses_are_too_large_they_are_asked_for_one_by_one() {
    let mut desk = after_a_loss();
    desk.give_history();
    let many = desk.history_asked.clone().expect("all addresses are looked at");
    assert_eq!(many.addresses.len(), 40, "of the line, and for deposits");
    desk.tell(Event::HistoryTooLarge { ask: many.ask });
    let one = desk.history_asked.clone().expect("again");
    assert_eq!(one.addresses, [many.addresses[0], many.addresses[20]]);
    desk.tell(Event::HistoryTooLarge { ask: one.ask });
    let stock = desk.stock_asked.clone().expect("their coins are counted");
    assert_eq!(stock.addresses, one.addresses);
    desk.give_stock();
    assert_eq!(desk.history_asked.as_ref().map(|next| next.addresses[0]), Some(many.addresses[1]));
    desk.let_time_pass(30);
    assert!(!desk.engine.is_restoring());
    desk.owe(1);
    desk.let_time_pass(10);
    assert!(desk.books.journal.queue.is_empty());
}

#[test]
fn after_a_crash_in_the_middle_all_is_looked_at_again() {
    let mut desk = after_a_loss();
    look(&mut desk);
    let (sweep, _) = desk.posts[0];
    desk.let_hub_answer(sweep);
    desk.crash();
    assert!(desk.engine.is_restoring());
    assert_eq!(desk.history_asked.as_ref().map(|question| question.addresses.len()), Some(40));
    desk.let_time_pass(20);
    assert!(!desk.engine.is_restoring());
    assert_eq!(desk.books.journal.snapshot().next_slot, 1, "the unit that was signed before suffices");
    assert_eq!(desk.version(sweep).status, VersionStatus::Final);
}

#[test]
fn when_the_unit_is_refused_all_is_looked_at_again() {
    let mut desk = after_a_loss();
    look(&mut desk);
    let (sweep, _) = desk.posts[0];
    desk.answer(sweep, PostAnswer::UnitError(UnitError::CoinSpent));
    assert!(desk.parents_asked.is_none());
    let from = desk.history_asked.as_ref().map(|question| question.min_mci);
    assert_eq!(from, Some(0), "from the beginning");
    look(&mut desk);
    desk.pass(Duration::from_secs(2));
    look(&mut desk);
    let (next, _) = desk.posts[0];
    assert_eq!((next.slot, desk.version(next).inputs[0]), (sweep.slot, desk.version(sweep).inputs[0]));
    desk.let_time_pass(20);
    assert!(!desk.engine.is_restoring());
}

#[test]
fn a_unit_that_does_not_become_stable_is_waited_for() {
    let mut desk = Desk::new();
    desk.stable_after = 200_000;
    desk.pay(1);
    desk.lose_journal(Journal::default());
    desk.let_time_pass(100);
    assert!(desk.engine.is_restoring() && desk.books.journal.slots.is_empty());
    desk.stable_after = 2_000;
    desk.let_time_pass(200);
    assert!(!desk.engine.is_restoring());
}

#[test]
fn a_slot_of_the_copy_is_lost_where_another_version_won() {
    let mut desk = Desk::new();
    let (held, first) = desk.post_for(1);
    let copy = desk.books.journal.clone();
    desk.answer(first, PostAnswer::UnitError(UnitError::Parents));
    desk.give_parents_for(20);
    let (second, _) = desk.posts[0];
    desk.let_hub_answer(second);
    desk.let_time_pass(10);
    desk.lose_journal(copy);
    desk.let_time_pass(20);
    assert!(!desk.engine.is_restoring());
    assert!(desk.books.journal.held.contains(&held[0]), "it was paid by the other version");
}

#[test]
fn everything_found_is_kept_at_once() {
    let mut desk = after_a_loss();
    desk.give_history();
    desk.give_history();
    let kept = desk.log.iter().filter_map(|action| match action {
        Action::Persist(changes) => Some(changes),
        _ => None,
    });
    let kept: Vec<&Vec<Change>> = kept.collect();
    assert_eq!(kept.len(), 1);
    let units = kept[0].iter().filter(|change| matches!(change, Change::ForeignUnit { .. })).count();
    let coins = kept[0].iter().filter(|change| matches!(change, Change::CoinProven { .. })).count();
    let lost = kept[0].iter().filter(|change| matches!(change, Change::CoinLost { .. })).count();
    assert_eq!((units, coins, lost), (1, 1, 1), "its change is there, and what it spent is not");
}

#[test]
fn a_unit_that_only_a_liar_lists_delays_and_no_more() {
    let mut desk = Desk::new();
    desk.crash();
    let rumour = desk.rumour(UnitHash::of("there is no such unit"));
    desk.give_history_of(vec![rumour]);
    assert!(desk.engine.is_restoring());
    desk.let_time_pass(1_500);
    assert!(!desk.engine.is_restoring());
    desk.owe(1);
    desk.let_time_pass(10);
    desk.check_rest();
}

#[test]
fn deposits_are_found_although_nobody_knows_whose_they_are() {
    let mut desk = Desk::new();
    desk.pay(1);
    desk.let_time_pass(10);
    let place = own_addresses().iter().position(|own| *own == deposit_address(3)).expect("it is there");
    let coin = desk.books.chain.deposit_at(place, 5_000_000, desk.now);
    desk.pass(Duration::from_secs(1));
    desk.lose_journal(Journal::default());
    desk.let_time_pass(40);
    assert!(!desk.engine.is_restoring());
    let snapshot = desk.books.journal.snapshot();
    assert_eq!((snapshot.deposits, snapshot.refills.len()), (3, 0));
    let sweep = desk.version(Desk::id(0, 0));
    assert!(sweep.inputs.contains(&coin));
    assert_eq!(sweep.change.address, own_addresses()[1]);
}

/// Nothing of the wallet is left but the mnemonic, and the operator says so.
fn declared() -> Journal {
    let mut journal = Journal::default();
    let begun = Change::RestoreBegun { cause: RestoreCause::Declared, at: Timestamp::default() };
    journal.apply(&begun).expect("nothing speaks against it");
    journal
}

/// A textcoin is named after the place to which its life has moved the coins. Without any there is nothing to be moved.
#[test]
fn a_life_that_begins_without_coins_names_its_textcoins_like_no_other() {
    let mut desk = Desk::penniless(settings());
    desk.lose_journal(declared());
    desk.let_time_pass(60);
    assert!(!is_restoring(&desk));
    desk.deposit(50_000_000);
    let owed = desk.owe_textcoins(1);
    desk.let_time_pass(60);
    let given = desk.books.journal.payouts[&owed[0]].payee.issue().expect("it has left").no;
    desk.check_rest();
    desk.lose_journal(declared());
    desk.let_time_pass(60);
    assert!(!is_restoring(&desk));
    let next = desk.books.journal.snapshot().textcoins;
    assert!(next.generation > given.generation, "{next} after {given}");
}
