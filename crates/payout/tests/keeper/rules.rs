//! One rule each.

use std::time::Duration;

use obyte::{Address, Bytes};
use payout::{KeeperAction, KeeperEvent, VersionStatus};

use crate::world::{End, World, no};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn a_textcoin_is_taken_back_when_its_time_is_over_and_not_before() {
    let mut world = World::new(2);
    world.pass(MINUTE - SECOND);
    assert_eq!(world.posted, []);
    world.pass(2 * SECOND);
    assert_eq!(world.sweeps(0).len(), 1);
    assert_eq!(world.sweeps(0)[0].status, VersionStatus::Accepted);
    assert_eq!(world.sweeps(1), []);
    world.decide(0, 0);
    world.pass(MINUTE);
    assert_eq!(world.keeper.open(), 1, "it is forgotten once it is proven");
}

#[test]
fn a_claim_is_known_by_its_proof() {
    let mut world = World::new(1);
    let unit = world.claim(0, false);
    world.pass(10 * SECOND);
    assert!(world.ended.is_empty());
    assert_eq!(world.keeper.claims_seen().into_iter().collect::<Vec<_>>(), [no(0)]);
    world.decide(0, 0);
    world.pass(10 * SECOND);
    assert_eq!(world.ended[&no(0)], End::Claimed(unit));
}

#[test]
fn a_claim_that_is_seen_stops_taking_back_until_it_dies() {
    let mut world = World::new(1);
    world.claim(0, false);
    world.pass(MINUTE / 2);
    // What was seen is kept, so a keeper that begins anew knows it before it has asked anybody.
    world.start();
    assert_eq!(world.keeper.claims_seen().into_iter().collect::<Vec<_>>(), [no(0)]);
    world.pass(10 * MINUTE);
    assert_eq!(world.sweeps(0), [], "the claim may be proven yet");
    // It conflicts with another unit of the customer, which is bad as well.
    world.spenders.clear();
    world.pass(MINUTE);
    assert_eq!(world.sweeps(0).len(), 1);
    assert_eq!(world.open[&no(0)].claim, None);
}

#[test]
fn a_claim_that_a_hub_hides_wins_if_the_network_says_so() {
    let mut world = World::new(1);
    let claim = world.claim(0, true);
    world.pass(2 * MINUTE);
    assert_eq!(world.sweeps(0).len(), 1, "nobody knows of the claim");
    world.decide(0, 0);
    world.pass(MINUTE);
    assert!(world.ended.is_empty(), "that the sweep is bad says nothing yet");
    world.spenders[0].hidden = false;
    world.pass(MINUTE);
    assert_eq!(world.ended[&no(0)], End::Claimed(claim));
}

#[test]
fn a_unit_refused_for_its_fee_gets_another_version_that_pays_it() {
    let mut world = World::new(1);
    world.pass(MINUTE - SECOND);
    world.now += 1_000;
    world.tell(KeeperEvent::Tick);
    while !matches!(world.waiting.front(), Some(KeeperAction::Post { .. })) {
        world.answer();
    }
    let text =
        "tps_fee 10 + tps fees balance 0 less than required 90 for address A4E5LY6MBKKEGBL5OWFFK7CQCTKWIBWJ";
    world.refuse(text);
    world.pass(30 * SECOND);
    let sweeps = world.sweeps(0);
    assert_eq!((sweeps.len(), sweeps[0].status), (2, VersionStatus::Refused), "{:?}", world.notes);
    assert!(sweeps[1].fees.tps >= sweeps[0].fees.tps);
    world.decide(0, 0);
    world.pass(MINUTE);
    assert_eq!(world.keeper.open(), 0);
}

#[test]
fn no_fee_above_the_ceiling_is_paid_and_no_partner_loses() {
    let mut world = World::new(1);
    world.fee = 1_001;
    world.pass(10 * MINUTE);
    assert_eq!(world.sweeps(0), []);
    assert!(world.notes.iter().any(|note| note.contains("above the ceiling")), "{:?}", world.notes);
    world.fee = 1_000;
    world.pass(MINUTE);
    assert_eq!(world.sweeps(0).len(), 1);
}

