//! The payout engine under test, rule by rule. Seeded disasters are in the crate `simulation`, whose models of
//! network, store and auditor serve here as well.

mod rules;
mod world;
