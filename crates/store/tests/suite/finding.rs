//! Textcoins that units of a lost database gave: found by their numbers, and followed like any other.

use std::collections::BTreeSet;
use std::time::Duration;

use ledger::Account;
use obyte::compose::Coin;
use obyte::unit::{CoinId, Output};
use obyte::{Address, Bytes, UnitHash};
use payout::{
    Change, Fees, Issue, OpenTextcoin, Origin, Payee, Payout, RestoreCause, Search, Sweep, SweepChange,
    TextcoinNo, Timestamp, VersionNo, VersionStatus,
};
use serde_json::json;
use store::{
    AuditMark, ClaimRecord, Endpoint, PayoutState, Recalled, RefundOrder, RefundVerdict, Scope, SearchTask,
    Shares, StoreError, TextcoinCounts, TextcoinEnd, Totals, Tried, Verdict, Violation,
};

use super::Backend;
use super::line::funding;
use super::restoring::{MADE, change_of, foreign_unit, found, lost};
use super::units::{settled, slot, unit};
use super::world::{FUND, World, answered, bytes, payer};

const AT: Timestamp = Timestamp::from_millis(40_000);
const LATER: Timestamp = Timestamp::from_millis(50_000);
const EXPIRY: Duration = Duration::from_secs(9);
/// The generation behind the first restore here.
const PLACES: u32 = 2;
const STEP: u32 = 50;
const GAP: u32 = Search::GAP;
/// What taking one back costs, and what is set aside for spending what comes back.
const SIZE: u64 = 60;
const TPS: u64 = 7;
const SPENDING: u64 = 20;

const fn no(generation: u32, counter: u32) -> TextcoinNo {
    TextcoinNo { generation, counter }
}

/// Where a textcoin lies here; one in a hundred numbers is skipped.
fn address(no: TextcoinNo) -> Option<Address> {
    (no.counter % 100 != 99).then(|| Address::of_source(&format!("textcoin {no}")))
}

fn output(no: TextcoinNo, amount: u64) -> Output {
    Output { address: address(no).expect("not skipped"), amount: bytes(amount) }
}

/// All is gone with a unit that paid these.
fn lost_with(name: &str, outputs: &[Output]) -> Vec<Change> {
    let paid: Bytes = outputs.iter().map(|output| output.amount).sum();
    let left = FUND - paid.get() - 600;
    vec![
        Change::RestoreBegun { cause: RestoreCause::Declared, at: AT },
        foreign_unit(name, outputs, AT),
        found(change_of(name, left)),
        lost(funding()),
        Change::Reached { places: PLACES, deposits: 0 },
        Change::Restored { at: AT },
    ]
}

/// A wallet that was restored, a unit of which had given these textcoins.
async fn restored(backend: &impl Backend, outputs: &[Output]) -> World {
    let world = World::rich(backend).await;
    world.deposit("d", 5_000).await;
    world.apply(lost_with("lost", outputs)).await.expect("kept");
    world
}

async fn task(world: &World) -> Option<SearchTask> {
    world.store.search_task(Endpoint::Test, STEP).await.expect("the store works")
}

fn tried(task: SearchTask) -> Tried {
    let addresses = task.numbers.iter().filter_map(|no| Some((*no, address(*no)?))).collect();
    Tried { task, addresses, expiry: EXPIRY, at: LATER }
}

/// One step; the numbers that were tried, and how many were found.
async fn step(world: &World) -> Option<(Vec<TextcoinNo>, u32)> {
    let task = task(world).await?;
    let numbers = task.numbers.clone();
    let found = world.store.keep_tried(&world.lock, tried(task)).await.expect("the store works");
    Some((numbers, found))
}

/// To the end; the numbers that were tried, and how many were found.
async fn search(world: &World) -> (Vec<TextcoinNo>, u32) {
    let (mut numbers, mut found) = (Vec::new(), 0);
    while let Some((tried, new)) = step(world).await {
        numbers.extend(tried);
        found += new;
    }
    (numbers, found)
}

async fn open(world: &World) -> Vec<OpenTextcoin> {
    world.store.open_found(Endpoint::Test, 0).await.expect("the store works").textcoins
}

async fn numbers(world: &World) -> Vec<TextcoinNo> {
    let all = world.store.found_textcoins(Endpoint::Test, None, 500).await.expect("the store works");
    all.into_iter().map(|found| found.no).collect()
}

