//! One event in the book: postings that sum to zero, and their cause.

use std::collections::BTreeMap;

use obyte::Bytes;

use crate::{Account, Cause, SignedBytes};

/// The change of one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posting {
    /// Whose balance changes.
    pub account: Account,
    /// By how much; never zero within an [`Entry`].
    pub change: SignedBytes,
}

/// Bytes that go from one account to another. Entries made of transfers balance by construction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Where the bytes are taken.
    pub from: Account,
    /// Where the bytes are added.
    pub to: Account,
    /// How many.
    pub amount: Bytes,
}

impl Transfer {
    /// A transfer of `amount`.
    pub const fn new(from: Account, to: Account, amount: Bytes) -> Self {
        Self { from, to, amount }
    }
}

/// Why postings are no entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// Nothing would change.
    #[error("the entry changes nothing: an event without bytes is not booked")]
    Empty,
    /// The postings do not sum to zero.
    #[error("the postings of the entry do not sum to zero")]
    Unbalanced,
    /// A posting changes nothing, or two change the same account.
    #[error("an entry has one posting for each account that it changes, and none of zero")]
    NotNormal,
    /// A change does not fit into 64 bits.
    #[error("a change of the entry is too large to be booked")]
    TooLarge,
}

/// A balanced set of postings with its cause; there is no other kind.
///
/// Postings stand in the order of their accounts, one for each, none of zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    cause: Cause,
    postings: Vec<Posting>,
}

impl Entry {
    /// An entry that makes these transfers, netted per account.
    ///
    /// # Errors
    /// [`EntryError::Empty`] if nothing changes in the end, [`EntryError::TooLarge`] if a net change
    /// does not fit.
    pub fn of_transfers(cause: Cause, transfers: &[Transfer]) -> Result<Self, EntryError> {
        let mut changes: BTreeMap<Account, i128> = BTreeMap::new();
        for transfer in transfers {
            *changes.entry(transfer.from).or_default() -= i128::from(transfer.amount);
            *changes.entry(transfer.to).or_default() += i128::from(transfer.amount);
        }
        let postings = changes
            .into_iter()
            .filter(|(_, change)| *change != 0)
            .map(|(account, change)| {
                let change = i64::try_from(change).map_err(|_| EntryError::TooLarge)?;
                Ok(Posting { account, change: SignedBytes::new(change) })
            })
            .collect::<Result<Vec<_>, _>>()?;
        if postings.is_empty() { Err(EntryError::Empty) } else { Ok(Self { cause, postings }) }
    }

    /// An entry that was written down before, in any order of its postings.
    ///
    /// # Errors
    /// Any [`EntryError`]: a damaged book is noticed here.
    pub fn of_postings(cause: Cause, mut postings: Vec<Posting>) -> Result<Self, EntryError> {
        postings.sort_by_key(|posting| posting.account);
        let repeated = postings.windows(2).any(|pair| pair[0].account == pair[1].account);
        if repeated || postings.iter().any(|posting| posting.change.is_zero()) {
            return Err(EntryError::NotNormal);
        }
        if postings.iter().map(|posting| i128::from(posting.change)).sum::<i128>() != 0 {
            return Err(EntryError::Unbalanced);
        }
        if postings.is_empty() { Err(EntryError::Empty) } else { Ok(Self { cause, postings }) }
    }

    /// What this was booked for.
    pub const fn cause(&self) -> &Cause {
        &self.cause
    }

    /// What changes, in the order of accounts.
    pub fn postings(&self) -> &[Posting] {
        &self.postings
    }

    /// The change of one account; zero where the entry does not touch it.
    pub fn change(&self, account: Account) -> SignedBytes {
        let found = self.postings.iter().find(|posting| posting.account == account);
        found.map_or(SignedBytes::ZERO, |posting| posting.change)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PayoutNumber;

    fn cause() -> Cause {
        Cause::PurchaseAccepted(PayoutNumber::new(1))
    }

    fn posting(account: Account, change: i64) -> Posting {
        Posting { account, change: SignedBytes::new(change) }
    }

    #[test]
    fn transfers_are_netted_per_account() {
        let entry = Entry::of_transfers(
            cause(),
            &[
                Transfer::new(Account::FeeReserve, Account::Fund, Bytes::literal(1_000)),
                Transfer::new(Account::Fund, Account::NetworkFees, Bytes::literal(400)),
                Transfer::new(Account::Fund, Account::PrepaidTps, Bytes::ZERO),
            ],
        )
        .expect("something changes");
        assert_eq!(
            entry.postings(),
            [
                posting(Account::Fund, 600),
                posting(Account::FeeReserve, -1_000),
                posting(Account::NetworkFees, 400)
            ]
        );
        assert_eq!(entry.change(Account::PrepaidTps), SignedBytes::ZERO);
    }

    #[test]
    fn an_entry_that_changes_nothing_is_refused() {
        assert_eq!(Entry::of_transfers(cause(), &[]), Err(EntryError::Empty));
        let there = Transfer::new(Account::Fund, Account::Owed, Bytes::GBYTE);
        let back = Transfer::new(Account::Owed, Account::Fund, Bytes::GBYTE);
        assert_eq!(Entry::of_transfers(cause(), &[there, back]), Err(EntryError::Empty));
        assert_eq!(Entry::of_postings(cause(), Vec::new()), Err(EntryError::Empty));
    }

    #[test]
    fn an_unbalanced_entry_is_refused() {
        let postings = vec![posting(Account::Fund, -5), posting(Account::Owed, 6)];
        assert_eq!(Entry::of_postings(cause(), postings), Err(EntryError::Unbalanced));
        let wraps = vec![
            posting(Account::Fund, i64::MAX),
            posting(Account::Owed, i64::MAX),
            posting(Account::FeeReserve, 2),
        ];
        assert_eq!(Entry::of_postings(cause(), wraps), Err(EntryError::Unbalanced));
    }

    #[test]
    fn a_posting_of_zero_or_a_repeated_account_is_refused() {
        let zero = vec![posting(Account::Fund, 0)];
        assert_eq!(Entry::of_postings(cause(), zero), Err(EntryError::NotNormal));
        let twice = vec![posting(Account::Fund, -5), posting(Account::Owed, 10), posting(Account::Fund, -5)];
        assert_eq!(Entry::of_postings(cause(), twice), Err(EntryError::NotNormal));
    }

    #[test]
    fn a_change_beyond_64_bits_is_refused() {
        let transfers = vec![Transfer::new(Account::Fund, Account::Owed, Bytes::MAX); 1_025];
        assert_eq!(Entry::of_transfers(cause(), &transfers), Err(EntryError::TooLarge));
    }
}
