//! The rules, one by one.

mod line;
mod operator;
mod paying;
mod proofs;
mod refusals;
mod waiting;
