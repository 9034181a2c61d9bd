//! The book through the life of an endpoint: single events by hand, and any sequence of them.

use ledger::{
    Acceptance, Account, Book, BookError, Cause, CommandId, Entry, EntryError, OutputRef, PartnerId,
    PayoutNumber, Purse, Refusal, Settlement, SignedBytes, Withdrawal, events,
};
use obyte::{Bytes, UnitHash};
use proptest::prelude::*;

const SHOP: PartnerId = PartnerId::new(7);
const OTHER: PartnerId = PartnerId::new(8);

fn bytes(amount: u64) -> Bytes {
    Bytes::literal(amount)
}

fn output(number: u32) -> OutputRef {
    OutputRef { unit: UnitHash::of("a top-up"), message: 0, output: number }
}

fn command(number: usize) -> CommandId {
    format!("command-{number}").parse().expect("plain characters")
}

fn balances(book: &Book, accounts: &[Account]) -> Vec<i64> {
    accounts.iter().map(|account| book.balance(*account).get()).collect()
}

/// A fund of 10,000 and a deposit of 1,000, both from top-ups.
fn filled() -> Book {
    let mut book = Book::new();
    for entry in [
        events::fund_received(output(0), bytes(11_000), bytes(0)),
        events::deposit_booked(command(1), SHOP, bytes(1_000), bytes(0)),
    ] {
        book.apply(&entry.expect("something is booked")).expect("there is enough");
    }
    book
}

fn acceptance() -> Acceptance {
    Acceptance {
        partner: SHOP,
        base: bytes(500),
        partner_share: bytes(300),
        matched: bytes(200),
        fee_reserve: bytes(100),
    }
}

/// [`filled`], with one accepted purchase.
fn owing() -> Book {
    let mut book = filled();
    let entry = events::purchase_accepted(PayoutNumber::new(1), &acceptance()).expect("bytes are owed");
    book.apply(&entry).expect("there is enough");
    book
}

#[test]
fn a_booked_deposit_counts_as_received_from_the_partner() {
    let book = filled();
    let accounts =
        [Account::Fund, Account::Deposit(SHOP), Account::OperatorTopUps, Account::DepositsReceived];
    assert_eq!(balances(&book, &accounts), [10_000, 1_000, -10_000, -1_000]);
    assert_eq!(book.coins_expected(), Ok(bytes(11_000)));
}

#[test]
fn an_accepted_purchase_is_owed_by_fund_and_deposit() {
    let book = owing();
    let accounts = [Account::Fund, Account::Deposit(SHOP), Account::Owed, Account::FeeReserve];
    assert_eq!(balances(&book, &accounts), [9_200, 700, 1_000, 100]);
    assert_eq!(book.coins_expected(), Ok(bytes(11_000)), "nothing has left yet");
}

#[test]
fn what_is_left_of_a_reserve_is_the_funds_again() {
    let mut book = owing();
    let settlement = Settlement {
        paid: bytes(1_000),
        withdrawn: Bytes::ZERO,
        reserve_released: bytes(100),
        size_fees: bytes(60),
        tps_fee: bytes(15),
        ..Settlement::default()
    };
    let unit = UnitHash::of("a payout");
    book.apply(&events::unit_settled(unit, &settlement).expect("bytes moved")).expect("it was owed");
    let accounts = [
        Account::Fund,
        Account::Owed,
        Account::Paid,
        Account::FeeReserve,
        Account::NetworkFees,
        Account::PrepaidTps,
    ];
    assert_eq!(balances(&book, &accounts), [9_225, 0, 1_000, 0, 60, 15]);
    assert_eq!(book.coins_expected(), Ok(bytes(11_000 - 1_000 - 60 - 15)));

    book.apply(&events::tps_fee_charged(unit, bytes(40)).expect("it was charged")).expect("a debt is well");
    assert_eq!(balances(&book, &accounts), [9_225, 0, 1_000, 0, 100, -25]);
}