fn in_generation(numbers: &[TextcoinNo], generation: u32) -> u32 {
    let count = numbers.iter().filter(|no| no.generation == generation).count();
    u32::try_from(count).expect("few")
}

pub(crate) async fn textcoins_of_lost_units_are_found_by_their_numbers_once(backend: &impl Backend) {
    let someone = Output { address: Address::of_source("someone"), amount: bytes(3_000) };
    let given = [output(no(1, GAP - 2), 2_000), someone, output(no(0, 3), 1_500), output(no(PLACES, 0), 700)];
    let mut world = restored(backend, &given).await;
    let (mut tried, mut found) = (Vec::new(), 0);
    for _ in 0..4 {
        let (numbers, new) = step(&world).await.expect("there is more");
        tried.extend(numbers);
        found += new;
        world = world.restart(backend).await;
    }
    let (rest, new) = search(&world).await;
    tried.extend(rest);
    assert_eq!(found + new, 2, "the present generation is that of this database");
    assert_eq!((in_generation(&tried, 0), in_generation(&tried, 1)), (4 + GAP, GAP - 1 + GAP));
    assert_eq!(tried.iter().collect::<BTreeSet<_>>().len(), tried.len(), "no number is tried twice");
    assert_eq!(numbers(&world).await, [no(0, 3), no(1, GAP - 2)]);
    assert_eq!(task(&world).await, None);
    let world = world.restart(backend).await;
    assert_eq!(task(&world).await, None);
    let first = &open(&world).await[0];
    let expires_at = MADE.plus(EXPIRY);
    let coin = Coin {
        id: CoinId { unit: UnitHash::of("lost"), message_index: 0, output_index: 1 },
        amount: bytes(2_000),
        address: address(no(1, GAP - 2)).expect("not skipped"),
    };
    let expected = OpenTextcoin {
        no: no(1, GAP - 2),
        coin,
        fees_max: bytes(1_500),
        expires_at,
        recalled: false,
        claim: None,
        sweeps: Vec::new(),
    };
    assert!(open(&world).await.contains(&expected), "{first:?}");
    let through = world.store.open_found(Endpoint::Test, 0).await.expect("the store works").through;
    assert_eq!(world.store.open_found(Endpoint::Test, through).await.expect("it works").textcoins, []);
    let claim = world.store.claim(Endpoint::Test, expected.no).await.expect("the store works");
    let shown = ClaimRecord {
        address: coin.address,
        amount: bytes(2_000),
        shop: String::new(),
        expires_at,
        ended: None,
    };
    assert_eq!(claim, Some(shown));
    world.check_book().await;
}

pub(crate) async fn nothing_is_searched_before_there_is_something_to_find(backend: &impl Backend) {
    let world = World::rich(backend).await;
    assert_eq!(task(&world).await, None, "nothing was lost");
    let begun = Change::RestoreBegun { cause: RestoreCause::Declared, at: AT };
    world.apply([begun, foreign_unit("lost", &[output(no(0, 0), 900)], AT)]).await.expect("kept");
    assert_eq!(task(&world).await, None, "more may be seen");
    world.apply([Change::Restored { at: AT }]).await.expect("kept");
    assert!(task(&world).await.is_some());
    search(&world).await;
    let again = [
        Change::RestoreBegun { cause: RestoreCause::Declared, at: AT },
        foreign_unit("pays nobody", &[], AT),
        Change::Restored { at: AT },
    ];
    world.apply(again).await.expect("kept");
    assert_eq!(task(&world).await, None, "all that was paid is known");
    let begun = Change::RestoreBegun { cause: RestoreCause::Declared, at: AT };
    world.apply([begun, foreign_unit("later", &[output(no(0, 1), 900)], AT)]).await.expect("kept");
    assert_eq!(task(&world).await, None, "more may be seen");
}

fn issued(payout: Payout, no: TextcoinNo) -> Payout {
    let issue = Issue { no, address: address(no).expect("not skipped"), reserve: bytes(90) };
    Payout { payee: Payee::Textcoin(Some(issue)), ..payout }
}

/// A purchase for a mailbox, with a share of the partner.
async fn buy(world: &World, order: &str) -> Verdict {
    let mut purchase = world.purchase(order, 1_000);
    purchase.terms.recipient = "a+b@example.org".parse().expect("a mailbox");
    purchase.shares = Shares { base: bytes(1_000), partner: bytes(300), matched: Bytes::ZERO };
    world.accept(purchase).await
}

