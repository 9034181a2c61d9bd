//! One function per business event, which makes its entry.
//!
//! | event | from | to |
//! | --- | --- | --- |
//! | [`fund_received`] | operator top-ups | fund, fee reserve |
//! | [`deposit_received`] | deposits received; fund; receivable | deposit, fee reserve; fee reserve; refund claims |
//! | [`deposit_booked`] | fund; deposits received; receivable | deposit; operator top-ups; refund claims |
//! | [`purchase_accepted`] | fund, deposit | owed, fee reserve |
//! | [`payout_cancelled`] | owed; fee reserve; receivable | fund, deposit; fund; refund claims |
//! | [`purchase_refunded`] | deposit; refund claims | fund; receivable |
//! | [`refund_undone`] | fund; receivable | deposit; refund claims |
//! | [`withdrawal_accepted`] | deposit or fund; fund | owed; fee reserve |
//! | [`withdrawal_cancelled`] | owed; fee reserve | deposit or fund, what is owed first; fund |
//! | [`unit_settled`] | owed; fee reserve, then fund | paid, withdrawn, textcoins out; network fees, prepaid TPS, fund |
//! | [`tps_fee_charged`] | prepaid TPS | network fees |
//! | [`textcoin_claimed`] | textcoins out | paid, network fees |
//! | [`textcoin_taken_back`] | textcoins out | fund, deposit, what is owed first; fee reserve, network fees |
//! | [`textcoin_taken_back_late`] | the same, and what was booked before it was known | |

mod partner;
mod textcoin;
mod withdrawal;

pub use partner::{credited, deposit_booked, deposit_in, deposit_received, purchase_refunded, refund_undone};
pub use textcoin::{Mistaken, TextcoinOut, textcoin_claimed, textcoin_taken_back, textcoin_taken_back_late};
pub use withdrawal::{Purse, Withdrawal, withdrawal_accepted, withdrawal_cancelled};

use obyte::{Bytes, UnitHash};

use crate::{Account, Cause, Entry, EntryError, OutputRef, PartnerId, PayoutNumber, Transfer};

/// What is set aside when a purchase is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acceptance {
    /// Whose purchase it is, and whose deposit gives the partner's share.
    pub partner: PartnerId,
    /// From the fund: the base share.
    pub base: Bytes,
    /// From the deposit: the partner's share.
    pub partner_share: Bytes,
    /// From the fund: the match.
    pub matched: Bytes,
    /// From the fund: set aside for the network fees of the payout.
    pub fee_reserve: Bytes,
}

/// What a unit of the wallet did, once it is proven stable and good.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settlement {
    /// The sum of the cashback that it paid to addresses.
    pub paid: Bytes,
    /// The sum of the cashback that it paid by textcoins.
    pub textcoins: Bytes,
    /// What these textcoins hold on top, for the fees of claiming them.
    pub claim_reserves: Bytes,
    /// The sum of the withdrawals that it paid.
    pub withdrawn: Bytes,
    /// The sum of the fee reserves of those payouts, and of the coins from outside that it spent.
    pub reserve_released: Bytes,
    /// Headers, payload and oversize fee together (4.8): gone for good.
    pub size_fees: Bytes,
    /// The TPS fee that the unit paid in advance (4.10).
    pub tps_fee: Bytes,
    /// What of these fees neither the reserves nor the fund cover, since coins are missing.
    pub short: Bytes,
}

/// Bytes of the operator arrived at the fund address. A part of them, at most all, is set aside for the
/// fees of spending this coin.
///
/// # Errors
/// [`EntryError::Empty`] for no bytes.
pub fn fund_received(output: OutputRef, amount: Bytes, reserve: Bytes) -> Result<Entry, EntryError> {
    let reserve = reserve.min(amount);
    let transfers = [
        Transfer::new(Account::OperatorTopUps, Account::Fund, amount.saturating_sub(reserve)),
        Transfer::new(Account::OperatorTopUps, Account::FeeReserve, reserve),
    ];
    Entry::of_transfers(Cause::FundReceived(output), &transfers)
}

