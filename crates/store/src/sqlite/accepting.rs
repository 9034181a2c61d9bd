//! Accepting purchases.
//!
//! Whatever stands against a purchase is found before anything is written.

use ledger::{Account, Entry, PayoutNumber, Refusal, events};
use obyte::Bytes;
use payout::{Payee, Payout, PayoutId};
use program::{Judgement, Recipient};
use rusqlite::{Connection, params};

use crate::sqlite::codec::{integer, millis};
use crate::sqlite::purchases::{find, scope};
use crate::sqlite::totals::{Counted, Subject};
use crate::sqlite::{book, holds, limits, merchants, partners, periods, rates, receiving, totals};
use crate::{
    Acceptance, Endpoint, HoldReason, PayoutState, PurchaseRecord, RulesVersion, Shares, StoreError, Thing,
    Verdict,
};

pub(super) fn accept(
    connection: &Connection,
    endpoint: Endpoint,
    acceptance: Acceptance,
) -> Result<Verdict, StoreError> {
    if let Some(before) = find(connection, endpoint, &acceptance.key)? {
        return Ok(match before.terms.differs_in(&acceptance.terms) {
            None => Verdict::Replay(Box::new(before)),
            Some(term) => Verdict::Conflict(term),
        });
    }
    let partner_added_at =
        partners::added_at(connection, acceptance.key.partner)?.ok_or(StoreError::Unknown(Thing::Partner))?;
    if let Some(refusal) = merchants::refusal(connection, &acceptance.key)? {
        return Ok(Verdict::MerchantRefused(refusal));
    }
    if receiving::is_claimed(connection, endpoint, &acceptance)? {
        return Ok(Verdict::UnitUsed);
    }
    let mut acceptance = match periods::requoted(connection, endpoint, acceptance)? {
        Ok(acceptance) => acceptance,
        Err(error) => return Ok(Verdict::NoCashback(error)),
    };
    // Only now, since the period may have explained the shares anew.
    acceptance.explanation.lines.extend(acceptance.unit_found.take());
    acceptance.attested = acceptance.attested.filter(|_| acceptance.terms.recipient.email().is_some());
    let id = next_payout(connection)?;
    let amount = amount_of(&acceptance)?;
    let entry = entry_of(id, &acceptance)?;
    let after = match weigh(connection, endpoint, &entry)? {
        Ok(after) => after,
        Err(verdict) => return Ok(verdict),
    };
    let subject = subject_of(endpoint, &acceptance);
    let rows = subject.rows(connection, totals::day_of(acceptance.at))?;
    let judgement = limits::judge(connection, &acceptance, &rows, partner_added_at, fund_left(&after))?;
    let payee = payee_of(&acceptance);
    let is_unexplained = holds::may_be_paid(connection, endpoint, &payee, amount, acceptance.fee_reserve)?;
    let hold = match judgement {
        Judgement::Refused(stop) => return Ok(Verdict::Stopped(stop)),
        _ if is_unexplained => Some(HoldReason::Unexplained),
        Judgement::Held(limit) => acceptance.hold.or(Some(HoldReason::Limit(limit))),
        Judgement::Allowed => acceptance.hold,
    };
    // Nothing stands against it any more.
    book::write(connection, endpoint, acceptance.at, &entry, "", &after)?;
    let counted_day = match hold {
        Some(_) => None,
        None => Some(totals::count(connection, &subject, rows, counted(&acceptance)?)?),
    };
    let payout = Payout { id, payee, amount, queued_at: acceptance.at };
    queue(connection, endpoint, &payout, &acceptance, counted_day)?;
    remember(connection, endpoint, &acceptance, id)?;
    receiving::claim(connection, endpoint, &acceptance, id)?;
    merchants::see(connection, &acceptance.key, acceptance.at)?;
    match hold {
        None => Ok(Verdict::Accepted(record(acceptance, payout, PayoutState::Queued))),
        Some(reason) => {
            holds::hold(connection, endpoint, id, reason, acceptance.at)?;
            let state = PayoutState::Held { reason, since: acceptance.at };
            Ok(Verdict::Held(record(acceptance, payout, state)))
        }
    }
}

/// The cashback, which is something.
fn amount_of(acceptance: &Acceptance) -> Result<Bytes, ledger::EntryError> {
    match acceptance.shares.total() {
        None => Err(ledger::EntryError::TooLarge),
        Some(amount) if amount.is_zero() => Err(ledger::EntryError::Empty),
        Some(amount) => Ok(amount),
    }
}

fn entry_of(payout: PayoutId, acceptance: &Acceptance) -> Result<Entry, ledger::EntryError> {
    let shares = acceptance.shares;
    let set_aside = ledger::Acceptance {
        partner: acceptance.key.partner,
        base: shares.base,
        partner_share: shares.partner,
        matched: shares.matched,
        fee_reserve: acceptance.fee_reserve,
    };
    events::purchase_accepted(PayoutNumber::new(payout.get()), &set_aside)
}

