//! The audit of the books finds what somebody has changed with SQL, and names it.

use std::path::Path;

use ledger::Account;
use obyte::{Address, UnitHash};
use payout::{Change, PayoutId};
use rusqlite::Connection;
use store::sqlite::SqliteStore;
use store::{
    AttestedPayee, BookAudit, Bookkeeping, DepositOrder, Endpoint, Provisions, RefundOrder, RefundVerdict,
    Shares, StoreError, Verdict, Violation, WithdrawalFrom, WithdrawalOrder, WithdrawalVerdict,
};
use tempfile::TempDir;

use crate::InFile;
use crate::suite::Backend;
use crate::suite::corrections::{corrected, issued};
use crate::suite::units::{settled, slot};
use crate::suite::world::{FUND, World, bytes, coin};

/// A book in which everything has happened once: order 1 is paid, 2 waits, 3 is an agent's, 4 was returned, 5
/// was returned and turned out to be an agent's; a withdrawal waits, and another one is an agent's; payout 8 is for a
/// mailbox whose wallet is attested, 9 is a textcoin.
async fn lived(backend: &InFile) {
    let world = World::rich(backend).await;
    let deposit = |command: &str, amount| DepositOrder {
        command: command.parse().expect("a good id"),
        partner: world.partner,
        amount: bytes(amount),
        note: String::new(),
        at: world.now(),
    };
    world.store.book_deposit(Endpoint::Test, deposit("d1", 5_000)).await.expect("booked");
    let mut payouts = Vec::new();
    for order in ["1", "2", "3", "4", "5"] {
        let shares = Shares { base: bytes(4_000), partner: bytes(200), matched: bytes(200) };
        let purchase = store::Acceptance { shares, ..world.purchase(order, 1) };
        let Verdict::Accepted(record) = world.accept(purchase).await else { panic!("it is accepted") };
        payouts.push(record.payout);
    }
    let first = slot(0, &[coin("funding", FUND)], &payouts[..1]);
    world.apply([Change::SlotOpened(first.clone())]).await.expect("a good slot");
    world.apply([settled(&first, first.head())]).await.expect("a good settlement");
    for order in ["4", "5"] {
        let share = "100".parse().expect("a percentage");
        let order =
            RefundOrder { key: world.key(order), returned: None, currency: None, share, at: world.now() };
        let verdict = world.store.refund(Endpoint::Test, order).await.expect("the store works");
        assert!(matches!(verdict, RefundVerdict::Booked(_)), "{verdict:?}");
    }
    for payout in [payouts[2], payouts[4]] {
        world.apply([Change::Parked { payout: payout.id, at: world.now() }]).await.expect("it waits");
    }
    world.store.book_deposit(Endpoint::Test, deposit("d2", 2_000)).await.expect("booked");
    assert_eq!(world.balance(Account::Receivable(world.partner)).await, 0);
    let provisions = Provisions { fee_reserve: bytes(700), ..Provisions::default() };
    world.store.keep_provisions(Endpoint::Test, provisions).await.expect("the store works");
    for command in ["w1", "w2"] {
        let from = WithdrawalFrom::Fund { to: Address::of_source("the operator") };
        let command = command.parse().expect("a good id");
        let order = WithdrawalOrder { command, from, amount: bytes(500), at: world.now() };
        let verdict = world.store.withdraw(Endpoint::Test, order).await.expect("the store works");
        assert!(matches!(verdict, WithdrawalVerdict::Accepted(_)), "{verdict:?}");
    }
    let agents = PayoutId::new(7);
    world.apply([Change::Parked { payout: agents, at: world.now() }]).await.expect("it waits");
    let wallet = AttestedPayee {
        address: Address::of_source("a wallet"),
        unit: UnitHash::of("an attestation"),
        attestor: Address::of_source("an attestor"),
    };
    for (order, attested) in [("8", Some(wallet)), ("9", None)] {
        let mut purchase = store::Acceptance { attested, ..world.purchase(order, 1_000) };
        purchase.terms.recipient = "a@example.org".parse().expect("a mailbox");
        assert!(matches!(world.accept(purchase).await, Verdict::Accepted(_)));
    }
}

