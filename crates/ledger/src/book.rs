//! The balances of one endpoint.

use std::collections::BTreeMap;

use obyte::{AmountError, Bytes};

use crate::{Account, Entry, SignedBytes};

/// Why an entry cannot be booked. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A guarded account would go below zero.
    #[error("account {account} lacks {missing} bytes for this entry")]
    Overdraft {
        /// The account that does not hold enough.
        account: Account,
        /// How much it lacks.
        missing: SignedBytes,
    },
    /// A balance would not fit into 64 bits.
    #[error("the balance of account {account} would be too large")]
    TooLarge {
        /// The account.
        account: Account,
    },
}

/// Why balances are no book.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BookError {
    /// The balances do not sum to zero.
    #[error("the balances do not sum to zero: the book is damaged, run an audit")]
    Unbalanced,
    /// A guarded account is below zero.
    #[error("account {account} is below zero: the book is damaged, run an audit")]
    BelowZero {
        /// The account.
        account: Account,
    },
    /// An account is listed twice.
    #[error("account {account} is listed twice: the book is damaged, run an audit")]
    Repeated {
        /// The account.
        account: Account,
    },
}

impl Entry {
    /// The new balances of the accounts that this entry touches, from the old ones: what a store
    /// writes, after having read only these.
    ///
    /// # Errors
    /// [`Refusal`] if a guarded account would go below zero, or a balance would not fit.
    pub fn balances_after(
        &self,
        balance: impl Fn(Account) -> SignedBytes,
    ) -> Result<Vec<(Account, SignedBytes)>, Refusal> {
        let after = self.postings().iter().map(|posting| {
            let account = posting.account;
            let sum = balance(account).checked_add(posting.change).ok_or(Refusal::TooLarge { account })?;
            if sum.is_negative() && !account.may_be_negative() {
                let missing = sum.get().checked_neg().ok_or(Refusal::TooLarge { account })?;
                return Err(Refusal::Overdraft { account, missing: SignedBytes::new(missing) });
            }
            Ok((account, sum))
        });
        after.collect()
    }
}

/// The balances of all accounts. They sum to zero, and no guarded account is below zero.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Book {
    balances: BTreeMap<Account, SignedBytes>,
}

impl Book {
    /// A book in which nothing has happened.
    pub fn new() -> Self {
        Self::default()
    }

    /// A book as it was written down.
    ///
    /// # Errors
    /// [`BookError`]: such balances cannot be the result of entries.
    pub fn of_balances(listed: impl IntoIterator<Item = (Account, SignedBytes)>) -> Result<Self, BookError> {
        let mut book = Self::new();
        for (account, balance) in listed {
            if balance.is_negative() && !account.may_be_negative() {
                return Err(BookError::BelowZero { account });
            }
            if book.balances.insert(account, balance).is_some() {
                return Err(BookError::Repeated { account });
            }
        }
        if book.total() == 0 { Ok(book) } else { Err(BookError::Unbalanced) }
    }

    /// Books an entry, whole or not at all.
    ///
    /// # Errors
    /// [`Refusal`] if a guarded account would go below zero, or a balance would not fit.
    pub fn apply(&mut self, entry: &Entry) -> Result<(), Refusal> {
        let after = entry.balances_after(|account| self.balance(account))?;
        self.balances.extend(after);
        Ok(())
    }

    /// The balance of an account; zero if nothing was ever posted to it.
    pub fn balance(&self, account: Account) -> SignedBytes {
        self.balances.get(&account).copied().unwrap_or_default()
    }

    /// All accounts that were ever posted to, in their order.
    pub fn balances(&self) -> impl Iterator<Item = (Account, SignedBytes)> {
        self.balances.iter().map(|(account, balance)| (*account, *balance))
    }

    /// The sum of all balances: zero, or the book is damaged.
    pub fn total(&self) -> i128 {
        self.balances.values().map(|balance| i128::from(*balance)).sum()
    }

    /// What the wallet must hold on the network: fund, deposits, owed and fee reserve.
    ///
    /// True at rest, when every unit of the wallet that is good has been settled. In between, a good
    /// unit that is not settled yet has already moved its payouts and fees out of these coins.
    ///
    /// # Errors
    /// [`AmountError`] if the sum is above [`Bytes::MAX`], more than can exist.
    pub fn coins_expected(&self) -> Result<Bytes, AmountError> {
        let held = self.balances.iter().filter(|(account, _)| account.is_held_in_coins());
        let sum: i128 = held.map(|(_, balance)| i128::from(*balance)).sum();
        u64::try_from(sum).map_err(|_| AmountError).and_then(Bytes::new)
    }
}
