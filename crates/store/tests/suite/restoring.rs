//! Restoring a wallet: what units of no journal spent, made and paid.

use ledger::Account;
use obyte::compose::Coin;
use obyte::unit::{CoinId, Output};
use obyte::{Address, UnitHash};
use payout::{Change, FirstUnit, Origin, Payout, RestoreCause, Timestamp};
use program::{Day, Turnover};
use store::{
    DepositVerdict, Endpoint, HoldReason, PayoutState, RefundOrder, RefundVerdict, Reviewed, Scope, Shop,
    Totals, Verdict, Violation,
};

use super::Backend;
use super::line::{died, funding, opened};
use super::units::{settled, slot};
use super::world::{FUND, RESERVE, World, bytes, payer};

const AT: Timestamp = Timestamp::from_millis(40_000);
/// When units of no journal were made.
pub(crate) const MADE: Timestamp = Timestamp::from_millis(30_000);

fn begun() -> Change {
    Change::RestoreBegun { cause: RestoreCause::Seen(UnitHash::of("foreign")), at: AT }
}

/// A unit of no journal, which pays as much as these.
fn foreign(name: &str, paid: &[&Payout]) -> Change {
    let paid = paid.iter().map(|payout| payout.output().expect("its textcoin has a number"));
    foreign_unit(name, &paid.collect::<Vec<_>>(), AT)
}

/// A unit of no journal with these outputs behind its change.
pub(crate) fn foreign_unit(name: &str, outputs: &[Output], at: Timestamp) -> Change {
    let unit = UnitHash::of(name);
    let coin = |(output, output_index): (&Output, u32)| Coin {
        id: CoinId { unit, message_index: 0, output_index },
        amount: output.amount,
        address: output.address,
    };
    Change::ForeignUnit {
        unit,
        main_chain_index: Some(7),
        authors: vec![payer()],
        paid: outputs.iter().zip(1..).map(coin).collect(),
        made_at: Some(MADE),
        at,
    }
}

pub(crate) fn change_of(name: &str, amount: u64) -> Coin {
    let id = CoinId { unit: UnitHash::of(name), message_index: 0, output_index: 0 };
    Coin { id, amount: bytes(amount), address: payer() }
}

pub(crate) fn found(coin: Coin) -> Change {
    Change::CoinProven { coin, origin: Origin::ForeignUnit, reserve: bytes(500), at: AT }
}

pub(crate) fn lost(coin: Coin) -> Change {
    Change::CoinLost { coin, at: AT }
}

const fn restored() -> Change {
    Change::Restored { at: AT }
}

pub(crate) async fn a_restore_is_remembered_until_it_ends(backend: &impl Backend) {
    let world = World::rich(backend).await;
    world
        .apply([begun(), Change::Reached { places: 3, deposits: 4 }, foreign("foreign", &[])])
        .await
        .expect("kept");
    let world = world.restart(backend).await;
    let snapshot = world.snapshot().await;
    let unit = UnitHash::of("foreign");
    assert_eq!(snapshot.restoring, Some(RestoreCause::Seen(unit)));
    assert_eq!((snapshot.places, snapshot.deposits, &snapshot.foreign_units[..]), (3, 4, &[unit][..]));
    assert!(snapshot.settled_units.contains(&unit));
    let first = FirstUnit { unit, main_chain_index: Some(7) };
    assert_eq!(snapshot.first_units, [(payer(), first)]);
    world.apply([restored()]).await.expect("kept");
    let snapshot = world.snapshot().await;
    assert_eq!((snapshot.restoring, snapshot.places), (None, 3));
    assert!(snapshot.foreign_units.is_empty() && snapshot.settled_units.contains(&unit));
}

pub(crate) async fn the_first_unit_of_an_address_is_the_one_that_came_first(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let earlier = Change::ForeignUnit {
        unit: UnitHash::of("earlier"),
        main_chain_index: Some(5),
        authors: vec![payer()],
        paid: Vec::new(),
        made_at: None,
        at: AT,
    };
    world.apply([begun(), foreign("foreign", &[]), earlier]).await.expect("kept");
    let first = FirstUnit { unit: UnitHash::of("earlier"), main_chain_index: Some(5) };
    assert_eq!(world.snapshot().await.first_units, [(payer(), first)]);
}

/// The copy owes 1,000; units of no journal paid them, and 600 for fees.
async fn restored_with(world: &World, owed: &Payout) {
    let left = FUND - 1_600;
    let changes = [
        begun(),
        foreign("foreign", &[owed]),
        found(change_of("foreign", left)),
        lost(funding()),
        restored(),
    ];
    world.apply(changes).await.expect("kept");
}

pub(crate) async fn what_waits_and_may_have_been_paid_is_held(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let paid = world.owe("1", 1_000).await;
    let other = world.owe("2", 1_000).await;
    restored_with(&world, &paid).await;
    assert_eq!(world.snapshot().await.queue, [other]);
    let PayoutState::Held { reason, .. } = world.record("1").await.state else { panic!("it is held") };
    assert_eq!(reason, HoldReason::Unexplained);
    world.check_book().await;
}

