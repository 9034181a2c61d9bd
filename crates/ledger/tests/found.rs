//! Textcoins of a lost database that come back.

use ledger::restored::{ShareBack, textcoin_found, textcoin_found_late};
use ledger::{Account, Book, OutputRef, PartnerId, events};
use obyte::{Bytes, UnitHash};
use proptest::prelude::*;

const SHOP: PartnerId = PartnerId::new(7);
const ACCOUNTS: [Account; 7] = [
    Account::Fund,
    Account::FeeReserve,
    Account::Deposit(SHOP),
    Account::Receivable(SHOP),
    Account::RefundClaims,
    Account::OperatorTopUps,
    Account::Elsewhere,
];

fn bytes(amount: u64) -> Bytes {
    Bytes::literal(amount)
}

fn output(name: &str) -> OutputRef {
    OutputRef { unit: UnitHash::of(name), message: 0, output: 0 }
}

/// A fund, and a partner that owes so much.
fn book(owed: u64) -> Book {
    let mut book = Book::new();
    let received = events::fund_received(output("a top-up"), bytes(10_000), bytes(0));
    book.apply(&received.expect("bytes came")).expect("it adds");
    if owed > 0 {
        let number = ledger::PayoutNumber::new(1);
        let charged = events::purchase_refunded(number, SHOP, bytes(owed), bytes(0));
        book.apply(&charged.expect("it is charged")).expect("it adds");
    }
    book
}

fn balances(book: &Book) -> [i64; 7] {
    ACCOUNTS.map(|account| book.balance(account).get())
}

fn back(share: u64, owed: u64) -> Option<ShareBack> {
    Some(ShareBack { partner: SHOP, share: bytes(share), receivable: bytes(owed) })
}

#[test]
fn without_an_order_all_of_it_is_the_funds() {
    let mut book = book(0);
    let entry = textcoin_found(output("a sweep"), bytes(900), bytes(20), None).expect("bytes came back");
    book.apply(&entry).expect("it adds");
    assert_eq!(balances(&book), [10_880, 20, 0, 0, 0, -10_000, -900]);
}

#[test]
fn the_share_of_the_partner_settles_first_what_it_owes() {
    let mut book = book(100);
    let entry = textcoin_found(output("a sweep"), bytes(900), bytes(20), back(300, 100));
    book.apply(&entry.expect("bytes came back")).expect("it adds");
    assert_eq!(balances(&book), [10_000 + 580 + 100, 20, 200, 0, 0, -10_000, -900]);
}

proptest! {
    /// It makes no difference when it is known where the coin came from.
    #[test]
    fn late_or_at_once_the_book_ends_the_same(
        amount in 1..5_000_u64,
        share in 0..6_000_u64,
        reserve in 0..600_u64,
        owed in 0..500_u64,
    ) {
        let reserve = reserve.min(amount.saturating_sub(share));
        let (mut at_once, mut late) = (book(owed), book(owed));
        let entry = textcoin_found(output("a sweep"), bytes(amount), bytes(reserve), back(share, owed));
        at_once.apply(&entry.expect("bytes came back")).expect("it adds");
        let received = events::fund_received(output("a sweep"), bytes(amount), bytes(reserve));
        late.apply(&received.expect("bytes came")).expect("it adds");
        let fund = u64::try_from(late.balance(Account::Fund).get()).expect("not below zero");
        let entry = textcoin_found_late(output("a sweep"), bytes(amount), bytes(fund), back(share, owed));
        late.apply(&entry.expect("it is moved")).expect("the fund has it");
        prop_assert_eq!(balances(&at_once), balances(&late));
        prop_assert_eq!(at_once.coins_expected(), Ok(bytes(10_000 + amount)));
    }

    /// What the fund does not have any more it cannot return.
    #[test]
    fn a_share_never_takes_the_fund_below_zero(amount in 1..5_000_u64, share in 0..6_000_u64, fund in 0..3_000_u64) {
        let mut book = Book::new();
        if fund > 0 {
            let received = events::fund_received(output("a top-up"), bytes(fund), bytes(0));
            book.apply(&received.expect("bytes came")).expect("it adds");
        }
        let entry = textcoin_found_late(output("a sweep"), bytes(amount), bytes(fund), back(share, 0));
        prop_assert!(book.apply(&entry.expect("it is moved")).is_ok());
    }
}
