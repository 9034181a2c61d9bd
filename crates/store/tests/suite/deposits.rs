//! Deposit addresses, and what comes there.

use ledger::{Account, PartnerId};
use obyte::compose::Coin;
use obyte::unit::CoinId;
use obyte::{Address, UnitHash};
use payout::{Change, Origin, Timestamp};
use store::{DepositAddress, Endpoint, StoreError, Thing};

use super::Backend;
use super::world::{FUND, World, bytes};

const AT: Timestamp = Timestamp::from_millis(40_000);

fn address(name: &str) -> Address {
    Address::of_source(name)
}

async fn give(world: &World, number: u32) -> DepositAddress {
    let given = DepositAddress { partner: world.partner, number, address: address("deposits") };
    world.store.give_deposit_address(&world.lock, given, AT).await.expect("it is free");
    given
}

/// Bytes come to the partner's address.
async fn deposit(world: &World, name: &str, amount: u64) {
    let id = CoinId { unit: UnitHash::of(name), message_index: 0, output_index: 0 };
    let coin = Coin { id, amount: bytes(amount), address: address("deposits") };
    let proven = Change::CoinProven { coin, origin: Origin::Others, reserve: bytes(500), at: AT };
    world.apply([proven]).await.expect("a new coin");
}

fn account(world: &World) -> Account {
    Account::Deposit(world.partner)
}

pub(crate) async fn what_comes_to_a_deposit_address_is_the_partners(backend: &impl Backend) {
    let world = World::rich(backend).await;
    give(&world, 1).await;
    deposit(&world, "one", 10_000).await;
    deposit(&world, "another", 700).await;
    assert_eq!(world.balance(account(&world)).await, 10_700, "all of it");
    let fund = i64::try_from(FUND).expect("small");
    assert_eq!(world.balance(Account::Fund).await, fund - 1_000, "the fund pays for spending the coins");
    assert_eq!(world.balance(Account::FeeReserve).await, 1_000);
    assert_eq!(world.snapshot().await.refills.len(), 3, "they are spent as any other coin");
    world.check_book().await;
}

pub(crate) async fn the_same_output_is_a_deposit_once(backend: &impl Backend) {
    let world = World::rich(backend).await;
    give(&world, 1).await;
    deposit(&world, "one", 10_000).await;
    deposit(&world, "one", 10_000).await;
    let world = world.restart(backend).await;
    deposit(&world, "one", 10_000).await;
    assert_eq!(world.balance(account(&world)).await, 10_000);
    world.check_book().await;
}

pub(crate) async fn without_a_fund_a_deposit_pays_for_being_moved(backend: &impl Backend) {
    let world = World::poor(backend).await;
    give(&world, 1).await;
    deposit(&world, "one", 10_000).await;
    assert_eq!((world.balance(account(&world)).await, world.balance(Account::Fund).await), (9_500, 0));
    world.check_book().await;
}

pub(crate) async fn a_partner_without_an_address_gets_the_next_one(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let without = async |world: &World| {
        world.store.without_deposit_address(Endpoint::Test).await.expect("the store works")
    };
    assert_eq!(without(&world).await, (vec![world.partner], 1));
    let given = give(&world, 1).await;
    assert_eq!(without(&world).await, (Vec::new(), 2));
    let found = world.store.deposit_address(Endpoint::Test, world.partner).await.expect("the store works");
    assert_eq!(found, Some(given));
    let elsewhere = world.store.deposit_address(Endpoint::Live, world.partner).await;
    assert_eq!(elsewhere.expect("the store works"), None);
    assert_eq!(world.snapshot().await.deposits, 1);
    world.apply([Change::Reached { places: 1, deposits: 7 }]).await.expect("kept");
    assert_eq!(
        (without(&world).await.1, world.snapshot().await.deposits),
        (8, 7),
        "what was used is not given"
    );
}

pub(crate) async fn an_address_is_given_once_and_for_ever(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let given = give(&world, 1).await;
    let again = [
        DepositAddress { number: 2, address: address("another"), ..given },
        DepositAddress { partner: PartnerId::new(99), ..given },
    ];
    let mut refused = Vec::new();
    for given in again {
        refused.push(world.store.give_deposit_address(&world.lock, given, AT).await);
    }
    assert!(matches!(refused[0], Err(StoreError::Taken(Thing::DepositAddress))), "{refused:?}");
    assert!(matches!(refused[1], Err(StoreError::Unknown(Thing::Partner))), "{refused:?}");
    let found = world.store.deposit_address(Endpoint::Test, world.partner).await.expect("the store works");
    assert_eq!(found, Some(given));
}
