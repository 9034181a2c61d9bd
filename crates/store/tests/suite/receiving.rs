//! Receiving addresses, and units that prove purchases.

use std::sync::Arc;

use obyte::{Address, UnitHash};
use payout::{Change, Timestamp};
use program::Limit;
use store::{
    Acceptance, Endpoint, HoldReason, ReceivingAddress, ReceivingRole, StoreError, Term, Thing, Verdict,
};

use super::Backend;
use super::world::{FUND, World, bytes};

fn unit() -> UnitHash {
    UnitHash::of("a payment")
}

/// A purchase that was paid by [`unit`].
fn paid(world: &World, order: &str) -> Acceptance {
    let mut purchase = world.purchase(order, 1_000);
    purchase.terms.purchase_unit = Some(unit());
    purchase
}

async fn is_used(world: &World, unit: UnitHash) -> bool {
    world.store.is_any_unit_used(Endpoint::Test, &[unit]).await.expect("the store works")
}

pub(crate) async fn a_unit_proves_one_purchase(backend: &impl Backend) {
    let world = World::rich(backend).await;
    assert!(!is_used(&world, unit()).await);
    let found = "what was found of it".to_owned();
    let first = Acceptance { unit_found: Some(found.clone()), ..paid(&world, "1") };
    let Verdict::Accepted(first) = world.accept(first).await else { panic!("it is accepted") };
    let kept = world.store.purchase(Endpoint::Test, &first.key).await.expect("a book").expect("it is there");
    assert_eq!(kept.explanation.lines.last(), Some(&found), "an operator can read it later");
    assert!(is_used(&world, unit()).await);
    assert_eq!(world.accept(paid(&world, "1")).await, Verdict::Replay(first), "the same order again");
    let mut other = paid(&world, "1");
    other.terms.price.amount = "13".parse().expect("an amount");
    assert_eq!(world.accept(other).await, Verdict::Conflict(Term::CurrencyAmount));

    let before = world.store.balances(Endpoint::Test).await.expect("a book");
    assert_eq!(world.accept(paid(&world, "2")).await, Verdict::UnitUsed);
    assert_eq!(world.store.balances(Endpoint::Test).await.expect("a book"), before);
    assert!(matches!(world.accept(world.purchase("2", 1_000)).await, Verdict::Accepted(_)), "2 stayed free");

    let world = world.restart(backend).await;
    assert_eq!(world.accept(paid(&world, "3")).await, Verdict::UnitUsed);
    let live = world.store.is_any_unit_used(Endpoint::Live, &[unit()]).await.expect("the store works");
    assert!(!live, "each endpoint has purchases of its own");
    world.check_book().await;
}

pub(crate) async fn of_purchases_at_once_one_has_the_unit(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let mut accepting = tokio::task::JoinSet::new();
    for order in 0..20 {
        let (store, purchase) = (Arc::clone(&world.store), paid(&world, &order.to_string()));
        accepting
            .spawn(async move { store.accept(Endpoint::Test, purchase).await.expect("the store works") });
    }
    let verdicts = accepting.join_all().await;
    let count = |wanted: fn(&Verdict) -> bool| verdicts.iter().filter(|verdict| wanted(verdict)).count();
    assert_eq!(count(|verdict| matches!(verdict, Verdict::Accepted(_))), 1);
    assert_eq!(count(|verdict| matches!(verdict, Verdict::UnitUsed)), 19);
    world.check_book().await;
}

pub(crate) async fn an_order_that_is_refused_leaves_its_unit_free(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let mut greedy = paid(&world, "1");
    greedy.shares.base = bytes(FUND);
    assert!(matches!(world.accept(greedy).await, Verdict::FundTooLow { .. }));
    let mut unpaid = paid(&world, "1");
    unpaid.shares.partner = bytes(1);
    assert!(matches!(world.accept(unpaid).await, Verdict::DepositTooLow { .. }));
    assert!(!is_used(&world, unit()).await);
    assert!(matches!(world.accept(paid(&world, "2")).await, Verdict::Accepted(_)));
}