#[test]
fn fees_above_the_reserve_are_paid_by_the_fund() {
    let mut book = owing();
    let settlement = Settlement {
        paid: bytes(1_000),
        withdrawn: Bytes::ZERO,
        reserve_released: bytes(100),
        size_fees: bytes(400),
        tps_fee: bytes(50),
        ..Settlement::default()
    };
    let entry = events::unit_settled(UnitHash::of("a refill"), &settlement).expect("bytes moved");
    book.apply(&entry).expect("the fund has enough");
    assert_eq!(balances(&book, &[Account::Fund, Account::FeeReserve]), [9_200 - 350, 0]);
    assert_eq!(book.coins_expected(), Ok(bytes(11_000 - 1_000 - 450)));
}

#[test]
fn a_cancelled_payout_returns_each_share_to_its_giver() {
    let mut book = owing();
    let entry =
        events::payout_cancelled(PayoutNumber::new(1), &acceptance(), bytes(0)).expect("bytes return");
    book.apply(&entry).expect("it was owed");
    let accounts = [Account::Fund, Account::Deposit(SHOP), Account::Owed, Account::FeeReserve];
    assert_eq!(balances(&book, &accounts), [10_000, 1_000, 0, 0]);
}

#[test]
fn a_withdrawal_ends_apart_from_what_customers_got() {
    let mut book = owing();
    let withdrawal = Withdrawal { purse: Purse::Deposit(SHOP), amount: bytes(700), fee_reserve: bytes(100) };
    let entry = events::withdrawal_accepted(PayoutNumber::new(2), &withdrawal).expect("bytes are owed");
    book.apply(&entry).expect("the deposit holds just as much");
    let accounts = [
        Account::Fund,
        Account::Deposit(SHOP),
        Account::Owed,
        Account::FeeReserve,
        Account::Paid,
        Account::Withdrawn,
    ];
    assert_eq!(balances(&book, &accounts), [9_100, 0, 1_700, 200, 0, 0]);
    let settlement = Settlement {
        paid: bytes(1_000),
        withdrawn: bytes(700),
        reserve_released: bytes(200),
        size_fees: bytes(60),
        tps_fee: bytes(15),
        ..Settlement::default()
    };
    let entry = events::unit_settled(UnitHash::of("a payout"), &settlement).expect("bytes moved");
    book.apply(&entry).expect("it was owed");
    assert_eq!(balances(&book, &accounts), [9_225, 0, 0, 0, 1_000, 700]);
    assert_eq!(book.coins_expected(), Ok(bytes(11_000 - 1_700 - 75)));
}

#[test]
fn a_cancelled_withdrawal_settles_first_what_its_partner_has_come_to_owe() {
    let mut book = filled();
    let withdrawal =
        Withdrawal { purse: Purse::Deposit(SHOP), amount: bytes(1_000), fee_reserve: bytes(100) };
    let payout = PayoutNumber::new(1);
    for entry in [
        events::withdrawal_accepted(payout, &withdrawal),
        events::purchase_refunded(PayoutNumber::new(2), SHOP, bytes(300), bytes(0)),
        events::withdrawal_cancelled(payout, &withdrawal, bytes(300)),
    ] {
        book.apply(&entry.expect("bytes are booked")).expect("there is enough");
    }
    let accounts = [
        Account::Fund,
        Account::Deposit(SHOP),
        Account::Receivable(SHOP),
        Account::Owed,
        Account::FeeReserve,
    ];
    assert_eq!(balances(&book, &accounts), [10_300, 700, 0, 0, 0]);
}

#[test]
fn a_share_without_deposit_is_refused_with_what_lacks() {
    let mut book = filled();
    let greedy = Acceptance { partner_share: bytes(1_001), ..acceptance() };
    let entry = events::purchase_accepted(PayoutNumber::new(1), &greedy).expect("bytes are owed");
    let refusal = Refusal::Overdraft { account: Account::Deposit(SHOP), missing: SignedBytes::new(1) };
    let before = book.clone();
    assert_eq!(book.apply(&entry), Err(refusal));
    assert_eq!(book, before, "the fund's shares were not booked either");

    let elsewhere = Acceptance { partner: OTHER, ..acceptance() };
    let entry = events::purchase_accepted(PayoutNumber::new(1), &elsewhere).expect("bytes are owed");
    let refusal = Refusal::Overdraft { account: Account::Deposit(OTHER), missing: SignedBytes::new(300) };
    assert_eq!(book.apply(&entry), Err(refusal), "a deposit pays only for its own partner");
}

