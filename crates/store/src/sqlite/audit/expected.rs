//! Which entry something that has happened must have, made anew from its rows.

use ledger::{
    Account, Cause, CommandId, Entry, EntryError, Mistaken, OutputRef, PartnerId, PayoutNumber, Purse,
    Withdrawal, events, restored,
};
use obyte::{Bytes, UnitHash};
use payout::PayoutId;
use rusqlite::{Connection, params};

use crate::sqlite::codec::Fields;
use crate::sqlite::{corrections, finding, keeping, line, partners, purchases, withdrawals};
use crate::{BookFault, Endpoint, StoreError};

/// An entry that must stand in the book, where its rows make one, and what is wrong about the rows themselves.
pub(super) type Expected = (Option<Entry>, Vec<BookFault>);

/// The entry that must stand where this one stands, with what is wrong about the rows themselves; nothing
/// where nothing has happened that it could be for. `balance` tells what an account held before.
pub(super) fn expected(
    connection: &Connection,
    endpoint: Endpoint,
    entry: &Entry,
    balance: impl Fn(Account) -> i128,
) -> Result<Option<Expected>, StoreError> {
    let rows = Rows { connection, endpoint };
    // Where an account is below zero, that is a fault of its own.
    let held = |account| u64::try_from(balance(account)).ok().and_then(|held| Bytes::new(held).ok());
    let held = |account| held(account).unwrap_or_default();
    let missing = u64::try_from(-balance(Account::Missing)).ok().and_then(|missing| Bytes::new(missing).ok());
    let missing = missing.unwrap_or_default();
    let made = match entry.cause() {
        Cause::FundReceived(output) => rows.received(*output)?,
        Cause::DepositReceived(output) => rows.deposit_received(*output, held)?,
        Cause::CoinFound(output) => rows.found(*output)?,
        Cause::CoinLost(output) => rows.lost(*output)?,
        Cause::MissingCovered(number) => {
            Some(restored::missing_covered(*number, missing.min(held(Account::Fund))))
        }
        Cause::SurplusFound(number) => Some(restored::surplus_found(*number, held(Account::Missing))),
        Cause::PaidElsewhere(payout) => rows.paid_elsewhere(*payout, missing)?,
        Cause::DepositBooked(command) => rows.deposited(command, entry, held)?,
        Cause::PurchaseAccepted(payout) => return rows.accepted(*payout),
        Cause::PayoutCancelled(payout) => rows.cancelled(*payout, held)?,
        Cause::WithdrawalAccepted(payout) => rows.withdrawn(*payout)?,
        Cause::WithdrawalCancelled(payout) => rows.withdrawal_cancelled(*payout, held)?,
        Cause::PurchaseRefunded(payout) => rows.refunded(*payout, held)?,
        Cause::RefundUndone(payout) => rows.undone(*payout, held)?,
        Cause::UnitSettled(unit) => rows.settled(*unit, held(Account::Fund))?,
        Cause::TpsFeeCharged(unit) => rows.charged(*unit)?,
        Cause::TextcoinClaimed(payout) => rows.claimed(*payout)?,
        Cause::TextcoinTakenBack(payout) => rows.taken_back(*payout, held)?,
        Cause::TextcoinFound(output) => rows.textcoin_found(*output, held)?,
    };
    Ok(made.map(|made| (made.ok(), Vec::new())))
}

/// What is made of rows that are there; amounts that cannot be booked make no entry.
type Made = Option<Result<Entry, EntryError>>;

struct Rows<'a> {
    connection: &'a Connection,
    endpoint: Endpoint,
}

