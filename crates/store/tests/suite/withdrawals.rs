//! Deposits and parts of the fund that leave the wallet again.

use ledger::{Account, PartnerId, Purse};
use obyte::unit::Output;
use obyte::{Address, UnitHash};
use payout::{Change, Payout, PayoutId, RestoreCause, Timestamp};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use store::{
    AddressVerdict, DepositVerdict, Endpoint, HoldReason, PaidFor, PayoutState, Provisions, RefundOrder,
    RefundVerdict, Shares, StoreError, Verdict, WithdrawalFrom, WithdrawalOrder, WithdrawalRecord,
    WithdrawalReviewed, WithdrawalVerdict,
};

use super::Backend;
use super::line::{funding, opened};
use super::restoring::foreign_unit;
use super::units::{settled, slot};
use super::world::{FUND, RESERVE, World, bytes, coin, credited, payer};

/// What never leaves the fund.
const KEPT: u64 = 10_000;
const DEPOSIT: u64 = 5_000;

fn home() -> Address {
    Address::of_source("where the partner is at home")
}

/// A rich world whose partner has a deposit and an address.
async fn set(backend: &impl Backend) -> World {
    let world = World::rich(backend).await;
    let provisions =
        Provisions { fee_reserve: bytes(RESERVE), fund_reserve: bytes(KEPT), ..Provisions::default() };
    world.store.keep_provisions(Endpoint::Test, provisions).await.expect("the store works");
    assert_eq!(world.deposit("d1", DEPOSIT).await, DepositVerdict::Booked);
    assert_eq!(register(&world, home()).await, AddressVerdict::Registered);
    world
}

async fn register(world: &World, address: Address) -> AddressVerdict {
    let registered = world.store.register_address(Endpoint::Test, world.partner, address, world.now()).await;
    registered.expect("the store works")
}

fn order(world: &World, command: &str, from: WithdrawalFrom, amount: u64) -> WithdrawalOrder {
    let command = command.parse().expect("a good id");
    WithdrawalOrder { command, from, amount: bytes(amount), at: world.now() }
}

async fn withdraw(world: &World, command: &str, from: WithdrawalFrom, amount: u64) -> WithdrawalVerdict {
    let order = order(world, command, from, amount);
    world.store.withdraw(Endpoint::Test, order).await.expect("the store works")
}

async fn of_deposit(world: &World, command: &str, amount: u64) -> WithdrawalVerdict {
    withdraw(world, command, WithdrawalFrom::Deposit(world.partner), amount).await
}

async fn of_fund(world: &World, command: &str, amount: u64) -> WithdrawalVerdict {
    withdraw(world, command, WithdrawalFrom::Fund { to: Address::of_source("the operator") }, amount).await
}

fn accepted(verdict: WithdrawalVerdict) -> WithdrawalRecord {
    match verdict {
        WithdrawalVerdict::Accepted(record) => *record,
        other => panic!("it is accepted: {other:?}"),
    }
}

fn replayed(verdict: WithdrawalVerdict) -> WithdrawalRecord {
    match verdict {
        WithdrawalVerdict::Replay(record) => *record,
        other => panic!("it was accepted before: {other:?}"),
    }
}

async fn balances<const N: usize>(world: &World, accounts: [Account; N]) -> [i64; N] {
    let book = world.store.balances(Endpoint::Test).await.expect("a sound book");
    accounts.map(|account| book.balance(account).get())
}

fn small(amount: u64) -> i64 {
    i64::try_from(amount).expect("small")
}

async fn wished(world: &World) -> Vec<Payout> {
    world.store.wishes(&world.lock).await.expect("it pays").released
}