pub(crate) async fn money_that_was_forwarded_counts_once(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let on = UnitHash::of("the gateway's unit");
    let mut forwarded = paid(&world, "1");
    forwarded.forwarded_by = vec![on];
    assert!(matches!(world.accept(forwarded.clone()).await, Verdict::Accepted(_)));
    assert!(is_used(&world, on).await);
    assert!(matches!(world.accept(forwarded).await, Verdict::Replay(_)));
    // The gateway's unit by itself, and another payment that it forwarded, too.
    let mut by_itself = paid(&world, "2");
    by_itself.terms.purchase_unit = Some(on);
    assert_eq!(world.accept(by_itself).await, Verdict::UnitUsed);
    let mut beside = paid(&world, "3");
    beside.terms.purchase_unit = Some(UnitHash::of("another payment"));
    beside.forwarded_by = vec![on];
    assert_eq!(world.accept(beside).await, Verdict::UnitUsed);
    assert!(!is_used(&world, UnitHash::of("another payment")).await);
}

pub(crate) async fn a_parked_payout_gives_its_unit_back(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let Verdict::Accepted(first) = world.accept(paid(&world, "1")).await else { panic!("it is accepted") };
    let parked = Change::Parked { payout: first.payout.id, at: Timestamp::from_millis(9_000) };
    world.apply([parked]).await.expect("it waits in the queue");
    assert!(!is_used(&world, unit()).await);
    assert!(matches!(world.accept(paid(&world, "1")).await, Verdict::Replay(_)), "its order id stays taken");
    assert!(matches!(world.accept(paid(&world, "2")).await, Verdict::Accepted(_)));
    world.check_book().await;
}

/// Whoever paid in bytes and whose order was rejected is not paid for it, so the shop may report the sale anew.
pub(crate) async fn a_rejected_order_gives_its_unit_back(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let mut held = paid(&world, "1");
    held.hold = Some(HoldReason::Limit(Limit::Proportion));
    assert!(matches!(world.accept(held).await, Verdict::Held(_)));
    assert_eq!(world.accept(paid(&world, "2")).await, Verdict::UnitUsed);
    world.store.reject(Endpoint::Test, &world.key("1"), world.now()).await.expect("it is held");
    assert!(matches!(world.accept(paid(&world, "1")).await, Verdict::Replay(_)), "its order id stays taken");
    assert!(matches!(world.accept(paid(&world, "2")).await, Verdict::Accepted(_)));
    world.check_book().await;
}

pub(crate) async fn each_endpoint_of_a_partner_has_receiving_addresses(backend: &impl Backend) {
    let world = World::poor(backend).await;
    let (store, partner) = (&world.store, world.partner);
    let listed = async |endpoint| {
        let listed = store.receiving_addresses(endpoint, partner).await.expect("the store works");
        listed.into_iter().map(|listed| (listed.address, listed.role)).collect::<Vec<_>>()
    };
    let mut addresses = ["one", "two"].map(Address::of_source);
    addresses.sort_unstable();
    let [one, two] = addresses;
    let add = async |address, role| {
        let new = ReceivingAddress { address, role, added_at: world.now() };
        store.add_receiving_address(Endpoint::Test, partner, new).await.expect("the partner is there");
    };
    assert_eq!(listed(Endpoint::Test).await, []);
    add(two, ReceivingRole::Gateway).await;
    add(one, ReceivingRole::Gateway).await;
    add(one, ReceivingRole::Own).await;
    assert_eq!(listed(Endpoint::Test).await, [(one, ReceivingRole::Own), (two, ReceivingRole::Gateway)]);
    assert_eq!(listed(Endpoint::Live).await, []);

    let remove = async |endpoint| {
        store.remove_receiving_address(endpoint, partner, one).await.expect("the store works")
    };
    assert!(!remove(Endpoint::Live).await);
    assert!(remove(Endpoint::Test).await);
    assert!(!remove(Endpoint::Test).await);
    assert_eq!(listed(Endpoint::Test).await, [(two, ReceivingRole::Gateway)]);

    let new = ReceivingAddress { address: one, role: ReceivingRole::Own, added_at: world.now() };
    let unknown = store.add_receiving_address(Endpoint::Test, ledger::PartnerId::new(99), new).await;
    assert!(matches!(unknown, Err(StoreError::Unknown(Thing::Partner))), "{unknown:?}");
}
