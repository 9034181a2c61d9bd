//! What operators and payers tell each other, and what an operator sees.

use ledger::Account;
use obyte::UnitHash;
use payout::{Alarm, Change, PayoutId, SlotNo, Timestamp, VersionStatus};
use store::{
    Endpoint, HubAnswer, OrderId, PaidFor, PauseNo, PayerReport, PayoutState, RepostNo, SlotState,
    StoreError, WhichSlots,
};

use super::Backend;
use super::units::{fees, id, settled, slot, version};
use super::world::{FUND, World, answered, bytes, coin, credited};

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn operator(why: &str) -> Alarm {
    Alarm::Operator(why.to_owned())
}

async fn pauses(world: &World) -> Vec<(PauseNo, Alarm)> {
    let wishes = world.store.wishes(&world.lock).await.expect("the right to pay is ours");
    let overview = world.store.overview(Endpoint::Test, at(0)).await.expect("the store works");
    assert_eq!(wishes.pauses, overview.pauses);
    wishes.pauses.into_iter().map(|pause| (pause.no, pause.why)).collect()
}

pub(crate) async fn a_pause_lasts_until_it_is_ended(backend: &impl Backend) {
    let world = World::poor(backend).await;
    assert_eq!(pauses(&world).await, []);
    let refused = Alarm::Refused { unit: UnitHash::of("a unit"), answer: "no".to_owned() };
    let pause = async |world: &World, why: &Alarm| {
        world.store.pause(Endpoint::Test, why, at(10)).await.expect("the store works").no
    };
    let first = pause(&world, &operator("till")).await;
    let second = pause(&world, &refused).await;
    assert_eq!(pause(&world, &refused).await, second, "the same once");
    assert!(first < second);
    let world = world.restart(backend).await;
    let both = [(first, operator("till")), (second, refused.clone())];
    assert_eq!(pauses(&world).await, both, "over a restart");
    let live = world.store.overview(Endpoint::Live, at(0)).await.expect("the store works");
    assert_eq!(live.pauses, [], "the other endpoint pays");

    world.store.resume(Endpoint::Live, second, at(20)).await.expect("the store works");
    world.store.resume(Endpoint::Test, first, at(20)).await.expect("the store works");
    assert_eq!(pauses(&world).await, both[1..], "what came later was not seen");
    world.store.resume(Endpoint::Test, second, at(21)).await.expect("the store works");
    assert_eq!(pauses(&world).await, []);
    assert!(pause(&world, &refused).await > second, "it can come again");
    let nul = world.store.pause(Endpoint::Test, &operator("\0"), at(1)).await;
    assert!(matches!(nul, Err(StoreError::NulInText)), "{nul:?}");
}

pub(crate) async fn a_wish_waits_until_it_is_obeyed(backend: &impl Backend) {
    let world = World::poor(backend).await;
    let ask = async |world: &World, slot| {
        world.store.ask_repost(Endpoint::Test, slot, at(5)).await.expect("the store works")
    };
    let wanted = async |world: &World| {
        world.store.wishes(&world.lock).await.expect("the right to pay is ours").reposts
    };
    let all = ask(&world, None).await;
    let one = ask(&world, Some(SlotNo::new(7))).await;
    let world = world.restart(backend).await;
    assert_eq!(wanted(&world).await, [all, one]);
    assert_eq!((all.slot, one.slot), (None, Some(SlotNo::new(7))));
    world.store.reposted(&world.lock, all.no, at(6)).await.expect("the right to pay is ours");
    assert_eq!(wanted(&world).await, [one]);
    world.store.reposted(&world.lock, one.no, at(6)).await.expect("the right to pay is ours");
    assert_eq!(wanted(&world).await, []);
}