#[test]
fn the_reserve_for_fees_must_be_in_the_fund() {
    let mut book = filled();
    let all = Acceptance { base: bytes(9_701), ..acceptance() };
    let entry = events::purchase_accepted(PayoutNumber::new(1), &all).expect("bytes are owed");
    let refusal = Refusal::Overdraft { account: Account::Fund, missing: SignedBytes::new(1) };
    assert_eq!(book.apply(&entry), Err(refusal));
}

#[test]
fn an_event_without_bytes_is_not_booked() {
    let nothing = Bytes::ZERO;
    assert_eq!(events::fund_received(output(0), nothing, nothing), Err(EntryError::Empty));
    assert_eq!(events::tps_fee_charged(UnitHash::of("a unit"), nothing), Err(EntryError::Empty));
}

#[test]
fn a_balance_beyond_64_bits_is_refused() {
    let listed =
        [(Account::Fund, SignedBytes::new(i64::MAX)), (Account::OperatorTopUps, SignedBytes::new(-i64::MAX))];
    let mut book = Book::of_balances(listed).expect("it balances");
    let entry = events::fund_received(output(0), bytes(2), bytes(0)).expect("bytes arrived");
    let before = book.clone();
    assert_eq!(book.apply(&entry), Err(Refusal::TooLarge { account: Account::Fund }));
    assert_eq!(book, before);
    assert!(book.coins_expected().is_err(), "more than can exist");
}

#[test]
fn damaged_balances_are_no_book() {
    let of = |listed: &[(Account, i64)]| {
        Book::of_balances(listed.iter().map(|(account, balance)| (*account, SignedBytes::new(*balance))))
            .err()
    };
    assert_eq!(of(&[]), None);
    assert_eq!(of(&[(Account::Fund, 5), (Account::PrepaidTps, -5)]), None);
    assert_eq!(of(&[(Account::Fund, 5), (Account::OperatorTopUps, -4)]), Some(BookError::Unbalanced));
    let below = BookError::BelowZero { account: Account::Fund };
    assert_eq!(of(&[(Account::Fund, -5), (Account::Owed, 5)]), Some(below));
    let repeated = BookError::Repeated { account: Account::Fund };
    assert_eq!(of(&[(Account::Fund, 5), (Account::Fund, 0)]), Some(repeated));
}

fn any_partner() -> impl Strategy<Value = PartnerId> {
    prop_oneof![Just(SHOP), Just(OTHER)]
}

fn any_acceptance() -> impl Strategy<Value = Acceptance> {
    let small = || (0..2_000u64).prop_map(bytes);
    (any_partner(), small(), small(), small(), small()).prop_map(
        |(partner, base, partner_share, matched, fee_reserve)| Acceptance {
            partner,
            base,
            partner_share,
            matched,
            fee_reserve,
        },
    )
}

fn any_withdrawal() -> impl Strategy<Value = Withdrawal> {
    let purse = prop_oneof![Just(Purse::Fund), any_partner().prop_map(Purse::Deposit)];
    (purse, (0..2_000u64).prop_map(bytes), (0..2_000u64).prop_map(bytes))
        .prop_map(|(purse, amount, fee_reserve)| Withdrawal { purse, amount, fee_reserve })
}

