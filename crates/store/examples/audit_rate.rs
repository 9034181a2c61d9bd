//! How long an audit of the books takes, on a book that is made for it:
//!
//!     cargo run --release -p store --example audit_rate -- 1000000
//!
//! writes a database with so many entries, nearly all of them purchases, a hundred of which each unit pays, and
//! audits it. It ends with an error where that finds a fault.

use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;

use ledger::{Account, PartnerId, PayoutNumber, events};
use obyte::{Address, Bytes, UnitHash};
use rusqlite::{Connection, Transaction, params};
use store::sqlite::SqliteStore;
use store::{Bookkeeping, Endpoint};

/// How many payouts a unit pays.
const PER_UNIT: u64 = 100;
const SHARE: u64 = 1_000;
const RESERVE: u64 = 2_000;
const FEES: u64 = 600;
const TPS: u64 = 75;
const CHARGED: u64 = 60;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let entries: u64 = std::env::args().nth(1).map_or(Ok(100_000), |text| text.parse())?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("bytesback.sqlite");
    drop(SqliteStore::open(&file)?);
    let begun = Instant::now();
    write(&file, entries)?;
    println!("{entries} entries written in {:.1} s", begun.elapsed().as_secs_f64());
    let store = SqliteStore::open(&file)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let begun = Instant::now();
    let audit = runtime.block_on(store.audit_book(Endpoint::Test))?;
    println!(
        "{} entries, {} purchases and {} units audited in {:.1} s: {}",
        audit.entries,
        audit.purchases,
        audit.units,
        begun.elapsed().as_secs_f64(),
        if audit.is_sound() { "sound" } else { "NOT SOUND" }
    );
    for fault in audit.faults.iter().take(10) {
        println!("  {fault}");
    }
    Ok(if audit.is_sound() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// One life: money comes, then unit after unit is filled with purchases and settled.
fn write(file: &std::path::Path, entries: u64) -> Result<(), Box<dyn Error>> {
    let mut connection = Connection::open(file)?;
    connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF")?;
    let transaction = connection.transaction()?;
    transaction.execute(
        "INSERT INTO partners (id, name, kind, trusted, added_at) VALUES (1, 'shop-1', 'merchant', 1, 0)",
        [],
    )?;
    let mut book = Writer { transaction: &transaction, book: ledger::Book::new() };
    book.receive()?;
    let units = entries.saturating_sub(1) / (PER_UNIT + 2);
    for unit in 0..units {
        book.settle_unit(unit)?;
    }
    for payout in units * PER_UNIT..entries.saturating_sub(1 + 2 * units) {
        book.purchase(payout, None)?;
    }
    book.keep()?;
    Ok(transaction.commit()?)
}

struct Writer<'a> {
    transaction: &'a Transaction<'a>,
    book: ledger::Book,
}

