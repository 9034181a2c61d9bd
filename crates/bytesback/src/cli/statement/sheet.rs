//! A statement with its running balances, as rows.

use anyhow::Context;
use ledger::SignedBytes;
use program::Day;
use serde_json::{Map, Value, json};
use store::{Endpoint, MerchantScope, PurchaseKey, Statement, StatementLine};

use super::csv::{Cell, push_row};
use crate::cli::people::date;

/// A statement, and what is said about it.
pub(super) struct Sheet {
    pub(super) endpoint: Endpoint,
    /// Whose it is.
    pub(super) of: String,
    /// How its accounts are called.
    pub(super) names: Vec<&'static str>,
    pub(super) from: Option<Day>,
    pub(super) to: Option<Day>,
    pub(super) statement: Statement,
}

/// What happened on one day.
struct DayLine {
    day: Day,
    entries: u64,
    changes: Vec<SignedBytes>,
    balances: Vec<SignedBytes>,
}

impl Sheet {
    /// The balances behind each line. The last ones are the closing balances, which were summed up apart.
    fn balances(&self) -> anyhow::Result<Vec<Vec<SignedBytes>>> {
        let mut balances = self.statement.opening.clone();
        let mut behind = Vec::with_capacity(self.statement.lines.len());
        for line in &self.statement.lines {
            add(&mut balances, &line.changes)?;
            behind.push(balances.clone());
        }
        anyhow::ensure!(
            balances == self.statement.closing,
            "the statement does not balance: the book is damaged, run `bytesback audit`"
        );
        Ok(behind)
    }

    pub(super) fn to_csv(&self) -> anyhow::Result<String> {
        let mut csv = String::new();
        push_row(&mut csv, &self.head(&["time", "entry", "cause", "order_id", "merchant", "note"]));
        self.push_ends(&mut csv, "opening balance", 6, &self.statement.opening);
        for (line, balances) in self.statement.lines.iter().zip(self.balances()?) {
            let (order, merchant) = names(line.purchase.as_ref());
            let mut cells = vec![
                Cell::text(date(line.at)),
                Cell::Number(line.entry.get()),
                Cell::text(&line.cause),
                Cell::text(order),
                Cell::text(merchant),
                Cell::text(&line.note),
            ];
            push_amounts(&mut cells, &line.changes, &balances);
            push_row(&mut csv, &cells);
        }
        self.push_ends(&mut csv, "closing balance", 6, &self.statement.closing);
        Ok(csv)
    }

    pub(super) fn to_daily_csv(&self) -> anyhow::Result<String> {
        let mut csv = String::new();
        push_row(&mut csv, &self.head(&["day", "entries", "line"]));
        self.push_ends(&mut csv, "opening balance", 3, &self.statement.opening);
        for line in self.days()? {
            let count = i64::try_from(line.entries).context("too many entries")?;
            let mut cells = vec![Cell::text(line.day), Cell::Number(count), Cell::text("")];
            push_amounts(&mut cells, &line.changes, &line.balances);
            push_row(&mut csv, &cells);
        }
        self.push_ends(&mut csv, "closing balance", 3, &self.statement.closing);
        Ok(csv)
    }

    fn head(&self, first: &[&str]) -> Vec<Cell> {
        let amounts =
            self.names.iter().flat_map(|name| [format!("{name}_change"), format!("{name}_balance")]);
        first.iter().map(Cell::text).chain(amounts.map(Cell::Text)).collect()
    }

    /// The first or the last row: what it is stands in the third column.
    fn push_ends(&self, csv: &mut String, what: &str, columns: usize, balances: &[SignedBytes]) {
        let mut cells = vec![Cell::text(""); columns];
        cells[2] = Cell::text(what);
        for balance in balances {
            cells.extend([Cell::text(""), Cell::Number(balance.get())]);
        }
        push_row(csv, &cells);
    }

    fn days(&self) -> anyhow::Result<Vec<DayLine>> {
        let mut days: Vec<DayLine> = Vec::new();
        for (line, balances) in self.statement.lines.iter().zip(self.balances()?) {
            let day = Day::of_millis(line.at.as_millis());
            match days.last_mut().filter(|last| last.day == day) {
                Some(last) => {
                    last.entries += 1;
                    add(&mut last.changes, &line.changes)?;
                    last.balances = balances;
                }
                None => days.push(DayLine { day, entries: 1, changes: line.changes.clone(), balances }),
            }
        }
        Ok(days)
    }

    pub(super) fn to_json(&self, daily: bool) -> anyhow::Result<Value> {
        let lines: Vec<Value> = if daily {
            let line = |line: DayLine| {
                json!({
                    "day": line.day.to_string(),
                    "entries": line.entries,
                    "changes": self.named(&line.changes),
                    "balances": self.named(&line.balances),
                })
            };
            self.days()?.into_iter().map(line).collect()
        } else {
            let balances = self.balances()?;
            self.statement.lines.iter().zip(&balances).map(|(line, after)| self.entry(line, after)).collect()
        };
        let day = |day: Option<Day>| day.map(|day| day.to_string());
        Ok(json!({
            "endpoint": self.endpoint.code(),
            "of": self.of,
            "from": day(self.from),
            "to": day(self.to),
            "opening": self.named(&self.statement.opening),
            "lines": lines,
            "closing": self.named(&self.statement.closing),
        }))
    }

