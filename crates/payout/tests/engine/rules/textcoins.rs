//! Textcoins: each payout to a mailbox gets a number of its own, once, and what claiming it takes on top.

use std::time::Duration;

use obyte::answer::{PostAnswer, UnitError};
use obyte::unit::Output;
use obyte::{Address, Bytes, Network};
use payout::{Alarm, Event, Issue, PayoutId, Search, TextcoinNo};

use crate::world::desk::Desk;

fn issue(desk: &Desk, payout: PayoutId) -> Issue {
    desk.books.journal.payouts[&payout].payee.issue().expect("it has a number")
}

fn numbers(desk: &Desk, payouts: &[PayoutId]) -> Vec<TextcoinNo> {
    payouts.iter().map(|payout| issue(desk, *payout).no).collect()
}

fn first(counters: impl IntoIterator<Item = u32>) -> Vec<TextcoinNo> {
    counters.into_iter().map(|counter| TextcoinNo { generation: 0, counter }).collect()
}

/// The numbers that wallets do not skip.
fn usable(count: usize) -> Vec<u32> {
    let keyring = simulation::keyring();
    let is_used = |counter: &u32| {
        keyring.textcoins().textcoin(TextcoinNo { generation: 0, counter: *counter }).is_some()
    };
    (0..).filter(is_used).take(count).collect()
}

#[test]
fn a_textcoin_leaves_in_the_same_unit_as_other_payouts_with_the_claim_reserve_on_top() {
    let mut desk = Desk::new();
    let (_, earlier) = desk.post_for(1);
    let wallets = desk.owe(2);
    let textcoins = desk.owe_textcoins(2);
    desk.let_hub_answer(earlier);
    desk.pass(Duration::from_secs(5));
    desk.give_parents();
    let version = desk.version(Desk::id(1, 0));
    assert!(wallets.iter().chain(&textcoins).all(|payout| version.pays(*payout)));
    let owed = desk.books.journal.payouts[&textcoins[0]];
    let reserve = Bytes::literal(Network::Devnet.textcoin_claim_fee() + 2 * 7);
    assert_eq!(issue(&desk, textcoins[0]).reserve, reserve);
    assert_eq!(
        owed.output(),
        Some(Output {
            address: issue(&desk, owed.id).address,
            amount: owed.amount.checked_add(reserve).expect("small")
        })
    );
    desk.let_time_pass(10);
    desk.check_rest();
}

#[test]
fn numbers_are_taken_in_order_and_the_address_is_that_of_the_wallets_textcoin() {
    let mut desk = Desk::new();
    let ids = desk.owe_textcoins(3);
    desk.settle_down();
    assert_eq!(numbers(&desk, &ids), first(usable(3)));
    let keyring = simulation::keyring();
    let Issue { no, address, .. } = issue(&desk, ids[1]);
    assert_eq!(keyring.textcoins().textcoin(no).map(|textcoin| textcoin.address()), Some(address));
}

/// What the shell derives beside the engine.
fn derive(numbers: &[TextcoinNo]) -> Vec<(TextcoinNo, Option<Address>)> {
    let keyring = simulation::keyring();
    let address = |no| keyring.textcoins().textcoin(no).map(|textcoin| textcoin.address());
    numbers.iter().map(|no| (*no, address(*no))).collect()
}

#[test]
fn addresses_are_wanted_ahead_as_soon_as_a_textcoin_is_needed() {
    let mut desk = Desk::new();
    desk.owe(1);
    assert_eq!(desk.engine.textcoins_wanted(3), []);
    desk.owe_textcoins(1);
    assert_eq!(desk.engine.textcoins_wanted(3), first(0..3));
    desk.tell(Event::TextcoinsDerived(derive(&first(1..3))));
    assert_eq!(desk.engine.textcoins_wanted(2), first([0, 3]));
    let all = desk.engine.textcoins_wanted(usize::MAX);
    assert_eq!(all.last(), first([255]).last(), "two units full");
    desk.tell(Event::TextcoinsDerived(derive(&all)));
    assert_eq!(desk.engine.textcoins_wanted(usize::MAX), []);
    desk.let_time_pass(10);
    assert_eq!(desk.engine.textcoins_wanted(usize::MAX), first([256]), "what was given is made up for");
    desk.crash();
    assert_eq!(desk.engine.textcoins_wanted(2), first([1, 2]), "another engine begins anew");
}

#[test]
fn what_was_derived_ahead_is_given_in_its_order_and_nothing_else_of_it() {
    let mut desk = Desk::new();
    let before = desk.owe_textcoins(1);
    // A stock of another life of the wallet, whose addresses are not these.
    let foreign = (0..10).map(|counter| {
        let no = TextcoinNo { generation: 1, counter };
        (no, Some(Address::of_source(&counter.to_string())))
    });
    desk.tell(Event::TextcoinsDerived(foreign.collect()));
    desk.let_time_pass(10);
    let wanted = desk.engine.textcoins_wanted(10);
    let marked: Vec<_> = wanted.iter().map(|no| (*no, Some(Address::of_source(&no.to_string())))).collect();
    desk.tell(Event::TextcoinsDerived(marked.clone()));
    // A second answer changes nothing, nor one that comes too late.
    desk.tell(Event::TextcoinsDerived(derive(&wanted)));
    desk.tell(Event::TextcoinsDerived(derive(&first(0..1))));
    let after = desk.owe_textcoins(2);
    desk.let_time_pass(10);
    assert_eq!(numbers(&desk, &before), first(usable(1)));
    let given = after.iter().map(|payout| issue(&desk, *payout)).map(|issue| (issue.no, Some(issue.address)));
    assert_eq!(given.collect::<Vec<_>>(), marked[..2], "from the stock, without deriving");
}