impl Writer<'_> {
    fn post(&mut self, entry: &ledger::Entry) -> Result<(), Box<dyn Error>> {
        self.book.apply(entry)?;
        let id = self
            .transaction
            .prepare_cached("INSERT INTO entries (endpoint, at, cause, note) VALUES ('test', 5, ?, '')")?
            .insert([entry.cause().to_string()])?;
        let mut insert = self.transaction.prepare_cached("INSERT INTO postings VALUES (?, ?, ?)")?;
        for posting in entry.postings() {
            insert.execute(params![id, posting.account.to_string(), posting.change.get()])?;
        }
        Ok(())
    }

    fn receive(&mut self) -> Result<(), Box<dyn Error>> {
        let (unit, amount) = (UnitHash::of("funding"), Bytes::new(900_000_000_000_000)?);
        self.transaction.execute(
            "INSERT INTO coins (endpoint, unit, message_index, output_index, amount, address, proven_at, reserve)
             VALUES ('test', ?, 0, 0, ?, ?, 5, 0)",
            params![unit.as_str(), i64::from(amount), Address::of_source("payer").as_str()],
        )?;
        let output = ledger::OutputRef { unit, message: 0, output: 0 };
        self.post(&events::fund_received(output, amount, Bytes::ZERO)?)
    }

    fn purchase(&mut self, number: u64, slot: Option<(u64, u64)>) -> Result<(), Box<dyn Error>> {
        let (id, address) = (i64::try_from(number + 1)?, Address::of_source(&number.to_string()));
        let (slot, position) = slot.unzip();
        let (slot, position) =
            (slot.map(i64::try_from).transpose()?, position.map(i64::try_from).transpose()?);
        self.transaction
            .prepare_cached(
                "INSERT INTO payouts (id, endpoint, address, amount, fee_reserve, queued_at, slot, position)
                 VALUES (?, 'test', ?, ?, ?, 5, ?, ?)",
            )?
            .execute(params![
                id,
                address.as_str(),
                i64::try_from(SHARE)?,
                i64::try_from(RESERVE)?,
                slot,
                position
            ])?;
        self.transaction
            .prepare_cached(
                "INSERT INTO purchases (endpoint, partner, merchant_scope, order_id, recipient, currency,
                     currency_amount, percentage, customer, merchant, description, base, partner_share, matched,
                     rates, payout)
                 VALUES ('test', 1, '', ?, ?, 'USD', '1', '0', '0', '', 'coffee', ?, 0, 0, 'GBYTE_USD=20', ?)",
            )?
            .execute(params![format!("order-{number}"), address.as_str(), i64::try_from(SHARE)?, id])?;
        let acceptance = ledger::Acceptance {
            partner: PartnerId::new(1),
            base: Bytes::new(SHARE)?,
            partner_share: Bytes::ZERO,
            matched: Bytes::ZERO,
            fee_reserve: Bytes::new(RESERVE)?,
        };
        self.post(&events::purchase_accepted(PayoutNumber::new(id), &acceptance)?)
    }

    fn settle_unit(&mut self, slot: u64) -> Result<(), Box<dyn Error>> {
        let (no, unit) = (i64::try_from(slot)?, UnitHash::of(&format!("unit {slot}")));
        let (payer, before) = (Address::of_source("payer"), UnitHash::of("before"));
        self.transaction
            .prepare_cached(
                "INSERT INTO slots (endpoint, no, anchor_unit, anchor_message, anchor_output, anchor_amount,
                     anchor_address, state, winner, mci, charged_tps_fee, closed_at)
                 VALUES ('test', ?, ?, 0, 0, 9, ?, 'settled', 0, 5, ?, 5)",
            )?
            .execute(params![no, before.as_str(), payer.as_str(), i64::try_from(CHARGED)?])?;
        let version = self
            .transaction
            .prepare_cached(
                "INSERT INTO versions (endpoint, slot, version, unit, json, change_message, change_output,
                     change_amount, change_address, size_fee, tps_fee, signed_at, status)
                 VALUES ('test', ?, 0, ?, ?, 0, 0, 9, ?, ?, ?, 5, 'final')",
            )?
            .insert(params![
                no,
                unit.as_str(),
                "x".repeat(7_000), // as long as such a unit
                payer.as_str(),
                i64::try_from(FEES)?,
                i64::try_from(TPS)?
            ])?;
        for position in 0..PER_UNIT {
            let number = slot * PER_UNIT + position;
            self.purchase(number, Some((slot, position)))?;
            self.transaction.prepare_cached("INSERT INTO version_outputs VALUES (?, ?, ?, ?)")?.execute(
                params![
                    version,
                    i64::try_from(position)?,
                    i64::try_from(number + 1)?,
                    i64::try_from(position + 1)?
                ],
            )?;
        }
        let settlement = ledger::Settlement {
            paid: Bytes::new(PER_UNIT * SHARE)?,
            withdrawn: Bytes::ZERO,
            reserve_released: Bytes::new(PER_UNIT * RESERVE)?,
            size_fees: Bytes::new(FEES)?,
            tps_fee: Bytes::new(TPS)?,
            ..ledger::Settlement::default()
        };
        self.post(&events::unit_settled(unit, &settlement)?)?;
        self.post(&events::tps_fee_charged(unit, Bytes::new(CHARGED)?)?)
    }

    fn keep(&self) -> Result<(), Box<dyn Error>> {
        let mut insert = self.transaction.prepare_cached("INSERT INTO balances VALUES ('test', ?, ?)")?;
        for (account, balance) in self.book.balances() {
            insert.execute(params![account.to_string(), balance.get()])?;
        }
        assert!(!self.book.balance(Account::Fund).is_negative(), "the fund is large enough");
        Ok(())
    }
}
