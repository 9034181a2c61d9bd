//! The rules, one by one.

mod addresses;
mod agents;
mod line;
mod operator;
mod paying;
mod proofs;
mod pulls;
mod refusals;
mod restoring;
mod stock;
mod textcoins;
mod waiting;