impl Rows<'_> {
    fn received(&self, output: OutputRef) -> Result<Made, StoreError> {
        let coin = self.amounts(
            output,
            "SELECT id, amount, reserve FROM coins WHERE endpoint = ? AND unit = ? AND message_index = ?
                 AND output_index = ? AND origin = 'others' AND partner IS NULL
                 AND (textcoin IS NULL OR textcoin IN (SELECT payout FROM textcoins WHERE late = 'top-up'))
                 AND (found IS NULL OR found IN (SELECT id FROM found_textcoins WHERE late))",
        )?;
        Ok(coin.map(|(amount, reserve)| events::fund_received(output, amount, reserve)))
    }

    /// The coin must lie at the partner's address.
    fn deposit_received(
        &self,
        output: OutputRef,
        held: impl Fn(Account) -> Bytes,
    ) -> Result<Made, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT coins.id, amount, reserve, coins.partner FROM coins
             JOIN deposit_addresses ON deposit_addresses.endpoint = coins.endpoint
                 AND deposit_addresses.partner = coins.partner AND deposit_addresses.address = coins.address
             WHERE coins.endpoint = ? AND unit = ? AND message_index = ? AND output_index = ?",
        )?;
        let mut rows = statement.query(params![
            self.endpoint.code(),
            output.unit.as_str(),
            output.message,
            output.output
        ])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let fields = Fields::new("coins", row);
        let partner = PartnerId::new(fields.plain("partner")?);
        let (amount, reserve) = (fields.bytes("amount")?, fields.bytes("reserve")?);
        let (fund, receivable) = (held(Account::Fund), held(Account::Receivable(partner)));
        Ok(Some(events::deposit_received(output, partner, amount, reserve, fund, receivable)))
    }

    fn found(&self, output: OutputRef) -> Result<Made, StoreError> {
        let coin = self.amounts(
            output,
            "SELECT id, amount, reserve FROM coins WHERE endpoint = ? AND unit = ? AND message_index = ?
                 AND output_index = ? AND origin = 'foreign unit'",
        )?;
        Ok(coin.map(|(amount, _)| restored::coin_found(output, amount)))
    }

    fn lost(&self, output: OutputRef) -> Result<Made, StoreError> {
        let coin = self.amounts(
            output,
            "SELECT 0 AS id, amount, reserve FROM lost_coins WHERE endpoint = ? AND unit = ?
                 AND message_index = ? AND output_index = ?",
        )?;
        Ok(coin.map(|(amount, reserve)| restored::coin_lost(output, amount, reserve)))
    }

    /// The amount of a coin, and what was set aside for spending it.
    fn amounts(&self, output: OutputRef, query: &str) -> Result<Option<(Bytes, Bytes)>, StoreError> {
        let mut statement = self.connection.prepare_cached(query)?;
        let mut rows = statement.query(params![
            self.endpoint.code(),
            output.unit.as_str(),
            output.message,
            output.output
        ])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let fields = Fields::new("coins", row);
        Ok(Some((fields.bytes("amount")?, fields.bytes("reserve")?)))
    }

    fn paid_elsewhere(&self, payout: PayoutNumber, missing: Bytes) -> Result<Made, StoreError> {
        let is_explained = self
            .connection
            .prepare_cached("SELECT 1 FROM foreign_outputs WHERE payout = ? AND endpoint = ?")?
            .exists(params![payout.get(), self.endpoint.code()])?;
        if !is_explained {
            return Ok(None);
        }
        let set_aside = withdrawals::owed_for(self.connection, PayoutId::new(payout.get()))?;
        Ok(Some(restored::paid_elsewhere(payout, &set_aside, missing)))
    }

    /// The entry itself is all that there is of a deposit; it must be that of a partner, and settle what that
    /// owed.
    fn deposited(
        &self,
        command: &CommandId,
        entry: &Entry,
        held: impl Fn(Account) -> Bytes,
    ) -> Result<Made, StoreError> {
        let Some((partner, amount)) = events::deposit_in(entry) else { return Ok(None) };
        if !partners::exists(self.connection, partner)? {
            return Ok(None);
        }
        let receivable = held(Account::Receivable(partner));
        Ok(Some(events::deposit_booked(command.clone(), partner, amount, receivable)))
    }

    fn accepted(&self, payout: PayoutNumber) -> Result<Option<Expected>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT payouts.id, origin, partner, base, partner_share, matched, fee_reserve, amount,
                 CASE WHEN textcoin THEN attested_address IS NULL AND instr(recipient, '@') > 0
                      WHEN attested_address IS NULL THEN recipient = address
                      ELSE attested_address = address AND instr(recipient, '@') > 0 END AS same
             FROM purchase_payouts JOIN payouts ON payouts.id = purchase_payouts.payout
             WHERE purchase_payouts.payout = ?1 AND payouts.endpoint = ?2",
        )?;
        let mut rows = statement.query(params![payout.get(), self.endpoint.code()])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let fields = Fields::new("purchases", row);
        let acceptance = purchases::acceptance(&fields)?;
        let mut faults = Vec::new();
        if !fields.plain::<bool>("same")? {
            faults.push(BookFault::OtherAddress { payout: payout.get() });
        }
        let shares = [acceptance.base, acceptance.partner_share, acceptance.matched];
        if Bytes::checked_sum(shares) != Some(fields.bytes("amount")?) {
            faults.push(BookFault::OtherSum { payout: payout.get() });
        }
        let is_anew = fields.plain::<Option<i64>>("origin")?.is_some();
        if is_anew && !corrections::is_given_rightly(self.connection, PayoutId::new(payout.get()))? {
            faults.push(BookFault::GivenTwice { payout: payout.get() });
        }
        Ok(Some((events::purchase_accepted(payout, &acceptance).ok(), faults)))
    }

    fn claimed(&self, payout: PayoutNumber) -> Result<Made, StoreError> {
        let is_claimed = self
            .connection
            .prepare_cached(
                "SELECT 1 FROM textcoins WHERE payout = ? AND endpoint = ? AND (outcome = 'claimed' OR late = 'claim')",
            )?
            .exists(params![payout.get(), self.endpoint.code()])?;
        let textcoin =
            is_claimed.then(|| keeping::textcoin_out(self.connection, payout.get())).transpose()?;
        Ok(textcoin.map(|textcoin| events::textcoin_claimed(payout, &textcoin)))
    }

    /// The fees are what the coin that came back lacks. Its unit was signed here, but for one that came late.
    fn taken_back(&self, payout: PayoutNumber, held: impl Fn(Account) -> Bytes) -> Result<Made, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT coins.id, amount, reserve, late FROM coins
             JOIN textcoins ON textcoins.payout = coins.textcoin AND ended_by = unit
                 AND textcoins.endpoint = coins.endpoint AND outcome = 'taken back'
             WHERE coins.textcoin = ? AND coins.endpoint = ?
                 AND (late IS NOT NULL OR EXISTS (SELECT 1 FROM sweeps WHERE sweeps.unit = coins.unit))",
        )?;
        let mut rows = statement.query(params![payout.get(), self.endpoint.code()])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let fields = Fields::new("coins", row);
        let textcoin = keeping::textcoin_out(self.connection, payout.get())?;
        let back = fields.bytes("amount")?;
        let Some(fees) = keeping::given(&textcoin)?.checked_sub(back) else { return Ok(None) };
        let (reserve, receivable) = (fields.bytes("reserve")?, held(Account::Receivable(textcoin.partner)));
        let mistaken = match fields.plain::<Option<String>>("late")?.as_deref() {
            None => {
                return Ok(Some(events::textcoin_taken_back(payout, &textcoin, fees, reserve, receivable)));
            }
            Some("claim") => Mistaken::ForClaim,
            Some(_) => Mistaken::ForTopUp { fund: held(Account::Fund) },
        };
        Ok(Some(events::textcoin_taken_back_late(payout, &textcoin, fees, reserve, receivable, mistaken)))
    }

    /// The unit that brought the coin is the one that has ended the textcoin.
    fn textcoin_found(&self, output: OutputRef, held: impl Fn(Account) -> Bytes) -> Result<Made, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT coins.id, amount, reserve, late, found_textcoins.payout AS returned FROM coins
             JOIN found_textcoins ON found_textcoins.id = found AND outcome = 'taken back' AND ended_by = unit
                 AND found_textcoins.endpoint = coins.endpoint
             WHERE coins.endpoint = ? AND unit = ? AND message_index = ? AND output_index = ?",
        )?;
        let mut rows = statement.query(params![
            self.endpoint.code(),
            output.unit.as_str(),
            output.message,
            output.output
        ])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let fields = Fields::new("coins", row);
        let returned = fields.plain::<Option<i64>>("returned")?.map(PayoutId::new);
        let back = finding::share_back(self.connection, returned, |account| Ok(held(account)))?;
        let amount = fields.bytes("amount")?;
        Ok(Some(if fields.plain("late")? {
            restored::textcoin_found_late(output, amount, held(Account::Fund), back)
        } else {
            restored::textcoin_found(output, amount, fields.bytes("reserve")?, back)
        }))
    }

    fn cancelled(&self, payout: PayoutNumber, held: impl Fn(Account) -> Bytes) -> Result<Made, StoreError> {
        let is_purchase = self
            .connection
            .prepare_cached("SELECT 1 FROM purchase_payouts WHERE payout = ?")?
            .exists([payout.get()])?;
        if !is_purchase || !self.is_never_paid(payout)? {
            return Ok(None);
        }
        let set_aside = purchases::set_aside(self.connection, PayoutId::new(payout.get()))?;
        let receivable = held(Account::Receivable(set_aside.partner));
        Ok(Some(events::payout_cancelled(payout, &set_aside, receivable)))
    }

    fn withdrawn(&self, payout: PayoutNumber) -> Result<Made, StoreError> {
        let withdrawal = self.withdrawal(payout)?;
        Ok(withdrawal.map(|withdrawal| events::withdrawal_accepted(payout, &withdrawal)))
    }

    fn withdrawal_cancelled(
        &self,
        payout: PayoutNumber,
        held: impl Fn(Account) -> Bytes,
    ) -> Result<Made, StoreError> {
        if !self.is_never_paid(payout)? {
            return Ok(None);
        }
        Ok(self.withdrawal(payout)?.map(|withdrawal| {
            let receivable = match withdrawal.purse {
                Purse::Fund => Bytes::ZERO,
                Purse::Deposit(partner) => held(Account::Receivable(partner)),
            };
            events::withdrawal_cancelled(payout, &withdrawal, receivable)
        }))
    }

    /// Whether a payout of this endpoint was parked, or rejected without having been paid elsewhere.
    fn is_never_paid(&self, payout: PayoutNumber) -> Result<bool, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT 1 FROM payouts
             WHERE id = ?1 AND endpoint = ?2 AND (parked_at IS NOT NULL OR rejected_at IS NOT NULL)
                 AND NOT EXISTS (SELECT 1 FROM foreign_outputs WHERE foreign_outputs.payout = ?1)",
        )?;
        Ok(statement.exists(params![payout.get(), self.endpoint.code()])?)
    }

    /// A withdrawal of this endpoint.
    fn withdrawal(&self, payout: PayoutNumber) -> Result<Option<Withdrawal>, StoreError> {
        let is_there = self
            .connection
            .prepare_cached("SELECT 1 FROM payouts WHERE id = ? AND endpoint = ?")?
            .exists(params![payout.get(), self.endpoint.code()])?;
        if !is_there {
            return Ok(None);
        }
        withdrawals::set_aside(self.connection, PayoutId::new(payout.get()))
    }

    fn refunded(&self, payout: PayoutNumber, held: impl Fn(Account) -> Bytes) -> Result<Made, StoreError> {
        let Some(claim) = self.claim(payout, false)? else { return Ok(None) };
        let partner = purchases::set_aside(self.connection, PayoutId::new(payout.get()))?.partner;
        Ok(Some(events::purchase_refunded(payout, partner, claim, held(Account::Deposit(partner)))))
    }

    fn undone(&self, payout: PayoutNumber, held: impl Fn(Account) -> Bytes) -> Result<Made, StoreError> {
        let Some(claim) = self.claim(payout, true)? else { return Ok(None) };
        let partner = purchases::set_aside(self.connection, PayoutId::new(payout.get()))?.partner;
        Ok(Some(events::refund_undone(payout, partner, claim, held(Account::Receivable(partner)))))
    }

    fn claim(&self, payout: PayoutNumber, undone: bool) -> Result<Option<Bytes>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT payout, claim FROM refunds
             WHERE payout = ? AND endpoint = ? AND (undone_at IS NOT NULL OR NOT ?)",
        )?;
        let mut rows = statement.query(params![payout.get(), self.endpoint.code(), undone])?;
        rows.next()?.map(|row| Fields::new("refunds", row).bytes("claim")).transpose()
    }

    /// What fees cost beyond reserves and fund is missing; while nothing is, this cannot be.
    fn settled(&self, unit: UnitHash, fund: Bytes) -> Result<Made, StoreError> {
        let settled = line::settlement_of(self.connection, self.endpoint, unit)?;
        Ok(settled.map(|(mut settlement, _)| {
            let have = fund.get().saturating_add(settlement.reserve_released.get());
            let fees = settlement.size_fees.get().saturating_add(settlement.tps_fee.get());
            settlement.short = Bytes::new(fees.saturating_sub(have)).unwrap_or(Bytes::MAX);
            events::unit_settled(unit, &settlement)
        }))
    }

    fn charged(&self, unit: UnitHash) -> Result<Made, StoreError> {
        let settled = line::settlement_of(self.connection, self.endpoint, unit)?;
        Ok(settled.and_then(|(_, charged)| charged).map(|charged| events::tps_fee_charged(unit, charged)))
    }
}