pub(crate) async fn a_withdrawn_deposit_is_owed_until_it_is_paid(backend: &impl Backend) {
    let world = set(backend).await;
    let deposit = Account::Deposit(world.partner);
    let record = accepted(of_deposit(&world, "w1", 3_000).await);
    assert_eq!((record.payout.payee.address(), record.payout.amount), (Some(home()), bytes(3_000)));
    assert_eq!((record.purse, record.state), (Purse::Deposit(world.partner), PayoutState::Queued));
    let accounts = [Account::Fund, deposit, Account::Owed, Account::FeeReserve, Account::Withdrawn];
    let fund = FUND - DEPOSIT;
    let set_aside = [small(fund - RESERVE), 2_000, 3_000, small(RESERVE), 0];
    assert_eq!(balances(&world, accounts).await, set_aside);
    world.check_book().await;

    let bought = world.owe("1", 1_000).await;
    let first = slot(0, &[funding()], &[record.payout, bought]);
    world.apply([Change::SlotOpened(first.clone())]).await.expect("a good slot");
    let on_its_way = replayed(of_deposit(&world, "w1", 3_000).await);
    assert!(matches!(on_its_way.state, PayoutState::InUnit { unit, .. } if unit == first.head().unit));
    world.apply([settled(&first, first.head())]).await.expect("a good settlement");
    let paid = replayed(of_deposit(&world, "w1", 3_000).await);
    assert_eq!(paid.state, PayoutState::Final { unit: first.head().unit });
    assert_eq!(paid.slots, [first.no]);
    let ended = balances(&world, [deposit, Account::Owed, Account::Withdrawn, Account::Paid]).await;
    assert_eq!(ended, [2_000, 0, 3_000, 1_000], "what customers got stands apart");
    world.check_book().await;

    let shown = world.store.slot(Endpoint::Test, first.no).await.expect("readable").expect("opened");
    let names: Vec<_> = shown.payouts.into_iter().map(|held| held.paid_for).collect();
    let withdrawal = PaidFor::Withdrawal { command: paid.command, purse: paid.purse };
    assert_eq!(names, [withdrawal, PaidFor::Purchase(world.key("1"))]);
}

pub(crate) async fn the_same_withdrawal_again_changes_nothing(backend: &impl Backend) {
    let world = set(backend).await;
    let first = accepted(of_deposit(&world, "w1", 3_000).await);
    let books = balances(&world, [Account::Owed, Account::Fund]).await;
    assert_eq!(replayed(of_deposit(&world, "w1", 3_000).await), first);
    assert_eq!(register(&world, Address::of_source("a new home")).await, AddressVerdict::Registered);
    assert_eq!(
        replayed(of_deposit(&world, "w1", 3_000).await),
        first,
        "it went where it was registered then"
    );
    let to = |name| WithdrawalFrom::Fund { to: Address::of_source(name) };
    for (from, amount) in [(WithdrawalFrom::Deposit(world.partner), 2_999), (to("the operator"), 3_000)] {
        let verdict = withdraw(&world, "w1", from, amount).await;
        assert_eq!(verdict, WithdrawalVerdict::Conflict(first.clone().into()));
    }
    assert_eq!(balances(&world, [Account::Owed, Account::Fund]).await, books);

    let fund = accepted(withdraw(&world, "f1", to("here"), 100).await);
    assert_eq!(replayed(withdraw(&world, "f1", to("here"), 100).await), fund);
    let elsewhere = withdraw(&world, "f1", to("there"), 100).await;
    assert_eq!(elsewhere, WithdrawalVerdict::Conflict(fund.into()));
    let world = world.restart(backend).await;
    assert_eq!(replayed(of_deposit(&world, "w1", 3_000).await), first, "after a restart, too");
    world.check_book().await;
}

