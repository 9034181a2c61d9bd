//! The outbox: a mail for each textcoin that a hub has accepted.

use std::time::Duration;

use obyte::UnitHash;
use payout::{Change, Payout, RestoreCause, SweepChange, Timestamp, VersionStatus};
use program::Currency;
use store::{
    Asker, Endpoint, MailBacklog, MailKind, MailOutcome, MailState, MailTask, PurchaseKey, ResendOrder,
    ResendVerdict, TextcoinRecord, TextcoinState,
};

use super::Backend;
use super::line::{added, funding};
use super::textcoins::{free_again, issued, opened, owe};
use super::units::{id, settled, version};
use super::world::World;

const LEASE: Duration = Duration::from_secs(120);
/// When the hub accepts everything here.
const ACCEPTED: u64 = 7;
const DAY: u64 = 24 * 60 * 60 * 1000;

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

pub(crate) fn accepted(version: payout::VersionId) -> Change {
    let status = VersionStatus::Accepted;
    Change::Answered { version, status, answer: "accepted".to_owned(), at: at(ACCEPTED) }
}

/// A world where the textcoins of these orders are in a unit that a hub has accepted.
pub(crate) async fn sent(backend: &impl Backend, orders: &[&str]) -> (World, Vec<Payout>) {
    let world = World::rich(backend).await;
    let mut payouts = Vec::new();
    for (order, counter) in orders.iter().zip(0..) {
        payouts.push(issued(owe(&world, order, 1_000).await, 0, counter));
    }
    let (slot, opened) = opened(0, funding(), &payouts);
    world.apply([opened, accepted(slot.head().id)]).await.expect("accepted");
    (world, payouts)
}

pub(crate) async fn take(world: &World, now: u64, most: u32) -> Vec<MailTask> {
    world.store.take_mails(Endpoint::Test, at(now), LEASE, most).await.expect("the store works")
}

pub(crate) async fn note(world: &World, task: &MailTask, outcome: MailOutcome, now: u64) {
    world.store.note_mail(task.no, task.attempt, outcome, at(now)).await.expect("the store works");
}

async fn next(world: &World) -> Option<u64> {
    world.store.next_mail(Endpoint::Test).await.expect("the store works").map(Timestamp::as_millis)
}

pub(crate) async fn remind(world: &World, days: &[u32], now: u64) -> u64 {
    world.store.plan_reminders(Endpoint::Test, days, at(now)).await.expect("the store works")
}

pub(crate) async fn record(world: &World, order: &str) -> TextcoinRecord {
    let found = world.store.textcoin(Endpoint::Test, &world.key(order)).await.expect("the store works");
    found.expect("it is a textcoin")
}

pub(crate) async fn resend(world: &World, key: PurchaseKey, per_day: u32, now: u64) -> ResendVerdict {
    let order = ResendOrder { key, by: Asker::Operator, per_day, at: at(now) };
    world.store.resend_mail(Endpoint::Test, order).await.expect("the store works")
}

fn later(due: u64) -> MailOutcome {
    MailOutcome::Later { due: at(due), code: Some(451), reason: "busy".to_owned() }
}

const SENT: MailOutcome = MailOutcome::Sent { code: Some(250) };

pub(crate) fn refused() -> MailOutcome {
    MailOutcome::Refused { code: Some(550), reason: "there is no such recipient".to_owned() }
}