pub(crate) async fn the_last_answers_to_a_version_are_kept(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let payout = world.owe("1", 1_000).await;
    world.apply([Change::SlotOpened(slot(0, &[coin("funding", FUND)], &[payout]))]).await.expect("good");
    let heard = async |words: &str, millis| {
        let kept = world.store.heard(&world.lock, id(0, 0), words, at(millis)).await;
        kept.expect("the right to pay is ours");
    };
    let kept = async || {
        let record = world.store.slot(Endpoint::Test, SlotNo::new(0)).await.expect("the store works");
        record.expect("it was opened").versions.remove(0).answers
    };
    let answer = |words: &str, first, last, times| HubAnswer {
        answer: words.to_owned(),
        first_at: at(first),
        last_at: at(last),
        times,
    };
    assert_eq!(kept().await, []);
    heard("known", 1).await;
    heard("known", 2).await;
    world.apply([answered(id(0, 0), VersionStatus::Accepted)]).await.expect("a good answer");
    heard("known", 9).await;
    let three = [answer("known", 1, 2, 2), answer("said so", 7, 7, 1), answer("known", 9, 9, 1)];
    assert_eq!(kept().await, three);
    for number in 0..30 {
        heard(&number.to_string(), 100 + number).await;
    }
    let last: Vec<_> =
        (10..30).map(|number: u64| answer(&number.to_string(), 100 + number, 100 + number, 1)).collect();
    assert_eq!(kept().await, last);
    world.store.heard(&world.lock, id(9, 9), "nothing", at(1)).await.expect("nobody asked for it");
}

pub(crate) async fn a_slot_is_shown_with_all_its_versions(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let early = world.owe("1", 1_000).await;
    let late = world.owe("2", 2_000).await;
    let extra = coin("extra", 50_000);
    world.apply([credited(extra)]).await.expect("a new coin");
    let mut first = slot(0, &[coin("funding", FUND)], &[early]);
    let second = version(id(0, 1), &[coin("funding", FUND), extra], &[early, late]);
    world.apply([Change::SlotOpened(first.clone())]).await.expect("good");
    let added = Change::VersionAdded { version: second.clone(), appended: vec![late] };
    world.apply([added]).await.expect("good");
    first.versions.push(second.clone());
    first.payouts.push(late);

    let read = async || {
        let record = world.store.slot(Endpoint::Test, SlotNo::new(0)).await.expect("the store works");
        record.expect("it was opened")
    };
    let lines = async |which| world.store.slots(Endpoint::Test, which, 9).await.expect("the store works");
    let record = read().await;
    assert_eq!((record.state, record.anchor), (SlotState::Open, coin("funding", FUND)));
    let versions: Vec<_> = record.versions.iter().map(|record| record.version.clone()).collect();
    assert_eq!(versions, first.versions);
    let payouts: Vec<_> =
        record.payouts.iter().map(|held| (held.payout, held.paid_for.clone(), held.slot)).collect();
    let here = Some(SlotNo::new(0));
    let of = |order| PaidFor::Purchase(world.key(order));
    assert_eq!(payouts, [(early, of("1"), here), (late, of("2"), here)]);
    let open = lines(WhichSlots::Open).await;
    assert_eq!((open[0].unit, open[0].versions, open[0].payouts), (second.unit, 2, 2));
    assert_eq!((open[0].amount, open[0].fees), (bytes(3_000), fees(second.id)));
    assert_eq!(open[0].opened_at, first.versions[0].signed_at);

    world.apply([settled(&first, &first.versions[0])]).await.expect("a good settlement");
    let record = read().await;
    let winner = SlotState::Settled {
        winner: first.versions[0].id.version,
        main_chain_index: Some(100),
        charged_tps_fee: Some(bytes(60)),
        at: at(20_000),
    };
    assert_eq!(record.state, winner);
    assert_eq!(record.versions[1].version.status, VersionStatus::Dead);
    assert_eq!(record.payouts.iter().map(|held| held.slot).collect::<Vec<_>>(), [here, None]);
    assert_eq!(lines(WhichSlots::Open).await, []);
    let all = lines(WhichSlots::All).await;
    assert_eq!((all[0].unit, all[0].payouts, all[0].state), (first.versions[0].unit, 1, winner));
    assert_eq!(world.store.slot(Endpoint::Live, SlotNo::new(0)).await.expect("it works"), None);
    assert_eq!(world.store.slot(Endpoint::Test, SlotNo::new(1)).await.expect("it works"), None);
}

pub(crate) async fn a_slot_is_found_by_its_units_payouts_and_orders(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let payouts = [world.owe("1", 1_000).await, world.owe("2", 2_000).await];
    let first = slot(0, &[coin("funding", FUND)], &payouts[..1]);
    world.apply([Change::SlotOpened(first.clone())]).await.expect("good");
    let unit = async |endpoint, unit| world.store.slot_of_unit(endpoint, unit).await.expect("it works");
    assert_eq!(unit(Endpoint::Test, first.head().unit).await, Some(first.no));
    assert_eq!(unit(Endpoint::Live, first.head().unit).await, None);
    assert_eq!(unit(Endpoint::Test, UnitHash::of("another")).await, None);

    let order = |text: &str| OrderId::new(text).expect("a good order id");
    let found = async |text: &str| {
        world.store.payouts_of_order(Endpoint::Test, &order(text)).await.expect("the store works")
    };
    assert_eq!(found("1").await, [payouts[0].id]);
    assert_eq!(found("3").await, []);
    let trail = async |payout| world.store.trail(Endpoint::Test, payout).await.expect("the store works");
    let paid = trail(payouts[0].id).await.expect("it is there");
    assert_eq!((paid.record, paid.slots), (world.record("1").await, vec![first.no]));
    let waiting = trail(payouts[1].id).await.expect("it is there");
    assert_eq!((waiting.record.state, waiting.slots), (PayoutState::Queued, vec![]));
    assert_eq!(trail(PayoutId::new(99)).await, None);
}

