//! What was given to and for whom: a row for each, read and written with a purchase.

use obyte::Bytes;
use payout::{PayoutId, Timestamp};
use program::{Day, History, Spent, Standing, Turnover, names_somebody};
use rusqlite::{Connection, OptionalExtension, Row as SqlRow, params};

use crate::sqlite::codec::{Fields, integer};
use crate::{Endpoint, PurchaseKey, Scope, Shop, StoreError, Totals};

/// What names a row.
#[derive(Clone, Copy)]
struct Name<'a> {
    scope: &'static str,
    partner: i64,
    merchant: &'a str,
    who: &'a str,
}

/// A row; of nobody, all zero.
#[derive(Clone, Copy, Default)]
struct Row {
    /// The day of `today`.
    day: u32,
    today: Bytes,
    ever: Bytes,
    held: Bytes,
    finished: Bytes,
    purchases: u64,
    sold: Turnover,
}

/// To and for whom a purchase gives.
pub(super) struct Subject {
    endpoint: Endpoint,
    partner: i64,
    /// Empty where there is none.
    merchant: String,
    recipient: String,
    /// Nothing for a customer without a name.
    customer: Option<String>,
}

/// What a purchase adds.
#[derive(Clone, Copy)]
pub(super) struct Counted {
    /// Of the fund.
    pub(super) from_fund: Bytes,
    pub(super) sold: Turnover,
}

/// The rows of a purchase.
pub(super) struct Rows {
    recipient: Row,
    customer: Option<Row>,
    merchant: Option<Row>,
    partner: Row,
    fund: Row,
}

/// The day of a moment.
pub(super) fn day_of(at: Timestamp) -> Day {
    Day::of_millis(at.as_millis())
}

impl Row {
    /// The row as it stands on a day. A clock that goes back over midnight goes on with the day that has begun,
    /// so that no limit begins anew; after a clock that was days ahead the right day begins anew.
    fn on(self, day: Day) -> Self {
        let day = day.number();
        if self.day == day + 1 { self } else { self.on_day(day) }
    }

    fn on_day(self, day: u32) -> Self {
        if self.day == day { self } else { Self { day, today: Bytes::ZERO, ..self } }
    }

    const fn spent(&self) -> Spent {
        Spent { today: self.today, ever: self.ever }
    }

    fn add(&mut self, amount: Bytes) {
        self.today = plus(self.today, amount);
        self.ever = plus(self.ever, amount);
    }

    /// Takes out what was added on a day.
    fn take_out(&mut self, amount: Bytes, day: u32) {
        self.ever = self.ever.saturating_sub(amount);
        if self.day == day {
            self.today = self.today.saturating_sub(amount);
        }
    }

    fn add_sale(&mut self, sold: Turnover) {
        if sold > Turnover::ZERO {
            self.purchases += 1;
            self.sold = self.sold.plus(sold);
        }
    }

    fn take_out_sale(&mut self, sold: Turnover) {
        if sold > Turnover::ZERO {
            self.purchases = self.purchases.saturating_sub(1);
            self.sold = Turnover::of_cents(self.sold.cents().saturating_sub(sold.cents()));
        }
    }
}

/// More than can exist is all that can exist.
fn plus(one: Bytes, other: Bytes) -> Bytes {
    one.checked_add(other).unwrap_or(Bytes::MAX)
}

impl Subject {
    pub(super) fn new(endpoint: Endpoint, key: &PurchaseKey, recipient: &str, customer: &str) -> Self {
        let merchant = key.merchant.as_ref().map(|merchant| merchant.as_str().to_owned());
        let customer = names_somebody(customer).then(|| customer.to_owned());
        Self {
            endpoint,
            partner: key.partner.get(),
            merchant: merchant.unwrap_or_default(),
            recipient: recipient.to_owned(),
            customer,
        }
    }

    fn recipient(&self) -> Name<'_> {
        Name { scope: "recipient", partner: 0, merchant: "", who: &self.recipient }
    }

    fn customer(&self) -> Option<Name<'_>> {
        let who = self.customer.as_deref()?;
        Some(Name { scope: "customer", partner: self.partner, merchant: &self.merchant, who })
    }

    fn merchant(&self) -> Option<Name<'_>> {
        (!self.merchant.is_empty()).then(|| merchant(self.partner, &self.merchant))
    }

    /// All its rows, as they stand on a day.
    pub(super) fn rows(&self, connection: &Connection, day: Day) -> Result<Rows, StoreError> {
        // A day that has begun for the fund has begun for all.
        let fund = row(connection, self.endpoint, FUND)?.on(day);
        let on = |name| Ok::<_, StoreError>(row(connection, self.endpoint, name)?.on_day(fund.day));
        Ok(Rows {
            recipient: on(self.recipient())?,
            customer: self.customer().map(on).transpose()?,
            merchant: self.merchant().map(on).transpose()?,
            partner: on(partner(self.partner))?,
            fund,
        })
    }

    /// Writes back rows that were read.
    pub(super) fn write(&self, connection: &Connection, rows: &Rows) -> Result<(), StoreError> {
        let put = |name, row: &Row| write(connection, self.endpoint, name, row);
        put(self.recipient(), &rows.recipient)?;
        if let (Some(name), Some(row)) = (self.customer(), &rows.customer) {
            put(name, row)?;
        }
        if let (Some(name), Some(row)) = (self.merchant(), &rows.merchant) {
            put(name, row)?;
        }
        put(partner(self.partner), &rows.partner)?;
        put(FUND, &rows.fund)
    }

    fn sell(&self, connection: &Connection, day: u32, cents: i64) -> Result<(), StoreError> {
        if cents != 0 {
            connection
                .prepare_cached(
                    "INSERT INTO shop_days (endpoint, partner, merchant, day, sold) VALUES (?, ?, ?, ?, max(?5, 0))
                     ON CONFLICT DO UPDATE SET sold = max(sold + ?5, 0)",
                )?
                .execute(params![self.endpoint.code(), self.partner, self.merchant, day, cents])?;
        }
        Ok(())
    }
}

