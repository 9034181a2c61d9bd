//! A statement with its running balances, written while it is read: a line and the balances are all that is kept,
//! or a line for each day. Entries of two days can be booked in turns around midnight, so days wait for the end.

use std::collections::BTreeMap;
use std::io::Write;

use anyhow::{Context, ensure};
use ledger::SignedBytes;
use program::Day;
use serde_json::{Map, Value, json};
use store::{Endpoint, MerchantScope, PurchaseKey, StatementLine, StatementPart};

use super::Format;
use super::csv::{Cell, push_row};
use crate::cli::people::date;

/// What is said about a statement.
pub(super) struct Head {
    pub(super) endpoint: Endpoint,
    /// Whose it is.
    pub(super) of: String,
    /// How its accounts are called.
    pub(super) names: Vec<&'static str>,
    pub(super) from: Option<Day>,
    pub(super) to: Option<Day>,
}

/// What happened on one day.
struct DayLine {
    entries: u64,
    changes: Vec<SignedBytes>,
}

/// A statement that is being written.
pub(super) struct Sheet<W> {
    head: Head,
    format: Format,
    is_daily: bool,
    out: W,
    /// Behind what was written so far.
    balances: Vec<SignedBytes>,
    /// The days so far, where days are summed up.
    days: BTreeMap<Day, DayLine>,
    /// Whether a line was written.
    has_lines: bool,
}

impl<W: Write> Sheet<W> {
    pub(super) const fn new(head: Head, format: Format, is_daily: bool, out: W) -> Self {
        Self { head, format, is_daily, out, balances: Vec::new(), days: BTreeMap::new(), has_lines: false }
    }

    /// Writes what comes next.
    ///
    /// # Errors
    /// Where it cannot be written, or where the closing balances are not the sums: these are not written then.
    pub(super) fn write(&mut self, part: StatementPart) -> anyhow::Result<()> {
        match part {
            StatementPart::Opening(balances) => {
                self.balances = balances;
                self.begin()
            }
            StatementPart::Line(line) => self.line(&line),
            StatementPart::Closing(balances) => {
                self.write_days()?;
                ensure!(
                    balances == self.balances,
                    "the statement does not balance: the book is damaged, run `bytesback audit`"
                );
                self.end()
            }
        }
    }

    fn begin(&mut self) -> anyhow::Result<()> {
        match self.format {
            Format::Csv => {
                let first: &[&str] = match self.is_daily {
                    true => &["day", "entries", "line"],
                    false => &["time", "entry", "cause", "order_id", "merchant", "note"],
                };
                let names = &self.head.names;
                let amounts =
                    names.iter().flat_map(|name| [format!("{name}_change"), format!("{name}_balance")]);
                let cells: Vec<_> = first.iter().map(Cell::text).chain(amounts.map(Cell::Text)).collect();
                self.row(&cells)?;
                self.end_row("opening balance")
            }
            Format::Json => {
                let day = |day: Option<Day>| json!(day.map(|day| day.to_string()));
                let Head { endpoint, of, from, to, .. } = &self.head;
                let opening = self.named(&self.balances);
                let fields = [
                    ("endpoint", json!(endpoint.code())),
                    ("of", json!(of)),
                    ("from", day(*from)),
                    ("to", day(*to)),
                    ("opening", opening),
                ];
                let fields = fields.map(|(name, value)| format!("  {}: {value},\n", json!(name))).concat();
                Ok(write!(self.out, "{{\n{fields}  \"lines\": [")?)
            }
        }
    }

    fn line(&mut self, line: &StatementLine) -> anyhow::Result<()> {
        if !self.is_daily {
            add(&mut self.balances, &line.changes)?;
            return self.entry(line);
        }
        let nothing = || DayLine { entries: 0, changes: vec![SignedBytes::ZERO; line.changes.len()] };
        let open = self.days.entry(Day::of_millis(line.at.as_millis())).or_insert_with(nothing);
        open.entries += 1;
        add(&mut open.changes, &line.changes)
    }

    fn entry(&mut self, line: &StatementLine) -> anyhow::Result<()> {
        let key = line.purchase.as_ref();
        match self.format {
            Format::Csv => {
                let (order, merchant) = names(key);
                let cells = [
                    Cell::text(date(line.at)),
                    Cell::Number(line.entry.get()),
                    Cell::text(&line.cause),
                    Cell::text(order),
                    Cell::text(merchant),
                    Cell::text(&line.note),
                ];
                self.amounts(cells, &line.changes)
            }
            Format::Json => self.object(&json!({
                "time": date(line.at),
                "entry": line.entry.get(),
                "cause": line.cause.to_string(),
                "order_id": key.map(|key| key.order_id.as_str()),
                "merchant": key.and_then(|key| key.merchant.as_ref()).map(MerchantScope::as_str),
                "note": line.note,
                "changes": self.named(&line.changes),
                "balances": self.named(&self.balances),
            })),
        }
    }

    fn write_days(&mut self) -> anyhow::Result<()> {
        let mut days = std::mem::take(&mut self.days).into_iter();
        days.try_for_each(|(day, line)| self.day(day, &line))
    }

    fn day(&mut self, day: Day, DayLine { entries, changes }: &DayLine) -> anyhow::Result<()> {
        add(&mut self.balances, changes)?;
        match self.format {
            Format::Csv => {
                let count = i64::try_from(*entries).context("too many entries")?;
                self.amounts([Cell::text(day), Cell::Number(count), Cell::text("")], changes)
            }
            Format::Json => self.object(&json!({
                "day": day.to_string(),
                "entries": entries,
                "changes": self.named(changes),
                "balances": self.named(&self.balances),
            })),
        }
    }

