//! The computed example of docs/books.md, line by line.

use ledger::{
    Acceptance, Account, Book, Entry, EntryError, OutputRef, PartnerId, PayoutNumber, Purse, Settlement,
    Withdrawal, events,
};
use obyte::{Bytes, UnitHash};

const SHOP: PartnerId = PartnerId::new(1);
/// The columns of the table.
const ACCOUNTS: [Account; 12] = [
    Account::Fund,
    Account::Deposit(SHOP),
    Account::Owed,
    Account::FeeReserve,
    Account::NetworkFees,
    Account::PrepaidTps,
    Account::Paid,
    Account::OperatorTopUps,
    Account::DepositsReceived,
    Account::Receivable(SHOP),
    Account::RefundClaims,
    Account::Withdrawn,
];

fn bytes(amount: u64) -> Bytes {
    Bytes::literal(amount)
}

fn accepted(payout: i64, base: u64, partner_share: u64, matched: u64) -> Result<Entry, EntryError> {
    let shares = [base, partner_share, matched].map(bytes);
    let [base, partner_share, matched] = shares;
    let acceptance = Acceptance { partner: SHOP, base, partner_share, matched, fee_reserve: bytes(2_000) };
    events::purchase_accepted(PayoutNumber::new(payout), &acceptance)
}

fn deposit(book: &Book, command: &str, amount: u64) -> Result<Entry, EntryError> {
    let owed = book.balance(Account::Receivable(SHOP)).to_bytes().expect("it is guarded");
    events::deposit_booked(command.parse().expect("a good id"), SHOP, bytes(amount), owed)
}

fn returned(book: &Book, payout: i64, claim: u64) -> Result<Entry, EntryError> {
    let held = book.balance(Account::Deposit(SHOP)).to_bytes().expect("it is guarded");
    events::purchase_refunded(PayoutNumber::new(payout), SHOP, bytes(claim), held)
}

fn withdrawn() -> Result<Entry, EntryError> {
    let withdrawal =
        Withdrawal { purse: Purse::Deposit(SHOP), amount: bytes(15_000), fee_reserve: bytes(2_000) };
    events::withdrawal_accepted(PayoutNumber::new(3), &withdrawal)
}

fn settled(name: &str, [paid, withdrawn, reserve, size, tps]: [u64; 5]) -> Result<Entry, EntryError> {
    let settlement = Settlement {
        paid: bytes(paid),
        withdrawn: bytes(withdrawn),
        reserve_released: bytes(reserve),
        size_fees: bytes(size),
        tps_fee: bytes(tps),
        ..Settlement::default()
    };
    events::unit_settled(UnitHash::of(name), &settlement)
}

#[test]
fn the_books_stand_as_the_documentation_says() {
    let mut book = Book::new();
    let output = OutputRef { unit: UnitHash::of("a top-up"), message: 0, output: 0 };
    type Line = (fn(&Book) -> Result<Entry, EntryError>, [i64; 12]);
    let received = move |_: &Book| events::fund_received(output, bytes(1_000_000), bytes(500));
    book.apply(&received(&book).expect("bytes")).expect("it only adds");
    let lines: [Line; 10] = [
        (
            |book| deposit(book, "invoice-1", 100_000),
            [899_500, 100_000, 0, 500, 0, 0, 0, -900_000, -100_000, 0, 0, 0],
        ),
        (
            |_| accepted(1, 40_000, 10_000, 10_000),
            [847_500, 90_000, 60_000, 2_500, 0, 0, 0, -900_000, -100_000, 0, 0, 0],
        ),
        (
            |_| settled("a unit", [60_000, 0, 2_500, 600, 75]),
            [849_325, 90_000, 0, 0, 600, 75, 60_000, -900_000, -100_000, 0, 0, 0],
        ),
        (
            |_| events::tps_fee_charged(UnitHash::of("a unit"), bytes(60)),
            [849_325, 90_000, 0, 0, 660, 15, 60_000, -900_000, -100_000, 0, 0, 0],
        ),
        (
            |book| returned(book, 1, 50_000),
            [899_325, 40_000, 0, 0, 660, 15, 60_000, -900_000, -100_000, 0, 0, 0],
        ),
        (
            |_| accepted(2, 50_000, 0, 0),
            [847_325, 40_000, 50_000, 2_000, 660, 15, 60_000, -900_000, -100_000, 0, 0, 0],
        ),
        (
            |book| returned(book, 2, 50_000),
            [887_325, 0, 50_000, 2_000, 660, 15, 60_000, -900_000, -100_000, 10_000, -10_000, 0],
        ),
        (
            |book| deposit(book, "invoice-2", 25_000),
            [872_325, 15_000, 50_000, 2_000, 660, 15, 60_000, -875_000, -125_000, 0, 0, 0],
        ),
        (|_| withdrawn(), [870_325, 0, 65_000, 4_000, 660, 15, 60_000, -875_000, -125_000, 0, 0, 0]),
        (
            |_| settled("another", [50_000, 15_000, 4_000, 700, 80]),
            [873_545, 0, 0, 0, 1_360, 95, 110_000, -875_000, -125_000, 0, 0, 15_000],
        ),
    ];
    for (number, (event, expected)) in lines.into_iter().enumerate() {
        let entry = event(&book).expect("bytes are booked");
        book.apply(&entry).expect("there is enough");
        let balances = ACCOUNTS.map(|account| book.balance(account).get());
        assert_eq!(balances, expected, "after line {}", number + 2);
        assert_eq!(book.total(), 0);
    }
    assert_eq!(book.coins_expected(), Ok(bytes(873_545)));
}