pub(crate) async fn a_mail_is_owed_once_a_hub_has_accepted_the_unit(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let given = issued(owe(&world, "1", 1_000).await, 0, 0);
    let wallet = world.owe("2", 500).await;
    let (slot, opened) = opened(0, funding(), &[given, wallet]);
    world.apply([opened]).await.expect("a good slot");
    assert_eq!((take(&world, 9, 10).await, next(&world).await), (vec![], None));
    assert_eq!(record(&world, "1").await.state(at(9)), TextcoinState::WaitsForUnit);
    world.apply([accepted(slot.head().id)]).await.expect("accepted");
    assert_eq!(next(&world).await, Some(ACCEPTED));
    let tasks = take(&world, 9, 10).await;
    let task = MailTask {
        no: tasks[0].no,
        attempt: 1,
        kind: MailKind::Textcoin,
        sending: 0,
        textcoin: given.payee.issue().expect("it has a number").no,
        address: given.payee.issue().expect("it has an address").address,
        recipient: "a+b@example.org".parse().expect("a mailbox"),
        language: None,
        shop: "demo-shop".to_owned(),
        amount: given.amount,
        currency: Currency::Usd,
        rates: world.purchase("x", 1).rates,
        written_at: at(ACCEPTED),
        expires_at: at(ACCEPTED + 7 * DAY),
    };
    assert_eq!(tasks, [task], "none for a wallet");
    let record = record(&world, "1").await;
    assert_eq!(record.state(at(9)), TextcoinState::MailWaiting);
    assert_eq!(record.times, Some((at(ACCEPTED), at(ACCEPTED + 7 * DAY))));
    assert!(world.store.textcoin(Endpoint::Test, &world.key("2")).await.expect("works").is_none());
}

pub(crate) async fn a_mail_is_there_if_only_the_proof_tells_of_the_unit(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let given = issued(owe(&world, "1", 1_000).await, 0, 0);
    let (slot, opened) = opened(0, funding(), &[given]);
    world.apply([opened, settled(&slot, slot.head())]).await.expect("settled");
    assert_eq!(take(&world, 50_000, 10).await.len(), 1);
}

pub(crate) async fn a_textcoin_in_several_versions_gets_one_mail(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let given = issued(owe(&world, "1", 1_000).await, 0, 0);
    let anchor = free_again(&world, given).await;
    let (slot, opened) = opened(1, anchor, &[given]);
    let second = version(id(1, 1), &[anchor], &[given]);
    let both = [opened, accepted(slot.head().id), added(&second, &[]), accepted(second.id)];
    world.apply(both).await.expect("both are accepted");
    let first = take(&world, 50_000, 10).await;
    assert_eq!(first.len(), 1);
    note(&world, &first[0], SENT, 50_001).await;
    let whole = payout::Slot { versions: vec![slot.head().clone(), second.clone()], ..slot };
    world.apply([settled(&whole, &second)]).await.expect("settled");
    assert_eq!((take(&world, 60_000, 10).await, next(&world).await), (vec![], None));
}

pub(crate) async fn a_mail_that_was_taken_is_taken_again_only_after_its_lease(backend: &impl Backend) {
    let (world, _) = sent(backend, &["1", "2", "3"]).await;
    let (first, second) = tokio::join!(take(&world, 10, 2), take(&world, 10, 2));
    let mut taken: Vec<_> = first.iter().chain(&second).map(|task| task.no).collect();
    taken.sort();
    taken.dedup();
    assert_eq!((first.len() + second.len(), taken.len()), (3, 3), "each once, whoever takes it");
    assert_eq!(take(&world, 10, 9).await, []);
    let over = 10 + 120_000;
    assert_eq!(next(&world).await, Some(over));
    assert_eq!(take(&world, over - 1, 9).await, []);
    let again = take(&world, over, 9).await;
    assert_eq!(again.len(), 3);
    assert!(again.iter().all(|task| task.attempt == 2 && task.written_at == at(ACCEPTED)), "the same mails");
    let world = world.restart(backend).await;
    assert_eq!(take(&world, over, 9).await, []);
    world.store.free_mails(Endpoint::Test, at(over)).await.expect("freed");
    assert_eq!(take(&world, over, 9).await.len(), 3, "who took them is gone");
}

