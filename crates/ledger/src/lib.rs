//! A double-entry book in bytes, pure.
//!
//! Each endpoint has one book. What happens to its money is an [`Entry`]: postings that sum to zero,
//! with the [`Cause`] that they have in the world. Entries are made by one function per business
//! event (module [`events`]), cannot be built unbalanced or empty, and are never changed afterwards:
//! a correction is another entry. Balances are nothing but the sums of postings; a [`Book`] keeps
//! them and refuses an entry that would take a guarded account below zero.
//!
//! # Signs
//! A positive change adds bytes to an account, a negative one takes them away. Bytes that enter the
//! book come out of the *sources* ([`Account::OperatorTopUps`], [`Account::DepositsReceived`]),
//! whose balances are therefore zero or negative: minus what ever came in. Everything else holds
//! zero or more, but for [`Account::PrepaidTps`], which may stand on either side, and the two accounts of what
//! the book cannot know ([`restored`]).

mod account;
mod book;
mod cause;
mod entry;
pub mod events;
pub mod restored;
mod signed;

pub use account::{Account, CodeError, PartnerId};
pub use book::{Book, BookError, Refusal};
pub use cause::{Cause, CommandId, CommandIdError, OutputRef, PayoutNumber};
pub use entry::{Entry, EntryError, Posting, Transfer};
pub use events::{Acceptance, Mistaken, Purse, Settlement, TextcoinOut, Withdrawal};
pub use signed::SignedBytes;