/// What the entry leaves, or the verdict where that is below zero.
fn weigh(
    connection: &Connection,
    endpoint: Endpoint,
    entry: &Entry,
) -> Result<Result<book::After, Verdict>, StoreError> {
    match book::weigh(connection, endpoint, entry)? {
        Ok(after) => Ok(Ok(after)),
        Err(Refusal::Overdraft { account: Account::Fund, missing }) => {
            Ok(Err(Verdict::FundTooLow { missing: book::lacking(missing) }))
        }
        Err(Refusal::Overdraft { account: Account::Deposit(_), missing }) => {
            Ok(Err(Verdict::DepositTooLow { missing: book::lacking(missing) }))
        }
        Err(refusal) => Err(refusal.into()),
    }
}

/// How long a textcoin is there to be claimed, in milliseconds.
fn expiry(payout: &Payout, acceptance: &Acceptance) -> Result<Option<i64>, StoreError> {
    if !payout.payee.is_textcoin() {
        return Ok(None);
    }
    let millis = u64::try_from(acceptance.textcoin_expiry.as_millis()).unwrap_or(u64::MAX);
    integer(millis).map(Some)
}

/// A mailbox is paid by a textcoin, unless the wallet of who has it is known.
fn payee_of(acceptance: &Acceptance) -> Payee {
    match (&acceptance.terms.recipient, acceptance.attested) {
        (Recipient::Address(address), _) => Payee::Address(*address),
        (Recipient::Email(_), Some(attested)) => Payee::Address(attested.address),
        (Recipient::Email(_), None) => Payee::Textcoin(None),
    }
}

fn subject_of(endpoint: Endpoint, acceptance: &Acceptance) -> Subject {
    let recipient = acceptance.terms.recipient.counted_as();
    Subject::new(endpoint, &acceptance.key, &recipient, &acceptance.details.customer)
}

fn record(acceptance: Acceptance, payout: Payout, state: PayoutState) -> Box<PurchaseRecord> {
    Box::new(PurchaseRecord {
        key: acceptance.key,
        terms: acceptance.terms,
        details: acceptance.details,
        shares: acceptance.shares,
        rates: acceptance.rates,
        explanation: acceptance.explanation,
        attested: acceptance.attested,
        fee_reserve: acceptance.fee_reserve,
        payout,
        state,
        answered: None,
    })
}

/// What an entry leaves in the fund; one that does not touch it leaves whatever there is.
pub(super) fn fund_left(after: &book::After) -> Bytes {
    let left = after.iter().find(|(account, _)| *account == Account::Fund);
    left.and_then(|(_, balance)| balance.to_bytes()).unwrap_or(Bytes::MAX)
}

fn counted(acceptance: &Acceptance) -> Result<Counted, StoreError> {
    let Shares { base, matched, .. } = acceptance.shares;
    let from_fund = base.checked_add(matched).ok_or(ledger::EntryError::TooLarge)?;
    Ok(Counted { from_fund, sold: acceptance.sold })
}

/// Payouts are never deleted, so the highest number is the newest.
pub(super) fn next_payout(connection: &Connection) -> Result<PayoutId, StoreError> {
    let highest: i64 = connection
        .prepare_cached("SELECT coalesce(max(id), 0) FROM payouts")?
        .query_row([], |row| row.get(0))?;
    Ok(PayoutId::new(highest + 1))
}

fn queue(
    connection: &Connection,
    endpoint: Endpoint,
    payout: &Payout,
    acceptance: &Acceptance,
    counted_day: Option<u32>,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO payouts (id, endpoint, address, textcoin, amount, fee_reserve, queued_at,
                 counted_day, expires_after)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            payout.id.get(),
            endpoint.code(),
            payout.payee.address().as_ref().map_or("", obyte::Address::as_str),
            payout.payee.is_textcoin(),
            i64::from(payout.amount),
            i64::from(acceptance.fee_reserve),
            millis(payout.queued_at)?,
            counted_day,
            expiry(payout, acceptance)?,
        ])?;
    Ok(())
}

fn remember(
    connection: &Connection,
    endpoint: Endpoint,
    acceptance: &Acceptance,
    payout: PayoutId,
) -> Result<(), StoreError> {
    let Acceptance { key, terms, details, shares, explanation, attested, .. } = acceptance;
    connection
        .prepare_cached(
            "INSERT INTO purchases (endpoint, partner, merchant_scope, order_id, recipient, currency,
                 currency_amount, percentage, purchase_unit, customer, merchant, description, base,
                 partner_share, matched, rates, rules, explanation, payout, sold, attested_address, attested_unit,
                 attestor)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute(params![
            endpoint.code(),
            key.partner.get(),
            scope(key),
            key.order_id.as_str(),
            terms.recipient.as_str(),
            terms.price.currency.code(),
            terms.price.amount.to_string(),
            terms.percentage.to_string(),
            terms.purchase_unit.as_ref().map(obyte::UnitHash::as_str),
            details.customer,
            details.merchant,
            details.description,
            i64::from(shares.base),
            i64::from(shares.partner),
            i64::from(shares.matched),
            rates::write(&acceptance.rates),
            explanation.rules.map(RulesVersion::get),
            explanation.lines.join("\n"),
            payout.get(),
            integer(acceptance.sold.cents())?,
            attested.as_ref().map(|attested| attested.address.as_str()),
            attested.as_ref().map(|attested| attested.unit.as_str()),
            attested.as_ref().map(|attested| attested.attestor.as_str()),
        ])?;
    Ok(())
}