pub(crate) async fn what_became_of_a_mail_is_kept(backend: &impl Backend) {
    let (world, _) = sent(backend, &["1", "2", "3", "4"]).await;
    let tasks = take(&world, 10, 4).await;
    note(&world, &tasks[0], SENT, 11).await;
    note(&world, &tasks[1], refused(), 12).await;
    note(&world, &tasks[2], MailOutcome::Dead { reason: "too late".to_owned() }, 13).await;
    note(&world, &tasks[3], later(99), 14).await;
    let states = [
        ("1", TextcoinState::MailSent),
        ("2", TextcoinState::Undeliverable),
        ("3", TextcoinState::MailGivenUp),
        ("4", TextcoinState::MailWaiting),
    ];
    for (order, state) in states {
        assert_eq!(record(&world, order).await.state(at(20)), state, "{order}");
    }
    let mail = record(&world, "2").await.mails[0].clone();
    assert_eq!((mail.state, mail.code, mail.tries), (MailState::Refused, Some(550), 1));
    assert_eq!((mail.reason.as_deref(), mail.ended_at), (Some("there is no such recipient"), Some(at(12))));
    assert_eq!(next(&world).await, Some(99));
    let backlog = world.store.mail_backlog(Endpoint::Test).await.expect("works");
    assert_eq!(backlog, MailBacklog { waiting: 1, oldest: Some(at(ACCEPTED)) });
    assert_eq!(take(&world, 99, 9).await[0].attempt, 2);
    let page = world.store.textcoins(Endpoint::Test, None, 3).await.expect("works");
    let behind = world.store.textcoins(Endpoint::Test, Some(page[2].payout.id), 3).await.expect("works");
    let listed: Vec<_> = page.iter().chain(&behind).map(|one| one.key.order_id.as_str()).collect();
    assert_eq!(listed, ["1", "2", "3", "4"]);
}

pub(crate) async fn a_mail_that_comes_back_was_not_tried(backend: &impl Backend) {
    let (world, _) = sent(backend, &["1"]).await;
    let task = take(&world, 10, 1).await.remove(0);
    note(&world, &task, MailOutcome::Back { due: at(30) }, 11).await;
    note(&world, &task, MailOutcome::Back { due: at(20) }, 12).await;
    assert_eq!(next(&world).await, Some(30));
    assert_eq!(take(&world, 30, 1).await, [task]);
}

pub(crate) async fn an_old_try_changes_nothing_but_that_it_was_sent(backend: &impl Backend) {
    let (world, _) = sent(backend, &["1"]).await;
    let old = take(&world, 10, 1).await.remove(0);
    let new = take(&world, 200_000, 1).await.remove(0);
    note(&world, &old, refused(), 200_001).await;
    note(&world, &old, later(500_000), 200_002).await;
    assert_eq!(record(&world, "1").await.mails[0].state, MailState::Waiting);
    note(&world, &old, SENT, 200_003).await;
    note(&world, &new, refused(), 200_004).await;
    note(&world, &new, SENT, 200_005).await;
    let mail = record(&world, "1").await.mails[0].clone();
    assert_eq!((mail.state, mail.ended_at), (MailState::Sent, Some(at(200_003))));
}

pub(crate) async fn a_mail_is_given_up_with_its_textcoin(backend: &impl Backend) {
    let (world, _) = sent(backend, &["1"]).await;
    let expiry = ACCEPTED + 7 * DAY;
    note(&world, &take(&world, 10, 1).await[0], later(expiry), 11).await;
    assert_eq!((take(&world, expiry, 9).await, next(&world).await), (vec![], None));
    let record = record(&world, "1").await;
    assert_eq!(record.mails[0].state, MailState::Dead);
    assert_eq!(record.state(at(expiry)), TextcoinState::Expired);
}

pub(crate) async fn reminders_come_on_their_days_and_never_after_the_end(backend: &impl Backend) {
    let (world, _) = sent(backend, &["1", "2"]).await;
    let tasks = take(&world, 10, 2).await;
    note(&world, &tasks[0], SENT, 11).await;
    note(&world, &tasks[1], refused(), 11).await;
    let day = |day: u64| ACCEPTED + day * DAY;
    let days = [6, 3, 7, 0];
    assert_eq!(remind(&world, &days, day(3) - 1).await, 0);
    assert_eq!(remind(&world, &days, day(3)).await, 1, "none to a mailbox that is none");
    assert_eq!(remind(&world, &days, day(3) + 5).await, 0, "once");
    let task = take(&world, day(3) + 5, 9).await.remove(0);
    assert_eq!((task.kind, task.written_at, task.sending), (MailKind::Reminder(3), at(day(3)), 0));
    assert_eq!(record(&world, "1").await.state(at(day(3))), TextcoinState::MailSent);
    note(&world, &task, SENT, day(3) + 6).await;
    assert_eq!(remind(&world, &days, day(7)).await, 0, "its time is over");
    assert_eq!(remind(&world, &days, day(7) - 1).await, 1);
    assert_eq!(
        take(&world, day(7) - 1, 9).await[0].kind,
        MailKind::Reminder(6),
        "7 is no day before the end"
    );
}

