//! Textcoins: payouts to mailboxes get a number when they enter a slot for the first time.

use ledger::Account;
use obyte::compose::Coin;
use obyte::{Address, Output, UnitHash};
use payout::{Change, Issue, Payee, Payout, RestoreCause, Slot, TextcoinNo, Timestamp, VersionStatus};
use store::{Acceptance, AttestedPayee, ClaimRecord, Endpoint, Verdict, Violation};

use super::Backend;
use super::line::{added, funding};
use super::restoring::foreign_unit;
use super::units::{id, settled, slot, version};
use super::world::{FUND, World, answered, bytes};

/// What a textcoin holds on top here.
const CLAIM: u64 = 90; // no more than is set aside

/// A purchase for a mailbox.
pub(crate) async fn owe(world: &World, order: &str, base: u64) -> Payout {
    let mut purchase = world.purchase(order, base);
    purchase.terms.recipient = "a+b@example.org".parse().expect("a mailbox");
    match world.accept(purchase).await {
        Verdict::Accepted(record) => record.payout,
        other => panic!("the purchase is accepted: {other:?}"),
    }
}

/// The payout with the textcoin of this number.
pub(crate) fn issued(payout: Payout, generation: u32, counter: u32) -> Payout {
    let address = Address::of_source(&format!("textcoin {generation}.{counter}"));
    let no = TextcoinNo { generation, counter };
    Payout { payee: Payee::Textcoin(Some(Issue { no, address, reserve: bytes(CLAIM) })), ..payout }
}

pub(crate) fn opened(no: u64, anchor: Coin, payouts: &[Payout]) -> (Slot, Change) {
    let slot = slot(no, &[anchor], payouts);
    (slot.clone(), Change::SlotOpened(slot))
}

/// A slot whose good unit leaves the textcoin out; what the next slot spends.
pub(crate) async fn free_again(world: &World, given: Payout) -> Coin {
    let other = world.owe("other", 500).await;
    let (first, opened) = opened(0, funding(), &[other, given]);
    let second = version(id(0, 1), &[funding()], &[other]);
    let whole = Slot { versions: vec![first.head().clone(), second.clone()], ..first };
    world.apply([opened, added(&second, &[]), settled(&whole, &second)]).await.expect("it is left out");
    second.change
}

pub(crate) async fn a_mailbox_is_owed_a_textcoin_that_gets_its_number_with_its_first_slot(
    backend: &impl Backend,
) {
    let world = World::rich(backend).await;
    let owed = owe(&world, "1", 1_000).await;
    assert_eq!((owed.payee, owed.output()), (Payee::Textcoin(None), None));
    assert_eq!(world.snapshot().await.queue, [owed]);
    let given = issued(owed, 0, 0);
    world.apply([opened(0, funding(), &[given]).1]).await.expect("a good slot");
    let world = world.restart(backend).await;
    let snapshot = world.snapshot().await;
    assert_eq!(snapshot.slots[0].payouts, [given]);
    assert_eq!(snapshot.textcoins, TextcoinNo { generation: 0, counter: 1 });
    assert_eq!(world.record("1").await.payout, given);
}

pub(crate) async fn what_a_textcoin_holds_is_out_until_it_is_claimed(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let wallet = world.owe("1", 1_000).await;
    let textcoin = issued(owe(&world, "2", 2_000).await, 0, 0);
    let (slot, opened) = opened(0, funding(), &[wallet, textcoin]);
    world.apply([opened, settled(&slot, slot.head())]).await.expect("a good slot");
    assert_eq!(world.balance(Account::Paid).await, 1_000);
    assert_eq!(world.balance(Account::TextcoinsOut).await, 2_000 + i64::try_from(CLAIM).expect("small"));
    assert_eq!((world.balance(Account::Owed).await, world.balance(Account::FeeReserve).await), (0, 0));
    let fees = 675 + CLAIM;
    assert_eq!(world.balance(Account::Fund).await, i64::try_from(FUND - 3_000 - fees).expect("small"));
    world.check_book().await;
}

