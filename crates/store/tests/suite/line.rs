//! The payer's line: what becomes of what is journaled.

use ledger::Account;
use obyte::UnitHash;
use obyte::compose::Coin;
use payout::{Change, FirstUnit, Origin, Payout, Slot, SlotNo, Timestamp, Version, VersionStatus};
use serde_json::json;
use store::{AnsweredUnit, Endpoint, PayoutState, StoreError, Violation};

use super::Backend;
use super::units::{altered, id, settled, slot, version, with_unit};
use super::world::{FUND, RESERVE, World, answered, bytes, coin, credited};

const DIED: Timestamp = Timestamp::from_millis(30_000);

pub(crate) fn funding() -> Coin {
    coin("funding", FUND)
}

pub(crate) fn added(version: &Version, appended: &[Payout]) -> Change {
    Change::VersionAdded { version: version.clone(), appended: appended.to_vec() }
}

pub(crate) fn died(slot: &Slot) -> Change {
    Change::SlotDied { slot: slot.no, at: DIED }
}

fn first_address(version: &Version) -> obyte::Address {
    version.inputs[0].address
}

/// Opens slot 0 for one payout of a purchase `1`.
pub(crate) async fn opened(world: &World) -> Slot {
    let payout = world.owe("1", 1_000).await;
    let first = slot(0, &[funding()], &[payout]);
    world.apply([Change::SlotOpened(first.clone())]).await.expect("a good slot");
    first
}

pub(crate) async fn a_payout_goes_from_the_queue_to_final(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let first = opened(&world).await;
    let version = first.head().clone();
    let snapshot = world.snapshot().await;
    assert_eq!((snapshot.queue.as_slice(), snapshot.slots.as_slice()), (&[][..], &[first.clone()][..]));
    assert_eq!((snapshot.next_slot, snapshot.refills.len(), snapshot.anchor), (1, 0, None));
    assert_eq!(snapshot.prepaid, [(version.signed_at, bytes(75))]);
    let record = world.record("1").await;
    let in_unit = |status| PayoutState::InUnit { unit: version.unit, status };
    assert_eq!((record.state, record.answered), (in_unit(VersionStatus::Journaled), None));

    world.apply([answered(version.id, VersionStatus::Accepted)]).await.expect("a good answer");
    let record = world.record("1").await;
    let answer = Some(AnsweredUnit { unit: version.unit, replaced: false });
    assert_eq!((record.state, record.answered), (in_unit(VersionStatus::Accepted), answer));

    world.apply([settled(&first, &version)]).await.expect("a good settlement");
    let record = world.record("1").await;
    assert_eq!((record.state, record.answered), (PayoutState::Final { unit: version.unit }, answer));
    let snapshot = world.snapshot().await;
    assert!(snapshot.slots.is_empty() && snapshot.queue.is_empty() && snapshot.refills.is_empty());
    assert_eq!((snapshot.anchor, snapshot.next_slot), (Some(version.change), 1));
    assert_eq!(snapshot.settled_units, [version.unit]);
    let first = FirstUnit { unit: version.unit, main_chain_index: Some(100) };
    assert_eq!(snapshot.first_units, [(first_address(&version), first)]);
    assert_eq!(snapshot.home_slots, 1);
}

pub(crate) async fn a_settlement_moves_the_money(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let first = opened(&world).await;
    world.apply([settled(&first, first.head())]).await.expect("a good settlement");
    assert_eq!(world.balance(Account::Paid).await, 1_000);
    assert_eq!(world.balance(Account::Owed).await, 0);
    assert_eq!(world.balance(Account::FeeReserve).await, 0);
    // Size fee 600, prepaid 75, of which 60 were charged in the end.
    assert_eq!(world.balance(Account::NetworkFees).await, 660);
    assert_eq!(world.balance(Account::PrepaidTps).await, 15);
    let fund = i64::try_from(FUND).expect("small") - 1_000 - 675;
    assert_eq!(world.balance(Account::Fund).await, fund);
    let book = world.store.balances(Endpoint::Test).await.expect("a sound book");
    assert_eq!(book.coins_expected(), Ok(first.head().change.amount));
    world.check_book().await;
}