/// The audit of a copy of a database, after this was done to it.
async fn after(database: &Path, damage: &str) -> BookAudit {
    let folder = TempDir::new().expect("a temporary directory");
    let copy = folder.path().join("copy.db");
    std::fs::copy(database, &copy).expect("copied");
    let connection = Connection::open(&copy).expect("a database");
    connection.execute_batch(damage).unwrap_or_else(|error| panic!("{damage}: {error}"));
    connection.close().expect("nothing is open");
    let store = SqliteStore::open(&copy).expect("a good file");
    store.audit_book(Endpoint::Test).await.expect("the store works")
}

#[tokio::test]
async fn an_audit_finds_what_was_changed_and_names_it() {
    let backend = InFile::fresh();
    lived(&backend).await;
    let sound = after(&backend.path(), "").await;
    assert!(sound.is_sound(), "{:?}", sound.faults);
    assert_eq!((sound.entries, sound.purchases, sound.units), (20, 7, 1));

    let unruled =
        "PRAGMA foreign_keys = OFF; CREATE TABLE unruled AS SELECT * FROM entries; DROP TABLE entries;
        ALTER TABLE unruled RENAME TO entries";
    let accepted = "(SELECT id FROM entries WHERE cause = 'purchase-accepted:2')";
    for (damage, found) in [
        ("DELETE FROM postings WHERE entry = 1; DELETE FROM entries WHERE id = 1".to_owned(), "no entry for fund-received:"),
        (
            format!("DELETE FROM postings WHERE entry = {accepted}; DELETE FROM entries WHERE cause = 'purchase-accepted:2'"),
            "no entry for purchase-accepted:2",
        ),
        (
            "DELETE FROM postings WHERE entry IN (SELECT id FROM entries WHERE cause LIKE 'unit-settled:%');
             DELETE FROM entries WHERE cause LIKE 'unit-settled:%'".to_owned(),
            "no entry for unit-settled:",
        ),
        (
            "DELETE FROM postings WHERE entry IN (SELECT id FROM entries WHERE cause = 'purchase-refunded:4');
             DELETE FROM entries WHERE cause = 'purchase-refunded:4'".to_owned(),
            "no entry for purchase-refunded:4",
        ),
        (
            format!("UPDATE postings SET change = change + 5 WHERE account = 'owed' AND entry = {accepted}"),
            "does not balance",
        ),
        (
            format!(
                "UPDATE postings SET change = change + 5 WHERE account = 'owed' AND entry = {accepted};
                 UPDATE postings SET change = change - 5 WHERE account = 'fund' AND entry = {accepted};
                 UPDATE balances SET balance = balance + 5 WHERE account = 'owed';
                 UPDATE balances SET balance = balance - 5 WHERE account = 'fund'"
            ),
            "(purchase-accepted:2) books other amounts",
        ),
        ("UPDATE balances SET balance = balance + 1 WHERE account = 'fund'".to_owned(), "account fund is kept as"),
        ("UPDATE balances SET balance = -1 WHERE account = 'paid'".to_owned(), "account paid is below zero"),
        ("UPDATE payouts SET address = 'QZAB2MYRLRVUNITTOOCF5ZE3AG4TCJDD' WHERE id = 2".to_owned(), "payout 2 goes to another address"),
        ("UPDATE payouts SET address = 'QZAB2MYRLRVUNITTOOCF5ZE3AG4TCJDD' WHERE id = 8".to_owned(), "payout 8 goes to another address"),
        ("UPDATE purchases SET attested_address = 'QZAB2MYRLRVUNITTOOCF5ZE3AG4TCJDD' WHERE payout = 8".to_owned(), "payout 8 goes to another address"),
        ("UPDATE purchases SET recipient = 'QZAB2MYRLRVUNITTOOCF5ZE3AG4TCJDD' WHERE payout = 8".to_owned(), "payout 8 goes to another address"),
        (
            "UPDATE purchases SET attested_address = NULL, attested_unit = NULL, attestor = NULL WHERE payout = 8".to_owned(),
            "payout 8 goes to another address",
        ),
        ("UPDATE purchases SET recipient = 'QZAB2MYRLRVUNITTOOCF5ZE3AG4TCJDD' WHERE payout = 9".to_owned(), "payout 9 goes to another address"),
        (
            "UPDATE purchases SET attested_address = 'x', attested_unit = 'x', attestor = 'x' WHERE payout = 9".to_owned(),
            "payout 9 goes to another address",
        ),
        ("UPDATE payouts SET amount = amount + 1 WHERE id = 2".to_owned(), "payout 2 is not the sum"),
        ("UPDATE purchases SET base = base + 1 WHERE payout = 2".to_owned(), "(purchase-accepted:2) books other amounts"),
        ("UPDATE refunds SET claim = claim + 1 WHERE payout = 4".to_owned(), "(purchase-refunded:4) books other amounts"),
        ("DELETE FROM refunds WHERE payout = 4".to_owned(), "(purchase-refunded:4) is for nothing"),
        ("UPDATE payouts SET parked_at = NULL WHERE id = 3".to_owned(), "(payout-cancelled:3) is for nothing"),
        ("UPDATE payouts SET parked_at = 5 WHERE id = 2".to_owned(), "no entry for payout-cancelled:2"),
        ("UPDATE payouts SET amount = amount + 1 WHERE id = 6".to_owned(), "(withdrawal-accepted:6) books other amounts"),
        ("UPDATE withdrawals SET partner = 1 WHERE payout = 6".to_owned(), "(withdrawal-accepted:6) books other amounts"),
        ("UPDATE payouts SET parked_at = 5 WHERE id = 6".to_owned(), "no entry for withdrawal-cancelled:6"),
        ("UPDATE payouts SET parked_at = NULL WHERE id = 7".to_owned(), "(withdrawal-cancelled:7) is for nothing"),
        ("DELETE FROM withdrawals WHERE payout = 6".to_owned(), "(withdrawal-accepted:6) is for nothing"),
        (
            "DELETE FROM postings WHERE entry IN (SELECT id FROM entries WHERE cause = 'withdrawal-accepted:6');
             DELETE FROM entries WHERE cause = 'withdrawal-accepted:6'".to_owned(),
            "no entry for withdrawal-accepted:6",
        ),
        ("UPDATE payouts SET slot = 0, position = 1 WHERE id = 2".to_owned(), "payout 2 counts as paid"),
        ("UPDATE payouts SET slot = NULL, position = NULL WHERE id = 1".to_owned(), "payout 1 is paid by the unit of slot 0"),
        ("DELETE FROM version_outputs".to_owned(), "payout 1 counts as paid"),
        ("UPDATE versions SET size_fee = size_fee + 1".to_owned(), "(unit-settled:"),
        ("UPDATE slots SET charged_tps_fee = 1".to_owned(), "(tps-fee-charged:"),
        ("UPDATE coins SET amount = amount + 1".to_owned(), "(fund-received:"),
        (
            "INSERT INTO entries VALUES (99, 'test', 5, 'purchase-accepted:02', '');
             INSERT INTO postings VALUES (99, 'fund', -4900), (99, 'owed', 4200), (99, 'fee-reserve', 700)".to_owned(),
            "entry 99 cannot be read: its cause is unknown",
        ),
        (
            "INSERT INTO entries VALUES (99, 'test', 5, 'purchase-accepted:77', '');
             INSERT INTO postings VALUES (99, 'fund', -4900), (99, 'owed', 4200), (99, 'fee-reserve', 700)".to_owned(),
            "(purchase-accepted:77) is for nothing",
        ),
        (
            "INSERT INTO entries VALUES (99, 'test', 5, 'deposit-booked:x', '');
             INSERT INTO postings VALUES (99, 'fund', -9), (99, 'deposit:1', 9)".to_owned(),
            "(deposit-booked:x)",
        ),
        (
            "INSERT INTO entries VALUES (99, 'test', 5, 'deposit-booked:x', '');
             INSERT INTO postings VALUES (99, 'deposit:1', -9000000), (99, 'operator-top-ups', 9000000)".to_owned(),
            "goes below zero",
        ),
        (
            // The table without its rules, and everything of the entry twice.
            format!(
                "{unruled}; INSERT INTO entries SELECT 99, endpoint, at, cause, note FROM entries WHERE id = {accepted};
                 INSERT INTO postings SELECT 99, account, change FROM postings WHERE entry = {accepted};
                 UPDATE balances SET balance = (SELECT sum(change) FROM postings WHERE postings.account = balances.account)
                     WHERE endpoint = 'test'"
            ),
            "purchase-accepted:2 is booked 2 times",
        ),
        (
            "DROP INDEX version_outputs_of_payout;
             INSERT INTO version_outputs SELECT version, position + 1, payout, output_index + 1 FROM version_outputs".to_owned(),
            "payout 1 is paid 2 times by the unit of slot 0",
        ),
        (
            "INSERT INTO entries VALUES (99, 'test', 5, 'coin-found:oj8yEksX9Ubq7lLc+p6F2uyHUuynugeVq4+ikT67X6E=:0:0', '');
             INSERT INTO postings VALUES (99, 'elsewhere', -9), (99, 'missing', 9)".to_owned(),
            "is for nothing that has happened",
        ),
        ("UPDATE coins SET address = 'QZAB2MYRLRVUNITTOOCF5ZE3AG4TCJDD', partner = 1".to_owned(), "is for nothing"),
        (
            "UPDATE postings SET account = 'somewhere' WHERE account = 'paid'".to_owned(),
            "an account of it is unknown",
        ),
    ] {
        let audit = after(&backend.path(), &damage).await;
        let said: Vec<_> = audit.faults.iter().map(ToString::to_string).collect();
        assert!(said.iter().any(|fault| fault.contains(found)), "{damage}\nwants {found:?}\nfound {said:#?}");
    }
}

