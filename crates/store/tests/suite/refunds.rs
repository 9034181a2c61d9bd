//! Purchases that were returned.

use ledger::Account;
use payout::{Change, PayoutId};
use program::Currency;
use store::{
    Acceptance, DepositOrder, DepositVerdict, Endpoint, RefundOrder, RefundRecord, RefundVerdict, Shares,
    Verdict,
};

use super::Backend;
use super::world::{World, bytes};

/// A purchase of 12.50 USD for which fund and deposit give these shares.
fn purchase(world: &World, order: &str, fund: u64, partner: u64) -> Acceptance {
    let shares = Shares { base: bytes(fund - fund / 4), partner: bytes(partner), matched: bytes(fund / 4) };
    Acceptance { shares, ..world.purchase(order, 1) }
}

async fn bought(world: &World, order: &str, fund: u64, partner: u64) -> PayoutId {
    match world.accept(purchase(world, order, fund, partner)).await {
        Verdict::Accepted(record) => record.payout.id,
        other => panic!("the purchase is accepted: {other:?}"),
    }
}

fn order(world: &World, order: &str, returned: Option<&str>) -> RefundOrder {
    RefundOrder {
        key: world.key(order),
        returned: returned.map(|amount| amount.parse().expect("an amount")),
        currency: None,
        share: "100".parse().expect("a percentage"),
        at: world.now(),
    }
}

async fn refund(world: &World, order: RefundOrder) -> RefundVerdict {
    world.store.refund(Endpoint::Test, order).await.expect("the store works")
}

async fn booked(world: &World, id: &str, returned: Option<&str>) -> RefundRecord {
    match refund(world, order(world, id, returned)).await {
        RefundVerdict::Booked(record) => record,
        other => panic!("the refund is booked: {other:?}"),
    }
}

async fn deposit(world: &World, command: &str, amount: u64) -> DepositVerdict {
    let order = DepositOrder {
        command: command.parse().expect("a good id"),
        partner: world.partner,
        amount: bytes(amount),
        note: String::new(),
        at: world.now(),
    };
    world.store.book_deposit(Endpoint::Test, order).await.expect("the store works")
}

/// Deposit, receivable, and what of refunds has come to the fund since `fund` was its balance.
async fn stands(world: &World, fund: i64) -> [i64; 3] {
    let [deposit, receivable] = [
        world.balance(Account::Deposit(world.partner)).await,
        world.balance(Account::Receivable(world.partner)).await,
    ];
    assert_eq!(world.balance(Account::RefundClaims).await, -receivable);
    world.check_book().await;
    [deposit, receivable, world.balance(Account::Fund).await - fund]
}

pub(crate) async fn what_the_fund_gave_is_charged_and_the_partners_own_share_stays_given(
    backend: &impl Backend,
) {
    let world = World::rich(backend).await;
    deposit(&world, "d1", 10_000).await;
    bought(&world, "1", 4_000, 500).await;
    let fund = world.balance(Account::Fund).await;
    let owed = world.balance(Account::Owed).await;
    let record = booked(&world, "1", None).await;
    assert_eq!((record.claim, record.from_deposit), (bytes(4_000), bytes(4_000)));
    assert_eq!(stands(&world, fund).await, [10_000 - 500 - 4_000, 0, 4_000]);
    assert_eq!(world.balance(Account::Owed).await, owed, "the customer keeps the cashback");
}

pub(crate) async fn what_a_deposit_lacks_is_owed_and_the_next_deposits_settle_it(backend: &impl Backend) {
    let world = World::rich(backend).await;
    deposit(&world, "d1", 1_000).await;
    bought(&world, "1", 4_000, 0).await;
    let fund = world.balance(Account::Fund).await;
    let record = booked(&world, "1", None).await;
    assert_eq!((record.from_deposit, record.receivable()), (bytes(1_000), bytes(3_000)));
    assert_eq!(stands(&world, fund).await, [0, 3_000, 1_000]);
    assert_eq!(deposit(&world, "d2", 2_500).await, DepositVerdict::Booked);
    assert_eq!(stands(&world, fund).await, [0, 500, 1_000], "it was the fund's and stays there");
    assert_eq!(deposit(&world, "d3", 700).await, DepositVerdict::Booked);
    assert_eq!(stands(&world, fund).await, [200, 0, 800]);
    assert_eq!(deposit(&world, "d3", 700).await, DepositVerdict::Replay);
    assert_eq!(deposit(&world, "d2", 700).await, DepositVerdict::Conflict);
    assert_eq!(deposit(&world, "d2", 2_500).await, DepositVerdict::Replay);
    assert_eq!(stands(&world, fund).await, [200, 0, 800]);
}