async fn owe(world: &World, order: &str) -> Payout {
    let Verdict::Accepted(record) = buy(world, order).await else { panic!("it is accepted") };
    record.payout
}

/// An older copy gave textcoin 700; another one waited in a unit that died, and was given by a lost unit.
pub(crate) async fn what_this_database_gives_is_not_searched_and_what_is_behind_it_is(
    backend: &impl Backend,
) {
    let world = World::rich(backend).await;
    world.deposit("d", 5_000).await;
    let given = issued(owe(&world, "1").await, no(0, 700));
    let opened = slot(0, &[funding()], &[given]);
    let head = opened.head().clone();
    let accepted = answered(head.id, VersionStatus::Accepted);
    world.apply([Change::SlotOpened(opened.clone()), accepted, settled(&opened, &head)]).await.expect("good");
    let changes = [
        Change::RestoreBegun { cause: RestoreCause::Declared, at: AT },
        foreign_unit("lost", &[output(no(0, 1_150), 900), output(no(0, 5), 900)], AT),
        found(change_of("lost", head.change.amount.get() - 3_000)),
        lost(head.change),
        Change::Restored { at: AT },
    ];
    world.apply(changes).await.expect("kept");
    let (tried, found) = search(&world).await;
    assert_eq!((found, numbers(&world).await), (2, vec![no(0, 5), no(0, 1_150)]));
    assert!(!tried.contains(&no(0, 700)));
    assert_eq!(in_generation(&tried, 0), 1_151 + GAP - 1);
    world.check_book().await;
}

pub(crate) async fn after_another_restore_all_generations_are_searched_again(backend: &impl Backend) {
    let world = restored(backend, &[output(no(0, 3), 1_500)]).await;
    step(&world).await.expect("it has begun");
    let next = change_of("lost", FUND - 1_500 - 600);
    let changes = [
        Change::RestoreBegun { cause: RestoreCause::Declared, at: AT },
        foreign_unit("lost later", &[output(no(PLACES, 1), 800), output(no(0, 70), 800)], AT),
        lost(next),
        Change::Restored { at: AT },
    ];
    world.apply(changes).await.expect("kept");
    let (tried, found) = search(&world).await;
    assert_eq!(found, 2);
    assert_eq!(numbers(&world).await, [no(0, 3), no(0, 70), no(PLACES, 1)]);
    assert!(!tried.contains(&no(0, 3)), "what is found needs no look");
    assert_eq!(task(&world).await, None);
}

pub(crate) async fn who_lost_the_right_to_pay_finds_nothing(backend: &impl Backend) {
    let world = restored(backend, &[output(no(0, 3), 1_500)]).await;
    let first = task(&world).await.expect("there is something to find");
    let kept = world.store.keep_tried(&world.lock, tried(first.clone())).await.expect("the store works");
    step(&world).await.expect("there is more");
    let again = world.store.keep_tried(&world.lock, tried(first)).await.expect("the store works");
    assert_eq!((kept, again), (1, 0), "that step was made already");
    let next = task(&world).await.expect("there is more");
    assert_eq!(next.search.next, no(0, 2 * STEP), "it does not go back");
    backend.lose_lock(Endpoint::Test);
    let newer = world.store.lock_payer(Endpoint::Test).await.expect("the lock was lost");
    let refused = world.store.keep_tried(&world.lock, tried(next)).await;
    assert!(matches!(refused, Err(StoreError::Superseded(_))), "{refused:?}");
    drop(newer);
}

/// A unit that takes one back.
fn sweep(textcoin: &OpenTextcoin, tps: u64) -> Sweep {
    let amount = bytes(textcoin.coin.amount.get() - SIZE - tps);
    let parent = format!("sweep of {}", textcoin.no);
    let (unit, json) =
        unit(&parent, bytes(tps), &[textcoin.coin], &[json!({"address": payer(), "amount": amount})]);
    Sweep {
        version: VersionNo::new(0),
        unit,
        json: json.to_string().into(),
        coin: Coin { id: CoinId { unit, message_index: 0, output_index: 0 }, amount, address: payer() },
        fees: Fees { size: bytes(SIZE), tps: bytes(tps) },
        signed_at: LATER,
        status: VersionStatus::Journaled,
    }
}

async fn keep(world: &World, change: SweepChange) -> Result<(), StoreError> {
    world.store.keep_sweeps(&world.lock, vec![change]).await
}

