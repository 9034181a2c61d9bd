//! The audit of a book: one pass over all entries, each held against the rows of what it is for; then a count
//! of what should have entries, so that none is missing.

use std::collections::BTreeMap;

use ledger::{Account, Cause, Entry, EntryError, Posting, SignedBytes};
use payout::SlotNo;
use rusqlite::{Connection, named_params};

use super::expected::expected;
use super::happened::HAPPENED;
use crate::bookkeeping::FAULTS_MAX;
use crate::sqlite::book;
use crate::sqlite::codec::Fields;
use crate::{BookAudit, BookFault, Endpoint, EntryId, StoreError};

/// Payouts of settled slots that their good unit does not pay.
const NOT_PAID: &str = "SELECT payouts.id AS payout, slots.no AS slot FROM payouts
    JOIN slots ON slots.endpoint = payouts.endpoint AND slots.no = payouts.slot
    WHERE payouts.endpoint = :endpoint AND slots.state = 'settled' AND NOT EXISTS (
        SELECT 1 FROM versions JOIN version_outputs ON version_outputs.version = versions.id
        WHERE versions.endpoint = slots.endpoint AND versions.slot = slots.no
            AND versions.version = slots.winner AND version_outputs.payout = payouts.id)";
/// What good units pay.
const PAID: &str = "SELECT payouts.id AS payout, slots.no AS slot FROM slots
    JOIN versions ON versions.endpoint = slots.endpoint AND versions.slot = slots.no
        AND versions.version = slots.winner
    JOIN version_outputs ON version_outputs.version = versions.id
    JOIN payouts ON payouts.id = version_outputs.payout
    WHERE slots.endpoint = :endpoint AND slots.state = 'settled'";
/// And of that, what does not belong to their slots.
const ELSEWHERE: &str = " AND (payouts.slot IS NOT slots.no OR payouts.endpoint <> slots.endpoint)";

pub(super) fn audit(connection: &Connection, endpoint: Endpoint) -> Result<BookAudit, StoreError> {
    let mut auditor = Auditor {
        connection,
        endpoint,
        balances: BTreeMap::new(),
        booked: BTreeMap::new(),
        found: BookAudit::default(),
    };
    auditor.read_entries()?;
    auditor.compare_balances()?;
    auditor.look_for_doubled()?;
    for (kind, happened) in HAPPENED {
        auditor.count(kind, happened)?;
    }
    auditor.look_for_paid()?;
    let anew =
        auditor.number("SELECT count(*) FROM payouts WHERE endpoint = :endpoint AND origin IS NOT NULL")?;
    auditor.found.purchases = auditor.booked("purchase-accepted").saturating_sub(anew);
    auditor.found.units = auditor.booked("unit-settled");
    Ok(auditor.found)
}

struct Auditor<'a> {
    connection: &'a Connection,
    endpoint: Endpoint,
    /// After the entries read so far.
    balances: BTreeMap<Account, i128>,
    /// How many entries are for something that has happened, by the kind of their cause.
    booked: BTreeMap<&'static str, u64>,
    found: BookAudit,
}

/// An entry as it is written, readable or not.
struct Written {
    id: EntryId,
    cause: String,
    postings: Vec<(String, i64)>,
}