const FUND: Name<'_> = Name { scope: "fund", partner: 0, merchant: "", who: "" };

const fn partner(partner: i64) -> Name<'static> {
    Name { scope: "partner", partner, merchant: "", who: "" }
}

const fn merchant(partner: i64, merchant: &str) -> Name<'_> {
    Name { scope: "merchant", partner, merchant, who: "" }
}

impl Rows {
    /// How things stand before the purchase.
    pub(super) fn standing(&self, partner_age_days: u32) -> Standing {
        let shop = self.merchant.as_ref().unwrap_or(&self.partner);
        Standing {
            recipient: self.recipient.spent(),
            customer: self.customer.as_ref().map(Row::spent),
            merchant: self.merchant.as_ref().map(Row::spent),
            partner: self.partner.spent(),
            partner_held: self.partner.held,
            partner_finished: self.partner.finished,
            partner_age_days,
            fund: self.fund.spent(),
            history: History { purchases: shop.purchases, sold: shop.sold },
        }
    }

    fn all(&mut self) -> impl Iterator<Item = &mut Row> {
        let Self { recipient, customer, merchant, partner, fund } = self;
        [recipient, partner, fund].into_iter().chain(customer).chain(merchant)
    }

    fn shop(&mut self) -> &mut Row {
        self.merchant.as_mut().unwrap_or(&mut self.partner)
    }
}

/// Counts a purchase in rows that were read, on the day that they stand on; answers with that day.
pub(super) fn count(
    connection: &Connection,
    subject: &Subject,
    mut rows: Rows,
    counted: Counted,
) -> Result<u32, StoreError> {
    let day = rows.fund.day;
    rows.all().for_each(|row| row.add(counted.from_fund));
    rows.shop().add_sale(counted.sold);
    subject.write(connection, &rows)?;
    subject.sell(connection, day, integer(counted.sold.cents())?)?;
    Ok(day)
}

/// A payout as it counts, or would.
struct Known {
    subject: Subject,
    counted: Counted,
    day: Option<u32>,
}

fn known(connection: &Connection, payout: PayoutId) -> Result<Option<Known>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT purchases.id, purchases.endpoint, partner, merchant_scope, recipient, customer, base, matched,
             sold, counted_day
         FROM purchases JOIN payouts ON payouts.id = payout WHERE payout = ?",
    )?;
    let mut rows = statement.query([payout.get()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let fields = Fields::new("purchases", row);
    let customer: String = fields.plain("customer")?;
    let subject = Subject {
        endpoint: fields.text("endpoint")?,
        partner: fields.plain("partner")?,
        merchant: fields.plain("merchant_scope")?,
        recipient: fields.plain("recipient")?,
        customer: names_somebody(&customer).then_some(customer),
    };
    let from_fund = plus(fields.bytes("base")?, fields.bytes("matched")?);
    let counted = Counted { from_fund, sold: Turnover::of_cents(fields.number("sold")?) };
    Ok(Some(Known { subject, counted, day: fields.plain("counted_day")? }))
}

/// Counts a payout that did not count, as of a moment.
pub(super) fn count_payout(
    connection: &Connection,
    payout: PayoutId,
    at: Timestamp,
) -> Result<(), StoreError> {
    let Some(Known { subject, counted, day: None }) = known(connection, payout)? else { return Ok(()) };
    let rows = subject.rows(connection, day_of(at))?;
    let day = count(connection, &subject, rows, counted)?;
    mark(connection, payout, Some(day))
}

/// Takes a payout out of the totals, if it counts.
pub(super) fn take_out(connection: &Connection, payout: PayoutId) -> Result<(), StoreError> {
    let Some(Known { subject, counted, day: Some(day) }) = known(connection, payout)? else { return Ok(()) };
    // As they stand: what was added on a day that is over is no part of today's amounts.
    let mut rows = Rows {
        recipient: row(connection, subject.endpoint, subject.recipient())?,
        customer: subject.customer().map(|name| row(connection, subject.endpoint, name)).transpose()?,
        merchant: subject.merchant().map(|name| row(connection, subject.endpoint, name)).transpose()?,
        partner: row(connection, subject.endpoint, partner(subject.partner))?,
        fund: row(connection, subject.endpoint, FUND)?,
    };
    rows.all().for_each(|row| row.take_out(counted.from_fund, day));
    rows.shop().take_out_sale(counted.sold);
    subject.write(connection, &rows)?;
    subject.sell(connection, day, -integer(counted.sold.cents())?)?;
    mark(connection, payout, None)
}

fn mark(connection: &Connection, payout: PayoutId, day: Option<u32>) -> Result<(), StoreError> {
    connection
        .prepare_cached("UPDATE payouts SET counted_day = ? WHERE id = ?")?
        .execute(params![day, payout.get()])?;
    Ok(())
}

/// A payout is held from now on, or not any more.
pub(super) fn note_held(connection: &Connection, payout: PayoutId, is_held: bool) -> Result<(), StoreError> {
    let Some(Known { subject, counted, .. }) = known(connection, payout)? else { return Ok(()) };
    let name = partner(subject.partner);
    let mut row = row(connection, subject.endpoint, name)?;
    row.held =
        if is_held { plus(row.held, counted.from_fund) } else { row.held.saturating_sub(counted.from_fund) };
    write(connection, subject.endpoint, name, &row)
}

/// What a version of a slot pays is paid and proven.
pub(super) fn finish(connection: &Connection, endpoint: Endpoint, version: i64) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT partner, sum(base + matched) AS finished
         FROM version_outputs JOIN purchases ON purchases.payout = version_outputs.payout
         WHERE version = ? GROUP BY partner",
    )?;
    let mut rows = statement.query([version])?;
    while let Some(sql_row) = rows.next()? {
        let fields = Fields::new("purchases", sql_row);
        let name = partner(fields.plain("partner")?);
        let mut row = row(connection, endpoint, name)?;
        row.finished = plus(row.finished, fields.bytes("finished")?);
        write(connection, endpoint, name, &row)?;
    }
    Ok(())
}

