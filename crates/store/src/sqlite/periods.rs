//! Quoting a purchase by what its shop has sold, in the transaction that accepts it.
//!
//! Purchases of a shop that come together are quoted one behind the other, each by what the ones before
//! have sold: computed before the transaction, they would all lie in the same slice.

use program::{QuoteError, Sale, quote};
use rusqlite::Connection;

use crate::sqlite::totals;
use crate::{Acceptance, Endpoint, Shares, Shop, StoreError};

/// The acceptance with the shares that the shop's turnover leaves, where the rules ask for it.
pub(super) fn requoted(
    connection: &Connection,
    endpoint: Endpoint,
    acceptance: Acceptance,
) -> Result<Result<Acceptance, QuoteError>, StoreError> {
    let Some(by) = &acceptance.by_period else { return Ok(Ok(acceptance)) };
    let Some(period) = &by.rules.period else { return Ok(Ok(acceptance)) };
    let shop = Shop { partner: acceptance.key.partner, merchant: acceptance.key.merchant.clone() };
    let turnover = totals::turnover(connection, endpoint, &shop, by.sale.day.first_of(period.days))?;
    let quote = match quote(&by.rules, &Sale { turnover, ..by.sale }, &by.rates) {
        Ok(quote) => quote,
        Err(error) => return Ok(Err(error)),
    };
    let mut acceptance = acceptance;
    acceptance.shares = Shares::from(&quote);
    acceptance.explanation.lines = quote.explanation().to_vec();
    acceptance.sold = quote.turnover();
    Ok(Ok(acceptance))
}