impl Auditor<'_> {
    fn read_entries(&mut self) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare(
            "SELECT entries.id AS id, cause, account, change FROM entries NOT INDEXED
             LEFT JOIN postings ON postings.entry = entries.id WHERE endpoint = ? ORDER BY entries.id",
        )?;
        let mut rows = statement.query([self.endpoint.code()])?;
        let mut open: Option<Written> = None;
        while let Some(row) = rows.next()? {
            let fields = Fields::new("entries", row);
            let id = EntryId::new(fields.plain("id")?);
            if open.as_ref().is_none_or(|open| open.id != id) {
                let next = Written { id, cause: fields.plain("cause")?, postings: Vec::new() };
                if let Some(whole) = open.replace(next) {
                    self.examine(&whole)?;
                }
            }
            if let (Some(open), Some(account)) = (&mut open, fields.plain::<Option<String>>("account")?) {
                open.postings.push((account, fields.plain("change")?));
            }
        }
        open.map_or(Ok(()), |whole| self.examine(&whole))
    }

    fn examine(&mut self, written: &Written) -> Result<(), StoreError> {
        self.found.entries += 1;
        match read(written) {
            Ok(entry) => {
                self.hold_against_rows(written.id, &entry)?;
                self.apply(written.id, &entry);
            }
            Err(fault) => {
                self.fault(fault);
                self.apply_readable(written);
            }
        }
        Ok(())
    }

    fn hold_against_rows(&mut self, id: EntryId, entry: &Entry) -> Result<(), StoreError> {
        let cause = entry.cause().clone();
        let balance = |account| self.balances.get(&account).copied().unwrap_or_default();
        match expected(self.connection, self.endpoint, entry, balance) {
            Ok(None) => self.fault(BookFault::Groundless { entry: id, cause }),
            Ok(Some((expected, faults))) => {
                *self.booked.entry(cause.kind()).or_default() += 1;
                faults.into_iter().for_each(|fault| self.fault(fault));
                if expected.as_ref() != Some(entry) {
                    self.fault(BookFault::OtherAmounts { entry: id, cause });
                }
            }
            Err(error @ StoreError::BadRow { .. }) => self.fault(BookFault::Damaged(error.to_string())),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    fn apply(&mut self, id: EntryId, entry: &Entry) {
        for posting in entry.postings() {
            let balance = self.balances.entry(posting.account).or_default();
            *balance += i128::from(posting.change);
            let balance = *balance;
            if balance < 0 && !posting.account.may_be_negative() && posting.change.is_negative() {
                self.fault(BookFault::Overdrawn { entry: id, account: posting.account, balance });
            }
        }
    }

    /// The balances follow what is written, so that one fault is not reported as many.
    fn apply_readable(&mut self, written: &Written) {
        for (account, change) in &written.postings {
            if let Ok(account) = account.parse() {
                *self.balances.entry(account).or_default() += i128::from(*change);
            }
        }
    }

    fn compare_balances(&mut self) -> Result<(), StoreError> {
        let kept = book::kept(self.connection, self.endpoint)?;
        let mut check = crate::BookCheck::default();
        book::compare(&mut check, &self.balances, &kept);
        check.differences.into_iter().for_each(|difference| self.fault(BookFault::Balance(difference)));
        check.below_zero.into_iter().for_each(|account| self.fault(BookFault::BelowZero(account)));
        let is_claim = |account: &Account| matches!(account, Account::Receivable(_) | Account::RefundClaims);
        let claims: i128 =
            self.balances.iter().filter(|(account, _)| is_claim(account)).map(|(_, sum)| sum).sum();
        if claims != 0 {
            self.fault(BookFault::Claims(claims));
        }
        Ok(())
    }

    fn booked(&self, kind: &str) -> u64 {
        self.booked.get(kind).copied().unwrap_or_default()
    }

    /// The schema forbids it; but a schema can be changed like any row.
    fn look_for_doubled(&mut self) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare(
            "SELECT cause, count(*) FROM entries WHERE endpoint = ? GROUP BY cause HAVING count(*) > 1",
        )?;
        let mut rows = statement.query([self.endpoint.code()])?;
        while let Some(row) = rows.next()? {
            let times: i64 = row.get(1)?;
            self.fault(BookFault::Doubled { cause: row.get(0)?, times: times.unsigned_abs() });
        }
        Ok(())
    }

    /// Each entry counted has its row, and those that are doubled are named elsewhere; so where the counts agree
    /// nothing is missing.
    fn count(&mut self, kind: &str, happened: &str) -> Result<(), StoreError> {
        if self.number(&format!("SELECT count(*) FROM ({happened})"))? == self.booked(kind) {
            return Ok(());
        }
        let missing = format!(
            "SELECT cause FROM ({happened}) AS happened WHERE NOT EXISTS (
                 SELECT 1 FROM entries WHERE endpoint = :endpoint AND entries.cause = happened.cause)"
        );
        let mut statement = self.connection.prepare(&missing)?;
        let mut rows = statement.query(named_params! { ":endpoint": self.endpoint.code() })?;
        while let Some(row) = rows.next()? {
            self.fault(BookFault::NotBooked { cause: row.get(0)? });
        }
        Ok(())
    }

    fn look_for_paid(&mut self) -> Result<(), StoreError> {
        let settled = self.number(
            "SELECT count(*) FROM payouts
             JOIN slots ON slots.endpoint = payouts.endpoint AND slots.no = payouts.slot
             WHERE payouts.endpoint = :endpoint AND slots.state = 'settled'",
        )?;
        let elsewhere = format!("{PAID}{ELSEWHERE}");
        let mut faults = Vec::new();
        self.payouts(&elsewhere, |payout, slot| faults.push(BookFault::PaidElsewhere { payout, slot }))?;
        if !faults.is_empty() || settled != self.number(&format!("SELECT count(*) FROM ({PAID})"))? {
            self.payouts(NOT_PAID, |payout, _| faults.push(BookFault::NotPaid { payout }))?;
            let mut times = BTreeMap::<_, u64>::new();
            self.payouts(PAID, |payout, slot| *times.entry((payout, slot)).or_default() += 1)?;
            let twice = times.into_iter().filter(|(_, times)| *times > 1);
            faults.extend(twice.map(|((payout, slot), times)| BookFault::PaidTwice { payout, slot, times }));
        }
        faults.into_iter().for_each(|fault| self.fault(fault));
        Ok(())
    }

    fn payouts(&self, query: &str, mut each: impl FnMut(i64, SlotNo)) -> Result<(), StoreError> {
        let mut statement = self.connection.prepare(query)?;
        let mut rows = statement.query(named_params! { ":endpoint": self.endpoint.code() })?;
        while let Some(row) = rows.next()? {
            let fields = Fields::new("payouts", row);
            each(fields.plain("payout")?, SlotNo::new(fields.number("slot")?));
        }
        Ok(())
    }

    fn number(&self, query: &str) -> Result<u64, StoreError> {
        let number: i64 =
            self.connection
                .query_row(query, named_params! { ":endpoint": self.endpoint.code() }, |row| row.get(0))?;
        Ok(number.unsigned_abs())
    }

    fn fault(&mut self, fault: BookFault) {
        if self.found.faults.len() < FAULTS_MAX {
            self.found.faults.push(fault);
        } else {
            self.found.more += 1;
        }
    }
}

fn read(written: &Written) -> Result<Entry, BookFault> {
    let entry = written.id;
    let unreadable = |why: String| BookFault::Unreadable { entry, why };
    let cause: Cause = written.cause.parse().map_err(|_| unreadable("its cause is unknown".to_owned()))?;
    let posting = |(account, change): &(String, i64)| {
        let account = account.parse().map_err(|_| unreadable("an account of it is unknown".to_owned()))?;
        Ok(Posting { account, change: SignedBytes::new(*change) })
    };
    let postings = written.postings.iter().map(posting).collect::<Result<_, BookFault>>()?;
    Entry::of_postings(cause, postings).map_err(|error| match error {
        EntryError::Unbalanced | EntryError::Empty => BookFault::Unbalanced { entry },
        error => unreadable(error.to_string()),
    })
}
