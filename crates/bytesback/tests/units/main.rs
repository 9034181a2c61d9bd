//! Purchases that were paid in bytes, proven by the unit that paid: which units count, and which do not,
//! whatever hubs say.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/inside.rs"]
mod inside;
mod liars;
mod rules;
mod stage;
