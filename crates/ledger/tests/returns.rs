//! Purchases that were returned: what their partners are charged, and how they come to pay it.

use ledger::{
    Acceptance, Account, Book, Cause, CommandId, Entry, EntryError, OutputRef, PartnerId, PayoutNumber,
    SignedBytes, events,
};
use obyte::{Bytes, UnitHash};
use proptest::prelude::*;

const SHOP: PartnerId = PartnerId::new(7);
const FUND: u64 = 10_000_000;
/// What is owed in the beginning: shares that return come out of it.
const OWED: u64 = 1_000_000;

fn bytes(amount: u64) -> Bytes {
    Bytes::literal(amount)
}

fn command(number: usize) -> CommandId {
    format!("command-{number}").parse().expect("plain characters")
}

fn amount_of(book: &Book, account: Account) -> Bytes {
    book.balance(account).to_bytes().expect("it is guarded")
}

/// A book with a fund and something owed.
fn funded() -> Book {
    let mut book = Book::new();
    let output = OutputRef { unit: UnitHash::of("a top-up"), message: 0, output: 0 };
    let purchase = Acceptance { base: bytes(OWED), ..of_share(0) };
    for entry in [
        events::fund_received(output, bytes(FUND + OWED), bytes(0)),
        events::purchase_accepted(PayoutNumber::new(-1), &purchase),
    ] {
        book.apply(&entry.expect("bytes")).expect("there is enough");
    }
    book
}

/// What can happen between the fund and the shop.
#[derive(Clone, Copy, Debug)]
enum Event {
    Deposit(u64),
    Refund(u64),
    Undone(u64),
    /// A share that the shop gave returns; the purchase itself is of another story.
    Cancelled(u64),
}

/// What is set aside for a purchase to which only the shop gives.
fn of_share(share: u64) -> Acceptance {
    Acceptance {
        partner: SHOP,
        base: bytes(0),
        partner_share: bytes(share),
        matched: bytes(0),
        fee_reserve: bytes(0),
    }
}

/// The entry that an event makes of the balances of the moment.
fn entry(book: &Book, number: usize, event: Event) -> Result<Entry, EntryError> {
    let payout = PayoutNumber::new(i64::try_from(number).expect("small"));
    let (deposit, owed) =
        (amount_of(book, Account::Deposit(SHOP)), amount_of(book, Account::Receivable(SHOP)));
    match event {
        Event::Deposit(amount) => events::deposit_booked(command(number), SHOP, bytes(amount), owed),
        Event::Refund(claim) => events::purchase_refunded(payout, SHOP, bytes(claim), deposit),
        Event::Undone(claim) => events::refund_undone(payout, SHOP, bytes(claim), owed),
        Event::Cancelled(share) => events::payout_cancelled(payout, &of_share(share), owed),
    }
}

fn happens(book: &mut Book, number: usize, event: Event) {
    let entry = entry(book, number, event).expect("bytes are booked");
    book.apply(&entry).expect("the fund suffices");
}

fn standing(book: &Book) -> [i64; 4] {
    [Account::Deposit(SHOP), Account::Receivable(SHOP), Account::RefundClaims, Account::Fund]
        .map(|account| book.balance(account).get())
}

/// The table of a bookkeeper; the fund counts from what it began with.
#[test]
fn a_shop_of_1_000_bytes_returns_purchases_and_pays_later() {
    let mut book = funded();
    let begin = i64::try_from(FUND).expect("small");
    let table = [
        (Event::Deposit(1_000), [1_000, 0, 0, -1_000]),
        (Event::Refund(700), [300, 0, 0, -300]),
        (Event::Refund(700), [0, 400, -400, 0]),
        (Event::Refund(50), [0, 450, -450, 0]),
        (Event::Deposit(100), [0, 350, -350, 0]),
        (Event::Deposit(600), [250, 0, 0, -250]),
        (Event::Undone(700), [950, 0, 0, -950]),
        (Event::Refund(1_000), [0, 50, -50, 0]),
        (Event::Undone(1_000), [950, 0, 0, -950]),
        (Event::Refund(1_050), [0, 100, -100, 0]),
        (Event::Cancelled(40), [0, 60, -60, 40]),
        (Event::Cancelled(70), [10, 0, 0, 100]),
    ];
    for (number, (event, expected)) in table.into_iter().enumerate() {
        happens(&mut book, number, event);
        let [deposit, receivable, claims, fund] = standing(&book);
        assert_eq!([deposit, receivable, claims, fund - begin], expected, "line {number}: {event:?}");
    }
}

#[test]
fn a_deposit_that_only_settles_is_still_known_as_the_deposit_that_it_was() {
    let mut book = funded();
    happens(&mut book, 0, Event::Refund(500));
    for (number, amount) in [(1, 200), (2, 300), (3, 400)] {
        let entry = entry(&book, number, Event::Deposit(amount)).expect("bytes");
        assert_eq!(events::deposit_in(&entry), Some((SHOP, bytes(amount))));
        book.apply(&entry).expect("it is there");
    }
    assert_eq!(book.balance(Account::DepositsReceived), SignedBytes::new(-900));
    assert_eq!(amount_of(&book, Account::Deposit(SHOP)), bytes(400));
}

#[test]
fn an_entry_that_is_no_deposit_has_none() {
    let payout = PayoutNumber::new(1);
    let refund = events::purchase_refunded(payout, SHOP, bytes(5), bytes(5)).expect("bytes");
    assert_eq!(events::deposit_in(&refund), None);
    let fees = events::tps_fee_charged(UnitHash::of("a unit"), bytes(5)).expect("bytes");
    assert_eq!(events::deposit_in(&fees), None);
}

#[test]
fn a_refund_of_nothing_is_not_booked() {
    let payout = PayoutNumber::new(1);
    assert_eq!(events::purchase_refunded(payout, SHOP, bytes(0), bytes(9)), Err(EntryError::Empty));
    assert_eq!(events::refund_undone(payout, SHOP, bytes(0), bytes(9)), Err(EntryError::Empty));
    let charged = events::purchase_refunded(payout, SHOP, bytes(1), bytes(0)).expect("a byte");
    assert_eq!(charged.cause(), &Cause::PurchaseRefunded(payout));
}

fn any_event() -> impl Strategy<Value = Event> {
    prop_oneof![
        (1..5_000u64).prop_map(Event::Deposit),
        (1..5_000u64).prop_map(Event::Refund),
        (1..5_000u64).prop_map(Event::Undone),
        (1..5_000u64).prop_map(Event::Cancelled),
    ]
}

proptest! {
    #[test]
    fn a_partner_stands_better_or_worse_by_exactly_what_happened(
        happened in prop::collection::vec(any_event(), 0..40),
    ) {
        let mut book = funded();
        let mut expected = 0i64;
        for (number, event) in happened.into_iter().enumerate() {
            happens(&mut book, number, event);
            expected += match event {
                Event::Deposit(amount) | Event::Undone(amount) | Event::Cancelled(amount) => {
                    i64::try_from(amount).expect("small")
                }
                Event::Refund(amount) => -i64::try_from(amount).expect("small"),
            };
            let [deposit, receivable, claims, fund] = standing(&book);
            prop_assert_eq!(deposit - receivable, expected);
            prop_assert!(deposit == 0 || receivable == 0, "who owes has no deposit");
            prop_assert_eq!(claims, -receivable);
            let owed = book.balance(Account::Owed).get();
            prop_assert_eq!(fund + deposit + owed, i64::try_from(FUND + OWED).expect("small"), "no coin moves");
            prop_assert_eq!(book.total(), 0);
        }
    }
}
