//! Textcoins: followed until they are claimed or taken back.

use ledger::Account;
use obyte::compose::Coin;
use obyte::unit::CoinId;
use obyte::{Bytes, UnitHash};
use payout::{
    Change, Fees, Issue, OpenTextcoin, Origin, Payee, Payout, SlotNo, Sweep, SweepChange, TextcoinNo,
    Timestamp, VersionNo, VersionStatus,
};
use serde_json::json;
use store::{
    AuditMark, Endpoint, Recalled, RefundOrder, RefundVerdict, Scope, Shares, StoreError, TextcoinCounts,
    TextcoinState, Verdict, Violation,
};

use super::Backend;
use super::finding::configured;
use super::line::funding;
use super::units::{settled, slot, unit};
use super::world::{World, answered, bytes, payer};

/// What a textcoin holds on top here, and what taking it back costs.
const CLAIM: u64 = 90;
const SIZE: u64 = 60;
pub(crate) const TPS: u64 = 7;
/// What is set aside for spending what comes back.
const SPENDING: u64 = 20;
const WEEK: u64 = 7 * 24 * 60 * 60 * 1000;
/// A moment behind everything else here.
pub(crate) const LATER: Timestamp = Timestamp::from_millis(50_000);

/// What a textcoin with a number is for, given by the fund and by the partner.
pub(crate) const BASE: u64 = 1_000;
pub(crate) const SHARE: u64 = 300;

fn no(counter: u32) -> TextcoinNo {
    TextcoinNo { generation: 0, counter }
}

/// Accepts a purchase for a mailbox and gives its payout a number.
pub(crate) async fn owe(world: &World, order: &str, counter: u32) -> Payout {
    let mut purchase = world.purchase(order, BASE);
    purchase.terms.recipient = "a+b@example.org".parse().expect("a mailbox");
    purchase.shares = Shares { base: bytes(BASE), partner: bytes(SHARE), matched: Bytes::ZERO };
    let Verdict::Accepted(record) = world.accept(purchase).await else { panic!("it is accepted") };
    let address = obyte::Address::of_source(&format!("textcoin {counter}"));
    let issue = Issue { no: no(counter), address, reserve: bytes(CLAIM) };
    Payout { payee: Payee::Textcoin(Some(issue)), ..record.payout }
}

/// A world in which slot 0 has given a textcoin to order 1; and the coin behind it.
pub(crate) async fn given(backend: &impl Backend) -> (World, Coin) {
    let world = World::rich(backend).await;
    world.deposit("d", 5_000).await;
    let owed = owe(&world, "1", 0).await;
    let change = give(&world, 0, funding(), owed).await;
    (world, change)
}

/// Gives a textcoin by a slot that is settled; the coin behind it.
pub(crate) async fn give(world: &World, at: u64, anchor: Coin, owed: Payout) -> Coin {
    let opened = slot(at, &[anchor], &[owed]);
    let head = opened.head().clone();
    world
        .apply([
            Change::SlotOpened(opened.clone()),
            answered(head.id, VersionStatus::Accepted),
            settled(&opened, &head),
        ])
        .await
        .expect("a good slot");
    head.change
}

pub(crate) async fn open(world: &World, after: Option<u64>) -> Vec<OpenTextcoin> {
    let after = after.map(SlotNo::new);
    world.store.open_textcoins(Endpoint::Test, after).await.expect("the store works").textcoins
}