pub(crate) async fn a_payout_only_in_a_losing_version_is_owed_again(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let mut first = opened(&world).await;
    let extra = coin("extra", 50_000);
    let late = world.owe("2", 2_000).await;
    world.apply([credited(extra)]).await.expect("a new coin");
    let payouts = [first.payouts[0], late];
    let second = version(id(0, 1), &[funding(), extra], &payouts);
    world.apply([added(&second, &[late])]).await.expect("a good version");
    first.payouts.push(late);
    first.versions.push(second.clone());
    let snapshot = world.snapshot().await;
    assert_eq!((snapshot.slots, snapshot.refills), (vec![first.clone()], vec![]));

    world.apply([settled(&first, &first.versions[0])]).await.expect("a good settlement");
    let snapshot = world.snapshot().await;
    assert_eq!((snapshot.queue, snapshot.refills), (vec![late], vec![extra]));
    assert_eq!(snapshot.settled_units, [first.versions[0].unit, second.unit]);
    assert_eq!(world.record("2").await.state, PayoutState::Queued);
    assert_eq!(world.balance(Account::Owed).await, 2_000);
    assert_eq!(world.balance(Account::FeeReserve).await, i64::try_from(RESERVE).expect("small"));
}

pub(crate) async fn a_slot_on_a_losing_change_dies_with_it(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let mut first = opened(&world).await;
    let extra = coin("extra", 50_000);
    let payouts = [world.owe("2", 2_000).await, world.owe("3", 3_000).await];
    world.apply([credited(extra)]).await.expect("a new coin");
    let second = slot(1, &[first.head().change, extra], &payouts[..1]);
    let third = slot(2, &[second.head().change], &payouts[1..]);
    world
        .apply([Change::SlotOpened(second.clone()), Change::SlotOpened(third.clone())])
        .await
        .expect("slots chain on each other");
    world.apply([answered(second.head().id, VersionStatus::Accepted)]).await.expect("a good answer");
    let other = version(id(0, 1), &[funding()], &first.payouts);
    world.apply([added(&other, &[])]).await.expect("a good version");
    first.versions.push(other.clone());

    let alone = world.refused([settled(&first, &other)]).await;
    assert_eq!(alone, Violation::WrongLife(second.no), "its descendants cannot live on");
    world.apply([settled(&first, &other), died(&third), died(&second)]).await.expect("they die with it");
    let snapshot = world.snapshot().await;
    assert_eq!((snapshot.queue, snapshot.refills), (payouts.to_vec(), vec![extra]));
    assert_eq!((snapshot.anchor, snapshot.next_slot), (Some(other.change), 3));
    let record = world.record("2").await;
    assert_eq!((record.state, record.answered), (PayoutState::Queued, None));

    // The line goes on behind what is good, and says that the unit told before was replaced.
    let next = slot(3, &[other.change], &payouts);
    world.apply([Change::SlotOpened(next.clone())]).await.expect("a good slot");
    assert_eq!(world.record("2").await.answered, None);
    world.apply([answered(next.head().id, VersionStatus::Accepted)]).await.expect("a good answer");
    let replaced = |replaced| Some(AnsweredUnit { unit: next.head().unit, replaced });
    assert_eq!(world.record("2").await.answered, replaced(true));
    assert_eq!(world.record("3").await.answered, replaced(false));
}

pub(crate) async fn a_slot_on_a_unit_proven_bad_dies_with_it(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let mut first = opened(&world).await;
    let payout = world.owe("2", 2_000).await;
    let second = slot(1, &[first.head().change], &[payout]);
    world.apply([Change::SlotOpened(second.clone())]).await.expect("a good slot");
    let bad = answered(id(0, 0), VersionStatus::Dead);
    world.apply([bad, died(&second)]).await.expect("it dies with its anchor");
    first.versions[0].status = VersionStatus::Dead;
    let snapshot = world.snapshot().await;
    assert_eq!((snapshot.queue, snapshot.slots), (vec![payout], vec![first.clone()]));

    let late = slot(2, &[first.head().change], &[payout]);
    assert_eq!(world.refused([Change::SlotOpened(late)]).await, Violation::ForeignAnchor(SlotNo::new(2)));
    let again = version(id(0, 1), &[funding()], &first.payouts);
    let third = slot(2, &[again.change], &[payout]);
    world
        .apply([added(&again, &[]), Change::SlotOpened(third.clone())])
        .await
        .expect("the line goes on behind another version");
    first.versions.push(again.clone());
    world.apply([settled(&first, &again), settled(&third, third.head())]).await.expect("both are good");
    assert_eq!(world.record("2").await.state, PayoutState::Final { unit: third.head().unit });
    world.check_book().await;
}