pub(crate) async fn what_cannot_be_withdrawn_is_refused_and_leaves_its_id_free(backend: &impl Backend) {
    let world = set(backend).await;
    let before = world.store.entries(Endpoint::Test, None, u32::MAX).await.expect("readable");
    let available = bytes(DEPOSIT);
    assert_eq!(of_deposit(&world, "w1", DEPOSIT + 1).await, WithdrawalVerdict::TooLow { available });
    let available = bytes(FUND - DEPOSIT - KEPT - RESERVE);
    assert_eq!(of_fund(&world, "w1", available.get() + 1).await, WithdrawalVerdict::TooLow { available });
    let own = withdraw(&world, "w1", WithdrawalFrom::Fund { to: payer() }, 5).await;
    assert_eq!(own, WithdrawalVerdict::OwnAddress, "a coin of the wallet lies there");
    assert_eq!(register(&world, payer()).await, AddressVerdict::Own);
    let nothing =
        world.store.withdraw(Endpoint::Test, order(&world, "w1", WithdrawalFrom::Deposit(world.partner), 0));
    assert!(matches!(nothing.await, Err(StoreError::Unbookable(_))));
    let nobody = WithdrawalFrom::Deposit(PartnerId::new(99));
    let nobody = world.store.withdraw(Endpoint::Test, order(&world, "w1", nobody, 1)).await;
    assert!(matches!(nobody, Err(StoreError::Unknown(_))), "{nobody:?}");
    let elsewhere = order(&world, "w1", WithdrawalFrom::Deposit(world.partner), 1);
    let elsewhere = world.store.withdraw(Endpoint::Live, elsewhere).await.expect("the store works");
    assert_eq!(elsewhere, WithdrawalVerdict::NoAddress, "each endpoint has addresses of its own");
    let elsewhere = order(&world, "w1", WithdrawalFrom::Fund { to: home() }, 1);
    let elsewhere = world.store.withdraw(Endpoint::Live, elsewhere).await.expect("the store works");
    assert_eq!(elsewhere, WithdrawalVerdict::NeverServed);
    assert_eq!(world.store.entries(Endpoint::Test, None, u32::MAX).await.expect("readable"), before);
    assert!(world.snapshot().await.queue.is_empty());

    accepted(of_fund(&world, "w1", available.get()).await);
    assert_eq!(world.balance(Account::Fund).await, small(KEPT));
    accepted(of_deposit(&world, "w2", DEPOSIT).await);
    assert_eq!(
        world.balance(Account::Fund).await,
        small(KEPT - RESERVE),
        "deposits go out of the reserve, too"
    );
    world.check_book().await;
}

pub(crate) async fn the_address_of_change_that_is_not_spent_is_ones_own(backend: &impl Backend) {
    let world = set(backend).await;
    let first = opened(&world).await;
    world.apply([settled(&first, first.head())]).await.expect("a good settlement");
    let own = withdraw(&world, "w1", WithdrawalFrom::Fund { to: first.head().change.address }, 5).await;
    assert_eq!(own, WithdrawalVerdict::OwnAddress);
}

pub(crate) async fn fees_that_the_fund_lacks_refuse_a_withdrawal(backend: &impl Backend) {
    let world = set(backend).await;
    let left = RESERVE - 1;
    world.owe("1", FUND - DEPOSIT - RESERVE - left).await;
    let refused = of_deposit(&world, "w1", 1_000).await;
    assert_eq!(refused, WithdrawalVerdict::FeesTooLow { missing: bytes(1) });
    world.apply([credited(coin("more", 1))]).await.expect("a new coin");
    accepted(of_deposit(&world, "w1", 1_000).await);
    world.check_book().await;
}

