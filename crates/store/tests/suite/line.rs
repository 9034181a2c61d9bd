//! The payer's line: what is journaled, what becomes of it, and what is refused.

use ledger::Account;
use obyte::UnitHash;
use obyte::compose::Coin;
use payout::{Change, Slot, SlotNo, Timestamp, Version, VersionStatus};
use serde_json::json;
use store::{AnsweredUnit, Endpoint, PayoutState, StoreError, Violation};

use super::Backend;
use super::units::{FEES, altered, id, settled, slot, version, with_unit};
use super::world::{FUND, RESERVE, World, answered, bytes, coin, credited, payer};

const DIED: Timestamp = Timestamp::from_millis(30_000);

fn funding() -> Coin {
    coin("funding", FUND)
}

fn added(version: &Version, appended: &[payout::Payout]) -> Change {
    Change::VersionAdded { version: version.clone(), appended: appended.to_vec() }
}

fn died(slot: &Slot) -> Change {
    Change::SlotDied { slot: slot.no, at: DIED }
}

/// Opens slot 0 for one payout of a purchase `1`.
async fn opened(world: &World) -> Slot {
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
    assert_eq!(snapshot.prepaid, [(version.signed_at, FEES.tps)]);
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
    let first_unit = snapshot.first_unit.expect("it is known now");
    assert_eq!((first_unit.unit, first_unit.main_chain_index), (version.unit, Some(100)));
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

pub(crate) async fn slots_and_versions_have_no_gaps(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let payout = world.owe("1", 1_000).await;
    let ahead = slot(1, &[funding()], &[payout]);
    let expected = Violation::SlotNumber { expected: SlotNo::new(0), found: SlotNo::new(1) };
    assert_eq!(world.refused([Change::SlotOpened(ahead)]).await, expected);

    let mut late = slot(0, &[funding()], &[payout]);
    late.versions = vec![version(id(0, 1), &[funding()], &[payout])];
    let expected = Violation::VersionNumber { expected: id(0, 0), found: id(0, 1) };
    assert_eq!(world.refused([Change::SlotOpened(late)]).await, expected);

    let mut two = slot(0, &[funding()], &[payout]);
    two.versions.push(version(id(0, 1), &[funding()], &[payout]));
    assert_eq!(world.refused([Change::SlotOpened(two)]).await, Violation::NotOneVersion(SlotNo::new(0)));

    let first = slot(0, &[funding()], &[payout]);
    world.apply([Change::SlotOpened(first.clone())]).await.expect("a good slot");
    let again = world.refused([Change::SlotOpened(first)]).await;
    assert_eq!(again, Violation::SlotNumber { expected: SlotNo::new(1), found: SlotNo::new(0) });
    let ahead = version(id(0, 2), &[funding()], &[payout]);
    let expected = Violation::VersionNumber { expected: id(0, 1), found: id(0, 2) };
    assert_eq!(world.refused([added(&ahead, &[])]).await, expected);
    let nowhere = version(id(7, 0), &[funding()], &[payout]);
    assert_eq!(world.refused([added(&nowhere, &[])]).await, Violation::NotOpen(SlotNo::new(7)));
    let unknown = world.refused([answered(id(0, 9), VersionStatus::Accepted)]).await;
    assert_eq!(unknown, Violation::NoVersion(id(0, 9)));
}

pub(crate) async fn every_version_spends_the_anchor(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let extra = coin("extra", 50_000);
    world.apply([credited(extra)]).await.expect("a new coin");
    let payout = world.owe("1", 1_000).await;
    let mut other = slot(0, &[extra], &[payout]);
    other.anchor = funding();
    assert_eq!(world.refused([Change::SlotOpened(other)]).await, Violation::AnchorNotSpent(id(0, 0)));

    let first = slot(0, &[funding()], &[payout]);
    world.apply([Change::SlotOpened(first)]).await.expect("a good slot");
    let apart = version(id(0, 1), &[extra], &[payout]);
    assert_eq!(world.refused([added(&apart, &[])]).await, Violation::AnchorNotSpent(id(0, 1)));
}

pub(crate) async fn an_anchor_must_be_the_end_of_the_line(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let payout = world.owe("1", 1_000).await;
    let foreign = slot(0, &[coin("never proven", 50_000)], &[payout]);
    assert_eq!(world.refused([Change::SlotOpened(foreign)]).await, Violation::ForeignAnchor(SlotNo::new(0)));
    let mut larger = funding();
    larger.amount = bytes(FUND + 1);
    let larger = slot(0, &[larger], &[payout]);
    assert_eq!(world.refused([Change::SlotOpened(larger)]).await, Violation::ForeignAnchor(SlotNo::new(0)));

    let first = slot(0, &[funding()], &[payout]);
    world.apply([Change::SlotOpened(first.clone())]).await.expect("a good slot");
    let payout = world.owe("2", 1_000).await;
    let beside = slot(1, &[funding()], &[payout]);
    assert_eq!(world.refused([Change::SlotOpened(beside)]).await, Violation::ForeignAnchor(SlotNo::new(1)));
    let second = slot(1, &[first.head().change], &[payout]);
    world.apply([Change::SlotOpened(second)]).await.expect("a good slot");
    let payout = world.owe("3", 1_000).await;
    let beside = slot(2, &[first.head().change], &[payout]);
    assert_eq!(world.refused([Change::SlotOpened(beside)]).await, Violation::ForeignAnchor(SlotNo::new(2)));
}

pub(crate) async fn a_payout_is_in_one_slot_only(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let first = opened(&world).await;
    let payout = first.payouts[0];
    let again = slot(1, &[first.head().change], &[payout]);
    assert_eq!(world.refused([Change::SlotOpened(again)]).await, Violation::NotQueued(payout.id));
    // Nor may it be paid on the quiet, without being assigned.
    let other = world.owe("2", 1_000).await;
    let mut quiet = slot(1, &[first.head().change], &[other, payout]);
    quiet.payouts = vec![other];
    let expected = Violation::NotInSlot { version: id(1, 0), payout: payout.id };
    assert_eq!(world.refused([Change::SlotOpened(quiet)]).await, expected);
    let quiet = version(id(0, 1), &[funding()], &[payout, other]);
    let expected = Violation::NotInSlot { version: id(0, 1), payout: other.id };
    assert_eq!(world.refused([added(&quiet, &[])]).await, expected);
    // Nor assigned without being paid.
    let idle = version(id(0, 1), &[funding()], &[payout]);
    let expected = Violation::NotPaid { version: id(0, 1), payout: other.id };
    assert_eq!(world.refused([added(&idle, &[other])]).await, expected);
    // Nor again once it is final.
    world.apply([settled(&first, first.head())]).await.expect("a good settlement");
    let again = slot(1, &[first.head().change], &[payout]);
    assert_eq!(world.refused([Change::SlotOpened(again)]).await, Violation::NotQueued(payout.id));
}

pub(crate) async fn a_payout_is_paid_as_it_was_accepted(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let payout = world.owe("1", 1_000).await;
    let mut more = payout;
    more.amount = bytes(1_001);
    let mut elsewhere = payout;
    elsewhere.address = payer();
    let mut nobody = payout;
    nobody.id = payout::PayoutId::new(payout.id.get() + 1);
    for wrong in [more, elsewhere, nobody] {
        let wrong_slot = slot(0, &[funding()], &[wrong]);
        assert_eq!(world.refused([Change::SlotOpened(wrong_slot)]).await, Violation::NotOwed(wrong.id));
    }
}

pub(crate) async fn a_coin_is_spent_by_one_slot_only(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let extra = coin("extra", 50_000);
    world.apply([credited(extra)]).await.expect("a new coin");
    let payouts = [world.owe("1", 1_000).await, world.owe("2", 1_000).await];
    let first = slot(0, &[funding(), extra], &payouts[..1]);
    world.apply([Change::SlotOpened(first.clone())]).await.expect("a good slot");
    let again = version(id(0, 1), &[funding(), extra], &payouts[..1]);
    world.apply([added(&again, &[])]).await.expect("versions of a slot share its coins");

    let foreign = |coin: Coin| Violation::ForeignCoin { version: id(1, 0), coin: coin.id };
    for taken in [extra, coin("never proven", 50_000)] {
        let second = slot(1, &[first.head().change, taken], &payouts[1..]);
        assert_eq!(world.refused([Change::SlotOpened(second)]).await, foreign(taken));
    }
    let twice = slot(1, &[first.head().change, first.head().change], &payouts[1..]);
    let violation = world.refused([Change::SlotOpened(twice)]).await;
    assert_eq!(violation, foreign(first.head().change));
    world.apply([settled(&first, first.head())]).await.expect("a good settlement");
    let second = slot(1, &[first.head().change, extra], &payouts[1..]);
    assert_eq!(world.refused([Change::SlotOpened(second)]).await, foreign(extra));
}

pub(crate) async fn an_output_pays_one_payout(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let payouts = [world.owe("1", 1_000).await, world.owe("2", 1_000).await];
    let good = slot(0, &[funding()], &payouts);
    let repeated = Violation::RepeatedOutput(id(0, 0));

    let mut same_place = good.clone();
    same_place.versions[0].outputs[1].output_index = 1;
    assert_eq!(world.refused([Change::SlotOpened(same_place)]).await, repeated);
    let mut same_payout = good.clone();
    same_payout.versions[0].outputs[1].payout = payouts[0].id;
    assert_eq!(world.refused([Change::SlotOpened(same_payout)]).await, repeated);
    let mut on_change = good;
    on_change.versions[0].outputs[1].output_index = 0;
    assert_eq!(world.refused([Change::SlotOpened(on_change)]).await, repeated);
}

pub(crate) async fn amounts_add_up(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let payout = world.owe("1", 1_000).await;
    let good = slot(0, &[funding()], &[payout]);
    let mut less_change = good.clone();
    less_change.versions[0].change.amount = bytes(5);
    let mut less_fee = good.clone();
    less_fee.versions[0].fees.size = bytes(5);
    for wrong in [less_change, less_fee] {
        assert_eq!(world.refused([Change::SlotOpened(wrong)]).await, Violation::Unbalanced(id(0, 0)));
    }
}

pub(crate) async fn a_unit_is_what_its_version_claims(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let payout = world.owe("1", 1_000).await;
    let good = slot(0, &[funding()], &[payout]);
    let change = json!({"address": payer(), "amount": good.head().change.amount});
    let output = json!({"address": payout.address, "amount": payout.amount});
    let to_payer = json!({"address": payer(), "amount": payout.amount});
    let less = json!({"address": payout.address, "amount": 999});
    let gift = json!({"address": payer(), "amount": 1});
    let rebuilt =
        |inputs: &[Coin], outputs: &[serde_json::Value]| with_unit(good.head().clone(), inputs, outputs);
    let mut not_the_hash = good.head().clone();
    not_the_hash.unit = UnitHash::of("another unit");
    not_the_hash.change.id.unit = not_the_hash.unit;
    let mut foreign_change = good.head().clone();
    foreign_change.change.id.unit = UnitHash::of("another unit");
    let mut not_json = good.head().clone();
    not_json.json = "{}".into();
    let mut other_fees = good.head().clone();
    other_fees.fees = payout::Fees { size: FEES.tps, tps: FEES.size };
    let wrong = [
        rebuilt(&[funding()], &[change.clone(), to_payer]),
        rebuilt(&[funding()], &[change.clone(), less]),
        rebuilt(&[funding()], std::slice::from_ref(&change)),
        rebuilt(&[funding()], &[change.clone(), output.clone(), gift]),
        rebuilt(&[coin("another", FUND)], &[change.clone(), output.clone()]),
        rebuilt(&[funding(), coin("another", FUND)], &[change.clone(), output.clone()]),
        not_the_hash,
        foreign_change,
        not_json,
        other_fees,
    ];
    for (number, version) in wrong.into_iter().enumerate() {
        let slot = Slot { versions: vec![version], ..good.clone() };
        let violation = world.refused([Change::SlotOpened(slot)]).await;
        assert_eq!(violation, Violation::OtherUnit(id(0, 0)), "case {number}");
    }
    let right = Slot { versions: vec![rebuilt(&[funding()], &[change, output])], ..good };
    world.apply([Change::SlotOpened(right)]).await.expect("the same made the same way is good");
}

pub(crate) async fn a_unit_is_journaled_once(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let first = opened(&world).await;
    let again = Version { id: id(0, 1), ..first.head().clone() };
    assert_eq!(world.refused([added(&again, &[])]).await, Violation::RepeatedUnit(again.unit));
    let mut answered_before = version(id(0, 1), &[funding()], &first.payouts);
    answered_before.status = VersionStatus::Accepted;
    assert_eq!(world.refused([added(&answered_before, &[])]).await, Violation::NotNew(id(0, 1)));
}

pub(crate) async fn what_is_proven_is_for_ever(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let mut first = opened(&world).await;
    let other = version(id(0, 1), &[funding()], &first.payouts);
    world.apply([added(&other, &[])]).await.expect("a good version");
    first.versions.push(other.clone());
    let claimed = world.refused([answered(id(0, 0), VersionStatus::Final)]).await;
    assert_eq!(claimed, Violation::AgainstProof(id(0, 0)), "only a settlement makes a version final");

    world.apply([settled(&first, first.head())]).await.expect("a good settlement");
    for version in [id(0, 0), id(0, 1)] {
        let violation = world.refused([answered(version, VersionStatus::Accepted)]).await;
        assert_eq!(violation, Violation::AgainstProof(version));
    }
    let again = world.refused([settled(&first, &first.versions[0])]).await;
    assert_eq!(again, Violation::NotOpen(first.no));
    assert_eq!(world.refused([died(&first)]).await, Violation::NotOpen(first.no));
    let late = version(id(0, 2), &[funding()], &first.payouts);
    assert_eq!(world.refused([added(&late, &[])]).await, Violation::NotOpen(first.no));
}

pub(crate) async fn a_settlement_parts_all_payouts(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let mut first = opened(&world).await;
    let late = world.owe("2", 2_000).await;
    let second = version(id(0, 1), &[funding()], &[first.payouts[0], late]);
    world.apply([added(&second, &[late])]).await.expect("a good version");
    first.payouts.push(late);
    first.versions.push(second);
    let good = settled(&first, &first.versions[0]);

    let parted = Violation::WrongParting(first.no);
    let lost = altered(good.clone(), |settlement| settlement.freed.clear());
    let paid = altered(good.clone(), |settlement| settlement.paid.push(late.id));
    let both = altered(good.clone(), |settlement| settlement.freed.push(first.payouts[0].id));
    let swapped = altered(good.clone(), |settlement| {
        std::mem::swap(&mut settlement.paid, &mut settlement.freed);
    });
    for wrong in [lost, paid, both, swapped] {
        assert_eq!(world.refused([wrong]).await, parted);
    }
    let coins = Violation::WrongCoins(first.no);
    let kept = altered(good.clone(), |settlement| settlement.spent.clear());
    let other_change = altered(good.clone(), |settlement| settlement.change = first.versions[1].change);
    for wrong in [kept, other_change] {
        assert_eq!(world.refused([wrong]).await, coins);
    }
    let other_unit = altered(good.clone(), |settlement| settlement.unit = first.versions[1].unit);
    assert_eq!(world.refused([other_unit]).await, Violation::OtherVersion(id(0, 0)));
    world.apply([good]).await.expect("the right one is kept");
}

pub(crate) async fn a_slot_dies_only_with_its_anchor(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let first = opened(&world).await;
    assert_eq!(world.refused([died(&first)]).await, Violation::WrongLife(first.no));
    let payout = world.owe("2", 1_000).await;
    let second = slot(1, &[first.head().change], &[payout]);
    world.apply([Change::SlotOpened(second.clone())]).await.expect("a good slot");
    assert_eq!(world.refused([died(&second)]).await, Violation::WrongLife(second.no));
    let violation = world.refused([settled(&first, first.head()), died(&second)]).await;
    assert_eq!(violation, Violation::WrongLife(second.no));
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

pub(crate) async fn own_change_is_not_credited(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let first = opened(&world).await;
    let change = first.head().change;
    assert_eq!(world.refused([credited(change)]).await, Violation::OwnCoin(change.id));
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