/// Any event, whether the book can bear it or not.
fn any_event() -> impl Strategy<Value = Result<Entry, EntryError>> {
    let amount = || (0..5_000u64).prop_map(bytes);
    let unit = || any::<[u8; 32]>().prop_map(|digest| UnitHash::from_digest(&digest));
    let payout = || any::<i64>().prop_map(PayoutNumber::new);
    let settlement =
        [amount(), amount(), amount()].prop_flat_map(move |[reserve_released, size_fees, tps_fee]| {
            (0..5_000u64, 0..5_000u64).prop_map(move |(paid, withdrawn)| Settlement {
                paid: bytes(paid),
                withdrawn: bytes(withdrawn),
                reserve_released,
                size_fees,
                tps_fee,
                ..Settlement::default()
            })
        });
    prop_oneof![
        (any::<u32>(), amount()).prop_map(|(number, amount)| events::fund_received(
            output(number),
            amount,
            bytes(500)
        )),
        (any::<usize>(), any_partner(), amount()).prop_map(|(number, partner, amount)| {
            events::deposit_booked(command(number), partner, amount, bytes(0))
        }),
        (any::<usize>(), any_partner(), amount(), amount()).prop_map(|(number, partner, amount, owed)| {
            events::deposit_booked(command(number), partner, amount, owed)
        }),
        (payout(), any_partner(), amount(), amount()).prop_map(|(payout, partner, claim, held)| {
            events::purchase_refunded(payout, partner, claim, held)
        }),
        (payout(), any_partner(), amount(), amount())
            .prop_map(|(payout, partner, claim, owed)| events::refund_undone(payout, partner, claim, owed)),
        (payout(), any_acceptance())
            .prop_map(|(payout, acceptance)| events::purchase_accepted(payout, &acceptance)),
        (payout(), any_acceptance(), amount())
            .prop_map(|(payout, acceptance, owed)| events::payout_cancelled(payout, &acceptance, owed)),
        (payout(), any_withdrawal())
            .prop_map(|(payout, withdrawal)| events::withdrawal_accepted(payout, &withdrawal)),
        (payout(), any_withdrawal(), amount()).prop_map(|(payout, withdrawal, owed)| {
            events::withdrawal_cancelled(payout, &withdrawal, owed)
        }),
        (unit(), settlement).prop_map(|(unit, settlement)| events::unit_settled(unit, &settlement)),
        (unit(), amount()).prop_map(|(unit, amount)| events::tps_fee_charged(unit, amount)),
    ]
}

/// What partners owe, and the other side of it: zero together.
fn claims(book: &Book) -> i64 {
    balances(book, &[Account::Receivable(SHOP), Account::Receivable(OTHER), Account::RefundClaims])
        .iter()
        .sum()
}

