//! A row of the totals.

use obyte::Bytes;
use program::{Day, Spent, Turnover};
use rusqlite::types::ToSqlOutput;
use rusqlite::{Connection, Row as SqlRow, ToSql, params, params_from_iter};

use crate::sqlite::codec::{Fields, integer};
use crate::{Endpoint, StoreError};

/// What names a row.
#[derive(Clone, Copy)]
pub(super) struct Name<'a> {
    pub(super) scope: &'static str,
    pub(super) partner: i64,
    pub(super) merchant: &'a str,
    pub(super) who: &'a str,
}

/// A row; of nobody, all zero.
#[derive(Clone, Copy, Default)]
pub(super) struct Row {
    /// The day of `today`.
    pub(super) day: u32,
    pub(super) today: Bytes,
    pub(super) ever: Bytes,
    pub(super) held: Bytes,
    pub(super) finished: Bytes,
    pub(super) purchases: u64,
    pub(super) sold: Turnover,
}

impl Row {
    /// The row as it stands on a day. A clock that goes back over midnight goes on with the day that has begun,
    /// so that no limit begins anew; after a clock that was days ahead the right day begins anew.
    pub(super) fn on(self, day: Day) -> Self {
        let day = day.number();
        if self.day == day + 1 { self } else { self.on_day(day) }
    }

    pub(super) fn on_day(self, day: u32) -> Self {
        if self.day == day { self } else { Self { day, today: Bytes::ZERO, ..self } }
    }

    pub(super) const fn spent(&self) -> Spent {
        Spent { today: self.today, ever: self.ever }
    }

    pub(super) fn add(&mut self, amount: Bytes) {
        self.today = plus(self.today, amount);
        self.ever = plus(self.ever, amount);
    }

    /// Takes out what was added on a day.
    pub(super) fn take_out(&mut self, amount: Bytes, day: u32) {
        self.ever = self.ever.saturating_sub(amount);
        if self.day == day {
            self.today = self.today.saturating_sub(amount);
        }
    }

    pub(super) fn add_sale(&mut self, sold: Turnover) {
        if sold > Turnover::ZERO {
            self.purchases += 1;
            self.sold = self.sold.plus(sold);
        }
    }

    pub(super) fn take_out_sale(&mut self, sold: Turnover) {
        if sold > Turnover::ZERO {
            self.purchases = self.purchases.saturating_sub(1);
            self.sold = Turnover::of_cents(self.sold.cents().saturating_sub(sold.cents()));
        }
    }
}

/// More than can exist is all that can exist.
pub(super) fn plus(one: Bytes, other: Bytes) -> Bytes {
    one.checked_add(other).unwrap_or(Bytes::MAX)
}

pub(super) const FUND: Name<'_> = Name { scope: "fund", partner: 0, merchant: "", who: "" };

pub(super) const fn partner(partner: i64) -> Name<'static> {
    Name { scope: "partner", partner, merchant: "", who: "" }
}

pub(super) const fn merchant(partner: i64, merchant: &str) -> Name<'_> {
    Name { scope: "merchant", partner, merchant, who: "" }
}

pub(super) fn find(connection: &Connection, endpoint: Endpoint, name: Name<'_>) -> Result<Row, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT scope, day, given_today, given, held, finished, purchases, sold FROM totals
         WHERE endpoint = ? AND scope = ? AND partner = ? AND merchant = ? AND who = ?",
    )?;
    let mut rows =
        statement.query(params![endpoint.code(), name.scope, name.partner, name.merchant, name.who])?;
    rows.next()?.map_or(Ok(Row::default()), read)
}

pub(super) fn read(row: &SqlRow<'_>) -> Result<Row, StoreError> {
    let fields = Fields::new("totals", row);
    Ok(Row {
        day: fields.number("day")?,
        today: fields.bytes("given_today")?,
        ever: fields.bytes("given")?,
        held: fields.bytes("held")?,
        finished: fields.bytes("finished")?,
        purchases: fields.number("purchases")?,
        sold: Turnover::of_cents(fields.number("sold")?),
    })
}

/// Writes rows, each under its name.
pub(super) fn write(
    connection: &Connection,
    endpoint: Endpoint,
    rows: &[(Name<'_>, &Row)],
) -> Result<(), StoreError> {
    let values = vec!["(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"; rows.len()].join(", ");
    let mut statement = connection.prepare_cached(&format!(
        "INSERT INTO totals (endpoint, scope, partner, merchant, who, day, given_today, given, held, finished,
             purchases, sold)
         VALUES {values}
         ON CONFLICT DO UPDATE SET day = excluded.day, given_today = excluded.given_today,
             given = excluded.given, held = excluded.held, finished = excluded.finished,
             purchases = excluded.purchases, sold = excluded.sold"
    ))?;
    let mut parameters = Vec::with_capacity(12 * rows.len());
    for (name, row) in rows {
        parameters.extend([
            Parameter::Text(endpoint.code()),
            Parameter::Text(name.scope),
            Parameter::Number(name.partner),
            Parameter::Text(name.merchant),
            Parameter::Text(name.who),
            Parameter::Number(row.day.into()),
            Parameter::Number(row.today.into()),
            Parameter::Number(row.ever.into()),
            Parameter::Number(row.held.into()),
            Parameter::Number(row.finished.into()),
            Parameter::Number(integer(row.purchases)?),
            Parameter::Number(integer(row.sold.cents())?),
        ]);
    }
    statement.execute(params_from_iter(parameters))?;
    Ok(())
}

/// What is bound to a place of a statement.
enum Parameter<'a> {
    Text(&'a str),
    Number(i64),
}

impl ToSql for Parameter<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Self::Text(text) => text.to_sql(),
            Self::Number(number) => number.to_sql(),
        }
    }
}
