//! Coins are found however much is sent to an address, and whatever was said about indexes.

use std::time::Duration;

use obyte::{Address, Bytes, UnitHash};
use payout::{Alarm, Event, Flooded, Standing, Stock};

use crate::world::desk::Desk;
use crate::world::settings;

/// Longer than the time between two looks at a quiet wallet.
const A_LOOK: u64 = 61;

/// A payer that was told a history with a wrong index in it.
fn deceived(index: u64) -> Desk {
    let mut desk = Desk::new();
    desk.tell(Event::HaveUpdates);
    let mut seen = desk.rumour(UnitHash::of("dust"));
    (seen.is_own, seen.standing, seen.main_chain_index) = (false, Standing::FinalGood, Some(index));
    desk.give_history_of(vec![seen]);
    assert_eq!(synced(&desk), index);
    desk
}

fn synced(desk: &Desk) -> u64 {
    desk.books.journal.snapshot().synced_mci
}

/// How many coins the payer may spend.
fn coins(desk: &Desk) -> usize {
    let snapshot = desk.books.journal.snapshot();
    snapshot.refills.len() + usize::from(snapshot.anchor.is_some())
}

fn too_large(desk: &mut Desk) {
    let ask = desk.history_asked.take().expect("the engine asked for a history").ask;
    desk.tell(Event::HistoryTooLarge { ask });
}

#[test]
fn a_lie_about_an_index_hides_no_coin_for_good() {
    let mut desk = deceived(1_000_000);
    desk.deposit(5_000_000);
    desk.let_time_pass(2 * A_LOOK);
    assert_eq!(coins(&desk), 1, "histories do not tell it any more");
    desk.let_time_pass(3_600);
    assert_eq!(coins(&desk), 2);
    assert!(synced(&desk) < 1_000, "and they do so again");
    desk.deposit(6_000_000);
    desk.let_time_pass(A_LOOK);
    assert_eq!(coins(&desk), 3);
}

#[test]
fn a_start_undoes_a_lie_about_an_index() {
    let mut desk = deceived(1_000_000);
    desk.deposit(5_000_000);
    desk.crash();
    desk.settle_down();
    assert_eq!((coins(&desk), synced(&desk) < 1_000), (2, true));
}

#[test]
fn another_hub_is_asked_for_the_stock_at_once() {
    let mut desk = deceived(1_000_000);
    desk.deposit(5_000_000);
    desk.tell(Event::Disconnected);
    desk.tell(Event::Connected);
    desk.settle_down();
    assert_eq!((coins(&desk), synced(&desk) < 1_000), (2, true));
}

#[test]
fn where_a_history_is_too_large_the_stock_is_taken_and_paying_goes_on() {
    let mut desk = Desk::with(settings(), 1_000_000_000);
    desk.owe(1);
    too_large(&mut desk);
    assert!(desk.parents_asked.is_none() && desk.history_asked.is_none(), "nothing was seen yet");
    desk.give_stock();
    assert_eq!(coins(&desk), 1);
    assert!(desk.engine.is_synced() && desk.parents_asked.is_some());
    assert!(desk.history_asked.is_none(), "not at once: perhaps it is still too large");
    desk.pass(Duration::from_secs(5));
    let next = desk.history_asked.as_ref().expect("the hub watches addresses of histories only");
    assert!(next.min_mci > 0 && next.min_mci == synced(&desk), "the next one is shorter");
    desk.settle_down();
    desk.let_time_pass(A_LOOK);
    desk.check_rest();
}

#[test]
fn slots_settle_while_histories_are_too_large() {
    let mut desk = Desk::new();
    desk.pay(3);
    desk.pass(Duration::from_secs(10));
    too_large(&mut desk);
    desk.give_stock();
    assert_eq!(desk.engine.open_slots().count(), 0);
    desk.check_rest();
}