proptest! {
    #[test]
    fn any_sequence_of_events_keeps_the_sum_at_zero_and_guarded_accounts_above(
        events in prop::collection::vec(any_event(), 0..60),
    ) {
        let mut book = Book::new();
        for entry in events.into_iter().flatten() {
            prop_assert_eq!(entry.postings().iter().map(|posting| i128::from(posting.change)).sum::<i128>(), 0);
            let before = book.clone();
            let outcome = book.apply(&entry);
            prop_assert_eq!(book.total(), 0);
            prop_assert_eq!(claims(&book), 0);
            for (account, balance) in book.balances() {
                prop_assert!(account.may_be_negative() || !balance.is_negative(), "{account} {balance}");
                let change = if outcome.is_ok() { entry.change(account) } else { SignedBytes::ZERO };
                prop_assert_eq!(before.balance(account).checked_add(change), Some(balance));
            }
            if outcome.is_err() {
                prop_assert_eq!(&before, &book, "a refused entry changes nothing");
            }
            let read_back = Book::of_balances(book.balances());
            prop_assert_eq!(read_back, Ok(book.clone()));
        }
    }

    #[test]
    fn an_entry_is_refused_exactly_where_a_guarded_account_lacks_bytes(
        held in (0..3_000u64, 0..3_000u64), acceptance in any_acceptance(),
    ) {
        let mut book = Book::new();
        let total = bytes(held.0 + held.1);
        if let Ok(entry) = events::fund_received(output(0), total, bytes(0)) {
            book.apply(&entry).expect("a top-up is never refused");
        }
        if let Ok(entry) = events::deposit_booked(command(0), acceptance.partner, bytes(held.1), bytes(0)) {
            book.apply(&entry).expect("the fund holds it");
        }
        let Ok(entry) = events::purchase_accepted(PayoutNumber::new(1), &acceptance) else { return Ok(()) };
        let asked = acceptance.base.get() + acceptance.matched.get() + acceptance.fee_reserve.get();
        let enough = asked <= held.0 && acceptance.partner_share.get() <= held.1;
        prop_assert_eq!(book.apply(&entry).is_ok(), enough);
        prop_assert_eq!(book.coins_expected(), Ok(total), "accepting moves no coins");
    }

    #[test]
    fn cancelling_undoes_accepting_where_nothing_is_owed(acceptance in any_acceptance(), number in any::<i64>()) {
        let payout = PayoutNumber::new(number);
        let Ok(there) = events::purchase_accepted(payout, &acceptance) else { return Ok(()) };
        let back = events::payout_cancelled(payout, &acceptance, bytes(0)).expect("as many bytes return");
        for posting in there.postings() {
            prop_assert_eq!(back.change(posting.account).get(), -posting.change.get());
        }
        prop_assert_eq!(there.postings().len(), back.postings().len());
        prop_assert_eq!(back.cause(), &Cause::PayoutCancelled(payout));
    }

    #[test]
    fn cancelling_undoes_withdrawing_where_nothing_is_owed(
        withdrawal in any_withdrawal(), number in any::<i64>(),
    ) {
        let payout = PayoutNumber::new(number);
        let Ok(there) = events::withdrawal_accepted(payout, &withdrawal) else { return Ok(()) };
        let back = events::withdrawal_cancelled(payout, &withdrawal, Bytes::ZERO).expect("as many return");
        for posting in there.postings() {
            prop_assert_eq!(back.change(posting.account).get(), -posting.change.get());
        }
        prop_assert_eq!(there.postings().len(), back.postings().len());
        prop_assert_eq!(back.cause(), &Cause::WithdrawalCancelled(payout));
    }

    #[test]
    fn a_withdrawal_is_refused_exactly_where_its_purse_or_the_fund_lacks_bytes(
        held in (0..3_000u64, 0..3_000u64), withdrawal in any_withdrawal(),
    ) {
        let mut book = Book::new();
        let total = bytes(held.0 + held.1);
        if let Ok(entry) = events::fund_received(output(0), total, bytes(0)) {
            book.apply(&entry).expect("a top-up is never refused");
        }
        if let Ok(entry) = events::deposit_booked(command(0), SHOP, bytes(held.1), bytes(0)) {
            book.apply(&entry).expect("the fund holds it");
        }
        let Ok(entry) = events::withdrawal_accepted(PayoutNumber::new(1), &withdrawal) else { return Ok(()) };
        let (amount, fees) = (withdrawal.amount.get(), withdrawal.fee_reserve.get());
        let enough = match withdrawal.purse {
            Purse::Fund => amount + fees <= held.0,
            Purse::Deposit(SHOP) => amount <= held.1 && fees <= held.0,
            Purse::Deposit(_) => amount == 0 && fees <= held.0,
        };
        prop_assert_eq!(book.apply(&entry).is_ok(), enough);
        prop_assert_eq!(book.coins_expected(), Ok(total), "accepting moves no coins");
    }

    #[test]
    fn settling_takes_exactly_payouts_and_fees_out_of_the_coins(
        paid in 1..5_000u64, withdrawn in 0..4_000u64, released in 0..900u64, size_fees in 0..900u64, tps_fee in 0..900u64,
    ) {
        let mut book = Book::of_balances([
            (Account::Fund, SignedBytes::new(10_000)),
            (Account::Owed, SignedBytes::new(9_000)),
            (Account::FeeReserve, SignedBytes::new(900)),
            (Account::OperatorTopUps, SignedBytes::new(-19_900)),
        ])
        .expect("it balances");
        let settlement = Settlement {
            paid: bytes(paid),
            withdrawn: bytes(withdrawn),
            reserve_released: bytes(released),
            size_fees: bytes(size_fees),
            tps_fee: bytes(tps_fee),
            ..Settlement::default()
        };
        let entry = events::unit_settled(UnitHash::of("a unit"), &settlement).expect("bytes moved");
        book.apply(&entry).expect("the fund covers the fees");
        prop_assert_eq!(book.coins_expected(), Ok(bytes(19_900 - paid - withdrawn - size_fees - tps_fee)));
        let ended = balances(&book, &[Account::Paid, Account::Withdrawn]);
        prop_assert_eq!(ended, [paid, withdrawn].map(|amount| i64::try_from(amount).expect("small")).to_vec());
    }

    #[test]
    fn an_entry_survives_being_written_down(event in any_event()) {
        let Ok(entry) = event else { return Ok(()) };
        let mut postings = entry.postings().to_vec();
        postings.reverse();
        let cause = entry.cause().to_string().parse().expect("the code is known");
        prop_assert_eq!(Entry::of_postings(cause, postings), Ok(entry));
    }
}