    fn end(&mut self) -> anyhow::Result<()> {
        match self.format {
            Format::Csv => self.end_row("closing balance")?,
            Format::Json => {
                let closing = self.named(&self.balances);
                let lines_end = if self.has_lines { "\n  " } else { "" };
                writeln!(self.out, "{lines_end}],\n  \"closing\": {closing}\n}}")?;
            }
        }
        Ok(self.out.flush()?)
    }

    /// The first or the last row of CSV: what it is stands in the third column.
    fn end_row(&mut self, what: &str) -> anyhow::Result<()> {
        let mut cells = vec![Cell::text(""); if self.is_daily { 3 } else { 6 }];
        cells[2] = Cell::text(what);
        for balance in &self.balances {
            cells.extend([Cell::text(""), Cell::Number(balance.get())]);
        }
        self.row(&cells)
    }

    /// A row of CSV that ends with what changed, and the balances behind it.
    fn amounts<const N: usize>(&mut self, cells: [Cell; N], changes: &[SignedBytes]) -> anyhow::Result<()> {
        let amounts = changes.iter().zip(&self.balances);
        let amounts =
            amounts.flat_map(|(change, balance)| [change, balance].map(|one| Cell::Number(one.get())));
        let cells: Vec<_> = cells.into_iter().chain(amounts).collect();
        self.row(&cells)
    }

    fn row(&mut self, cells: &[Cell]) -> anyhow::Result<()> {
        let mut row = String::new();
        push_row(&mut row, cells);
        Ok(self.out.write_all(row.as_bytes())?)
    }

    /// A line of JSON.
    fn object(&mut self, line: &Value) -> anyhow::Result<()> {
        let comma = if self.has_lines { "," } else { "" };
        self.has_lines = true;
        Ok(write!(self.out, "{comma}\n    {line}")?)
    }

    fn named(&self, amounts: &[SignedBytes]) -> Value {
        let pairs = self.head.names.iter().zip(amounts);
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

    /// What a statement is written as that ends with such a deposit.
    fn written(format: Format, is_daily: bool, closing: i64) -> anyhow::Result<String> {
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
        let head = Head {
            endpoint: Endpoint::Test,
            of: "demo-shop".to_owned(),
            names: vec!["deposit", "receivable"],
            from: None,
            to: "2026-11-24".parse().ok(),
        };
        let mut out = Vec::new();
        let mut sheet = Sheet::new(head, format, is_daily, &mut out);
        let mut parts = [
            StatementPart::Opening(bytes(&[10, 0])),
            StatementPart::Line(line(3, day, None, [100, 0])),
            StatementPart::Line(line(4, day + 5, Some("=cmd"), [-30, 0])),
            StatementPart::Line(line(9, day + 86_400_000, Some("8"), [-80, 5])),
            StatementPart::Closing(bytes(&[closing, 5])),
        ];
        if is_daily {
            // Booked in turns, as it happens around midnight.
            parts.swap(2, 3);
        }
        parts.into_iter().try_for_each(|part| sheet.write(part))?;
        Ok(String::from_utf8(out)?)
    }

    fn json(is_daily: bool) -> Value {
        let text = written(Format::Json, is_daily, 0).expect("it balances");
        serde_json::from_str(&text).expect("JSON")
    }

    #[test]
    fn each_entry_is_a_row_between_opening_and_closing() {
        let csv = written(Format::Csv, false, 0).expect("it balances");
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
        let csv = written(Format::Csv, true, 0).expect("it balances");
        let rows: Vec<_> = csv.split("\r\n").collect();
        assert_eq!(rows[2], "2026-11-23,2,,70,80,0,0");
        assert_eq!(rows[3], "2026-11-24,1,,-80,0,5,5");
        assert_eq!(rows[4], ",,closing balance,,0,,5");
        let json = json(true);
        assert_eq!(json["lines"][0]["changes"]["deposit"], 70);
        assert_eq!(
            (&json["lines"][1]["day"], &json["lines"][1]["balances"]["deposit"]),
            (&"2026-11-24".into(), &0.into())
        );
    }

    #[test]
    fn json_says_the_same() {
        let json = json(false);
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
    fn a_statement_without_entries_has_both_balances() {
        let head = Head {
            endpoint: Endpoint::Live,
            of: "fund".to_owned(),
            names: vec!["fund"],
            from: None,
            to: None,
        };
        let mut out = Vec::new();
        let mut sheet = Sheet::new(head, Format::Json, false, &mut out);
        for part in [StatementPart::Opening(bytes(&[7])), StatementPart::Closing(bytes(&[7]))] {
            sheet.write(part).expect("it balances");
        }
        let json: Value = serde_json::from_slice(&out).expect("JSON");
        assert_eq!((&json["lines"], &json["closing"]["fund"]), (&json!([]), &7.into()));
    }

    #[test]
    fn a_statement_that_does_not_balance_has_no_end() {
        for (format, is_daily, closing) in
            [(Format::Csv, false, 1), (Format::Csv, true, 1), (Format::Json, false, -1)]
        {
            let wrong = written(format, is_daily, closing).expect_err("a byte is missing");
            assert!(wrong.to_string().contains("bytesback audit"));
        }
    }
}