async fn signed(world: &World, textcoin: &OpenTextcoin) -> Sweep {
    let sweep = sweep(textcoin, TPS);
    keep(world, SweepChange::Signed { no: textcoin.no, sweep: sweep.clone() }).await.expect("a good unit");
    sweep
}

async fn claim(world: &World, no: TextcoinNo, by: &str) -> Result<(), StoreError> {
    keep(world, SweepChange::Claimed { no, unit: UnitHash::of(by), at: LATER }).await
}

/// The payer has proven a coin.
fn proven(coin: Coin) -> Change {
    Change::CoinProven { coin, origin: Origin::Others, reserve: bytes(SPENDING), at: LATER }
}

async fn counts(world: &World) -> TextcoinCounts {
    world.store.textcoin_counts(Endpoint::Test, LATER).await.expect("the store works")
}

/// What operators put in, what is elsewhere, and what the fund holds.
async fn sources(world: &World) -> (i64, i64, i64) {
    let [top_ups, elsewhere, fund] = [Account::OperatorTopUps, Account::Elsewhere, Account::Fund];
    (world.balance(top_ups).await, world.balance(elsewhere).await, world.balance(fund).await)
}

const CLOSED: Timestamp = LATER;

/// One found textcoin of 2,000 bytes.
async fn one(backend: &impl Backend) -> (World, OpenTextcoin) {
    let world = restored(backend, &[output(no(0, 3), 2_000)]).await;
    search(&world).await;
    let textcoin = open(&world).await.remove(0);
    (world, textcoin)
}

pub(crate) async fn what_comes_back_of_a_found_one_is_the_funds(backend: &impl Backend) {
    let (world, textcoin) = one(backend).await;
    let expected = TextcoinCounts { open: 1, expired: 1, found: 1, ..TextcoinCounts::default() };
    assert_eq!(counts(&world).await, expected);
    let unit = signed(&world, &textcoin).await;
    assert_eq!(counts(&world).await, TextcoinCounts { swept: 1, ..expected });
    let (top_ups, elsewhere, fund) = sources(&world).await;
    let world = world.restart(backend).await;
    assert_eq!(open(&world).await[0].sweeps, std::slice::from_ref(&unit));
    world.apply([proven(unit.coin)]).await.expect("it came back");
    world.apply([proven(unit.coin)]).await.expect("the same coin again changes nothing");
    let back = i64::from(unit.coin.amount);
    let spending = i64::try_from(SPENDING).expect("small");
    assert_eq!(sources(&world).await, (top_ups, elsewhere - back, fund + back - spending));
    let ended = TextcoinCounts { taken_back: 1, found: 1, ..TextcoinCounts::default() };
    assert_eq!((counts(&world).await, open(&world).await.len()), (ended, 0));
    let refused = claim(&world, textcoin.no, "late").await;
    assert!(matches!(refused, Err(StoreError::Violation(Violation::TextcoinEnded(_)))), "{refused:?}");
    let record = world.store.found_textcoin(Endpoint::Test, textcoin.no).await.expect("the store works");
    assert_eq!(record.and_then(|found| found.ended), Some((TextcoinEnd::TakenBack, unit.unit, CLOSED)));
    world.check_book().await;
}

pub(crate) async fn a_claim_of_a_found_one_books_nothing_and_is_for_ever(backend: &impl Backend) {
    let (world, textcoin) = one(backend).await;
    let unit = signed(&world, &textcoin).await;
    let seen = UnitHash::of("a claim");
    let seeing = SweepChange::ClaimSeen { no: textcoin.no, claim: Some(seen) };
    keep(&world, seeing).await.expect("it is open");
    assert_eq!(open(&world).await[0].claim, Some(seen));
    let before = sources(&world).await;
    claim(&world, textcoin.no, "a claim").await.expect("it is open");
    claim(&world, textcoin.no, "a claim").await.expect("the same again changes nothing");
    assert_eq!(sources(&world).await, before);
    let ended = TextcoinCounts { claimed: 1, found: 1, ..TextcoinCounts::default() };
    assert_eq!(counts(&world).await, ended);
    assert_eq!(world.refused([proven(unit.coin)]).await, Violation::TextcoinEnded(textcoin.no));
    world.check_book().await;
}

