//! Payees that are autonomous agents (8.8).

use obyte::answer::{PostAnswer, UnitError};
use payout::{Event, PayoutId};

use crate::world::desk::Desk;

/// The payee of a payout becomes an agent.
fn make_agent(desk: &mut Desk, payout: PayoutId) {
    let address = desk.books.journal.payouts[&payout].payee.address().expect("a wallet");
    desk.books.chain.define_agent(address);
}

#[test]
fn a_payout_to_an_agent_is_parked_before_any_unit_holds_it_and_the_others_are_paid() {
    let mut desk = Desk::new();
    let ids = desk.owe(3);
    make_agent(&mut desk, ids[1]);
    desk.give_parents();
    assert!(desk.posts.is_empty(), "first it is seen which of them is the agent");
    desk.give_agents();
    assert_eq!(desk.parked, [ids[1]]);
    desk.give_parents();
    let version = desk.version(desk.posts[0].0);
    assert!(version.pays(ids[0]) && !version.pays(ids[1]) && version.pays(ids[2]));
    desk.let_time_pass(10);
    desk.check_rest();
}

#[test]
fn an_agent_that_is_known_is_parked_at_once() {
    let mut desk = Desk::new();
    // Every seventh payout has the same payee.
    let ids = desk.owe(1);
    make_agent(&mut desk, ids[0]);
    desk.give_parents();
    desk.give_agents();
    let more = desk.owe(7);
    assert_eq!(desk.parked, [ids[0], more[6]]);
    desk.let_time_pass(10);
    desk.check_rest();
}

#[test]
fn an_agent_in_a_signed_unit_is_left_out_of_the_next_version_and_parked_after_its_proof() {
    let mut desk = Desk::new();
    let (ids, first) = desk.post_for(3);
    make_agent(&mut desk, ids[0]);
    desk.answer(first, PostAnswer::UnitError(UnitError::Parents));
    desk.give_parents();
    desk.give_agents();
    assert!(desk.parked.is_empty(), "the first version may still surface");
    desk.give_parents();
    let second = desk.posts[0].0;
    assert!(!desk.version(second).pays(ids[0]) && desk.version(second).pays(ids[1]));
    desk.let_time_pass(10);
    assert_eq!(desk.parked, [ids[0]]);
    desk.check_rest();
}

#[test]
fn an_agent_in_a_signed_unit_that_surfaces_is_paid_by_it() {
    let mut desk = Desk::new();
    let (ids, first) = desk.post_for(3);
    let json = desk.version(first).json.clone();
    make_agent(&mut desk, ids[0]);
    desk.answer(first, PostAnswer::UnitError(UnitError::Parents));
    desk.give_parents();
    desk.give_agents();
    desk.smuggle(&json, desk.now + 1);
    desk.let_time_pass(30);
    assert!(desk.parked.is_empty());
    desk.check_rest();
}

#[test]
fn the_last_payout_of_a_slot_stays_in_it() {
    let mut desk = Desk::new();
    let (ids, first) = desk.post_for(1);
    make_agent(&mut desk, ids[0]);
    desk.answer(first, PostAnswer::UnitError(UnitError::Parents));
    desk.let_time_pass(10);
    assert!(desk.parked.is_empty());
    desk.check_rest();
}

#[test]
fn a_refusal_for_an_agent_leads_to_a_look_even_if_the_hub_counts_none() {
    let mut desk = Desk::new();
    let (_, first) = desk.post_for(2);
    desk.answer(first, PostAnswer::UnitError(UnitError::Agents));
    desk.pass(std::time::Duration::from_secs(1));
    desk.give_parents();
    desk.give_agents();
    assert_eq!(desk.posts.len(), 1, "there is none, so the next version goes on");
}

#[test]
fn without_the_definitions_the_engine_asks_again() {
    let mut desk = Desk::new();
    let ids = desk.owe(2);
    make_agent(&mut desk, ids[0]);
    desk.give_parents();
    let (ask, _) = desk.agents_asked.take().expect("it asked for agents");
    desk.tell(Event::NoParents { ask });
    desk.let_time_pass(10);
    assert_eq!(desk.parked, [ids[0]]);
    desk.check_rest();
}