pub(crate) async fn of_reminders_missed_only_the_newest_comes(backend: &impl Backend) {
    let (world, _) = sent(backend, &["1"]).await;
    note(&world, &take(&world, 10, 1).await[0], SENT, 11).await;
    let now = ACCEPTED + 6 * DAY + 1;
    assert_eq!(remind(&world, &[1, 3, 6], now).await, 1);
    assert_eq!(remind(&world, &[1, 3, 6], now).await, 0);
    let task = take(&world, now, 9).await.remove(0);
    assert_eq!(
        (task.kind, task.written_at),
        (MailKind::Reminder(6), at(now)),
        "of today, not of the day missed"
    );
}

pub(crate) async fn nobody_is_reminded_before_the_first_mail_was_sent(backend: &impl Backend) {
    let (world, _) = sent(backend, &["1"]).await;
    assert_eq!(remind(&world, &[3], ACCEPTED + 3 * DAY).await, 0);
}

pub(crate) async fn what_is_no_longer_needed_is_not_sent_though_it_was_taken(backend: &impl Backend) {
    let (world, _) = super::keeping::given(backend).await;
    let take = async |at: u64| {
        let now = Timestamp::from_millis(at);
        world
            .store
            .take_mails(Endpoint::Test, now, Duration::from_secs(60), 9)
            .await
            .expect("the store works")
    };
    let taken = take(9).await;
    let wanted = async || world.store.is_wanted(taken[0].no).await.expect("the store works");
    assert!(wanted().await);
    let payout = world.record("1").await.payout.id;
    let at = Timestamp::from_millis(10);
    world.store.recall(Endpoint::Test, payout, at).await.expect("the store works");
    assert!(!wanted().await, "it waits behind others, and its textcoin is to come back");
    let back = MailOutcome::Back { due: at };
    world.store.note_mail(taken[0].no, taken[0].attempt, back, at).await.expect("the store works");
    assert_eq!(take(11).await, []);
    assert!(!wanted().await, "it is ended");
}

pub(crate) async fn who_claims_is_not_reminded(backend: &impl Backend) {
    let (world, payouts) = sent(backend, &["1", "2"]).await;
    for task in take(&world, 10, 9).await {
        note(&world, &task, SENT, 11).await;
    }
    let claims = async |index: usize, claim: Option<&str>| {
        let no = payouts[index].payee.issue().expect("it has a number").no;
        let change = SweepChange::ClaimSeen { no, claim: claim.map(UnitHash::of) };
        world.store.keep_sweeps(&world.lock, vec![change]).await.expect("it is there");
    };
    let days = |days: u64| ACCEPTED + days * DAY;
    claims(0, Some("a claim")).await;
    assert_eq!(remind(&world, &[3, 6], days(3)).await, 1, "of the other one");
    claims(1, Some("another claim")).await;
    assert_eq!((take(&world, days(3), 9).await, next(&world).await), (vec![], None), "it came in between");
    assert_eq!(record(&world, "2").await.mails[1].state, MailState::Unneeded);
    assert_eq!(remind(&world, &[3, 6], days(6)).await, 0);
    claims(0, None).await;
    assert_eq!(remind(&world, &[3, 6], days(6)).await, 1, "its claim has died");
}

