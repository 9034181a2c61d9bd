//! Orders that are held, released and rejected.

use ledger::Account;
use payout::{Change, Timestamp};
use program::Limit;
use store::{
    Acceptance, Endpoint, HeldBacklog, HoldReason, PayoutState, PurchaseRecord, Reviewed, StoreError, Thing,
    Verdict, Violation,
};

use super::Backend;
use super::units::slot;
use super::world::{FUND, RESERVE, World, bytes, coin};

const REASON: HoldReason = HoldReason::Limit(Limit::RecipientDay);
const LATER: Timestamp = Timestamp::from_millis(77_000);

fn held_purchase(world: &World, order: &str) -> Acceptance {
    Acceptance { hold: Some(REASON), ..world.purchase(order, 1_000) }
}

async fn hold(world: &World, order: &str) -> PurchaseRecord {
    match world.accept(held_purchase(world, order)).await {
        Verdict::Held(record) => *record,
        other => panic!("it is held: {other:?}"),
    }
}

async fn release(world: &World, order: &str) -> Reviewed {
    world.store.release(Endpoint::Test, &world.key(order), LATER).await.expect("the store works")
}

async fn reject(world: &World, order: &str) -> Reviewed {
    world.store.reject(Endpoint::Test, &world.key(order), LATER).await.expect("the store works")
}

async fn listed(world: &World) -> Vec<PurchaseRecord> {
    world.store.held(Endpoint::Test).await.expect("the store works")
}

pub(crate) async fn a_held_order_is_accepted_and_not_queued(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let record = hold(&world, "1").await;
    assert_eq!(record.state, PayoutState::Held { reason: REASON, since: record.payout.queued_at });
    assert_eq!(world.record("1").await, record);
    assert_eq!(listed(&world).await, std::slice::from_ref(&record));
    assert_eq!(world.store.held(Endpoint::Live).await.expect("the store works"), []);
    assert!(world.snapshot().await.queue.is_empty());
    let overview = world.store.overview(Endpoint::Test, LATER).await.expect("the store works");
    let held = HeldBacklog { payouts: 1, oldest: Some(record.payout.queued_at) };
    assert_eq!((overview.queued, overview.held), (0, held));
    assert_eq!(world.store.held_backlog(Endpoint::Test).await.expect("the store works"), held);

    let again = world.accept(held_purchase(&world, "1")).await;
    assert_eq!(
        again,
        Verdict::Replay(record.clone().into()),
        "the order id is claimed, quote and rate are kept"
    );
    let mut other = world.purchase("1", 1_000);
    other.terms.price.amount = "13".parse().expect("an amount");
    assert!(matches!(world.accept(other).await, Verdict::Conflict(_)));
    let world = world.restart(backend).await;
    assert_eq!(listed(&world).await, [record]);
}

pub(crate) async fn what_a_held_order_is_owed_stays_set_aside(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let mut all = held_purchase(&world, "all");
    all.shares.base = bytes(FUND - RESERVE);
    assert!(matches!(world.accept(all).await, Verdict::Held(_)));
    assert_eq!(world.balance(Account::Fund).await, 0);
    let other = world.accept(world.purchase("2", 1)).await;
    assert!(matches!(other, Verdict::FundTooLow { .. }), "a release never fails: {other:?}");
    assert!(matches!(release(&world, "all").await, Reviewed::Done(_)));
    assert_eq!(world.snapshot().await.queue.len(), 1);
    world.check_book().await;
}

pub(crate) async fn a_released_order_is_queued_as_it_was_accepted(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let before = hold(&world, "1").await;
    let owed = world.balance(Account::Owed).await;
    let Reviewed::Done(released) = release(&world, "1").await else { panic!("it is held") };
    assert_eq!(*released, PurchaseRecord { state: PayoutState::Queued, ..before.clone() });
    assert_eq!(world.record("1").await, *released);
    assert_eq!(world.snapshot().await.queue, [before.payout]);
    assert_eq!(listed(&world).await, []);
    assert_eq!(world.balance(Account::Owed).await, owed, "nothing is booked");
    let slot = slot(0, &[coin("funding", FUND)], &[before.payout]);
    world.apply([Change::SlotOpened(slot)]).await.expect("it is paid like any other");
    world.check_book().await;
}