/// A purchase is accepted: from here on its cashback is owed, and its fees are set aside.
///
/// # Errors
/// [`EntryError::Empty`] if neither shares nor a reserve hold any bytes.
pub fn purchase_accepted(payout: PayoutNumber, acceptance: &Acceptance) -> Result<Entry, EntryError> {
    let Acceptance { partner, base, partner_share, matched, fee_reserve } = *acceptance;
    let transfers = [
        Transfer::new(Account::Fund, Account::Owed, base),
        Transfer::new(Account::Deposit(partner), Account::Owed, partner_share),
        Transfer::new(Account::Fund, Account::Owed, matched),
        Transfer::new(Account::Fund, Account::FeeReserve, fee_reserve),
    ];
    Entry::of_transfers(Cause::PurchaseAccepted(payout), &transfers)
}

/// A payout that was accepted will never be paid: its shares and its reserve go back to where they
/// came from. `acceptance` is what was booked when it was accepted. The partner's share is credited anew, so what
/// the partner has come to owe in between (`receivable`, of this moment) is settled first.
///
/// # Errors
/// [`EntryError::Empty`] if neither shares nor a reserve hold any bytes.
pub fn payout_cancelled(
    payout: PayoutNumber,
    acceptance: &Acceptance,
    receivable: Bytes,
) -> Result<Entry, EntryError> {
    let Acceptance { partner, base, partner_share, matched, fee_reserve } = *acceptance;
    let [deposit, settled, claims] = credited(Account::Owed, partner, partner_share, receivable);
    let transfers = [
        Transfer::new(Account::Owed, Account::Fund, base),
        Transfer::new(Account::Owed, Account::Fund, matched),
        Transfer::new(Account::FeeReserve, Account::Fund, fee_reserve),
        deposit,
        settled,
        claims,
    ];
    Entry::of_transfers(Cause::PayoutCancelled(payout), &transfers)
}

/// A unit of the wallet is proven stable and good.
///
/// Fees are paid out of the reserves of its payouts, and what is left of those is the fund's again;
/// where the fees exceed the reserves (inputs that only refill the payer), the fund pays the rest.
///
/// # Errors
/// [`EntryError::Empty`] for a settlement without bytes.
pub fn unit_settled(unit: UnitHash, settlement: &Settlement) -> Result<Entry, EntryError> {
    // The reserve passes through the fund: netting leaves there what remains, or takes what lacks.
    let transfers = [
        Transfer::new(Account::Owed, Account::Paid, settlement.paid),
        Transfer::new(Account::Owed, Account::Withdrawn, settlement.withdrawn),
        Transfer::new(Account::Owed, Account::TextcoinsOut, settlement.textcoins),
        Transfer::new(Account::FeeReserve, Account::Fund, settlement.reserve_released),
        Transfer::new(Account::Fund, Account::TextcoinsOut, settlement.claim_reserves),
        Transfer::new(Account::Fund, Account::NetworkFees, settlement.size_fees),
        Transfer::new(Account::Fund, Account::PrepaidTps, settlement.tps_fee),
        Transfer::new(Account::Missing, Account::Fund, settlement.short),
    ];
    Entry::of_transfers(Cause::UnitSettled(unit), &transfers)
}

/// The network finally charged this much of the prepaid TPS fee for a unit.
///
/// # Errors
/// [`EntryError::Empty`] if nothing was charged: then there is nothing to book.
pub fn tps_fee_charged(unit: UnitHash, actual: Bytes) -> Result<Entry, EntryError> {
    let transfer = Transfer::new(Account::PrepaidTps, Account::NetworkFees, actual);
    Entry::of_transfers(Cause::TpsFeeCharged(unit), &[transfer])
}
