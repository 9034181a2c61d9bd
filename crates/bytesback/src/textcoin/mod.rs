//! Textcoins that were given: followed until somebody claims them, and taken back where nobody does.

mod claim;
mod errands;
mod keeper;

pub use claim::{ClaimError, Claimed, claim};
pub(crate) use keeper::keep;
