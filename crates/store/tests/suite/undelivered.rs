//! Mails that reach nobody, and who is told of it.

use payout::{Payout, SweepChange, Timestamp};
use store::{
    Acceptance, Endpoint, MailOutcome, NewPartner, PartnerKind, PurchaseKey, TextcoinState, UndeliveredMail,
    Verdict,
};

use super::Backend;
use super::line::funding;
use super::mails::{accepted, note, record, refused, remind, resend, sent, take};
use super::textcoins::{issued, opened, owe};
use super::units::settled;
use super::world::World;

/// When the mails here have failed.
const FAILED: u64 = 20;

fn at(millis: u64) -> Timestamp {
    Timestamp::from_millis(millis)
}

async fn untold(world: &World, since: u64, most: u32) -> Vec<UndeliveredMail> {
    let found = world.store.undelivered_mails(Endpoint::Test, at(since), most).await;
    found.expect("the store works")
}

async fn orders(world: &World) -> Vec<String> {
    untold(world, 0, 99).await.into_iter().map(|mail| mail.key.order_id.as_str().to_owned()).collect()
}

async fn tell(world: &World, mails: &[UndeliveredMail]) {
    let numbers = mails.iter().map(|mail| mail.no).collect();
    world.store.note_told(numbers, at(FAILED + 1)).await.expect("the store works");
}

/// Paid by a proven unit, and no mail of these orders reaches anybody.
async fn failed(backend: &impl Backend, names: &[&str]) -> (World, Vec<Payout>) {
    let world = World::rich(backend).await;
    let mut payouts = Vec::new();
    for (order, counter) in names.iter().zip(0..) {
        payouts.push(issued(owe(&world, order, 1_000).await, 0, counter));
    }
    let (slot, opened) = opened(0, funding(), &payouts);
    world.apply([opened, settled(&slot, slot.head())]).await.expect("proven");
    for task in take(&world, 50_000, 99).await {
        note(&world, &task, refused(), FAILED).await;
    }
    (world, payouts)
}

pub(crate) async fn what_is_refused_or_given_up_is_told_once(backend: &impl Backend) {
    let (world, _) = sent(backend, &["1", "2", "3", "4"]).await;
    let tasks = take(&world, 10, 99).await;
    note(&world, &tasks[0], refused(), FAILED).await;
    note(&world, &tasks[1], MailOutcome::Dead { reason: "too late".to_owned() }, FAILED + 1).await;
    note(&world, &tasks[2], MailOutcome::Sent { code: Some(250) }, FAILED).await;
    let contact = Some("till@shop.example".parse().expect("a mailbox"));
    world.store.set_contact(world.partner, contact.clone()).await.expect("the partner is there");
    let mails = untold(&world, 0, 99).await;
    let first = UndeliveredMail {
        no: tasks[0].no,
        key: world.key("1"),
        partner: "demo-shop".parse().expect("a good name"),
        contact,
        language: None,
        merchant: "corner shop".to_owned(),
        recipient: "a+b@example.org".parse().expect("a mailbox"),
        reason: "there is no such recipient".to_owned(),
        ended_at: at(FAILED),
    };
    assert_eq!(mails[0], first);
    assert_eq!((mails[1].reason.as_str(), mails.len()), ("too late", 2), "neither sent nor waiting ones");
    assert_eq!(untold(&world, FAILED + 1, 99).await, mails[1..], "only since that moment");
    assert_eq!(untold(&world, 0, 1).await, mails[..1], "no more than wanted");
    let live = world.store.undelivered_mails(Endpoint::Live, at(0), 99).await;
    assert_eq!(live.expect("the store works"), []);
    tell(&world, &mails[..1]).await;
    let world = world.restart(backend).await;
    assert_eq!(orders(&world).await, ["2"]);
    note(&world, &tasks[0], MailOutcome::Sent { code: Some(250) }, FAILED + 2).await;
}

pub(crate) async fn nobody_is_told_where_nothing_is_left_to_mend(backend: &impl Backend) {
    let (world, payouts) = failed(backend, &["1", "2", "3"]).await;
    assert_eq!(orders(&world).await, ["1", "2", "3"]);
    world.store.recall(Endpoint::Test, payouts[0].id, at(FAILED + 1)).await.expect("the store works");
    assert_eq!(orders(&world).await, ["2", "3"], "somebody wants it back already");
    let claimed = SweepChange::Claimed {
        no: payouts[1].payee.issue().expect("it has a number").no,
        unit: obyte::UnitHash::of("a claim"),
        at: at(FAILED + 2),
    };
    world.store.keep_sweeps(&world.lock, vec![claimed]).await.expect("it is there");
    assert_eq!(orders(&world).await, ["3"], "somebody had the words all the same");
}

pub(crate) async fn a_reminder_that_is_given_up_tells_nothing(backend: &impl Backend) {
    let (world, _) = sent(backend, &["1"]).await;
    note(&world, &take(&world, 10, 1).await[0], MailOutcome::Sent { code: Some(250) }, FAILED).await;
    let third_day = 7 + 3 * 24 * 60 * 60 * 1000;
    assert_eq!(remind(&world, &[3], third_day).await, 1);
    let reminder = take(&world, third_day, 1).await.remove(0);
    note(&world, &reminder, MailOutcome::Dead { reason: "too late".to_owned() }, third_day).await;
    assert_eq!(orders(&world).await, [""; 0]);
    assert_eq!(record(&world, "1").await.state(at(third_day)), TextcoinState::MailSent);
}

pub(crate) async fn a_mail_that_is_refused_again_is_told_again(backend: &impl Backend) {
    let (world, _) = failed(backend, &["1"]).await;
    tell(&world, &untold(&world, 0, 99).await).await;
    resend(&world, world.key("1"), 3, FAILED + 10).await;
    assert_eq!(orders(&world).await, [""; 0]);
    note(&world, &take(&world, 60_000, 1).await[0], refused(), FAILED + 11).await;
    assert_eq!(orders(&world).await, ["1"]);
}

pub(crate) async fn one_partner_does_not_keep_others_waiting(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let other = NewPartner {
        name: "other-shop".parse().expect("a good name"),
        kind: PartnerKind::Merchant,
        trusted: false,
        at: at(1),
    };
    let other = world.store.add_partner(other).await.expect("the name is free").id;
    let mut payouts = Vec::new();
    for (order, counter) in ["1", "2", "3", "4"].iter().zip(0..) {
        let mut purchase = world.purchase(order, 1_000);
        purchase.terms.recipient = "a+b@example.org".parse().expect("a mailbox");
        let partner = if *order == "4" { other } else { world.partner };
        let purchase = Acceptance { key: PurchaseKey { partner, ..purchase.key }, ..purchase };
        let Verdict::Accepted(record) = world.accept(purchase).await else { panic!("it is accepted") };
        payouts.push(issued(record.payout, 0, counter));
    }
    let (slot, opened) = opened(0, funding(), &payouts);
    world.apply([opened, accepted(slot.head().id)]).await.expect("accepted");
    for task in take(&world, 10, 99).await {
        note(&world, &task, refused(), FAILED).await;
    }
    let found: Vec<_> = untold(&world, 0, 2).await.into_iter().map(|mail| mail.partner.to_string()).collect();
    assert_eq!(found, ["demo-shop", "demo-shop", "other-shop"]);
}
