//! Textcoins that were given: followed until somebody claims them, and taken back where nobody does; and found again
//! after a database was lost.

mod claim;
mod errands;
mod keeper;
mod search;

pub use claim::{ClaimError, Claimed, claim};
pub(crate) use keeper::keep;
pub(crate) use search::search;