pub(crate) async fn a_partner_cannot_withdraw_what_it_owes(backend: &impl Backend) {
    let world = set(backend).await;
    accepted(of_deposit(&world, "w1", 4_000).await);
    let mut payouts = Vec::new();
    for (order, base, partner) in [("1", 3_000, 400), ("2", 100, 600)] {
        let shares = Shares { base: bytes(base), partner: bytes(partner), matched: bytes(0) };
        let verdict = world.accept(store::Acceptance { shares, ..world.purchase(order, 1) }).await;
        let Verdict::Accepted(record) = verdict else { panic!("{verdict:?}") };
        payouts.push(record.payout.id);
    }
    let share = "100".parse().expect("a percentage");
    let back = RefundOrder { key: world.key("1"), returned: None, currency: None, share, at: world.now() };
    let refunded = world.store.refund(Endpoint::Test, back).await.expect("the store works");
    assert!(matches!(refunded, RefundVerdict::Booked(_)), "{refunded:?}");
    let (deposit, owes) = (Account::Deposit(world.partner), Account::Receivable(world.partner));
    assert_eq!(balances(&world, [deposit, owes]).await, [0, 3_000]);
    // The share of a purchase that is never paid settles a part of it.
    world.apply([Change::Parked { payout: payouts[1], at: world.now() }]).await.expect("it waits");
    assert_eq!(balances(&world, [deposit, owes]).await, [0, 2_400]);
    let refused = of_deposit(&world, "w2", 1).await;
    assert_eq!(refused, WithdrawalVerdict::TooLow { available: bytes(0) });
    // What comes back settles it first, and only the rest can be withdrawn again.
    let first = replayed(of_deposit(&world, "w1", 4_000).await);
    world.apply([Change::Parked { payout: first.payout.id, at: world.now() }]).await.expect("it waits");
    assert_eq!(balances(&world, [deposit, owes]).await, [1_600, 0]);
    accepted(of_deposit(&world, "w2", 1_600).await);
    world.check_book().await;
}

pub(crate) async fn a_withdrawal_to_an_agent_returns_and_its_id_stays_claimed(backend: &impl Backend) {
    let world = set(backend).await;
    let accounts = [Account::Fund, Account::Deposit(world.partner), Account::Owed, Account::FeeReserve];
    let before = balances(&world, accounts).await;
    let withdrawals = [of_deposit(&world, "w1", 3_000).await, of_fund(&world, "f1", 2_000).await];
    for record in withdrawals.map(accepted) {
        world.apply([Change::Parked { payout: record.payout.id, at: world.now() }]).await.expect("it waits");
    }
    assert_eq!(balances(&world, accounts).await, before);
    assert_eq!(replayed(of_deposit(&world, "w1", 3_000).await).state, PayoutState::Parked);
    assert_eq!(replayed(of_fund(&world, "f1", 2_000).await).state, PayoutState::Parked);
    assert!(wished(&world).await.is_empty() && world.snapshot().await.queue.is_empty());
    world.check_book().await;
}

pub(crate) async fn a_payer_is_told_of_a_withdrawal_until_it_has_taken_it_up(backend: &impl Backend) {
    let world = set(backend).await;
    let payouts = [of_deposit(&world, "w1", 10).await, of_fund(&world, "f1", 20).await]
        .map(|verdict| accepted(verdict).payout);
    assert_eq!(wished(&world).await, payouts);
    let world = world.restart(backend).await;
    assert_eq!(wished(&world).await, payouts);
    assert_eq!(world.snapshot().await.queue, payouts, "a payer that starts finds them in the queue");
    let first: Vec<PayoutId> = vec![payouts[0].id];
    world.store.taken_up(&world.lock, &first, world.now()).await.expect("it pays");
    assert_eq!(wished(&world).await, payouts[1..]);
    let slot = slot(0, &[funding()], &payouts[1..]);
    world.apply([Change::SlotOpened(slot)]).await.expect("a good slot");
    assert!(wished(&world).await.is_empty(), "what is in a slot is in hand");
}

pub(crate) async fn addresses_are_kept_with_their_time(backend: &impl Backend) {
    let world = World::poor(backend).await;
    let registered = async || {
        let all = world.store.registered_addresses(Endpoint::Test, world.partner).await;
        all.expect("the store works").into_iter().map(|one| one.address).collect::<Vec<_>>()
    };
    assert_eq!(registered().await, []);
    let other = Address::of_source("another home");
    for (address, verdict) in [
        (home(), AddressVerdict::Registered),
        (home(), AddressVerdict::Unchanged),
        (other, AddressVerdict::Registered),
        (home(), AddressVerdict::Registered),
    ] {
        assert_eq!(register(&world, address).await, verdict);
    }
    assert_eq!(registered().await, [home(), other, home()]);
}