pub(crate) async fn a_found_one_is_taken_back_only_by_a_unit_as_it_must_be(backend: &impl Backend) {
    let (world, textcoin) = one(backend).await;
    let good = sweep(&textcoin, TPS);
    let other = Coin { id: CoinId { output_index: 0, ..textcoin.coin.id }, ..textcoin.coin };
    for wrong in [
        Sweep { version: VersionNo::new(1), ..good.clone() },
        Sweep { coin: Coin { amount: bytes(5), ..good.coin }, ..good.clone() },
        sweep(&OpenTextcoin { coin: other, ..textcoin.clone() }, TPS),
        // What would come back is not worth spending.
        sweep(&textcoin, 1_441),
    ] {
        let refused = keep(&world, SweepChange::Signed { no: textcoin.no, sweep: wrong }).await;
        assert!(matches!(refused, Err(StoreError::Violation(Violation::BadSweep(..)))), "{refused:?}");
    }
    let dear = sweep(&textcoin, 1_440);
    keep(&world, SweepChange::Signed { no: textcoin.no, sweep: dear }).await.expect("it is worth that");
}

/// An order of 1,300 bytes that a lost unit may have paid by textcoin 0.3, and that an operator gave up for that.
async fn explained(backend: &impl Backend) -> (World, OpenTextcoin) {
    let world = restored(backend, &[output(no(0, 3), 2_000)]).await;
    assert!(matches!(buy(&world, "1").await, Verdict::Held(_)));
    world.store.reject(Endpoint::Test, &world.key("1"), AT).await.expect("it is held");
    search(&world).await;
    let textcoin = open(&world).await.remove(0);
    (world, textcoin)
}

pub(crate) async fn the_partner_of_an_order_that_counts_as_paid_by_it_gets_its_share(backend: &impl Backend) {
    let (world, textcoin) = explained(backend).await;
    assert_eq!(textcoin.fees_max, bytes(2_000 - 300 - 500), "the share comes back whole");
    let order = RefundOrder {
        key: world.key("1"),
        returned: None,
        currency: None,
        share: program::Percentage::HUNDRED,
        at: AT,
    };
    let charged = world.store.refund(Endpoint::Test, order.clone()).await.expect("it works");
    assert!(matches!(charged, RefundVerdict::Booked(_)), "{charged:?}");
    let deposit = Account::Deposit(world.partner);
    let (before, (_, elsewhere, fund)) = (world.balance(deposit).await, sources(&world).await);
    let unit = signed(&world, &textcoin).await;
    world.apply([proven(unit.coin)]).await.expect("it came back");
    let back = i64::from(unit.coin.amount);
    let spending = i64::try_from(SPENDING).expect("small");
    let (_, elsewhere_now, fund_now) = sources(&world).await;
    // What the partner was charged for the return is undone.
    assert_eq!(world.balance(deposit).await, before + 300 + 1_000);
    assert_eq!((elsewhere_now, fund_now), (elsewhere - back, fund + back - 300 - spending - 1_000));
    let day = program::Day::of_millis(AT.as_millis());
    let given = world.store.totals(Endpoint::Test, &Scope::Fund, day).await.expect("it works");
    assert_eq!(given, Totals::default(), "what came back was not given");
    let again = world.store.refund(Endpoint::Test, order).await.expect("it works");
    assert_eq!(again, RefundVerdict::NeverPaid);
    world.check_book().await;
}

/// It came back while the order was held, which gets everything back then; and a later one is like any other.
pub(crate) async fn what_came_back_has_paid_nobody(backend: &impl Backend) {
    let (world, textcoin) = one(backend).await;
    let (deposit, fund) = (world.balance(Account::Deposit(world.partner)).await, sources(&world).await.2);
    assert!(matches!(buy(&world, "1").await, Verdict::Held(_)));
    let unit = signed(&world, &textcoin).await;
    world.apply([proven(unit.coin)]).await.expect("it came back");
    world.store.reject(Endpoint::Test, &world.key("1"), LATER).await.expect("it is held");
    assert!(matches!(world.record("1").await.state, PayoutState::Rejected { .. }));
    let back = i64::from(unit.coin.amount) - i64::try_from(SPENDING).expect("small");
    assert_eq!(world.balance(Account::Deposit(world.partner)).await, deposit);
    assert_eq!(sources(&world).await.2, fund + back);
    assert!(matches!(buy(&world, "2").await, Verdict::Accepted(_)), "nothing is unexplained any more");
    world.check_book().await;
}

/// The server says that a unit of its own costs at most so much.
pub(crate) async fn configured(world: &World, fees: u64) {
    let provisions = store::Provisions { fee_reserve: bytes(fees), ..store::Provisions::default() };
    world.store.keep_provisions(Endpoint::Test, provisions).await.expect("the store works");
}