pub(crate) async fn the_number_stays_with_a_payout_that_returns_to_the_queue(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let given = issued(owe(&world, "1", 1_000).await, 0, 0);
    let anchor = free_again(&world, given).await;
    assert_eq!(world.snapshot().await.queue, [given]);
    let (_, again) = opened(1, anchor, &[given]);
    world.apply([again]).await.expect("with the number that it has");
    assert_eq!(world.snapshot().await.textcoins.counter, 1);
}

pub(crate) async fn no_number_is_given_twice_or_changed(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let owed = [owe(&world, "1", 1_000).await, owe(&world, "2", 2_000).await];
    let anchor = free_again(&world, issued(owed[0], 0, 3)).await;
    let next = |payout| opened(1, anchor, &[issued(owed[0], 0, 3), payout]).1;
    for (payout, wanted) in [
        (issued(owed[1], 0, 3), Violation::TextcoinGiven(TextcoinNo { generation: 0, counter: 3 })),
        (issued(owed[1], 0, 2), Violation::TextcoinGiven(TextcoinNo { generation: 0, counter: 2 })),
        (issued(owed[1], 1, 4), Violation::TextcoinGiven(TextcoinNo { generation: 1, counter: 4 })),
        (Payout { amount: bytes(1), ..issued(owed[1], 0, 4) }, Violation::NotOwed(owed[1].id)),
    ] {
        assert_eq!(world.refused([next(payout)]).await, wanted);
    }
    let (_, other) = opened(1, anchor, &[issued(owed[0], 0, 4)]);
    assert_eq!(world.refused([other]).await, Violation::NotOwed(owed[0].id), "it has a number");
    let (_, without) = opened(1, anchor, &[issued(owed[0], 0, 3), issued(owed[1], 0, 4)]);
    world.apply([without]).await.expect("each its own");
}

pub(crate) async fn a_wallet_address_never_becomes_a_textcoin(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let wallet = world.owe("1", 1_000).await;
    let (_, opened) = opened(0, funding(), &[issued(wallet, 0, 0)]);
    assert_eq!(world.refused([opened]).await, Violation::NotOwed(wallet.id));
}

pub(crate) async fn a_restore_begins_another_generation_and_older_numbers_are_given_anew(
    backend: &impl Backend,
) {
    let world = World::rich(backend).await;
    let given = issued(owe(&world, "1", 1_000).await, 0, 0);
    let anchor = free_again(&world, given).await;
    let at = Timestamp::from_millis(40_000);
    world
        .apply([
            Change::RestoreBegun { cause: RestoreCause::Declared, at },
            Change::Reached { places: 7, deposits: 0 },
            Change::Restored { at },
        ])
        .await
        .expect("restored");
    assert_eq!(world.snapshot().await.textcoins, TextcoinNo { generation: 7, counter: 0 });
    let anew = issued(given, 7, 0);
    let (_, opened) = opened(1, anchor, &[anew]);
    world.apply([opened]).await.expect("its number was of another generation");
    assert_eq!(world.snapshot().await.slots[0].payouts, [anew]);
}

pub(crate) async fn a_textcoin_is_held_when_a_lost_unit_may_have_paid_it(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let owed = owe(&world, "1", 1_000).await;
    let other = owe(&world, "2", 9_000).await;
    let at = Timestamp::from_millis(40_000);
    let paid = Output { address: Address::of_source("an unknown textcoin"), amount: bytes(1_000 + CLAIM) };
    world
        .apply([
            Change::RestoreBegun { cause: RestoreCause::Declared, at },
            foreign_unit("lost", &[paid], at),
            Change::Restored { at },
        ])
        .await
        .expect("restored");
    assert_eq!(world.snapshot().await.queue, [other]);
    world.store.reject(Endpoint::Test, &world.key("1"), at).await.expect("it was paid");
    assert_eq!(world.record("1").await.payout, owed);
}