/// A unit of no journal that pays as much to the same address may have paid the withdrawal before a loss.
pub(crate) async fn a_withdrawal_that_may_have_been_paid_is_held(backend: &impl Backend) {
    let world = set(backend).await;
    let waits = accepted(of_deposit(&world, "w1", 1_000).await).payout;
    let at = Timestamp::from_millis(40_000);
    let operator = Address::of_source("the operator");
    let paid = [(waits.payee.address().expect("a wallet"), 1_000), (operator, 2_000)]
        .map(|(address, amount)| Output { address, amount: bytes(amount) });
    let foreign = foreign_unit("foreign", &paid, at);
    let begun = Change::RestoreBegun { cause: RestoreCause::Seen(UnitHash::of("foreign")), at };
    world.apply([begun, foreign, Change::Restored { at }]).await.expect("kept");
    let first = replayed(of_deposit(&world, "w1", 1_000).await);
    let later = accepted(of_fund(&world, "f1", 2_000).await);
    for record in [&first, &later] {
        assert!(
            matches!(record.state, PayoutState::Held { reason: HoldReason::Unexplained, .. }),
            "{record:?}"
        );
    }
    assert!(world.store.held(Endpoint::Test).await.expect("no order is held").is_empty());
    assert!(wished(&world).await.is_empty() && world.snapshot().await.queue.is_empty());

    let now = world.now();
    let released = world.store.release_withdrawal(Endpoint::Test, &first.command, now).await.expect("works");
    assert!(matches!(released, WithdrawalReviewed::Done(record) if record.state == PayoutState::Queued));
    assert_eq!(wished(&world).await, [waits]);
    let rejected = world.store.reject_withdrawal(Endpoint::Test, &later.command, now).await.expect("works");
    assert!(matches!(rejected, WithdrawalReviewed::Done(record)
        if matches!(record.state, PayoutState::Rejected { .. })));
    let again = world.store.reject_withdrawal(Endpoint::Test, &first.command, now).await.expect("works");
    assert!(matches!(again, WithdrawalReviewed::NotHeld(_)));
    let unknown = "unknown".parse().expect("an id");
    let unknown = world.store.release_withdrawal(Endpoint::Test, &unknown, now).await.expect("works");
    assert_eq!(unknown, WithdrawalReviewed::Unknown);
    world.check_book().await;
}

/// Two withdrawals of one amount, and one unit of no journal that paid as much: it explains one of them.
pub(crate) async fn a_withdrawal_that_no_unit_can_have_paid_returns_when_it_is_rejected(
    backend: &impl Backend,
) {
    let world = set(backend).await;
    let deposit = Account::Deposit(world.partner);
    let waits = accepted(of_deposit(&world, "w1", 1_000).await).payout;
    let before = balances(&world, [deposit, Account::Owed]).await;
    let at = Timestamp::from_millis(40_000);
    let foreign = foreign_unit("foreign", &[waits.output().expect("an address")], at);
    let begun = Change::RestoreBegun { cause: RestoreCause::Seen(UnitHash::of("foreign")), at };
    world.apply([begun, foreign, Change::Restored { at }]).await.expect("kept");
    let second = accepted(of_deposit(&world, "w2", 1_000).await);
    assert!(matches!(second.state, PayoutState::Held { .. }), "{second:?}");
    for command in ["w1", "w2"] {
        let id = command.parse().expect("an id");
        let rejected = world.store.reject_withdrawal(Endpoint::Test, &id, world.now()).await.expect("works");
        assert!(matches!(rejected, WithdrawalReviewed::Done(_)), "{command}");
        world.check_book().await;
    }
    let [held, owed] = before;
    assert_eq!(balances(&world, [deposit, Account::Owed]).await, [held, owed - 1_000], "w2 returned");
}

