//! To and for whom a purchase gives, and their rows.

use obyte::Bytes;
use program::{Day, History, Standing, Turnover, names_somebody};
use rusqlite::{Connection, params};

use super::row::{FUND, Name, Row, merchant, partner, read, write};
use crate::sqlite::codec::Fields;
use crate::{Endpoint, PurchaseKey, StoreError};

/// To and for whom a purchase gives.
pub(in crate::sqlite) struct Subject {
    pub(super) endpoint: Endpoint,
    pub(super) partner: i64,
    /// Empty where there is none.
    pub(super) merchant: String,
    pub(super) recipient: String,
    /// Nothing for a customer without a name.
    pub(super) customer: Option<String>,
}

/// What a purchase adds.
#[derive(Clone, Copy)]
pub(in crate::sqlite) struct Counted {
    /// Of the fund.
    pub(in crate::sqlite) from_fund: Bytes,
    pub(in crate::sqlite) sold: Turnover,
}

/// The rows of a purchase.
pub(in crate::sqlite) struct Rows {
    pub(super) recipient: Row,
    pub(super) customer: Option<Row>,
    pub(super) merchant: Option<Row>,
    pub(super) partner: Row,
    pub(super) fund: Row,
}

/// The row of a name at the endpoint ?1.
macro_rules! row_where {
    ($name:literal) => {
        concat!(
            "SELECT scope, day, given_today, given, held, finished, purchases, sold FROM totals
             WHERE endpoint = ?1 AND ",
            $name
        )
    };
}

/// Of the endpoint ?1, the rows of the partner ?2, its merchant ?3, the recipient ?4 and the customer ?5. No
/// merchant is named by an empty text, and no customer by null, so that these are not found.
const ALL_ROWS: &str = concat!(
    row_where!("scope = 'fund' AND partner = 0 AND merchant = '' AND who = ''"),
    " UNION ALL ",
    row_where!("scope = 'partner' AND partner = ?2 AND merchant = '' AND who = ''"),
    " UNION ALL ",
    row_where!("scope = 'merchant' AND partner = ?2 AND merchant = ?3 AND who = ''"),
    " UNION ALL ",
    row_where!("scope = 'customer' AND partner = ?2 AND merchant = ?3 AND who = ?5"),
    " UNION ALL ",
    row_where!("scope = 'recipient' AND partner = 0 AND merchant = '' AND who = ?4"),
);

impl Subject {
    pub(in crate::sqlite) fn new(
        endpoint: Endpoint,
        key: &PurchaseKey,
        recipient: &str,
        customer: &str,
    ) -> Self {
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
    pub(in crate::sqlite) fn rows(&self, connection: &Connection, day: Day) -> Result<Rows, StoreError> {
        let mut rows = self.kept_rows(connection)?;
        // A day that has begun for the fund has begun for all.
        let day = rows.fund.on(day).day;
        rows.all().for_each(|row| *row = row.on_day(day));
        Ok(rows)
    }

    /// All its rows as they are kept, each on its own day.
    pub(super) fn kept_rows(&self, connection: &Connection) -> Result<Rows, StoreError> {
        let mut rows = Rows {
            recipient: Row::default(),
            customer: self.customer.as_ref().map(|_| Row::default()),
            merchant: self.merchant().map(|_| Row::default()),
            partner: Row::default(),
            fund: Row::default(),
        };
        // One statement for all of them: it is the number of statements that takes time.
        let mut statement = connection.prepare_cached(ALL_ROWS)?;
        let parameters =
            params![self.endpoint.code(), self.partner, self.merchant, self.recipient, self.customer];
        let mut found = statement.query(parameters)?;
        while let Some(row) = found.next()? {
            let fields = Fields::new("totals", row);
            let scope: String = fields.plain("scope")?;
            let kept = match scope.as_str() {
                "recipient" => Some(&mut rows.recipient),
                "customer" => rows.customer.as_mut(),
                "merchant" => rows.merchant.as_mut(),
                "partner" => Some(&mut rows.partner),
                _ => Some(&mut rows.fund),
            };
            if let Some(kept) = kept {
                *kept = read(row)?;
            }
        }
        Ok(rows)
    }

    /// Writes back rows that were read.
    pub(super) fn write(&self, connection: &Connection, rows: &Rows) -> Result<(), StoreError> {
        let customer = self.customer().zip(rows.customer.as_ref());
        let merchant = self.merchant().zip(rows.merchant.as_ref());
        let others =
            [(self.recipient(), &rows.recipient), (partner(self.partner), &rows.partner), (FUND, &rows.fund)];
        let all: Vec<_> = others.into_iter().chain(customer).chain(merchant).collect();
        write(connection, self.endpoint, &all)
    }

    pub(super) fn sell(&self, connection: &Connection, day: u32, cents: i64) -> Result<(), StoreError> {
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

impl Rows {
    /// How things stand before the purchase.
    pub(in crate::sqlite) fn standing(&self, partner_age_days: u32) -> Standing {
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

    pub(super) fn all(&mut self) -> impl Iterator<Item = &mut Row> {
        let Self { recipient, customer, merchant, partner, fund } = self;
        [recipient, partner, fund].into_iter().chain(customer).chain(merchant)
    }

    pub(super) fn shop(&mut self) -> &mut Row {
        self.merchant.as_mut().unwrap_or(&mut self.partner)
    }
}
