//! What outlives a process, and what happens side by side.

use ledger::Account;
use obyte::{Address, Network};
use payout::{Change, VersionStatus};
use store::{Endpoint, Identity, IdentityPart, StoreError, Verdict};

use super::Backend;
use super::units::{id, slot};
use super::world::{FUND, World, answered, bytes, coin, credited};

pub(crate) async fn an_endpoint_is_bound_to_one_network_and_wallet(backend: &impl Backend) {
    let providers = vec![Address::of_source("one"), Address::of_source("two")];
    let identity = Identity {
        network: Network::Devnet,
        wallet: Address::of_source("a wallet"),
        order_providers: providers.clone(),
    };
    let store = backend.open();
    for _ in 0..2 {
        store.bind(Endpoint::Test, &identity).await.expect("the same as before");
    }
    let mut same = identity.clone();
    same.order_providers.reverse();
    drop(store);
    let store = backend.open();
    store.bind(Endpoint::Test, &same).await.expect("their order does not matter");

    let other = Address::of_source("another");
    let others = [
        (Identity { network: Network::Livenet, ..identity.clone() }, IdentityPart::Network),
        (Identity { wallet: other, ..identity.clone() }, IdentityPart::Wallet),
        (Identity { order_providers: vec![other], ..identity.clone() }, IdentityPart::OrderProviders),
    ];
    for (other, expected) in others {
        match store.bind(Endpoint::Test, &other).await {
            Err(StoreError::OtherIdentity { endpoint: Endpoint::Test, part }) => assert_eq!(part, expected),
            result => panic!("it is bound to something else: {result:?}"),
        }
        store.bind(Endpoint::Live, &identity).await.expect("the other endpoint is bound on its own");
    }
}

pub(crate) async fn everything_is_there_after_opening_again(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let payouts = [world.owe("1", 1_000).await, world.owe("2", 1_000).await];
    let first = slot(0, &[coin("funding", FUND)], &payouts[..1]);
    world
        .apply([
            Change::SlotOpened(first),
            answered(id(0, 0), VersionStatus::Accepted),
            Change::Synced { main_chain_index: 9 },
        ])
        .await
        .expect("good changes");
    let before = (world.snapshot().await, world.record("1").await);
    assert_eq!(before.0.synced_mci, 9);
    let (key, World { store, lock, .. }) = (world.key("1"), world);
    drop(store);
    drop(lock);

    let store = backend.open();
    let snapshot = store.snapshot(Endpoint::Test).await.expect("the store works");
    let record = store.purchase(Endpoint::Test, &key).await.expect("the store works");
    assert_eq!((snapshot, record), (before.0, Some(before.1)));
    let book = store.balances(Endpoint::Test).await.expect("a sound book");
    assert_eq!((book.balance(Account::Owed).get(), book.total()), (2_000, 0));
}

/// Changes that fail after they have written, in the midst of others that are good.
pub(crate) async fn a_failing_change_among_many_fails_alone(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let lock = std::sync::Arc::new(world.store.lock_payer(Endpoint::Live).await.expect("nobody else pays"));
    let live = [credited(coin("live funding", 40))];
    world.store.apply(&lock, live.to_vec()).await.expect("a new coin");
    let calls: Vec<_> = (0..60u64)
        .map(|number| {
            let (store, lock) = (world.store.clone(), lock.clone());
            let purchase = world.purchase(&number.to_string(), 100);
            tokio::spawn(async move {
                if number % 3 == 0 {
                    let mut other = coin("live funding", 40);
                    other.amount = bytes(41);
                    let new = coin(&format!("gift {number}"), 7);
                    let result = store.apply(&lock, vec![credited(new), credited(other)]).await;
                    assert!(matches!(result, Err(StoreError::Violation(_))), "{result:?}");
                } else {
                    let verdict = store.accept(Endpoint::Test, purchase).await.expect("the store works");
                    assert!(matches!(verdict, Verdict::Accepted(_)));
                }
            })
        })
        .collect();
    for call in calls {
        call.await.expect("as each of them says");
    }
    assert_eq!(world.snapshot().await.queue.len(), 40);
    assert_eq!(world.balance(Account::Owed).await, 4_000);
    let live = world.store.balances(Endpoint::Live).await.expect("a sound book");
    assert_eq!(live.balance(Account::Fund).get(), 40);
    assert_eq!(world.store.snapshot(Endpoint::Live).await.expect("the store works").refills.len(), 1);
    world.check_book().await;
}
