//! What the payer must never journal, and is refused.

use obyte::UnitHash;
use obyte::compose::Coin;
use payout::{Change, Slot, SlotNo, Version, VersionStatus};
use serde_json::json;
use store::Violation;

use super::Backend;
use super::line::{added, died, funding, opened};
use super::units::{altered, id, settled, slot, version, with_unit};
use super::world::{FUND, World, answered, bytes, coin, credited, payer};

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
    elsewhere.payee = payout::Payee::Address(payer());
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
    let output = json!(payout.output());
    let to_payer = json!({"address": payer(), "amount": payout.amount});
    let less = json!({"address": payout.payee.address(), "amount": 999});
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
    other_fees.fees = payout::Fees { size: bytes(75), tps: bytes(600) };
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

pub(crate) async fn own_change_is_not_credited(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let first = opened(&world).await;
    let change = first.head().change;
    assert_eq!(world.refused([credited(change)]).await, Violation::OwnCoin(change.id));
}
