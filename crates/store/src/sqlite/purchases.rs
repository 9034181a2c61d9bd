//! Reading purchases that were accepted.

use ledger::PartnerId;
use payout::{Payout, PayoutId, VersionStatus};
use program::CurrencyAmount;
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::sqlite::codec::Fields;
use crate::sqlite::{holds, line, rates};
use crate::{
    AnsweredUnit, AttestedPayee, Details, Endpoint, Explanation, MerchantScope, OrderId, PayoutState,
    PurchaseKey, PurchaseRecord, RulesVersion, Shares, StoreError, Terms,
};

/// What was set aside when the purchase of a payout was accepted.
pub(super) fn set_aside(connection: &Connection, payout: PayoutId) -> Result<ledger::Acceptance, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT purchase_payouts.id, partner, base, partner_share, matched, fee_reserve
         FROM purchase_payouts JOIN payouts ON payouts.id = payout WHERE payout = ?",
    )?;
    let mut rows = statement.query([payout.get()])?;
    let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
    acceptance(&Fields::new("purchases", row))
}

/// The shares and the reserve in a row of purchases and payouts.
pub(super) fn acceptance(fields: &Fields<'_>) -> Result<ledger::Acceptance, StoreError> {
    Ok(ledger::Acceptance {
        partner: PartnerId::new(fields.plain("partner")?),
        base: fields.bytes("base")?,
        partner_share: fields.bytes("partner_share")?,
        matched: fields.bytes("matched")?,
        fee_reserve: fields.bytes("fee_reserve")?,
    })
}

/// A purchase with its first payout, which is what its partner is told of for ever.
pub(super) fn find(
    connection: &Connection,
    endpoint: Endpoint,
    key: &PurchaseKey,
) -> Result<Option<PurchaseRecord>, StoreError> {
    find_as_paid(connection, endpoint, key, None)
}

/// A purchase with the payout that holds: the newest, where its cashback was given anew.
pub(super) fn find_newest(
    connection: &Connection,
    endpoint: Endpoint,
    key: &PurchaseKey,
) -> Result<Option<PurchaseRecord>, StoreError> {
    match newest_payout(connection, endpoint, key)? {
        Some(payout) => find_as_paid(connection, endpoint, key, Some(payout)),
        None => Ok(None),
    }
}

/// A purchase with one of its payouts; the first, if none is named.
pub(super) fn find_as_paid(
    connection: &Connection,
    endpoint: Endpoint,
    key: &PurchaseKey,
    payout: Option<PayoutId>,
) -> Result<Option<PurchaseRecord>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT purchases.*, payouts.id AS paid_by, address, amount, fee_reserve, queued_at, slot, parked_at, held_at,
             textcoin, generation, counter, claim_reserve
         FROM purchases JOIN payouts ON payouts.id = coalesce(?5, purchases.payout)
         WHERE purchases.endpoint = ?1 AND partner = ?2 AND merchant_scope = ?3 AND order_id = ?4",
    )?;
    let mut rows = statement.query(params![
        endpoint.code(),
        key.partner.get(),
        scope(key),
        key.order_id.as_str(),
        payout.map(PayoutId::get)
    ])?;
    rows.next()?.map(|row| read(connection, row, key)).transpose()
}

/// The payout that holds for a purchase: the last one by which its cashback was given anew, or its first.
pub(super) fn newest_payout(
    connection: &Connection,
    endpoint: Endpoint,
    key: &PurchaseKey,
) -> Result<Option<PayoutId>, StoreError> {
    let found = connection
        .prepare_cached(
            "SELECT coalesce((SELECT max(id) FROM payouts WHERE origin = purchases.payout), payout) FROM purchases
             WHERE endpoint = ? AND partner = ? AND merchant_scope = ? AND order_id = ?",
        )?
        .query_row(
            params![endpoint.code(), key.partner.get(), scope(key), key.order_id.as_str()],
            |row| row.get(0),
        )
        .optional()?;
    Ok(found.map(PayoutId::new))
}

/// The purchase that a payout is for.
pub(super) fn key_of(
    connection: &Connection,
    endpoint: Endpoint,
    payout: PayoutId,
) -> Result<Option<PurchaseKey>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, partner, merchant_scope, order_id FROM purchase_payouts WHERE payout = ? AND endpoint = ?",
    )?;
    let mut rows = statement.query(params![payout.get(), endpoint.code()])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let fields = Fields::new("purchases", row);
    let merchant: String = fields.plain("merchant_scope")?;
    let merchant = (!merchant.is_empty()).then(|| MerchantScope::new(merchant));
    let order_id: String = fields.plain("order_id")?;
    Ok(Some(PurchaseKey {
        partner: PartnerId::new(fields.plain("partner")?),
        merchant: merchant.transpose().map_err(|error| fields.bad("merchant_scope", error))?,
        order_id: OrderId::new(order_id).map_err(|error| fields.bad("order_id", error))?,
    }))
}