pub(crate) async fn what_is_taken_back_early_gets_no_mail(backend: &impl Backend) {
    let (world, payouts) = sent(backend, &["1", "2"]).await;
    let task = take(&world, 10, 1).await.remove(0);
    note(&world, &task, SENT, 11).await;
    for payout in payouts {
        world.store.recall(Endpoint::Test, payout.id, at(12)).await.expect("the store works");
    }
    assert_eq!((take(&world, 13, 9).await, next(&world).await), (vec![], None));
    assert_eq!(record(&world, "2").await.mails[0].state, MailState::Unneeded);
    assert_eq!(remind(&world, &[3], ACCEPTED + 3 * DAY).await, 0);
    assert_eq!(record(&world, "1").await.state(at(14)), TextcoinState::Expired);
    assert_eq!(resend(&world, world.key("1"), 3, 14).await, ResendVerdict::Expired, "and none once more");
}

pub(crate) async fn a_mail_is_sent_once_more_within_limits(backend: &impl Backend) {
    let (world, _) = sent(backend, &["1"]).await;
    let key = || world.key("1");
    assert_eq!(resend(&world, key(), 2, 10).await, ResendVerdict::OnItsWay);
    note(&world, &take(&world, 10, 1).await[0], refused(), 11).await;
    for now in [1_000, 2_000] {
        assert_eq!(resend(&world, key(), 2, now).await, ResendVerdict::Queued);
        assert_eq!(record(&world, "1").await.state(at(now)), TextcoinState::MailWaiting);
        let task = take(&world, now, 9).await.remove(0);
        assert_eq!((task.kind, task.written_at), (MailKind::Textcoin, at(now)));
        assert_eq!(u64::from(task.sending), now / 1_000, "another mail each time");
        note(&world, &task, SENT, now + 1).await;
    }
    let again_at = at(1_000 + DAY);
    assert_eq!(resend(&world, key(), 2, DAY).await, ResendVerdict::TooOften { again_at });
    assert_eq!(resend(&world, key(), 2, 1_000 + DAY).await, ResendVerdict::Queued);
    let mails = record(&world, "1").await.mails;
    assert_eq!(mails[1].asked_by, Some(Asker::Operator));
    let expiry = ACCEPTED + 7 * DAY;
    assert_eq!(resend(&world, key(), 2, expiry).await, ResendVerdict::Expired);
    assert_eq!(resend(&world, world.key("9"), 2, 5).await, ResendVerdict::NoTextcoin);
    owe(&world, "8", 1_000).await;
    assert_eq!(resend(&world, world.key("8"), 2, 5).await, ResendVerdict::WaitsForUnit);
}

pub(crate) async fn a_textcoin_given_anew_gets_a_mail_of_its_own(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let given = issued(owe(&world, "1", 1_000).await, 0, 0);
    let other = world.owe("other", 500).await;
    // Accepted, and then left out by the unit that becomes good.
    let (first, opened_first) = opened(0, funding(), &[other, given]);
    let second = version(id(0, 1), &[funding()], &[other]);
    let whole = payout::Slot { versions: vec![first.head().clone(), second.clone()], ..first.clone() };
    let changes = [opened_first, accepted(first.head().id), added(&second, &[]), settled(&whole, &second)];
    world.apply(changes).await.expect("it is left out");
    let moment = at(40_000);
    world
        .apply([
            Change::RestoreBegun { cause: RestoreCause::Declared, at: moment },
            Change::Reached { places: 7, deposits: 0 },
            Change::Restored { at: moment },
        ])
        .await
        .expect("restored");
    let anew = issued(given, 7, 0);
    let (slot, opened) = opened(1, second.change, &[anew]);
    let accepted_at = |at| match accepted(slot.head().id) {
        Change::Answered { version, status, answer, .. } => Change::Answered { version, status, answer, at },
        other => other,
    };
    world.apply([opened, accepted_at(at(60_000))]).await.expect("accepted");
    world.apply([accepted_at(at(70_000))]).await.expect("accepted again, which begins nothing anew");
    let tasks = take(&world, 70_000, 9).await;
    assert_eq!(tasks.len(), 1, "the words of the old one open nothing");
    assert_eq!(tasks[0].textcoin, anew.payee.issue().expect("it has a number").no);
    assert_eq!(next(&world).await, Some(70_000 + 120_000), "the old one is not looked at again");
    assert_eq!(tasks[0].expires_at, at(60_000 + 7 * DAY), "its time begins with its unit");
}