/// Who claims one and sends a part of it to the wallet has claimed it.
pub(crate) async fn a_part_that_comes_is_a_top_up(backend: &impl Backend) {
    let world = restored(backend, &[output(no(0, 3), 2_000), output(no(0, 4), 1_900)]).await;
    search(&world).await;
    configured(&world, 200).await;
    let (first, second) = (change_of("claims one", 1_799), change_of("claims two", 1_699));
    world.apply([proven(first)]).await.expect("a new coin");
    claim(&world, no(0, 3), "claims one").await.expect("it is open");
    claim(&world, no(0, 4), "claims two").await.expect("it is open");
    let before = sources(&world).await;
    world.apply([proven(second)]).await.expect("a new coin");
    let claimed = TextcoinCounts { claimed: 2, found: 2, ..TextcoinCounts::default() };
    assert_eq!((counts(&world).await, sources(&world).await.0), (claimed, before.0 - 1_699));
    world.check_book().await;
}

/// The coin may be credited before it is known that it was a textcoin, or after.
pub(crate) async fn what_a_lost_database_has_taken_back_is_no_top_up(backend: &impl Backend) {
    let world = restored(backend, &[output(no(0, 3), 2_000), output(no(0, 4), 1_900)]).await;
    search(&world).await;
    configured(&world, 200).await;
    let before = sources(&world).await;
    let (first, second) = (change_of("taken back by one", 1_800), change_of("taken back by two", 1_700));
    world.apply([proven(first)]).await.expect("a new coin");
    assert_eq!(sources(&world).await.0, before.0 - 1_800, "it looks like a top-up");
    claim(&world, no(0, 3), "taken back by one").await.expect("it is open");
    claim(&world, no(0, 4), "taken back by two").await.expect("it is open");
    let halfway = TextcoinCounts { claimed: 1, taken_back: 1, found: 2, ..TextcoinCounts::default() };
    assert_eq!(counts(&world).await, halfway);
    world.check_book().await;
    world.apply([proven(second)]).await.expect("a new coin");
    world.apply([proven(first), proven(second)]).await.expect("the same again changes nothing");
    let spending = i64::try_from(SPENDING).expect("small");
    let (top_ups, elsewhere, fund) = before;
    assert_eq!(sources(&world).await, (top_ups, elsewhere - 3_500, fund + 3_500 - 2 * spending));
    let both = TextcoinCounts { taken_back: 2, found: 2, ..TextcoinCounts::default() };
    assert_eq!(counts(&world).await, both);
    claim(&world, no(0, 3), "taken back by one").await.expect("the same again changes nothing");
    world.check_book().await;
}

pub(crate) async fn an_operator_may_want_a_found_one_back_before_its_time(backend: &impl Backend) {
    let (world, textcoin) = one(backend).await;
    let recall =
        async |no| world.store.recall_found(Endpoint::Test, no, LATER).await.expect("the store works");
    assert_eq!(recall(no(0, 77)).await, Recalled::NoTextcoin);
    assert_eq!((recall(textcoin.no).await, recall(textcoin.no).await), (Recalled::Noted, Recalled::Already));
    assert_eq!(world.store.recalled(Endpoint::Test).await.expect("the store works"), [textcoin.no]);
    assert!(open(&world).await[0].recalled);
    claim(&world, textcoin.no, "in time").await.expect("it is open");
    assert_eq!(recall(textcoin.no).await, Recalled::Claimed);
    assert_eq!(world.store.recalled(Endpoint::Test).await.expect("the store works"), []);
}

pub(crate) async fn an_audit_compares_found_ones_too(backend: &impl Backend) {
    let world = restored(backend, &[output(no(0, 3), 2_000), output(no(0, 4), 1_900)]).await;
    search(&world).await;
    let task = async |mark| world.store.audit_task(Endpoint::Test, mark).await.expect("the store works");
    let first = task(AuditMark::default()).await;
    assert_eq!((first.ended.len(), first.textcoins.len()), (0, 2));
    let coin = open(&world).await[1].coin;
    claim(&world, no(0, 4), "a claim").await.expect("it is open");
    let second = task(first.next).await;
    let unit = UnitHash::of("a claim");
    let ended = store::EndedTextcoin { no: no(0, 4), payout: None, coin, unit, claimed: true };
    assert_eq!((second.ended.as_slice(), second.textcoins.len()), (&[ended][..], 1));
    assert_eq!(task(second.next).await.ended, []);
}