    fn entry(&self, line: &StatementLine, balances: &[SignedBytes]) -> Value {
        let key = line.purchase.as_ref();
        json!({
            "time": date(line.at),
            "entry": line.entry.get(),
            "cause": line.cause.to_string(),
            "order_id": key.map(|key| key.order_id.as_str()),
            "merchant": key.and_then(|key| key.merchant.as_ref()).map(MerchantScope::as_str),
            "note": line.note,
            "changes": self.named(&line.changes),
            "balances": self.named(balances),
        })
    }

    fn named(&self, amounts: &[SignedBytes]) -> Value {
        let pairs = self.names.iter().zip(amounts);
        Value::Object(
            pairs.map(|(name, amount)| ((*name).to_owned(), amount.get().into())).collect::<Map<_, _>>(),
        )
    }
}

fn add(sums: &mut [SignedBytes], changes: &[SignedBytes]) -> anyhow::Result<()> {
    for (sum, change) in sums.iter_mut().zip(changes) {
        *sum = sum.checked_add(*change).context("a sum has more than 63 bits")?;
    }
    Ok(())
}

fn push_amounts(cells: &mut Vec<Cell>, changes: &[SignedBytes], balances: &[SignedBytes]) {
    for (change, balance) in changes.iter().zip(balances) {
        cells.extend([Cell::Number(change.get()), Cell::Number(balance.get())]);
    }
}

fn names(key: Option<&PurchaseKey>) -> (&str, &str) {
    key.map_or(("", ""), |key| {
        (key.order_id.as_str(), key.merchant.as_ref().map_or("", MerchantScope::as_str))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::{Cause, PartnerId, PayoutNumber};
    use payout::Timestamp;
    use store::{EntryId, OrderId};

    fn bytes(amounts: &[i64]) -> Vec<SignedBytes> {
        amounts.iter().copied().map(SignedBytes::new).collect()
    }

    fn sheet(closing: i64) -> Sheet {
        let line = |entry, at, order: Option<&str>, changes: [i64; 2]| StatementLine {
            entry: EntryId::new(entry),
            at: Timestamp::from_millis(at),
            cause: match order {
                Some(_) => Cause::PurchaseAccepted(PayoutNumber::new(entry)),
                None => Cause::DepositBooked("d1".parse().expect("a good id")),
            },
            purchase: order.map(|order| PurchaseKey {
                partner: PartnerId::new(1),
                merchant: None,
                order_id: OrderId::new(order).expect("a good order id"),
            }),
            note: "a, b".to_owned(),
            changes: bytes(&changes),
        };
        let day = 1_795_420_800_000;
        Sheet {
            endpoint: Endpoint::Test,
            of: "demo-shop".to_owned(),
            names: vec!["deposit", "receivable"],
            from: None,
            to: "2026-11-24".parse().ok(),
            statement: Statement {
                opening: bytes(&[10, 0]),
                lines: vec![
                    line(3, day, None, [100, 0]),
                    line(4, day + 5, Some("=cmd"), [-30, 0]),
                    line(9, day + 86_400_000, Some("8"), [-80, 5]),
                ],
                closing: bytes(&[closing, 5]),
            },
        }
    }

    #[test]
    fn each_entry_is_a_row_between_opening_and_closing() {
        let csv = sheet(0).to_csv().expect("it balances");
        let rows: Vec<_> = csv.split("\r\n").collect();
        assert_eq!(
            rows,
            [
                "time,entry,cause,order_id,merchant,note,deposit_change,deposit_balance,receivable_change,\
                 receivable_balance",
                ",,opening balance,,,,,10,,0",
                "2026-11-23T08:00:00Z,3,deposit-booked:d1,,,\"a, b\",100,110,0,0",
                "2026-11-23T08:00:00Z,4,purchase-accepted:4,'=cmd,,\"a, b\",-30,80,0,0",
                "2026-11-24T08:00:00Z,9,purchase-accepted:9,8,,\"a, b\",-80,0,5,5",
                ",,closing balance,,,,,0,,5",
                "",
            ]
        );
    }

    #[test]
    fn each_day_is_a_row_where_days_are_wanted() {
        let csv = sheet(0).to_daily_csv().expect("it balances");
        let rows: Vec<_> = csv.split("\r\n").collect();
        assert_eq!(rows[2], "2026-11-23,2,,70,80,0,0");
        assert_eq!(rows[3], "2026-11-24,1,,-80,0,5,5");
        assert_eq!(rows[4], ",,closing balance,,0,,5");
        let json = sheet(0).to_json(true).expect("it balances");
        assert_eq!(json["lines"][0]["changes"]["deposit"], 70);
    }

    #[test]
    fn json_says_the_same() {
        let json = sheet(0).to_json(false).expect("it balances");
        assert_eq!(
            (json["opening"]["deposit"].as_i64(), json["closing"]["receivable"].as_i64()),
            (Some(10), Some(5))
        );
        assert_eq!(
            (json["lines"][1]["order_id"].as_str(), json["to"].as_str()),
            (Some("=cmd"), Some("2026-11-24"))
        );
        assert_eq!(json["lines"][2]["balances"]["deposit"], 0);
    }

    #[test]
    fn a_statement_that_does_not_balance_is_not_printed() {
        for wrong in [
            sheet(1).to_csv(),
            sheet(1).to_daily_csv(),
            sheet(-1).to_json(false).map(|json| json.to_string()),
        ] {
            assert!(wrong.expect_err("a byte is missing").to_string().contains("bytesback audit"));
        }
    }
}