#[test]
fn a_part_of_a_coin_is_set_aside_for_spending_it() {
    let shares = |amount, reserve| {
        let mut book = Book::new();
        let entry = events::fund_received(output(0), bytes(amount), bytes(reserve)).expect("bytes arrived");
        book.apply(&entry).expect("it only adds");
        [Account::Fund, Account::FeeReserve].map(|account| book.balance(account).get())
    };
    assert_eq!(shares(10_000, 500), [9_500, 500]);
    assert_eq!(shares(300, 500), [0, 300], "a crumb is set aside whole");
}

fn textcoin() -> ledger::TextcoinOut {
    ledger::TextcoinOut {
        partner: SHOP,
        by_fund: bytes(700),
        by_partner: bytes(300),
        claim_reserve: bytes(80),
    }
}

/// [`owing`], with the purchase paid by a textcoin.
fn given() -> Book {
    let mut book = owing();
    let settlement = Settlement {
        textcoins: bytes(1_000),
        claim_reserves: bytes(80),
        reserve_released: bytes(100),
        size_fees: bytes(15),
        ..Settlement::default()
    };
    let entry = events::unit_settled(UnitHash::of("a unit"), &settlement).expect("bytes move");
    book.apply(&entry).expect("there is enough");
    book
}

const OF_TEXTCOINS: [Account; 6] = [
    Account::Fund,
    Account::Deposit(SHOP),
    Account::TextcoinsOut,
    Account::Paid,
    Account::NetworkFees,
    Account::FeeReserve,
];

#[test]
fn a_textcoin_is_out_with_what_claiming_it_takes() {
    // The fund had 9,200 left; it gets 100 of reserve back, and gives 15 and 80.
    assert_eq!(balances(&given(), &OF_TEXTCOINS), [9_205, 700, 1_080, 0, 15, 0]);
}

#[test]
fn a_claimed_textcoin_is_paid_cashback() {
    let mut book = given();
    let entry = events::textcoin_claimed(PayoutNumber::new(1), &textcoin()).expect("bytes move");
    book.apply(&entry).expect("it is out");
    assert_eq!(balances(&book, &OF_TEXTCOINS), [9_205, 700, 0, 1_000, 95, 0]);
    assert!(book.apply(&entry).is_err(), "it is claimed once");
}

#[test]
fn a_textcoin_taken_back_returns_in_the_shares_in_which_it_was_given_and_fees_are_the_funds() {
    let mut book = given();
    let entry =
        events::textcoin_taken_back(PayoutNumber::new(1), &textcoin(), bytes(70), bytes(50), bytes(0));
    book.apply(&entry.expect("bytes move")).expect("it is out");
    assert_eq!(balances(&book, &OF_TEXTCOINS), [9_865, 1_000, 0, 0, 85, 50]);
}

#[test]
fn what_a_partner_owes_is_settled_by_what_it_gets_back() {
    let entry =
        events::textcoin_taken_back(PayoutNumber::new(1), &textcoin(), bytes(70), bytes(50), bytes(120))
            .expect("bytes move");
    let change = |account| entry.change(account).get();
    assert_eq!(change(Account::Deposit(SHOP)), 180);
    assert_eq!(change(Account::Fund), 710 - 50 + 120);
    assert_eq!((change(Account::Receivable(SHOP)), change(Account::RefundClaims)), (-120, 120));
}

#[test]
fn taking_a_textcoin_back_never_costs_a_partner() {
    let taken = |fees, reserve| {
        events::textcoin_taken_back(PayoutNumber::new(1), &textcoin(), bytes(fees), bytes(reserve), bytes(0))
    };
    let dearest = taken(780, 50).expect("the fund gets nothing");
    assert_eq!(dearest.change(Account::Fund).get(), 0);
    assert_eq!(dearest.change(Account::FeeReserve).get(), 0);
    assert_eq!(dearest.change(Account::Deposit(SHOP)).get(), 300);
    assert_eq!(taken(781, 50), Err(EntryError::TooLarge));
}