pub(crate) async fn a_rejected_order_is_never_paid_and_its_shares_return(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let fund = world.balance(Account::Fund).await;
    let before = hold(&world, "1").await;
    let Reviewed::Done(rejected) = reject(&world, "1").await else { panic!("it is held") };
    let state = PayoutState::Rejected { reason: REASON, at: LATER };
    assert_eq!(*rejected, PurchaseRecord { state, ..before.clone() });
    assert_eq!(world.balance(Account::Fund).await, fund);
    assert_eq!((world.balance(Account::Owed).await, world.balance(Account::FeeReserve).await), (0, 0));
    assert!(world.snapshot().await.queue.is_empty());
    assert_eq!(listed(&world).await, []);

    let world = world.restart(backend).await;
    let again = world.accept(world.purchase("1", 1_000)).await;
    assert_eq!(again, Verdict::Replay(rejected), "its order id is never free again");
    let late = slot(0, &[coin("funding", FUND)], &[before.payout]);
    assert_eq!(world.refused([Change::SlotOpened(late)]).await, Violation::NotQueued(before.payout.id));
    world.check_book().await;
}

pub(crate) async fn only_a_held_order_is_released_or_rejected(backend: &impl Backend) {
    let world = World::rich(backend).await;
    world.owe("queued", 1_000).await;
    hold(&world, "released").await;
    hold(&world, "rejected").await;
    release(&world, "released").await;
    reject(&world, "rejected").await;
    let book = world.store.balances(Endpoint::Test).await.expect("a sound book");
    for order in ["queued", "released", "rejected"] {
        let record = world.record(order).await;
        assert_eq!(release(&world, order).await, Reviewed::NotHeld(record.clone().into()), "{order}");
        assert_eq!(reject(&world, order).await, Reviewed::NotHeld(record.into()), "{order}");
    }
    assert_eq!(world.store.balances(Endpoint::Test).await.expect("a sound book"), book);
    let unknown = world.store.release(Endpoint::Test, &world.key("unknown"), LATER).await;
    assert!(matches!(unknown, Err(StoreError::Unknown(Thing::Purchase))), "{unknown:?}");
}

/// Two operators, each on a process of its own, at the same moment.
pub(crate) async fn of_a_release_and_a_rejection_at_once_one_is_done(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let fund = world.balance(Account::Fund).await;
    let other = backend.open();
    let mut released = 0;
    for number in 0..10 {
        let order = number.to_string();
        let before = hold(&world, &order).await;
        let key = world.key(&order);
        let (one, two) = tokio::join!(
            world.store.release(Endpoint::Test, &key, LATER),
            other.reject(Endpoint::Test, &key, LATER)
        );
        let done = [one, two].map(|reviewed| matches!(reviewed, Ok(Reviewed::Done(_))));
        assert!(done[0] != done[1], "order {order}: {done:?}");
        let is_queued = world.snapshot().await.queue.contains(&before.payout);
        assert_eq!(is_queued, done[0], "order {order}");
        released += i64::from(is_queued);
    }
    let each = 1_000 + i64::try_from(RESERVE).expect("small");
    assert_eq!(world.balance(Account::Fund).await, fund - released * each);
    world.check_book().await;
}

pub(crate) async fn a_held_payout_goes_into_no_slot(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let payout = hold(&world, "1").await.payout;
    let opened = Change::SlotOpened(slot(0, &[coin("funding", FUND)], &[payout]));
    assert_eq!(world.refused([opened]).await, Violation::NotQueued(payout.id));
    let parked = Change::Parked { payout: payout.id, at: LATER };
    assert_eq!(world.refused([parked]).await, Violation::NotQueued(payout.id));
}

pub(crate) async fn a_payer_is_told_of_a_release_until_it_has_taken_it_up(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let told = async |world: &World| world.store.wishes(&world.lock).await.expect("it pays").released;
    let (first, second) = (hold(&world, "1").await.payout, hold(&world, "2").await.payout);
    hold(&world, "3").await;
    assert_eq!(told(&world).await, []);
    release(&world, "2").await;
    release(&world, "1").await;
    assert_eq!(told(&world).await, [first, second]);
    let world = world.restart(backend).await;
    world.store.taken_up(&world.lock, &[second.id], LATER).await.expect("it pays");
    assert_eq!(told(&world).await, [first]);
    let opened = Change::SlotOpened(slot(0, &[coin("funding", FUND)], &[first]));
    world.apply([opened]).await.expect("a snapshot told it");
    assert_eq!(told(&world).await, [], "what is in a slot is in hand");
}