pub(crate) async fn the_overview_says_how_things_stand(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let overview =
        async |since| world.store.overview(Endpoint::Test, at(since)).await.expect("the store works");
    let empty = overview(0).await;
    assert_eq!((empty.queued, empty.oldest_queued, empty.open_slots), (0, None, 0));
    assert_eq!((empty.report, empty.last_settled, empty.oldest_open), (None, None, None));
    let payouts = [world.owe("1", 1_000).await, world.owe("2", 1_000).await, world.owe("3", 1_000).await];
    let first = slot(0, &[coin("funding", FUND)], &payouts[..1]);
    let second = slot(1, &[first.head().change], &payouts[1..2]);
    world.apply([Change::SlotOpened(first.clone()), Change::SlotOpened(second.clone())]).await.expect("good");
    world.apply([settled(&first, first.head())]).await.expect("a good settlement");

    let now = overview(0).await;
    assert_eq!((now.queued, now.oldest_queued), (1, Some(payouts[2].queued_at)));
    assert_eq!((now.open_slots, now.oldest_open), (1, Some(second.head().signed_at)));
    assert_eq!(now.prepaid.get(), fees(id(0, 0)).tps.get() + fees(id(1, 0)).tps.get());
    assert_eq!(overview(first.head().signed_at.as_millis()).await.prepaid, fees(id(1, 0)).tps);
    let last = now.last_settled.expect("one is settled");
    assert_eq!((last.no, last.unit), (first.no, first.head().unit));
    assert_eq!(world.balance(Account::Owed).await, 2_000);
}

pub(crate) async fn what_a_payer_says_of_itself_is_told(backend: &impl Backend) {
    let world = World::poor(backend).await;
    let mut report = PayerReport {
        at: at(5),
        running: true,
        hub: "hub.example".to_owned(),
        connected: true,
        synced: false,
        tps_fee_per_day_max: bytes(1_000),
        alarm: Some(("no coins".to_owned(), at(4))),
    };
    for alarm in [report.alarm.clone(), None] {
        report.alarm = alarm;
        world.store.report(&world.lock, report.clone()).await.expect("the right to pay is ours");
        let told = world.store.overview(Endpoint::Test, at(0)).await.expect("the store works");
        assert_eq!(told.report, Some(report.clone()));
    }
    assert_eq!(world.store.overview(Endpoint::Live, at(0)).await.expect("it works").report, None);
}

pub(crate) async fn who_lost_the_right_to_pay_keeps_nothing(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let payout = world.owe("1", 1_000).await;
    let other = backend.open();
    backend.lose_lock(Endpoint::Test);
    let newer = other.lock_payer(Endpoint::Test).await.expect("the lock is lost");
    let before = world.snapshot().await;
    let open = vec![Change::SlotOpened(slot(0, &[coin("funding", FUND)], &[payout]))];
    let superseded = |result| matches!(result, Err(StoreError::Superseded(Endpoint::Test)));
    assert!(superseded(world.apply(open.clone()).await));
    assert!(superseded(world.apply([]).await));
    assert!(superseded(world.store.wishes(&world.lock).await.map(drop)));
    assert!(superseded(world.store.heard(&world.lock, id(0, 0), "known", at(1)).await));
    assert!(superseded(world.store.reposted(&world.lock, RepostNo::new(1), at(1)).await));
    assert_eq!(world.snapshot().await, before);
    other.apply(&newer, open).await.expect("the other one pays");
    let live = world.store.lock_payer(Endpoint::Live).await.expect("each endpoint has epochs of its own");
    world.store.apply(&live, vec![credited(coin("live", 5))]).await.expect("the right to pay is ours");
    drop(newer);
    assert!(superseded(world.apply([]).await), "it does not come back");
}