#[test]
fn a_coin_that_was_picked_is_not_credited_before_it_is_proven() {
    let mut desk = Desk::new();
    let coin = desk.deposit(5_000_000);
    desk.tell(Event::HaveUpdates);
    too_large(&mut desk);
    let question = desk.stock_asked.clone().expect("asked");
    let mut stock = desk.books.chain.stock(crate::world::HUB, &question);
    let seen = stock.units.iter_mut().find(|seen| seen.unit == coin.id.unit).expect("it is picked");
    seen.standing = Standing::Unstable;
    let index = seen.main_chain_index.expect("told");
    stock.main_chain_index = index + 100;
    desk.give_stock_of(stock);
    assert_eq!((coins(&desk), synced(&desk)), (1, index), "the next history begins with it");
    desk.let_time_pass(5);
    assert_eq!(coins(&desk), 2);
}

#[test]
fn a_foreign_unit_in_the_stock_stops_paying() {
    let mut desk = Desk::new();
    let before = synced(&desk);
    desk.tell(Event::HaveUpdates);
    too_large(&mut desk);
    let mut seen = desk.rumour(UnitHash::of("somebody else has the mnemonic"));
    seen.standing = Standing::FinalGood;
    let unit = seen.unit;
    desk.give_stock_of(Stock { main_chain_index: 1_000, units: vec![seen], flooded: Vec::new() });
    assert_eq!(desk.engine.paused(), Some(&Alarm::ForeignUnit(unit)));
    assert_eq!(synced(&desk), before, "it is seen again after a start");
}

/// As of many textcoins that were taken back: they came one by one, and histories have told each.
#[test]
fn many_coins_whose_history_can_be_told_are_no_flood() {
    let mut desk = Desk::new();
    let address = Address::of_source("with many coins");
    desk.crash();
    desk.give_history();
    let flooded = vec![Flooded { address, below: Bytes::literal(2_000_000_000) }];
    assert!(desk.stock_asked.is_some(), "stock is taken on each connection");
    desk.give_stock_of(Stock { main_chain_index: 2, units: Vec::new(), flooded });
    assert_eq!(desk.alarms, []);
}

#[test]
fn a_flood_is_told_of_once() {
    let mut desk = Desk::new();
    let address = Address::of_source("flooded");
    for below in [20_000, 20_000, 40_000, 300_000] {
        desk.tell(Event::HaveUpdates);
        too_large(&mut desk);
        let flooded = vec![Flooded { address, below: Bytes::literal(below) }];
        desk.give_stock_of(Stock { main_chain_index: 2, units: Vec::new(), flooded });
        desk.pass(Duration::from_secs(5));
        desk.give_history();
    }
    let told = [20_000, 300_000].map(|below| Alarm::Flooded { address, below: Bytes::literal(below) });
    assert_eq!(desk.alarms, told, "and again when much larger coins are not seen");
}

#[test]
fn a_stock_that_cannot_be_taken_keeps_no_history_waiting() {
    let mut desk = Desk::with(settings(), 1_000_000_000);
    desk.give_history();
    let ask = desk.stock_asked.take().expect("at the start").ask;
    desk.tell(Event::NoStock { ask });
    desk.pay(1);
    desk.pass(Duration::from_secs(10));
    desk.give_history();
    assert!(desk.stock_asked.is_none(), "not at once");
    desk.pass(Duration::from_secs(51));
    assert!(desk.stock_asked.is_some());
    desk.let_time_pass(A_LOOK);
    desk.check_rest();
}

#[test]
fn where_a_history_is_too_large_a_stock_is_asked_for_until_it_comes() {
    let mut desk = Desk::with(settings(), 1_000_000_000);
    too_large(&mut desk);
    for _ in 0..3 {
        let ask = desk.stock_asked.take().expect("asked").ask;
        desk.tell(Event::NoStock { ask });
        assert!(desk.stock_asked.is_none() && desk.history_asked.is_none());
        desk.pass(Duration::from_secs(2));
    }
    // Another hub may tell the history.
    desk.tell(Event::Disconnected);
    desk.tell(Event::Connected);
    assert!(desk.stock_asked.is_none() && desk.history_asked.is_some());
    desk.settle_down();
    assert_eq!(coins(&desk), 1);
}