/// A payout that gives a cashback anew is explained by a correction and by what came back, and by nothing else.
#[tokio::test]
async fn what_is_given_anew_without_a_reason_is_found_and_goes_into_no_slot() {
    let backend = InFile::fresh();
    let (world, change, payout) = corrected(&backend).await;
    drop(world);
    let path = backend.path();
    let anew = format!("payout {} gives the cashback of its purchase anew", payout.id);
    let not_back =
        "UPDATE textcoins SET outcome = NULL, ended_by = NULL, ended_at = NULL, ended_no = NULL".to_owned();
    for (damage, found) in [
        ("UPDATE payouts SET mailbox = 'thief@example.org' WHERE origin IS NOT NULL".to_owned(), &*anew),
        ("DELETE FROM corrections".to_owned(), &anew),
        (
            "UPDATE payouts SET fee_reserve = fee_reserve + 1 WHERE origin IS NOT NULL".to_owned(),
            "books other amounts",
        ),
        (not_back.clone(), &anew),
        (
            format!("UPDATE payouts SET amount = amount + 1 WHERE id = {}", payout.id),
            "is not the sum of the shares",
        ),
        (
            format!(
                "DELETE FROM postings WHERE entry = (SELECT id FROM entries WHERE cause = 'purchase-accepted:{0}');
                 DELETE FROM entries WHERE cause = 'purchase-accepted:{0}'",
                payout.id
            ),
            &format!("no entry for purchase-accepted:{}", payout.id),
        ),
        (
            format!("DELETE FROM corrections; DELETE FROM payouts WHERE id = {}", payout.id),
            "is for nothing that has happened",
        ),
        (
            // What came back once is given to two, with all that belongs to it.
            format!(
                "DROP INDEX corrections_given;
                 INSERT INTO payouts (id, endpoint, address, textcoin, amount, fee_reserve, queued_at, expires_after,
                     origin, mailbox)
                 SELECT 77, endpoint, '', 1, amount, fee_reserve, queued_at, expires_after, origin, 'thief@example.org'
                 FROM payouts WHERE id = {0};
                 INSERT INTO corrections (endpoint, payout, mailbox, asked_by, asked_at, outcome, ended_at, next)
                 SELECT endpoint, payout, 'thief@example.org', asked_by, asked_at, outcome, ended_at, 77
                 FROM corrections;
                 INSERT INTO entries SELECT 99, endpoint, at, 'purchase-accepted:77', note FROM entries
                     WHERE cause = 'purchase-accepted:{0}';
                 INSERT INTO postings SELECT 99, account, change FROM postings
                     WHERE entry = (SELECT id FROM entries WHERE cause = 'purchase-accepted:{0}');
                 UPDATE balances SET balance = (SELECT sum(change) FROM postings
                     WHERE postings.account = balances.account) WHERE endpoint = 'test'",
                payout.id
            ),
            "payout 77 gives the cashback of its purchase anew",
        ),
    ] {
        let faults = after(&path, &damage).await.faults;
        let texts: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert!(texts.iter().any(|text| text.contains(found)), "{damage}\n{texts:#?}");
    }
    Connection::open(&path).expect("a database").execute_batch(&not_back).expect("a good statement");
    let opened = slot(1, &[change], &[issued(payout, 1)]);
    let store = backend.open();
    let lock = store.lock_payer(Endpoint::Test).await.expect("nobody else pays");
    let refused = store.apply(&lock, vec![Change::SlotOpened(opened)]).await;
    assert!(
        matches!(refused, Err(StoreError::Violation(Violation::NotTakenBack(id))) if id == payout.id),
        "{refused:?}"
    );
}