pub(crate) async fn an_order_that_comes_later_is_held_too_until_one_is_explained(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let paid = world.owe("1", 1_000).await;
    restored_with(&world, &paid).await;
    let mut again = world.purchase("the same sale", 1_000);
    again.terms.recipient = Address::of_source("1").into();
    let verdict = world.accept(again.clone()).await;
    assert!(matches!(verdict, Verdict::Held(_)), "{verdict:?}");
    let rejected = world.store.reject(Endpoint::Test, &world.key("1"), AT).await.expect("it is there");
    assert!(matches!(rejected, Reviewed::Done(_)));
    again.key = world.key("a third sale");
    let verdict = world.accept(again).await;
    assert!(matches!(verdict, Verdict::Accepted(_)), "the unit has paid one order: {verdict:?}");
    world.check_book().await;
}

/// Two orders may have been paid by one output. Once that explains one of them, nothing has paid the other.
pub(crate) async fn what_no_unit_can_have_paid_returns_when_it_is_rejected(backend: &impl Backend) {
    let world = World::rich(backend).await;
    assert_eq!(world.deposit("d1", 500).await, DepositVerdict::Booked);
    let with_share = |order: &str| {
        let mut purchase = world.purchase(order, 800);
        purchase.shares.partner = bytes(200);
        purchase.terms.recipient = Address::of_source("1").into();
        purchase
    };
    let Verdict::Accepted(record) = world.accept(with_share("1")).await else {
        panic!("nothing is lost yet")
    };
    restored_with(&world, &record.payout).await;
    assert!(matches!(world.accept(with_share("2")).await, Verdict::Held(_)));
    let deposit = Account::Deposit(world.partner);
    let fund = world.balance(Account::Fund).await;
    for (order, returned, from_fund) in [("1", 0, 1_000), ("2", 200, 1_800)] {
        world.store.reject(Endpoint::Test, &world.key(order), AT).await.expect("it is held");
        assert_eq!(world.balance(deposit).await, 100 + returned, "{order}");
        let reserves = i64::try_from(RESERVE).expect("small") * if order == "1" { 1 } else { 2 };
        assert_eq!(world.balance(Account::Fund).await, fund + from_fund + reserves, "{order}");
        world.check_book().await;
    }
}

/// What a unit that was lost has paid was given all the same: it counts in the totals, and can be returned.
pub(crate) async fn what_was_paid_elsewhere_counts_and_can_be_returned(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let mut sale = world.purchase("1", 1_000);
    sale.sold = Turnover::of_cents(1_250);
    let Verdict::Accepted(record) = world.accept(sale).await else { panic!("nothing is in the way") };
    restored_with(&world, &record.payout).await;
    let shop = Scope::Shop(Shop { partner: world.partner, merchant: None });
    let given = async |scope: &Scope| {
        world.store.totals(Endpoint::Test, scope, Day::of_millis(AT.as_millis())).await.expect("it works")
    };
    assert_eq!(given(&shop).await, Totals { held: bytes(1_000), ..Totals::default() });
    let mut order = RefundOrder {
        key: world.key("1"),
        returned: None,
        currency: None,
        share: program::Percentage::HUNDRED,
        at: AT,
    };
    let RefundVerdict::Booked(booked) =
        world.store.refund(Endpoint::Test, order.clone()).await.expect("it works")
    else {
        panic!("it is owed")
    };
    world.store.reject(Endpoint::Test, &world.key("1"), AT).await.expect("it is held");
    let paid = Totals {
        today: bytes(1_000),
        ever: bytes(1_000),
        held: bytes(0),
        finished: bytes(1_000),
        purchases: 1,
        sold: Turnover::of_cents(1_250),
    };
    assert_eq!(given(&shop).await, paid);
    assert_eq!(given(&Scope::Recipient(record.terms.recipient.clone())).await.today, bytes(1_000));
    assert_eq!(given(&Scope::Fund).await.today, bytes(1_000));
    let again = world.store.refund(Endpoint::Test, order.clone()).await.expect("it works");
    assert_eq!(again, RefundVerdict::Replay(booked), "the customer got it");
    order.returned = Some("1".parse().expect("an amount"));
    let other = world.store.refund(Endpoint::Test, order).await.expect("it works");
    assert_eq!(other, RefundVerdict::Conflict);
    world.check_book().await;
}

pub(crate) async fn what_is_missing_is_made_up_for_by_what_was_paid_and_by_the_fund(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let paid = world.owe("1", 1_000).await;
    let coins = |fund, owed, missing| (fund, owed, missing);
    let now = async |world: &World| {
        coins(
            world.balance(Account::Fund).await,
            world.balance(Account::Owed).await,
            world.balance(Account::Missing).await,
        )
    };
    restored_with(&world, &paid).await;
    let fund = i64::try_from(FUND - 1_000 - RESERVE).expect("small");
    assert_eq!(now(&world).await, coins(fund - 1_600, 1_000, 0), "the fund has made up for all of it");
    world.store.reject(Endpoint::Test, &world.key("1"), AT).await.expect("it is there");
    let reserve = i64::try_from(RESERVE).expect("small");
    assert_eq!(now(&world).await, coins(fund - 600 + reserve, 0, 0), "only the fees are gone");
    let expected = world.store.balances(Endpoint::Test).await.expect("a book").coins_expected();
    assert_eq!(expected, Ok(bytes(FUND - 1_600)));
    world.check_book().await;
}