pub(crate) async fn the_unit_answered_is_the_first_accepted_that_lives(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let mut first = opened(&world).await;
    for number in 1..4 {
        let next = version(id(0, number), &[funding()], &first.payouts);
        world.apply([added(&next, &[])]).await.expect("a good version");
        first.versions.push(next);
    }
    let units: Vec<UnitHash> = first.versions.iter().map(|version| version.unit).collect();
    // The third is accepted first, then the first; the second never.
    world.apply([answered(id(0, 2), VersionStatus::Accepted)]).await.expect("a good answer");
    world.apply([answered(id(0, 0), VersionStatus::Accepted)]).await.expect("a good answer");
    let record = world.record("1").await;
    assert_eq!(record.answered, Some(AnsweredUnit { unit: units[2], replaced: false }));
    let newest = PayoutState::InUnit { unit: units[3], status: VersionStatus::Journaled };
    assert_eq!(record.state, newest);
    // What a hub says later about an accepted unit does not take the answer away.
    world.apply([answered(id(0, 2), VersionStatus::Unknown)]).await.expect("a good answer");
    assert_eq!(world.record("1").await.answered.map(|answer| answer.unit), Some(units[2]));
    // A proof does.
    world.apply([answered(id(0, 2), VersionStatus::Dead)]).await.expect("proven bad");
    let record = world.record("1").await;
    assert_eq!(record.answered, Some(AnsweredUnit { unit: units[0], replaced: true }));
    // The second settles the slot, though no hub was heard to accept it.
    world.apply([settled(&first, &first.versions[1])]).await.expect("a good settlement");
    let record = world.record("1").await;
    assert_eq!(record.answered, Some(AnsweredUnit { unit: units[1], replaced: true }));
    assert_eq!(record.state, PayoutState::Final { unit: units[1] });
}

pub(crate) async fn one_process_pays_at_a_time(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let other = backend.open();
    let taken = other.lock_payer(Endpoint::Test).await;
    assert!(matches!(taken, Err(StoreError::PaidElsewhere(Endpoint::Test))), "{taken:?}");
    let live = other.lock_payer(Endpoint::Live).await.expect("each endpoint has a payer of its own");
    assert_eq!(live.endpoint(), Endpoint::Live);
    drop(world.lock);
    let lock = other.lock_payer(Endpoint::Test).await.expect("it was given back");
    assert_eq!(lock.endpoint(), Endpoint::Test);
}

pub(crate) async fn a_change_refused_undoes_those_before_it(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let first = opened(&world).await;
    let unknown = answered(id(9, 9), VersionStatus::Accepted);
    let violation = world
        .refused([
            credited(coin("a gift", 500)),
            Change::Synced { main_chain_index: 77 },
            answered(id(0, 0), VersionStatus::Accepted),
            settled(&first, first.head()),
            unknown,
        ])
        .await;
    assert_eq!(violation, Violation::NoVersion(id(9, 9)));
    world.check_book().await;
}

pub(crate) async fn fees_never_take_the_fund_below_zero(backend: &impl Backend) {
    let world = World::rich(backend).await;
    for (order, base) in [("1", 1_000), ("2", FUND - 1_002)] {
        let mut greedy = world.purchase(order, base);
        greedy.fee_reserve = bytes(1);
        assert!(matches!(world.accept(greedy).await, store::Verdict::Accepted(_)));
    }
    assert_eq!(world.balance(Account::Fund).await, 0);
    let before = world.snapshot().await;
    let first = slot(0, &[funding()], &before.queue[..1]);
    let changes = [Change::SlotOpened(first.clone()), settled(&first, first.head())];
    let result = world.apply(changes).await;
    assert!(matches!(result, Err(StoreError::Overdraft(_))), "{result:?}");
    assert_eq!(world.snapshot().await, before);
    world.check_book().await;
}

