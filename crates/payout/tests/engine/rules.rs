//! The rules, one by one.

mod line;
mod paying;
mod proofs;
mod refusals;
mod waiting;