#[test]
fn a_number_that_is_skipped_stays_so_whatever_is_derived_late() {
    let mut desk = Desk::new();
    let numbers = first(usable(2));
    let late = derive(&numbers);
    desk.books.chain.give(late[0].1.expect("it is usable"), 1_000, desk.now);
    let ids = desk.owe_textcoins(1);
    // The hub has said that the address was used, and another plan is made.
    desk.give_parents();
    desk.tell(Event::TextcoinsDerived(late));
    desk.let_time_pass(10);
    assert_eq!(issue(&desk, ids[0]).no, numbers[1]);
    desk.check_rest();
}

#[test]
fn numbers_go_on_after_a_crash() {
    let mut desk = Desk::new();
    let before = desk.owe_textcoins(2);
    desk.settle_down();
    desk.crash();
    desk.settle_down();
    let after = desk.owe_textcoins(2);
    desk.settle_down();
    assert_eq!(numbers(&desk, &[before, after].concat()), first(usable(4)));
}

#[test]
fn a_number_that_was_planned_and_not_journaled_is_not_lost() {
    let mut desk = Desk::new();
    let ids = desk.owe_textcoins(1);
    assert!(desk.parents_asked.as_ref().is_some_and(|question| question.fresh.len() == 1));
    desk.crash();
    desk.settle_down();
    assert_eq!(numbers(&desk, &ids), first(usable(1)));
}

#[test]
fn an_address_with_any_history_is_never_used() {
    let mut desk = Desk::new();
    let keyring = simulation::keyring();
    let second = usable(3)[1];
    let no = TextcoinNo { generation: 0, counter: second };
    let used = keyring.textcoins().textcoin(no).expect("it is usable").address();
    desk.books.chain.give(used, 1_000, desk.now);
    let ids = desk.owe_textcoins(3);
    desk.let_time_pass(10);
    let skipped = usable(4).into_iter().filter(|counter| *counter != second);
    assert_eq!(numbers(&desk, &ids), first(skipped));
    desk.check_rest();
}

/// What is searched after a loss ends where so many numbers in a row were given to nobody.
#[test]
fn a_hub_that_calls_every_address_used_makes_no_gap_that_ends_a_search() {
    let mut desk = Desk::new();
    let ids = desk.owe_textcoins(60);
    desk.calls_all_used = true;
    desk.let_time_pass(20 * 60);
    assert!(desk.posts.is_empty());
    let told = desk.alarms.iter().filter(|alarm| matches!(alarm, Alarm::CannotCompose(_))).count();
    assert!((1..=20).contains(&told), "{told}: {:?}", desk.alarms);
    desk.calls_all_used = false;
    desk.let_time_pass(2 * 60);
    let first = numbers(&desk, &ids)[0].counter;
    assert!(first < Search::GAP, "{first}");
    desk.check_rest();
}

#[test]
fn number_and_reserve_stay_whatever_becomes_of_the_unit() {
    let mut desk = Desk::new();
    let ids = desk.owe_textcoins(1);
    desk.give_parents();
    let before = issue(&desk, ids[0]);
    desk.claim_fee = 300;
    let more = desk.owe_textcoins(1);
    desk.answer(Desk::id(0, 0), PostAnswer::UnitError(UnitError::Parents));
    desk.let_time_pass(10);
    assert_eq!(desk.version(Desk::id(0, 1)).outputs.len(), 2, "the next version pays both");
    assert_eq!(issue(&desk, ids[0]), before);
    assert_eq!(issue(&desk, more[0]).reserve, Bytes::literal(775 + 600));
    desk.check_rest();
}

#[test]
fn while_claiming_is_dearer_than_the_ceiling_nothing_leaves() {
    let mut desk = Desk::new();
    desk.claim_fee = 1_001;
    desk.owe_textcoins(1);
    desk.give_parents();
    let ceiling = desk.settings.limits.per_payout;
    assert_eq!(desk.alarms, [Alarm::FeeAboveCeiling { asked: Bytes::literal(1_001), ceiling }]);
    assert!(desk.posts.is_empty());
    desk.claim_fee = 1_000;
    desk.let_time_pass(60);
    desk.check_rest();
}

#[test]
fn a_restored_wallet_gives_textcoins_of_another_generation() {
    let mut desk = Desk::new();
    let copy = desk.books.journal.clone();
    let before = desk.owe_textcoins(2);
    desk.let_time_pass(10);
    let lost: Vec<_> = before.iter().map(|payout| issue(&desk, *payout)).collect();
    desk.lose_journal(copy);
    desk.let_time_pass(30);
    let after = desk.owe_textcoins(2);
    // By their amounts, the lost unit may have paid them; the operator says that it did not.
    for payout in &after {
        let payout = desk.books.journal.let_go(*payout).expect("it is held");
        desk.tell(Event::Queued(vec![payout]));
    }
    desk.let_time_pass(10);
    for payout in after {
        let new = issue(&desk, payout);
        assert!(new.no.generation > 0, "{}", new.no);
        assert!(lost.iter().all(|lost| lost.address != new.address));
    }
}