pub(crate) async fn withdrawals_at_once_never_overdraw(backend: &impl Backend) {
    let world = set(backend).await;
    let beside = backend.open();
    let calls = (0..40u64).map(|call| {
        let store = if call % 2 == 0 { world.store.clone() } else { beside.clone() };
        // Each id is sent twice, once by each process.
        let order = order(&world, &format!("w{}", call / 2), WithdrawalFrom::Deposit(world.partner), 1_000);
        tokio::spawn(async move { store.withdraw(Endpoint::Test, order).await.expect("the store works") })
    });
    let mut taken = 0;
    for call in calls.collect::<Vec<_>>() {
        taken += usize::from(matches!(call.await.expect("no panic"), WithdrawalVerdict::Accepted(_)));
    }
    assert_eq!(taken, 5, "so many fit into the deposit");
    assert_eq!(world.balance(Account::Deposit(world.partner)).await, 0);
    assert_eq!(world.snapshot().await.queue.len(), 5);
    world.check_book().await;
}

#[derive(Clone, Copy, Debug)]
enum Event {
    Deposit(u64),
    Purchase(u64),
    OfDeposit(u64),
    OfFund(u64),
    Refund,
    Park,
    Pay,
}

fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (1..4_000u64).prop_map(Event::Deposit),
        (1..2_000u64).prop_map(Event::Purchase),
        (1..4_000u64).prop_map(Event::OfDeposit),
        (1..400_000u64).prop_map(Event::OfFund),
        Just(Event::Refund),
        Just(Event::Park),
        Just(Event::Pay),
    ]
}

/// Whatever happens in whichever order: nothing goes below zero, each id is paid at most once, and an audit finds
/// the books sound.
pub(crate) async fn random_lives_of_withdrawals_keep_the_books(backend: &impl Backend) {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[11; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let events = prop::collection::vec(any_event(), 150);
    let events = events.new_tree(&mut runner).expect("a list").current();
    let world = set(backend).await;
    let (mut anchor, mut slots, mut withdrawn) = (funding(), 0, 0);
    for (number, event) in events.into_iter().enumerate() {
        let id = format!("c{number}");
        match event {
            Event::Deposit(amount) => drop(world.deposit(&id, amount).await),
            Event::Purchase(share) => {
                let shares = Shares { base: bytes(share), partner: bytes(share / 2), matched: bytes(0) };
                world.accept(store::Acceptance { shares, ..world.purchase(&id, 1) }).await;
            }
            Event::OfDeposit(amount) => {
                let verdict = of_deposit(&world, &id, amount).await;
                let again = of_deposit(&world, &id, amount).await;
                let is_accepted = matches!(verdict, WithdrawalVerdict::Accepted(_));
                assert_eq!(is_accepted, matches!(again, WithdrawalVerdict::Replay(_)));
            }
            Event::OfFund(amount) => drop(of_fund(&world, &id, amount).await),
            Event::Refund => {
                let share = "100".parse().expect("a percentage");
                let key = world.key(&format!("c{}", number / 2));
                let order = RefundOrder { key, returned: None, currency: None, share, at: world.now() };
                world.store.refund(Endpoint::Test, order).await.expect("the store works");
            }
            Event::Park => {
                if let Some(payout) = world.snapshot().await.queue.first() {
                    let parked = Change::Parked { payout: payout.id, at: world.now() };
                    world.apply([parked]).await.expect("it waits");
                }
            }
            Event::Pay => {
                let queue = world.snapshot().await.queue;
                if queue.is_empty() {
                    continue;
                }
                let next = slot(slots, &[anchor], &queue);
                for payout in &queue {
                    let of = world.store.withdrawal_of(Endpoint::Test, payout.id).await.expect("readable");
                    withdrawn += of.map_or(0, |record| record.payout.amount.get());
                }
                world.apply([Change::SlotOpened(next.clone())]).await.expect("a good slot");
                world.apply([settled(&next, next.head())]).await.expect("a good settlement");
                (anchor, slots) = (next.head().change, slots + 1);
            }
        }
    }
    assert!(withdrawn > 0 && slots > 5, "enough has happened: {withdrawn} in {slots} slots");
    assert_eq!(world.balance(Account::Withdrawn).await, small(withdrawn));
    world.check_book().await;
}