fn read(connection: &Connection, row: &Row<'_>, key: &PurchaseKey) -> Result<PurchaseRecord, StoreError> {
    let fields = Fields::new("purchases", row);
    let price =
        CurrencyAmount { amount: fields.text("currency_amount")?, currency: fields.text("currency")? };
    let payout = Payout {
        id: PayoutId::new(fields.plain("paid_by")?),
        payee: line::payee(&fields)?,
        amount: fields.bytes("amount")?,
        queued_at: fields.time("queued_at")?,
    };
    let (state, answered) = standing(connection, &fields, payout.id)?;
    Ok(PurchaseRecord {
        key: key.clone(),
        terms: Terms {
            recipient: fields.text("recipient")?,
            price,
            percentage: fields.text("percentage")?,
            purchase_unit: fields.optional_text("purchase_unit")?,
        },
        details: Details {
            customer: fields.plain("customer")?,
            merchant: fields.plain("merchant")?,
            description: fields.plain("description")?,
        },
        shares: Shares {
            base: fields.bytes("base")?,
            partner: fields.bytes("partner_share")?,
            matched: fields.bytes("matched")?,
        },
        rates: rates::of_row(&fields)?,
        explanation: Explanation {
            rules: fields.plain::<Option<i64>>("rules")?.map(RulesVersion::new),
            lines: fields.plain::<String>("explanation")?.lines().map(str::to_owned).collect(),
        },
        attested: attested(&fields)?,
        fee_reserve: fields.bytes("fee_reserve")?,
        payout,
        state,
        answered,
    })
}

/// The wallet address in place of a mailbox. The three columns are set together.
fn attested(fields: &Fields<'_>) -> Result<Option<AttestedPayee>, StoreError> {
    let Some(address) = fields.optional_text("attested_address")? else { return Ok(None) };
    let (unit, attestor) = (fields.text("attested_unit")?, fields.text("attestor")?);
    Ok(Some(AttestedPayee { address, unit, attestor }))
}

/// Where a payout stands, and the unit to tell. The row has its `slot`, `parked_at` and `held_at`.
pub(super) fn standing(
    connection: &Connection,
    fields: &Fields<'_>,
    payout: PayoutId,
) -> Result<(PayoutState, Option<AnsweredUnit>), StoreError> {
    Ok(match fields.plain::<Option<i64>>("slot")? {
        None if fields.plain::<Option<i64>>("parked_at")?.is_some() => (PayoutState::Parked, None),
        None if fields.plain::<Option<i64>>("held_at")?.is_some() => {
            (holds::state(connection, payout)?, None)
        }
        // Without a slot now, it may still have been in one that died.
        None => (PayoutState::Queued, None),
        Some(slot) => where_it_stands(connection, fields, payout, slot)?,
    })
}

/// A unit that pays, or tried to pay, one payout.
struct Try {
    slot: i64,
    unit: obyte::UnitHash,
    status: VersionStatus,
    accepted_no: Option<i64>,
}

fn where_it_stands(
    connection: &Connection,
    fields: &Fields<'_>,
    payout: PayoutId,
    slot: i64,
) -> Result<(PayoutState, Option<AnsweredUnit>), StoreError> {
    let tries = tries(connection, payout)?;
    let current = || tries.iter().filter(|one| one.slot == slot);
    let state = if let Some(good) = current().find(|one| one.status == VersionStatus::Final) {
        PayoutState::Final { unit: good.unit }
    } else if let Some(newest) = current().next_back() {
        PayoutState::InUnit { unit: newest.unit, status: newest.status }
    } else {
        return Err(fields.bad("slot", "no version of its slot pays it"));
    };
    Ok((state, answered(&tries)))
}

/// The unit first accepted that is not proven dead. What was accepted before it and died may have been
/// answered.
fn answered(tries: &[Try]) -> Option<AnsweredUnit> {
    let accepted = tries.iter().filter_map(|one| Some((one.accepted_no?, one)));
    let mut accepted: Vec<_> = accepted.collect();
    accepted.sort_by_key(|(no, _)| *no);
    let position = accepted.iter().position(|(_, one)| one.status != VersionStatus::Dead)?;
    Some(AnsweredUnit { unit: accepted[position].1.unit, replaced: position > 0 })
}

/// In the order in which they were journaled.
fn tries(connection: &Connection, payout: PayoutId) -> Result<Vec<Try>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, slot, unit, status, accepted_no FROM versions
         WHERE id IN (SELECT version FROM version_outputs WHERE payout = ?) ORDER BY id",
    )?;
    let mut rows = statement.query([payout.get()])?;
    let mut tries = Vec::new();
    while let Some(row) = rows.next()? {
        let fields = Fields::new("versions", row);
        tries.push(Try {
            slot: fields.plain("slot")?,
            unit: fields.text("unit")?,
            status: status(&fields)?,
            accepted_no: fields.plain("accepted_no")?,
        });
    }
    Ok(tries)
}

pub(super) fn status(fields: &Fields<'_>) -> Result<VersionStatus, StoreError> {
    let code: String = fields.plain("status")?;
    VersionStatus::from_code(&code).ok_or_else(|| fields.bad("status", "the code is unknown"))
}

pub(super) fn scope(key: &PurchaseKey) -> &str {
    key.merchant.as_ref().map_or("", MerchantScope::as_str)
}