fn row(connection: &Connection, endpoint: Endpoint, name: Name<'_>) -> Result<Row, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT scope, day, given_today, given, held, finished, purchases, sold FROM totals
         WHERE endpoint = ? AND scope = ? AND partner = ? AND merchant = ? AND who = ?",
    )?;
    let mut rows =
        statement.query(params![endpoint.code(), name.scope, name.partner, name.merchant, name.who])?;
    rows.next()?.map_or(Ok(Row::default()), read)
}

fn read(row: &SqlRow<'_>) -> Result<Row, StoreError> {
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

fn write(connection: &Connection, endpoint: Endpoint, name: Name<'_>, row: &Row) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO totals (endpoint, scope, partner, merchant, who, day, given_today, given, held, finished,
                 purchases, sold)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET day = excluded.day, given_today = excluded.given_today,
                 given = excluded.given, held = excluded.held, finished = excluded.finished,
                 purchases = excluded.purchases, sold = excluded.sold",
        )?
        .execute(params![
            endpoint.code(),
            name.scope,
            name.partner,
            name.merchant,
            name.who,
            row.day,
            i64::from(row.today),
            i64::from(row.ever),
            i64::from(row.held),
            i64::from(row.finished),
            integer(row.purchases)?,
            integer(row.sold.cents())?,
        ])?;
    Ok(())
}

/// What the fund gave to or for somebody, as of a day.
pub(super) fn totals(
    connection: &Connection,
    endpoint: Endpoint,
    scope: &Scope,
    day: Day,
) -> Result<Totals, StoreError> {
    let name = match scope {
        Scope::Recipient(address) => {
            Name { scope: "recipient", partner: 0, merchant: "", who: address.as_str() }
        }
        Scope::Customer(shop, who) => {
            Name { scope: "customer", partner: shop.partner.get(), merchant: merchant_of(shop), who }
        }
        Scope::Shop(shop) => match merchant_of(shop) {
            "" => partner(shop.partner.get()),
            name => merchant(shop.partner.get(), name),
        },
        Scope::Fund => FUND,
    };
    let Row { today, ever, held, finished, purchases, sold, .. } = row(connection, endpoint, name)?.on(day);
    Ok(Totals { today, ever, held, finished, purchases, sold })
}

/// What a shop has sold from a day on. Within the accepting transaction this is what was sold before the
/// purchase that is being accepted.
pub(super) fn turnover(
    connection: &Connection,
    endpoint: Endpoint,
    shop: &Shop,
    since: Day,
) -> Result<Turnover, StoreError> {
    let cents: Option<i64> = connection
        .prepare_cached(
            "SELECT sum(sold) FROM shop_days WHERE endpoint = ? AND partner = ? AND merchant = ? AND day >= ?",
        )?
        .query_row(
            params![endpoint.code(), shop.partner.get(), merchant_of(shop), since.number()],
            |row| row.get(0),
        )
        .optional()?
        .flatten();
    Ok(Turnover::of_cents(cents.unwrap_or_default().unsigned_abs()))
}

pub(super) fn merchant_of(shop: &Shop) -> &str {
    shop.merchant.as_ref().map_or("", crate::MerchantScope::as_str)
}
