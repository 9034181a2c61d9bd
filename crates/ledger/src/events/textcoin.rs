//! Textcoins that were given: a customer claims one, or it is taken back.

use obyte::Bytes;

use crate::events::credited;
use crate::{Account, Cause, Entry, EntryError, PartnerId, PayoutNumber, Transfer};

/// A textcoin that was given for a purchase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextcoinOut {
    /// Whose purchase it was.
    pub partner: PartnerId,
    /// Of its cashback, what the fund gave: the base share and the match.
    pub by_fund: Bytes,
    /// Of its cashback, what the deposit gave: the partner's share.
    pub by_partner: Bytes,
    /// What it holds on top for the fees of claiming it, which the fund gave.
    pub claim_reserve: Bytes,
}

impl TextcoinOut {
    /// The most that taking it back may cost, so that its partner gets its share and the fund pays no more than it
    /// gets.
    pub fn fees_max(&self) -> Bytes {
        self.by_fund.checked_add(self.claim_reserve).unwrap_or(Bytes::MAX)
    }

    fn cashback(&self) -> Result<Bytes, EntryError> {
        self.by_fund.checked_add(self.by_partner).ok_or(EntryError::TooLarge)
    }
}

/// A textcoin is proven claimed: its cashback has arrived, and what was on top is used up.
///
/// # Errors
/// [`EntryError::Empty`] for a textcoin of nothing.
pub fn textcoin_claimed(payout: PayoutNumber, textcoin: &TextcoinOut) -> Result<Entry, EntryError> {
    let transfers = [
        Transfer::new(Account::TextcoinsOut, Account::Paid, textcoin.cashback()?),
        Transfer::new(Account::TextcoinsOut, Account::NetworkFees, textcoin.claim_reserve),
    ];
    Entry::of_transfers(Cause::TextcoinClaimed(payout), &transfers)
}

/// A textcoin is proven taken back by a unit that cost `fees`: fund and deposit get back what they gave. The fees are
/// the fund's, and so is what is set aside of the coin that came back for spending it (`reserve`), as far as the fund
/// gets anything. What the partner owes (`receivable`, of this moment) is settled first.
///
/// # Errors
/// [`EntryError::TooLarge`] for fees above [`TextcoinOut::fees_max`].
pub fn textcoin_taken_back(
    payout: PayoutNumber,
    textcoin: &TextcoinOut,
    fees: Bytes,
    reserve: Bytes,
    receivable: Bytes,
) -> Result<Entry, EntryError> {
    let transfers = back(textcoin, fees, reserve, receivable)?;
    Entry::of_transfers(Cause::TextcoinTakenBack(payout), &transfers)
}

/// What was booked before it was known that a database which was lost had taken a textcoin back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mistaken {
    /// The coin that came back, for a top-up of the operator. Of that the fund still has so much at this moment.
    ForTopUp {
        /// What the fund holds.
        fund: Bytes,
    },
    /// Its unit, for that of a customer who claims.
    ForClaim,
}

/// A textcoin is proven taken back, as in [`textcoin_taken_back`], by a unit that was signed with a database which was
/// lost. What was booked of it before is undone.
///
/// # Errors
/// [`EntryError::TooLarge`] for fees above what it held, or above [`TextcoinOut::fees_max`] after a claim.
pub fn textcoin_taken_back_late(
    payout: PayoutNumber,
    textcoin: &TextcoinOut,
    fees: Bytes,
    reserve: Bytes,
    receivable: Bytes,
    mistaken: Mistaken,
) -> Result<Entry, EntryError> {
    let mut transfers = match mistaken {
        Mistaken::ForTopUp { fund } => {
            let held = textcoin.cashback()?.checked_add(textcoin.claim_reserve);
            let back = held.and_then(|held| held.checked_sub(fees)).ok_or(EntryError::TooLarge)?;
            let share = textcoin.by_partner.min(back).min(fund);
            let mut transfers = vec![
                Transfer::new(Account::TextcoinsOut, Account::NetworkFees, fees),
                Transfer::new(Account::TextcoinsOut, Account::OperatorTopUps, back),
            ];
            transfers.extend(credited(Account::Fund, textcoin.partner, share, receivable));
            return Entry::of_transfers(Cause::TextcoinTakenBack(payout), &transfers);
        }
        Mistaken::ForClaim => vec![
            Transfer::new(Account::Paid, Account::TextcoinsOut, textcoin.cashback()?),
            Transfer::new(Account::NetworkFees, Account::TextcoinsOut, textcoin.claim_reserve),
        ],
    };
    transfers.extend(back(textcoin, fees, reserve, receivable)?);
    Entry::of_transfers(Cause::TextcoinTakenBack(payout), &transfers)
}

/// What it held returns to those who gave, less the fees.
fn back(
    textcoin: &TextcoinOut,
    fees: Bytes,
    reserve: Bytes,
    receivable: Bytes,
) -> Result<Vec<Transfer>, EntryError> {
    let to_fund = textcoin.fees_max().checked_sub(fees).ok_or(EntryError::TooLarge)?;
    let reserve = reserve.min(to_fund);
    let mut transfers = vec![
        Transfer::new(Account::TextcoinsOut, Account::NetworkFees, fees),
        Transfer::new(Account::TextcoinsOut, Account::FeeReserve, reserve),
        Transfer::new(Account::TextcoinsOut, Account::Fund, to_fund.saturating_sub(reserve)),
    ];
    transfers.extend(credited(Account::TextcoinsOut, textcoin.partner, textcoin.by_partner, receivable));
    Ok(transfers)
}