pub(crate) async fn nothing_that_is_found_can_be_promised_before_all_is_known(backend: &impl Backend) {
    let world = World::poor(backend).await;
    world.apply([begun(), found(change_of("foreign", 50_000))]).await.expect("kept");
    assert_eq!((world.balance(Account::Fund).await, world.balance(Account::Missing).await), (0, 50_000));
    assert!(matches!(world.accept(world.purchase("1", 10)).await, Verdict::FundTooLow { .. }));
    world.apply([restored()]).await.expect("kept");
    assert_eq!((world.balance(Account::Fund).await, world.balance(Account::Missing).await), (50_000, 0));
    world.check_book().await;
}

pub(crate) async fn while_bytes_are_missing_the_fund_gives_nothing(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let owed = world.owe("1", 900_000).await;
    // All is gone but 100,000, and nothing of the order was paid.
    let changes =
        [begun(), foreign("foreign", &[]), found(change_of("foreign", 100_000)), lost(funding()), restored()];
    world.apply(changes).await.expect("kept");
    assert_eq!(world.balance(Account::Fund).await, 0);
    let missing = world.balance(Account::Missing).await;
    assert!(missing < 0);
    assert!(matches!(world.accept(world.purchase("2", 10)).await, Verdict::FundTooLow { .. }));
    let refill = super::world::coin("refill", 1_000_000);
    world.apply([super::world::credited(refill)]).await.expect("a new coin");
    assert_eq!(world.balance(Account::Missing).await, 0);
    assert_eq!(world.balance(Account::Fund).await, 1_000_000 + missing);
    assert_eq!(world.snapshot().await.queue, [owed]);
    world.check_book().await;
}

pub(crate) async fn fees_of_moving_coins_may_exceed_the_fund(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let fund = u64::try_from(world.balance(Account::Fund).await).expect("positive");
    world.owe("1", fund - RESERVE).await;
    world.apply([begun()]).await.expect("kept");
    let sweep = slot(0, &[funding()], &[]);
    world.apply([Change::SlotOpened(sweep.clone())]).await.expect("a good slot");
    world.apply([settled(&sweep, sweep.head()), restored()]).await.expect("a good settlement");
    let fees = i64::from(sweep.head().fees.total());
    assert_eq!((world.balance(Account::Fund).await, world.balance(Account::Missing).await), (0, -fees));
    world.check_book().await;
}

pub(crate) async fn the_end_of_the_line_may_be_lost_and_the_line_begins_anew(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let first = opened(&world).await;
    world.apply([settled(&first, first.head())]).await.expect("a good settlement");
    let end = first.head().change;
    let next = change_of("foreign", 5_000);
    world.apply([begun(), foreign("foreign", &[]), found(next), lost(end)]).await.expect("kept");
    let snapshot = world.snapshot().await;
    assert_eq!((snapshot.anchor, &snapshot.refills[..]), (None, &[next][..]));
    let on_lost = slot(1, &[end], &[]);
    let refused = world.refused([Change::SlotOpened(on_lost.clone())]).await;
    assert_eq!(refused, Violation::ForeignAnchor(on_lost.no));
    world.apply([Change::SlotOpened(slot(1, &[next], &[]))]).await.expect("a good slot");
    world.check_book().await;
}

pub(crate) async fn a_slot_dies_with_an_anchor_that_is_lost(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let first = opened(&world).await;
    assert_eq!(world.refused([died(&first)]).await, Violation::WrongLife(first.no));
    world.apply([begun(), died(&first), lost(funding())]).await.expect("its anchor is lost");
    let snapshot = world.snapshot().await;
    assert_eq!((snapshot.queue, snapshot.refills), (first.payouts, Vec::new()));
    world.check_book().await;
}

pub(crate) async fn only_what_is_free_is_lost_and_once(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let stranger = change_of("stranger", 10);
    assert_eq!(world.refused([lost(stranger)]).await, Violation::NotHeld(stranger.id));
    world.apply([begun(), lost(funding())]).await.expect("it was free");
    assert_eq!(world.refused([lost(funding())]).await, Violation::NotHeld(funding().id));
    assert!(world.snapshot().await.refills.is_empty());
}

pub(crate) async fn a_unit_of_the_journal_is_not_foreign(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let first = opened(&world).await;
    let unit = first.head().unit;
    let change = Change::ForeignUnit {
        unit,
        main_chain_index: None,
        authors: Vec::new(),
        paid: Vec::new(),
        made_at: None,
        at: AT,
    };
    assert_eq!(world.refused([change]).await, Violation::NotForeign(unit));
}
