//! What operators set, and whether a purchase passes it.

use std::borrow::Cow;

use ledger::PartnerId;
use obyte::Bytes;
use payout::Timestamp;
use program::{Asked, Judgement, LimitRules, LimitSetting, Stop, Turnover};
use rusqlite::{Connection, params};

use crate::sqlite::codec::{Fields, is_dangling};
use crate::sqlite::partners;
use crate::sqlite::totals::{Rows, merchant_of};
use crate::{Acceptance, PurchaseKey, Shop, StoreError, Thing};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

/// What becomes of a purchase by the limits that hold for it.
pub(super) fn judge(
    connection: &Connection,
    acceptance: &Acceptance,
    rows: &Rows,
    partner_added_at: Timestamp,
    fund_left: Bytes,
) -> Result<Judgement, StoreError> {
    let Some(defaults) = &acceptance.limits else { return Ok(Judgement::Allowed) };
    let rules = rules(connection, defaults, &acceptance.key)?;
    let standing = rows.standing(age_days(partner_added_at, acceptance.at));
    let shares = acceptance.shares;
    let from_fund = shares.base.checked_add(shares.matched).ok_or(ledger::EntryError::TooLarge)?;
    let asked = Asked { from_fund, sold: acceptance.sold, fund_left };
    Ok(rules.judge(&asked, &standing))
}

/// What stops so much of the fund from being given anew.
pub(super) fn judge_anew(
    connection: &Connection,
    (defaults, key): (&LimitRules, &PurchaseKey),
    rows: &Rows,
    (from_fund, fund_left): (Bytes, Bytes),
    at: Timestamp,
) -> Result<Option<Stop>, StoreError> {
    let rules = rules(connection, defaults, key)?;
    let added_at = partners::added_at(connection, key.partner)?.ok_or(StoreError::Unknown(Thing::Partner))?;
    let asked = Asked { from_fund, sold: Turnover::ZERO, fund_left };
    Ok(rules.judge_anew(&asked, &rows.standing(age_days(added_at, at))))
}

fn age_days(added_at: Timestamp, at: Timestamp) -> u32 {
    let age = at.as_millis().saturating_sub(added_at.as_millis()) / DAY_MS;
    u32::try_from(age).unwrap_or(u32::MAX)
}

/// The defaults, with what was set for the partner, and for the merchant.
pub(super) fn rules<'a>(
    connection: &Connection,
    defaults: &'a LimitRules,
    key: &PurchaseKey,
) -> Result<Cow<'a, LimitRules>, StoreError> {
    let mut rules = Cow::Borrowed(defaults);
    let of_partner = settings_of(connection, key.partner, "")?;
    let of_merchant = match &key.merchant {
        Some(merchant) => settings_of(connection, key.partner, merchant.as_str())?,
        None => Vec::new(),
    };
    for setting in of_partner.iter().chain(&of_merchant) {
        rules.to_mut().set(setting);
    }
    Ok(rules)
}

fn read(fields: &Fields<'_>) -> Result<LimitSetting, StoreError> {
    let (name, value): (String, String) = (fields.plain("name")?, fields.plain("value")?);
    LimitSetting::read(&name, &value).map_err(|error| fields.bad("value", error))
}

pub(super) fn settings(connection: &Connection, shop: &Shop) -> Result<Vec<LimitSetting>, StoreError> {
    settings_of(connection, shop.partner, merchant_of(shop))
}

/// Of a partner itself where the merchant is empty.
fn settings_of(
    connection: &Connection,
    partner: PartnerId,
    merchant: &str,
) -> Result<Vec<LimitSetting>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT partner, name, value FROM limit_settings WHERE partner = ? AND merchant = ? ORDER BY name",
    )?;
    let mut rows = statement.query(params![partner.get(), merchant])?;
    let mut settings = Vec::new();
    while let Some(row) = rows.next()? {
        settings.push(read(&Fields::new("limit_settings", row))?);
    }
    Ok(settings)
}

pub(super) fn set(connection: &Connection, shop: &Shop, setting: &LimitSetting) -> Result<(), StoreError> {
    let written = connection
        .prepare_cached(
            "INSERT INTO limit_settings (partner, merchant, name, value) VALUES (?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET value = excluded.value",
        )?
        .execute(params![shop.partner.get(), merchant_of(shop), setting.name(), setting.value()]);
    match written {
        Err(error) if is_dangling(&error) => Err(StoreError::Unknown(Thing::Partner)),
        other => Ok(other.map(drop)?),
    }
}

pub(super) fn unset(connection: &Connection, shop: &Shop, name: &str) -> Result<(), StoreError> {
    connection
        .prepare_cached("DELETE FROM limit_settings WHERE partner = ? AND merchant = ? AND name = ?")?
        .execute(params![shop.partner.get(), merchant_of(shop), name])?;
    Ok(())
}
