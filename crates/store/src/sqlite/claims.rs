//! Textcoins by their numbers, on SQLite.

use async_trait::async_trait;
use payout::TextcoinNo;
use rusqlite::{Connection, params};

use super::SqliteStore;
use crate::sqlite::codec::Fields;
use crate::sqlite::finding;
use crate::{ClaimRecord, Claims, Endpoint, StoreError, TextcoinEnd};

#[async_trait]
impl Claims for SqliteStore {
    async fn claim(&self, endpoint: Endpoint, no: TextcoinNo) -> Result<Option<ClaimRecord>, StoreError> {
        self.readers.run(move |connection| find(connection, endpoint, no)).await
    }
}

fn find(
    connection: &Connection,
    endpoint: Endpoint,
    no: TextcoinNo,
) -> Result<Option<ClaimRecord>, StoreError> {
    if let Some(found) = finding::one(connection, endpoint, no)? {
        return Ok(Some(ClaimRecord {
            address: found.coin.address,
            amount: found.coin.amount,
            shop: String::new(),
            expires_at: found.expires_at,
            ended: found.ended.map(|(end, ..)| end),
        }));
    }
    let mut statement = connection.prepare_cached(
        "SELECT payouts.id, address, amount,
             iif(partners.kind = 'processor' AND merchant <> '', merchant, partners.name) AS shop,
             expires_at, outcome
         FROM payouts JOIN textcoins ON textcoins.payout = payouts.id
             JOIN purchase_payouts ON purchase_payouts.payout = payouts.id
             JOIN partners ON partners.id = purchase_payouts.partner
         WHERE payouts.endpoint = ? AND generation = ? AND counter = ?",
    )?;
    let mut rows = statement.query(params![endpoint.code(), no.generation, no.counter])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let fields = Fields::new("payouts", row);
    Ok(Some(ClaimRecord {
        address: fields.text("address")?,
        amount: fields.bytes("amount")?,
        shop: fields.plain("shop")?,
        expires_at: fields.time("expires_at")?,
        ended: match fields.plain::<Option<String>>("outcome")?.as_deref() {
            None => None,
            Some("claimed") => Some(TextcoinEnd::Claimed),
            Some(_) => Some(TextcoinEnd::TakenBack),
        },
    }))
}