pub(crate) async fn a_mailbox_is_told_its_unit_like_any_other(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let given = issued(owe(&world, "1", 1_000).await, 0, 0);
    let (slot, opened) = opened(0, funding(), &[given]);
    world.apply([opened, answered(slot.head().id, VersionStatus::Accepted)]).await.expect("accepted");
    assert_eq!(world.record("1").await.answered.map(|answered| answered.unit), Some(slot.head().unit));
}

/// Who has this mailbox, as somebody attests.
fn vouched(name: &str) -> AttestedPayee {
    AttestedPayee {
        address: Address::of_source(name),
        unit: UnitHash::of("an attestation"),
        attestor: Address::of_source("an attestor"),
    }
}

pub(crate) async fn a_mailbox_whose_wallet_is_attested_is_paid_there(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let wallet = vouched("a wallet");
    let mut purchase = world.purchase("1", 1_000);
    purchase.terms.recipient = "a@example.org".parse().expect("a mailbox");
    purchase.attested = Some(wallet);
    let Verdict::Accepted(record) = world.accept(purchase.clone()).await else { panic!("it is accepted") };
    assert_eq!(record.payout.payee, Payee::Address(wallet.address));
    let world = world.restart(backend).await;
    assert_eq!(world.record("1").await, *record);
    assert_eq!(
        (record.attested, &record.terms),
        (Some(wallet), &purchase.terms),
        "the mailbox stays the term"
    );
    // Whatever is attested later, the first answer holds.
    for later in [None, Some(vouched("another wallet"))] {
        let again = world.accept(Acceptance { attested: later, ..purchase.clone() }).await;
        assert_eq!(again, Verdict::Replay(record.clone()));
    }
    assert_eq!(world.snapshot().await.textcoins.counter, 0);
    world.check_book().await;
}

pub(crate) async fn what_is_attested_does_not_change_where_an_address_is_paid(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let purchase = Acceptance { attested: Some(vouched("a wallet")), ..world.purchase("1", 1_000) };
    let Verdict::Accepted(record) = world.accept(purchase).await else { panic!("it is accepted") };
    assert_eq!(record.payout.payee, Payee::Address(Address::of_source("1")));
    assert_eq!((record.attested, world.record("1").await.attested), (None, None));
}

pub(crate) async fn a_textcoin_is_found_by_its_number_once_a_hub_has_accepted_it(backend: &impl Backend) {
    let world = World::rich(backend).await;
    let given = issued(owe(&world, "1", 1_000).await, 0, 4);
    let (slot, opened) = opened(0, funding(), &[given]);
    let find = async |endpoint, generation, counter| {
        world.store.claim(endpoint, TextcoinNo { generation, counter }).await.expect("the store works")
    };
    world.apply([opened]).await.expect("a good slot");
    assert_eq!(find(Endpoint::Test, 0, 4).await, None, "no hub has accepted it");
    let (status, at) = (VersionStatus::Accepted, Timestamp::from_millis(7));
    let answer = "accepted".to_owned();
    world.apply([Change::Answered { version: slot.head().id, status, answer, at }]).await.expect("accepted");
    let expires_at = Timestamp::from_millis(7 + 7 * 24 * 60 * 60 * 1000);
    let address = given.payee.place().expect("it was issued");
    let record =
        ClaimRecord { address, amount: given.amount, shop: "demo-shop".to_owned(), expires_at, ended: None };
    assert_eq!(find(Endpoint::Test, 0, 4).await, Some(record));
    for (endpoint, generation, counter) in
        [(Endpoint::Test, 0, 3), (Endpoint::Test, 4, 0), (Endpoint::Live, 0, 4)]
    {
        assert_eq!(find(endpoint, generation, counter).await, None);
    }
}
