//! Cashback for people who give an e-mail address and have published their wallet: it goes straight there, and to
//! nobody else whatever a hub says.

#[path = "../common/mod.rs"]
mod common;
#[path = "../common/inside.rs"]
mod inside;
mod liars;
mod rules;
mod stage;
