//! To and for whom a purchase gives, and their rows.

use obyte::Bytes;
use program::{Day, History, Standing, Turnover, names_somebody};
use rusqlite::{Connection, params};

use super::row::{FUND, Name, Row, find, merchant, partner, write};
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
        // A day that has begun for the fund has begun for all.
        let fund = find(connection, self.endpoint, FUND)?.on(day);
        self.load(connection, fund, |row| row.on_day(fund.day))
    }

    /// All its rows as they are kept, each on its own day.
    pub(super) fn kept_rows(&self, connection: &Connection) -> Result<Rows, StoreError> {
        self.load(connection, find(connection, self.endpoint, FUND)?, |row| row)
    }

    fn load(
        &self,
        connection: &Connection,
        fund: Row,
        stand: impl Fn(Row) -> Row,
    ) -> Result<Rows, StoreError> {
        let row = |name| Ok::<_, StoreError>(stand(find(connection, self.endpoint, name)?));
        Ok(Rows {
            recipient: row(self.recipient())?,
            customer: self.customer().map(row).transpose()?,
            merchant: self.merchant().map(row).transpose()?,
            partner: row(partner(self.partner))?,
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