/// A unit that takes an open textcoin back.
pub(crate) fn sweep(textcoin: &OpenTextcoin, version: u32, tps: u64) -> Sweep {
    let amount = bytes(textcoin.coin.amount.get() - SIZE - tps);
    let parent = format!("sweep {version} of {}", textcoin.no);
    let (unit, json) =
        unit(&parent, bytes(tps), &[textcoin.coin], &[json!({"address": payer(), "amount": amount})]);
    Sweep {
        version: VersionNo::new(version),
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

pub(crate) async fn signed(world: &World, textcoin: &OpenTextcoin, sweep: &Sweep) -> Result<(), StoreError> {
    keep(world, SweepChange::Signed { no: textcoin.no, sweep: sweep.clone() }).await
}

pub(crate) async fn claim(world: &World, counter: u32, by: &str) -> Result<(), StoreError> {
    keep(world, SweepChange::Claimed { no: no(counter), unit: UnitHash::of(by), at: LATER }).await
}

/// The payer has proven what a unit brought.
pub(crate) fn back(sweep: &Sweep) -> Change {
    Change::CoinProven { coin: sweep.coin, origin: Origin::Others, reserve: bytes(SPENDING), at: LATER }
}

pub(crate) fn violation(refused: Result<(), StoreError>) -> Violation {
    match refused {
        Err(StoreError::Violation(violation)) => violation,
        other => panic!("it is refused: {other:?}"),
    }
}

pub(crate) async fn counts(world: &World, at: u64) -> TextcoinCounts {
    let now = Timestamp::from_millis(at);
    world.store.textcoin_counts(Endpoint::Test, now).await.expect("the store works")
}

pub(crate) async fn a_textcoin_is_open_once_its_unit_is_proven_until_it_ends(backend: &impl Backend) {
    let world = World::rich(backend).await;
    world.deposit("d", 5_000).await;
    let owed = owe(&world, "1", 0).await;
    let opened = slot(0, &[funding()], &[owed]);
    let head = opened.head().clone();
    world
        .apply([Change::SlotOpened(opened.clone()), answered(head.id, VersionStatus::Accepted)])
        .await
        .expect("a good slot");
    assert_eq!(open(&world, None).await, [], "its unit is not proven");
    assert_eq!(counts(&world, 0).await.open, 1, "a hub has accepted it");
    world.apply([settled(&opened, &head)]).await.expect("a good settlement");
    let world = world.restart(backend).await;
    let textcoin = OpenTextcoin {
        no: no(0),
        coin: Coin {
            id: CoinId { unit: head.unit, message_index: 0, output_index: head.outputs[0].output_index },
            amount: bytes(BASE + SHARE + CLAIM),
            address: owed.payee.place().expect("it was issued"),
        },
        fees_max: bytes(BASE + CLAIM),
        expires_at: Timestamp::from_millis(7 + WEEK),
        recalled: false,
        claim: None,
        sweeps: Vec::new(),
    };
    assert_eq!(open(&world, None).await, [textcoin]);
    claim(&world, 0, "a claim").await.expect("it is open");
    assert_eq!(open(&world, None).await, []);
}

pub(crate) async fn only_textcoins_of_later_slots_are_told_again(backend: &impl Backend) {
    let (world, change) = given(backend).await;
    let found = world.store.open_textcoins(Endpoint::Test, None).await.expect("the store works");
    assert_eq!(found.through, Some(SlotNo::new(0)));
    assert_eq!(open(&world, Some(0)).await, []);
    let owed = owe(&world, "2", 1).await;
    give(&world, 1, change, owed).await;
    let later: Vec<_> = open(&world, Some(0)).await.into_iter().map(|textcoin| textcoin.no).collect();
    assert_eq!(later, [no(1)]);
    assert_eq!(open(&world, None).await.len(), 2);
}

pub(crate) async fn a_claim_that_is_seen_is_kept_while_it_lasts(backend: &impl Backend) {
    let (world, _) = given(backend).await;
    let stands = async |world: &World| {
        let record = world.store.textcoin(Endpoint::Test, &world.key("1")).await.expect("the store works");
        let record = record.expect("it is a textcoin");
        let expires_at = record.times.expect("a hub has accepted it").1;
        (record.claim_seen, record.state(LATER), record.state(expires_at))
    };
    let unit = UnitHash::of("a claim");
    keep(&world, SweepChange::ClaimSeen { no: no(0), claim: Some(unit) }).await.expect("it is open");
    let world = world.restart(backend).await;
    assert_eq!(open(&world, None).await[0].claim, Some(unit));
    assert_eq!(stands(&world).await, (Some(unit), TextcoinState::ClaimSeen, TextcoinState::ClaimSeen));
    keep(&world, SweepChange::ClaimSeen { no: no(0), claim: None }).await.expect("it is open");
    assert_eq!(open(&world, None).await[0].claim, None);
    assert_eq!(stands(&world).await, (None, TextcoinState::MailWaiting, TextcoinState::Expired));
    let unknown = keep(&world, SweepChange::ClaimSeen { no: no(9), claim: Some(unit) }).await;
    assert_eq!(violation(unknown), Violation::NoTextcoin(no(9)));
}

pub(crate) async fn a_claim_is_booked_once_and_is_for_ever(backend: &impl Backend) {
    let (world, _) = given(backend).await;
    let fees_before = world.balance(Account::NetworkFees).await;
    claim(&world, 0, "a claim").await.expect("it is open");
    claim(&world, 0, "a claim").await.expect("the same again changes nothing");
    assert_eq!(world.balance(Account::TextcoinsOut).await, 0);
    assert_eq!(world.balance(Account::Paid).await, 1_300);
    assert_eq!(world.balance(Account::NetworkFees).await, fees_before + 90);
    assert_eq!(violation(claim(&world, 0, "another").await), Violation::TextcoinEnded(no(0)));
    assert_eq!(violation(claim(&world, 5, "a claim").await), Violation::NoTextcoin(no(5)));
    assert_eq!(counts(&world, 0).await, TextcoinCounts { claimed: 1, ..TextcoinCounts::default() });
    world.check_book().await;
}

pub(crate) async fn what_comes_back_returns_to_those_who_gave(backend: &impl Backend) {
    let (world, _) = given(backend).await;
    let textcoin = open(&world, None).await.remove(0);
    let unit = sweep(&textcoin, 0, TPS);
    signed(&world, &textcoin, &unit).await.expect("a good unit");
    let (fund, deposit) =
        (world.balance(Account::Fund).await, world.balance(Account::Deposit(world.partner)).await);
    let world = world.restart(backend).await;
    assert_eq!(open(&world, None).await[0].sweeps, std::slice::from_ref(&unit));
    assert_eq!(
        counts(&world, 8 + WEEK).await,
        TextcoinCounts { open: 1, expired: 1, swept: 1, ..TextcoinCounts::default() }
    );
    world.apply([back(&unit)]).await.expect("it came back");
    world.apply([back(&unit)]).await.expect("the same coin again changes nothing");
    let cost = i64::try_from(SIZE + TPS + SPENDING).expect("small");
    assert_eq!(world.balance(Account::Fund).await, fund + 1_090 - cost);
    assert_eq!(world.balance(Account::Deposit(world.partner)).await, deposit + 300);
    assert_eq!(world.balance(Account::TextcoinsOut).await, 0);
    assert_eq!(open(&world, None).await, []);
    assert_eq!(world.snapshot().await.refills.len(), 1, "it can be spent");
    assert_eq!(counts(&world, 8 + WEEK).await, TextcoinCounts { taken_back: 1, ..TextcoinCounts::default() });
    world.check_book().await;
}

fn refund(world: &World, order: &str) -> RefundOrder {
    RefundOrder {
        key: world.key(order),
        currency: None,
        returned: None,
        share: "100".parse().expect("a percentage"),
        at: Timestamp::from_millis(40_000),
    }
}

pub(crate) async fn what_a_partner_owes_is_settled_first_by_what_comes_back(backend: &impl Backend) {
    let world = World::rich(backend).await;
    // All of the deposit is given with the two orders, so a return is owed.
    world.deposit("d", 2 * SHARE).await;
    let owed = owe(&world, "1", 0).await;
    let other = owe(&world, "2", 1).await;
    let change = give(&world, 0, funding(), owed).await;
    give(&world, 1, change, other).await;
    let booked = world.store.refund(Endpoint::Test, refund(&world, "2")).await.expect("the store works");
    assert!(matches!(booked, RefundVerdict::Booked(_)), "{booked:?}");
    let owes = world.balance(Account::Receivable(world.partner)).await;
    assert_eq!(owes, 1_000);
    let textcoin = open(&world, None).await.remove(0);
    let unit = sweep(&textcoin, 0, TPS);
    signed(&world, &textcoin, &unit).await.expect("a good unit");
    world.apply([back(&unit)]).await.expect("it came back");
    assert_eq!(world.balance(Account::Receivable(world.partner)).await, owes - 300);
    assert_eq!(world.balance(Account::Deposit(world.partner)).await, 0);
    world.check_book().await;
}

pub(crate) async fn a_return_that_was_charged_is_undone_when_the_textcoin_comes_back(backend: &impl Backend) {
    let (world, _) = given(backend).await;
    let deposit = world.balance(Account::Deposit(world.partner)).await;
    world.store.refund(Endpoint::Test, refund(&world, "1")).await.expect("the store works");
    assert!(world.balance(Account::Deposit(world.partner)).await < deposit, "it is charged");
    let textcoin = open(&world, None).await.remove(0);
    let unit = sweep(&textcoin, 0, TPS);
    signed(&world, &textcoin, &unit).await.expect("a good unit");
    world.apply([back(&unit)]).await.expect("it came back");
    assert_eq!(world.balance(Account::Deposit(world.partner)).await, deposit + 300);
    let again = world.store.refund(Endpoint::Test, refund(&world, "1")).await.expect("the store works");
    assert!(matches!(again, RefundVerdict::NeverPaid), "{again:?}");
    world.check_book().await;
}

pub(crate) async fn what_came_back_counts_for_no_limit(backend: &impl Backend) {
    let (world, _) = given(backend).await;
    let recipient = world.record("1").await.terms.recipient;
    let totals = async || {
        let day = program::Day::of_millis(50_000);
        let scope = Scope::Recipient(recipient.clone());
        world.store.totals(Endpoint::Test, &scope, day).await.expect("the store works")
    };
    assert_eq!(totals().await.ever, bytes(BASE));
    let textcoin = open(&world, None).await.remove(0);
    let unit = sweep(&textcoin, 0, TPS);
    signed(&world, &textcoin, &unit).await.expect("a good unit");
    world.apply([back(&unit)]).await.expect("it came back");
    assert_eq!((totals().await.ever, totals().await.today), (Bytes::ZERO, Bytes::ZERO));
}

pub(crate) async fn a_sweep_is_kept_only_as_it_must_be(backend: &impl Backend) {
    let (world, change) = given(backend).await;
    let textcoin = open(&world, None).await.remove(0);
    let good = sweep(&textcoin, 0, TPS);
    let other_coin = OpenTextcoin { coin: Coin { id: change.id, ..textcoin.coin }, ..textcoin.clone() };
    let dear = sweep(&textcoin, 0, BASE + CLAIM - SIZE + 1);
    let wrong = [
        Sweep { version: VersionNo::new(1), ..good.clone() },
        Sweep { status: VersionStatus::Accepted, ..good.clone() },
        Sweep { unit: UnitHash::of("another"), ..good.clone() },
        Sweep { coin: Coin { amount: bytes(5), ..good.coin }, ..good.clone() },
        Sweep { fees: Fees { size: bytes(SIZE + 1), ..good.fees }, ..good.clone() },
        sweep(&other_coin, 0, TPS),
        dear,
    ];
    for (index, sweep) in wrong.iter().enumerate() {
        let why = violation(signed(&world, &textcoin, sweep).await);
        assert!(matches!(why, Violation::BadSweep(..)), "{index}: {why:?}");
    }
    assert_eq!(open(&world, None).await[0].sweeps, []);
    let dearest = sweep(&textcoin, 0, BASE + CLAIM - SIZE);
    signed(&world, &textcoin, &dearest).await.expect("the fund gets nothing, the partner its share");
    world.apply([back(&dearest)]).await.expect("it came back");
    world.check_book().await;
}

pub(crate) async fn two_versions_of_a_sweep_are_kept_and_one_comes_back(backend: &impl Backend) {
    let (world, _) = given(backend).await;
    let textcoin = open(&world, None).await.remove(0);
    let units = [sweep(&textcoin, 0, TPS), sweep(&textcoin, 1, TPS + 30)];
    for unit in &units {
        signed(&world, &textcoin, unit).await.expect("a good unit");
    }
    let refused = |version| SweepChange::Answered {
        no: no(0),
        version: VersionNo::new(version),
        status: VersionStatus::Refused,
        answer: "tps fee".to_owned(),
        at: LATER,
    };
    keep(&world, refused(0)).await.expect("a good answer");
    let statuses: Vec<_> = open(&world, None).await[0].sweeps.iter().map(|sweep| sweep.status).collect();
    assert_eq!(statuses, [VersionStatus::Refused, VersionStatus::Journaled]);
    // The one that was refused has surfaced.
    world.apply([back(&units[0])]).await.expect("it came back");
    keep(&world, refused(1)).await.expect("an answer that comes late changes nothing");
    let last = SweepChange::Answered {
        no: no(0),
        version: VersionNo::new(0),
        status: VersionStatus::Final,
        answer: String::new(),
        at: LATER,
    };
    assert!(matches!(violation(keep(&world, last).await), Violation::BadSweep(..)), "its coin says so");
    world.check_book().await;
}

pub(crate) async fn nothing_is_both_claimed_and_taken_back(backend: &impl Backend) {
    let (world, change) = given(backend).await;
    let owed = owe(&world, "2", 1).await;
    give(&world, 1, change, owed).await;
    let open = open(&world, None).await;
    let units: Vec<_> = open.iter().map(|textcoin| sweep(textcoin, 0, TPS)).collect();
    for (textcoin, unit) in open.iter().zip(&units) {
        signed(&world, textcoin, unit).await.expect("a good unit");
    }
    world.apply([back(&units[0])]).await.expect("it came back");
    assert_eq!(violation(claim(&world, 0, "late").await), Violation::TextcoinEnded(no(0)));
    claim(&world, 1, "in time").await.expect("it is open");
    assert_eq!(world.refused([back(&units[1])]).await, Violation::TextcoinEnded(no(1)));
    let own = SweepChange::Claimed { no: no(0), unit: units[0].unit, at: LATER };
    assert!(matches!(violation(keep(&world, own).await), Violation::BadSweep(..)));
    world.check_book().await;
}

pub(crate) async fn an_operator_may_want_a_textcoin_back_before_its_time(backend: &impl Backend) {
    let (world, _) = given(backend).await;
    let payout = world.record("1").await.payout.id;
    let recall = async |of| world.store.recall(Endpoint::Test, of, LATER).await.expect("the store works");
    assert_eq!(recall(payout::PayoutId::new(77)).await, Recalled::NoTextcoin);
    assert_eq!(world.store.recalled(Endpoint::Test).await.expect("the store works"), []);
    assert_eq!((recall(payout).await, recall(payout).await), (Recalled::Noted, Recalled::Already));
    assert_eq!(world.store.recalled(Endpoint::Test).await.expect("the store works"), [no(0)]);
    assert!(open(&world, None).await[0].recalled);
    assert_eq!(counts(&world, 0).await.expired, 1);
    claim(&world, 0, "in time").await.expect("it is open");
    assert_eq!(recall(payout).await, Recalled::Claimed);
    assert_eq!(world.store.recalled(Endpoint::Test).await.expect("the store works"), []);
}

pub(crate) async fn who_lost_the_right_to_pay_keeps_no_sweep(backend: &impl Backend) {
    let (world, _) = given(backend).await;
    let textcoin = open(&world, None).await.remove(0);
    backend.lose_lock(Endpoint::Test);
    let newer = world.store.lock_payer(Endpoint::Test).await.expect("the lock was lost");
    let refused = signed(&world, &textcoin, &sweep(&textcoin, 0, TPS)).await;
    assert!(matches!(refused, Err(StoreError::Superseded(_))), "{refused:?}");
    assert_eq!(open(&world, None).await[0].sweeps, []);
    drop(newer);
}

pub(crate) async fn an_audit_compares_those_that_ended_since_the_last(backend: &impl Backend) {
    let (world, change) = given(backend).await;
    let owed = owe(&world, "2", 1).await;
    give(&world, 1, change, owed).await;
    let task = async |mark| world.store.audit_task(Endpoint::Test, mark).await.expect("the store works");
    let first = task(AuditMark::default()).await;
    assert_eq!((first.ended.len(), first.textcoins.len()), (0, 2));
    let coin = open(&world, None).await.into_iter().find(|open| open.no == no(1)).expect("open").coin;
    claim(&world, 1, "a claim").await.expect("it is open");
    let second = task(first.next).await;
    let payout = Some(world.record("2").await.payout.id.get());
    let ended =
        store::EndedTextcoin { no: no(1), payout, coin, unit: UnitHash::of("a claim"), claimed: true };
    assert_eq!((second.ended.as_slice(), second.textcoins.len()), (&[ended][..], 1));
    assert_eq!(task(second.next).await.ended, []);
}

/// What a unit brought that this database does not know.
fn brought(by: &str, amount: u64) -> Change {
    let id = CoinId { unit: UnitHash::of(by), message_index: 0, output_index: 0 };
    let coin = Coin { id, amount: bytes(amount), address: payer() };
    Change::CoinProven { coin, origin: Origin::Others, reserve: bytes(SPENDING), at: LATER }
}

/// An older copy knows the textcoin, and not the unit that took it back. Its coin may be seen first, or what it spends.
pub(crate) async fn what_a_lost_database_has_taken_back_returns_to_those_who_gave(backend: &impl Backend) {
    let (world, change) = given(backend).await;
    let owed = owe(&world, "2", 1).await;
    give(&world, 1, change, owed).await;
    configured(&world, 200).await;
    let [top_ups, fund, deposit, fees] =
        [Account::OperatorTopUps, Account::Fund, Account::Deposit(world.partner), Account::NetworkFees];
    let now = async |world: &World| {
        let mut balances = Vec::new();
        for account in [top_ups, fund, deposit, fees, Account::Paid, Account::TextcoinsOut] {
            balances.push(world.balance(account).await);
        }
        balances
    };
    let before = now(&world).await;
    world.apply([brought("lost one", 1_390 - 70)]).await.expect("a new coin");
    claim(&world, 0, "lost one").await.expect("it is open");
    world.check_book().await;
    claim(&world, 1, "lost two").await.expect("it is open");
    world.apply([brought("lost two", 1_390 - 70)]).await.expect("a new coin");
    world.apply([brought("lost one", 1_320), brought("lost two", 1_320)]).await.expect("the same again");
    let spending = 2 * i64::try_from(SPENDING).expect("small");
    let each = [0, 1_090 - 70, 300, 70, 0, -1_390];
    let mut expected: Vec<i64> = before.iter().zip(each).map(|(before, each)| before + 2 * each).collect();
    expected[1] -= spending;
    assert_eq!(now(&world).await, expected);
    assert_eq!(counts(&world, 0).await, TextcoinCounts { taken_back: 2, ..TextcoinCounts::default() });
    let day = program::Day::of_millis(LATER.as_millis());
    let given = world.store.totals(Endpoint::Test, &Scope::Fund, day).await.expect("it works");
    assert_eq!(given.ever, Bytes::ZERO, "it was not given");
    world.check_book().await;
}

pub(crate) async fn who_claims_and_sends_a_part_back_has_claimed_it(backend: &impl Backend) {
    let (world, change) = given(backend).await;
    let owed = owe(&world, "2", 1).await;
    give(&world, 1, change, owed).await;
    configured(&world, 200).await;
    world.apply([brought("claims one", 1_189)]).await.expect("a new coin");
    claim(&world, 0, "claims one").await.expect("it is open");
    claim(&world, 1, "claims two").await.expect("it is open");
    world.apply([brought("claims two", 1_189)]).await.expect("a new coin");
    assert_eq!(counts(&world, 0).await, TextcoinCounts { claimed: 2, ..TextcoinCounts::default() });
    assert_eq!(world.balance(Account::Paid).await, 2 * 1_300);
    world.check_book().await;
}