#[test]
fn a_fee_above_the_ceiling_that_a_hub_demands_once_counts_for_one_attempt() {
    let mut world = World::new(1);
    world.refusal = Some(
        "tps_fee 10 + tps fees balance 0 less than required 5000 for address A4E5LY6MBKKEGBL5OWFFK7CQCTKWIBWJ",
    );
    world.pass(MINUTE + SECOND);
    assert_eq!(world.sweeps(0)[0].status, VersionStatus::Refused);
    world.refusal = None;
    world.pass(MINUTE);
    assert_eq!(world.sweeps(0).len(), 2, "{:?}", world.notes);
}

#[test]
fn one_that_cannot_be_taken_back_now_holds_up_no_other() {
    let mut world = World::new(3);
    world.open.get_mut(&no(0)).expect("open").fees_max = Bytes::literal(100);
    let of_another_wallet = Address::of_source("another wallet");
    world.open.get_mut(&no(1)).expect("open").coin.address = of_another_wallet;
    world.start();
    world.pass(5 * MINUTE);
    let sweeps: Vec<usize> = (0..3).map(|counter| world.sweeps(counter).len()).collect();
    assert_eq!(sweeps, [0, 0, 1], "{:?}", world.notes);
}

#[test]
fn one_that_can_never_be_taken_back_is_seldom_tried() {
    let mut world = World::new(1);
    world.open.get_mut(&no(0)).expect("open").fees_max = Bytes::literal(100);
    world.start();
    world.pass(24 * 60 * MINUTE);
    assert!((24..40).contains(&world.notes.len()), "{}", world.notes.len());
}

#[test]
fn a_fee_that_was_too_high_for_a_moment_holds_nothing_up() {
    let mut world = World::new(1);
    world.pass(MINUTE - SECOND);
    world.fee = 1_001;
    world.pass(SECOND + SECOND / 4);
    assert_eq!(world.sweeps(0), []);
    world.fee = 640;
    world.pass(SECOND);
    assert_eq!(world.sweeps(0).len(), 1, "{:?}", world.notes);
}

#[test]
fn a_hub_that_is_dear_for_long_is_seldom_asked() {
    let mut world = World::new(1);
    world.fee = 1_001;
    world.pass(MINUTE);
    let before = world.notes.len();
    world.pass(10 * MINUTE);
    let asked = world.notes.len() - before;
    assert!((55..=70).contains(&asked), "once in ten seconds, a little more at first: {asked}");
}

/// A unit of that address that spends something else may be in the way; on top of it there is none (13).
#[test]
fn a_unit_that_stays_in_conflict_with_nobody_knows_what_is_made_anew() {
    let mut world = World::new(1);
    world.refusal = Some("The transaction would be non-serial (a double spend)");
    world.pass(3 * MINUTE);
    assert_eq!(world.sweeps(0).len(), 1, "it may pass");
    world.pass(27 * MINUTE);
    let made = world.sweeps(0).len();
    assert!((2..=4).contains(&made), "{made}");
    world.refusal = None;
    world.pass(60 * MINUTE);
    world.decide(0, 0);
    world.pass(MINUTE);
    assert_eq!(world.keeper.open(), 0);
}

#[test]
fn a_unit_whose_parents_a_hub_does_not_find_stable_is_made_anew() {
    for refusal in ["last ball unit X is not stable in view of your parents Y", "known unverified"] {
        let mut world = World::new(1);
        world.refusal = Some(refusal);
        world.pass(3 * MINUTE);
        assert!(world.sweeps(0).len() >= 2, "{refusal}: {}", world.sweeps(0).len());
        world.refusal = None;
        world.pass(2 * MINUTE);
        world.decide(0, 0);
        world.pass(MINUTE);
        assert_eq!(world.keeper.open(), 0, "{refusal}");
    }
}

#[test]
fn a_hub_that_is_syncing_gets_the_same_unit_for_as_long_as_it_takes() {
    let mut world = World::new(1);
    world.refusal = Some("catching up, will not handle posted joint");
    world.pass(30 * MINUTE);
    assert_eq!(world.sweeps(0).len(), 1);
}