pub(crate) async fn a_second_refund_changes_nothing_and_says_the_same(backend: &impl Backend) {
    let world = World::rich(backend).await;
    bought(&world, "1", 4_000, 0).await;
    let fund = world.balance(Account::Fund).await;
    let first = booked(&world, "1", None).await;
    deposit(&world, "d1", 9_000).await;
    let before = stands(&world, fund).await;
    for returned in [None, Some("12.50"), Some("1.25E1")] {
        let again = refund(&world, order(&world, "1", returned)).await;
        assert_eq!(again, RefundVerdict::Replay(first), "{returned:?}");
    }
    assert_eq!(refund(&world, order(&world, "1", Some("5"))).await, RefundVerdict::Conflict);
    assert_eq!(stands(&world, fund).await, before);
}

pub(crate) async fn a_part_that_was_returned_is_charged_in_proportion(backend: &impl Backend) {
    let world = World::rich(backend).await;
    deposit(&world, "d1", 10_000).await;
    for (id, returned, share, claim) in
        [("1", "5", "100", 1_600), ("2", "12.5", "50", 2_000), ("3", "0.01", "100", 3), ("4", "5", "0", 0)]
    {
        bought(&world, id, 4_000, 100).await;
        let share = share.parse().expect("a percentage");
        let order = RefundOrder { share, ..order(&world, id, Some(returned)) };
        let RefundVerdict::Booked(record) = refund(&world, order.clone()).await else { panic!("{id}") };
        assert_eq!(record.claim, bytes(claim), "{returned} at {share} %");
        assert_eq!(refund(&world, order).await, RefundVerdict::Replay(record));
    }
    world.check_book().await;
}

pub(crate) async fn what_was_not_bought_so_cannot_be_returned(backend: &impl Backend) {
    let world = World::rich(backend).await;
    bought(&world, "1", 4_000, 0).await;
    let before = world.store.entries(Endpoint::Test, None, 100).await.expect("a sound book");
    assert_eq!(refund(&world, order(&world, "2", None)).await, RefundVerdict::UnknownOrder);
    assert_eq!(refund(&world, order(&world, "1", Some("12.51"))).await, RefundVerdict::MoreThanPaid);
    let euro = RefundOrder { currency: Some(Currency::Eur), ..order(&world, "1", None) };
    assert_eq!(refund(&world, euro).await, RefundVerdict::OtherCurrency(Currency::Eur));
    let live = world.store.refund(Endpoint::Live, order(&world, "1", None)).await.expect("the store works");
    assert_eq!(live, RefundVerdict::UnknownOrder, "each endpoint has purchases of its own");
    assert_eq!(world.store.entries(Endpoint::Test, None, 100).await.expect("a sound book"), before);
    let dollars = RefundOrder { currency: Some(Currency::Usd), ..order(&world, "1", None) };
    assert!(matches!(refund(&world, dollars).await, RefundVerdict::Booked(_)));
}

/// The customer turns out to be an agent after the purchase was returned: nothing was given, nothing is charged.
pub(crate) async fn a_payout_given_up_takes_its_refund_back(backend: &impl Backend) {
    let world = World::rich(backend).await;
    deposit(&world, "d1", 1_000).await;
    let fund = world.balance(Account::Fund).await;
    let payout = bought(&world, "1", 4_000, 300).await;
    booked(&world, "1", None).await;
    assert_eq!(world.balance(Account::Receivable(world.partner)).await, 3_300);
    deposit(&world, "d2", 300).await;
    world.apply([Change::Parked { payout, at: world.now() }]).await.expect("it waits in the queue");
    assert_eq!(stands(&world, fund).await, [1_300, 0, -300], "as if only the deposits had been booked");
    assert_eq!(refund(&world, order(&world, "1", None)).await, RefundVerdict::NeverPaid);
    let other = bought(&world, "2", 4_000, 0).await;
    world.apply([Change::Parked { payout: other, at: world.now() }]).await.expect("it waits in the queue");
    assert_eq!(refund(&world, order(&world, "2", None)).await, RefundVerdict::NeverPaid);
    assert_eq!(stands(&world, fund).await, [1_300, 0, -300]);
}
