//! Deposits, entries and balances.

use ledger::{Account, CommandId, PartnerId, SignedBytes};
use payout::Timestamp;
use store::{
    DepositOrder, DepositVerdict, Endpoint, EntryId, StatementPart, StatementQuery, StoreError, Thing,
};
use tokio::sync::mpsc;

use super::Backend;
use super::world::{FUND, World, bytes, coin, credited};

fn order(world: &World, command: &str, amount: u64) -> DepositOrder {
    DepositOrder {
        command: command.parse::<CommandId>().expect("a good id"),
        partner: world.partner,
        amount: bytes(amount),
        note: "paid in cash".to_owned(),
        at: Timestamp::from_millis(50),
    }
}

async fn book(world: &World, order: DepositOrder) -> DepositVerdict {
    world.store.book_deposit(Endpoint::Test, order).await.expect("the store works")
}

pub(crate) async fn a_deposit_is_booked_from_the_fund(backend: &impl Backend) {
    let world = World::rich(backend).await;
    assert_eq!(book(&world, order(&world, "a", 4_000)).await, DepositVerdict::Booked);
    assert_eq!(world.balance(Account::Deposit(world.partner)).await, 4_000);
    assert_eq!(world.balance(Account::Fund).await, i64::try_from(FUND).expect("small") - 4_000);
    assert_eq!(world.balance(Account::DepositsReceived).await, -4_000);
    let entries = world.store.entries(Endpoint::Test, None, 10).await.expect("a sound book");
    let last = entries.last().expect("it is booked");
    assert_eq!((last.note.as_str(), last.at), ("paid in cash", Timestamp::from_millis(50)));
    world.check_book().await;
}

pub(crate) async fn the_same_command_books_once(backend: &impl Backend) {
    let world = World::rich(backend).await;
    assert_eq!(book(&world, order(&world, "a", 4_000)).await, DepositVerdict::Booked);
    assert_eq!(book(&world, order(&world, "a", 4_000)).await, DepositVerdict::Replay);
    assert_eq!(book(&world, order(&world, "a", 5_000)).await, DepositVerdict::Conflict);
    assert_eq!(world.balance(Account::Deposit(world.partner)).await, 4_000);
}

pub(crate) async fn a_deposit_beyond_the_fund_is_refused(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let verdict = book(&world, order(&world, "a", FUND + 5)).await;
    assert_eq!(verdict, DepositVerdict::FundTooLow { missing: bytes(5) });
    let mut nobody = order(&world, "b", 5);
    nobody.partner = PartnerId::new(99);
    let result = world.store.book_deposit(Endpoint::Test, nobody).await;
    assert!(matches!(result, Err(StoreError::Unknown(Thing::Partner))), "{result:?}");
    assert_eq!(world.store.entries(Endpoint::Test, None, 10).await.expect("a sound book").len(), 1);
}

pub(crate) async fn each_endpoint_has_a_book_of_its_own(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let live = world.store.lock_payer(Endpoint::Live).await.expect("nobody else pays");
    world.store.apply(&live, vec![credited(coin("live funding", 77))]).await.expect("a new coin");
    let book = world.store.balances(Endpoint::Live).await.expect("a sound book");
    assert_eq!(book.balance(Account::Fund).get(), 77);
    assert_eq!(world.balance(Account::Fund).await, i64::try_from(FUND).expect("small"));
    let entries = world.store.entries(Endpoint::Live, None, 10).await.expect("a sound book");
    assert_eq!(entries.len(), 1);
    assert_eq!(world.store.snapshot(Endpoint::Live).await.expect("the store works").refills.len(), 1);
}

pub(crate) async fn entries_come_in_pages(backend: &impl Backend) {
    let world = World::rich(backend).await;
    for order in 0..6 {
        world.owe(&order.to_string(), 100).await;
    }
    let all = world.store.entries(Endpoint::Test, None, 100).await.expect("a sound book");
    assert_eq!(all.len(), 7);
    let mut paged = Vec::new();
    loop {
        let after: Option<EntryId> = paged.last().map(|entry: &store::BookedEntry| entry.id);
        let page = world.store.entries(Endpoint::Test, after, 3).await.expect("a sound book");
        if page.is_empty() {
            break;
        }
        assert!(page.len() <= 3);
        paged.extend(page);
    }
    assert_eq!(paged, all);
    let check = world.store.verify_book(Endpoint::Test).await.expect("the store works");
    assert_eq!((check.entries, check.is_sound()), (7, true));
}

pub(crate) async fn a_coin_is_credited_once(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let gift = coin("a gift", 500);
    world.apply([credited(gift), credited(gift)]).await.expect("the same coin is no harm");
    world.apply([credited(gift)]).await.expect("the same coin is no harm");
    assert_eq!(world.balance(Account::Fund).await, i64::try_from(FUND).expect("small") + 500);
    // Another output of the same unit is another coin.
    let mut neighbour = gift;
    neighbour.id.output_index += 1;
    world.apply([credited(neighbour)]).await.expect("a new coin");
    assert_eq!(world.balance(Account::Fund).await, i64::try_from(FUND).expect("small") + 1_000);
    let snapshot = world.snapshot().await;
    assert_eq!(snapshot.refills, [coin("funding", FUND), gift, neighbour]);
    assert_eq!(snapshot.credited_coins, snapshot.refills.iter().map(|coin| coin.id).collect::<Vec<_>>());

    let mut other = gift;
    other.amount = bytes(501);
    let violation = world.refused([credited(other)]).await;
    assert_eq!(violation, store::Violation::OtherCoin(gift.id));
    world.check_book().await;
}

pub(crate) async fn a_statement_leads_from_opening_to_closing(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let partner = world.partner;
    let deposit = |command: &str, amount| DepositOrder {
        command: command.parse().expect("a good id"),
        partner,
        amount: bytes(amount),
        note: "cash".to_owned(),
        at: world.now(),
    };
    world.store.book_deposit(Endpoint::Test, deposit("d1", 500)).await.expect("booked");
    let from = world.now();
    world.owe("order 1", 1_000).await;
    world.store.book_deposit(Endpoint::Test, deposit("d2", 70)).await.expect("booked");
    let until = world.now();
    world.store.book_deposit(Endpoint::Test, deposit("d3", 9)).await.expect("booked");
    let accounts = vec![Account::Deposit(partner), Account::Fund];
    let query = StatementQuery { accounts, from, until };
    let (sender, mut parts) = mpsc::channel(1);
    let reading = world.store.statement(Endpoint::Test, query, sender);
    let (read, parts) = tokio::join!(reading, async {
        let mut taken = Vec::new();
        while let Some(part) = parts.recv().await {
            taken.push(part);
        }
        taken
    });
    read.expect("readable");
    let [
        StatementPart::Opening(opening),
        StatementPart::Line(bought),
        StatementPart::Line(booked),
        StatementPart::Closing(closing),
    ] = &parts[..]
    else {
        panic!("two entries between balances: {parts:?}")
    };
    let numbers = |amounts: &[SignedBytes]| amounts.iter().map(|amount| amount.get()).collect::<Vec<_>>();
    let fund = i64::try_from(FUND).expect("small") - 500;
    assert_eq!(numbers(opening), [500, fund]);
    assert_eq!([bought, booked].map(|line| numbers(&line.changes)), [[0, -1_700], [70, -70]]);
    assert_eq!(numbers(closing), [570, fund - 1_770]);
    assert_eq!(bought.purchase.as_ref(), Some(&world.key("order 1")));
    assert_eq!((booked.purchase.as_ref(), booked.note.as_str()), (None, "cash"));
}