pub(crate) async fn a_parked_payout_is_never_paid_and_its_shares_return(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let fund = world.balance(Account::Fund).await;
    let payout = world.owe("1", 1_000).await;
    let parked = || Change::Parked { payout: payout.id, at: DIED };
    world.apply([parked()]).await.expect("it waits in the queue");
    let record = world.record("1").await;
    assert_eq!((record.state, record.answered), (PayoutState::Parked, None));
    assert!(world.snapshot().await.queue.is_empty());
    assert_eq!(world.balance(Account::Fund).await, fund);
    assert_eq!((world.balance(Account::Owed).await, world.balance(Account::FeeReserve).await), (0, 0));
    assert_eq!(world.refused([parked()]).await, Violation::NotQueued(payout.id));
    let late = slot(0, &[funding()], &[payout]);
    assert_eq!(world.refused([Change::SlotOpened(late)]).await, Violation::NotQueued(payout.id));
    let again = world.accept(world.purchase("1", 1_000)).await;
    assert!(matches!(again, store::Verdict::Replay(record) if record.state == PayoutState::Parked));
    world.check_book().await;
}

pub(crate) async fn a_payout_in_a_slot_cannot_be_parked(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let payout = opened(&world).await.payouts[0];
    let parked = Change::Parked { payout: payout.id, at: DIED };
    assert_eq!(world.refused([parked]).await, Violation::NotQueued(payout.id));
}

pub(crate) async fn what_was_set_aside_of_a_coin_pays_for_spending_it(backend: &impl Backend) {
    let world = World::poor(backend).await;
    let large = Change::CoinProven { coin: funding(), origin: Origin::Others, reserve: bytes(500), at: DIED };
    let crumb = coin("crumb", 400);
    let small = Change::CoinProven { coin: crumb, origin: Origin::Others, reserve: bytes(400), at: DIED };
    world.apply([large, small]).await.expect("new coins");
    assert_eq!(world.balance(Account::FeeReserve).await, 900);
    let payout = world.owe("1", 1_000).await;
    let fund = world.balance(Account::Fund).await;
    let first = slot(0, &[funding(), crumb], &[payout]);
    world.apply([Change::SlotOpened(first.clone())]).await.expect("a good slot");
    world.apply([settled(&first, first.head())]).await.expect("a good settlement");
    assert_eq!(world.balance(Account::FeeReserve).await, 0);
    let fees = i64::from(first.head().fees.total());
    let reserve = i64::try_from(RESERVE).expect("small");
    assert_eq!(world.balance(Account::Fund).await, fund + reserve + 900 - fees);
    world.check_book().await;
}

pub(crate) async fn the_line_may_move_to_another_address(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let payout = world.owe("1", 1_000).await;
    let mut first = slot(0, &[funding()], &[payout]);
    let next = obyte::Address::of_source("the next address of the line");
    let version = &first.versions[0];
    let outputs = [json!({"address": next, "amount": version.change.amount}), json!(payout.output())];
    let mut moved = with_unit(version.clone(), &[funding()], &outputs);
    moved.change.address = next;
    first.versions = vec![moved.clone()];
    world.apply([Change::SlotOpened(first.clone())]).await.expect("a good slot");
    let snapshot = world.snapshot().await;
    assert_eq!((snapshot.home_slots, snapshot.slots[0].head().change), (0, moved.change));
    world.apply([settled(&first, &moved)]).await.expect("a good settlement");
    assert_eq!(world.snapshot().await.anchor, Some(moved.change));
}

pub(crate) async fn what_is_kept_for_the_slot_behind_is_released_with_it(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let first = opened(&world).await;
    let pull = slot(1, &[first.head().change], &[]);
    world.apply([Change::SlotOpened(pull.clone())]).await.expect("a slot that pays nobody");
    let keep = |kept| altered(settled(&first, first.head()), |settlement| settlement.kept = bytes(kept));
    let slot_no = first.no;
    assert_eq!(world.refused([keep(RESERVE + 1)]).await, Violation::KeptTooMuch(slot_no));
    world.apply([keep(600)]).await.expect("less than was set aside");
    assert_eq!(world.balance(Account::FeeReserve).await, 600);
    world.apply([settled(&pull, pull.head())]).await.expect("a good settlement");
    assert_eq!(world.balance(Account::FeeReserve).await, 0);
    world.check_book().await;
}
