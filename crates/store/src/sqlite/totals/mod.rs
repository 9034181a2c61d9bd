//! What was given to and for whom: a row for each, read and written with a purchase.

mod row;
mod subject;

use obyte::Bytes;
use payout::{PayoutId, Timestamp};
use program::{Day, Recipient, Turnover, names_somebody};
use rusqlite::{Connection, OptionalExtension, params};

use self::row::{FUND, Name, Row, find, merchant, partner, plus, write};
pub(super) use self::subject::{Counted, Rows, Subject};
use crate::sqlite::codec::{Fields, integer};
use crate::{Endpoint, Scope, Shop, StoreError, Totals};

/// The day of a moment.
pub(super) fn day_of(at: Timestamp) -> Day {
    Day::of_millis(at.as_millis())
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
        "SELECT purchase_payouts.id, purchase_payouts.endpoint, partner, merchant_scope, recipient, customer, base,
             matched, sold, counted_day
         FROM purchase_payouts JOIN payouts ON payouts.id = payout WHERE payout = ?",
    )?;
    let mut rows = statement.query([payout.get()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let fields = Fields::new("purchases", row);
    let customer: String = fields.plain("customer")?;
    let subject = Subject {
        endpoint: fields.text("endpoint")?,
        partner: fields.plain("partner")?,
        merchant: fields.plain("merchant_scope")?,
        recipient: fields.text::<Recipient>("recipient")?.counted_as().into_owned(),
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
    // On their own days: what was added on a day that is over is no part of today's amounts.
    let mut rows = subject.kept_rows(connection)?;
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
    let mut row = find(connection, subject.endpoint, name)?;
    row.held =
        if is_held { plus(row.held, counted.from_fund) } else { row.held.saturating_sub(counted.from_fund) };
    write(connection, subject.endpoint, &[(name, &row)])
}

/// A payout is paid and proven.
pub(super) fn finish_payout(connection: &Connection, payout: PayoutId) -> Result<(), StoreError> {
    let Some(Known { subject, counted, .. }) = known(connection, payout)? else { return Ok(()) };
    add_finished(connection, subject.endpoint, subject.partner, counted.from_fund)
}

/// A payout that was paid and proven has come back.
pub(super) fn unfinish_payout(connection: &Connection, payout: PayoutId) -> Result<(), StoreError> {
    let Some(Known { subject, counted, .. }) = known(connection, payout)? else { return Ok(()) };
    let name = partner(subject.partner);
    let mut row = find(connection, subject.endpoint, name)?;
    row.finished = row.finished.saturating_sub(counted.from_fund);
    write(connection, subject.endpoint, &[(name, &row)])
}

/// What a version of a slot pays is paid and proven.
pub(super) fn finish(connection: &Connection, endpoint: Endpoint, version: i64) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT partner, sum(base + matched) AS finished
         FROM version_outputs JOIN purchase_payouts ON purchase_payouts.payout = version_outputs.payout
         WHERE version = ? GROUP BY partner",
    )?;
    let mut rows = statement.query([version])?;
    while let Some(sql_row) = rows.next()? {
        let fields = Fields::new("purchases", sql_row);
        add_finished(connection, endpoint, fields.plain("partner")?, fields.bytes("finished")?)?;
    }
    Ok(())
}

fn add_finished(
    connection: &Connection,
    endpoint: Endpoint,
    of: i64,
    amount: Bytes,
) -> Result<(), StoreError> {
    let name = partner(of);
    let mut row = find(connection, endpoint, name)?;
    row.finished = plus(row.finished, amount);
    write(connection, endpoint, &[(name, &row)])
}

/// What the fund gave to or for somebody, as of a day.
pub(super) fn totals(
    connection: &Connection,
    endpoint: Endpoint,
    scope: &Scope,
    day: Day,
) -> Result<Totals, StoreError> {
    let mailbox;
    let name = match scope {
        Scope::Recipient(recipient) => {
            mailbox = recipient.counted_as();
            Name { scope: "recipient", partner: 0, merchant: "", who: &mailbox }
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
    let Row { today, ever, held, finished, purchases, sold, .. } = find(connection, endpoint, name)?.on(day);
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
