//! The choice of coins (8.1, 8.2).
//!
//! Mandatory coins come first. If they do not suffice, the smallest single candidate that does is
//! taken; where none does, candidates are taken from the largest down. Both keep inputs few, and thus
//! units below the size from which they pay more.

use super::{Coin, ComposeError, MAX_INPUTS, Payment, Spend};
use crate::Bytes;
use crate::fee::{ThresholdSize, oversize_fee};

/// The size of one coin among the inputs.
pub(super) const INPUT_SIZE: u64 = 89;
/// The size of one output.
pub(super) const OUTPUT_SIZE: u64 = 53;

/// Coins to choose from.
pub(super) struct Coins<'a> {
    pub(super) mandatory: &'a [Coin],
    pub(super) candidates: &'a [Coin],
}

/// What must be covered.
pub(super) struct Costs {
    pub(super) outputs: Bytes,
    pub(super) size_without_inputs: u64,
    pub(super) threshold: ThresholdSize,
    pub(super) tps_fee: Bytes,
    pub(super) least_rest: Bytes,
}

/// Chosen inputs, and what they leave.
pub(super) struct Selection {
    pub(super) coins: Vec<Coin>,
    pub(super) rest: Bytes,
    pub(super) oversize_fee: Bytes,
}

impl Costs {
    fn oversize_fee(&self, inputs: usize) -> Option<Bytes> {
        oversize_fee(self.size(inputs), self.threshold)
    }

    fn size(&self, inputs: usize) -> u64 {
        self.size_without_inputs + INPUT_SIZE * inputs as u64
    }

    /// Outputs and all fees, without what must be left.
    fn spent(&self, inputs: usize) -> Result<Bytes, ComposeError> {
        let size = Bytes::new(self.size(inputs)).ok();
        let oversize = self.oversize_fee(inputs);
        let parts = [Some(self.outputs), size, oversize, Some(self.tps_fee)];
        let parts: Option<Vec<_>> = parts.into_iter().collect();
        parts.and_then(Bytes::checked_sum).ok_or(ComposeError::TooMuch)
    }

    /// How much is missing when these coins are spent; zero when they suffice.
    fn missing(&self, coins: &[Coin], more: Bytes) -> Result<Bytes, ComposeError> {
        let count = coins.len() + usize::from(!more.is_zero());
        let have = total(coins)?.checked_add(more).ok_or(ComposeError::TooMuch)?;
        let need = self.spent(count)?.checked_add(self.least_rest).ok_or(ComposeError::TooMuch)?;
        Ok(need.saturating_sub(have))
    }

    fn conclude(&self, coins: Vec<Coin>, left_out: usize) -> Result<Selection, ComposeError> {
        let missing = self.missing(&coins, Bytes::ZERO)?;
        if !missing.is_zero() {
            return Err(ComposeError::NotEnough { missing, left_out });
        }
        let rest = total(&coins)?.checked_sub(self.spent(coins.len())?).ok_or(ComposeError::TooMuch)?;
        let oversize_fee = self.oversize_fee(coins.len()).ok_or(ComposeError::TooMuch)?;
        Ok(Selection { coins, rest, oversize_fee })
    }
}

pub(super) fn select(
    payment: &Payment<'_>,
    coins: Coins<'_>,
    costs: &Costs,
) -> Result<Selection, ComposeError> {
    let mut chosen = coins.mandatory.to_vec();
    let mut candidates = coins.candidates.to_vec();
    // A stable sort: of equal coins the one given first is taken first.
    candidates.sort_by_key(|coin| std::cmp::Reverse(coin.amount));
    if matches!(payment.spend, Spend::All { .. }) {
        candidates.retain(|coin| coin.amount.get() > INPUT_SIZE);
        let room = MAX_INPUTS - chosen.len();
        let left_out = candidates.len().saturating_sub(room);
        chosen.extend(candidates.into_iter().take(room));
        return costs.conclude(chosen, left_out);
    }
    if !chosen.is_empty() && costs.missing(&chosen, Bytes::ZERO)?.is_zero() {
        return costs.conclude(chosen, 0);
    }
    if chosen.len() < MAX_INPUTS {
        for coin in candidates.iter().rev() {
            if !coin.amount.is_zero() && costs.missing(&chosen, coin.amount)?.is_zero() {
                chosen.push(*coin);
                return costs.conclude(chosen, 0);
            }
        }
    }
    take_largest(chosen, &candidates, costs)
}

fn take_largest(
    mut chosen: Vec<Coin>,
    candidates: &[Coin],
    costs: &Costs,
) -> Result<Selection, ComposeError> {
    for (taken, coin) in candidates.iter().enumerate() {
        if chosen.len() == MAX_INPUTS {
            return costs.conclude(chosen, candidates.len() - taken);
        }
        chosen.push(*coin);
        if costs.missing(&chosen, Bytes::ZERO)?.is_zero() {
            break;
        }
    }
    costs.conclude(chosen, 0)
}

fn total(coins: &[Coin]) -> Result<Bytes, ComposeError> {
    Bytes::checked_sum(coins.iter().map(|coin| coin.amount)).ok_or(ComposeError::TooMuch)
}