#[test]
fn a_refusal_that_nobody_knows_is_told_and_tried_anew_much_later() {
    let mut world = World::new(30);
    world.now += 3 * 3_600_000;
    world.refusal = Some("nobody knows these words");
    world.tell(KeeperEvent::Tick);
    world.pass(40 * MINUTE);
    assert!(world.notes.iter().all(|note| note.contains("nobody knows these words")));
    assert!((20..=41).contains(&world.notes.len()), "no flood: {}", world.notes.len());
    assert!(world.open.values().all(|open| open.sweeps.len() <= 1));
    world.refusal = None;
    world.pass(3 * 60 * MINUTE);
    let begun = world.open.values().filter(|open| open.sweeps.iter().any(payout::Sweep::is_alive)).count();
    assert_eq!(begun, 20, "what was refused takes nobody's place");
}

/// A hub is asked for 2,000 units by name at most (6.4).
#[test]
fn refused_units_are_named_where_the_address_does_not_tell_of_them_and_not_without_end() {
    let mut world = World::new(1);
    world.refusal = Some("known bad");
    world.pass(40 * MINUTE);
    assert!(world.sweeps(0).len() > 30, "{}", world.sweeps(0).len());
    assert_eq!(world.named, 0, "the history of the address has them");
    world.refusal = None;
    world.crowd();
    world.pass(2 * MINUTE);
    assert_eq!(world.named, 20);
}

#[test]
fn the_same_bytes_are_posted_until_they_are_proven() {
    let mut world = World::new(1);
    world.pass(MINUTE + 2 * SECOND);
    world.pass(5 * MINUTE);
    assert!(world.posted.len() >= 5, "{}", world.posted.len());
    world.posted.dedup();
    assert_eq!(world.posted.len(), 1);
}

#[test]
fn what_was_signed_before_a_crash_is_posted_after_it() {
    let mut world = World::new(1);
    world.pass(MINUTE - SECOND);
    world.now += 1_000;
    world.tell(KeeperEvent::Tick);
    while world.sweeps(0).is_empty() {
        world.answer();
    }
    // The unit is journaled and was not answered.
    let unit = world.sweeps(0)[0].unit;
    world.spenders.clear();
    world.start();
    world.pass(5 * SECOND);
    assert_eq!((world.sweeps(0).len(), world.posted.last()), (1, Some(&unit)));
}

#[test]
fn nothing_is_begun_while_paying_is_stopped() {
    let mut world = World::new(1);
    world.line.may_sweep = false;
    world.tell(KeeperEvent::Line(world.line));
    world.pass(10 * MINUTE);
    assert_eq!(world.sweeps(0), []);
    world.line.may_sweep = true;
    world.tell(KeeperEvent::Line(world.line));
    world.pass(MINUTE);
    assert_eq!(world.sweeps(0).len(), 1);
}

#[test]
fn while_customers_wait_few_are_taken_back() {
    let mut world = World::new(10);
    world.line.queued = 5;
    world.now += 3_600_000;
    world.tell(KeeperEvent::Line(world.line));
    world.pass(25 * SECOND);
    let begun = world.open.values().filter(|open| !open.sweeps.is_empty()).count();
    assert!((1..=3).contains(&begun), "{begun}");
}

#[test]
fn an_operator_has_one_back_before_its_time() {
    let mut world = World::new(2);
    world.open.get_mut(&no(1)).expect("open").recalled = true;
    world.tell(KeeperEvent::Recalled(vec![no(1)]));
    world.pass(10 * SECOND);
    assert_eq!((world.sweeps(0).len(), world.sweeps(1).len()), (0, 1));
}

#[test]
fn what_an_operator_wants_back_goes_before_what_has_expired() {
    let mut world = World::new(130);
    world.now += 125 * 60_000;
    world.open.get_mut(&no(129)).expect("open").recalled = true;
    world.tell(KeeperEvent::Recalled(vec![no(129)]));
    world.pass(3 * SECOND);
    assert_eq!(world.sweeps(129).len(), 1);
}

#[test]
fn those_that_lie_there_cost_a_question_for_balances_now_and_then_and_no_history() {
    let mut world = World::new(20);
    world.pass(50 * SECOND);
    let [balances, histories] = world.asked;
    assert!((5..=12).contains(&balances), "{balances}");
    assert_eq!(histories, 0);
}

#[test]
fn at_most_twenty_are_on_their_way() {
    let mut world = World::new(30);
    world.now += 3 * 3_600_000;
    world.tell(KeeperEvent::Tick);
    world.pass(10 * MINUTE);
    let begun = world.open.values().filter(|open| !open.sweeps.is_empty()).count();
    assert_eq!(begun, 20);
}
